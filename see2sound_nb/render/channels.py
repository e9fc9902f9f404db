"""The sources played in the room: channels phi (section 4.3, Eq. 5).

Notebook: 00_start_here.
"""

from __future__ import annotations

import numpy as np

#: The loudest sample of a rendering, in dB of full scale.
MASTER_PEAK_DB = -1.0


def render_channels(A: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Play the sources in the room: phi_ch = sum over sources of A * h_ch (Eq. 5).

    Parameters
    ----------
    A : np.ndarray
        (N, T) float, mono audio.
    h : np.ndarray
        (N, n_ch, L) float, impulse responses.

    Returns
    -------
    np.ndarray
        phi, (n_ch, T + L - 1) float32, without any normalisation.

    Raises
    ------
    ValueError
        If A and h do not hold the same number of sources, or none.

    Notes
    -----
    Paper: section 4.3, Eq. 5. Notebook: 00_start_here.
    """
    from scipy.signal import oaconvolve

    A, h = np.asarray(A), np.asarray(h)
    if A.ndim != 2 or h.ndim != 3 or len(A) != len(h) or not len(A):
        raise ValueError(f"A has shape {A.shape} and h {h.shape}; they must be (N, T) and (N, n_ch, L), N at least 1")
    return sum(oaconvolve(a[None], h_k, axes=-1) for a, h_k in zip(A, h)).astype(np.float32)


def master_gain_db(phi: np.ndarray) -> float:
    """One gain for all channels that brings the loudest sample to `MASTER_PEAK_DB`.

    Parameters
    ----------
    phi : np.ndarray
        (n_ch, T) float.

    Returns
    -------
    float
        In dB; 0 for silence.
    """
    peak = float(max(phi.max(initial=0.0), -phi.min(initial=0.0)))
    return MASTER_PEAK_DB - 20 * np.log10(peak) if peak > 0 else 0.0
