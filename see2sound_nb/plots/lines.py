"""Curves."""

from __future__ import annotations

from see2sound_nb.plots.common import axes_for, source_colour


def plot_lines(curves: dict[str, tuple], style: str | None = None, ax=None, **axes):
    """Curves that stay apart in colour and dash, with a legend.

    Parameters
    ----------
    curves : dict
        For each name x and y.
    style : str, optional
        Format string of matplotlib for all of them, e.g. ``"o-"``; by default solid, dashed, dotted ... lines.
    **axes
        Title, labels with units, limits, scales: as in `matplotlib.axes.Axes.set`.
    """
    ax = axes_for(ax, figsize=(8, 3.6))
    for k, (name, (x, y)) in enumerate(curves.items()):
        ax.plot(x, y, style or ("-", "--", ":", "-.")[k % 4], color=source_colour(k), lw=2.5, ms=8, label=name)
    ax.legend(fontsize=11)
    ax.grid(alpha=0.3)
    ax.set(**axes)
    return ax
