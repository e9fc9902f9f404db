"""The loops of `cpu`, compiled by numba. One file, because numba's cache does not see changes in another.

That goes for the tables of `definition`, too, which become constants of the machine code: after a change there delete
the files ``__pycache__/*.nb?`` (the tests do).

Arguments: p is a `definition.Problem`; s, r and a number sources, receivers and axes; moment and alpha (n,) are
tau_m in samples and alpha_m, both float32.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import float32, float64, int64

from see2sound_nb._numba import loop
from see2sound_nb.room.ism.definition import (
    BASIS,
    HASH_PRIMES,
    LEAD,
    MIX_PRIMES,
    MOMENT_TABLE,
    MOMENTS,
    STEPS,
    TAPS,
    Problem,
)

#: Above so many images for each sample of a response the moments cost less than the taps.
DENSE = 3.0
_COUNT = 2 * LEAD  # of taps: the window is zero at the 81st, and ten times eight suit the machine
_TAPS = np.ascontiguousarray(TAPS[:, :_COUNT])
_NORMS = np.array(
    [
        [math.sqrt((2 - (m == 0)) * math.factorial(n - m) / math.factorial(n + m)) if m <= n else 0 for m in range(6)]
        for n in range(6)
    ]
)  # SN3D
_VECTOR, _ROWS = float64[::1], float64[:, ::1]
_PROBLEM = numba.types.NamedTuple(
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
def _empty_tables(p):
    longest = 2 * max(p.reach[0], p.reach[1], p.reach[2]) + 1
    return np.empty((3, longest)), np.empty((3, longest))


@loop()
def _tables(p, s, r, at, gain):
    for a in range(3):
        _axis(p, s, r, a, at[a], gain[a])


@loop(int64[:, ::1](_PROBLEM))
def response_lengths(p):
    """Samples (S, R) that each response needs, 40 before the emission and 41 after the latest arrival included."""
    lengths = np.empty((len(p.sources_m), len(p.receivers_m)), dtype=np.int64)
    nx, ny, nz = p.reach
    at, gain = _empty_tables(p)
    for s in range(len(p.sources_m)):
        for r in range(len(p.receivers_m)):
            _tables(p, s, r, at, gain)
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
def _plain(p, at, gain, moment, alpha):
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
def _general(p, s, r, at, gain, distance, alpha, towards):
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
def _harmonics(towards, order, out):
    """Spherical harmonics (ACN, SN3D) of one direction of the room frame; see `room.spherical_harmonics.encode`."""
    front, left, up = float64(towards[1]), -float64(towards[0]), float64(towards[2])
    cosine, sine, sectoral = 1.0, 0.0, 1.0  # r^m cos(m phi), r^m sin(m phi), (2m - 1)!!
    for m in range(order + 1):
        before, now = 0.0, sectoral
        for n in range(m, order + 1):
            value = _NORMS[n, m] * now
            out[n * n + n - m] = value * sine
            out[n * n + n + m] = value * cosine
            before, now = now, ((2 * n + 1) * up * now - (n + m) * before) / (n + 1 - m)
        cosine, sine = cosine * front - sine * left, sine * front + cosine * left
        sectoral *= 2 * m + 1


@loop()
def _between(moment, alpha):
    """The sample before an arrival, the row of the table before it, and how the arrival is shared with the next row."""
    whole = np.int32(moment)
    step = np.float32(STEPS) * (np.float32(1) - (moment - np.float32(whole)))
    row = np.int32(step)
    later = alpha * (step - np.float32(row))
    return whole, row, alpha - later, later


@loop()
def _deposit_taps(moment, alpha, n, out):
    """Add the 81 taps of every arrival to `out`."""
    for m in range(n):
        if alpha[m] == 0:  # a loudspeaker that an arrival is not panned to, a wall that swallows all
            continue
        whole, row, sooner, later = _between(moment[m], alpha[m])
        o = out[whole - LEAD : whole + LEAD]
        for k in range(_COUNT):
            o[k] += sooner * _TAPS[row, k] + later * _TAPS[row + 1, k]


@loop()
def _deposit_moments(moment, alpha, n, out):
    """Add the 8 moments of every arrival to `out` (L, 8): loads first, then stores, so that eight become one."""
    for m in range(n):
        if alpha[m] == 0:  # a loudspeaker that an arrival is not panned to, a wall that swallows all
            continue
        whole, row, sooner, later = _between(moment[m], alpha[m])
        o, u, v = out[whole], MOMENT_TABLE[row], MOMENT_TABLE[row + 1]
        o0 = o[0] + sooner * u[0] + later * v[0]
        o1 = o[1] + sooner * u[1] + later * v[1]
        o2 = o[2] + sooner * u[2] + later * v[2]
        o3 = o[3] + sooner * u[3] + later * v[3]
        o4 = o[4] + sooner * u[4] + later * v[4]
        o5 = o[5] + sooner * u[5] + later * v[5]
        o6 = o[6] + sooner * u[6] + later * v[6]
        o7 = o[7] + sooner * u[7] + later * v[7]
        o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7] = o0, o1, o2, o3, o4, o5, o6, o7


@loop()
def _filter_moments(moments, planes, out):
    """out[n] += sum over m, k of moments[n + 40 - k, m] * BASIS[m, k]: the taps of all arrivals at once.

    The moments are laid out one plane each, padded by 40 samples at both ends, and the taps go in eights.
    """
    n = len(out)
    for t in range(n):
        for m in range(MOMENTS):
            planes[m, LEAD + t] = moments[t, m]
    for m in range(MOMENTS):
        b = BASIS[m]
        for k in range(0, _COUNT, 8):
            x = planes[m, _COUNT - 7 - k :]
            b0, b1, b2, b3, b4, b5, b6, b7 = b[k], b[k + 1], b[k + 2], b[k + 3], b[k + 4], b[k + 5], b[k + 6], b[k + 7]
            for t in range(n):
                out[t] += (b0 * x[t + 7] + b1 * x[t + 6] + b2 * x[t + 5] + b3 * x[t + 4]) + (
                    b4 * x[t + 3] + b5 * x[t + 2] + b6 * x[t + 1] + b7 * x[t]
                )


@loop()
def scratch(length, dense):
    """The arrays that `sample` needs beside the response: for moments if `dense`, else empty."""
    moments = np.empty((length if dense else 0, MOMENTS), dtype=np.float32)
    planes = np.zeros((MOMENTS, length + 2 * LEAD if dense else 0), dtype=np.float32)
    return moments, planes


@loop()
def sample(moment, alpha, n, moments, planes, out):
    """The sum of n arrivals into `out` (L,), by the way that the scratch arrays were made for."""
    out[:] = 0
    if len(moments):
        moments[:] = 0
        _deposit_moments(moment, alpha, n, moments)
        _filter_moments(moments, planes, out)
    else:
        _deposit_taps(moment, alpha, n, out)


@loop()
def _copy(source, target):
    for t in range(len(target)):
        target[t] = source[t]


@loop()
def _hears_all_round(pattern):
    return pattern[0] == 1 and pattern[1] == 0 and pattern[2] == 0 and pattern[3] == 0


@loop(numba.void(float32[:, ::1], int64, int64, int64, int64, _PROBLEM), straight=True)
def fill_rows(h, first, last, images, length, p):
    """Write rows `first` to `last` - 1 of h (S R C, L): one row for each source, receiver and channel."""
    receivers, encoded = len(p.receivers_m), p.ambisonic_order >= 0
    channels = (p.ambisonic_order + 1) ** 2 if encoded else 1
    simple = not encoded and p.jitter_m == 0 and p.air_np_m == 0 and math.isinf(p.farthest_m)
    rate, lead = np.float32(p.sample_rate), LEAD / p.sample_rate
    moments, planes = scratch(length, images > DENSE * length)
    moment, alpha = np.empty(images, dtype=np.float32), np.empty(images, dtype=np.float32)
    distance, towards = np.empty(0), np.empty((0, 3))  # made when first needed
    weighted, weights = np.empty((channels if encoded else 0, images), dtype=np.float32), np.empty(channels)
    row = np.empty(length, dtype=np.float32)
    at, gain = _empty_tables(p)
    n, seen = 0, -1
    for number in range(first, last):
        pair, c = number // channels, number % channels
        if pair != seen:
            s, r, seen = pair // receivers, pair % receivers, pair
            _tables(p, s, r, at, gain)
            if simple and _hears_all_round(p.source_patterns[s]) and _hears_all_round(p.receiver_patterns[r]):
                n = _plain(p, at, gain, moment, alpha)
            else:
                if len(distance) == 0:
                    distance, towards = np.empty(images), np.empty((images, 3))
                n = _general(p, s, r, at, gain, distance, alpha, towards)
                for m in range(n):
                    moment[m] = rate * np.float32(distance[m] / p.speed_m_s + lead)
            if encoded:
                for m in range(n):
                    _harmonics(towards[m], p.ambisonic_order, weights)
                    for w in range(channels):
                        weighted[w, m] = alpha[m] * weights[w]
        sample(moment, weighted[c] if encoded else alpha, n, moments, planes, row)
        _copy(row[LEAD - p.lead :], h[number])


@loop(numba.void(float32[:, ::1], int64, int64, float32[::1], float32[:, ::1]), straight=True)
def fill_channels(h, first, last, moment, alpha):
    """Write the sums of the same arrivals, weighted alpha (C, n), number `first` to `last` - 1 into h (C, L)."""
    length = h.shape[1] + LEAD
    row = np.empty(length, dtype=np.float32)
    for c in range(first, last):
        moments, planes = scratch(length, np.count_nonzero(alpha[c]) > DENSE * length)
        sample(moment, alpha[c], len(moment), moments, planes, row)
        _copy(row[LEAD:], h[c])


@loop(numba.types.Tuple((float64[::1], float64[::1], float64[:, ::1]))(_PROBLEM, int64))
def arrivals(p, images):
    """d_m (n,), alpha_m (n,) and unit vectors (n, 3) to the images, from the first source to the first receiver."""
    distance, alpha, towards = np.empty(images), np.empty(images), np.empty((images, 3))
    at, gain = _empty_tables(p)
    _tables(p, 0, 0, at, gain)
    n = _general(p, 0, 0, at, gain, distance, alpha, towards)
    return distance[:n], alpha[:n], towards[:n]
