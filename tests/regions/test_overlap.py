"""How much masks overlap, and which are copies."""

import numpy as np
import pytest

from see2sound_nb.regions.overlap import iou, non_maximum_suppression, share_of_smaller


def box(x0, x1, y0, y1, shape=(100, 150)):
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


DOG, HEAD, CAR, SPECK = box(10, 50, 40, 90), box(15, 30, 45, 60), box(90, 140, 50, 95), box(60, 63, 10, 13)


def test_how_much_masks_overlap():
    assert iou(HEAD, DOG) == HEAD.sum() / DOG.sum()
    assert share_of_smaller(HEAD, DOG) == share_of_smaller(DOG, HEAD) == 1
    for compared in (iou, share_of_smaller):
        with pytest.raises(ValueError, match="cannot be compared"):
            compared(DOG, DOG[0])
    left, right = box(0, 10, 0, 10), box(5, 15, 0, 10)
    assert iou(left, right) == 1 / 3
    assert share_of_smaller(left, right) == 1 / 2
    assert iou(SPECK, CAR) == share_of_smaller(SPECK, CAR) == iou(SPECK & CAR, SPECK & CAR) == 0, (
        "also where all is empty"
    )


def test_of_copies_the_first_in_order_is_kept():
    shifted = np.roll(DOG, 2, axis=1)
    masks = np.stack([DOG, HEAD, shifted, CAR])
    assert non_maximum_suppression(masks, [2, 0, 1, 3]).tolist() == [2, 1, 3]
    assert non_maximum_suppression(masks, [0, 3, 2]).tolist() == [0, 3]
    assert non_maximum_suppression(masks, [0, 1, 2, 3], most_iou=0.95).tolist() == [0, 1, 2, 3]
    assert non_maximum_suppression(masks, [0, 1, 2, 3], most=2).tolist() == [0, 1]
    assert non_maximum_suppression(masks, [0, 1, 2, 3], most=0).tolist() == []
    assert non_maximum_suppression(masks, []).tolist() == []
    whole_and_half = np.zeros((2, 4, 4), dtype=bool)
    whole_and_half[0], whole_and_half[1, :2] = True, True
    assert non_maximum_suppression(whole_and_half, [0, 1], most_iou=0.5).tolist() == [0], "the limit itself is too much"
