"""What a photo sounds like as a whole: the ambience around whatever stands in it.

Notebook: 01_regions.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from see2sound_nb.sounds.sound_classes import NAMES

if TYPE_CHECKING:
    from see2sound_nb.regions.sources import Regions

#: Kinds that surround a listener, what people call them, and a known sentence of how they sound.
AMBIENCES = {
    "surf": ("sea", "waves on a beach"),
    "stream": ("stream", "a babbling brook"),
    "waterfall": ("waterfall", "a waterfall"),
    "wind": ("wind", "wind blowing"),
    "songbird": ("birdsong", "birds chirping in the trees"),
    "cricket": ("crickets", "crickets chirping"),
    "rain": ("rain", "rain falling"),
    "car": ("street traffic", "street traffic"),
    "crowd": ("crowd", "a crowd of people talking"),
    "room": ("room", "quiet room tone"),
}


@functools.cache
def _classifier():
    from see2sound_nb.sounds.tiny_encoders import TrunkImageEncoder

    return TrunkImageEncoder().eval()


def describe_ambience(I: np.ndarray, regions: Regions) -> dict[str, Any]:
    """Name what a photo sounds like all around: the classifier's look at the whole of it, at what can surround.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    regions : Regions
        What was found in it; not looked at yet.

    Returns
    -------
    dict
        ``kind`` (one of `sounds.sound_classes.NAMES`), ``label`` (its name for people), ``caption`` (how it sounds, a
        known sentence) and ``probability``, 0 to 1, among all kinds of sounds, those that cannot surround included.

    Notes
    -----
    Notebook: 01_regions.
    """
    classifier = _classifier()
    (among,) = classifier.class_probabilities(classifier.label_probabilities([I]))
    kind = max(AMBIENCES, key=lambda name: float(among[NAMES.index(name)]))
    label, caption = AMBIENCES[kind]
    return {"kind": kind, "label": label, "caption": caption, "probability": float(among[NAMES.index(kind)])}
