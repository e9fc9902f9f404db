"""Curves.

Notebook: 01_regions to 09_your_own.
"""

from __future__ import annotations

from see2sound_nb.notebook.plots.common import axes_for, source_colour


def plot_lines(curves: dict[str, tuple], style: str | None = None, ax=None, **axes):
    """Curves that stay apart in colour and dash, with a legend.

    Parameters
    ----------
    curves : dict
        For each name x and y, (n,) float each, in the units that the labels give.
    style : str, optional
        Format string of matplotlib for all of them, e.g. ``"o-"``; by default solid, dashed, dotted ... lines.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.
    **axes
        Title, labels with units, limits, scales: as in `matplotlib.axes.Axes.set`.

    Returns
    -------
    matplotlib.axes.Axes
        With a line for each curve, and a legend.

    Raises
    ------
    ValueError
        If x and y of a curve differ in length.

    Notes
    -----
    Notebook: 01_regions to 09_your_own.
    """
    ax = axes_for(ax, figsize=(8, 3.6))
    for k, (name, (x, y)) in enumerate(curves.items()):
        ax.plot(x, y, style or ("-", "--", ":", "-.")[k % 4], color=source_colour(k), lw=2.5, ms=8, label=name)
    ax.legend(fontsize=11)
    ax.grid(alpha=0.3)
    ax.set(**axes)
    return ax
