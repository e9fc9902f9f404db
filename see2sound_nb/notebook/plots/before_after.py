"""The authors' geometry beside ours, drawn: where a source is seen, and where its direct sound is heard.

Notebook: 08_evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from see2sound_nb.evaluation.before_after import GEOMETRIES
from see2sound_nb.notebook.plots.common import source_colour

TITLES = {"paper": "appendix A (six microphones)", "metric": "listener at the camera"}


def plot_before_after(rows: Sequence[dict[str, Any]]):
    """For each geometry, where sources are heard in 5.1 against where they are seen, and the ears' differences.

    Parameters
    ----------
    rows : sequence of dict
        As from `evaluation.before_after`, of any number of photos.

    Returns
    -------
    matplotlib.figure.Figure
        Direction in 5.1, ITD and ILD, each over the azimuth in the photo; the line is where a sound would be that is
        heard where it is seen. Left in the photo is left in the figure.

    Raises
    ------
    ValueError
        If there is no row.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    from matplotlib import pyplot

    if not rows:
        raise ValueError("there are no rows to draw; give those of before_after")
    seen = np.array([row["azimuth_deg"] for row in rows], dtype=float)
    widest = max(35.0, float(np.abs(seen).max()) + 5)
    figure = pyplot.figure(figsize=(15, 5), layout="constrained")
    panels = (("direction_5_1_deg", "heard in 5.1 at / deg"), ("itd_ms", "ITD / ms"), ("ild_db", "ILD / dB"))
    for ax, (name, label) in zip(figure.subplots(1, 3), panels):
        for k, geometry in enumerate(GEOMETRIES):
            values = np.array([np.nan if row[geometry][name] is None else row[geometry][name] for row in rows], float)
            ax.plot(seen, values, "Xo"[k], ms=9, color=source_colour(k), mec="white", label=TITLES[geometry])
        ax.axhline(0, color="0.7", lw=1)
        ax.axvline(0, color="0.7", lw=1)
        ax.set_xlim(widest, -widest)
        ax.set_xlabel("seen at azimuth / deg (left in the photo is left here)", fontsize=12)
        ax.set_ylabel(label + " (left is positive)", fontsize=12)
        ax.tick_params(labelsize=11)
        if name == "direction_5_1_deg":
            ax.plot([-widest, widest], [-widest, widest], color="black", lw=1.5, label="heard where it is seen")
            ax.set_ylim(-185, 185)
            ax.set_yticks(range(-180, 181, 60))
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=13)
    figure.suptitle(f"{len(rows)} sources, their direct sound in two geometries", fontsize=14)
    return figure
