"""From outlines to boxes (section 4.1, Eq. 3), their centres, and the patches that they cut out.

All coordinates are pixels of the image frame, x to the right and y down.

Notebook: 02_boxes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def boxes_from_contours(C: Sequence[np.ndarray]) -> np.ndarray:
    """Axis-aligned bounding box of every contour (Eq. 3).

    Parameters
    ----------
    C : sequence of np.ndarray
        N contours, each (L_k, 2), (x, y) in pixels.

    Returns
    -------
    np.ndarray
        R, (N, 4) int64, pixels, in the paper's order [x_min, x_max, y_min, y_max], the last pixel included.

    Notes
    -----
    Paper: section 4.1, Eq. 3. Notebook: 02_boxes.

    Examples
    --------
    >>> boxes_from_contours([np.array([[3, 1], [5, 4]])])
    array([[3, 5, 1, 4]])
    """
    rows = [(x.min(), x.max(), y.min(), y.max()) for x, y in map(np.transpose, C)]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def box_centres(R: np.ndarray) -> np.ndarray:
    """Centres of boxes.

    Parameters
    ----------
    R : np.ndarray
        (N, 4), pixels, [x_min, x_max, y_min, y_max].

    Returns
    -------
    np.ndarray
        (N, 2) float64, (x, y) in pixels.

    Notes
    -----
    Paper: section 4.1, R_k. Notebook: 02_boxes.
    """
    x0, x1, y0, y1 = np.reshape(R, (-1, 4)).astype(float).T
    return np.stack([(x0 + x1) / 2, (y0 + y1) / 2], axis=1)


def patches_from_boxes(I: np.ndarray, R: np.ndarray) -> list[np.ndarray]:
    """Cut the patch of every box out of the image.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    R : np.ndarray
        (N, 4) int, pixels, [x_min, x_max, y_min, y_max], the last pixel included.

    Returns
    -------
    list of np.ndarray
        N patches I_p, each (h, w, 3) uint8 RGB.

    Notes
    -----
    Paper: section 4.1, I_p. Notebook: 02_boxes.
    """
    return [I[y0 : y1 + 1, x0 : x1 + 1].copy() for x0, x1, y0, y1 in np.asarray(R)]
