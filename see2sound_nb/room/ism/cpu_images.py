"""The images of a room, compiled: where they stand, when they are heard, and how loudly (tau_m and alpha_m of Eq. 4).

p is a `definition.Problem`; s, r and a number sources, receivers and axes; distance, moment and alpha (n,) are d_m in
metres, tau_m in samples and alpha_m, towards (n, 3) are unit vectors.

numba keeps the machine code of a function until the function's own file changes. After a change in another file that it
uses (`definition`'s tables become constants in it) delete the files ``__pycache__/*.nb?``; the tests do.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import float64, int64

from see2sound_nb._numba import loop
from see2sound_nb.room.ism.definition import HASH_PRIMES, LEAD, MIX_PRIMES, Problem

#: (6, 6) float64, the factors of the spherical harmonics of degree n and order m (SN3D).
NORMS = np.array(
    [
        [math.sqrt((2 - (m == 0)) * math.factorial(n - m) / math.factorial(n + m)) if m <= n else 0 for m in range(6)]
        for n in range(6)
    ]
)
_VECTOR, _ROWS = float64[::1], float64[:, ::1]
#: numba's type of a `definition.Problem`.
PROBLEM = numba.types.NamedTuple(
    (_VECTOR, _ROWS, _ROWS, _VECTOR, int64[::1], int64, *[float64] * 4, _ROWS, _ROWS, int64, float64, int64, int64),
    Problem,
)
_P0, _P1, _P2 = (np.uint32(prime) for prime in HASH_PRIMES)
_M0, _M1 = (np.uint32(prime) for prime in MIX_PRIMES)


#: What `misplaced` finds.
WELL_PLACED, NO_ROOM, SOURCE_OUTSIDE, RECEIVER_OUTSIDE, TOO_CLOSE = range(5)


@loop()
def _outside(size, places):
    for k in range(len(places)):
        for a in range(3):
            if not 0 < places[k, a] < size[a]:  # true for NaN as well
                return k
    return -1


@loop()
def misplaced(sizes, sources, receivers, least_m):
    """The first fault among the places (B, S, 3) and (B, R, 3): its kind, the room, the place, and the receiver."""
    for b in range(len(sizes)):
        for a in range(3):
            if not 0 < sizes[b, a] < math.inf:
                return NO_ROOM, b, 0, 0
        k = _outside(sizes[b], sources[b])
        if k >= 0:
            return SOURCE_OUTSIDE, b, k, 0
        k = _outside(sizes[b], receivers[b])
        if k >= 0:
            return RECEIVER_OUTSIDE, b, k, 0
        for s in range(sources.shape[1]):
            for r in range(receivers.shape[1]):
                apart = 0.0
                for a in range(3):
                    apart += (sources[b, s, a] - receivers[b, r, a]) ** 2
                if apart < (least_m * (1 - 1e-6)) ** 2:
                    return TOO_CLOSE, b, s, r
    return WELL_PLACED, 0, 0, 0


@loop()
def _axis(p, s, r, a, at, gain):
    """Coordinates of the images on one axis, seen from the receiver, and the reflections on the way to them."""
    n = p.reach[a]
    size, source = np.float32(p.size_m[a]), np.float32(p.sources_m[s, a])
    for i in range(-n, n + 1):
        corner = np.float32(i * np.float64(size))  # by way of double, lest it is fused with the sum: that rounds once
        step = source if i % 2 == 0 else np.float32(size - source)
        at[n + i] = np.float64(np.float32(corner + step)) - p.receivers_m[r, a]
    gain[n] = 1.0
    near, far = p.reflection[2 * a], p.reflection[2 * a + 1]
    for i in range(n):  # an image beyond the far wall is heard through that wall, behind it the near one, and so on
        gain[n + i + 1] = gain[n + i] * (near if i % 2 else far)
        gain[n - i - 1] = gain[n - i] * (far if i % 2 else near)


@loop()
def empty_tables(p):
    longest = 2 * max(p.reach[0], p.reach[1], p.reach[2]) + 1
    return np.empty((3, longest)), np.empty((3, longest))


@loop()
def tables(p, s, r, at, gain):
    for a in range(3):
        _axis(p, s, r, a, at[a], gain[a])


@loop(int64[:, ::1](PROBLEM))
def response_lengths(p):
    """Samples (S, R) that each response needs, 40 before the emission and 41 after the latest arrival included."""
    lengths = np.empty((len(p.sources_m), len(p.receivers_m)), dtype=np.int64)
    nx, ny, nz = p.reach
    at, gain = empty_tables(p)
    for s in range(len(p.sources_m)):
        for r in range(len(p.receivers_m)):
            tables(p, s, r, at, gain)
            most = 0.0
            for k in range(-nz, nz + 1):
                for j in range(-ny, ny + 1):
                    left = min(p.order - abs(j) - abs(k), nx)
                    if left >= 0:  # the farthest image of a row stands at one of its ends
                        x = max(-at[0, nx - left], at[0, nx + left])
                        most = max(most, x * x + at[1, ny + j] ** 2 + at[2, nz + k] ** 2)
            farthest = min(math.sqrt(most) + 2 * p.jitter_m, p.farthest_m)
            lengths[s, r] = math.ceil((farthest / p.speed_m_s + LEAD / p.sample_rate) * p.sample_rate + LEAD + 1) + 1
    return lengths


@loop()
def _mix(x):
    x = np.uint32((x ^ (x >> np.uint32(16))) * _M0)
    x = np.uint32((x ^ (x >> np.uint32(15))) * _M1)
    return x ^ (x >> np.uint32(16))


@loop()
def _drawn(state, axis):
    return 2 * (_mix(np.uint32(state + np.uint32(axis + 1))) / 2.0**32) - 1


@loop()
def plain(p, at, gain, moment, alpha):
    """tau_m in samples and alpha_m of all images, where nothing but walls and distance counts; returns their number."""
    n = 0
    nx, ny, nz = p.reach
    rate, lead = np.float32(p.sample_rate), LEAD / p.sample_rate
    for k in range(-nz, nz + 1):
        for j in range(-ny, ny + 1):
            left = min(p.order - abs(j) - abs(k), nx)
            if left < 0:
                continue
            beside = at[1, ny + j] ** 2 + at[2, nz + k] ** 2
            reflected = gain[1, ny + j] * gain[2, nz + k]
            count = 2 * left + 1
            # Slices, so that no index can be negative: else the loop would not become vector instructions.
            x, g = at[0, nx - left : nx + left + 1], gain[0, nx - left : nx + left + 1]
            t, a = moment[n : n + count], alpha[n : n + count]
            for i in range(count):
                d = math.sqrt(beside + x[i] * x[i])
                t[i] = rate * np.float32(d / p.speed_m_s + lead)
                a[i] = reflected * g[i] / d
            n += count
    return n


@loop()
def general(p, s, r, at, gain, distance, alpha, towards):
    """d_m, alpha_m and the directions (n, 3) towards all images, with everything that a problem may ask for."""
    n = 0
    nx, ny, nz = p.reach
    leaves, hears = p.source_patterns[s], p.receiver_patterns[r]
    limited, farthest = not math.isinf(p.farthest_m), p.farthest_m + 2 * p.jitter_m
    for k in range(-nz, nz + 1):
        for j in range(-ny, ny + 1):
            left = min(p.order - abs(j) - abs(k), nx)
            if limited:  # of this row, what may be near enough: image i stands in the i-th room from here
                remaining = farthest**2 - at[1, ny + j] ** 2 - at[2, nz + k] ** 2
                left = min(left, int(math.sqrt(remaining) / p.size_m[0]) + 2) if remaining >= 0 else -1
            for i in range(-left, left + 1):
                x, y, z = at[0, nx + i], at[1, ny + j], at[2, nz + k]
                if p.jitter_m > 0 and (i != 0 or j != 0 or k != 0):
                    state = _mix(np.uint32(np.uint32(p.seed) ^ np.uint32(np.uint32(i) * _P0)))
                    state = _mix(np.uint32(state ^ np.uint32(np.uint32(j) * _P1)))
                    state = _mix(np.uint32(state ^ np.uint32(np.uint32(k) * _P2)))
                    x += _drawn(state, 0) * p.jitter_m
                    y += _drawn(state, 1) * p.jitter_m
                    z += _drawn(state, 2) * p.jitter_m
                d = math.sqrt(x * x + y * y + z * z)
                if d > p.farthest_m:
                    continue
                x, y, z = x / d, y / d, z / d
                leaving = leaves[0] + (
                    leaves[1] * (x if i % 2 else -x)
                    + leaves[2] * (y if j % 2 else -y)
                    + leaves[3] * (z if k % 2 else -z)
                )
                arriving = 1.0
                if p.ambisonic_order < 0:
                    arriving = hears[0] + hears[1] * x + hears[2] * y + hears[3] * z
                reflected = gain[0, nx + i] * gain[1, ny + j] * gain[2, nz + k]
                if p.air_np_m > 0:
                    reflected *= math.exp(-p.air_np_m * d)
                distance[n] = d
                alpha[n] = reflected / d * leaving * arriving
                towards[n, 0], towards[n, 1], towards[n, 2] = x, y, z
                n += 1
    return n


@loop()
def harmonics(towards, order, out):
    """Spherical harmonics (ACN, SN3D) of one direction of the room frame; see `room.spherical_harmonics.encode`."""
    front, left, up = float64(towards[1]), -float64(towards[0]), float64(towards[2])
    cosine, sine, sectoral = 1.0, 0.0, 1.0  # r^m cos(m phi), r^m sin(m phi), (2m - 1)!!
    for m in range(order + 1):
        before, now = 0.0, sectoral
        for n in range(m, order + 1):
            value = NORMS[n, m] * now
            out[n * n + n - m] = value * sine
            out[n * n + n + m] = value * cosine
            before, now = now, ((2 * n + 1) * up * now - (n + m) * before) / (n + 1 - m)
        cosine, sine = cosine * front - sine * left, sine * front + cosine * left
        sectoral *= 2 * m + 1


@loop(numba.types.Tuple((float64[::1], float64[::1], float64[:, ::1]))(PROBLEM, int64))
def arrivals(p, images):
    """d_m (n,), alpha_m (n,) and unit vectors (n, 3) to the images, from the first source to the first receiver."""
    distance, alpha, towards = np.empty(images), np.empty(images), np.empty((images, 3))
    at, gain = empty_tables(p)
    tables(p, 0, 0, at, gain)
    n = general(p, 0, 0, at, gain, distance, alpha, towards)
    return distance[:n], alpha[:n], towards[:n]
