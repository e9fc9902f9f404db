"""What the engine is asked for, checked and put into plain numbers.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from see2sound_nb._threads import cores
from see2sound_nb.room.acoustics import absorption_for_rt60, eyring_rt60_s
from see2sound_nb.room.ism.definition import Problem, check_samples

#: Sources closer to a receiver than this are refused: 1/d grows without bound.
LEAST_DISTANCE_M = 0.01


def check_places(sizes: np.ndarray, sources: np.ndarray, receivers: np.ndarray) -> None:
    """Raise ValueError unless all of (B, S, 3) and (B, R, 3) are inside the rooms (B, 3) and apart from each other."""
    shapes = f"size_m {sizes.shape}, sources_m {sources.shape}, receivers_m {receivers.shape}"
    if sizes.ndim != 2 or sources.ndim != 3 or receivers.ndim != 3:
        raise ValueError(f"shapes with the batch axis are {shapes}; give (3,), (S, 3), (R, 3) or each with B in front")
    same = len(sizes) == len(sources) == len(receivers)
    if not (same and sizes.shape[1] == sources.shape[2] == receivers.shape[2] == 3 and sources.size and receivers.size):
        raise ValueError(
            f"shapes with the batch axis are {shapes}; the last axis must be 3, the first equal, none empty"
        )
    from see2sound_nb.room.ism import cpu_images  # here, not above: numba takes seconds to import

    fault, b, k, r = cpu_images.misplaced(sizes, sources, receivers, LEAST_DISTANCE_M)
    if fault == cpu_images.NO_ROOM:
        raise ValueError(f"size_m={sizes[b].tolist()} must be positive and finite metres; enlarge the room")
    if fault == cpu_images.TOO_CLOSE:
        raise ValueError(
            f"source {k} at {_text(sources[b, k])} m and receiver {r} at {_text(receivers[b, r])} m are "
            f"{np.linalg.norm(sources[b, k] - receivers[b, r]):.4f} m apart; "
            f"move one, {LEAST_DISTANCE_M} m is the least"
        )
    if fault != cpu_images.WELL_PLACED:
        what, place = ("source", sources[b, k]) if fault == cpu_images.SOURCE_OUTSIDE else ("receiver", receivers[b, k])
        raise ValueError(
            f"{what} {k} at {_text(place)} m lies outside the room of {_text(sizes[b])} m or in its wall; "
            "move it inside or enlarge the room"
        )


def _text(point: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in point) + ")"


def wall_absorption(
    sizes: np.ndarray,
    absorption: ArrayLike | None,
    rt60_s: ArrayLike | None,
    batch: bool,
    speed_m_s: float,
    formula: str = "eyring",
) -> np.ndarray:
    """The absorption (B, bands, 6) that `shoebox_rir` was asked for."""
    rooms = len(sizes)
    if (absorption is None) == (rt60_s is None):
        raise ValueError(f"absorption={absorption!r} and rt60_s={rt60_s!r}: give exactly one of the two")
    if rt60_s is not None:
        times = np.asarray(rt60_s, dtype=np.float64)
        if times.shape not in ((), (rooms,)) or (times.ndim and not batch):
            raise ValueError(f"rt60_s has the shape {times.shape}; give one number, or in a batch one for each room")
        times = np.broadcast_to(times, (rooms,))
        how: dict[str, Any] = {"formula": formula, "speed_m_s": speed_m_s}
        alpha = np.array([absorption_for_rt60(size, t, **how) for size, t in zip(sizes, times)])
        return np.repeat(alpha[:, None, None], 6, axis=2)
    alpha = np.asarray(absorption, dtype=np.float64)
    if not 0 <= alpha.min(initial=1.0) <= alpha.max(initial=0.0) <= 1:
        raise ValueError(f"absorption={np.asarray(absorption).tolist()} must lie in 0 (rigid) to 1 (open); clip it")
    if alpha.ndim == 0:
        return np.full((rooms, 1, 6), alpha)
    given = alpha.shape
    if not batch and given == (6, 1):
        raise ValueError(
            "absorption of shape (6, 1) may mean six walls or six octave bands; give (6,) for the walls, or (6, 6) for "
            "the bands, as with np.repeat(absorption, 6, axis=1)"
        )
    if alpha.ndim == 1:
        alpha = alpha.reshape(1, 1, -1)
    elif alpha.ndim == 2:
        alpha = alpha[:, None] if batch else alpha[None]
    if alpha.ndim != 3 or alpha.shape[2] not in (1, 6) or alpha.shape[0] not in (1, rooms):
        raise ValueError(
            f"absorption has the shape {given}; give a number, (6,) for the walls, or (bands, 6), "
            "and B in front in a batch"
        )
    return np.broadcast_to(alpha, (rooms, alpha.shape[1], 6))


def limits(
    sizes: np.ndarray,
    alpha: np.ndarray,
    max_order: int | None,
    max_time_s: float | None,
    lattice: str,
    speed_m_s: float,
) -> tuple[np.ndarray, list[int], list[float]]:
    """Reach (B, 3) int64, order (B,) and farthest distance (B,) in metres of the lattices; see `Problem`."""
    if lattice not in ("diamond", "box"):
        raise ValueError(f"lattice {lattice!r} is unknown; choose diamond or box")
    if max_order is not None and not (0 <= max_order < math.inf and max_order == int(max_order)):
        raise ValueError(f"max_order={max_order} must be a whole number from 0 up; 0 is the direct sound alone")
    if max_time_s is not None and not (max_time_s > 0 and math.isfinite(max_time_s)):
        raise ValueError(f"max_time_s={max_time_s} must be a positive number of seconds")
    rooms = len(sizes)
    if max_order is not None and max_time_s is None:
        n = int(max_order)
        return np.full((rooms, 3), n), [n if lattice == "diamond" else 3 * n] * rooms, [math.inf] * rooms
    farthest = np.full(rooms, 0.0 if max_time_s is None else max_time_s * speed_m_s)
    if max_order is None and max_time_s is None:
        decay = [float(np.max(eyring_rt60_s(size, a, speed_m_s=speed_m_s))) for size, a in zip(sizes, alpha)]
        if math.inf in decay:
            raise ValueError("rigid walls (absorption 0) never let the sound decay; give max_order or max_time_s")
        farthest = np.maximum(np.array(decay) * speed_m_s, np.linalg.norm(sizes, axis=1))
    if (farthest[:, None] / sizes).max() > 1e6:
        raise ValueError(
            f"max_time_s={max_time_s} and the walls' absorption let sound travel {farthest.max():.3g} m; limit it"
        )
    if max_order is None:
        reach = np.ceil(farthest[:, None] / sizes).astype(np.int64) + 1
        order = [int(n) for n in reach.sum(axis=1)]
    else:
        reach = np.full((rooms, 3), int(max_order), dtype=np.int64)
        order = [int(max_order) if lattice == "diamond" else 3 * int(max_order)] * rooms
        reach = np.minimum(reach, np.ceil(farthest[:, None] / sizes).astype(np.int64) + 1)
    return reach, order, [float(f) for f in farthest]


def check_speed(speed_m_s: float) -> float:
    """Return the speed of sound; raise ValueError if it is none."""
    if not 0 < speed_m_s < math.inf:
        raise ValueError(f"speed_m_s={speed_m_s} must be a positive number of m/s; air has about 343")
    return float(speed_m_s)


def check_memory(problems: list[Problem], *, copies: int = 1, per_image: int = 0) -> None:
    """Raise MemoryError if responses and images do not fit into the memory that is free, ValueError if none would.

    Parameters
    ----------
    problems : list of Problem
        One for each room.
    copies : int
        How often the responses are held at a time.
    per_image : int
        Bytes for each image of one source; by default what a thread of `cpu` needs.
    """
    p = problems[0]
    responses = len(problems) * len(p.sources_m) * len(p.receivers_m) * p.channels
    images, samples = max(q.images for q in problems), max(q.most_samples for q in problems)
    check_samples(samples)
    per_image = per_image or 8 + 32 + (4 * p.channels if p.ambisonic_order >= 0 else 0)
    needed = 4 * responses * samples * copies + min(cores(), responses) * images * per_image
    if needed < 100e6:
        return
    import psutil

    free = psutil.virtual_memory().available
    if needed > 0.9 * free:
        raise MemoryError(
            f"{images:,} images and {responses:,} responses of {samples:,} samples need "
            f"{needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free; lower max_order or max_time_s, or split the work"
        )
