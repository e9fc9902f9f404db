"""Sounds that last: no seam where a loop comes round, nor where it is made a loop of another length."""

import numpy as np
import pytest

from see2sound_nb.sounds.lasting import LIVELY_DB, LIVELY_M_S, folded, lasting, livelier

RATE = 8000


def loop(seed=0, samples=RATE):
    """A noise that repeats without a seam, with nothing above 1 kHz."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    spectrum[1000:] = 0
    return np.fft.irfft(spectrum, samples).astype(np.float32)


def steps(sound):
    return np.abs(np.diff(np.concatenate([sound, sound[:1]])))


def test_a_loop_goes_on_where_it_is_told_to_begin():
    A = loop()
    np.testing.assert_array_equal(lasting(A, 3 * len(A))[len(A) : 2 * len(A)], A)
    np.testing.assert_array_equal(lasting(A, 100, start=-7), np.concatenate([A[-7:], A[:93]]))


@pytest.mark.parametrize("samples", [1000, 6000, 20000, 8001])
def test_a_loop_of_another_length_has_no_seam(samples):
    A = loop()
    sound = folded(A, samples, 400)
    assert sound.shape == (samples,)
    assert steps(sound)[-1] <= steps(A).max() * 1.5  # where it comes round
    power = np.mean(sound.astype(float) ** 2) / np.mean(A.astype(float) ** 2)
    assert abs(10 * np.log10(power)) < 1.5


def test_a_whole_number_of_turns_is_left_alone():
    A = loop()
    np.testing.assert_array_equal(folded(A, 2 * len(A), 400), np.tile(A, 2))


def test_a_fade_longer_than_the_sound_is_refused():
    with pytest.raises(ValueError, match="fade=11"):
        folded(loop(), 10, 11)


def test_what_moves_is_livelier_and_nothing_is_louder_than_it_was():
    gains = livelier(np.array([0.0, LIVELY_M_S / 2, LIVELY_M_S, 10.0]))
    np.testing.assert_allclose(20 * np.log10(gains), [-LIVELY_DB, -LIVELY_DB / 2, 0, 0], atol=1e-9)
