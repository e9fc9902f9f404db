"""Between the measurements of any head, nothing is lost and nothing jumps."""

import numpy as np
import pytest
from render.between import levels_db, neighbours, outside, slow_itd_and_agreement, slow_itd_us
from render.heads_made import grid, head_made

from see2sound_nb.measure import itd_s
from see2sound_nb.places.frames import directions, unit_vectors
from see2sound_nb.render.hrtf import HRTF, load_hrtf
from see2sound_nb.render.one_plane import completed
from see2sound_nb.render.onsets import aligning_times, arrival_times

FS = 16000
CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 3**0.5
FEW = np.concatenate([np.eye(3), -np.eye(3), CORNERS])
AROUND = unit_vectors(np.arange(0.0, 360, 10), np.zeros(36))
#: Directions, sample rate and what else the head has.
HEADS = {
    "no sound ahead": (grid(12), 44100, {}),
    "a weak sound ahead": (grid(12), 44100, dict(ahead=0.12)),
    "a weak sound ahead, 16 kHz": (grid(15), FS, dict(ahead=0.12)),
    "a weak sound ahead, 96 kHz": (grid(20), 96000, dict(ahead=0.1)),
    "few directions": (FEW, 48000, {}),
    "the horizontal plane": (AROUND, 44100, dict(ahead=0.1)),
    "a room": (AROUND[::3], FS, dict(seconds=0.06, room_db=-6.0)),
}


@pytest.mark.parametrize("name", HEADS)
def test_half_way_between_neighbours_a_head_is_as_loud_and_as_far_aside_as_they_are(name):
    towards, rate, has = HEADS[name]
    head = HRTF(towards, head_made(towards, rate, **has), rate)
    np.testing.assert_allclose(head.at(2 * towards), head.responses, atol=1e-9 * np.abs(head.responses).max())
    pairs = neighbours(head)
    one, other = (head.responses[rows] for rows in pairs.T)
    between = head.at(towards[pairs].sum(axis=1))
    softer_db = np.minimum(levels_db(one, rate), levels_db(other, rate))
    below_db = levels_db(between, rate) - softer_db
    assert below_db[..., 0].min() > -0.6
    assert below_db.min() > -1.0, "in octaves"
    for measured in (slow_itd_us, lambda ears, rate: np.array([1e6 * itd_s(pair, rate) for pair in ears])):
        a, b, found = (measured(some, rate) for some in (one, other, between))
        assert outside(a, b, found).max() < 30


@pytest.mark.parametrize(("step_deg", "rate"), [(12, 44100), (8, 48000)])
def test_past_a_notch_that_crosses_zero_the_ears_keep_their_times_and_levels(step_deg, rate):
    towards = grid(step_deg)
    head = HRTF(towards, head_made(towards, rate, crossing=True), rate)
    pairs = neighbours(head)
    one, other = (head.responses[rows] for rows in pairs.T)
    between = head.at(towards[pairs].sum(axis=1))
    softer_db = np.minimum(levels_db(one, rate), levels_db(other, rate))
    assert (levels_db(between, rate) - softer_db)[..., 0].min() > -0.6  # in the notch's own octave there is little
    (a, agree), (b, too) = (slow_itd_and_agreement(some, rate) for some in (one, other))
    assert min(agree.min(), too.min()) > 0.5, "there is a time between the ears"
    assert outside(a, b, slow_itd_us(between, rate)).max() < 30


def test_one_onset_that_is_wrong_by_far_leaves_the_times_right():
    towards = grid(20)
    head = head_made(towards, 48000)
    broken = head.copy()
    broken[40, 0, :20] += 0.3 * head[40, 0].max()  # a click before the sound
    pairs = neighbours(HRTF(towards, head, 48000))
    right, found = (aligning_times(towards, some, pairs, 48000) for some in (head, broken))
    assert arrival_times(broken, 48000)[40, 0] < arrival_times(head, 48000)[40, 0] - 20
    assert np.abs(found - right).max() < 1, "a fiftieth of a millisecond"


def test_times_follow_the_sphere_that_the_head_is():
    towards = grid(15)
    late = np.round(40 + 12 * towards[:, :1] * [1, -1], 3)
    f = np.fft.rfftfreq(256)
    clicks = np.fft.irfft(np.exp(-2j * np.pi * f * late[..., None]) * (f < 0.4), 256)
    pairs = neighbours(HRTF(towards, clicks, 48000))
    found = aligning_times(towards, clicks, pairs, 48000)
    np.testing.assert_allclose(found - found.mean(axis=0), late - late.mean(axis=0), atol=0.1)


def test_what_a_plane_says_of_above_and_below_is_nearly_what_was_measured_there():
    kemar = load_hrtf(sample_rate=FS)
    elevation = directions(kemar.directions)[1]
    ring, above = np.abs(elevation) < 1, np.isin(np.round(elevation), (-20, 20, 40))
    flat = HRTF(kemar.directions[ring], kemar.responses[ring], FS)
    whole, towards, truth = completed(flat), kemar.directions[above], kemar.responses[above]
    np.testing.assert_array_equal(whole.responses[: ring.sum()], flat.responses)

    def away_us(head):
        return np.sqrt(np.square(slow_itd_us(head.at(towards), FS) - slow_itd_us(truth, FS)).mean())

    assert away_us(whole) < 60 < away_us(flat)
    ears = whole.at(unit_vectors(np.array([60.0, -60]), np.array([30.0, 30])))
    energy = np.square(ears).sum(axis=-1)
    assert energy[0, 0] > 3 * energy[0, 1] and energy[1, 1] > 3 * energy[1, 0]
