"""The LFE: what a subwoofer plays. All arrivals go into it alike, wherever they come from (`render.responses` sums
them); then it is filtered and scaled as it is said here.

Notebook: 00_start_here.
"""

from __future__ import annotations

import functools

import numpy as np

#: The LFE carries what is below this frequency; replay systems add 10 dB to it, so it is fed 10 dB less.
LFE_CUTOFF_HZ, LFE_GAIN_DB = 120.0, -10.0
#: The filter of the LFE rings on for so long after the last arrival.
LFE_TAIL_S = 0.05


def low_pass(h: np.ndarray, sample_rate: int) -> np.ndarray:
    """The LFE's filter: a Butterworth low-pass of order 4 at `LFE_CUTOFF_HZ`, (..., L) in and out."""
    from scipy.signal import sosfilt

    return sosfilt(_lfe_sections(sample_rate), h)


@functools.cache
def _lfe_sections(sample_rate: int) -> np.ndarray:
    from scipy.signal import butter

    return butter(4, LFE_CUTOFF_HZ, fs=sample_rate, output="sos")
