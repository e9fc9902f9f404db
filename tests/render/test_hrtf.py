"""The head between its measurements."""

import numpy as np
import pytest

from see2sound_nb.places.frames import directions, unit_vectors
from see2sound_nb.render.hrtf import HRTF, KEMAR, load_hrtf
from see2sound_nb.render.onsets import arrival_times


def test_kemar_is_whole_and_keeps_its_gain_when_resampled():
    with np.load(KEMAR, allow_pickle=False) as kemar:
        assert kemar["responses"].shape == (710, 2, 512)
    gains = {}
    for rate in (16000, 44100, 48000):
        hrtf = load_hrtf(sample_rate=rate)
        front = hrtf.responses[hrtf.nearest(unit_vectors(0.0))]
        gains[rate] = np.abs(np.fft.rfft(front, rate))[:, 100:7000]
        assert (gains[rate] ** 2).mean() == pytest.approx(1, rel=0.2)
    for rate in (16000, 48000):
        np.testing.assert_allclose(gains[rate], gains[44100], atol=0.02)


FS = 16000


def itd_ild(pair, rate=FS):
    """Interaural time (s, positive: left first) by cross-correlation, and level difference (dB)."""
    size = 16 * 4096
    cross = np.fft.irfft(np.fft.rfft(pair[1], 4096) * np.conj(np.fft.rfft(pair[0], 4096)), size)
    lag = np.argmax(cross)
    lag = lag - size if lag > size // 2 else lag
    energy = (pair.astype(float) ** 2).sum(axis=-1)
    return lag / 16 / rate, 10 * np.log10(energy[0] / energy[1])


def test_at_a_measured_direction_the_head_is_the_measurement():
    hrtf = load_hrtf(sample_rate=FS)
    np.testing.assert_allclose(hrtf.at(3.0 * hrtf.directions), hrtf.responses, atol=1e-9)


def test_between_two_measurements_the_head_predicts_a_third():
    hrtf = load_hrtf(sample_rate=FS)
    azimuth, elevation, _ = directions(hrtf.directions)
    left_out = (np.round(azimuth / 5) % 2 == 1) & (np.abs(elevation) < 25)
    assert left_out.sum() > 150
    sparse = HRTF(hrtf.directions[~left_out], hrtf.responses[~left_out], FS)
    truth, towards = hrtf.responses[left_out], hrtf.directions[left_out]

    def error_db(guess):
        spectra = np.fft.rfft(guess - truth), np.fft.rfft(truth)
        error, power = ((np.abs(s)[..., : s.shape[-1] // 2] ** 2).sum() for s in spectra)  # up to 4 kHz
        return 10 * np.log10(error / power)

    assert error_db(sparse.at(towards)) < -25
    assert error_db(sparse.at(towards)) < error_db(sparse.responses[sparse.nearest(towards)]) - 10
    itd, itd_0 = (np.diff(arrival_times(r, FS), axis=1) / FS for r in (sparse.at(towards), truth))
    assert np.abs(itd - itd_0).max() < 25e-6


def test_a_head_measured_in_few_directions_is_heard_in_all():
    front = np.zeros((2, 64))
    front[:, 20] = 1
    four = HRTF(unit_vectors(np.array([0.0, 90, 180, 270])), np.stack([front, 2 * front, front, front]), FS)
    everywhere = four.at(np.array([[0, 0, 5.0], [0, 0, -1], [-1, 0, 0], [-1, 1, 0]]))
    np.testing.assert_allclose(everywhere[:, 0, 20], [1.25, 1.25, 2, 1.5], atol=1e-6)
    kemar = load_hrtf(sample_rate=FS)
    below = kemar.at([[0, 0, -1.0]])[0]  # nothing was measured there
    assert abs(itd_ild(below)[0]) < 30e-6
    assert (below**2).sum() == pytest.approx(
        (kemar.responses[kemar.directions[:, 2] < -0.6] ** 2).sum(axis=(1, 2)).mean(), rel=0.5
    )


@pytest.mark.parametrize("azimuth", [[0.0], [-30.0, 0, 30], [0.0, 180]])
def test_a_head_measured_on_one_side_only_is_refused(azimuth):
    one_sided = HRTF(unit_vectors(np.array(azimuth)), np.ones((len(azimuth), 2, 8)), FS)
    with pytest.raises(ValueError, match="do not surround"):
        one_sided.at([[0, 1.0, 0]])
