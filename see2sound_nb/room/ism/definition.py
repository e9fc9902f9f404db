"""What an impulse response of a shoebox is: the one definition that three implementations compute.

The response of receiver r to source s is a sum over image sources m (paper, Eq. 4)::

    h[n] = sum over m of  alpha_m * tap(n - fs * tau_m),    tau_m = d_m / c,    alpha_m = (reflections) / d_m

- **Images** (Allen and Berkley 1979). On each axis the images of a source at x stand at i*L + x for even i and at
  i*L + (L - x) for odd i. The path to image i touches the far wall ceil(i/2) times and the near wall floor(i/2)
  times for i >= 0, and the other way round for i < 0. A point (i, j, k) of the lattice belongs to the sum if
  |i| + |j| + |k| <= order (the diamond) or if each of them is (the box), and if d_m is within the time limit.
- **Amplitude**. The product of the walls' pressure reflection coefficients, sqrt(1 - absorption), over the distance:
  1 at 1 m in the open, without the factor 1/(4 pi).
- **Time**. Index 0 is the emission, or with ``lead = 40`` forty samples before it, as pyroomacoustics has it (then
  nothing of the taps of a near source is cut off). Coordinates of images and arrival times are rounded to single
  precision, as there: some micrometres.
- **Tap**. An arrival between two samples becomes 81 samples of a sinc under a Hann window: `TAPS`. It is
  pyroomacoustics' filter, so that both can be compared to the last digit: a table with 20 entries a sample, linearly
  interpolated; at most 1.2e-3 off the ideal sinc, 6e-4 at the table's own entries.

Everything here is a table, or a shape; nothing is computed from the rooms. Eq. 4 as a formula to read and to run, step
by step, is in `lattice`; `reference` is made of it.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

#: An arrival begins so many samples before its own moment: half of the 81 taps.
LEAD = 40
#: Entries of the sinc's table for each sample.
STEPS = 20
#: A response is shorter than this: beyond, times in single precision lose whole samples.
MOST_SAMPLES = 2**23
#: Numbers that stand for the 81 taps of an arrival (see `BASIS`).
MOMENTS = 8


def _taps() -> np.ndarray:
    """`TAPS`, (22, 81) float32, entry by entry as pyroomacoustics' C++ fills it, in single precision."""
    step, abscissa = np.float32(1) / np.float32(STEPS), np.float32(-LEAD - 1)
    sinc = np.empty((2 * LEAD + 3) * STEPS, dtype=np.float32)
    pi = np.float32(np.pi)
    for index in range(len(sinc)):
        sinc[index] = np.sin(pi * abscissa) / (pi * abscissa) if abscissa else 1.0
        abscissa = np.float32(abscissa + step)
    hann = 0.5 - 0.5 * np.cos(np.pi * np.arange(2 * LEAD + 1) / LEAD)
    rows = np.arange(STEPS + 2)[:, None] + STEPS * np.arange(2 * LEAD + 1)
    return hann.astype(np.float32) * sinc[rows]


#: (22, 81) float32. Row j holds the taps of an arrival that comes 1 - j/20 samples after a sample; between two rows
#: the taps are interpolated linearly.
TAPS = _taps()


def _factors() -> tuple[np.ndarray, np.ndarray]:
    left, scale, right = np.linalg.svd(TAPS.astype(np.float64), full_matrices=False)
    return (
        np.ascontiguousarray(left[:, :MOMENTS] * scale[:MOMENTS], dtype=np.float32),
        np.ascontiguousarray(right[:MOMENTS], dtype=np.float32),
    )


#: TAPS is MOMENT_TABLE (22, 8) times BASIS (8, 81), up to 2e-7: the singular values of the taps fall that fast. So an
#: image need not add 81 numbers; it adds 8, and one filter for each of the 8 makes the taps of all images at once.
MOMENT_TABLE, BASIS = _factors()


