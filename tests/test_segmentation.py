"""Which masks become sources: what can sound, apart from each other, and not the background."""

import numpy as np
import pytest

from see2sound_nb import segmentation
from see2sound_nb.overlap import iou, non_maximum_suppression, share_of_smaller


def box(x0, x1, y0, y1, shape=(100, 150)):
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


WALL = box(0, 150, 0, 80)  # fills three borders for the most part
DOG, HEAD, CAR, SPECK = box(10, 50, 40, 90), box(15, 30, 45, 60), box(90, 140, 50, 95), box(60, 63, 10, 13)
M = np.stack([WALL, DOG, HEAD, CAR, SPECK])


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


def test_the_papers_way_takes_the_largest_masks_even_the_wall():
    assert segmentation.largest_sources(M, 3).tolist() == [0, 3, 1]


def test_candidates_are_neither_background_nor_specks_nor_copies():
    twin = DOG.copy()
    twin[40] = False
    masks = np.stack([*M, twin])
    kept = segmentation.candidate_sources(masks, np.ones(6))
    assert set(kept.tolist()) == {1, 2, 3}
    assert len(segmentation.candidate_sources(M[:0], np.zeros(0))) == 0


def test_what_is_spread_over_the_whole_photo_is_no_candidate():
    frame = box(0, 150, 0, 8) | box(0, 150, 92, 100) | box(0, 8, 0, 40) | box(142, 150, 0, 40)
    assert segmentation.candidate_sources(frame[None], np.ones(1)).tolist() == []


def test_specks_go_and_pieces_of_size_stay():
    broken = box(10, 50, 40, 60) | box(10, 50, 70, 90) | box(140, 143, 3, 6)
    (cleaned,) = segmentation.without_specks(broken[None])
    np.testing.assert_array_equal(cleaned, broken & ~box(140, 143, 3, 6))
    assert not segmentation.without_specks(np.zeros((1, 5, 5), bool)).any()


def test_a_silent_thing_is_taken_only_if_there_is_no_other():
    regions = np.stack([DOG, CAR])
    assert segmentation.choose_sources(regions, np.ones(2), [0.9, 0.01], sources=2).tolist() == [0]
    assert segmentation.choose_sources(regions, np.ones(2), [0.0, 0.01], sources=2).tolist() == [1]


def test_a_listener_takes_what_sounds_and_never_a_part_of_a_chosen_source():
    regions = np.stack([DOG, HEAD, CAR])
    chosen = segmentation.choose_sources(regions, np.ones(3), [0.9, 0.9, 0.4], sources=3)
    assert chosen.tolist() == [0, 2], "the head lies in the dog"


def test_two_parts_of_one_thing_are_one_source():
    body, leg = box(10, 50, 40, 60) | box(10, 20, 60, 90), box(35, 45, 65, 90)
    regions = np.stack([body, leg, CAR])
    apart = segmentation.choose_sources(regions, np.ones(3), [0.9] * 3, 3, kinds=["dog", "cat", "car"])
    assert set(apart.tolist()) == {0, 1, 2}
    together = segmentation.choose_sources(regions, np.ones(3), [0.9] * 3, 3, kinds=["dog", "dog", "car"])
    assert set(together.tolist()) == {0, 2}


def test_a_small_loud_thing_beats_a_large_silent_one():
    regions = np.stack([box(0, 80, 0, 60), box(100, 120, 40, 60)])
    assert segmentation.choose_sources(regions, np.ones(2), [0.05, 0.9], sources=1).tolist() == [1]


def two_things():
    """A red disc and a blue square on a green ground, with their masks."""
    picture = np.full((200, 300, 3), (90, 140, 60), np.uint8)
    disc = (np.arange(300) - 80) ** 2 + (np.arange(200)[:, None] - 100) ** 2 < 45**2
    square = box(190, 260, 60, 140, (200, 300))
    picture[disc], picture[square] = (200, 40, 30), (40, 60, 200)
    return picture, disc, square


def test_automatic_masks_find_the_objects_of_a_simple_picture(pipeline):
    picture, disc, square = two_things()
    masks, quality = segmentation.automatic_masks(picture, *pipeline.model("segmentation"))
    assert masks.dtype == bool
    assert len(masks) == len(quality)
    assert (np.diff(masks.sum(axis=(1, 2))) <= 0).all(), "largest first"
    for thing in (disc, square):
        assert max(iou(mask, thing) for mask in masks) > 0.8


@pytest.fixture(scope="module")
def clicks(pipeline):
    return segmentation.ClickPredictor(two_things()[0], pipeline.model("segmentation")[0])


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
