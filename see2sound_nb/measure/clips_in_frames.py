"""What the measures of likeness begin with: clips as arrays, checked, and cut into frames.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import Any

import numpy as np


def clip_of(x: np.ndarray, name: str, dtype: type = np.float64) -> np.ndarray:
    """(T,): a clip, its channels averaged, checked."""
    x = np.asarray(x)
    if x.ndim not in (1, 2) or x.size == 0 or (x.ndim == 2 and x.shape[0] > x.shape[1] > 1):
        raise ValueError(
            f"{name} has the shape {x.shape}; it must be (T,) or (n_ch, T), T at least 1: channels in rows"
        )
    with np.errstate(over="ignore"):  # which the next line finds
        x = x.astype(dtype)
    if not np.isfinite(x).all():
        raise ValueError(f"{name} holds samples that are NaN or infinite; look at the sound that was rendered")
    # Channels side by side, as files have them: the authors' code measures the last bit of an empty band, too.
    return x if x.ndim == 1 else np.ascontiguousarray(x.T).mean(axis=1)


def frame_starts(samples: int, size: int, hop: int) -> np.ndarray:
    """(frames,) int, the first samples of all whole frames."""
    return np.arange(0, samples - size + 1, hop)


def frames_at(x: np.ndarray, starts: np.ndarray, size: int) -> np.ndarray:
    """(frames, size): a view of a clip (T,) at evenly spaced starts."""
    hop = int(starts[1] - starts[0]) if len(starts) > 1 else 1
    return np.lib.stride_tricks.sliding_window_view(x, size)[int(starts[0]) :: hop][: len(starts)]


def sparse_bands(bands: np.ndarray) -> Any:
    """A matrix (bins, bands) of mostly zeros, to multiply with from the right; not by BLAS, which starts threads."""
    from scipy.sparse import csr_array

    return csr_array(bands)


@functools.lru_cache(maxsize=8)
def hann(size: int) -> np.ndarray:
    """A window that is zero one sample beyond both its ends."""
    return np.hanning(size + 2)[1:-1]


def power_of(frames: np.ndarray, size: int) -> np.ndarray:
    """(frames, size // 2 + 1): the power of the spectrum of each frame, filled up with zeros to `size`."""
    from scipy import fft

    spectrum = fft.rfft(frames, size, axis=1)
    power = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    return power


def resampled_to(x: np.ndarray, from_hz: float, to_hz: float) -> np.ndarray:
    """A clip (T,) at another rate, without delay."""
    from scipy.signal import resample_poly

    if from_hz == to_hz:
        return x
    ratio = Fraction(to_hz / from_hz).limit_denominator(1000)
    return resample_poly(x, ratio.numerator, ratio.denominator)
