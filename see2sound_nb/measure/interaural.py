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


def iacc(ears: np.ndarray, sample_rate: float, until_s: float | None = None) -> float:
    """Interaural cross-correlation coefficient, 0 to 1: how much the ears have in common, at the best of all shifts.

    Parameters
    ----------
    ears : np.ndarray
        (2, T) float, left and right, or (N, 2, T), the responses of N sources: with sounds that have nothing in common,
        what the ears share is the sum of what they share of each.
    sample_rate : float
        In Hz.
    until_s : float, optional
        Look at so much of it from its first sound on, in seconds: 0.08 gives the early IACC of a room's responses,
        which tells how wide a source seems. All of it unless given.

    Returns
    -------
    float
        The highest within 1 ms: 1 for the same sound in both ears, also inverted; near 0 for ears that have nothing
        in common.

    Raises
    ------
    ValueError
        If the shape is another, a sample is not finite, the rate is not positive, or an ear hears nothing.

    Notes
    -----
    ISO 3382-1, annex B. Short sounds are alike by chance: two noises of 20 ms read 0.13. Notebook: 08_evaluation.

    Examples
    --------
    >>> round(iacc([[0, 0, 1, 0], [0, -1, 0, 0]], 4000.0), 3)
    1.0
    """
    check_rate(sample_rate)
    pairs = [_two(pair) for pair in (ears if np.ndim(ears) == 3 else [ears])]
    together = np.zeros(2 * int(MOST_ITD_S * sample_rate) + 1)
    middle, left_energy, right_energy = len(together) // 2, 0.0, 0.0
    for left, right in pairs:
        if until_s is not None:
            loud = np.maximum(np.abs(left), np.abs(right))
            first = int(np.argmax(loud > 0.01 * loud.max()))
            window = slice(first, first + max(1, round(until_s * sample_rate)))
            left, right = left[window], right[window]
        most = min(int(MOST_ITD_S * sample_rate), len(left) - 1)
        size = 1 << (2 * len(left) + 1).bit_length()
        alike = np.fft.irfft(np.conj(np.fft.rfft(left, size)) * np.fft.rfft(right, size), size)
        together[middle - most : middle + most + 1] += np.roll(alike, most)[: 2 * most + 1]
        left_energy, right_energy = left_energy + np.sum(left**2), right_energy + np.sum(right**2)
    if not min(left_energy, right_energy) > 0:
        raise ValueError("an ear hears nothing, so the ears have nothing to compare; give a sound that reaches both")
    return float(min(1.0, np.abs(together).max() / np.sqrt(left_energy * right_energy)))


def _two(ears: np.ndarray) -> np.ndarray:
    ears = np.asarray(ears, dtype=np.float64)
    if ears.ndim != 2 or len(ears) != 2 or ears.shape[1] < 1:
        raise ValueError(f"ears of shape {ears.shape} must be (2, T), left and right: render 'binaural' or 'stereo'")
    if not np.isfinite(ears).all():
        raise ValueError("ears hold samples that are NaN or infinite; look at the sound that was rendered")
    return ears
