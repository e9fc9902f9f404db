"""How probable it is that a thing is what a model calls it: one scale for all who have a say.

A detector's score and a classifier's probability are no probabilities of being right: on everyday photos a detector's
0.5 is right far more often than half of the time, and a classifier's 0.9 on a cut-out far less. What they say is
turned into one by a logistic regression each, fitted on photos with written answers that trained none of the models
(Platt 1999, "Probabilistic outputs for support vector machines"); ``training/calibrate.py`` says how well it holds.

Notebook: 01_regions.
"""

from __future__ import annotations

import numpy as np

#: Of a detected person: constant, logit of the score. Of another thing as well: logit of the classifier's agreement.
PERSON = (0.57, 1.60)
THING = (1.13, 0.80, 0.51)
#: Of what the classifier sees: constant, logits of the kind in the region's box, in the whole photo, of the mask's
#: overlap with where it is seen.
SEEN = (1.30, 0.55, 0.53, 0.11)
#: What is added for kinds that it sees too often, or too seldom: 118 of its 1000 labels are dogs, and two are people.
SEEN_OF_KIND = {
    "dog": -1.67, "church_bell": -0.89, "bee": -0.60, "airplane": -0.38, "fan": -0.35, "hammer": -0.34, "door": -0.33,
    "sheep": -0.23, "snake": -0.23, "glass": 0.28, "songbird": 0.30, "duck": 0.33, "typing": 0.34, "footsteps": 0.40,
    "crow": 0.41, "pour": 1.17, "person": 1.37,
}  # fmt: skip


def logit(p: float) -> float:
    """The logarithm of the odds of a probability, which is kept within 0.001 and 0.999."""
    p = min(max(float(p), 1e-3), 1 - 1e-3)
    return float(np.log(p / (1 - p)))


def sigmoid(x: float) -> float:
    """The probability of which `x` is the logarithm of the odds."""
    return float(1 / (1 + np.exp(-x)))


def of_detection(name: str, score: float, agreement: float) -> float:
    """How probable it is that a detected thing is what it is called.

    Parameters
    ----------
    name : str
        Of `things.COCO_LABELS`.
    score : float
        The detector's, 0 to 1.
    agreement : float
        How much the classifier, looking at the box, speaks for a kind that the name may be, 0 to 1; for a person it
        has no word and does not count.

    Returns
    -------
    float
        0 to 1.
    """
    if name == "person":
        a, b = PERSON
        return sigmoid(a + b * logit(score))
    a, b, c = THING
    return sigmoid(a + b * logit(score) + c * logit(agreement))


def of_sight(kind: str, patch: float, whole: float, overlap: float) -> float:
    """How probable it is that a region is of the kind that the classifier sees in it.

    Parameters
    ----------
    kind : str
        Of `sounds.sound_classes.NAMES`.
    patch, whole : float
        How much the classifier speaks for the kind in the region's box, and in the whole photo, 0 to 1.
    overlap : float
        How well the mask fits where the kind is seen in the photo, 0 to 1.

    Returns
    -------
    float
        0 to 1.
    """
    a, b, c, d = SEEN
    read = a + b * logit(patch) + c * logit(whole) + d * logit(overlap)
    return sigmoid(read + SEEN_OF_KIND.get(kind, 0.0))
