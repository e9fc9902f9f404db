"""The tiny SAM asked everywhere in a simple picture, and specks."""

import numpy as np
import pytest

from see2sound_nb.regions.clicks import ClickPredictor
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


def test_without_options_the_models_own_are_taken(pipeline):
    picture, _, _ = two_things()
    sam, options = pipeline.model("segmentation")
    with_options, _ = automatic_masks(picture, sam, options)
    without, _ = automatic_masks(picture, sam)
    np.testing.assert_array_equal(with_options, without)
    fewer, _ = automatic_masks(picture, sam, {**options, "points_per_side": 4})
    assert len(fewer) < len(without)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda I: I.astype(float), lambda I: I / 255, lambda I: np.dstack([I, I[..., :1]]), lambda I: I[..., 0],
        lambda I: I[:0], lambda I: np.moveaxis(I, 2, 0), lambda I: I.astype(np.uint16),
    ],
)  # fmt: skip
def test_only_a_picture_is_searched(pipeline, spoil):
    """Floats from 0 to 255 gave 5 masks in place of 136, and nobody was told."""
    sam, options = pipeline.model("segmentation")
    for search in (lambda I: automatic_masks(I, sam, options), lambda I: ClickPredictor(I, sam)):
        with pytest.raises(ValueError, match=r"image is .*; it must be uint8 \(H, W, 3\) RGB: read it with"):
            search(spoil(two_things()[0]))
