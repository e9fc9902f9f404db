"""From outlines to the smallest polygons around them (section 4.1, Eq. 2), and what lies in these.

All coordinates are pixels of the image frame, x to the right and y down.

Notebook: 02_boxes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from see2sound_nb.regions.boxes import boxes_from_contours


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
