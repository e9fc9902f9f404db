"""The rows of a response, compiled: for each source, receiver and channel its images, and their sum in samples.

p is a `definition.Problem`; s, r and a number sources, receivers and axes; moment and alpha (n,) float32 are tau_m in
samples and alpha_m.

numba keeps the machine code of a function until the function's own file changes. After a change in another file that it
uses (`definition`'s tables become constants in it) delete the files ``__pycache__/*.nb?``; the tests do.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import float32, int64

from see2sound_nb._numba import loop
from see2sound_nb.room.ism.cpu_images import PROBLEM, empty_tables, general, harmonics, plain, tables
from see2sound_nb.room.ism.cpu_samples import DENSE, sample, scratch
from see2sound_nb.room.ism.definition import LEAD


@loop()
def _copy(source, target):
    for t in range(len(target)):
        target[t] = source[t]


@loop()
def _hears_all_round(pattern):
    return pattern[0] == 1 and pattern[1] == 0 and pattern[2] == 0 and pattern[3] == 0


@loop(numba.void(float32[:, ::1], int64, int64, int64, int64, PROBLEM), straight=True)
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
    at, gain = empty_tables(p)
    n, seen = 0, -1
    for number in range(first, last):
        pair, c = number // channels, number % channels
        if pair != seen:
            s, r, seen = pair // receivers, pair % receivers, pair
            tables(p, s, r, at, gain)
            if simple and _hears_all_round(p.source_patterns[s]) and _hears_all_round(p.receiver_patterns[r]):
                n = plain(p, at, gain, moment, alpha)
            else:
                if len(distance) == 0:
                    distance, towards = np.empty(images), np.empty((images, 3))
                n = general(p, s, r, at, gain, distance, alpha, towards)
                for m in range(n):
                    moment[m] = rate * np.float32(distance[m] / p.speed_m_s + lead)
            if encoded:
                for m in range(n):
                    harmonics(towards[m], p.ambisonic_order, weights)
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
