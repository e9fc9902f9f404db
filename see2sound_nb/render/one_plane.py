"""Heads measured in the horizontal plane alone, completed above and below.

Notebook: 09_your_own.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from see2sound_nb.places.frames import unit_vectors

if TYPE_CHECKING:
    from see2sound_nb.render.hrtf import HRTF

#: No direction of such a set is higher or lower than this, as a sine: 10 degrees.
FLAT_BELOW = 0.17
#: Directions are made at these elevations, in degrees, as many around as were measured, and no more than that.
ELEVATIONS_DEG, MOST_AZIMUTHS = (-50.0, -25.0, 25.0, 50.0), 36


def is_flat(directions: np.ndarray) -> bool:
    """Whether all of the unit vectors (M, 3) lie in the horizontal plane, or nearly so."""
    return bool(np.abs(directions[:, 2]).max() < FLAT_BELOW)


def completed(flat: HRTF) -> HRTF:
    """A head measured in the horizontal plane alone, with directions above and below.

    Parameters
    ----------
    flat : HRTF
        Measured all around.

    Returns
    -------
    HRTF
        The same measurements, and others made of them: each is what the plane has where a sound is as far to the left
        or right, in front if it is in front. Such directions lie on one cone around the axis through the ears, and
        differ little in the time and level between the ears; what the pinna says of height is not there.

    Raises
    ------
    ValueError
        If the directions do not surround the head.

    Notes
    -----
    Woodworth, *Experimental Psychology*, 1938, for the cone of confusion. At the other elevations of KEMAR, -40 to 60
    degrees, what is made of its own ring of 72 directions has their ITD to 11 to 59 microseconds (root
    mean square; 59 to 120 if the ring is blended into a mean at the poles instead). Notebook: 09_your_own.
    """
    count = min(MOST_AZIMUTHS, len(flat.directions))
    azimuth, elevation = np.meshgrid(np.arange(count) * 360.0 / count, ELEVATIONS_DEG)
    made = unit_vectors(azimuth.ravel(), elevation.ravel())
    aside = made[:, 0]
    depth = np.where(made[:, 1] >= 0, 1, -1) * np.sqrt(1 - aside**2)
    responses = flat.at(np.stack([aside, depth, 0 * aside], axis=1))
    return dataclasses.replace(
        flat, directions=np.concatenate([flat.directions, made]),
        responses=np.concatenate([flat.responses, responses]),
    )  # fmt: skip
