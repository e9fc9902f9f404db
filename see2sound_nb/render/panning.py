"""Loudspeakers: how loudly each plays a sound from a given direction (where they stand is in `layouts`).

Vector base amplitude panning (Pulkki 1997): a direction is written as a positive combination of the loudspeakers
that enclose it, two in a flat layout and three in one with height. The power of the gains is 1 for every direction,
that is for each arrival by itself: what overlaps in a room adds up to more here and less there, as at a microphone.

Notebook: 00_start_here.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from see2sound_nb._checks import as_plain, rows_of_three
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.layouts import LOUDSPEAKERS

#: Layouts that ignore elevation.
FLAT = ("5.1",)
#: The ring of 7.1.4 at the height of the ears, from the right around the front.
_RING = ("BR", "SR", "FR", "FC", "FL", "SL", "BL")
#: Gaps in the dome of 7.1.4: the floor, the ceiling, and the back, where four loudspeakers stand in one plane and any
#: choice of three would differ from its mirror image. An imaginary loudspeaker stands in each, played by its rim.
_GAPS = (
    _RING,
    ("TFL", "TFR", "TBL", "TBR"),
    ("BL", "BR", "TBL", "TBR"),
)


class _Bases(NamedTuple):
    """The pairs or triangles of a layout of V vertices, of which some are imaginary, and S loudspeakers."""

    corners: np.ndarray  # (F, 3) int64, indices of vertices
    inverses: np.ndarray  # (F, 3, 3): a vector times the inverse is its gains of the three corners
    shares: np.ndarray  # (V, S): how each vertex is played by the loudspeakers


def check_loudspeakers(layout: str) -> str:
    """Return `layout`, or raise ValueError if it is not one of `LOUDSPEAKERS`."""
    if layout not in LOUDSPEAKERS:
        raise ValueError(f"layout {layout!r} has no loudspeakers to pan to; choose one of {', '.join(LOUDSPEAKERS)}")
    return layout


def pan(vectors: np.ndarray, layout: str) -> np.ndarray:
    """Gains of the full-range loudspeakers of a layout for sounds from given directions.

    A sound from a loudspeaker's direction is played by that loudspeaker alone. 5.1 is flat: elevation is ignored, and
    what is exactly overhead comes from the front. In 7.1.4, the floor and the ceiling are played by the loudspeakers
    around them.

    Parameters
    ----------
    vectors : np.ndarray
        (n, 3) float, towards the sounds, listener's frame, of any length but zero.
    layout : str
        ``"5.1"`` or ``"7.1.4"``.

    Returns
    -------
    np.ndarray
        (n, S) float64, one column for each of the layout's `LOUDSPEAKERS`, in their order; the sum of squares is 1.

    Raises
    ------
    ValueError
        If the layout has no loudspeakers to pan to, or the vectors are not (n, 3) or not finite.

    Notes
    -----
    Pulkki, "Virtual sound source positioning using vector base amplitude panning", JAES 45(6), 1997. Imaginary
    loudspeakers as in ITU-R BS.2127. Notebook: 00_start_here.

    Examples
    --------
    >>> pan([[0.0, 2.0, 0.0]], "5.1").round(3)
    array([[0., 0., 1., 0., 0.]])
    """
    from see2sound_nb.render import _vbap

    bases = _bases(check_loudspeakers(layout))
    vectors = as_plain(rows_of_three("vectors", vectors), np.float64)
    gains = np.empty((len(vectors), bases.shares.shape[1]))
    _vbap.pan(vectors, *bases, list(LOUDSPEAKERS[layout]).index("FC"), gains)
    return gains


def enclosing_facets(vectors: np.ndarray, inverses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The facet (triangle of directions) that encloses each vector, and the vector's weights in it.

    Parameters
    ----------
    vectors : np.ndarray
        (n, 3) float.
    inverses : np.ndarray
        (F, 3, 3) float64, C-contiguous, for each facet the inverse of the matrix whose rows are its corners.

    Returns
    -------
    facets : np.ndarray
        (n,) int64, the enclosing facet; if none encloses, the one whose smallest weight is largest.
    weights : np.ndarray
        (n, 3) float64, not negative: vector = weights @ corners, where a facet encloses it.
    """
    from see2sound_nb.render import _vbap

    facets, weights = np.empty(len(vectors), dtype=np.int64), np.empty(vectors.shape)
    _vbap.enclose(as_plain(vectors, np.float64), inverses, facets, weights)
    return facets, weights


@functools.cache
def _bases(layout: str) -> _Bases:
    speakers = LOUDSPEAKERS[layout]
    names = list(speakers)
    towards = unit_vectors(*np.array(list(speakers.values()), dtype=float).T)
    if layout in FLAT:
        ring = sorted(range(len(names)), key=lambda k: speakers[names[k]][0])
        corners = np.array(list(zip(ring, ring[1:] + ring[:1], ring)))
        inverses = np.zeros((len(ring), 3, 3))  # a pair is a triangle whose third corner is never played
        inverses[:, :2, :2] = np.linalg.inv(towards[corners[:, :2], :2])
        return _Bases(corners, inverses, np.eye(len(names)))
    from scipy.spatial import ConvexHull

    rims = np.array([[name in rim for name in names] for rim in _GAPS], dtype=float)
    back = 1.001 * rims[2] @ towards / 4  # just outside the plane, so that the edges of the rim stay edges
    imaginary = np.stack([[0.0, 0.0, -1.0], [0.0, 0.0, 1.0], back])
    vertices = np.concatenate([towards, imaginary])
    floor = len(names)
    dome = [tuple(facet) for facet in ConvexHull(vertices).simplices if floor not in facet]
    # Each of the ring plays what is below it, too, down to 30 degrees; from there on the floor begins. The walls
    # between are made of points right below the ring, so that in them elevation does not matter.
    ring = [names.index(name) for name in _RING]
    skirting = unit_vectors(np.array([speakers[name][0] for name in _RING], dtype=float), np.full(len(ring), -30.0))
    below = len(vertices) + np.arange(len(ring))
    right_below = below + len(ring)
    vertices = np.concatenate([vertices, skirting, skirting / np.cos(np.radians(30))])
    for k, a in enumerate(ring):
        j = (k + 1) % len(ring)
        b = ring[j]
        dome += [(below[k], below[j], floor), (a, b, right_below[k]), (b, right_below[k], right_below[j])]
    corners = np.array(dome, dtype=np.int64)
    rims /= np.sqrt(rims.sum(axis=1, keepdims=True))  # each imaginary loudspeaker has power 1, too
    itself = np.eye(len(names))
    return _Bases(corners, np.linalg.inv(vertices[corners]), np.concatenate([itself, rims, itself[ring], itself[ring]]))


def pan_stereo(vectors: np.ndarray) -> np.ndarray:
    """Gains of two loudspeakers at +-30 degrees, with constant power.

    The pan follows the sine of the lateral angle, so what is behind sounds where its mirror image in front
    would; a source 30 degrees or more to the side comes from one loudspeaker alone.

    Parameters
    ----------
    vectors : np.ndarray
        (n, 3) float, towards the arrivals, listener's frame.

    Returns
    -------
    np.ndarray
        (n, 2) float64, L and R.

    Raises
    ------
    ValueError
        If the vectors are not (n, 3) or not finite.
    """
    vectors = rows_of_three("vectors", vectors)
    lateral = -vectors[:, 0] / np.linalg.norm(vectors, axis=1)  # sine of the angle to the left
    pan = np.clip(lateral / np.sin(np.radians(30)), -1, 1)
    angle = (1 - pan) * np.pi / 4
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)
