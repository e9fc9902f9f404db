"""Where a system put its sources, against where they are: from SELD metadata, whoever wrote it.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import math
import pathlib
from typing import Any

import numpy as np

from see2sound_nb.evaluation.known_truth.dcase import read_sources

#: A source is found if one stands within so many degrees of it: the threshold of DCASE's SELD.
FOUND_DEG = 20.0
#: What is measured of positions.
POSITION_MEASURES = ("recall", "precision", "angle_deg", "distance_ratio")


def score_positions(path: str | pathlib.Path, truth: dict[str, Any]) -> dict[str, float | None]:
    """Compare the places in a SELD file with the sources that are seen.

    Parameters
    ----------
    path : str or path
        As `dcase.read_sources` reads it.
    truth : dict
        ``truth.json``.

    Returns
    -------
    dict
        ``recall``, the share of visible sources within `FOUND_DEG` of a place of their own; ``precision``, the share of
        places that have such a source; ``angle_deg``, the mean angle of the pairs, near or not; ``distance_ratio``, the
        geometric mean of their distances' ratios, the larger over the smaller. None where nothing can be compared.

    Raises
    ------
    ValueError
        If the file cannot be read.

    Notes
    -----
    Pairs are those with the least sum of angles; kinds and times do not count, a photo tells no times. The sources off
    the screen, which a photo does not show, do not count either. Notebook: 08_evaluation.
    """
    from scipy.optimize import linear_sum_assignment

    towards, distance = read_sources(pathlib.Path(path))
    seen = [source for source in truth["sources"] if source["on_screen"]]
    where = np.array([source["position_m"] for source in seen])
    away = np.linalg.norm(where, axis=1)
    if not len(towards):
        return dict(recall=0.0, precision=None, angle_deg=None, distance_ratio=None)
    cosine = (where / away[:, None]) @ towards.T
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    rows, columns = linear_sum_assignment(angle)
    pairs = angle[rows, columns]
    found = int((pairs <= FOUND_DEG).sum())
    ratio = np.abs(np.log(distance[columns] / away[rows])) if (distance[columns] > 0).all() else np.array([math.nan])
    return dict(
        recall=found / len(seen),
        precision=found / len(towards),
        angle_deg=float(pairs.mean()),
        distance_ratio=float(np.exp(ratio.mean())) if np.isfinite(ratio).all() else None,
    )
