"""What a photo sounds like as a whole: the sea, a street, a room. Nobody can point at it.

A linear layer on what the ImageNet classifier makes of the whole photo tells six scenes apart
(``models/weights/scene.md``); each has a sound.

Notebook: 00_start_here.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from see2sound_nb.models.checking import filling, read_weights
from see2sound_nb.models.trunk import WEIGHTS
from see2sound_nb.regions.activation import label_logits, label_probabilities

#: Scenes in the order of the layer's outputs, each with its kind of sound and a sentence of `sounds.sound_classes`.
SCENES: dict[str, tuple[str, str]] = {
    "room": ("room", "quiet room tone"),
    "street": ("car", "street traffic"),
    "woods and fields": ("songbird", "birds chirping in the trees"),
    "open air": ("wind", "wind blowing"),
    "sea": ("surf", "waves on a beach"),
    "lake or river": ("stream", "a small river"),
}
#: A scene that is less probable than this is not named: what is not a room is then the open air.
LEAST_PROBABILITY = 0.5
#: ImageNet's labels of what lives in the sea: where these are so probable together, the photo was taken there.
SEA_LIFE = (*range(7), 107, 108, 109, 115, 327, 328, *range(389, 398), 973, 983)
LEAST_SEA_LIFE = 0.4


@functools.cache
def _layer() -> tuple[np.ndarray, np.ndarray]:
    path = WEIGHTS / "scene.safetensors"
    with filling(path):
        state, _ = read_weights(path)
        return state["weight"].numpy(), state["bias"].numpy()


def scene_probabilities(logits: np.ndarray) -> np.ndarray:
    """How probable each scene is.

    Parameters
    ----------
    logits : np.ndarray
        (h, w, 1000), what the classifier sees where, as from `activation.label_logits`.

    Returns
    -------
    np.ndarray
        (S,) float64 in the order of `SCENES`, with a sum of 1.

    Notes
    -----
    Multinomial logistic regression. Notebook: 00_start_here.
    """
    weight, bias = _layer()
    scores = weight @ logits.mean(axis=(0, 1)) + bias
    raised = np.exp(scores - scores.max())
    return raised / raised.sum()


def describe_ambience(I: np.ndarray, logits: np.ndarray | None = None) -> dict[str, Any]:
    """Name what a photo sounds like as a whole.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    logits : np.ndarray, optional
        As from `activation.label_logits`, if they are there already.

    Returns
    -------
    dict
        ``label`` (the scene, of `SCENES`), ``kind`` of sound, ``caption`` (how that sounds, in words) and
        ``probability`` of the scene, 0 to 1.

    Notes
    -----
    Notebook: 00_start_here.
    """
    logits = label_logits(I) if logits is None else logits
    probability = dict(zip(SCENES, scene_probabilities(logits)))
    label = max(probability, key=lambda scene: probability[scene])
    certain = float(probability[label])
    sea_life = float(label_probabilities(logits.mean(axis=(0, 1)))[list(SEA_LIFE)].sum())
    if sea_life >= LEAST_SEA_LIFE:
        label, certain = "sea", max(sea_life, float(probability["sea"]))
    elif certain < LEAST_PROBABILITY:
        label, certain = "open air", float(1 - probability["room"])
    kind, caption = SCENES[label]
    return {"label": label, "kind": kind, "caption": caption, "probability": certain}
