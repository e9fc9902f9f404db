"""From arrivals to samples, compiled: each is a windowed sinc, and a response is the sum of them (Eq. 4).

moment and alpha (n,) float32 are tau_m in samples and alpha_m. The taps of an arrival are read from a table; where
arrivals are dense, each leaves 8 moments instead, and one filter for each moment makes the taps of all at once.

numba keeps the machine code of a function until the function's own file changes. After a change in another file that it
uses (`definition`'s tables become constants in it) delete the files ``__pycache__/*.nb?``; the tests do.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb._numba import loop
from see2sound_nb.room.ism.definition import BASIS, LEAD, MOMENT_TABLE, MOMENTS, STEPS, TAPS

#: Above so many images for each sample of a response the moments cost less than the taps.
DENSE = 3.0
_COUNT = 2 * LEAD  # of taps: the window is zero at the 81st, and ten times eight suit the machine
_TAPS = np.ascontiguousarray(TAPS[:, :_COUNT])


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
