"""What a region shows, and whether it can be heard: names from an ImageNet classifier, in every tier.

Notebook: 01_regions.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from see2sound_nb.regions.boxes import boxes_from_contours, patches_from_boxes
from see2sound_nb.regions.contours import contours_from_masks

#: Trust in a name that a region has only together with its surroundings.
BORROWED = 0.4


@functools.cache
def _classifier():
    from see2sound_nb.sounds.tiny_encoders import TrunkImageEncoder

    return TrunkImageEncoder().eval()


def describe_patches(patches: Sequence[np.ndarray]) -> list[dict[str, Any]]:
    """Name what patches show, and say how it sounds.

    Parameters
    ----------
    patches : sequence of np.ndarray
        N patches I_p, each (h, w, 3) uint8 RGB.

    Returns
    -------
    list of dict
        Per patch: ``label`` (the name of the ImageNet class), ``caption`` (how that sounds, in words), ``sound_class``,
        ``probability`` of that class and ``sounds``, how likely the thing can be heard at all, both 0 to 1.

    Notes
    -----
    The classifier is the embedded EfficientNet-Lite0 (``models/weights/trunk.md``); it knows 1000 things, and what it
    does not know it takes for one that it does. Notebook: 01_regions.
    """
    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    return _classifier().describe(patches) if len(patches) else []


def likelihoods_of_sound(I: np.ndarray, M: np.ndarray, seen: Sequence[dict[str, Any]]) -> np.ndarray:
    """How likely each region is a thing that sounds: a second look at it, cut out and alone.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    M : np.ndarray
        (N, H, W) bool.
    seen : sequence of dict
        What a first look at their boxes saw, as from `describe_patches`.

    Returns
    -------
    np.ndarray
        (N,) float64, 0 to 1, each a `likelihood_of_sound`.
    """
    cut_out = []
    for mask, box in zip(M, boxes_from_contours(contours_from_masks(M))):
        (patch,), (inside,) = patches_from_boxes(I, box[None]), patches_from_boxes(mask, box[None])
        # On a ground of the region's own mean colour: a flat grey would draw an outline that it does not have.
        cut_out.append(np.where(inside[..., None], patch, patch[inside].mean(axis=0)).astype(np.uint8))
    alone = describe_patches(cut_out)
    return np.array([likelihood_of_sound(*looks) for looks in zip(seen, alone)], dtype=np.float64)


def likelihood_of_sound(seen: dict[str, Any], alone: dict[str, Any]) -> float:
    """How likely a region is a thing that sounds, from two looks at it.

    A box shows a region among its neighbours: the wall behind a drum is "drum" too. So the region is looked at a
    second time, cut out and alone. What both looks agree on is trusted; a name that only the first has is borrowed.

    Parameters
    ----------
    seen, alone : dict
        Of the box and of the region alone, as from `describe_patches`.

    Returns
    -------
    float
        0 to 1: the classifier's certainty, times the smaller chance that the thing can be heard, times `BORROWED`
        where the two looks name different kinds of sound.
    """
    agreed = 1.0 if seen["sound_class"] == alone["sound_class"] else BORROWED
    return seen["probability"] * min(seen["sounds"], alone["sounds"]) * agreed
