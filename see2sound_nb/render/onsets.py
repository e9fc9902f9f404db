"""When a sound reaches the ears, read from measured responses.

Notebook: 00_start_here.
"""

from __future__ import annotations

import numpy as np

#: A sound has arrived when its envelope, smoothed by a Gaussian low-pass of 1.5 kHz, reaches a tenth of its peak. Of
#: the rules tried, this one is the same at every sample rate and predicts left-out measurements of KEMAR well.
ONSET_HZ, ONSET_SHARE = 1500.0, 0.1
#: Neighbours are compared below about this frequency: above, pinnae make them differ too much to say which is first.
ALIKE_HZ = 6000.0
#: At one ear, sounds from two directions differ by no more than so many seconds and so many for each radian between
#: them: three times what a rigid sphere of a head's size has, and never more than a millisecond.
_MOST_S, _MOST_S_PER_RADIAN, _MOST_OF_ALL_S = 1e-4, 8e-4, 1e-3
#: Residuals above these, in seconds, count ever less: of what neighbours say, and of what the onset alone says.
_NEIGHBOURS_S, _ONSET_S = 2e-5, 5e-5
#: The weight of the onset beside that of a pair of neighbours that are 0.7 alike.
_ONSET_WEIGHT = 0.02
#: Of the responses, from so long before the earliest onset to so long after the latest is compared, in seconds.
_BEFORE_S, _AFTER_S = 1e-3, 5e-3
#: Times are found on a grid of about so many points a second.
_FINE_HZ = 256000
#: Numbers that a block of transforms holds at most.
_BLOCK = 1 << 21


def arrival_times(responses: np.ndarray, sample_rate: int) -> np.ndarray:
    """When a sound reaches the ears: the onset of the responses below about `ONSET_HZ`, each for itself.

    Parameters
    ----------
    responses : np.ndarray
        (..., K) float.
    sample_rate : int
        In Hz.

    Returns
    -------
    np.ndarray
        (...) float64, in samples, to about 4 microseconds.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    length, finer = responses.shape[-1], max(1, round(_FINE_HZ / sample_rate))
    size = next_fast_len(2 * length, real=True)
    smooth = np.exp(-0.5 * (np.fft.rfftfreq(size, 1 / sample_rate) / ONSET_HZ) ** 2)
    rows = responses.reshape(-1, length)
    times = np.empty(len(rows))
    some = max(1, _BLOCK // (size * finer))
    for start in range(0, len(rows), some):  # a bounded share of the memory
        block = rows[start : start + some]
        level = np.abs(irfft(rfft(block, size) * smooth, size * finer)[:, : length * finer])
        times[start : start + some] = np.argmax(level > ONSET_SHARE * level.max(axis=1, keepdims=True), axis=1) / finer
    return times.reshape(responses.shape[:-1])


def aligning_times(
    directions: np.ndarray, responses: np.ndarray, neighbours: np.ndarray, sample_rate: int
) -> np.ndarray:
    """By how much responses must be moved so that neighbours are as alike as they can be.

    The onset of a single response is a matter of a threshold, and in some heads it jumps from one crest to another
    between neighbours. Here each pair of neighbours says how much later one is than the other, at the peak of their
    cross-correlation; the times are those that agree best with all pairs, the more alike ones first.

    Parameters
    ----------
    directions : np.ndarray
        (M, 3) float, unit vectors towards the measurements.
    responses : np.ndarray
        (M, 2, K) float, left and right ear.
    neighbours : np.ndarray
        (E, 2) int, pairs of measurements.
    sample_rate : int
        In Hz.

    Returns
    -------
    np.ndarray
        (M, 2) float64, in samples. What the pairs leave open, such as a time common to all, follows `arrival_times`.

    Notes
    -----
    The pairs' weights are the inverse of the Cramér-Rao bound of a delay's variance (Knapp and Carter, "The generalized
    correlation method for estimation of time delay", 1976), c^2 / (1 - c^2) of their correlation c. A pair may be
    wrong, since behind the head two paths of unlike length are heard: least squares are reweighted by a Cauchy loss
    (Holland and Welsch, "Robust regression using iteratively reweighted least-squares", 1977). Notebook: 00_start_here.
    """
    onsets = arrival_times(responses, sample_rate)
    first = max(0, int(onsets.min() - _BEFORE_S * sample_rate))
    last = int(onsets.max() + _AFTER_S * sample_rate) + 1
    angles = np.arccos(np.clip(np.einsum("ed,ed->e", *directions[neighbours.T]), -1, 1))
    most_s = np.minimum(_MOST_S + _MOST_S_PER_RADIAN * angles, _MOST_OF_ALL_S)
    later, alike = _compared(responses[..., first:last], neighbours, most_s, sample_rate)
    ears = zip(later.T, alike.T, onsets.T)
    return np.stack([_agreed(*ear, neighbours, sample_rate) for ear in ears], axis=1)


def _compared(
    responses: np.ndarray, pairs: np.ndarray, most_s: np.ndarray, sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """How much later the second of each pair is, in samples, and their correlation there, both (E, 2)."""
    from scipy.fft import irfft, next_fast_len, rfft

    finer = max(1, round(_FINE_HZ / sample_rate))
    most = np.ceil(most_s * sample_rate * finer).astype(int)
    size = next_fast_len(responses.shape[-1] + int(most.max(initial=0)) // finer + 1, real=True)
    smooth = np.exp(-0.5 * (np.fft.rfftfreq(size, 1 / sample_rate) / ALIKE_HZ) ** 2)
    lags = np.arange(-most.max(initial=0), most.max(initial=0) + 1)
    later, alike = np.empty(pairs.shape), np.empty(pairs.shape)
    some = max(1, _BLOCK // (2 * size * finer))
    for start in range(0, len(pairs), some):
        block = slice(start, start + some)
        one, other = (rfft(responses[rows], size) * smooth for rows in pairs[block].T)
        cross = irfft(np.conj(one) * other, size * finer)[..., lags] * finer
        cross = np.where(np.abs(lags) <= most[block, None, None], cross, -np.inf)
        best = cross.argmax(axis=-1)
        energies = [np.square(irfft(spectra, size)).sum(axis=-1) for spectra in (one, other)]
        later[block] = lags[best] / finer
        alike[block] = cross.max(axis=-1) / np.maximum(np.sqrt(energies[0] * energies[1]), np.finfo(float).tiny)
    return later, alike


def _agreed(
    later: np.ndarray, alike: np.ndarray, onsets: np.ndarray, pairs: np.ndarray, sample_rate: int
) -> np.ndarray:
    """Times (M,) of one ear that agree with the differences `later` (E,), by least squares reweighted ten times."""
    from scipy.sparse import csr_matrix, diags
    from scipy.sparse.linalg import spsolve

    signs = np.tile([-1.0, 1.0], len(pairs))
    rows = np.repeat(np.arange(len(pairs)), 2)
    difference = csr_matrix((signs, (rows, pairs.ravel())), (len(pairs), len(onsets)))
    squared = np.clip(alike, 0, 0.999) ** 2
    sure = squared / (1 - squared)
    weights, own, times = sure, np.full(len(onsets), _ONSET_WEIGHT), onsets
    for _ in range(10):
        normal = difference.T @ diags(weights) @ difference + diags(own)
        times = spsolve(normal.tocsc(), difference.T @ (weights * later) + own * onsets)
        weights = sure / (1 + ((difference @ times - later) / (_NEIGHBOURS_S * sample_rate)) ** 2)
        own = _ONSET_WEIGHT / (1 + ((times - onsets) / (_ONSET_S * sample_rate)) ** 2)
    return times
