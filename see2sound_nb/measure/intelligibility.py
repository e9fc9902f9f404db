"""STOI: whether the envelopes of two clips go together, made for speech.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from see2sound_nb._checks import check_rate
from see2sound_nb.measure.clips_in_frames import clip_of, frames_at, hann, power_of, resampled_to, sparse_bands

#: Clips that resemble each other most at a lag of more than this are not aligned, in seconds.
ALIGNED_S = 0.005

_STOI_HZ, _STOI_FRAME, _STOI_SEGMENT = 10000, 256, 30


def stoi(clean: np.ndarray, other: np.ndarray, sample_rate: float) -> float | None:
    """Short-time objective intelligibility of a clip against a clean one: do the envelopes of 15 bands go together?

    Parameters
    ----------
    clean, other : np.ndarray
        (T,) or (n_ch, T) float, of the same length.
    sample_rate : float
        In Hz.

    Returns
    -------
    float or None
        -1 to 1, at least 0.3 or so for what is of use. None where it has no meaning: for silence, below 10 kHz (its
        highest band would be empty), for less than 0.4 s of sound, and where the clips resemble each other most at a
        lag of more than 5 ms.

    Raises
    ------
    ValueError
        If a clip has no samples, is of another shape or not finite, their lengths differ, or the rate is not positive.

    Notes
    -----
    Taal et al., "An algorithm for intelligibility prediction of time-frequency weighted noisy speech", 2011: at 10 kHz,
    frames of 256 within 40 dB of the loudest, third octaves from 150 Hz, segments of 30 frames, clipped at -15 dB. At
    10 kHz it equals pystoi's. It was made for speech. Notebook: 08_evaluation.
    """
    check_rate(sample_rate)
    x, y = clip_of(clean, "clean"), clip_of(other, "other")
    if len(x) != len(y):
        raise ValueError(f"clips of {len(x)} and {len(y)} samples must be of the same length; cut the longer")
    if sample_rate < _STOI_HZ or not x.any() or not y.any():
        return None
    x, y = (resampled_to(z / np.abs(z).max(), sample_rate, _STOI_HZ) for z in (x, y))
    # One frame less than there is room for where the last would end with the clip: so does pystoi.
    starts = np.arange(0, len(x) - _STOI_FRAME, _STOI_FRAME // 2)
    if len(starts) < _STOI_SEGMENT or abs(_lag(x, y)) > ALIGNED_S * _STOI_HZ:
        return None
    bands = _third_octaves(x, y, starts)
    if bands is None:
        return None
    return _stoi_of_bands(*bands)


def _stoi_of_bands(x: np.ndarray, y: np.ndarray) -> float:
    """The mean correlation of segments of two (15, frames) of amplitudes."""
    tiny = np.finfo(np.float64).eps
    x, y = (np.lib.stride_tricks.sliding_window_view(z, _STOI_SEGMENT, axis=1) for z in (x, y))
    length = lambda z: np.sqrt(np.einsum("bmn,bmn->bm", z, z))[..., None] + tiny  # noqa: E731
    y = np.minimum(y * ((length(x) - tiny) / length(y)), x * (1 + 10 ** (15 / 20)))
    x, y = (z - z.mean(axis=2, keepdims=True) for z in (x, y))
    together = np.einsum("bmn,bmn->bm", x, y) / (length(x) * length(y))[..., 0]
    return float(together.mean())


def _third_octaves(x: np.ndarray, y: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Amplitudes (15, frames) of both where the first sounds; None if that is in too few frames."""
    window = hann(_STOI_FRAME)
    frames = [frames_at(z, starts, _STOI_FRAME) * window for z in (x, y)]
    level_db = 20 * np.log10(np.linalg.norm(frames[0], axis=1) + np.finfo(np.float64).eps)
    sounds = level_db > level_db.max() - 40
    if np.count_nonzero(sounds) < _STOI_SEGMENT + 1:
        return None
    half = _STOI_FRAME // 2
    bands = []
    for kept in (z[sounds] for z in frames):
        joined = np.zeros((len(kept) + 1, half))  # overlapping halves, added
        joined[:-1] += kept[:, :half]
        joined[1:] += kept[:, half:]
        again = frames_at(joined.reshape(-1), np.arange(len(kept) - 1) * half, _STOI_FRAME) * window
        bands.append(np.sqrt(power_of(again, 2 * _STOI_FRAME) @ _third_octave_bins()).T)
    return bands[0], bands[1]


@functools.lru_cache(maxsize=1)
def _third_octave_bins() -> Any:
    """(257, 15), 1 where a bin of 512 at 10 kHz belongs to a band, whose edges are the bins next to the true ones."""
    bins_hz = np.arange(_STOI_FRAME + 1) * _STOI_HZ / (2 * _STOI_FRAME)
    edges_hz = 150 * 2 ** ((2 * np.arange(16) - 1) / 6)
    edges = np.abs(bins_hz[:, None] - edges_hz).argmin(axis=0)
    index = np.arange(len(bins_hz))[:, None]
    return sparse_bands(((index >= edges[:-1]) & (index < edges[1:])).astype(np.float64))


def _lag(x: np.ndarray, y: np.ndarray) -> int:
    """By how many samples y comes later than x where the two resemble each other most, upside down or not."""
    from scipy import fft

    size = fft.next_fast_len(2 * len(x), real=True)
    spectra = [fft.rfft(z.astype(np.float32), size) for z in (x, y)]
    alike = np.abs(fft.irfft(np.conj(spectra[0]) * spectra[1], size))
    best = int(alike.argmax())
    return best if best < len(x) else best - size
