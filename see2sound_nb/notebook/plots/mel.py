"""Log-mel spectrograms as pictures, and how far off a sampler is.

Notebook: 04_audio.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb.notebook.plots.common import axes_for, source_colour

#: From frame to frame of a log-mel, in seconds, in the tiny CoDi as in the large one.
FRAME_S = 0.01


def plot_mels(mels: dict[str, np.ndarray], columns: int = 3):
    """Log-mel spectrograms on the colour scale of the last one, bright where it is loud.

    Parameters
    ----------
    mels : dict
        For each title (frames, bands) float, natural logarithm, one frame each `FRAME_S`, the lowest band first.
    columns : int
        Pictures in a row.

    Returns
    -------
    np.ndarray
        (rows, columns) axes; those without a picture are off.

    Notes
    -----
    Notebook: 04_audio.
    """
    from matplotlib import pyplot

    pictures = {title: np.asarray(mel) for title, mel in mels.items()}
    last = list(pictures.values())[-1]
    columns = min(columns, len(mels))
    rows = -(-len(mels) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(11, 0.8 + 1.9 * rows), layout="constrained", sharex=True, sharey=True, squeeze=False
    )
    for ax, (title, mel) in zip(axes.flat, pictures.items()):
        extent = (0, len(mel) * FRAME_S, -0.5, mel.shape[1] - 0.5)
        shown = ax.imshow(
            mel.T, origin="lower", aspect="auto", cmap="cividis", extent=extent, vmin=last.min(), vmax=last.max()
        )
        ax.set_title(title, fontsize=12)
    for ax in axes.flat[len(pictures) :]:
        ax.set_axis_off()
    for ax in axes.flat[max(0, len(pictures) - columns) : len(pictures)]:  # the lowest picture of each column
        ax.set_xlabel("time in seconds")
        ax.tick_params(labelbottom=True)
    for ax in axes[:, 0]:
        ax.set_ylabel("mel band")
    figure.colorbar(shown, ax=axes, label="log-mel, no unit", shrink=0.9)
    return axes


def plot_steps(distances: dict[str, dict[int, float]], ax=None):
    """How far off a sampler is over its number of steps, on logarithmic axes.

    Parameters
    ----------
    distances : dict
        For each solver its relative distance, positive and without unit, at each number of steps.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default new axes.

    Returns
    -------
    matplotlib.axes.Axes
        One line for each solver; distances are labelled in percent.

    Notes
    -----
    Notebook: 04_audio.
    """
    ax = axes_for(ax, figsize=(8, 4))
    for k, (name, row) in enumerate(distances.items()):
        ax.loglog(
            list(row), list(row.values()), "osD^vP"[k % 6] + "-", color=source_colour(k), ms=9, lw=2.5, label=name
        )
    ax.minorticks_off()
    ticks = sorted({steps for row in distances.values() for steps in row})
    ax.set_xticks(ticks, [str(steps) for steps in ticks])
    low, high = ax.get_ylim()
    percents = [percent for percent in (1, 2, 5, 10, 20, 50, 100) if low < percent / 100 < high]
    ax.set_yticks([percent / 100 for percent in percents], [f"{percent} %" for percent in percents])
    ax.grid(alpha=0.4)
    ax.legend(fontsize=11)
    ax.set(title="How far off", xlabel="steps", ylabel="relative distance")
    return ax
