"""Step 2 of figure 2, depth and the lift to three dimensions: where the sources of a photo are.

Notebook: 03_depth.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from see2sound_nb._progress import Progress, quiet
from see2sound_nb.places.depth import estimate_depth, is_metric
from see2sound_nb.places.lifting import DEFAULT_FOV_DEG, lift, paper_positions
from see2sound_nb.places.metres import FAR_M, NEAR_M, metres_from_inverse_depth
from see2sound_nb.regions.boxes import box_centres
from see2sound_nb.room.shoebox import paper_room

#: A metric depth model may answer with nothing or with the sky; a room of ours holds depths in metres between these.
METRIC_RANGE_M = (0.3, 100.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Places:
    """Where N sources are.

    Attributes
    ----------
    depth : np.ndarray
        D, (H, W) float32, inverse depth, larger is nearer; in 1/m if `metric`, else without unit.
    positions_m : np.ndarray
        (N, 3) float64, metres, listener's frame.
    metric : bool
        Whether the depth model knows metres.
    notes : list of str
        What was decided on the way, in words.
    """

    depth: np.ndarray
    positions_m: np.ndarray
    metric: bool
    notes: list[str]


def place_sources(
    I: np.ndarray,
    M: np.ndarray,
    R: np.ndarray,
    model: Any,
    processor: Any,
    *,
    geometry: str = "metric",
    fov_deg: float = DEFAULT_FOV_DEG,
    tell: Progress = quiet,
) -> Places:
    """Estimate the depth of a photo, and lift its regions to points in space.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    M : np.ndarray
        (N, H, W) bool, the regions. A region that is the whole photo has no place: it is put straight ahead, half way
        (in ratio) between near and far.
    R : np.ndarray
        (N, 4), pixels, [x_min, x_max, y_min, y_max], their boxes.
    model, processor
        As from `places.loading.load_depth`.
    geometry : str
        ``"metric"`` (a pinhole camera at the listener: the middle of a box, at the median depth of its region) or
        ``"paper"`` (appendix A).
    fov_deg : float
        The camera's horizontal field of view in degrees.
    tell : callable
        Called as ``tell("depth", done, total)``.

    Returns
    -------
    Places

    Raises
    ------
    ValueError
        As `estimate_depth`, `metres_from_inverse_depth`, `lift` and `paper_positions`.

    Notes
    -----
    Paper: section 4.1. Notebook: 03_depth.
    """
    tell("depth", 0, 1)
    D, metric = estimate_depth(I, model, processor), is_metric(model)
    tell("depth", 1, 1)
    positions_m, notes = lift_regions(M, R, D, metric=metric, geometry=geometry, fov_deg=fov_deg)
    return Places(D, positions_m, metric, notes)


def lift_regions(
    M: np.ndarray,
    R: np.ndarray,
    D: np.ndarray,
    *,
    metric: bool = False,
    geometry: str = "metric",
    fov_deg: float = DEFAULT_FOV_DEG,
) -> tuple[np.ndarray, list[str]]:
    """Lift regions whose depth is known.

    Parameters
    ----------
    M, R, geometry, fov_deg
        As in `place_sources`.
    D : np.ndarray
        (H, W) float32, inverse depth, larger is nearer.
    metric : bool
        Whether `D` is in 1/m; else it has neither scale nor zero.

    Returns
    -------
    positions_m : np.ndarray
        (N, 3) float64, metres, listener's frame.
    notes : list of str
        What was decided on the way, in words.

    Notes
    -----
    Paper: section 4.1. Notebook: 03_depth.
    """
    height, width = D.shape
    centres = box_centres(R)
    if geometry == "paper":
        return paper_positions(centres, D, paper_room((width, height))[0].listener_m), []
    if M.all():
        return np.tile([0.0, np.sqrt(NEAR_M * FAR_M), 0.0], (len(M), 1)), []
    depth_m = 1 / D if metric else metres_from_inverse_depth(D)
    found_m = np.array([np.median(depth_m[mask]) for mask in M])
    depths_m = np.clip(found_m, *METRIC_RANGE_M)
    notes = []
    if (depths_m != found_m).any():
        least, most = METRIC_RANGE_M
        notes.append(f"Depths of {found_m.min():.2g} to {found_m.max():.2g} m were moved into {least:g} to {most:g} m.")
    return lift(centres, depths_m, (width, height), fov_deg=fov_deg), notes
