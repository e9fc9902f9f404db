"""Figures of depth: maps side by side.

Notebook: 03_depth.
"""

from __future__ import annotations

import numpy as np


def plot_maps(maps: dict[str, np.ndarray], label: str, **scale):
    """Photos and maps of one picture side by side; the maps on one colour scale.

    Parameters
    ----------
    maps : dict
        For each title (H, W) float, at least one, or (H, W, 3) uint8 RGB for a photo; x to the right and y down.
    label : str
        What the colours mean, with the unit.
    **scale
        As in `matplotlib.axes.Axes.imshow`: ``vmin``, ``vmax``, ``cmap``; by default the range of all maps, in cividis.

    Returns
    -------
    np.ndarray
        (n,) the axes, one for each picture; the colour bar belongs to all.

    Raises
    ------
    ValueError
        If there is no map among the pictures.

    Notes
    -----
    Notebook: 03_depth.
    """
    from matplotlib import pyplot

    values = [picture for picture in maps.values() if picture.ndim == 2]
    if not values:
        raise ValueError(
            f"the {len(maps)} pictures hold no map (H, W); give at least one, or show photos with plot_pictures"
        )
    scale = {"cmap": "cividis", "vmin": min(map(np.min, values)), "vmax": max(map(np.max, values))} | scale
    figure, axes = pyplot.subplots(
        1, len(maps), figsize=(13, 9.2 / len(maps)), layout="constrained", sharey=True, squeeze=False
    )
    for ax, (title, picture) in zip(axes[0], maps.items()):
        shown = ax.imshow(picture, **(scale if picture.ndim == 2 else {}))
        if picture.ndim == 2:
            mapped = shown
        ax.set(title=title, xlabel="x in pixels")
    axes[0, 0].set_ylabel("y in pixels (down)")
    figure.colorbar(mapped, ax=axes, label=label, shrink=0.8)
    return axes[0]
