"""The frames of this project, defined here, once; and directions in them.

The **listener's frame**: origin at the listener's ears, x to the right, y forward, z up, in metres.
Azimuth is 0 in front and positive to the left, elevation 0 at ear height and positive up, both in degrees
(as Ambisonics and SOFA have them). The **image frame**: x to the right and y *down* in pixels, origin at the
centre of the top left pixel. The **room frame** is the listener's frame moved so that the corner at the
listener's left, back and feet is the origin.

Notebook: 03_depth.
"""

from __future__ import annotations

import math

import numpy as np


def even_directions(count: int) -> np.ndarray:
    """Directions spread evenly over the sphere, on a Fibonacci spiral: (count, 3) float64 unit vectors."""
    k = np.arange(count)
    z = 1 - (2 * k + 1) / count
    turn = k * np.pi * (3 - math.sqrt(5))
    flat = np.sqrt(1 - z * z)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)


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
