"""Outlines, polygons, boxes and patches of masks whose answer can be seen by eye."""

import numpy as np
import pytest

from see2sound_nb import regions


def masks():
    L = np.zeros((12, 20), bool)
    L[2:10, 3:5] = L[8:10, 3:12] = True  # an L shape
    two = np.zeros_like(L)
    two[1, 1] = two[5:8, 14:19] = True  # a speck and a block
    return np.stack([L, two])


def test_boxes_are_in_the_papers_order_and_hold_the_whole_mask():
    R = regions.boxes_from_contours(regions.contours_from_masks(masks()))
    assert R.tolist() == [[3, 11, 2, 9], [1, 18, 1, 7]]
    assert regions.box_centres(R).tolist() == [[7.0, 5.5], [9.5, 4.0]]


def test_centres_of_boxes_do_not_wrap_in_narrow_integers():
    assert regions.box_centres(np.array([[100, 250, 200, 254]], np.uint8)).tolist() == [[175.0, 227.0]]


def test_contours_run_along_the_border_of_the_mask():
    for mask, contour in zip(masks(), regions.contours_from_masks(masks())):
        assert mask[contour[:, 1], contour[:, 0]].all()
        padded = np.pad(mask, 1)
        for x, y in contour:
            assert not padded[y : y + 3, x : x + 3].all(), "an outline point has a neighbour outside"


def test_polygons_enclose_their_contours_and_are_smaller_than_boxes():
    C = regions.contours_from_masks(masks())
    P, R = regions.polygons_from_contours(C), regions.boxes_from_contours(C)
    for c, p, (x0, x1, y0, y1) in zip(C, P, R):
        edge = np.roll(p, -1, axis=0) - p
        to = c[:, None, :] - p[None]
        turn = edge[:, 0] * to[..., 1] - edge[:, 1] * to[..., 0]
        assert (turn >= 0).all() or (turn <= 0).all(), "every point lies on one side of every edge"
        x, y = p.T.astype(float)
        area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
        assert area <= (x1 - x0) * (y1 - y0)


def test_areas_of_contours_count_the_pixels_of_their_masks():
    L, two = masks()
    (contour,) = regions.contours_from_masks(L[None])
    assert regions.polygon_area(contour) == L.sum() - len(contour) / 2 - 1, "Pick's theorem"
    block = regions.contours_from_masks(two[None, 4:])[0]
    assert regions.polygon_area(block) == regions.polygon_area(block[::-1]) == 2 * 4, "either way round"


def test_boxes_of_nothing_are_none():
    assert regions.boxes_from_contours([]).shape == (0, 4)
    assert regions.box_centres(np.zeros((0, 4))).shape == (0, 2)


def test_patches_are_crops_and_the_polygon_patch_fills_from_the_photo(rng):
    photo = rng.integers(0, 255, (12, 20, 3), dtype=np.uint8)
    C = regions.contours_from_masks(masks())
    boxes = regions.patches_from_boxes(photo, regions.boxes_from_contours(C))
    np.testing.assert_array_equal(boxes[0], photo[2:10, 3:12])
    polygons = regions.polygons_from_contours(C)
    for crop, filled in zip(boxes, regions.patches_from_polygons(photo, polygons)):
        np.testing.assert_array_equal(crop, filled)
    grey = regions.patches_from_polygons(photo, polygons, fill=np.array([7, 7, 7]))[0]
    assert (grey[0, -1] == 7).all(), "the corner outside the L's hull is filled"
    np.testing.assert_array_equal(grey[0, 0], photo[2, 3])


def test_an_empty_mask_is_named():
    with pytest.raises(ValueError, match="mask 1 is empty"):
        regions.contours_from_masks(np.stack([masks()[0], np.zeros((12, 20), bool)]))
    with pytest.raises(ValueError, match=r"\(N, H, W\)"):
        regions.contours_from_masks(masks()[0])


def test_the_area_of_a_polygon_of_small_integers():
    assert regions.polygon_area(np.array([[0, 0], [200, 0], [0, 200]], np.uint8)) == 20000
