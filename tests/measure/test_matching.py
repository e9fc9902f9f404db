"""The matcher without a model: its reverberation time and its ratio of direct to reverberant sound are the room's."""

import math

import numpy as np
import pytest

from see2sound_nb.measure.matching import reverberation, room_matcher
from see2sound_nb.measure.reverberation import drr_db, measured_rt60_s
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import Room

FS = 16000
ROOM = Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5))
PLACE = np.array([[0.5, 2.0, 0.0]])
PHOTO = np.zeros((4, 4, 3), np.uint8)


def response_of(matcher, seconds=1.0):
    click = np.zeros(round(seconds * FS))
    click[0] = 1
    return matcher(click, PHOTO, FS)


def test_the_response_has_the_rooms_two_numbers():
    h = response_of(room_matcher(ROOM, PLACE))
    assert h[0] == pytest.approx(1)
    assert measured_rt60_s(h, FS) == pytest.approx(ROOM.rt60_s(), rel=0.15)
    W = impulse_responses(ROOM, PLACE, "foa")[0, 0]
    assert drr_db(h, FS) == pytest.approx(drr_db(W, FS), abs=0.01)


def test_further_away_and_harder_walls_mean_more_reverberation():
    late = lambda room, place: drr_db(response_of(room_matcher(room, place)), FS)  # noqa: E731
    far = np.array([[0.5, 3.5, 0.0]])
    assert late(ROOM, far) < late(ROOM, PLACE) - 3
    assert late(Room(ROOM.size_m, ROOM.listener_m, 0.2), PLACE) < late(ROOM, PLACE) - 3
    both = 10 ** (-late(ROOM, np.concatenate([PLACE, far])) / 10)
    assert both == pytest.approx(np.mean([10 ** (-late(ROOM, p) / 10) for p in (PLACE, far)]))


def test_no_walls_change_nothing_and_no_source_is_heard_from_ahead():
    x = np.random.default_rng(0).standard_normal(4000)
    open_air = Room(ROOM.size_m, ROOM.listener_m, 0.5, 0)
    np.testing.assert_allclose(room_matcher(open_air, PLACE)(x, PHOTO, FS), x, atol=1e-12)
    ahead = room_matcher(ROOM, np.array([[0.0, 2.0, 0.0]]))(x, PHOTO, FS)
    np.testing.assert_array_equal(room_matcher(ROOM, np.zeros((0, 3)))(x, PHOTO, FS), ahead)


def test_it_is_linear_seeded_and_as_long_as_the_sound():
    x, y = np.random.default_rng(0).standard_normal((2, 3000))
    match = room_matcher(ROOM, PLACE, seed=3)
    np.testing.assert_allclose(match(x + 2 * y, PHOTO, FS), match(x, PHOTO, FS) + 2 * match(y, PHOTO, FS), atol=1e-9)
    np.testing.assert_array_equal(match(x, PHOTO, FS), room_matcher(ROOM, PLACE, seed=3)(x, PHOTO, FS))
    assert not np.allclose(match(x, PHOTO, FS), room_matcher(ROOM, PLACE, seed=4)(x, PHOTO, FS))
    assert match(x, PHOTO, FS).shape == x.shape and match(x[:1], PHOTO, FS).shape == (1,)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: room_matcher(Room(ROOM.size_m, ROOM.listener_m, 0.0), PLACE), "absorption above 0"),
        (lambda: room_matcher(ROOM, PLACE)(np.ones((2, 9)), PHOTO, FS), r"must be \(T,\)"),
        (lambda: room_matcher(ROOM, PLACE)(np.array([np.nan, 1]), PHOTO, FS), "NaN"),
        (lambda: room_matcher(ROOM, PLACE)(np.ones(9), PHOTO, 0), "positive number of Hz"),
        (lambda: reverberation(math.inf, FS, rng=np.random.default_rng(0)), "rt60_s=inf"),
    ],
)
def test_what_cannot_be_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