class Problem(NamedTuple):
    """One room, checked and in plain numbers: what each implementation is given.

    Attributes
    ----------
    size_m : np.ndarray
        (3,) float64, metres.
    sources_m, receivers_m : np.ndarray
        (S, 3) and (R, 3) float64, metres, room frame.
    reflection : np.ndarray
        (6,) float64, pressure reflection coefficients of the walls x = 0, x = L_x, y = 0, y = L_y, z = 0, z = L_z.
    reach : np.ndarray
        (3,) int64, the largest lattice index on each axis.
    order : int
        The diamond's radius; for the box larger than any sum of indices, so that it never binds.
    farthest_m : float
        Images beyond this distance in metres are left out; may be infinite.
    sample_rate : float
        In Hz.
    speed_m_s : float
        Of sound, in m/s.
    air_np_m : float
        What the air swallows of a pressure, in nepers per metre.
    source_patterns, receiver_patterns : np.ndarray
        (S, 4) and (R, 4) float64: the gain towards a unit vector u is p[0] + p[1:] . u; (1, 0, 0, 0) hears all round.
    ambisonic_order : int
        -1: one channel per receiver, weighted by its pattern; N >= 0: (N + 1)^2 channels, each arrival encoded by its
        direction.
    jitter_m : float
        Every image but the source itself is moved by up to so many metres along each axis (see `moves_m`).
    seed : int
        Of these moves, 0 to 2^32 - 1.
    lead : int
        Samples before the emission that are kept, 0 or `LEAD`.
    """

    size_m: np.ndarray
    sources_m: np.ndarray
    receivers_m: np.ndarray
    reflection: np.ndarray
    reach: np.ndarray
    order: int
    farthest_m: float
    sample_rate: float
    speed_m_s: float
    air_np_m: float
    source_patterns: np.ndarray
    receiver_patterns: np.ndarray
    ambisonic_order: int
    jitter_m: float
    seed: int
    lead: int

    @property
    def channels(self) -> int:
        """Channels of one receiver."""
        return max(1, (self.ambisonic_order + 1) ** 2)

    @property
    def images(self) -> int:
        """Images of one source: those of the lattice, or with a time limit at least those that are near enough."""
        x, y, z = self.reach.tolist()
        n = self.order
        if n >= x + y + z:
            lattice = (2 * x + 1) * (2 * y + 1) * (2 * z + 1)
        elif min(x, y, z) >= n:
            lattice = (2 * n + 1) * (2 * n * n + 2 * n + 3) // 3
        else:
            radius = np.abs(np.arange(-y, y + 1))[:, None] + np.abs(np.arange(-z, z + 1))
            lattice = int(np.maximum(2 * np.minimum(n - radius, x) + 1, 0).sum())
        if math.isinf(self.farthest_m):
            return lattice
        # Every image has a room to itself; rooms that are near enough lie in this sphere.
        radius_m = self.farthest_m + 2 * self.jitter_m + math.hypot(*self.size_m.tolist())
        return min(lattice, math.ceil(4 / 3 * math.pi * radius_m**3 / math.prod(self.size_m.tolist())))

    @property
    def most_samples(self) -> int:
        """No response is longer than this: as far as an image at a corner of the lattice, or the time limit."""
        size, n = self.size_m.tolist(), max(self.reach.tolist())
        diagonal = math.hypot(*size)
        corner_m = (n + 1) * diagonal if self.order > n else math.hypot((n + 1) * max(size), diagonal)
        farthest_m = min(corner_m + 2 * self.jitter_m, self.farthest_m)
        return math.ceil(farthest_m / self.speed_m_s * self.sample_rate) + LEAD + 2 + self.lead


def check_samples(samples: int) -> None:
    """Raise ValueError if a response would reach `MOST_SAMPLES`."""
    if samples >= MOST_SAMPLES:
        raise ValueError(
            f"a response of {samples:,} samples is too long, {MOST_SAMPLES:,} is the limit; lower the order, the time, "
            "the sample rate or the size of the room"
        )


def moves_m(lattice: np.ndarray, jitter_m: float, seed: int) -> np.ndarray:
    """By how much each image is moved, so that a perfect box loses its sweeping echo.

    Parallel walls line the images up, and their echoes sweep audibly through the spectrum (De Sena et al. 2015);
    moves of a few centimetres break the pattern and keep the decay. The moves are a hash of lattice point and seed:
    they need no memory, are the same for all sources and on every device, and do not change when a source is dragged.

    Parameters
    ----------
    lattice : np.ndarray
        (n, 3) int.
    jitter_m : float
        In metres.
    seed : int
        0 to 2^32 - 1.

    Returns
    -------
    np.ndarray
        (n, 3) float64, metres, each within +-jitter_m; zero for (0, 0, 0), the source itself.
    """
    state = np.full(len(lattice), seed, dtype=np.uint32)
    for axis, prime in enumerate(HASH_PRIMES):
        state = _mix(state ^ lattice[:, axis].astype(np.uint32) * np.uint32(prime))
    drawn = np.stack([_mix(state + np.uint32(axis + 1)) for axis in range(3)], axis=1) / 2.0**32
    return (2 * drawn - 1) * jitter_m * np.any(lattice, axis=1, keepdims=True)


#: One odd multiplier for each axis of the lattice, and the two of the mixing steps (Wellons' "lowbias32").
HASH_PRIMES, MIX_PRIMES = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D), (0x7FEB352D, 0x846CA68B)


def _mix(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> np.uint32(16))) * np.uint32(MIX_PRIMES[0])
    x = (x ^ (x >> np.uint32(15))) * np.uint32(MIX_PRIMES[1])
    return x ^ (x >> np.uint32(16))
