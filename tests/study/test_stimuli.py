"""The checks of the headphones: loudspeakers fail them, and no ear alone can pass the second."""

import itertools

import numpy as np
import pytest

from see2sound_nb.study import stimuli

RATE = 16000
PLACES = ("first", "second", "third")


def intervals(sound):
    """(3, 2, n): the three intervals of a trial."""
    step, length = round(1.5 * RATE), RATE
    return np.array([sound[:, k * step : k * step + length] for k in range(3)])


def level_db(sound):
    return 10 * np.log10(np.mean(np.square(sound, dtype=np.float64), axis=-1) + 1e-30)


@pytest.mark.parametrize("trials", [stimuli.antiphase_trials, stimuli.huggins_trials, stimuli.ear_trials])
def test_a_seed_gives_the_same_trials_and_nothing_clips(trials):
    first, again, other = (trials(np.random.default_rng(seed), RATE) for seed in (1, 1, 2))
    for (a, right), (b, right_again) in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
        assert right == right_again
        assert a.dtype == np.float32 and len(a) == 2 and np.abs(a).max() < 0.5
    assert any(a.shape != b.shape or (a != b).any() for (a, _), (b, _) in zip(first, other, strict=True))


def test_with_headphones_the_softest_tone_is_the_softer_one_and_between_loudspeakers_the_antiphase_one():
    trials = stimuli.antiphase_trials(np.random.default_rng(0), RATE)
    orders = set()
    for sound, right in trials:
        three = intervals(sound)
        at_ears = level_db(three)[:, 0]
        np.testing.assert_allclose(level_db(three)[:, 1], at_ears, atol=1e-4)
        assert PLACES[np.argmin(at_ears)] == right
        assert np.sort(at_ears)[1] - at_ears.min() == pytest.approx(6, abs=0.01)
        in_air = level_db(three.sum(axis=1))  # midway between two loudspeakers
        assert PLACES[np.argmin(in_air)] != right
        assert in_air.min() < -100
        orders.add((np.argmin(at_ears), np.argmin(in_air)))
        spectrum = np.abs(np.fft.rfft(three[0, 0]))
        assert np.argmax(spectrum) == 200  # Hz: a second has bins of 1 Hz
    assert orders == set(itertools.permutations(range(3), 2))  # each order once


def test_the_hidden_tone_is_between_the_ears_alone():
    trials = stimuli.huggins_trials(np.random.default_rng(0), RATE)
    assert sorted(right for _, right in trials) == sorted(PLACES * 2)
    band = slice(570, 631)  # Hz
    for sound, right in trials:
        three = np.fft.rfft(intervals(sound))
        left, other = np.abs(three[:, 0]), np.abs(three[:, 1])
        # Each ear alone: as much in the band as beside it, in all three.
        for ear in (left, other):
            beside = np.concatenate([ear[:, 400:540], ear[:, 660:800]], axis=1)
            ratio_db = 10 * np.log10((ear[:, band] ** 2).mean(axis=1) / (beside**2).mean(axis=1))
            assert np.abs(ratio_db).max() < 2.5
        difference = np.abs(three[:, 0] - three[:, 1])
        of_band = (difference[:, band] ** 2).sum(axis=1)
        assert PLACES[np.argmax(of_band)] == right
        assert np.sort(of_band)[1] < 1e-6 * of_band.max()
        k = PLACES.index(right)
        assert (difference[k, 700:] ** 2).sum() < 0.01 * of_band[k]  # and nowhere else


def test_each_ear_is_asked_for_and_both():
    for seed in range(8):
        trials = stimuli.ear_trials(np.random.default_rng(seed), RATE)
        assert {right for _, right in trials} == {"left", "right", "both"}
        for sound, right in trials:
            heard = level_db(sound) > -60
            assert (heard == {"left": (True, False), "right": (False, True), "both": (True, True)}[right]).all()
    sides = stimuli.sides(np.random.default_rng(0), RATE)
    assert not sides["left"][1].any() and not sides["right"][0].any() and sides["left"][0].any()
