"""Figures of a scene: its regions, its depth, its plan, its channels. A source keeps its colour and number in all.

Notebook: 00_start_here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from see2sound_nb.notebook.plots.common import axes_for, source_colour, with_ambience
from see2sound_nb.places.frames import directions
from see2sound_nb.render.layouts import LAYOUTS, SPEAKERS_DEG, check_layout

if TYPE_CHECKING:
    from see2sound_nb.room.shoebox import Room
    from see2sound_nb.scene import Scene


def plot_regions(scene: Scene, ax=None):
    """The photo with masks M, tinted, polygons P_k, dotted, boxes R_k, and their numbers and labels.

    What is heard all around is named in the title.

    Parameters
    ----------
    scene : Scene
        Drawn are its ``image``, (H, W, 3) uint8 RGB, ``masks``, (N, H, W) bool, ``polygons``, N arrays (V_k, 2),
        (x, y) in pixels, ``boxes``, (N, 4) int, pixels, and ``labels``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        In pixels, x to the right and y down.

    Notes
    -----
    Paper: section 4.1, Eq. 2 and 3. Notebook: 00_start_here.
    """
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Polygon, Rectangle

    ax = axes_for(ax, figsize=(7, 5))
    tinted = scene.image.astype(np.float64) / 255
    for k, mask in enumerate(scene.masks):  # one composite picture instead of a layer a mask
        tinted[mask] = 0.55 * tinted[mask] + 0.45 * np.array(to_rgb(source_colour(k)))
    ax.imshow(tinted)
    for k, (x0, x1, y0, y1) in enumerate(scene.boxes):
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, lw=2.5, ec=source_colour(k)))
        ax.add_patch(Polygon(scene.polygons[k], fill=False, lw=1.2, ls=":", ec="white"))
        right = x0 > 0.6 * scene.image.shape[1]  # there the label would leave the picture
        ax.annotate(
            f"{k + 1} {scene.labels[k]['label']}",
            (x1 if right else x0, y0),
            (-5 if right else 5, -5),
            textcoords="offset points",
            color="white",
            fontsize=11,
            ha="right" if right else "left",
            va="top",
            bbox={"facecolor": source_colour(k), "edgecolor": "none", "pad": 2},
        )
    title = with_ambience("Regions: masks, polygons (dotted), boxes", scene)
    ax.set(title=title, xlabel="x in pixels", ylabel="y in pixels (down)")
    return ax


def plot_depth(scene: Scene, ax=None):
    """The depth map D, bright where it is near, with the boxes and numbers of the sources, and a colour bar.

    Parameters
    ----------
    scene : Scene
        Drawn are its ``depth``, (H, W) float32, inverse depth, in 1/m if ``metric_depth``, else without unit, and
        ``boxes``, (N, 4) int, pixels.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        In pixels, x to the right and y down.

    Notes
    -----
    Paper: section 4.1. Notebook: 00_start_here.
    """
    from matplotlib.patches import Rectangle

    ax = axes_for(ax, figsize=(7, 5))
    picture = ax.imshow(scene.depth, cmap="cividis")
    unit, title = ("1/m", "Depth") if scene.metric_depth else ("no unit", "Depth: order, not metres")
    ax.figure.colorbar(picture, ax=ax, shrink=0.85, label=f"inverse depth D ({unit}): larger is nearer")
    for k, (x0, x1, y0, y1) in enumerate(scene.boxes):
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, lw=2.5, ec=source_colour(k)))
        ax.text(x0 + 4, y0 + 4, str(k + 1), color="white", fontsize=12, va="top", fontweight="bold")
    ax.set(title=title, xlabel="x in pixels", ylabel="y in pixels (down)")
    return ax


def plot_plan(scene: Scene, ax=None):
    """The room from above: walls, listener, and sources with azimuth and distance.

    In grey the directions of the loudspeakers of 5.1, or, where the room has microphones, these as crosses. What is
    heard all around is named in the title.

    Parameters
    ----------
    scene : Scene
        Drawn are its ``positions_m``, (N, 3) float64, metres, listener's frame, and ``room``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        In metres, listener's frame: x to the right, y ahead and up in the figure.

    Notes
    -----
    Paper: section 4.3, appendix A. Notebook: 00_start_here.
    """
    ax = axes_for(ax, figsize=(5, 5))
    draw_room(scene.room, ax)
    width = scene.room.size_m[0]
    azimuths, _, distances = directions(scene.positions_m)
    for k, (x, y, _) in enumerate(scene.positions_m):
        ax.plot([0, x], [0, y], color=source_colour(k), lw=1.2, ls="--")
        ax.plot(x, y, "o", ms=17, color=source_colour(k))
        ax.text(x, y, str(k + 1), color="white", ha="center", va="center", fontweight="bold")
        near_a_wall = abs(x) >= 0.2 * width
        side = 1 if (x > 0) != near_a_wall else -1  # the label goes outwards in the middle, inwards near a wall
        ax.annotate(
            f"{azimuths[k]:+.0f}°, {distances[k]:.1f} m",
            (x, y),
            (13 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            fontsize=11,
        )
    ax.set(
        title=with_ambience("Plan: azimuth is positive to the left", scene), xlabel="x in metres (right)",
        ylabel="y in metres (front)", aspect="equal",
    )  # fmt: skip
    ax.margins(0.05)
    return ax


def draw_room(room: Room, ax) -> None:
    """A room from above, to draw sources in: walls, listener, directions of loudspeakers or places of microphones.

    Parameters
    ----------
    room : Room
    ax : matplotlib.axes.Axes
        In metres, listener's frame: x to the right, y ahead and up in the figure.

    Notes
    -----
    Notebook: 00_start_here, 07_moving_pictures.
    """
    from matplotlib.patches import Rectangle

    (width, depth, _), (left, back, _) = room.size_m, room.listener_m
    ax.add_patch(Rectangle((-left, -back), width, depth, fill=False, lw=2, ec="0.3"))
    reach = 0.42 * min(width, depth)
    if room.microphones_m is None:
        for speaker, azimuth in SPEAKERS_DEG.items():
            x, y = -np.sin(np.radians(azimuth)) * reach, np.cos(np.radians(azimuth)) * reach
            ax.plot([0, x], [0, y], color="0.8", lw=1, zorder=0)
            ax.text(x, y, speaker, color="0.35", ha="center", va="center", fontsize=11, zorder=1)
    else:
        x, y, _ = (np.array(room.microphones_m) - room.listener_m).T
        ax.plot(x, y, "x", color="0.4", ms=9, mew=2, label="microphones")
        ax.legend(fontsize=11)  # where it hides least
    ax.plot(0, 0, marker="^", ms=14, color="black")
    ax.annotate("listener", (0, 0), (0, -14), textcoords="offset points", ha="center", va="top", fontsize=11)


def plot_channels(phi: np.ndarray, sample_rate: int, layout: str = "5.1", ax=None):
    """The channels of a rendering, one above the other, on one scale, with their RMS level.

    Parameters
    ----------
    phi : np.ndarray
        (n_ch, T) float, full scale 1.
    sample_rate : int
        In Hz.
    layout : str
        One of `render.layouts.LAYOUTS`, with n_ch channels.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        A line and a level in dB of full scale for each channel, the first on top, over seconds.

    Raises
    ------
    ValueError
        If the layout is unknown, or has another number of channels.

    Notes
    -----
    Paper: section 4.3, Eq. 5. Notebook: 00_start_here.
    """
    names = LAYOUTS[check_layout(layout)]
    if phi.ndim != 2 or len(phi) != len(names):
        raise ValueError(
            f"phi is {phi.shape}; layout {layout!r} has {len(names)} channels, (n_ch, T): name the layout of phi, "
            f"one of {', '.join(LAYOUTS)}"
        )
    ax = axes_for(ax, figsize=(7, 5))
    time = np.arange(phi.shape[1]) / sample_rate
    peak = max(float(np.abs(phi).max()), 1e-9)
    for row, channel in enumerate(phi):
        ax.plot(time, channel / peak * 0.48 - row, lw=0.4, color="#333333", rasterized=True)
        rms_db = 10 * np.log10(max(float(np.mean(np.square(channel, dtype=np.float64))), 1e-12))
        ax.text(1.01, -row, f"{rms_db:.0f} dB", transform=ax.get_yaxis_transform(), va="center", fontsize=10)
    ax.set_yticks([-row for row in range(len(names))], names)
    ax.set(
        title=f"{layout}: one gain for all channels (RMS, dB of full scale)", xlabel="time in seconds",
        xlim=(0, time[-1]), ylim=(-len(names) + 0.4, 0.6),
    )  # fmt: skip
    return ax


def plot_story(scene: Scene):
    """One picture of the whole way: photo with regions, depth, plan of the room, six channels.

    Parameters
    ----------
    scene : Scene
        Its 5.1 is rendered for the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Notebook: 00_start_here.
    """
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        2, 2, figsize=(14, 9.5), layout="constrained", gridspec_kw={"width_ratios": [1.15, 1]}
    )
    plot_regions(scene, axes[0, 0])
    plot_depth(scene, axes[0, 1])
    plot_plan(scene, axes[1, 0])
    plot_channels(scene.render("5.1"), scene.sample_rate, "5.1", axes[1, 1])
    return figure
