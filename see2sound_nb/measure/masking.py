"""What of each source can be heard beside the others, and what is wrong with a sound by itself: seams and clipping.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb._checks import check_rate, checked_channels

#: A sound is masked where the others are louder than it by more than this in the same band and at the same time, in dB.
MASKING_DB = 4.0
FRAME_S = 0.032
#: Bands as wide as the ear's, between these, in Hz.
LOWEST_HZ, HIGHEST_HZ = 50.0, 16000.0
#: A sample counts as clipped when it and its neighbour are this near to the loudest possible.
CLIPPED = 1 - 2.0**-15


def masked_shares(sounds: np.ndarray, sample_rate: float, *, others: np.ndarray | None = None) -> np.ndarray:
    """How much of each sound is masked by the rest: 0 nothing, 1 all of it.

    Parameters
    ----------
    sounds : np.ndarray
        (N, T) float, the sources as they arrive at the listener.
    sample_rate : float
        In Hz.
    others : np.ndarray, optional
        (T,) float, what else is heard, such as the ambience.

    Returns
    -------
    np.ndarray
        (N,) float64: the share of the sound's energy that lies where the others are more than 4 dB louder in the same
        critical band and frame of 32 ms. A silent sound is masked wholly, 1.

    Raises
    ------
    ValueError
        If the shapes differ, a sample is not finite, or the rate is not positive.

    Notes
    -----
    Bands are one ERB wide (Glasberg and Moore 1990). A tone is just heard in noise that is some 4 dB louder in its band
    (Fastl and Zwicker, *Psychoacoustics*, section 4.1: 2 to 6 dB). Masking across bands, before and after a sound and
    by direction, which would help the ears, is left out. Notebook: 08_evaluation.
    """
    check_rate(sample_rate)
    sounds = checked_channels(sounds, "sounds", least=0)
    spectra = [_power_spectra(sound, sample_rate) for sound in sounds]
    bands = [_in_bands(power, sample_rate) for power in spectra]
    total = np.sum(bands, axis=0)
    if others is not None:
        (bed,) = checked_channels(np.atleast_2d(others), "one sound", least=1, most=1)
        total = total + _in_bands(_power_spectra(bed, sample_rate), sample_rate)
    shares = np.ones(len(sounds))
    for n, (power, own) in enumerate(zip(spectra, bands)):
        if power.any():
            masked = total - own > 10 ** (MASKING_DB / 10) * own
            shares[n] = power[masked].sum() / power.sum()
    return shares


def _power_spectra(sound: np.ndarray, sample_rate: float) -> np.ndarray:
    """(frames, bins) of a sound (T,), what lies outside the bands left out."""
    from scipy.fft import rfft, rfftfreq

    size = 1 << round(np.log2(FRAME_S * sample_rate))
    hop = size // 2
    padded = np.pad(sound.astype(np.float32), (0, -len(sound) % hop + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    power = np.square(np.abs(rfft(frames * np.hanning(size).astype(np.float32), axis=1)))
    frequency = rfftfreq(size, 1 / sample_rate)
    power[:, (frequency < LOWEST_HZ) | (frequency > HIGHEST_HZ)] = 0
    return power


def _in_bands(power: np.ndarray, sample_rate: float) -> np.ndarray:
    """Power (frames, bins) in the band of one ERB around each bin."""
    frequency = np.linspace(0, sample_rate / 2, power.shape[1])
    half = 0.5 * 24.7 * (1 + 0.00437 * frequency)
    summed = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1, dtype=np.float64)], axis=1)
    below, above = np.searchsorted(frequency, frequency - half), np.searchsorted(frequency, frequency + half, "right")
    return summed[:, above] - summed[:, below]


def seam(sound: np.ndarray) -> float:
    """The step from a loop's last sample to its first, over the RMS of all its steps: about 1 where there is no seam.

    Parameters
    ----------
    sound : np.ndarray
        (T,) float, T at least 3.

    Returns
    -------
    float
        0 and up; 0 for a constant sound. Of noise 98 % of all steps lie below 2.4; a click at the seam reaches 10.

    Raises
    ------
    ValueError
        If it is of another shape, shorter, or not finite.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    sound = np.asarray(sound, dtype=np.float64)
    if sound.ndim != 1 or len(sound) < 3 or not np.isfinite(sound).all():
        raise ValueError(f"a loop of shape {sound.shape} must be (T,), T at least 3, and finite; take one channel")
    usual = np.sqrt(np.mean(np.diff(sound) ** 2))
    return float(abs(sound[0] - sound[-1]) / usual) if usual > 0 else 0.0


def clipped_share(channels: np.ndarray) -> float:
    """Share, 0 to 1, of the samples that lie at full scale beside another one there: a cut-off peak has two or more.

    Parameters
    ----------
    channels : np.ndarray
        (n_ch, T) float, full scale 1.

    Raises
    ------
    ValueError
        If it is of another shape, empty, or not finite.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    channels = checked_channels(channels, "any layout", least=1)
    at_full = np.abs(channels) >= CLIPPED
    beside = at_full[:, 1:] & at_full[:, :-1]
    clipped = np.zeros_like(at_full)
    clipped[:, 1:] |= beside
    clipped[:, :-1] |= beside
    return float(clipped.mean())
