"""Log-mel spectrograms as pictures, and how far off a sampler is.

Notebook: 04_audio.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb.plots.common import axes_for, source_colour


def plot_mels(mels: dict[str, np.ndarray], columns: int = 3, frame_s: float = 0.01, **scale):
    """Log-mel spectrograms on one colour scale, bright where it is loud.

    Parameters
    ----------
    mels : dict
        For each title (frames, bands) float.
    columns : int
        Pictures in a row.
    frame_s : float
        From frame to frame, in seconds.
    **scale
        ``vmin`` and ``vmax``; by default the range of the last one.

    Returns
    -------
    np.ndarray
        The axes.
    """
    from matplotlib import pyplot

    pictures = {title: np.asarray(mel) for title, mel in mels.items()}
    last = list(pictures.values())[-1]
    scale = {"vmin": last.min(), "vmax": last.max()} | scale
    columns = min(columns, len(mels))
    rows = -(-len(mels) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(11, 0.8 + 1.9 * rows), layout="constrained", sharex=True, sharey=True, squeeze=False
    )
    for ax, (title, mel) in zip(axes.flat, pictures.items()):
        extent = (0, len(mel) * frame_s, -0.5, mel.shape[1] - 0.5)
        shown = ax.imshow(mel.T, origin="lower", aspect="auto", cmap="cividis", extent=extent, **scale)
        ax.set_title(title, fontsize=12)
    for ax in axes[-1]:
        ax.set_xlabel("time in seconds")
    for ax in axes[:, 0]:
        ax.set_ylabel("mel band")
    figure.colorbar(shown, ax=axes, label="log-mel, no unit", shrink=0.9)
    return axes


def plot_steps(distances: dict[str, dict[int, float]], ax=None):
    """How far off a sampler is over its number of steps, on logarithmic axes.

    Parameters
    ----------
    distances : dict
        For each solver its relative distance, without unit, at each number of steps.
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
