"""The loop of `similarity.dtw`, compiled; it lets go of the interpreter, so that others go on beside it."""

from __future__ import annotations

import math

import numpy as np
from numba import float64, int64, types

from see2sound_nb._numba import loop


@loop(types.Tuple((float64, int64))(float64[:, ::1], float64[:, ::1]))
def cheapest_way(a, b):
    """Cost and length of the cheapest way through two series (n, features) and (m, features); of equals the shortest.

    `cost` and `length` hold, for one frame of `a`, the way to it and each frame of `b`.
    """
    m = len(b)
    cost, length = np.full(m, np.inf), np.zeros(m, dtype=np.int64)
    for i in range(len(a)):
        across, across_length = (0.0, 0) if i == 0 else (np.inf, 0)  # to the frame before in both
        for j in range(m):
            best, steps = across, across_length
            across, across_length = cost[j], length[j]
            if cost[j] < best or (cost[j] == best and length[j] < steps):
                best, steps = cost[j], length[j]
            if j > 0 and (cost[j - 1] < best or (cost[j - 1] == best and length[j - 1] < steps)):
                best, steps = cost[j - 1], length[j - 1]
            square = 0.0
            for k in range(a.shape[1]):
                square += (a[i, k] - b[j, k]) ** 2
            cost[j], length[j] = best + math.sqrt(square), steps + 1
    return cost[m - 1], length[m - 1]
