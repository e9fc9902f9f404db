"""Figures of a moving scene: its paths in the picture and in the plan, and where everything is at what time.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from see2sound_nb.notebook.plots.common import axes_for, source_colour, with_ambience
from see2sound_nb.notebook.plots.scene import draw_room
from see2sound_nb.places.frames import directions

if TYPE_CHECKING:
    from see2sound_nb.moving.moving_scene import MovingScene

#: A line's width and opacity where a source is not heard, and where it is heard in full.
WIDTHS, OPACITIES = (1.0, 5.0), (0.15, 1.0)
#: A path has at most so many marks of time.
MOST_MARKS = 6
#: The axis of azimuths reaches at least so far, in degrees: about what an ordinary camera sees.
LEAST_AZIMUTH_DEG = 35.0


def plot_paths(scene: MovingScene, shot: int = 0, axes=None):
    """A shot's key frame with the paths of its sources, and beside it the same paths in the plan.

    An arrow says which way a source goes, dots where it is at whole seconds of the clip (or at tenths, where the shot
    is short). A line is thick where the source is heard, and thin where it is not in view.

    Parameters
    ----------
    scene : MovingScene
        Drawn are of one of its ``shots`` the ``key.image``, (H, W, 3) uint8 RGB, ``places_px``, (F, N, 2), (x, y) in
        pixels, ``paths_m``, (P, N, 3) float64, metres, listener's frame, and ``heard``, (P, N), 0 to 1; and its
        ``room``.
    shot : int
        Which one, from 0.
    axes : sequence of two matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    list of matplotlib.axes.Axes
        The picture, in pixels, x to the right and y down; the plan, in metres, x to the right and y ahead and up.

    Raises
    ------
    ValueError
        If there is no such shot.

    Notes
    -----
    Paper: section 4.1, for each frame. Notebook: 07_moving_pictures.
    """
    if not 0 <= shot < len(scene.shots):
        raise ValueError(f"shot={shot} must lie in 0 to {len(scene.shots) - 1}, the shots of this clip")
    if axes is None:
        from matplotlib import pyplot

        axes = pyplot.subplots(1, 2, figsize=(13, 5), layout="constrained", width_ratios=[1.25, 1])[1]
    one, (picture, plan) = scene.shots[shot], axes
    frames_s = scene.clip.times_s[one.first : one.last + 1]
    seconds = one.start_s + one.times_s
    marks = _marks(one.start_s, one.end_s)
    picture.imshow(one.key.image // 2 + 110)  # pale, so that the paths stand out
    draw_room(scene.room, plan)
    for k, label in enumerate(one.key.labels):
        heard = one.heard[:, k]
        places = one.places_px[: len(frames_s), k]
        _draw_path(picture, places, frames_s, np.interp(frames_s, seconds, heard), marks, k, label["label"])
        _draw_path(plan, one.paths_m[:, k, :2], seconds, heard, marks, k, "")
    height, width = one.key.image.shape[:2]
    which = f" {shot + 1} of {len(scene.shots)}" if len(scene.shots) > 1 else ""
    title = with_ambience(f"Shot{which}: paths over its frame {one.key_frame}", one.key)
    picture.set(
        title=title, xlabel="x in pixels", ylabel="y in pixels (down)", xlim=(-0.5, width - 0.5),
        ylim=(height - 0.5, -0.5),
    )  # fmt: skip
    plan.set(
        title="Plan: the paths in metres", xlabel="x in metres (right)", ylabel="y in metres (front)", aspect="equal"
    )
    plan.margins(0.05)
    return [picture, plan]


def plot_space_time(scene: MovingScene, ax=None):
    """Where each source is at what time of the clip: its azimuth, a thick line where it is heard, with all cuts.

    Parameters
    ----------
    scene : MovingScene
        Drawn are of all its ``shots`` the azimuth of ``paths_m``, (P, N, 3) float64, metres, listener's frame, and
        ``heard``, (P, N), 0 to 1.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        In degrees over seconds; azimuth is positive to the left, and left is up.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    ax = axes_for(ax, figsize=(9, 4.2))
    farthest = LEAST_AZIMUTH_DEG
    for shot in scene.shots:
        for k, label in enumerate(shot.key.labels):
            azimuth_deg, _, _ = directions(shot.paths_m[:, k])
            seconds = shot.start_s + shot.times_s
            behind = np.abs(np.diff(azimuth_deg)) > 180  # from +180 to -180 degrees: the line does not cross the figure
            points = np.stack([seconds, azimuth_deg], axis=1)
            _draw_line(ax, points, shot.heard[:, k], source_colour(k), gaps=behind)
            begin = int(np.argmax(shot.heard[:, k] >= 0.5))  # where it begins to be heard
            rises = azimuth_deg[-1] > azimuth_deg[begin]  # its name stands on the other side
            ax.annotate(
                f"{k + 1} {label['label']}", points[begin], (6, -9 if rises else 9), textcoords="offset points",
                va="top" if rises else "bottom", color=source_colour(k), fontsize=11, fontweight="bold", zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1},
            )  # fmt: skip
            farthest = max(farthest, float(np.abs(azimuth_deg).max()))
    for shot in scene.shots[1:]:
        ax.axvline(shot.start_s, color="black", lw=1.5, ls="--")
        ax.annotate(
            "cut", (shot.start_s, 1), (4, -4), xycoords=ax.get_xaxis_transform(), textcoords="offset points", va="top",
            fontsize=11,
        )  # fmt: skip
    ax.axhline(0, color="0.5", lw=1)
    limit = min(180.0, 1.15 * farthest)
    ax.grid(alpha=0.3)
    ax.set(
        title="Where and when: a line is thick where its source is heard", xlabel="time in seconds",
        ylabel="azimuth in degrees (+: left)", xlim=(0, scene.clip.end_s), ylim=(-limit, limit),
    )  # fmt: skip
    return ax


