"""Where in a photo a classifier sees what: class activation maps, in one look at the whole.

A classifier that averages its features over the picture before it names it can be asked for a name at every place: the
average of those answers is its answer for the whole (Zhou et al. 2016, "Learning deep features for discriminative
localization"). That finds what no detector was taught, roughly; its box is SAM's prompt, like a detector's.

Notebook: 01_regions.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from see2sound_nb._threads import torch_threads
from see2sound_nb.models.trunk import PIXEL_MEAN, PIXEL_STD, load_trunk
from see2sound_nb.regions.clicks import extent
from see2sound_nb.sounds import sound_classes

#: The longer side of the photo in the classifier, in pixels, and the size of a map's cell.
SIZE, CELL = 384, 32
#: What is at least this much of the largest value, and connected to it, belongs to a thing.
CONNECTED = 0.4


def label_logits(I: np.ndarray) -> np.ndarray:
    """What the classifier says at every place of a photo.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.

    Returns
    -------
    np.ndarray
        (h, w, 1000) float32, logits of ImageNet's labels: the longer side 12 cells, the shorter in proportion. Their
        mean over all cells is what the classifier says of the whole.

    Notes
    -----
    Zhou et al. 2016, Eq. 2. Notebook: 01_regions.
    """
    import cv2
    import torch

    height, width = (max(2, round(n * SIZE / max(I.shape[:2]) / CELL)) * CELL for n in I.shape[:2])
    small = cv2.resize(I, (width, height), interpolation=cv2.INTER_AREA)
    trunk = load_trunk()
    with torch.inference_mode(), torch_threads(1):
        pixels = (torch.from_numpy(small).permute(2, 0, 1)[None].float() - PIXEL_MEAN[0]) / PIXEL_STD[0]
        features = trunk.forward_features(pixels)[0].permute(1, 2, 0)
        return (features @ trunk.classifier.weight.T + trunk.classifier.bias).numpy()


def label_probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis: logits (..., 1000) to probabilities (..., 1000) float32."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


@functools.cache
def _kinds_of_labels() -> np.ndarray:
    """(1000, K) float32: each label's chance to be heard, to the power 1/2, in the column of its kind."""
    table = np.zeros((1000, len(sound_classes.CLASSES)), np.float32)
    for label, (kind, sounds) in enumerate(sound_classes.label_table()):
        table[label, kind] = np.sqrt(sounds)
    return table


def kind_evidence(probabilities: np.ndarray) -> np.ndarray:
    """How much speaks for each kind of sound.

    Parameters
    ----------
    probabilities : np.ndarray
        (..., 1000) of ImageNet's labels.

    Returns
    -------
    np.ndarray
        (..., K) in the order of `sound_classes.CLASSES`: the sum over a kind's labels of their probability times the
        root of the chance that such a thing is heard. Not scaled to a sum of 1: what is silent speaks for nothing.
    """
    return probabilities @ _kinds_of_labels()


@dataclasses.dataclass(frozen=True)
class Seen:
    """A kind of thing that the classifier sees at a place.

    Attributes
    ----------
    kind : int
        Index of `sound_classes.CLASSES`.
    point_px : np.ndarray
        (2,) float64, where it is seen best, (x, y) in pixels.
    box_px : np.ndarray
        (4,) float64, [left, top, right, bottom] around what belongs to that point.
    heat : np.ndarray
        (H, W) float32, 0 to 1, how much each pixel speaks for the kind, as a share of the best.
    """

    kind: int
    point_px: np.ndarray
    box_px: np.ndarray
    heat: np.ndarray


def seen_things(I: np.ndarray, logits: np.ndarray, most: int, kinds: np.ndarray) -> list[Seen]:
    """The places of the kinds that the classifier sees most of.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    logits : np.ndarray
        (h, w, 1000), as from `label_logits`.
    most : int
        So many kinds at most.
    kinds : np.ndarray
        (K,) bool, the kinds to look for.

    Returns
    -------
    list of Seen
        Best first.
    """
    import cv2

    maps = kind_evidence(label_probabilities(logits))
    whole = kind_evidence(label_probabilities(logits.mean(axis=(0, 1))))
    score = np.where(kinds, np.maximum(whole, maps.max(axis=(0, 1)) / 2), 0)
    found = []
    for kind in np.argsort(-score, kind="stable")[:most]:
        cells = maps[..., kind] / maps[..., kind].max()
        heat = cv2.resize(cells, I.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        row, column = np.unravel_index(cells.argmax(), cells.shape)
        x, y = (column + 0.5) * I.shape[1] / cells.shape[1], (row + 0.5) * I.shape[0] / cells.shape[0]
        _, pieces = cv2.connectedComponents((heat >= CONNECTED).astype(np.uint8))
        box = extent(pieces == pieces[int(y), int(x)])
        found.append(Seen(int(kind), np.array([x, y]), box, heat))
    return found
