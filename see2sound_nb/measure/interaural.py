"""What two ears compare: the interaural time difference (ITD) and level difference (ILD) of two channels.

Both are positive when the sound is on the left: the left ear hears it first, and louder.

Notebook: 00_start_here.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb._checks import check_rate

#: No head is so wide that sound needs longer than this from one ear to the other, in seconds.
MOST_ITD_S = 1e-3
#: Ears whose correlation stays below this have heard nothing in common.
LEAST_CORRELATION = 1e-6


def ild_db(ears: np.ndarray) -> float:
    """How much louder the left ear hears it, in dB.

    Parameters
    ----------
    ears : np.ndarray
        (2, T) float, left and right.

    Returns
    -------
    float
        10 log10 of the ratio of energies; infinite or NaN where one or both ears hear nothing.

    Raises
    ------
    ValueError
        If there are not two channels of at least one sample, or a sample is not finite.

    Notes
    -----
    Notebook: 00_start_here.

    Examples
    --------
    >>> round(ild_db([[0.0, 1.0], [0.0, 0.5]]), 1)
    6.0
    """
    left, right = np.sum(np.square(_two(ears)), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(10 * np.log10(left / right))


def itd_s(ears: np.ndarray, sample_rate: float) -> float:
    """How much earlier the left ear hears it, in seconds: the shift at which the two ears resemble each other most.

    Parameters
    ----------
    ears : np.ndarray
        (2, T) float, left and right.
    sample_rate : float
        In Hz.

    Returns
    -------
    float
        The peak of the cross-correlation within ±1 ms, between samples by a parabola; 0 where the ears have nothing in
        common there, as in silence.

    Raises
    ------
    ValueError
        If there are not two channels of at least one sample, a sample is not finite, or the rate is not positive.

    Notes
    -----
    Knapp and Carter, "The generalized correlation method for estimation of time delay", 1976 (without weighting).
    Notebook: 00_start_here.

    Examples
    --------
    >>> round(1e3 * itd_s([[0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0]], 4000.0), 2)
    0.5
    """
    check_rate(sample_rate)
    left, right = _two(ears)
    most = min(int(MOST_ITD_S * sample_rate), len(left) - 1)
    size = 1 << (2 * len(left) + 1).bit_length()  # room for shifts from -T to T
    alike = np.fft.irfft(np.conj(np.fft.rfft(left, size)) * np.fft.rfft(right, size), size)
    alike = np.roll(alike, most + 1)[: 2 * most + 3]  # shifts of -most - 1 to most + 1
    best = 1 + int(alike[1:-1].argmax())
    before, peak, after = alike[best - 1 : best + 2]
    if not peak > LEAST_CORRELATION * np.sqrt(np.sum(left**2) * np.sum(right**2)):
        return 0.0
    bend = before - 2 * peak + after
    between = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float((best - most - 1 + np.clip(between, -0.5, 0.5)) / sample_rate)


def _two(ears: np.ndarray) -> np.ndarray:
    ears = np.asarray(ears, dtype=np.float64)
    if ears.ndim != 2 or len(ears) != 2 or ears.shape[1] < 1:
        raise ValueError(f"ears of shape {ears.shape} must be (2, T), left and right: render 'binaural' or 'stereo'")
    if not np.isfinite(ears).all():
        raise ValueError("ears hold samples that are NaN or infinite; look at the sound that was rendered")
    return ears
