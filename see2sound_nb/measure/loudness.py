"""How loud a rendering is, as broadcasters measure it, and how far its waveform reaches between the samples.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import math

import numpy as np

from see2sound_nb._checks import check_rate, checked_channels
from see2sound_nb.render.layouts import AMBISONIC_ORDERS, LAYOUTS, LOUDSPEAKERS, check_layout

#: Both filters of the K-weighting as ITU-R BS.1770-5 has them for 48 kHz: numerator and denominator, a shelf for the
#: head and a high-pass.
K_RATE_HZ = 48000
K_FILTERS = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)
#: Blocks last this long, and a new one begins with each quarter of it, in seconds.
BLOCK_S = 0.4
#: Blocks below the first do not count, nor those this much below the mean of those above it, in LUFS and LU.
SILENCE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
#: What a sine of 997 Hz at full scale in one channel falls short of -3.01 LUFS without it.
OFFSET_LU = -0.691
#: The waveform is looked at so many times as finely as it is sampled.
OVERSAMPLING = 4


def loudness_weights(layout: str) -> np.ndarray:
    """Weights (n_ch,) float64 of a layout's channels in `loudness_lufs`.

    Notes
    -----
    ITU-R BS.1770-5: a loudspeaker at ear height (below 30 degrees) and 60 to 120 degrees beside the front counts 1.41,
    any other 1, and the LFE not at all; of Ambisonics, which the standard does not know, W alone counts.
    Notebook: 08_evaluation.

    Examples
    --------
    >>> loudness_weights("5.1")
    array([1.  , 1.  , 1.  , 0.  , 1.41, 1.41])
    """
    names = LAYOUTS[check_layout(layout)]
    if layout in AMBISONIC_ORDERS:
        return np.eye(len(names))[0]
    places = LOUDSPEAKERS.get(layout)
    if places is None:
        return np.ones(len(names))
    weights = dict.fromkeys(names, 0.0)
    for name, (azimuth, elevation) in places.items():
        weights[name] = 1.41 if abs(elevation) < 30 and 60 <= abs(azimuth) <= 120 else 1.0
    return np.array(list(weights.values()))


def loudness_lufs(channels: np.ndarray, sample_rate: float, layout: str = "5.1") -> float:
    """Integrated loudness of a rendering in LUFS.

    Parameters
    ----------
    channels : np.ndarray
        (n_ch, T) float, full scale 1, in the order of `LAYOUTS`; at least 0.4 s.
    sample_rate : float
        In Hz.
    layout : str
        One of `LAYOUTS`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the channels are not the layout's, last less than 0.4 s, hold a sample that is not finite, or are silent: no
        block of them reaches -70 LUFS.

    Notes
    -----
    ITU-R BS.1770-5: K-weighting, the mean square of blocks of 0.4 s that overlap by three quarters, `loudness_weights`,
    a gate at -70 LUFS and one 10 LU below the mean of what passes it. The standard's filters are given for 48 kHz, and
    are applied here to the spectrum, as if the sound had been brought to that rate first: filters designed anew for 16
    kHz read white noise 0.4 LU louder. Notebook: 08_evaluation.
    """
    check_rate(sample_rate)
    weights = loudness_weights(layout)
    channels = checked_channels(channels, layout, least=len(weights), most=len(weights))
    block = round(BLOCK_S * sample_rate)
    if channels.shape[1] < block:
        raise ValueError(
            f"the sound lasts {channels.shape[1] / sample_rate:.3f} s, and loudness needs a block of {BLOCK_S} s; give "
            "a longer one"
        )
    heard = np.flatnonzero(weights)
    weighted = k_weighted(channels[heard], sample_rate)
    energy = np.concatenate([[0.0], np.cumsum(weights[heard] @ np.square(weighted))])
    starts = np.round(np.arange(0, channels.shape[1] - block + 1, block / 4)).astype(int)
    power = np.maximum((energy[starts + block] - energy[starts]) / block, 1e-30)
    loudness = OFFSET_LU + 10 * np.log10(power)
    power = power[loudness > SILENCE_LUFS]
    if not len(power):
        raise ValueError(f"the sound is silent: it never reaches {SILENCE_LUFS:.0f} LUFS; give a louder one")
    gate = 10 * math.log10(power.mean()) + RELATIVE_GATE_LU
    return OFFSET_LU + 10 * math.log10(power[10 * np.log10(power) > gate].mean())


def k_weighted(channels: np.ndarray, sample_rate: float) -> np.ndarray:
    """Channels (n_ch, T) through both filters of the K-weighting, (n_ch, T) float64; see `loudness_lufs`."""
    from scipy import fft

    length = channels.shape[1]
    size = fft.next_fast_len(length + int(0.2 * sample_rate), real=True)  # the high-pass has died away by then
    bins = np.minimum(fft.rfftfreq(size, 1 / sample_rate), K_RATE_HZ / 2)
    later = np.exp(-2j * np.pi * bins / K_RATE_HZ)  # one sample at 48 kHz
    response = np.ones(len(bins), dtype=complex)
    for b, a in K_FILTERS:
        response *= np.polyval(b[::-1], later) / np.polyval(a[::-1], later)
    return fft.irfft(fft.rfft(channels, size) * response, size)[:, :length]


def true_peak_dbtp(channels: np.ndarray, sample_rate: float) -> float:
    """The highest point of the waveform, also between the samples, in dB of full scale (dBTP).

    Parameters
    ----------
    channels : np.ndarray
        (n_ch, T) float, full scale 1.
    sample_rate : float
        In Hz; what plays a sound of a low rate sees the same waveform, so it does not change the result.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there is no channel or sample, one is not finite, or all are zero.

    Notes
    -----
    As in annex 2 of ITU-R BS.1770-5 four times oversampled; here by the spectrum, with silence before and after. Meters
    agree to 0.1 dB where a sound is not clipped; how high a clipped one reaches depends on the meter, by 4 dB and more.
    Notebook: 08_evaluation.
    """
    check_rate(sample_rate)
    channels = checked_channels(channels, "any layout", least=1).astype(np.float32)  # enough for a hundredth of a dB
    from scipy.fft import next_fast_len
    from scipy.signal import resample

    highest = 0.0
    for channel in channels:
        if np.abs(channel).max() * 4 > highest:  # no waveform of music overshoots its samples fourfold
            padded = np.pad(channel, (64, next_fast_len(len(channel) + 128, real=True) - 64 - len(channel)))
            highest = max(highest, float(np.abs(resample(padded, OVERSAMPLING * len(padded))).max()))
    if not highest:
        raise ValueError("the sound is silent, its peak has no level; give another sound")
    return 20 * math.log10(highest)
