"""Segment Anything: masks of a whole photo, masks under a click, and which of them become sources.

Notebook: 01_regions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from see2sound_nb._threads import torch_threads
from see2sound_nb.overlap import non_maximum_suppression, share_of_smaller

#: A source covers at least and at most this share of the photo: less is a detail, more is the background.
LEAST_AREA, MOST_AREA = 0.005, 0.6
#: And its box at most this share: what is spread over the whole photo lies behind everything else.
MOST_BOX = 0.75
#: A piece of a mask smaller than this share of its largest piece is a speck.
LEAST_PIECE = 0.15
#: A region this much of which lies inside another one (as a share of the smaller) is the same source.
MOST_OVERLAP = 0.3
#: What is less likely than this to sound is silent.
LEAST_SOUNDS = 0.15
#: How much a larger mask is preferred under a single click: by its area to this power.
THING = 0.1
#: A region that fills more than half of each of this many of the photo's four borders is background.
BACKGROUND_BORDERS = 3


def automatic_masks(I: np.ndarray, sam: Any, options: Mapping[str, Any] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find masks everywhere: prompt SAM with a grid of points and keep what is stable.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    sam : segment_anything.modeling.Sam or see2sound_nb.hub_sam.HubSam
        As from `loading.load_sam`.
    options : mapping, optional
        Arguments of `segment_anything.SamAutomaticMaskGenerator`.

    Returns
    -------
    M : np.ndarray
        (N, H, W) bool, largest first; N may be 0.
    quality : np.ndarray
        (N,) float64, the intersection over union that SAM predicts for its own mask, 0 to 1.

    Notes
    -----
    Paper: section 4.1, M. Segment Anything (Kirillov et al. 2023). Notebook: 01_regions.
    """
    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    from segment_anything import SamAutomaticMaskGenerator

    # SAM sees no more than img_size pixels; larger masks would only cost memory and time.
    generator = SamAutomaticMaskGenerator(sam, **(options or {}))
    with torch_threads(_threads(sam)):
        found = generator.generate(_shrunk(I, sam.image_encoder.img_size))
    masks = [_resized(mask["segmentation"], I.shape[:2]) for mask in found]
    area = np.array([mask.sum() for mask in masks], dtype=np.int64)
    order = [k for k in np.argsort(-area, kind="stable") if area[k] > 0]
    M = np.array([masks[k] for k in order], dtype=bool).reshape(-1, *I.shape[:2])
    return M, np.array([found[k]["predicted_iou"] for k in order], dtype=np.float64)


class ClickPredictor:
    """Masks under clicks, as SAM was made for: the photo is encoded once (Kirillov et al. 2023, section 3).

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    sam : segment_anything.modeling.Sam or see2sound_nb.hub_sam.HubSam
        As from `loading.load_sam`.
    """

    def __init__(self, I: np.ndarray, sam: Any):
        from see2sound_nb._torchvision import ensure_torchvision

        ensure_torchvision()
        from segment_anything import SamPredictor

        self._predictor = SamPredictor(sam)
        with torch_threads(_threads(sam)):
            self._predictor.set_image(I)

    def mask_at(self, points_px: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, float]:
        """Find the thing that clicks point at.

        Parameters
        ----------
        points_px : np.ndarray
            (n, 2) float, (x, y) in pixels of the photo, y down.
        positive : np.ndarray
            (n,) bool, whether the click is on the thing or on what is no part of it.

        Returns
        -------
        mask : np.ndarray
            (H, W) bool: of several pieces those that a positive click lies in. It may be empty.
        quality : float
            As in `automatic_masks`.

        Raises
        ------
        ValueError
            If a point lies outside of the photo, none is positive, or the arrays do not fit.

        Notes
        -----
        Of SAM's three masks (part, thing, group) the one that obeys most clicks is best, then that of most quality,
        after one click times area ** `THING`. An earlier mask is not handed on: it makes the tiny SAM worse.
        Notebook: 01_regions.
        """
        import cv2

        points, positive = np.asarray(points_px, dtype=np.float64), np.asarray(positive)
        if points.ndim != 2 or points.shape[1] != 2 or positive.dtype != bool or positive.shape != (len(points),):
            given = f"{points.shape} and {positive.dtype} {positive.shape}"
            raise ValueError(f"points and flags are {given}; they must be (n, 2) and bool (n,): give one flag a point")
        height, width = self._predictor.original_size
        for x, y in points[~((points >= 0) & (points < (width, height))).all(axis=1)]:
            raise ValueError(f"({x:g}, {y:g}) lies outside of the photo; x is 0 to {width - 1}, y 0 to {height - 1}")
        if not positive.any():
            raise ValueError("none of the clicks is positive; one at least must be on the thing")
        with torch_threads(1):
            masks, quality, _ = self._predictor.predict(points, positive.astype(np.int64))
        x, y = points.astype(np.int64).T
        score = quality * masks.mean(axis=(1, 2)) ** (THING if len(points) == 1 else 0)
        best = np.lexsort((score, (masks[:, y, x] == positive).sum(axis=1)))[-1]
        _, pieces = cv2.connectedComponents(masks[best].astype(np.uint8), connectivity=8)
        clicked = pieces[y, x][positive & masks[best, y, x]]
        return np.isin(pieces, clicked) if len(clicked) else masks[best], float(quality[best])


