"""The way from a pixel with a depth to a point in metres (section 4.1). The frames are those of `places.frames`.

Notebook: 03_depth.
"""

from __future__ import annotations

import numpy as np

#: Horizontal field of view of a typical phone or compact camera at its wide end, in degrees.
DEFAULT_FOV_DEG = 60.0


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
        The listener in metres, room frame of `room.shoebox.paper_room`.

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
