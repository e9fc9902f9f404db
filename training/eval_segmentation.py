"""The two functions that score the tiny SAM on photos with human outlines.

    python SCORE/segmentation.py --masks eval_segmentation:masks --click eval_segmentation:click

run in ``training/`` (the score script looks there for this module), with the package installed.
"""

from __future__ import annotations

import functools

import numpy as np

from see2sound_nb.tiny.sam import TINY_AMG, build_tiny_sam

_sam = functools.cache(build_tiny_sam)


@functools.cache
def _generator():
    sam = _sam()
    from segment_anything import SamAutomaticMaskGenerator

    return SamAutomaticMaskGenerator(sam, **TINY_AMG)


@functools.cache
def _predictor():
    sam = _sam()
    from segment_anything import SamPredictor

    return SamPredictor(sam)


def masks(image: np.ndarray) -> list[np.ndarray]:
    """All automatic masks of a photo (H, W, 3) uint8, each (H, W) bool."""
    return [mask["segmentation"] for mask in _generator().generate(image)]


def click(image: np.ndarray, point: tuple[int, int]) -> np.ndarray:
    """The mask (H, W) bool with the highest predicted IoU under a click (x, y), px."""
    _predictor().set_image(image)
    found, quality, _ = _predictor().predict(np.array([point], float), np.array([1]))
    return found[quality.argmax()]
