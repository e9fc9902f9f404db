"""How long a room goes on sounding, measured on its impulse responses.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import numpy as np


def schroeder_db(h: np.ndarray) -> np.ndarray:
    """The energy that is yet to come, from each sample of a response on, in dB of all of it.

    Parameters
    ----------
    h : np.ndarray
        (L,) float, an impulse response.

    Returns
    -------
    np.ndarray
        (L,) float64, from 0 down; not below -120 dB.

    Raises
    ------
    ValueError
        If there is not one response, or it is silent.

    Notes
    -----
    Schroeder, "New method of measuring reverberation time", J. Acoust. Soc. Am. 37, 1965.
    Notebook: 05_image_sources.
    """
    if np.ndim(h) != 1 or not np.any(h):
        raise ValueError(f"a response of shape {np.shape(h)} must be (L,) and not silent; take one, such as h[0, 0]")
    energy = np.cumsum(np.square(h[::-1], dtype=float))[::-1]
    return 10 * np.log10(np.maximum(energy / energy[0], 1e-12))


def measured_rt60_s(h: np.ndarray, sample_rate: float) -> float:
    """Reverberation time of a response: a line through its decay from -5 to -25 dB, extended to -60 dB (T20).

    Parameters
    ----------
    h : np.ndarray
        (L,) float, an impulse response.
    sample_rate : float
        In Hz.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    ValueError
        As `schroeder_db`, or if the response does not fall from -5 to -25 dB in steps.

    Notes
    -----
    Notebook: 05_image_sources.

    Examples
    --------
    >>> round(float(measured_rt60_s(10 ** (-3 * np.arange(8000) / 8000), 16000.0)), 3)  # 60 dB in 8,000 samples
    0.5
    """
    decay = schroeder_db(h)
    fit = np.flatnonzero((decay <= -5) & (decay >= -25))
    if len(fit) < 2 or np.ptp(decay[fit]) < 1:
        raise ValueError(f"{len(fit)} samples of the decay lie from -5 to -25 dB, no line: give a longer response")
    slope_db, _ = np.polyfit(fit / sample_rate, decay[fit], 1)
    return -60 / slope_db
