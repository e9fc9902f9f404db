"""The tiny SAM asked everywhere in a simple picture, and specks."""

import numpy as np

from see2sound_nb.regions.masks import automatic_masks, without_specks
from see2sound_nb.regions.overlap import iou


def box(x0, x1, y0, y1, shape=(100, 150)):
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def test_specks_go_and_pieces_of_size_stay():
    broken = box(10, 50, 40, 60) | box(10, 50, 70, 90) | box(140, 143, 3, 6)
    (cleaned,) = without_specks(broken[None])
    np.testing.assert_array_equal(cleaned, broken & ~box(140, 143, 3, 6))
    assert not without_specks(np.zeros((1, 5, 5), bool)).any()


def two_things():
    """A red disc and a blue square on a green ground, with their masks."""
    picture = np.full((200, 300, 3), (90, 140, 60), np.uint8)
    disc = (np.arange(300) - 80) ** 2 + (np.arange(200)[:, None] - 100) ** 2 < 45**2
    square = box(190, 260, 60, 140, (200, 300))
    picture[disc], picture[square] = (200, 40, 30), (40, 60, 200)
    return picture, disc, square


def test_automatic_masks_find_the_objects_of_a_simple_picture(pipeline):
    picture, disc, square = two_things()
    masks, quality = automatic_masks(picture, *pipeline.model("segmentation"))
    assert masks.dtype == bool
    assert len(masks) == len(quality)
    assert (np.diff(masks.sum(axis=(1, 2))) <= 0).all(), "largest first"
    for thing in (disc, square):
        assert max(iou(mask, thing) for mask in masks) > 0.8
