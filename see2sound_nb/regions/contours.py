"""From masks to outlines (section 4.1, c_k).

All coordinates are pixels of the image frame, x to the right and y down.

Notebook: 02_boxes.
"""

from __future__ import annotations

import numpy as np


def contours_from_masks(M: np.ndarray) -> list[np.ndarray]:
    """Outline every mask.

    Parameters
    ----------
    M : np.ndarray
        (N, H, W) bool, one mask a region.

    Returns
    -------
    list of np.ndarray
        N contours c_k, each (L_k, 2) int32, (x, y) in pixels: the outer outlines of the region's pieces, the
        largest piece first.

    Raises
    ------
    ValueError
        If `M` is not (N, H, W), or a mask is empty.

    Notes
    -----
    Paper: section 4.1, c_k. Method: border following (Suzuki and Abe 1985), from OpenCV.
    Notebook: 02_boxes.
    """
    import cv2

    M = np.asarray(M)
    if M.ndim != 3:
        raise ValueError(f"masks of shape {M.shape} must be (N, H, W); stack them with np.stack")
    contours = []
    for k, mask in enumerate(M):
        pieces, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if not pieces:
            raise ValueError(f"mask {k} is empty; a region needs at least one pixel: leave the mask out")
        pieces = sorted(pieces, key=cv2.contourArea, reverse=True)
        contours.append(np.concatenate([piece[:, 0, :] for piece in pieces]).astype(np.int32))
    return contours
