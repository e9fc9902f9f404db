"""Masks under clicks."""

import numpy as np
import pytest

from see2sound_nb.regions.clicks import ClickPredictor, extent
from see2sound_nb.regions.overlap import iou


def box(x0, x1, y0, y1, shape=(100, 150)):
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


DOG, HEAD, CAR, SPECK = box(10, 50, 40, 90), box(15, 30, 45, 60), box(90, 140, 50, 95), box(60, 63, 10, 13)


def two_things():
    """A red disc and a blue square on a green ground, with their masks."""
    picture = np.full((200, 300, 3), (90, 140, 60), np.uint8)
    disc = (np.arange(300) - 80) ** 2 + (np.arange(200)[:, None] - 100) ** 2 < 45**2
    square = box(190, 260, 60, 140, (200, 300))
    picture[disc], picture[square] = (200, 40, 30), (40, 60, 200)
    return picture, disc, square


@pytest.fixture(scope="module")
def clicks(pipeline):
    return ClickPredictor(two_things()[0], pipeline.model("segmentation")[0])


def test_a_click_finds_the_thing_and_more_clicks_add_and_take_away(clicks):
    _, disc, square = two_things()
    on_both = np.array([[80, 100], [225, 100]])
    mask, quality = clicks.mask_at(on_both[:1], np.array([True]))
    assert (mask.dtype, mask.shape) == (bool, disc.shape)
    assert 0 <= quality <= 1
    assert iou(mask, disc) > 0.8
    mask, _ = clicks.mask_at(on_both, np.array([True, True]))
    assert mask[disc].mean() > 0.7 < mask[square].mean()
    mask, _ = clicks.mask_at(on_both, np.array([True, False]))
    assert mask[disc].mean() > 0.7
    assert mask[square].mean() < 0.1


class ThreeAnswers:
    """In place of SAM's predictor: a small mask, a large one with a speck, and one that the click is not in."""

    original_size = (100, 150)

    def predict(self, points, labels):
        return np.stack([HEAD, DOG | SPECK, CAR]), np.array([0.80, 0.79, 0.99]), None


def test_of_three_masks_the_thing_under_the_click_is_taken_without_what_lies_apart(clicks, monkeypatch):
    monkeypatch.setattr(clicks, "_predictor", ThreeAnswers())
    mask, quality = clicks.mask_at(np.array([[20, 50]]), np.array([True]))
    np.testing.assert_array_equal(mask, DOG)
    assert quality == 0.79
    mask, quality = clicks.mask_at(np.array([[20, 50], [25, 50]]), np.array([True, True]))
    np.testing.assert_array_equal(mask, HEAD)
    mask, _ = clicks.mask_at(np.array([[20, 50], [61, 11]]), np.array([True, True]))
    np.testing.assert_array_equal(mask, DOG | SPECK)


@pytest.mark.parametrize(
    ("points", "positive", "message"),
    [
        ([[300, 10]], [True], "outside"),
        ([[10, -1]], [True], "outside"),
        ([[10, np.nan]], [True], "outside"),
        ([[10, 10]], [False], "positive"),
        ([[10, 10]], [1], "one flag a point"),
        ([10, 10], [True, True], "one flag a point"),
    ],
)
def test_clicks_that_mean_nothing_are_named(clicks, points, positive, message):
    with pytest.raises(ValueError, match=message):
        clicks.mask_at(np.array(points), np.array(positive))


def test_a_box_finds_the_thing_that_fills_it(clicks):
    _, disc, square = two_things()
    for thing in (disc, square):
        mask, quality = clicks.mask_in(extent(thing) + np.array([-4, -3, 5, 4]))
        assert (mask.dtype, mask.shape) == (bool, thing.shape)
        assert 0 <= quality <= 1
        assert iou(mask, thing) > 0.85


def test_of_three_masks_the_one_that_fills_the_box_is_taken(clicks, monkeypatch):
    class ThreeAnswersToABox(ThreeAnswers):
        def predict(self, box):
            return super().predict(None, None)

    monkeypatch.setattr(clicks, "_predictor", ThreeAnswersToABox())
    np.testing.assert_array_equal(clicks.mask_in([15, 45, 30, 60])[0], HEAD)
    np.testing.assert_array_equal(clicks.mask_in(extent(CAR))[0], CAR)


def test_the_extent_of_a_mask_holds_its_last_pixel():
    assert extent(DOG).tolist() == [10, 40, 50, 90]


@pytest.mark.parametrize(
    ("box_px", "message"),
    [
        ([1, 2, 3], "left < right"),
        ([9, 9, 9, 20], "left < right"),
        ([310, 0, 320, 9], "outside of the photo of 300 x 200"),
        ([0, 0, np.nan, 9], "left < right"),
    ],
)
def test_boxes_that_mean_nothing_are_named(clicks, box_px, message):
    with pytest.raises(ValueError, match=message):
        clicks.mask_in(box_px)
