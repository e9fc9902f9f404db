"""Ambisonics: a sound field around a point, as numbers that turn with the head and fit any loudspeakers or ears.

AmbiX throughout (Nachbar et al. 2011): channels in ACN order, l * l + l + m, spherical harmonics in SN3D.
Azimuth is positive to the left, so Y points left, Z up and X to the front.

Notebook: 00_start_here.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from see2sound_nb.places.frames import even_directions
from see2sound_nb.render.panning import pan
from see2sound_nb.room.spherical_harmonics import check_order, degrees_of_channels, encode


def head_rotation(yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> np.ndarray:
    """The frame of a turned head.

    Parameters
    ----------
    yaw_deg, pitch_deg, roll_deg : float
        Head turned to the left, then nose up, then the right ear down, in degrees.

    Returns
    -------
    np.ndarray
        (3, 3) float64, its columns the head's right, front and up in the listener's frame; ``vectors @ R`` are
        vectors as the turned head sees them.

    Raises
    ------
    ValueError
        If an angle is not finite.
    """
    if not np.isfinite([yaw_deg, pitch_deg, roll_deg]).all():
        raise ValueError(f"a head turned by {yaw_deg}, {pitch_deg}, {roll_deg} degrees is nowhere; use finite angles")
    (cy, cp, cr), (sy, sp, sr) = (f(np.radians([yaw_deg, pitch_deg, roll_deg])) for f in (np.cos, np.sin))
    yaw = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, 0, sr], [0, 1, 0], [-sr, 0, cr]])
    return yaw @ pitch @ roll


def rotation_matrix(order: int, yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> np.ndarray:
    """Turn the head in a sound field: what was in front of a head that turns left is then on its right.

    Parameters
    ----------
    order : int
        N, 0 to 5.
    yaw_deg, pitch_deg, roll_deg : float
        As in `head_rotation`.

    Returns
    -------
    np.ndarray
        ((N + 1)^2, (N + 1)^2) float64, block by degree; ``matrix @ channels`` is the field as the turned head has it.

    Notes
    -----
    A rotated harmonic is a sum of harmonics of its own degree, so that the values in enough directions determine
    the matrix; the solution is exact, not an approximation. Notebook: 00_start_here.
    """
    towards, inverse = _sampled(check_order(order))
    turned = inverse @ encode(towards @ head_rotation(yaw_deg, pitch_deg, roll_deg), order)
    degree = degrees_of_channels(order)
    return np.where(degree[:, None] == degree, turned.T, 0.0)


@functools.cache
def _sampled(order: int) -> tuple[np.ndarray, np.ndarray]:
    towards = even_directions(4 * (order + 1) ** 2)
    return towards, np.linalg.pinv(encode(towards, order))


def loudspeaker_decoder(order: int, layout: str) -> np.ndarray:
    """Play Ambisonics on a layout of loudspeakers: AllRAD with max-rE weights.

    The field is first played by 1,000 evenly spread virtual loudspeakers, each of which is panned to the real ones.

    Parameters
    ----------
    order : int
        N, 1 to 5.
    layout : str
        ``"5.1"`` or ``"7.1.4"``.

    Returns
    -------
    np.ndarray
        (S, (N + 1)^2) float64, one row for each of the layout's full-range `LOUDSPEAKERS`; the power of a sound is
        1 on average over all directions.

    Raises
    ------
    ValueError
        If the order is not 1 to 5 or the layout unknown.

    Notes
    -----
    Zotter and Frank, "All-round Ambisonic panning and decoding", JAES 60(10), 2012. Notebook: 00_start_here.
    """
    if check_order(order) == 0:
        raise ValueError("Ambisonics order 0 has no directions to decode; use order 1 or more")
    virtual = even_directions(1000)
    degree = degrees_of_channels(order)
    centre = math.cos(math.radians(137.9 / (order + 1.51)))
    weights = np.polynomial.legendre.legvander(np.array([centre]), order)[0]
    harmonics = encode(virtual, order)
    matrix = pan(virtual, layout).T @ (harmonics * (weights * (2 * np.arange(order + 1) + 1))[degree])
    power = ((matrix @ harmonics.T) ** 2).sum(axis=0).mean()
    return matrix / math.sqrt(power)
