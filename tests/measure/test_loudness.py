"""Loudness and true peak against the standard's own values and against libebur128."""

import numpy as np
import pyebur128
import pytest
from scipy.signal import resample

from see2sound_nb.measure.loudness import loudness_lufs, loudness_weights, true_peak_dbtp
from see2sound_nb.render.layouts import LAYOUTS

RATE = 48000
KIND = pyebur128.ChannelType
THEIR_CHANNELS = [KIND.LEFT, KIND.RIGHT, KIND.CENTER, KIND.UNUSED, KIND.LEFT_SURROUND, KIND.RIGHT_SURROUND]


def sine(channel, channels=6, level_db=-20.0, seconds=3, rate=RATE):
    t = np.arange(seconds * rate) / rate
    phi = np.zeros((channels, len(t)))
    phi[channel] = 10 ** (level_db / 20) * np.sin(2 * np.pi * 997 * t)
    return phi


def by_libebur128(phi, kinds=None):
    """Loudness in LUFS, and the true peak in dBTP."""
    state = pyebur128.R128State(
        len(phi), RATE, pyebur128.MeasurementMode.MODE_I | pyebur128.MeasurementMode.MODE_TRUE_PEAK
    )
    for channel, kind in enumerate(kinds or ()):
        state.set_channel(channel, kind)
    state.add_frames(np.ascontiguousarray(phi.T).ravel(), phi.shape[1])
    peaks = [pyebur128.get_true_peak(state, channel) for channel in range(len(phi))]
    return pyebur128.get_loudness_global(state), 20 * np.log10(max(peaks))


@pytest.mark.parametrize(("name", "expected"), [("FL", -23.01), ("FC", -23.01), ("SL", -21.52), ("SR", -21.52)])
def test_a_sine_in_one_channel_of_5_1(name, expected):
    phi = sine(LAYOUTS["5.1"].index(name))
    assert loudness_lufs(phi, RATE, "5.1") == pytest.approx(expected, abs=0.01)
    assert loudness_lufs(phi, RATE, "5.1") == pytest.approx(by_libebur128(phi, THEIR_CHANNELS)[0], abs=1e-6)


def test_the_lfe_is_not_heard():
    with pytest.raises(ValueError, match="silent"):
        loudness_lufs(sine(LAYOUTS["5.1"].index("LFE")), RATE, "5.1")


def test_noise_that_comes_and_goes_as_libebur128_has_it():
    rng = np.random.default_rng(0)
    gains = np.repeat(10 ** (np.array([-10, -60, -20, -110, -15, -30]) / 20), RATE)
    phi = 0.1 * rng.normal(size=(6, len(gains))) * gains * np.array([[1], [0.5], [0.3], [4], [0.7], [0.2]])
    assert loudness_lufs(phi, RATE, "5.1") == pytest.approx(by_libebur128(phi, THEIR_CHANNELS)[0], abs=1e-6)
    assert loudness_lufs(phi[:2], RATE, "stereo") == pytest.approx(by_libebur128(phi[:2])[0], abs=1e-6)


def test_the_rate_does_not_change_it():
    noise = 0.1 * np.random.default_rng(0).normal(size=(2, 3 * 16000))
    noise[:, [0, -1]] = 0
    finer = resample(noise, 3 * RATE, axis=1)
    assert loudness_lufs(noise, 16000, "stereo") == pytest.approx(loudness_lufs(finer, RATE, "stereo"), abs=0.01)
    assert loudness_lufs(noise, 16000, "stereo") == pytest.approx(by_libebur128(finer)[0], abs=0.01)
    assert loudness_lufs(resample(finer, 6 * RATE, axis=1), 2 * RATE, "stereo") == pytest.approx(
        loudness_lufs(finer, RATE, "stereo"), abs=0.01
    )


def test_of_ambisonics_w_alone_counts_wherever_the_sound_is():
    foa = sine(0, 4)
    left = foa.copy()
    left[1] = foa[0]
    assert loudness_lufs(foa, RATE, "foa") == loudness_lufs(left, RATE, "foa") == pytest.approx(-23.01, abs=0.01)


def test_weights_of_the_dome():
    by_name = dict(zip(LAYOUTS["7.1.4"], loudness_weights("7.1.4")))
    assert {name for name, weight in by_name.items() if weight == 1.41} == {"SL", "SR"}
    assert by_name["LFE"] == 0 and by_name["TFL"] == by_name["BL"] == by_name["FC"] == 1


def test_true_peaks():
    between = 0.5 * np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4)[None]  # a sine that is never met at its peak
    between[:, :400] *= np.linspace(0, 1, 400)
    between[:, -400:] *= np.linspace(1, 0, 400)
    assert 20 * np.log10(np.abs(between).max()) == pytest.approx(-9.03, abs=0.01)
    assert true_peak_dbtp(between, RATE) == pytest.approx(-6.02, abs=0.02)
    assert true_peak_dbtp(between, RATE) == pytest.approx(by_libebur128(between)[1], abs=0.1)
    assert true_peak_dbtp(between, 16000) == true_peak_dbtp(between, RATE)
    quiet = np.concatenate([np.zeros_like(between), between])
    assert true_peak_dbtp(quiet, RATE) == true_peak_dbtp(between, RATE)


@pytest.mark.parametrize(
    ("phi", "match"),
    [
        (np.zeros((6, RATE)), "silent"),
        (np.ones((6, 100)), "a block of 0.4 s"),
        (np.ones((5, RATE)), "5.1"),
        (np.full((6, RATE), np.nan), "NaN"),
        (np.ones(RATE), "n_ch"),
    ],
)
def test_what_has_no_loudness(phi, match):
    with pytest.raises(ValueError, match=match):
        loudness_lufs(phi, RATE, "5.1")


def test_silence_has_no_peak():
    with pytest.raises(ValueError, match="silent"):
        true_peak_dbtp(np.zeros((2, 100)), RATE)
    with pytest.raises(ValueError, match="sample_rate"):
        loudness_lufs(sine(0), 0, "5.1")
