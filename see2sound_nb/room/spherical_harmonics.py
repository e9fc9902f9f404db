"""Real spherical harmonics: the patterns of a receiver that hears a whole sound field at one point.

AmbiX throughout (Nachbar et al. 2011): channels in ACN order, l * l + l + m, spherical harmonics in SN3D.
Azimuth is positive to the left, so Y points left, Z up and X to the front. What is done with the channels afterwards
(turned heads, loudspeakers, ears) is in `render.ambisonics` and `render.magls`.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math

import numpy as np

from see2sound_nb._checks import rows_of_three

#: Highest order offered: 36 channels.
MAX_ORDER = 5


def check_order(order: int) -> int:
    """Return `order`, or raise ValueError if it is not a whole number from 0 to `MAX_ORDER`."""
    if order not in range(MAX_ORDER + 1):
        raise ValueError(f"Ambisonics order {order!r} must be a whole number from 0 to {MAX_ORDER}; choose one")
    return int(order)


def degrees_of_channels(order: int) -> np.ndarray:
    """The degree l of each of the (order + 1)^2 channels, int."""
    return np.repeat(np.arange(order + 1), 2 * np.arange(order + 1) + 1)


def encode(vectors: np.ndarray, order: int) -> np.ndarray:
    """Gains of the Ambisonics channels for sounds from given directions: real spherical harmonics.

    Parameters
    ----------
    vectors : np.ndarray
        (n, 3) float, towards the sounds, listener's frame, of any length but zero.
    order : int
        N, 0 to 5.

    Returns
    -------
    np.ndarray
        (n, (N + 1)^2) float64, ACN order, SN3D: first 1, then the direction cosines to the left, up and front, ...

    Raises
    ------
    ValueError
        If the order is not 0 to 5, or the vectors are not (n, 3) or not finite.

    Notes
    -----
    Nachbar, Zotter, Deleflie and Sontacchi, "AmbiX", Ambisonics Symposium 2011. Notebook: 00_start_here.

    Examples
    --------
    >>> encode([[-2.0, 0.0, 0.0]], 1)
    array([[1., 1., 0., 0.]])
    """
    check_order(order)
    vectors = rows_of_three("vectors", vectors)
    right, x, z = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T
    y = -right
    gains = np.empty((len(vectors), (order + 1) ** 2))
    cosine, sine = np.ones_like(x), np.zeros_like(x)  # of m times the azimuth, times cos(elevation)^m
    double_factorial = 1.0
    for m in range(order + 1):
        before, legendre = np.zeros_like(z), np.full_like(z, double_factorial)  # P_l^m(z) / cos(elevation)^m
        for degree in range(m, order + 1):
            norm = math.sqrt((2 - (m == 0)) * math.factorial(degree - m) / math.factorial(degree + m))
            centre = degree * degree + degree
            gains[:, centre - m] = norm * legendre * sine
            gains[:, centre + m] = norm * legendre * cosine
            before, legendre = (
                legendre,
                ((2 * degree + 1) * z * legendre - (degree + m) * before) / (degree + 1 - m),
            )
        cosine, sine = x * cosine - y * sine, x * sine + y * cosine
        double_factorial *= 2 * m + 1
    return gains
