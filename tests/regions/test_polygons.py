"""The smallest convex polygons, Eq. 2."""

import numpy as np

from see2sound_nb.regions.boxes import boxes_from_contours
from see2sound_nb.regions.contours import contours_from_masks
from see2sound_nb.regions.polygons import polygon_area, polygons_from_contours


def masks():
    L = np.zeros((12, 20), bool)
    L[2:10, 3:5] = L[8:10, 3:12] = True  # an L shape
    two = np.zeros_like(L)
    two[1, 1] = two[5:8, 14:19] = True  # a speck and a block
    return np.stack([L, two])


def test_polygons_enclose_their_contours_and_are_smaller_than_boxes():
    C = contours_from_masks(masks())
    P, R = polygons_from_contours(C), boxes_from_contours(C)
    for c, p, (x0, x1, y0, y1) in zip(C, P, R):
        edge = np.roll(p, -1, axis=0) - p
        to = c[:, None, :] - p[None]
        turn = edge[:, 0] * to[..., 1] - edge[:, 1] * to[..., 0]
        assert (turn >= 0).all() or (turn <= 0).all(), "every point lies on one side of every edge"
        x, y = p.T.astype(float)
        area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
        assert area <= (x1 - x0) * (y1 - y0)


def test_the_area_of_a_polygon_of_small_integers():
    assert polygon_area(np.array([[0, 0], [200, 0], [0, 200]], np.uint8)) == 20000
