"""Figures of a room: its images from above, its arrivals, what of a response comes when, and times against order.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb.plots.common import axes_for, source_colour


def plot_image_plan(size_m, source_m, receiver_m, order: int = 3, ax=None):
    """The images of a source from above, as far as they stand at its height, in the lattice of mirrored rooms.

    Parameters
    ----------
    size_m, source_m, receiver_m : array_like
        (3,) float, metres, room frame.
    order : int
        Most reflections, up to 5.
    """
    ax = axes_for(ax, figsize=(8, 6.2))
    i = np.arange(-order, order + 1)
    x, y = (np.where(i % 2 == 0, i * size_m[a] + source_m[a], (i + 1) * size_m[a] - source_m[a]) for a in (0, 1))
    reflections = np.abs(i)[:, None] + np.abs(i)
    edge = np.arange(-order, order + 2)
    ax.fill([0, size_m[0], size_m[0], 0], [0, 0, size_m[1], size_m[1]], color="0.8")
    ax.vlines(edge * size_m[0], *edge[[0, -1]] * size_m[1], color="0.75", lw=1)
    ax.hlines(edge * size_m[1], *edge[[0, -1]] * size_m[0], color="0.75", lw=1)
    for n, marker in zip(range(order + 1), "osD^vP"):
        a, b = np.nonzero(reflections == n)
        ax.plot(x[a], y[b], marker, ms=9, color=source_colour(n), label=f"order {n}")
    ax.plot(*receiver_m[:2], "k*", ms=16, label="receiver")
    ax.legend(loc="upper left", fontsize=11)
    ax.set(
        title="Images at the source's height: mirrored rooms",
        xlabel="x in metres",
        ylabel="y in metres",
        aspect="equal",
    )
    return ax


def plot_arrivals(h: np.ndarray, sample_rate: int, tau: np.ndarray, alpha: np.ndarray, until_s: float = 0.02, ax=None):
    """The beginning of a response (L,), and the arrivals (n,) of Eq. 4 that it is the sum of, as crosses."""
    ax = axes_for(ax, figsize=(8, 3.6))
    count, soon = round(until_s * sample_rate), tau < until_s
    ax.plot(
        1e3 * np.arange(count) / sample_rate, h[:count], ".-", color=source_colour(0), lw=1.5, ms=5, label="h, samples"
    )
    ax.plot(1e3 * tau[soon], alpha[soon], "x", color=source_colour(1), ms=9, mew=2.5, label="Eq. 4: tau, alpha")
    ax.legend(fontsize=11)
    ax.grid(alpha=0.3)
    ax.set(title="Eq. 4, and what it is in samples", xlabel="time in milliseconds", ylabel="h (1 is 1 m away)")
    return ax


def plot_spectrogram(h: np.ndarray, sample_rate: int, ax=None):
    """What of a response (L,) comes when and at which frequency, in dB of its loudest, in pieces of 8 ms."""
    from scipy.signal import spectrogram

    ax = axes_for(ax, figsize=(6, 4))
    size = round(0.008 * sample_rate)
    frequency, time, power = spectrogram(h, sample_rate, "hann", size, size // 2, mode="psd")
    level_db = 10 * np.log10(np.maximum(power / power.max(), 1e-12))
    picture = ax.pcolormesh(time, frequency, level_db, cmap="cividis", vmin=-60, vmax=0, rasterized=True)
    ax.figure.colorbar(picture, ax=ax, label="dB of the loudest")
    ax.set(title="Spectrogram", xlabel="time in seconds", ylabel="frequency in Hz")
    return ax


def plot_times(times_ms: dict[str, dict[int, float]], ax=None):
    """Time against order, on logarithmic axes.

    Parameters
    ----------
    times_ms : dict
        For each implementation its milliseconds at each order.
    """
    ax = axes_for(ax, figsize=(9, 5))
    for k, (name, row) in enumerate(times_ms.items()):
        ax.loglog(
            list(row), list(row.values()), "osD^vP"[k % 6] + "-", color=source_colour(k), ms=9, lw=2.5, label=name
        )
    orders = sorted({order for row in times_ms.values() for order in row})
    ax.set_xticks(orders, [str(order) for order in orders])
    ax.set_xticks([], minor=True)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.grid(alpha=0.4)
    ax.legend(fontsize=11)
    ax.set(title="Time against order", xlabel="order", ylabel="time in milliseconds")
    return ax
