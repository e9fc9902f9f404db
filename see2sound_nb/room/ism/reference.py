"""The definition in NumPy, word for word and slow: what the compiled versions are compared with.

The room itself is in `lattice`; here are patterns, air, moved images and limits.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math

import numpy as np

from see2sound_nb.room.ism.definition import LEAD, Problem, moves_m
from see2sound_nb.room.ism.lattice import diamond, images, sampled, tau_and_alpha
from see2sound_nb.room.spherical_harmonics import encode


def responses(problem: Problem) -> np.ndarray:
    """Impulse responses of one room.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    np.ndarray
        h, (S, R, C, L) float32.

    Notes
    -----
    Paper: section 4.3, Eq. 4. Notebook: 05_image_sources.
    """
    p = problem
    pairs = [(s, r) for s in range(len(p.sources_m)) for r in range(len(p.receivers_m))]
    longest_s = max(last_arrival_s(p, s, r) for s, r in pairs) + LEAD / p.sample_rate
    length = math.ceil(longest_s * p.sample_rate + LEAD + 1) + 1
    rows = []
    for s, r in pairs:
        delays_s, gains = arrivals(p, s, r)
        moments = np.float32(p.sample_rate) * (delays_s + LEAD / p.sample_rate).astype(np.float32)
        rows.append([sampled(moments, alpha, length) for alpha in gains.T])
    h = np.reshape(rows, (len(p.sources_m), len(p.receivers_m), p.channels, length))
    return h[..., LEAD - p.lead :].astype(np.float32)


def arrivals(problem: Problem, s: int, r: int) -> tuple[np.ndarray, np.ndarray]:
    """tau_m and alpha_m of Eq. 4: all images of source s as receiver r hears them.

    Returns
    -------
    delays_s : np.ndarray
        (n,) float64, seconds.
    gains : np.ndarray
        (n, C) float64, for each channel of the receiver.
    """
    p = problem
    points, places, near, far = _images(p, s)
    vectors = places + moves_m(points, p.jitter_m, p.seed) - p.receivers_m[r]
    tau, alpha = tau_and_alpha(vectors, near, far, p.reflection.reshape(3, 2), p.speed_m_s)
    distance = np.linalg.norm(vectors, axis=1)
    towards_image = vectors / distance[:, None]
    leaving = towards_image * np.where(points % 2 == 1, 1.0, -1.0)  # how the sound left the source: mirrored with it
    alpha = alpha * np.exp(-p.air_np_m * distance) * (p.source_patterns[s, 0] + leaving @ p.source_patterns[s, 1:])
    if p.ambisonic_order >= 0:
        heard = encode(vectors, p.ambisonic_order)
    else:
        heard = p.receiver_patterns[r, :1] + towards_image @ p.receiver_patterns[r, 1:, None]
    soon = distance <= p.farthest_m
    return tau[soon], (alpha[:, None] * heard)[soon]


def last_arrival_s(problem: Problem, s: int, r: int) -> float:
    """By when every image has arrived, in seconds: the length of a response is cut to it."""
    p = problem
    distance = np.linalg.norm(_images(p, s)[1] - p.receivers_m[r], axis=1)
    return min(float(distance.max()) + 2 * p.jitter_m, p.farthest_m) / p.speed_m_s


def _images(problem: Problem, s: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Points of the lattice (n, 3) int, and `images` of source s there in single precision, not yet moved."""
    p, single = problem, np.float32
    points = diamond(p.order, p.reach)
    return points, *images(points.astype(single), p.size_m.astype(single), p.sources_m[s].astype(single))
