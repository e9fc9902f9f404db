"""From masks to outlines, polygons, boxes and patches (section 4.1, Eq. 2 and 3): pure geometry of masks.

All coordinates are pixels of the image frame, x to the right and y down.

Notebook: 02_boxes.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def polygons_from_contours(C: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Smallest enclosing convex polygon of every contour (Eq. 2).

    Eq. 2 asks for the polygon of least area around a contour. Without a further condition that is the
    contour itself; with the usual one, convexity, it is the convex hull.

    Parameters
    ----------
    C : sequence of np.ndarray
        N contours, each (L_k, 2), (x, y) in pixels.

    Returns
    -------
    list of np.ndarray
        N polygons P_k, each (V_k, 2) int32, (x, y) in pixels, vertices in order.

    Notes
    -----
    Paper: section 4.1, Eq. 2. Notebook: 02_boxes.
    """
    import cv2

    return [cv2.convexHull(np.asarray(c, dtype=np.int32))[:, 0, :] for c in C]


def polygon_area(polygon: np.ndarray) -> float:
    """Area of a polygon by the shoelace formula, the quantity that Eq. 2 makes small.

    Parameters
    ----------
    polygon : np.ndarray
        (V, 2), the vertices (x, y) in pixels, in order, the first not repeated at the end.

    Returns
    -------
    float
        In square pixels, not negative. Vertices are the middles of pixels: a block of w x h pixels has the area
        (w - 1) (h - 1).

    Notes
    -----
    Paper: section 4.1, Eq. 2, Area(P_k). Notebook: 02_boxes.

    Examples
    --------
    >>> polygon_area([[0, 0], [4, 0], [0, 3]])
    6.0
    """
    x, y = np.transpose(polygon).astype(np.float64)
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    return float(abs((x * next_y - next_x * y).sum()) / 2)


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


def patches_from_polygons(
    I: np.ndarray,
    P: Sequence[np.ndarray],
    *,
    fill: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Cut the patch of every polygon out of the image, and fill what lies in its box but outside of it.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    P : sequence of np.ndarray
        N polygons, each (V_k, 2) int, (x, y) in pixels.
    fill : np.ndarray, optional
        (H, W, 3) uint8 RGB or (3,) a colour: what stands outside the polygon. By default the photo itself,
        as in the paper's code, which makes the patch equal to that of the polygon's box; give a grey to see
        the region alone.

    Returns
    -------
    list of np.ndarray
        N patches I_p, each (h, w, 3) uint8 RGB.

    Notes
    -----
    Paper: section 4.1, I_p from P. Notebook: 02_boxes.
    """
    import cv2

    outside = I if fill is None else np.broadcast_to(np.asarray(fill, dtype=np.uint8), I.shape)
    patches = []
    for polygon, (x0, x1, y0, y1) in zip(P, boxes_from_contours(P)):
        inside = np.zeros(I.shape[:2], np.uint8)
        cv2.fillPoly(inside, [np.asarray(polygon, np.int32)], 1)
        filled = np.where(inside[..., None].astype(bool), I, outside)
        patches.append(filled[y0 : y1 + 1, x0 : x1 + 1].copy())
    return patches
