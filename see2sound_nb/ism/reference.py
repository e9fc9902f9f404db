"""The definition in NumPy, word for word and slow: what the compiled versions are compared with.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math

import numpy as np

from see2sound_nb.ambisonics import encode
from see2sound_nb.ism.definition import LEAD, STEPS, TAPS, Problem, moves_m


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
    longest_s = max(last_arrival_s(p, s, r) for s, r in pairs)
    rows = [sampled(*arrivals(p, s, r), p.sample_rate, longest_s) for s, r in pairs]
    h = np.stack(rows).reshape(len(p.sources_m), len(p.receivers_m), p.channels, -1)
    return h[..., LEAD - p.lead :].astype(np.float32)


def images(problem: Problem, s: int) -> tuple[np.ndarray, np.ndarray]:
    """The lattice points (n, 3) int and the images of source s (n, 3) float32, metres, room frame, not yet moved."""
    p, size, source = problem, problem.size_m.astype(np.float32), problem.sources_m[s].astype(np.float32)
    lattice = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in p.reach), indexing="ij"), axis=-1).reshape(-1, 3)
    lattice = lattice[np.abs(lattice).sum(axis=1) <= p.order]
    return lattice, lattice.astype(np.float32) * size + np.where(lattice % 2 == 1, size - source, source)


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
    lattice, places = images(p, s)
    far_hits = np.where(lattice > 0, (lattice + 1) // 2, -lattice // 2)
    near_hits = np.abs(lattice) - far_hits
    reflections = np.prod(p.reflection[0::2] ** near_hits * p.reflection[1::2] ** far_hits, axis=1)

    path = places + moves_m(lattice, p.jitter_m, p.seed) - p.receivers_m[r]
    distance = np.linalg.norm(path, axis=1)
    towards_image = path / distance[:, None]
    leaving = towards_image * np.where(lattice % 2 == 1, 1.0, -1.0)  # how the sound left the source: mirrored with it
    alpha = reflections / distance * np.exp(-p.air_np_m * distance)
    alpha = alpha * (p.source_patterns[s, 0] + leaving @ p.source_patterns[s, 1:])
    if p.ambisonic_order >= 0:
        heard = encode(path, p.ambisonic_order)
    else:
        heard = p.receiver_patterns[r, :1] + towards_image @ p.receiver_patterns[r, 1:, None]
    near = distance <= p.farthest_m
    return distance[near] / p.speed_m_s, (alpha[:, None] * heard)[near]


def last_arrival_s(problem: Problem, s: int, r: int) -> float:
    """By when every image has arrived, in seconds: the length of a response is cut to it."""
    p = problem
    distance = np.linalg.norm(images(p, s)[1] - p.receivers_m[r], axis=1)
    return min(float(distance.max()) + 2 * p.jitter_m, p.farthest_m) / p.speed_m_s


def sampled(delays_s: np.ndarray, gains: np.ndarray, sample_rate: float, longest_s: float) -> np.ndarray:
    """The sum of arrivals (Eq. 4), sampled; index 0 is 40 samples before the emission.

    Parameters
    ----------
    delays_s : np.ndarray
        (n,) float, seconds.
    gains : np.ndarray
        (n, C) float.
    sample_rate : float
        In Hz.
    longest_s : float
        The latest delay there may be, in seconds.

    Returns
    -------
    np.ndarray
        (C, L) float64.
    """
    later = delays_s + LEAD / sample_rate
    length = math.ceil((longest_s + LEAD / sample_rate) * sample_rate + LEAD + 1) + 1
    moment = np.float32(sample_rate) * later.astype(np.float32)
    whole = np.floor(moment)
    step = np.float32(STEPS) * (np.float32(1) - (moment - whole))
    row = np.floor(step).astype(int)
    between = (step - row)[:, None]
    taps = (1 - between) * TAPS[row] + between * TAPS[row + 1]
    index = whole.astype(int)[:, None] + np.arange(-LEAD, LEAD + 1)
    return np.stack([np.bincount(index.ravel(), (g[:, None] * taps).ravel(), length) for g in gains.T])
