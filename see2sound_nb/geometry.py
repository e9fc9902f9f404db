"""Frames, and the way from a pixel with a depth to a point in metres (section 4.1). Defined here, once.

The **listener's frame**: origin at the listener's ears, x to the right, y forward, z up, in metres.
Azimuth is 0 in front and positive to the left, elevation 0 at ear height and positive up, both in degrees
(as Ambisonics and SOFA have them). The **image frame**: x to the right and y *down* in pixels, origin at the
centre of the top left pixel. The **room frame** is the listener's frame moved so that the corner at the
listener's left, back and feet is the origin.

Notebook: 03_depth.
"""

from __future__ import annotations

import numpy as np

#: Horizontal field of view of a typical phone or compact camera at its wide end, in degrees.
DEFAULT_FOV_DEG = 60.0
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


def lift(points_px: np.ndarray, depth_m: np.ndarray, image_size: tuple[int, int], *, fov_deg: float = DEFAULT_FOV_DEG):
    """Lift points of the image to the listener's frame with a pinhole camera that stands at the listener.

    Parameters
    ----------
    points_px : np.ndarray
        (N, 2) float, (x, y) in pixels, y down.
    depth_m : np.ndarray
        (N,) float, metres along the optical axis.
    image_size : tuple of int
        (width, height) in pixels.
    fov_deg : float
        Horizontal field of view in degrees, between 1 and 179.

    Returns
    -------
    np.ndarray
        (N, 3) float64, metres, listener's frame.

    Raises
    ------
    ValueError
        If the field of view is outside 1 to 179 degrees.

    Notes
    -----
    The focal length ``focal_px`` is in pixels: half the width over the tangent of half the field of view.
    Paper: section 4.1, "3D coordinates from the image coordinates and the monocular depth coordinates".
    Notebook: 03_depth.

    Examples
    --------
    >>> lift([[0.0, 49.5]], [2.0], (100, 100), fov_deg=90.0).round(2)
    array([[-1.98,  2.  ,  0.  ]])
    """
    if not 1 <= fov_deg <= 179:
        raise ValueError(f"fov_deg={fov_deg} must lie between 1 and 179 degrees; a phone has about 60")
    width, height = image_size
    focal_px = 0.5 * width / np.tan(np.radians(fov_deg) / 2)
    points_px = np.asarray(points_px, dtype=np.float64).reshape(-1, 2)
    depth_m = np.asarray(depth_m, dtype=np.float64).reshape(-1)
    x = (points_px[:, 0] - (width - 1) / 2) / focal_px * depth_m
    z = ((height - 1) / 2 - points_px[:, 1]) / focal_px * depth_m
    return np.stack([x, depth_m, z], axis=1)


def directions(positions_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Azimuth, elevation and distance of points in the listener's frame.

    Parameters
    ----------
    positions_m : np.ndarray
        (..., 3) float, metres, listener's frame.

    Returns
    -------
    azimuth_deg, elevation_deg, distance_m : np.ndarray
        (...) float64 each; azimuth from -180 to 180, positive to the left; straight behind is either of the two.

    Notes
    -----
    Notebook: 03_depth.

    Examples
    --------
    >>> [float(v) for v in directions([-1.0, 1.0, 0.0])[:2]]
    [45.0, 0.0]
    """
    x, y, z = np.moveaxis(np.asarray(positions_m, dtype=np.float64), -1, 0)
    azimuth = np.degrees(np.arctan2(-x, y))
    elevation = np.degrees(np.arctan2(z, np.hypot(x, y)))
    return azimuth, elevation, np.sqrt(x**2 + y**2 + z**2)


def unit_vectors(azimuth_deg: np.ndarray, elevation_deg: np.ndarray | float = 0.0) -> np.ndarray:
    """Unit vectors in the listener's frame: the inverse of `directions`.

    Parameters
    ----------
    azimuth_deg, elevation_deg : array_like
        (...) float, degrees.

    Returns
    -------
    np.ndarray
        (..., 3) float64, without unit.

    Notes
    -----
    Notebook: 03_depth.
    """
    azimuth, elevation = np.broadcast_arrays(np.radians(azimuth_deg), np.radians(elevation_deg))
    flat = np.cos(elevation)
    return np.stack([-np.sin(azimuth) * flat, np.cos(azimuth) * flat, np.sin(elevation)], axis=-1)


def paper_positions(points_px: np.ndarray, D: np.ndarray, listener_m: tuple[float, float, float]) -> np.ndarray:
    """Positions as the paper's code has them: pixels as metres, and inverse depth turned round as depth.

    Kept for faithfulness. Depth is (1 - normalised D) * half the picture's width, at the pixel itself: linear in
    *inverse* depth, so distances are bent (compare `metres_from_inverse_depth`). Positions on a wall are moved
    1 m inside.

    Parameters
    ----------
    points_px : np.ndarray
        (N, 2) float, (x, y) in pixels, y down.
    D : np.ndarray
        (H, W) float, inverse depth, larger is nearer.
    listener_m : tuple of float
        The listener in metres, room frame of `room.paper_room`.

    Returns
    -------
    np.ndarray
        (N, 3) float64, metres (pixels taken for metres), listener's frame.

    Raises
    ------
    ValueError
        If `D` has NaN or infinite values, or is constant.

    Notes
    -----
    Paper: appendix A and the released code. Notebook: 03_depth.
    """
    D = np.asarray(D, dtype=np.float64)
    if not np.isfinite(D).all() or np.ptp(D) == 0:
        raise ValueError("depth is constant or holds NaN; it must be finite and vary: use another photo or model")
    height, width = D.shape
    x, y = np.floor(np.asarray(points_px, dtype=np.float64)).astype(int).T
    away = (D.max() - D[y, x]) / np.ptp(D) * 0.5 * width
    in_room = np.stack([x, away, height - y], axis=1).astype(np.float64)
    return np.clip(in_room, 1.0, np.array([width, 0.5 * width, height]) - 1.0) - listener_m
