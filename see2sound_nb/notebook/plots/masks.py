"""Figures of masks: pixel by pixel, and on the photo.

Notebook: 01_regions, 02_boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from see2sound_nb.notebook.plots.common import axes_for, source_colour


def plot_pixels(masks: Mapping[str, np.ndarray], ax=None, **axes):
    """Small masks, pixel by pixel: each pixel says the names of the masks that it is in.

    Parameters
    ----------
    masks : mapping of str to np.ndarray
        For each name (H, W) bool, all of one shape, x to the right and y down.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.
    **axes
        Title, limits: as in `matplotlib.axes.Axes.set`.

    Returns
    -------
    matplotlib.axes.Axes
        In pixels, x to the right and y down.

    Raises
    ------
    ValueError
        If there is no mask, or their shapes differ.

    Notes
    -----
    Notebook: 01_regions, 02_boxes.
    """
    from matplotlib.colors import to_rgb

    shapes = {mask.shape for mask in masks.values()}
    if len(shapes) != 1:
        raise ValueError(f"masks have the shapes {sorted(shapes)}; give at least one mask, and all of one shape (H, W)")
    (shape,) = shapes
    side = min(0.8, 8 / shape[1])  # inches, of a pixel
    ax = axes_for(ax, figsize=(side * shape[1] + 1, side * shape[0] + 0.6))
    picture = np.ones((*shape, 3))
    for k, mask in enumerate(masks.values()):
        picture[mask] *= 0.45 + 0.55 * np.array(to_rgb(source_colour(k)))
    ax.imshow(picture)
    for y, x in np.ndindex(*shape):
        ax.text(x, y, "".join(name for name, mask in masks.items() if mask[y, x]), ha="center", va="center")
    ax.set_xticks(range(shape[1]))
    ax.set_yticks(range(shape[0]))
    ax.set_xticks(np.arange(shape[1] + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(shape[0] + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="0.7", lw=1)
    ax.tick_params(which="minor", length=0)
    ax.set(**{"xlabel": "x in pixels", "ylabel": "y in pixels (down)"} | axes)
    return ax


def plot_pictures(pictures: Mapping[str, np.ndarray], columns: int = 3):
    """Pictures side by side, each under its title.

    Parameters
    ----------
    pictures : mapping of str to np.ndarray
        For each title (h, w, 3) uint8 RGB; sizes may differ.
    columns : int
        Pictures in a row.

    Returns
    -------
    list of matplotlib.axes.Axes
        One for each picture.

    Notes
    -----
    Notebook: 01_regions, 02_boxes.
    """
    from matplotlib import pyplot

    rows = -(-len(pictures) // columns)
    width, height = (7, 5.6) if columns == 1 else (3.9, 3.3)  # inches, of a picture
    size = (width * columns, height * rows)
    _, grid = pyplot.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    panels = list(grid.flat)
    for ax, (title, picture) in zip(panels, pictures.items()):
        ax.imshow(picture)
        ax.set(title=title, xlabel="x in pixels", ylabel="y in pixels (down)")
    for ax in panels[len(pictures) :]:
        ax.remove()
    for ax in panels[: len(pictures)]:
        ax.label_outer()
        ax.tick_params(labelbottom=True, labelleft=True)  # sizes may differ: each keeps its numbers
    return panels[: len(pictures)]


def plot_masks(
    I: np.ndarray,
    masks: Mapping[str, np.ndarray],
    clicks: Iterable[tuple[float, float, bool]] = (),
    columns: int = 3,
):
    """The photo once for each mask, dark outside of it, with its outline in the colour of its number.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    masks : mapping of str to np.ndarray
        For each title (H, W) bool.
    clicks : iterable of (x, y, positive)
        In pixels: a plus on the thing, a cross on what is no part of it.
    columns : int
        Pictures in a row.

    Returns
    -------
    list of matplotlib.axes.Axes
        One for each mask.

    Notes
    -----
    Notebook: 01_regions, 02_boxes.
    """
    dark, clicks = I // 4, list(clicks)
    panels = plot_pictures({title: np.where(mask[..., None], I, dark) for title, mask in masks.items()}, columns)
    for k, (ax, mask) in enumerate(zip(panels, masks.values())):
        if mask.any() and not mask.all():
            ax.contour(mask, [0.5], colors=source_colour(k), linewidths=2.5)
        plot_clicks(ax, clicks)
    return panels


def plot_clicks(ax, clicks: Iterable[tuple[float, float, bool]]):
    """Clicks on a picture: a plus on the thing, a cross on what is no part of it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        A picture, as from `plot_masks`.
    clicks : iterable of (x, y, positive)
        Two floats in pixels, y down, and whether the click is on the thing.

    Returns
    -------
    matplotlib.axes.Axes
        The same.

    Notes
    -----
    Notebook: 01_regions.
    """
    for x, y, positive in clicks:
        ax.plot(x, y, "P" if positive else "X", ms=15, mfc="white", mec="black", mew=1.5)
    return ax


def plot_boxes(axes: Iterable, R: np.ndarray, P: Iterable[np.ndarray] = ()):
    """On each picture its box, in white, and its polygon, dotted.

    Parameters
    ----------
    axes : iterable of matplotlib.axes.Axes
        N pictures, as from `plot_masks`.
    R : np.ndarray
        (N, 4) int, pixels, y down, [x_min, x_max, y_min, y_max].
    P : iterable of np.ndarray
        N polygons, each (V_k, 2), (x, y) in pixels; none by default.

    Returns
    -------
    list of matplotlib.axes.Axes
        The same pictures.

    Raises
    ------
    ValueError
        If there is not one box for each picture, or there are polygons but not one for each.

    Notes
    -----
    Paper: section 4.1, Eq. 2 and 3. Notebook: 02_boxes.
    """
    axes, P = list(axes), list(P)
    if len(R) != len(axes) or len(P) not in (0, len(axes)):
        raise ValueError(f"{len(R)} boxes and {len(P)} polygons for {len(axes)} pictures; give one for each picture")
    for ax, (x0, x1, y0, y1) in zip(axes, R):
        ax.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color="white", lw=2)
    for ax, polygon in zip(axes, P):
        ax.plot(*np.vstack([polygon, polygon[:1]]).T, color="white", lw=2, ls=":")
    return axes
