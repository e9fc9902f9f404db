"""Moving sources and receivers with real Doppler: every image source on its own path.

`moving` crossfades whole responses, which is Doppler for slow movement only. Here the dry sound is read where it was
when the wave left: exact for any speed below that of sound, for the images of a low order.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from see2sound_nb._checks import as_plain, check_rate
from see2sound_nb._threads import run_in_threads
from see2sound_nb.render.moving import checked_times
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S
from see2sound_nb.room.shoebox import LEAST_DISTANCE_M

#: Taps of the filter that reads between two samples, its table's entries per sample, and its Kaiser window: errors are
#: 70 dB down for all that is below 0.44 of the sample rate.
TAPS, STEPS, KAISER_BETA = 48, 128, 7.0
#: Samples of output that a thread computes at a time.
STRETCH = 4096


def render_doppler(
    A: np.ndarray,
    source_m: np.ndarray,
    receiver_m: np.ndarray,
    times_s: np.ndarray,
    *,
    size_m: np.ndarray,
    absorption: float | np.ndarray,
    max_order: int = 2,
    sample_rate: int = 16000,
    speed_m_s: float = SPEED_OF_SOUND_M_S,
    gains: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Follow every image source of a moving source as a moving receiver hears it, with real Doppler.

    Each output sample at time t looks up when the wave left that arrives then: the t_e that solves
    ``t_e + |image(t_e) - receiver(t)| / c = t``. It takes the dry sound at t_e (a windowed sinc between its samples)
    times the reflections over the distance. Positions run straight from one moment to the next and stand still before
    the first and after the last; the images are mirrored exactly, and so is how they move.

    Parameters
    ----------
    A : np.ndarray
        (T,) float, dry mono sound.
    source_m, receiver_m : np.ndarray
        (3,) or (P, 3) float, metres, room frame; (3,) stands still.
    times_s : np.ndarray
        (P,) float, when the positions are reached, in seconds, increasing.
    size_m : np.ndarray
        (3,) float, the room in metres.
    absorption : float or np.ndarray
        Share of the energy that a wall swallows, 0 to 1; or (6,), for x = 0, x = L_x, y = 0, y = L_y, z = 0, z = L_z.
    max_order : int
        Most reflections of an image.
    sample_rate : int
        In Hz.
    speed_m_s : float
        Speed of sound in m/s.
    gains : callable, optional
        Gains of the channels by direction of arrival, vectors (n, 3) in the listener's frame to (n, n_ch): such as
        `render.panning.pan_stereo`, or `room.spherical_harmonics.encode` of some order. They are taken at the positions
        and interpolated between them. Without it there is one omnidirectional channel.

    Returns
    -------
    np.ndarray
        (n_ch, n) float32; n reaches until the last sample has arrived by its longest path.

    Raises
    ------
    ValueError
        If a shape is wrong, the times do not increase, a position is outside the room, source and receiver come
        nearer than `room.shoebox.LEAST_DISTANCE_M`, something moves as fast as sound, or the sample rate or the speed
        of sound is not positive.

    Notes
    -----
    It costs images times samples: 25 images (order 2) of 10 s at 16 kHz are 4 million arrivals of about 30 ns each on
    one core, so orders beyond 5 or so (231 images) belong to `moving`. The amplitude is 1/distance at the moment
    of emission; a moving source's convective amplification is left out. A source that approaches raises all
    frequencies: what passes half the sample rate is not filtered out first. Image sources: Allen and Berkley (1979).
    Notebook: 05_image_sources.
    """
    A = np.asarray(A, dtype=np.float32)
    if A.ndim != 1 or not A.size:
        raise ValueError(
            f"A has shape {A.shape}; it must be (T,) with at least one sample: render one source at a time"
        )
    if max_order < 0:
        raise ValueError(f"max_order={max_order} must be at least 0; 0 is the direct sound alone")
    check_rate(sample_rate)
    if not (speed_m_s > 0 and math.isfinite(speed_m_s)):
        raise ValueError(f"speed_m_s={speed_m_s} must be a positive number of m/s; sound in air has about 343")
    times_s = checked_times(times_s, np.size(times_s))
    size = np.asarray(size_m, dtype=np.float64)
    if size.shape != (3,):
        raise ValueError(f"size_m has shape {size.shape}; it must be (3,): width, depth and height in metres")
    source, receiver = (
        _checked_path(what, path, times_s, size, speed_m_s)
        for what, path in (("source", source_m), ("receiver", receiver_m))
    )
    if len(times_s) == 1:  # the kernel goes from one moment to the next
        times_s, source, receiver = times_s + np.arange(2.0), source.repeat(2, axis=0), receiver.repeat(2, axis=0)
    _check_apart(_nearest_m(source - receiver, times_s, len(A) / sample_rate))
    sign, offset, reflection = _mirrors(size, np.asarray(absorption, dtype=np.float64), max_order)
    vectors = sign * source[:, None] + offset - receiver[:, None]  # (P, M, 3), from the receiver to the images
    weights = np.ones((*vectors.shape[:2], 1)) if gains is None else gains(vectors.reshape(-1, 3))
    weights = as_plain(weights.reshape(*vectors.shape[:2], -1), np.float32)
    # The last sample sets out from where the source is then; its paths are longest to one of the receiver's corners.
    last = np.array([np.interp(len(A) / sample_rate, times_s, axis) for axis in source.T])
    farthest = np.linalg.norm((sign * last + offset)[:, None] - receiver, axis=-1).max()
    length = len(A) + int(farthest / speed_m_s * sample_rate) + TAPS
    out = np.zeros((length, weights.shape[2]), dtype=np.float32)
    dry = np.pad(A, TAPS)
    follow, table = _compiled(), _sinc_table()

    nearest = np.empty(math.ceil(length / STRETCH))

    def stretches(first: int, last: int) -> None:
        for k in range(first, last):
            start = k * STRETCH
            nearest[k] = follow(out[start : start + STRETCH], start, dry, float(sample_rate), float(speed_m_s), source,
                                receiver, times_s, sign, offset, reflection, weights, table)  # fmt: skip

    run_in_threads(stretches, len(nearest))
    _check_apart(nearest.min())  # of the images as well, and as they are heard
    return np.ascontiguousarray(out.T)


