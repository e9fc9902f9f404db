"""From inverse depth without unit to metres (section 4.1).

Notebook: 03_depth.
"""

from __future__ import annotations

import numpy as np

#: Inverse depth has neither scale nor zero. These two distances in metres supply both (see below).
NEAR_M, FAR_M = 1.5, 8.0


def metres_from_inverse_depth(D: np.ndarray, *, near_m: float = NEAR_M, far_m: float = FAR_M) -> np.ndarray:
    """Turn affine-invariant inverse depth into depth in metres.

    Depth Anything answers with D = a / depth + b, with a > 0 and b unknown. Taking D (or its negative) for
    a distance is the field's most common mistake: distances come out bent, and near things too far away.
    Two distances fix a and b: the nearest 2 % of the picture are put at `near_m`, the farthest 2 % at
    `far_m`. The two are assumptions; order and shape of the result are the model's.

    Parameters
    ----------
    D : np.ndarray
        (H, W) float, inverse depth without unit, larger is nearer.
    near_m, far_m : float
        Depths in metres given to the 98th and to the 2nd percentile of `D`.

    Returns
    -------
    np.ndarray
        (H, W) float32, depth in metres along the optical axis (the listener's y), clipped to the two.

    Raises
    ------
    ValueError
        If `D` has NaN or infinite values, is constant, or not 0 < near_m < far_m.

    Notes
    -----
    Paper: section 4.1. MiDaS (Ranftl et al. 2020) explains the unknown scale and shift.
    Notebook: 03_depth.
    """
    D = np.asarray(D, dtype=np.float64)
    if not 0 < near_m < far_m:
        raise ValueError(f"near_m={near_m} and far_m={far_m} must satisfy 0 < near_m < far_m; swap or enlarge them")
    if not np.isfinite(D).all():
        raise ValueError(
            f"depth holds {(~np.isfinite(D)).sum()} NaN or infinite values; every pixel needs one: re-estimate it"
        )
    low, high = np.percentile(D, [2, 98])
    if high - low <= 1e-9 * max(1.0, abs(high)):
        raise ValueError(
            f"depth is constant ({high:.6g}); it must vary to order the sources: use another photo or model"
        )
    nearness = np.clip((D - low) / (high - low), 0.0, 1.0)
    per_metre = 1.0 / far_m + nearness * (1.0 / near_m - 1.0 / far_m)
    return (1.0 / per_metre).astype(np.float32)


def metres_between(
    D: np.ndarray, low: float, high: float, *, near_m: float = NEAR_M, far_m: float = FAR_M
) -> np.ndarray:
    """Depth in metres, given which inverse depth is near and which is far: one pair for all frames of a shot.

    Parameters
    ----------
    D : np.ndarray
        (...) float, inverse depth without unit, larger is nearer; NaN stays NaN.
    low, high : float
        What lies at `far_m` and at `near_m`, low < high.
    near_m, far_m : float
        Depths in metres.

    Returns
    -------
    np.ndarray
        (...) float64, depth in metres along the optical axis (the listener's y), clipped to the two.

    Notes
    -----
    A pair for each frame would make all distances breathe whenever something near comes into the picture.
    Notebook: 07_moving_pictures.
    """
    nearness = np.clip((np.asarray(D, dtype=np.float64) - low) / (high - low), 0.0, 1.0)
    return 1.0 / (1.0 / far_m + nearness * (1.0 / near_m - 1.0 / far_m))


def fit_scale_and_shift(D: np.ndarray, depth_m: np.ndarray) -> tuple[float, float]:
    """Find the line from inverse depth without unit to inverse depth in 1/m, from places whose depth is known.

    Parameters
    ----------
    D : np.ndarray
        (K,) float, inverse depth without unit at K >= 2 places, larger is nearer.
    depth_m : np.ndarray
        (K,) float, their depths in metres along the optical axis.

    Returns
    -------
    scale, shift : float
        In 1/m, so that 1 / (scale * D + shift) is depth in metres, as far as that is positive: the least squares of
        1 / depth_m - (scale * D + shift). The scale is positive where larger D is nearer.

    Raises
    ------
    ValueError
        If there are fewer than two places, all have the same D, or a depth is not positive.

    Notes
    -----
    MiDaS (Ranftl et al. 2020) aligns estimate and truth so. Notebook: 03_depth.

    Examples
    --------
    >>> [round(value, 3) for value in fit_scale_and_shift([1.7, 0.2], [1.0, 4.0])]
    [0.5, 0.15]
    """
    D, depth_m = np.asarray(D, dtype=np.float64), np.asarray(depth_m, dtype=np.float64)
    if D.shape != depth_m.shape or D.ndim != 1:
        raise ValueError(f"D {D.shape} and depth_m {depth_m.shape} must both be (K,): give one depth for each place")
    if len(D) < 2 or np.ptp(D) == 0:
        raise ValueError(f"{len(D)} places with one value of D give no line; use two that differ in D")
    if not (np.isfinite(D).all() and np.isfinite(depth_m).all() and depth_m.min() > 0):
        raise ValueError(
            f"depths from {depth_m.min():.6g} m must be finite and positive, and D finite; leave others out"
        )
    line = np.stack([D, np.ones_like(D)], axis=1)
    (scale, shift), *_ = np.linalg.lstsq(line, 1 / depth_m, rcond=None)
    return float(scale), float(shift)
