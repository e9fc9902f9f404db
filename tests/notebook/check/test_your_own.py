"""The checks of notebook 09 let right answers pass, and name what is wrong with wrong ones."""

import numpy as np
import pytest

from see2sound_nb.notebook import check

RATE = 16000


def decaying(seconds, rng):
    """Two channels of noise, three bursts that fall by 60 dB in `seconds` each."""
    sound, fall = np.zeros((2, 2 * RATE)), 10 ** (-3 * np.arange(9600) / (seconds * RATE))
    for start in (0, 9600, 19200):
        sound[:, start : start + 9600] += rng.normal(size=(2, 9600)) * fall
    return sound


def test_the_longer_decay_is_found_whichever_comes_first(rng, capsys):
    short, long = decaying(0.2, rng), 0.1 * decaying(0.5, rng)  # softer, and yet longer
    check.lasts_longer("second", short, long, RATE)
    check.lasts_longer("first", long, short, RATE)
    assert "by 20 dB in 0.1" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="'first' is not what was measured"):
        check.lasts_longer("first", short, long, RATE)
    with pytest.raises(AssertionError, match="no answer yet"):
        check.lasts_longer(None, short, long, RATE)


def test_the_decay_of_the_last_clap_counts_alone(rng):
    short, long = decaying(0.2, rng), decaying(0.5, rng)
    short[:, :9600] *= 3
    long[:, :9600] *= 100  # from the first clap on it is the short one that takes longer to fall by 20 dB
    check.lasts_longer("first", long, short, RATE)


def fuma(phi):
    W, Y, Z, X = phi
    return np.stack([W / np.sqrt(2), X, Y, Z])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (None, "no answer yet"),
        (lambda phi: None, "no answer yet"),
        (lambda phi: fuma(phi) * [[np.sqrt(2)], [1], [1], [1]], r"at index \(0, 0\) yours is .* of full scale"),
        (lambda phi: fuma(phi) * [[np.sqrt(0.5)], [1], [1], [1]], r"at index \(0, 0\) "),
        (lambda phi: fuma(phi)[[0, 2, 3, 1]], r"azimuth 90, .* at index \(1, 0\) "),
        (lambda phi: fuma(phi)[[0, 1, 3, 2]], r"azimuth 90, .* at index \(2, 0\) "),
        (lambda phi: fuma(phi) * [[1], [1], [-1], [1]], r"azimuth 90, .* at index \(2, 0\) "),
        (np.zeros((4, 5)), "is no function"),
        (lambda phi: fuma(phi).T, r"your shape is \(5, 4\), it should be \(4, 5\)"),
    ],
)
def test_fuma_is_compared_with_its_definition(wrong, words, capsys):
    check.fuma_from_ambix(fuma)
    assert "6 directions" in capsys.readouterr().out
    with pytest.raises(AssertionError, match=words):
        check.fuma_from_ambix(wrong)


def test_a_file_read_the_wrong_way_points_elsewhere():
    check.fuma_taken_for_ambix(90.0, 30.0, 30.0)
    check.fuma_taken_for_ambix(np.array(90.0), np.array([30.0]), 30.0)
    with pytest.raises(AssertionError, match="azimuth: yours is -90 degrees, measured here 90 ± 1 degrees"):
        check.fuma_taken_for_ambix(-90.0, 30.0, 30.0)
    with pytest.raises(AssertionError, match="elevation: yours is 0 degrees, measured here 30 ± 1 degrees"):
        check.fuma_taken_for_ambix(90.0, 0.0, 30.0)
    with pytest.raises(AssertionError, match=r"azimuth: yours is 1.5\d* degrees"):
        check.fuma_taken_for_ambix(np.pi / 2, np.pi / 6, 30.0)
    with pytest.raises(AssertionError, match="elevation: there is no answer yet"):
        check.fuma_taken_for_ambix(90.0, None, 30.0)


def test_the_noise_of_16_bits_is_measured_on_a_file(rng):
    sound = 0.1 * rng.normal(size=8000).clip(-3, 3)
    step_db = -20 * np.log10(32767)
    check.rounding_noise(step_db - 10 * np.log10(12), sound)
    with pytest.raises(AssertionError, match=r"yours is -90.\d* dB of full scale, measured here -101"):
        check.rounding_noise(step_db, sound)  # without the square root of 12
    with pytest.raises(AssertionError, match=r"yours is 101.\d* dB"):
        check.rounding_noise(-step_db + 10 * np.log10(12), sound)
    with pytest.raises(AssertionError, match="no answer yet"):
        check.rounding_noise(None, sound)


def test_directions_between_the_axes_are_tried(rng):
    def on_axes_only(phi):
        W, Y, Z, X = phi * (np.count_nonzero(np.abs(phi).max(axis=1) > 1e-9) < 4)
        return np.stack([W / np.sqrt(2), X, Y, Z])

    with pytest.raises(AssertionError, match=r"at index \(0, 0\) yours is 0"):
        check.fuma_from_ambix(on_axes_only)
    with pytest.raises(AssertionError, match="yours is -100"):
        check.rounding_noise(-100.0, 0.1 * rng.normal(size=8000).clip(-3, 3))
