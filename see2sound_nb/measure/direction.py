"""Where a sound comes from, read from the channels that were rendered.

Ask it of the direct sound, and the answer is where the source is. Ask it of a whole recording, and the answer is one
direction for all sources and all walls: two equal sources at 45 degrees left and right are "ahead".

Notebook: 08_evaluation.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb._checks import checked_channels
from see2sound_nb.places.frames import directions, unit_vectors
from see2sound_nb.render.layouts import LAYOUTS, LOUDSPEAKERS
from see2sound_nb.room.spherical_harmonics import encode

#: A mean vector shorter than this share of what it could be points nowhere.
LEAST_VECTOR = 1e-6


def direction_from_foa(foa: np.ndarray) -> tuple[float, float]:
    """Direction of the mean sound intensity of first-order Ambisonics.

    Parameters
    ----------
    foa : np.ndarray
        (4, T) float, W, Y, Z, X (AmbiX); of SN3D, N3D and FuMa levels alike. Higher orders may follow, and are not
        looked at.

    Returns
    -------
    azimuth_deg, elevation_deg : float
        Azimuth positive to the left.

    Raises
    ------
    ValueError
        If there are fewer than four channels, a sample is not finite, or the intensity is zero, as in silence, in a
        sound from everywhere alike, or with nothing but W.

    Notes
    -----
    I is the mean over time of W times (X, Y, Z), which points to the source (Merimaa and Pulkki, "Spatial impulse
    response rendering I", J. Audio Eng. Soc. 53, 2005). A plane wave gives its direction exactly, and so does one among
    diffuse sound that lasts long. Notebook: 08_evaluation.

    Examples
    --------
    >>> [round(v, 1) for v in direction_from_foa([[1.0, -1.0], [0.5, -0.5], [0.0, 0.0], [0.5, -0.5]])]
    [45.0, 0.0]
    """
    foa = checked_channels(foa, "FOA: W, Y, Z, X", least=4)
    W, Y, Z, X = foa[:4]
    towards = np.array([-np.sum(W * Y), np.sum(W * X), np.sum(W * Z)])
    most = np.sqrt(np.sum(W**2) * np.sum(foa[1:4] ** 2))
    if not np.linalg.norm(towards) > LEAST_VECTOR * most:
        raise ValueError("the sound's intensity is zero, it comes from nowhere or everywhere alike; give another sound")
    azimuth, elevation, _ = directions(towards)
    return float(azimuth), float(elevation)


def direction_from_loudspeakers(channels: np.ndarray, layout: str = "5.1") -> tuple[float, float]:
    """Direction of the mean sound intensity where the listener sits, with all loudspeakers equally far.

    Parameters
    ----------
    channels : np.ndarray
        (n_ch, T) float, in the order of `LAYOUTS`.
    layout : str
        ``"5.1"`` or ``"7.1.4"``; the LFE has no direction and does not count.

    Returns
    -------
    azimuth_deg, elevation_deg : float
        Azimuth positive to the left; the elevation of 5.1, which is flat, is 0.

    Raises
    ------
    ValueError
        If the layout has no loudspeakers, the channels are not as many, a sample is not finite, or the intensity is
        zero, as in silence.

    Notes
    -----
    Each loudspeaker is a plane wave; `direction_from_foa` of their sum. It is the velocity vector r_V of a sound that
    is panned, so it gives back what was panned to, and the energy vector r_E of sounds that have nothing in common
    (Gerzon, "General metatheory of auditory localisation", AES preprint 3306, 1992). What is heard of a panned sound
    above some 700 Hz follows r_E: in 5.1 that is up to 4.5 degrees beside in front, and up to 11.5 degrees from 30 to
    110. Notebook: 08_evaluation.

    Examples
    --------
    >>> round(direction_from_loudspeakers([[1.0], [0], [1], [0], [0], [0]], "5.1")[0], 1)  # FL and FC play the same
    15.0
    """
    if layout not in LOUDSPEAKERS:
        raise ValueError(f"layout {layout!r} has no loudspeakers; choose one of {', '.join(LOUDSPEAKERS)}")
    names, places = LAYOUTS[layout], LOUDSPEAKERS[layout]
    channels = checked_channels(channels, layout, least=len(names), most=len(names))
    waves = encode(unit_vectors(*np.array(list(places.values()), dtype=float).T), 1)
    return direction_from_foa(waves.T @ channels[[names.index(name) for name in places]])


def angle_between_deg(first: tuple[float, float], second: tuple[float, float]) -> float:
    """The angle in degrees, 0 to 180, between two directions, each (azimuth, elevation) in degrees.

    Notes
    -----
    Of two random directions it is 90 degrees in the mean. Of a source in a photo of 60 degrees, "always ahead" is wrong
    by no more than 18 in the mean: no figure means anything without that baseline. Notebook: 08_evaluation.

    Examples
    --------
    >>> round(angle_between_deg((30.0, 0.0), (-15.0, 0.0)), 6)
    45.0
    """
    u, v = unit_vectors(*np.array([first, second], dtype=float).T)
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v)))
