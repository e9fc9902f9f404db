"""Boxes, Eq. 3, their centres and patches."""

import numpy as np

from see2sound_nb.regions.boxes import box_centres, boxes_from_contours, patches_from_boxes
from see2sound_nb.regions.contours import contours_from_masks
from see2sound_nb.regions.polygons import patches_from_polygons, polygons_from_contours


def masks():
    L = np.zeros((12, 20), bool)
    L[2:10, 3:5] = L[8:10, 3:12] = True  # an L shape
    two = np.zeros_like(L)
    two[1, 1] = two[5:8, 14:19] = True  # a speck and a block
    return np.stack([L, two])


def test_boxes_are_in_the_papers_order_and_hold_the_whole_mask():
    R = boxes_from_contours(contours_from_masks(masks()))
    assert R.tolist() == [[3, 11, 2, 9], [1, 18, 1, 7]]
    assert box_centres(R).tolist() == [[7.0, 5.5], [9.5, 4.0]]


def test_centres_of_boxes_do_not_wrap_in_narrow_integers():
    assert box_centres(np.array([[100, 250, 200, 254]], np.uint8)).tolist() == [[175.0, 227.0]]


def test_boxes_of_nothing_are_none():
    assert boxes_from_contours([]).shape == (0, 4)
    assert box_centres(np.zeros((0, 4))).shape == (0, 2)


def test_patches_are_crops_and_the_polygon_patch_fills_from_the_photo(rng):
    photo = rng.integers(0, 255, (12, 20, 3), dtype=np.uint8)
    C = contours_from_masks(masks())
    boxes = patches_from_boxes(photo, boxes_from_contours(C))
    np.testing.assert_array_equal(boxes[0], photo[2:10, 3:12])
    polygons = polygons_from_contours(C)
    for crop, filled in zip(boxes, patches_from_polygons(photo, polygons)):
        np.testing.assert_array_equal(crop, filled)
    grey = patches_from_polygons(photo, polygons, fill=np.array([7, 7, 7]))[0]
    assert (grey[0, -1] == 7).all(), "the corner outside the L's hull is filled"
    np.testing.assert_array_equal(grey[0, 0], photo[2, 3])
