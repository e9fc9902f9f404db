"""Segment Anything asked everywhere: masks of a whole photo (section 4.1, M).

Notebook: 01_regions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from see2sound_nb._checks import check_image
from see2sound_nb._threads import torch_threads

#: A piece of a mask smaller than this share of its largest piece is a speck.
LEAST_PIECE = 0.15


def automatic_masks(I: np.ndarray, sam: Any, options: Mapping[str, Any] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find masks everywhere: prompt SAM with a grid of points and keep what is stable.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    sam : segment_anything.modeling.Sam or see2sound_nb.regions.hub_sam.HubSam
        As from `regions.loading.load_sam`.
    options : mapping, optional
        Arguments of `segment_anything.SamAutomaticMaskGenerator`; by default those that suit the model, if it is from
        `load_sam`.

    Returns
    -------
    M : np.ndarray
        (N, H, W) bool, largest first; N may be 0.
    quality : np.ndarray
        (N,) float64, the intersection over union that SAM predicts for its own mask, 0 to 1.

    Raises
    ------
    ValueError
        If the image is not (H, W, 3) uint8.

    Notes
    -----
    Paper: section 4.1, M. Segment Anything (Kirillov et al. 2023). Notebook: 01_regions.
    """
    from see2sound_nb._torchvision import ensure_torchvision

    I = check_image(I)
    ensure_torchvision()
    from segment_anything import SamAutomaticMaskGenerator

    # SAM sees no more than img_size pixels; larger masks would only cost memory and time.
    options = getattr(sam, "generator_options", {}) if options is None else options
    generator = SamAutomaticMaskGenerator(sam, **options)
    with torch_threads(threads_for(sam)):
        found = generator.generate(_shrunk(I, sam.image_encoder.img_size))
    masks = [_resized(mask["segmentation"], I.shape[:2]) for mask in found]
    area = np.array([mask.sum() for mask in masks], dtype=np.int64)
    order = [k for k in np.argsort(-area, kind="stable") if area[k] > 0]
    M = np.array([masks[k] for k in order], dtype=bool).reshape(-1, *I.shape[:2])
    return M, np.array([found[k]["predicted_iou"] for k in order], dtype=np.float64)


def threads_for(sam: Any) -> int | None:
    """Threads of torch for a SAM: one for the tiny SAM, whose layers are too small for more; else all (None)."""
    return 1 if sam.image_encoder.img_size < 1024 else None


def _shrunk(I: np.ndarray, longest: int) -> np.ndarray:
    import cv2

    height, width = I.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return I
    return cv2.resize(I, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)


def _resized(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    import cv2

    if mask.shape == shape:
        return mask
    return cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5


def without_specks(M: np.ndarray) -> np.ndarray:
    """Leave out the specks of every mask, which would blow up its box.

    Parameters
    ----------
    M : np.ndarray
        (N, H, W) bool.

    Returns
    -------
    np.ndarray
        (N, H, W) bool: only the connected pieces of at least `LEAST_PIECE` of the mask's largest one.
    """
    import cv2

    cleaned = np.zeros_like(M)
    for k, mask in enumerate(M):
        count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        area = stats[1:count, cv2.CC_STAT_AREA]
        kept = np.zeros(count, dtype=bool)  # piece 0 is the ground
        kept[1:] = area >= LEAST_PIECE * area.max(initial=1)
        cleaned[k] = mask if kept[1:].all() else kept[pieces]
    return cleaned
