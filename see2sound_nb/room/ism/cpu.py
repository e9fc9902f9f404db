"""The definition, compiled for the CPU by numba (its loops are in `cpu_images`, `cpu_samples` and `cpu_rows`).

What makes it fast: coordinates and reflections are tabulated for each axis, so an image costs a few additions, one
root and one division; dense responses collect 8 moments for each image instead of 81 taps (`definition.BASIS`), and
one filter for each moment makes the taps of all images at once; and the inner loops are shaped so that the compiler
turns them into vector instructions. Distances are in double precision, so that arrival times are rounded exactly where
pyroomacoustics rounds them: a thousandth of a sample, which is heard by nobody, is seen in every comparison.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from see2sound_nb._checks import check_rate
from see2sound_nb._threads import run_in_threads
from see2sound_nb.room.ism import cpu_rows
from see2sound_nb.room.ism.cpu_images import response_lengths
from see2sound_nb.room.ism.definition import LEAD, Problem, check_samples

#: Below so many arrivals in all, a second thread costs more than it saves.
FEW = 20_000


def responses(problem: Problem) -> np.ndarray:
    """Impulse responses of one room.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    np.ndarray
        h, (S, R, C, L) float32; equal to `reference.responses` to about 1e-6 of the peak (2e-6 where 100,000 images of
        hard walls add up).

    Notes
    -----
    Paper: section 4.3, Eq. 4. Notebook: 05_image_sources.
    """
    sources, receivers, channels = len(problem.sources_m), len(problem.receivers_m), problem.channels
    length, images = int(response_lengths(problem).max()), problem.images
    h = np.empty((sources * receivers * channels, length - LEAD + problem.lead), dtype=np.float32)
    share(lambda first, last: cpu_rows.fill_rows(h, first, last, images, length, problem), len(h), images)
    return h.reshape(sources, receivers, channels, -1)


def sum_of_arrivals(delays_s: np.ndarray, gains: np.ndarray, sample_rate: float) -> np.ndarray:
    """h(t) = sum over m of alpha_m delta(t - tau_m), sampled (Eq. 4); time 0 is the emission.

    Parameters
    ----------
    delays_s : np.ndarray
        (n,) float, tau_m in seconds, not negative.
    gains : np.ndarray
        (n, C) float, alpha_m for each of C channels.
    sample_rate : float
        In Hz.

    Returns
    -------
    np.ndarray
        (C, L) float32, just long enough for the latest arrival.

    Raises
    ------
    ValueError
        If a delay is negative, infinite, NaN or too late, or the shapes do not fit.
    """
    check_rate(sample_rate)
    delays = np.asarray(delays_s, dtype=np.float64)
    alpha = np.array(np.asarray(gains).T, dtype=np.float32, order="C")
    if delays.ndim != 1 or alpha.ndim != 2 or len(delays) != alpha.shape[1] or not alpha.size:
        raise ValueError(f"delays_s {delays.shape} and gains {np.shape(gains)} must be (n,) and (n, C), none of them 0")
    if not 0 <= delays.min() <= delays.max() < math.inf:
        raise ValueError(f"delays_s go from {delays.min()} to {delays.max()} s; they must be finite and not negative")
    later = delays + LEAD / sample_rate
    length = math.ceil(float(later.max()) * sample_rate + LEAD + 1) + 1
    check_samples(length)
    moment = np.maximum(np.float32(sample_rate) * later.astype(np.float32), np.float32(LEAD))  # rounded, may fall short
    h = np.empty((len(alpha), length - LEAD), dtype=np.float32)
    share(lambda first, last: cpu_rows.fill_channels(h, first, last, moment, alpha), len(h), len(moment))
    return h


def share(work: Callable[[int, int], object], rows: int, each: int) -> None:
    """Call ``work(first, last)`` for `rows` rows of `each` arrivals, in several threads where that pays."""
    if rows * each > FEW:
        run_in_threads(work, rows)
    else:
        work(0, rows)
