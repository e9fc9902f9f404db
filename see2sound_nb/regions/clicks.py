"""Segment Anything asked at a place: the mask under clicks, or in a box.

Notebook: 01_regions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from see2sound_nb._checks import check_image
from see2sound_nb._threads import torch_threads
from see2sound_nb.regions.masks import threads_for
from see2sound_nb.regions.things import overlaps

#: How much a larger mask is preferred under a single click: by its area to this power.
THING = 0.1


class ClickPredictor:
    """Masks under clicks, as SAM was made for: the photo is encoded once (Kirillov et al. 2023, section 3).

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    sam : segment_anything.modeling.Sam or see2sound_nb.regions.hub_sam.HubSam
        As from `regions.loading.load_sam`.

    Raises
    ------
    ValueError
        If the image is not (H, W, 3) uint8.
    """

    def __init__(self, I: np.ndarray, sam: Any):
        from see2sound_nb._torchvision import ensure_torchvision

        I = check_image(I)
        ensure_torchvision()
        from segment_anything import SamPredictor

        self._predictor = SamPredictor(sam)
        with torch_threads(threads_for(sam)):
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

    def mask_in(self, box_px: np.ndarray) -> tuple[np.ndarray, float]:
        """Find the thing that fills a box, such as a detector draws: SAM knows where things end, not what they are.

        Parameters
        ----------
        box_px : np.ndarray
            (4,) float, [left, top, right, bottom] in pixels of the photo, as from `regions.things.detect`.

        Returns
        -------
        mask : np.ndarray
            (H, W) bool, as SAM draws it: what lies outside of the box is in it, too, if SAM thinks so.
        quality : float
            As in `automatic_masks`.

        Raises
        ------
        ValueError
            If the box is no box, or lies outside of the photo.

        Notes
        -----
        Of SAM's three masks (part, thing, group) the one of most quality times overlap of its own box with the given
        one. Kirillov et al. 2023, section 3. Notebook: 01_regions.
        """
        box = np.asarray(box_px, dtype=np.float64)
        height, width = self._predictor.original_size
        if box.shape != (4,) or not np.isfinite(box).all() or not (box[:2] < box[2:]).all():
            raise ValueError(f"box_px={box_px} must be [left, top, right, bottom], left < right and top < bottom")
        if not ((box[2:] > 0).all() and (box[:2] < (width, height)).all()):
            raise ValueError(
                f"box_px={box_px} lies outside of the photo of {width} x {height} pixels; look at its order"
            )
        with torch_threads(1):
            masks, quality, _ = self._predictor.predict(box=box)
        fits = [overlaps(box, extent(mask)[None])[0] if mask.any() else 0.0 for mask in masks]
        best = int(np.argmax(quality * fits))
        return masks[best], float(quality[best])

    def mask_of(self, point_px: np.ndarray, box_px: np.ndarray, heat: np.ndarray) -> tuple[np.ndarray, float]:
        """Find the thing that was seen around a point, and about in a box, by one who cannot tell where it ends.

        Parameters
        ----------
        point_px : np.ndarray
            (2,) float, (x, y) in pixels of the photo.
        box_px : np.ndarray
            (4,) float, [left, top, right, bottom].
        heat : np.ndarray
            (H, W) float, 0 to 1, how much each pixel belongs to the thing.

        Returns
        -------
        mask : np.ndarray
            (H, W) bool. It may be empty.
        quality : float
            As in `automatic_masks`.

        Notes
        -----
        Of SAM's three masks for the point and three for the box, the one that fits the heat best: their common part
        over their union, times the root of the quality. Notebook: 01_regions.
        """
        with torch_threads(1):
            at_point = self._predictor.predict(np.asarray(point_px, dtype=np.float64)[None], np.array([1]))
            in_box = self._predictor.predict(box=np.asarray(box_px, dtype=np.float64))
        masks, quality = (np.concatenate([a, b]) for a, b in zip(at_point[:2], in_box[:2]))
        common = np.array([heat[mask].sum() for mask in masks])
        fits = common / np.maximum(heat.sum() + masks.sum(axis=(1, 2)) - common, 1e-9)
        best = int(np.argmax(fits * np.sqrt(np.maximum(quality, 0))))
        return masks[best], float(quality[best])


def extent(mask: np.ndarray) -> np.ndarray:
    """The box around a mask (H, W) bool that is not empty: (4,) float64, [left, top, right, bottom] in pixels."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float64)
