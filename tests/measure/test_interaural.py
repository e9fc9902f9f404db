"""What two ears compare."""

import numpy as np
import pytest

from see2sound_nb import Player, ild_db, itd_s


def test_ears_that_hear_nothing_in_common_have_no_time_difference():
    tone = 0.1 * np.sin(np.arange(1600))
    in_turns = np.zeros((2, 3200))
    in_turns[0, :1600] = in_turns[1, 1600:] = tone
    in_turns[:, 1590:1620] = 0  # a pause longer than any time difference
    assert itd_s(in_turns, 16000) == 0
    assert itd_s(np.stack([tone, np.zeros(1600)]), 16000) == 0
    assert itd_s(1e-6 * np.stack([tone, np.roll(tone, 3)]), 16000) == pytest.approx(3 / 16000, rel=0.05)  # but soft is


@pytest.mark.parametrize("shift", [3.3, -7.4])
def test_time_differences_are_found_between_samples(shift):
    t = np.arange(400)
    ears = np.exp(-(((t - 200 - np.array([[0.0], [shift]])) / 6) ** 2))
    assert 16000 * itd_s(ears, 16000) == pytest.approx(shift, abs=0.02)


@pytest.mark.parametrize(("apart", "found"), [(40, 16), (17.6, 16.5)])
def test_no_time_difference_is_longer_than_a_head_is_wide(apart, found):
    t = np.arange(800)
    ears = np.exp(-(((t - 300 - np.array([[0.0], [apart]])) / 12) ** 2))
    assert 16000 * itd_s(ears, 16000) == pytest.approx(found)


def test_ears_that_cannot_be_compared_are_refused():
    for compared in (ild_db, lambda ears: itd_s(ears, 16000)):
        with pytest.raises(ValueError, match="NaN or infinite"):
            compared([[0.0, np.nan], [1.0, 0.0]])
        with pytest.raises(ValueError, match=r"shape \(3, 4\)"):
            compared(np.ones((3, 4)))
    for rate in (0, -16000, np.nan):
        with pytest.raises(ValueError, match="positive number of Hz"):
            itd_s(np.eye(2), rate)
        with pytest.raises(ValueError, match="positive number of Hz"):
            Player(np.zeros(10), rate)


def test_time_differences_of_short_sounds():
    for length in (2, 4, 8, 16):
        first_and_last = np.eye(length)[[0, -1]]
        assert 16000 * itd_s(first_and_last, 16000) == pytest.approx(length - 1)
        assert 16000 * itd_s(first_and_last[::-1], 16000) == pytest.approx(1 - length)
    assert itd_s([[1.0], [1.0]], 16000) == 0
