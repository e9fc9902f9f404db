"""The detector's looks: what it sees elsewhere is moved there, what it sees no more has gone when it was last seen."""

import moving_truth as truth
import numpy as np
import pytest

from see2sound_nb.regions.clicks import extent
from see2sound_nb.regions.confirming import LEAST_HITS, MOST_MISSED, confirm
from see2sound_nb.regions.thing import Record
from see2sound_nb.regions.things import Things
from see2sound_nb.regions.tracking import GONE, SEEN, start_track

NOTHING = Things(np.zeros((0, 4), np.float32), [], np.zeros(0, np.float32))


def things(*boxes, name="person"):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return Things(boxes, [name] * len(boxes), np.full(len(boxes), 0.8, np.float32))


def box_at(x, y=180, radius=40):
    return [x - radius, y - radius, x + radius, y + radius]


@pytest.fixture
def frames():
    """The disc goes to the right by 20 pixels from one look to the next."""
    t = np.arange(12)[:, None]
    return truth.clip_of([np.hstack([200.0 + 20 * t, 180.0 + 0 * t])], 12)[0]


@pytest.fixture
def record(frames):
    """One whose corners stay on the wall: nothing follows it here."""
    return Record(start_track(frames[0], truth.disc_mask((200, 180))))


def looks(record, frames, seen):
    for frame, found in enumerate(seen):
        confirm([record], found, frames[frame], frame)
        record.write(frame, None, 1.0)


def test_what_is_seen_where_it_is_thought_to_be_stays(record, frames):
    looks(record, frames, [things(box_at(203))] * 3)
    assert (record.kind, record.confirmed, record.hits, record.missed) == ("person", 2, 3, 0)
    np.testing.assert_allclose(record.track.place_px, [200, 180])


def test_what_is_seen_nearby_is_moved_there_and_its_way_is_straight(record, frames):
    seen = [things(box_at(200)), NOTHING, NOTHING, things(box_at(260))]
    looks(record, frames, seen)
    np.testing.assert_allclose(record.track.place_px, [260, 180], atol=1.5)
    np.testing.assert_allclose([record.rows[k].place_px[0] for k in range(4)], [200, 220, 240, 260], atol=1.5)
    np.testing.assert_allclose(extent(record.track.mask_now()), box_at(260), atol=2)
    np.testing.assert_allclose(record.track.velocity_px, [20, 0], atol=0.5)
    assert record.missed == 0


def test_what_has_grown_is_as_large_as_its_box(record, frames):
    looks(record, frames, [things(box_at(200)), NOTHING, NOTHING, things([210, 130, 310, 230])])
    np.testing.assert_allclose(extent(record.track.mask_now()), [210, 130, 310, 230], atol=2)


def test_what_is_seen_no_more_has_gone_when_it_was_last_seen(record, frames):
    looks(record, frames, [things(box_at(200))] * LEAST_HITS + [NOTHING] * MOST_MISSED)
    assert record.track.state == GONE
    assert sorted(record.rows) == list(range(LEAST_HITS))


def test_what_was_seen_once_only_is_not_given_up(record, frames):
    looks(record, frames, [things(box_at(200)), *[NOTHING] * (MOST_MISSED + 2)])
    assert record.track.state == SEEN


def test_what_the_detector_never_saw_it_does_not_judge(record, frames):
    looks(record, frames, [NOTHING] * (MOST_MISSED + 2))
    assert record.track.state == SEEN and record.kind is None


@pytest.mark.parametrize(
    "other",
    [
        things(box_at(260), name="dog"),
        things(box_at(560)),
        things(box_at(245, radius=15)),
        things([0, 0, 640, 360]),
    ],
    ids=["another kind", "too far", "too small", "too large"],
)
def test_it_is_not_moved_to_something_else(record, frames, other):
    looks(record, frames, [things(box_at(200)), other])
    np.testing.assert_allclose(record.track.place_px, [200, 180])
    assert record.missed == 1


def test_it_is_not_moved_to_what_looks_unlike_it(record, frames):
    looks(record, frames, [things(box_at(200)), things(box_at(200, y=270))])  # only wall there
    np.testing.assert_allclose(record.track.place_px, [200, 180])


def test_a_box_is_for_one_thing(frames):
    first = Record(start_track(frames[3], truth.disc_mask((260, 180))))
    second = Record(start_track(frames[0], truth.disc_mask((200, 180))))
    for one in (first, second):
        one.kind, one.confirmed = "person", 0
    confirm([first, second], things(box_at(260)), frames[3], 3)
    assert (first.missed, second.missed) == (0, 1)
    np.testing.assert_allclose(second.track.place_px, [200, 180])
