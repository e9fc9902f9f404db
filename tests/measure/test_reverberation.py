"""Reverberation measured on decays that are known."""

import numpy as np
import pytest

from see2sound_nb.measure.reverberation import measured_rt60_s, schroeder_db

FS = 16000


@pytest.mark.parametrize("rt60_s", [0.2, 0.7])
def test_reverberation_is_measured_on_the_decay(rt60_s, rng):
    h = rng.standard_normal(FS) * 10 ** (-3 * np.arange(FS) / (rt60_s * FS))
    assert measured_rt60_s(h, FS) == pytest.approx(rt60_s, rel=0.05)
    assert schroeder_db(h)[0] == 0
    assert schroeder_db(h)[round(rt60_s * FS / 2)] == pytest.approx(-30, abs=1)
    with pytest.raises(ValueError, match="silent"):
        measured_rt60_s(np.zeros(10), FS)
    with pytest.raises(ValueError, match="a longer response"):
        measured_rt60_s(np.ones(1), FS)
    with pytest.raises(ValueError, match="a longer response"):
        measured_rt60_s(np.array([1, 0, 0, 0, 0, 0.1, 0, 0]), FS)
    with pytest.raises(ValueError, match=r"\(2, 400\) must be \(L,\)"):
        measured_rt60_s(np.ones((2, 400)), FS)


def energies(*corners_s):
    """A response whose energy yet to come falls straight from corner to corner: 0, -5, -15, -25, -80 dB."""
    levels_db = np.interp(np.arange(FS) / FS, [0, *corners_s, 1], [0, -5, -15, -25, -80])
    return np.sqrt(-np.diff(10 ** (levels_db / 10), append=0))


def test_the_decay_from_minus_5_to_minus_25_db_counts():
    assert measured_rt60_s(energies(0.02, 0.12, 0.22), FS) == pytest.approx(0.6, rel=1e-3)
    assert measured_rt60_s(energies(0.02, 0.07, 0.17), FS) == pytest.approx(0.476, abs=0.005)
    assert schroeder_db(np.array([1.0, 1e-9])).tolist() == [0, -120]
    assert schroeder_db(np.array([300, 100], np.int16))[1] == pytest.approx(-10)