def _nearest_m(apart: np.ndarray, times_s: np.ndarray, seconds: float) -> float:
    """Least length of the vectors (P, 3), which run straight from moment to moment, between 0 and `seconds`."""
    moments = np.unique(np.clip([0.0, *times_s, seconds], 0, seconds))
    corners = np.stack([np.interp(moments, times_s, axis) for axis in apart.T], axis=1)
    start, step = corners[:-1], np.diff(corners, axis=0)
    along = -(start * step).sum(axis=1) / np.maximum((step**2).sum(axis=1), 1e-30)
    return float(np.linalg.norm(start + np.clip(along, 0, 1)[:, None] * step, axis=1).min())


def _check_apart(nearest_m: float) -> None:
    if nearest_m < LEAST_DISTANCE_M:
        raise ValueError(f"source and receiver come within {nearest_m:.3f} m; keep them {LEAST_DISTANCE_M} m apart")


def _checked_path(what: str, path_m: np.ndarray, times_s: np.ndarray, size: np.ndarray, c: float) -> np.ndarray:
    path = np.asarray(path_m, dtype=np.float64)
    if path.shape not in ((3,), (len(times_s), 3)):
        raise ValueError(f"{what}_m has shape {path.shape}; it must be (3,), or ({len(times_s)}, 3) as times_s has it")
    path = np.array(np.broadcast_to(path, (len(times_s), 3)), order="C")
    outside = ~((path > 0) & (path < size)).all(axis=1)
    if outside.any():
        raise ValueError(f"{what} at {path[outside][0]} m (room frame) is outside the room of {size} m; move it inside")
    speed = np.linalg.norm(np.diff(path, axis=0), axis=1) / np.diff(times_s)
    if speed.max(initial=0.0) >= c:
        raise ValueError(f"the {what} reaches {speed.max():.0f} m/s; it must be slower than sound, {c:.0f} m/s")
    return path


