"""Figures of a room: a wall and the images from above, the arrivals, and what of a response comes when.

Notebook: 05_image_sources.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from see2sound_nb.measure.reverberation import schroeder_db
from see2sound_nb.notebook.plots.common import axes_for, source_colour
from see2sound_nb.notebook.plots.lines import plot_lines
from see2sound_nb.room.ism.lattice import on_one_axis


def plot_image_plan(size_m, source_m, receiver_m, order: int = 3, ax=None):
    """The images of a source from above, as far as they stand at its height, in the lattice of mirrored rooms.

    Parameters
    ----------
    size_m, source_m, receiver_m : array_like
        (3,) float, metres, room frame.
    order : int
        Most reflections, 0 to 5: each order has its marker.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        One line for each order, from 0 on, and one for the receiver.

    Raises
    ------
    ValueError
        If the order is not a whole number from 0 to 5.

    Notes
    -----
    Allen and Berkley (1979). Notebook: 05_image_sources.
    """
    markers = "osD^vP"
    if order not in range(len(markers)):
        raise ValueError(
            f"order={order} must be a whole number from 0 to {len(markers) - 1}, a marker for each; draw a lower one"
        )
    ax = axes_for(ax, figsize=(8, 6.2))
    i = np.arange(-order, order + 1)
    x, y = (on_one_axis(i, size_m[axis], source_m[axis])[0] for axis in (0, 1))
    reflections = np.abs(i)[:, None] + np.abs(i)
    edge = np.arange(-order, order + 2)
    ax.fill([0, size_m[0], size_m[0], 0], [0, 0, size_m[1], size_m[1]], color="0.8")
    ax.vlines(edge * size_m[0], *edge[[0, -1]] * size_m[1], color="0.75", lw=1)
    ax.hlines(edge * size_m[1], *edge[[0, -1]] * size_m[0], color="0.75", lw=1)
    for n, marker in zip(range(order + 1), markers):
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
    """The beginning of a response in samples, and the arrivals of Eq. 4 that it is the sum of, as crosses.

    Parameters
    ----------
    h : np.ndarray
        (L,) float, an impulse response, 1 is a source 1 m away in the open.
    sample_rate : int
        In Hz.
    tau : np.ndarray
        (n,) float, delays of the arrivals in seconds.
    alpha : np.ndarray
        (n,) float, their amplitudes, on the scale of `h`.
    until_s : float
        How much is drawn, in seconds; all of a response that is shorter.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        One line for the samples, one for the arrivals, over milliseconds.

    Notes
    -----
    Paper: section 4.3, Eq. 4. Notebook: 05_image_sources.
    """
    ax = axes_for(ax, figsize=(8, 3.6))
    count, soon = min(round(until_s * sample_rate), len(h)), tau < until_s
    ax.plot(
        1e3 * np.arange(count) / sample_rate, h[:count], ".-", color=source_colour(0), lw=1.5, ms=5, label="h, samples"
    )
    ax.plot(1e3 * tau[soon], alpha[soon], "x", color=source_colour(1), ms=9, mew=2.5, label="Eq. 4: tau, alpha")
    ax.legend(fontsize=11)
    ax.grid(alpha=0.3)
    ax.set(title="Eq. 4, and what it is in samples", xlabel="time in milliseconds", ylabel="h (1 is 1 m away)")
    return ax


def plot_one_wall(source_m, receiver_m, ax=None):
    """A source's mirror image in the wall x = 0, and the three paths that it explains, from above.

    Parameters
    ----------
    source_m, receiver_m : array_like
        (2,) float, metres, x and y, room frame; both at the same distance from the wall, before it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        A line for each path and a mark for each place.

    Raises
    ------
    ValueError
        If the two are not equally far before the wall.

    Notes
    -----
    Notebook: 05_image_sources.
    """
    source, receiver = np.asarray(source_m), np.asarray(receiver_m)
    if not source[0] == receiver[0] > 0:
        raise ValueError(
            f"source and receiver at x = {source[0]} and {receiver[0]} m must be equally far before the wall x = 0; "
            "give both the same positive x"
        )
    ax = axes_for(ax, figsize=(7, 4.2))
    image, bounce = source * [-1, 1], (source + receiver) / 2 * [0, 1]
    paths = {"direct": (source, receiver), "reflected": (source, bounce, receiver), "of the image": (image, bounce)}
    for k, (name, points) in enumerate(paths.items()):
        ax.plot(*np.transpose(points), ("-", "--", ":")[k], color=source_colour(k), lw=2.5, label=name)
    for name, place, marker in (("friend", source, "o"), ("image", image, "s"), ("you", receiver, "*")):
        ax.plot(*place, f"k{marker}", ms=13)
        ax.annotate(name, place, (0, -20 if place[1] < bounce[1] else 12), textcoords="offset points", ha="center")
    ax.axvline(0, color="0.4", lw=6, zorder=0)
    ax.margins(0.2, 0.25)
    ax.legend(title="path", fontsize=11, loc="upper left")
    ax.grid(alpha=0.3)
    ax.set(title="A wall (x = 0) is a mirror", xlabel="x in metres", ylabel="y in metres", aspect="equal")
    return ax


def plot_decays(responses: dict[str, np.ndarray], sample_rate: int, ax=None):
    """Schroeder decays: what energy is yet to come, in dB of all of it; the first 0.8 s, down to -50 dB.

    Parameters
    ----------
    responses : dict
        For each name an impulse response, (L,) float, not silent.
    sample_rate : int
        In Hz.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        One line for each response, over seconds.

    Raises
    ------
    ValueError
        If a response is not (L,), or silent.

    Notes
    -----
    Notebook: 05_image_sources.
    """
    curves = {name: (np.arange(len(h)) / sample_rate, schroeder_db(h)) for name, h in responses.items()}
    labels: dict[str, Any] = dict(
        xlabel="time in seconds", ylabel="energy yet to come in dB", xlim=(0, 0.8), ylim=(-50, 0)
    )
    return plot_lines(curves, ax=ax, title="Schroeder decay", **labels)


def plot_levels(responses: dict[str, np.ndarray], sample_rate: int, ax=None):
    """Level against frequency, one value for each hertz, from 20 Hz to half the sample rate, from -55 to 25 dB.

    Parameters
    ----------
    responses : dict
        For each name an impulse response, (L,) float.
    sample_rate : int
        In Hz.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        One line for each response, over Hz; 0 dB is a source 1 m away in the open.

    Notes
    -----
    Notebook: 05_image_sources.
    """
    frequency = np.arange(1, sample_rate // 2 + 1)
    curves = {}
    for name, h in responses.items():
        whole = np.pad(h, (0, -len(h) % sample_rate)).reshape(-1, sample_rate).sum(axis=0)  # seconds share phases
        amplitude = np.abs(np.fft.rfft(whole))[1:]
        curves[name] = (frequency, 20 * np.log10(np.maximum(amplitude, 1e-6)))
    labels: dict[str, Any] = dict(
        xlabel="frequency in Hz", ylabel="level in dB", xlim=(20, sample_rate / 2), ylim=(-55, 25)
    )
    return plot_lines(curves, ax=ax, title="Level against frequency", xscale="log", **labels)


def plot_spectrograms(responses: dict[str, np.ndarray], sample_rate: int):
    """What of responses comes when and at which frequency, side by side: each in dB of its own loudest, down to -60 dB.

    Parameters
    ----------
    responses : dict
        For each title an impulse response, (L,) float, not silent, at least 8 ms long: it is cut into pieces of 8 ms
        that overlap by half.
    sample_rate : int
        In Hz.

    Returns
    -------
    np.ndarray
        (n,) the axes, one for each response: seconds to the right, Hz up.

    Notes
    -----
    Notebook: 05_image_sources.
    """
    from matplotlib import pyplot
    from scipy.signal import spectrogram

    size = round(0.008 * sample_rate)
    figure, axes = pyplot.subplots(
        1, len(responses), figsize=(11, 3.8), sharey=True, squeeze=False, layout="constrained"
    )
    for ax, (name, h) in zip(axes[0], responses.items()):
        frequency, time, power = spectrogram(h, sample_rate, "hann", size, size // 2, mode="psd")
        level_db = 10 * np.log10(np.maximum(power / power.max(), 1e-12))
        picture = ax.pcolormesh(time, frequency, level_db, cmap="cividis", vmin=-60, vmax=0, rasterized=True)
        ax.set(title=name, xlabel="time in seconds")
    axes[0, 0].set_ylabel("frequency in Hz")
    figure.colorbar(picture, ax=axes, label="dB of the loudest")
    return axes[0]