def _threads(sam: Any) -> int | None:
    """One for the tiny SAM, whose layers are too small for more; all for those of 1024 pixels."""
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
        kept = 1 + np.flatnonzero(area >= LEAST_PIECE * area.max(initial=1))
        cleaned[k] = np.isin(pieces, kept)
    return cleaned


def largest_sources(M: np.ndarray, sources: int) -> np.ndarray:
    """Choose the largest masks, as the paper's code does (``select="area"``). Notebook: 01_regions.

    Parameters
    ----------
    M : np.ndarray
        (N, H, W) bool.
    sources : int
        How many.

    Returns
    -------
    np.ndarray
        (K,) int64 indices into `M`, largest first, K <= sources. They may be nested, and are often background.
    """
    area = np.sum(M, axis=(1, 2))
    return np.argsort(-area, kind="stable")[:sources]


def candidate_sources(M: np.ndarray, quality: np.ndarray, *, most: int = 16) -> np.ndarray:
    """Leave out what no listener would point at: specks, backgrounds, and near copies. Notebook: 01_regions.

    Parameters
    ----------
    M : np.ndarray
        (N, H, W) bool.
    quality : np.ndarray
        (N,) float, 0 to 1.
    most : int
        Keep at most this many, the best by quality and size: each is looked at by a classifier afterwards.

    Returns
    -------
    np.ndarray
        (K,) int64 indices into `M`, best first.
    """
    M = np.asarray(M, dtype=bool)
    if len(M) == 0:
        return np.zeros(0, dtype=np.int64)
    area = M.reshape(len(M), -1).mean(axis=1)
    borders = sum(edge.mean(axis=1) > 0.5 for edge in (M[:, 0], M[:, -1], M[:, :, 0], M[:, :, -1]))
    box = _extent(np.any(M, axis=1)) * _extent(np.any(M, axis=2))
    usable = (area >= LEAST_AREA) & (area <= MOST_AREA) & (box <= MOST_BOX) & (borders < BACKGROUND_BORDERS)
    order = np.argsort(-np.where(usable, quality * np.sqrt(area), -1), kind="stable")[: int(usable.sum())]
    return non_maximum_suppression(M, order, most=most)


def choose_sources(
    M: np.ndarray, quality: np.ndarray, sounds: Sequence[float], sources: int, *, kinds: Sequence[str] | None = None
) -> np.ndarray:
    """Choose the regions that a listener would (``select="sounds"``).

    Every region has a score: how likely it is that the thing can sound, times the mask's quality, times the
    square root of its share of the photo (size matters, but a large wall must not beat a small dog). The
    best is taken; regions that overlap it, lie in it or hold it are passed over, and so are regions of the same
    kind whose boxes overlap, most likely two parts of one thing; and so on. A region that most likely cannot
    sound (`sounds` below `LEAST_SOUNDS`) is taken only if there is no other at all. Notebook: 01_regions.

    Parameters
    ----------
    M : np.ndarray
        (K, H, W) bool, candidates.
    quality : np.ndarray
        (K,) float, 0 to 1.
    sounds : sequence of float
        (K,) likelihood that the thing in the region can sound, 0 to 1.
    sources : int
        At most this many.
    kinds : sequence of str, optional
        (K,) the kind of sound of each region.

    Returns
    -------
    np.ndarray
        Indices into `M`, best first; fewer than `sources` where the photo has no more.
    """
    M = np.asarray(M, dtype=bool)
    area = M.reshape(len(M), -1).mean(axis=1) if len(M) else np.zeros(0)
    score = np.asarray(sounds, dtype=np.float64) * quality * np.sqrt(area)
    chosen: list[int] = []
    for k in np.argsort(-score, kind="stable"):
        if chosen and sounds[k] < LEAST_SOUNDS:
            continue
        if all(_apart(M[k], M[j], kinds is not None and kinds[k] == kinds[j]) for j in chosen):
            chosen.append(int(k))
        if len(chosen) == sources:
            break
    return np.array(chosen, dtype=np.int64)


def _extent(occupied: np.ndarray) -> np.ndarray:
    """Share of the side between the first and the last True of each row."""
    side = occupied.shape[1]
    return np.where(occupied.any(axis=1), side - occupied.argmax(axis=1) - occupied[:, ::-1].argmax(axis=1), 0) / side


def _apart(a: np.ndarray, b: np.ndarray, same_kind: bool) -> bool:
    if share_of_smaller(a, b) > MOST_OVERLAP:
        return False
    return not same_kind or share_of_smaller(_box(a), _box(b)) <= MOST_OVERLAP


def _box(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    filled = np.zeros_like(mask)
    filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return filled
