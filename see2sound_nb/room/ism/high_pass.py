"""The high-pass that pyroomacoustics puts on its responses: all reflections are positive, and their sum drifts.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import functools

import numpy as np
from numba import float32, float64, int64, void

from see2sound_nb._numba import loop
from see2sound_nb.room.ism import cpu
from see2sound_nb.room.ism.definition import Problem

#: Corner and order of pyroomacoustics' high-pass, a Butterworth filter run forwards and backwards.
HIGH_PASS_HZ, HIGH_PASS_ORDER = 10.0, 2


def high_pass_in_place(h: np.ndarray, problems: list[Problem]) -> None:
    """Filter the responses of several rooms, forwards and backwards, so that nothing is delayed.

    Parameters
    ----------
    h : np.ndarray
        (B, S, R, C, L) float32, C-contiguous, with all 40 samples before the emission; overwritten. Each response is
        filtered over its own length, as pyroomacoustics does: the filter begins again at its end.
    problems : list of Problem
        One for each of the B rooms.
    """
    section, start = _section(problems[0].sample_rate)
    for room, problem in zip(h, problems):
        rows = room.reshape(-1, room.shape[-1])
        lengths = np.repeat(cpu.response_lengths(problem), problem.channels)

        def work(first: int, last: int, rows: np.ndarray = rows, lengths: np.ndarray = lengths) -> None:
            _filter_both_ways(rows, lengths, first, last, section, start)

        cpu.share(work, *rows.shape)


@functools.lru_cache(maxsize=8)
def _section(sample_rate: float) -> tuple[np.ndarray, np.ndarray]:
    """The filter's six coefficients, and its steady state for a constant input of 1."""
    from scipy.signal import butter, sosfilt_zi

    sos = butter(HIGH_PASS_ORDER, HIGH_PASS_HZ, btype="highpass", fs=sample_rate, output="sos")
    return sos[0], sosfilt_zi(sos)[0]


@loop()
def _biquad(x, section, start):
    """Filter x in place, from the steady state (2,) of its first value on; direct form II transposed."""
    b0, b1, b2, _, a1, a2 = section
    first, second = start[0] * x[0], start[1] * x[0]
    for n in range(len(x)):
        y = b0 * x[n] + first
        first = b1 * x[n] - a1 * y + second
        second = b2 * x[n] - a2 * y
        x[n] = y


@loop(void(float32[:, ::1], int64[::1], int64, int64, float64[::1], float64[::1]))
def _filter_both_ways(h, lengths, first, last, section, start):
    """Rows `first` to `last` - 1 of h (n, L), each over its own length: scipy's `sosfiltfilt` of one section."""
    edge = 9  # samples that are mirrored at both ends, as there
    for number in range(first, last):
        n = lengths[number]
        row = h[number, :n]
        x = np.empty(n + 2 * edge)
        for k in range(edge):
            x[k] = 2 * float64(row[0]) - float64(row[edge - k])
            x[edge + n + k] = 2 * float64(row[n - 1]) - float64(row[n - 2 - k])
        for k in range(n):
            x[edge + k] = row[k]
        _biquad(x, section, start)
        _biquad(x[::-1], section, start)
        for k in range(n):
            row[k] = x[edge + k]