def _mirrors(size: np.ndarray, absorption: np.ndarray, max_order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The images of any source: image = sign * source + offset, (M, 3) each, and their reflections (M,)."""
    if absorption.shape not in ((), (6,)) or not ((absorption >= 0) & (absorption <= 1)).all():
        raise ValueError(f"absorption={absorption} must be one number or six, each in 0 (rigid) to 1 (open)")
    wall = np.sqrt(1 - np.broadcast_to(absorption, 6))
    orders = range(-max_order, max_order + 1)
    lattice = np.array([point for point in itertools.product(orders, repeat=3) if np.abs(point).sum() <= max_order])
    odd = lattice % 2
    # An image beyond the far wall has met that wall first, then the two in turn; see ism.definition.
    first, second = (np.abs(lattice) + 1) // 2, np.abs(lattice) // 2
    near, far = np.where(lattice < 0, first, second), np.where(lattice < 0, second, first)
    return 1.0 - 2 * odd, (lattice + odd) * size, (wall[0::2] ** near * wall[1::2] ** far).prod(axis=1)


@functools.cache
def _sinc_table() -> np.ndarray:
    """(STEPS + 1, TAPS) float32: row r reads r / STEPS of a sample after the tap before the middle."""
    x = np.arange(TAPS) - (TAPS // 2 - 1) - np.arange(STEPS + 1)[:, None] / STEPS
    window = np.i0(KAISER_BETA * np.sqrt(np.clip(1 - (2 * x / TAPS) ** 2, 0, 1))) / np.i0(KAISER_BETA)
    return (np.sinc(x) * window).astype(np.float32)


@functools.cache
def _compiled() -> Any:
    from see2sound_nb._numba import FASTMATH, loop

    return loop(fastmath=FASTMATH | {"reassoc", "arcp"})(_follow)


def _follow(out, start, dry, rate, c, source, receiver, times, sign, offset, reflection, weights, table):
    """Add all arrivals to out (n, n_ch), the output from sample `start` on; return the least distance.

    `dry` has TAPS zeros before and behind it. Newton's method finds when a wave left: the guess, one sample after the
    last and at the same pace, is good to 1e-5 samples on a smooth path, so that one step does.
    """
    steps, taps = table.shape[0] - 1, table.shape[1]
    half, last = taps // 2, len(times) - 2
    slowness, per_second = 1.0 / c, 1.0 / np.diff(times)
    nearest = np.inf
    for m in range(len(reflection)):
        left, pace = start / rate, 0.0
        i = j = 0
        for n in range(len(out)):
            t = (start + n) / rate
            while j < last and t >= times[j + 1]:
                j += 1
            b = min(max((t - times[j]) * per_second[j], 0.0), 1.0)
            rx = receiver[j, 0] + b * (receiver[j + 1, 0] - receiver[j, 0])
            ry = receiver[j, 1] + b * (receiver[j + 1, 1] - receiver[j, 1])
            rz = receiver[j, 2] + b * (receiver[j + 1, 2] - receiver[j, 2])
            before = left
            left += pace
            a, d = 0.0, 0.0
            for _ in range(50):
                while i < last and left >= times[i + 1]:
                    i += 1
                while i > 0 and left < times[i]:
                    i -= 1
                a = (left - times[i]) * per_second[i]
                moving = per_second[i] if 0.0 <= a < 1.0 else 0.0
                a = min(max(a, 0.0), 1.0)
                vx, vy, vz = (
                    sign[m, 0] * (source[i + 1, 0] - source[i, 0]),
                    sign[m, 1] * (source[i + 1, 1] - source[i, 1]),
                    sign[m, 2] * (source[i + 1, 2] - source[i, 2]),
                )
                dx = sign[m, 0] * source[i, 0] + offset[m, 0] + a * vx - rx
                dy = sign[m, 1] * source[i, 1] + offset[m, 1] + a * vy - ry
                dz = sign[m, 2] * source[i, 2] + offset[m, 2] + a * vz - rz
                d = np.sqrt(dx * dx + dy * dy + dz * dz)
                late = left + d * slowness - t
                left -= late * d / (d + (vx * dx + vy * dy + vz * dz) * moving * slowness)
                if abs(late) * rate < 1e-3:
                    break
            pace = left - before if n else 1.0 / rate
            nearest = min(nearest, d)
            at = left * rate
            k = int(np.floor(at))
            first = k - half + 1 + taps
            if first < 0 or first + taps > len(dry):
                continue
            step = (at - k) * steps
            row = int(step)
            part = np.float32(step - row)
            heard, lower, upper = dry[first : first + taps], table[row], table[row + 1]
            total = np.float32(0)
            for q in range(taps):
                total += heard[q] * (lower[q] + part * (upper[q] - lower[q]))
            total *= np.float32(reflection[m] / d)
            for ch in range(out.shape[1]):
                out[n, ch] += total * (weights[i, m, ch] + np.float32(a) * (weights[i + 1, m, ch] - weights[i, m, ch]))
    return nearest
