"""Ears behind Ambisonics."""

import numpy as np
import pytest

from see2sound_nb.places.frames import even_directions
from see2sound_nb.render.hrtf import load_hrtf
from see2sound_nb.render.magls import binaural_filters
from see2sound_nb.room.spherical_harmonics import encode


@pytest.fixture(scope="module")
def heard_and_measured():
    """Spectra (n, 2, bins) through Ambisonics of order 5 and from the measurements, and the frequencies."""
    hrtf = load_hrtf()
    v = even_directions(300)
    v = v[v[:, 2] > -0.5]
    heard = np.einsum("nc,cek->nek", encode(v, 5), binaural_filters(hrtf, 5))
    measured = hrtf.at(v)
    return heard, measured, np.fft.rfftfreq(1024, 1 / 16000)


def test_at_low_frequencies_ears_hear_through_ambisonics_the_measured_waveform(heard_and_measured):
    heard, measured, frequency = heard_and_measured
    H, M = np.fft.rfft(heard, 1024), np.fft.rfft(measured, 1024)
    low = (frequency > 100) & (frequency < 800)
    assert 10 * np.log10((np.abs(H - M)[..., low] ** 2).sum() / (np.abs(M)[..., low] ** 2).sum()) < -17

    def itd_s(spectra):
        cross = np.fft.irfft(spectra[:, 1] * spectra[:, 0].conj() * (frequency < 1500), 16 * 1024)
        return np.argmax(np.roll(cross, 8 * 1024, axis=1), axis=1) / 16 / 16000

    assert np.median(np.abs(itd_s(H) - itd_s(M))) < 20e-6


def test_above_they_hear_its_magnitude_which_least_squares_alone_would_lose(heard_and_measured):
    heard, measured, frequency = heard_and_measured
    high = (frequency > 4000) & (frequency < 7000)
    v = even_directions(1000)
    plain = np.einsum("cn,nek->cek", np.linalg.pinv(encode(v, 5)), load_hrtf().at(v))
    some = even_directions(300)
    plain = np.einsum("nc,cek->nek", encode(some[some[:, 2] > -0.5], 5), plain)
    power, power_0, power_plain = (
        (np.abs(np.fft.rfft(r, 1024))[..., high] ** 2).sum() for r in (heard, measured, plain)
    )
    assert 10 * np.log10(power / power_0) == pytest.approx(0, abs=1)
    assert 10 * np.log10(power_plain / power_0) < -2
