"""Outlines of masks."""

import numpy as np
import pytest

from see2sound_nb.regions.contours import contours_from_masks
from see2sound_nb.regions.polygons import polygon_area


def masks():
    L = np.zeros((12, 20), bool)
    L[2:10, 3:5] = L[8:10, 3:12] = True  # an L shape
    two = np.zeros_like(L)
    two[1, 1] = two[5:8, 14:19] = True  # a speck and a block
    return np.stack([L, two])


def test_contours_run_along_the_border_of_the_mask():
    for mask, contour in zip(masks(), contours_from_masks(masks())):
        assert mask[contour[:, 1], contour[:, 0]].all()
        padded = np.pad(mask, 1)
        for x, y in contour:
            assert not padded[y : y + 3, x : x + 3].all(), "an outline point has a neighbour outside"


def test_areas_of_contours_count_the_pixels_of_their_masks():
    L, two = masks()
    (contour,) = contours_from_masks(L[None])
    assert polygon_area(contour) == L.sum() - len(contour) / 2 - 1, "Pick's theorem"
    block = contours_from_masks(two[None, 4:])[0]
    assert polygon_area(block) == polygon_area(block[::-1]) == 2 * 4, "either way round"


def test_an_empty_mask_is_named():
    with pytest.raises(ValueError, match="mask 1 is empty"):
        contours_from_masks(np.stack([masks()[0], np.zeros((12, 20), bool)]))
    with pytest.raises(ValueError, match=r"\(N, H, W\)"):
        contours_from_masks(masks()[0])