def _draw_path(ax, points: np.ndarray, seconds: np.ndarray, heard: np.ndarray, marks: list[float], k: int, name: str):
    """The path (n, 2) of source k over moments (n,), with dots at some of them, an arrow, and its number and name."""
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    if not len(known):
        return
    points, seconds, heard = points[known], seconds[known], heard[known]
    colour = source_colour(k)
    _draw_line(ax, points, heard, colour, gaps=np.diff(known) > 1, casing=True)
    length = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
    span, told = max(np.ptp(ax.get_xlim()), 1e-9), points[:1]
    if length > 0.05 * span:  # what rests has no way to go, and all its moments in one place
        for at in marks:
            if not seconds[0] <= at <= seconds[-1]:
                continue
            x, y = (np.interp(at, seconds, column) for column in points.T)
            ax.plot(x, y, "o", ms=7, color=colour, mec="white", mew=1.5, zorder=4)
            if np.hypot(*(told - (x, y)).T).min() < 0.09 * span:
                continue  # no room for its words
            told = np.vstack([told, (x, y)])
            ax.annotate(
                f"{at:g} s", (x, y), (0, 9), textcoords="offset points", ha="center", fontsize=11, zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1},
            )  # fmt: skip
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        back = int(np.searchsorted(along, along[-1] - 0.03 * span))
        ax.annotate(
            "", points[-1], points[min(back, len(points) - 2)], zorder=4,
            arrowprops={"arrowstyle": "-|>", "color": colour, "mutation_scale": 24, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
    start = points[0]
    ax.plot(*start, "o", ms=15, color=colour, mec="white", zorder=5)
    ax.text(*start, str(k + 1), color="white", ha="center", va="center", fontweight="bold", zorder=6)
    if name:
        right = start[0] > np.mean(ax.get_xlim())
        ax.annotate(
            name, start, (-13 if right else 13, 0), textcoords="offset points", color="white", fontsize=11,
            ha="right" if right else "left", va="center", zorder=5,
            bbox={"facecolor": colour, "edgecolor": "none", "pad": 2},
        )  # fmt: skip


def _draw_line(ax, points: np.ndarray, heard: np.ndarray, colour: str, *, gaps: np.ndarray, casing: bool = False):
    """A line through points (n, 2), thick where it is heard (n,), broken after the points of `gaps` (n - 1,) bool."""
    from matplotlib.collections import LineCollection

    if len(points) < 2:
        return
    share = np.clip(0.5 * (heard[:-1] + heard[1:]), 0, 1)[~gaps]
    pieces = np.stack([points[:-1], points[1:]], axis=1)[~gaps]
    widths, opacities = (low + (high - low) * share for low, high in (WIDTHS, OPACITIES))
    if casing:  # a white edge, to be seen on any photo
        ax.add_collection(LineCollection(list(pieces), colors="white", linewidths=widths + 2, capstyle="round"))
    line = LineCollection(list(pieces), colors=colour, linewidths=widths, alpha=opacities, capstyle="round", zorder=3)
    ax.add_collection(line)
    ax.autoscale_view()


def _marks(start_s: float, end_s: float) -> list[float]:
    """Round moments of a shot, at most `MOST_MARKS` of them."""
    for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200):
        first, last = np.ceil(start_s / step + 1e-6), np.floor(end_s / step + 1e-6)
        if last - first + 1 <= MOST_MARKS:
            return [round(step * number, 1) for number in np.arange(first, last + 1)]
    return []
