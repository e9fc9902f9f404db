"""Things detected in photos: where they are in the photo's own pixels, however it is scaled, cut or mirrored."""

import pathlib

import numpy as np
import pytest

from see2sound_nb.regions.things import COCO_LABELS, cell_middles, decode, detect, letterbox, suppress, things_apart
from see2sound_nb.regions.tiny_detector import BINS, STRIDES, build_tiny_detector


@pytest.fixture(scope="module")
def model():
    return build_tiny_detector()


@pytest.fixture(scope="module")
def woman():
    """The upper body of a woman in an orange suit, as large as she appears in a photo."""
    with np.load(pathlib.Path(__file__).parent / "tiny_detector.npz") as stored:
        return stored["picture_0"].repeat(2, axis=0).repeat(2, axis=1)


def best_of(model, I, kind):
    boxes, labels, scores = detect(model, I)
    found = np.flatnonzero(labels == COCO_LABELS.index(kind))
    return (boxes[found[0]], float(scores[found[0]])) if len(found) else (None, 0.0)


def test_a_person_is_found_where_she_is(model, woman):
    height, width = woman.shape[:2]
    grey = np.full((height + 60, 3 * width, 3), 128, np.uint8)
    for column in (0, 2 * width):
        I = grey.copy()
        I[60:, column : column + width] = woman
        (left, top, right, bottom), score = best_of(model, I, "person")
        assert score > 0.5
        assert column - 0.1 * width <= left and right <= column + 1.1 * width
        assert bottom > 0.9 * I.shape[0] and right - left > 0.6 * width
        assert 0 <= left < right <= I.shape[1] and 0 <= top < bottom <= I.shape[0]


def test_a_mirrored_photo_has_mirrored_boxes(model, woman):
    box, _ = best_of(model, woman, "person")
    left, top, right, bottom = best_of(model, np.ascontiguousarray(woman[:, ::-1]), "person")[0]
    np.testing.assert_allclose(
        [woman.shape[1] - right, top, woman.shape[1] - left, bottom], box, atol=0.06 * len(woman)
    )


def test_boxes_are_in_the_photos_own_pixels(model, woman):
    box, _ = best_of(model, woman, "person")
    larger, _ = best_of(model, woman.repeat(3, axis=0).repeat(3, axis=1), "person")
    np.testing.assert_allclose(larger / 3, box, atol=0.05 * len(woman))


def test_on_a_blank_wall_there_is_nothing(model):
    boxes, labels, scores = detect(model, np.full((300, 400, 3), 200, np.uint8))
    assert boxes.shape == (0, 4) and len(labels) == len(scores) == 0


def test_the_fewer_are_asked_for_the_better_they_are(model, woman):
    all_scores = detect(model, woman, least_score=0.05)[2]
    assert len(all_scores) > 2 and (np.diff(all_scores) <= 0).all()
    np.testing.assert_array_equal(detect(model, woman, least_score=0.05, most=2)[2], all_scores[:2])


def test_the_letterbox_keeps_the_picture_at_the_top_left():
    I = np.full((100, 300, 3), 255, np.uint8)
    canvas, scale = letterbox(I)
    assert canvas.shape == (160, 416, 3) and scale == pytest.approx(416 / 300)
    assert canvas[:138].min() == 255 and canvas[140:].max() == 0


def test_distances_are_expectations_times_the_stride():
    import torch

    height, width = 32, 64
    outputs = []
    for stride in STRIDES:
        n = (height // stride) * (width // stride)
        bins = torch.full((1, n, 4, BINS), -50.0)
        bins[..., 1] = bins[..., 3] = 0.0  # half and half: two strides to each side
        outputs.append((torch.zeros(1, n, 80), bins.flatten(2)))
    boxes, _ = decode(outputs, height, width)
    middles = torch.cat([cell_middles(height, width, stride) for stride in STRIDES])
    sides = torch.tensor([s for s in STRIDES for _ in range(height * width // s**2)], dtype=torch.float32)[:, None] * 2
    np.testing.assert_allclose(boxes.numpy(), torch.cat([middles - sides, middles + sides], dim=1).numpy(), atol=1e-4)
    assert middles[0].tolist() == [4.0, 4.0] and middles[-1].tolist() == [48.0, 16.0]


def test_of_two_boxes_of_one_label_the_better_stays():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 10], [20, 0, 30, 10]])
    assert suppress(boxes, np.array([3, 3, 5, 3]), np.array([0.4, 0.9, 0.6, 0.5])).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(I=np.zeros((4, 4), np.uint8)), r"\(4, 4\)"),
        (dict(I=np.zeros((4, 4, 3))), "float64"),
        (dict(size=100), "multiple of 32"),
        (dict(least_score=2), "least_score=2"),
        (dict(most=0), "most=0"),
    ],
)
def test_wrong_input_is_named(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        detect(model, **{"I": np.zeros((40, 40, 3), np.uint8), **arguments})


def test_one_thing_is_found_once_whatever_it_is_called():
    whole, front, beside = [0, 0, 100, 60], [60, 5, 98, 58], [90, 0, 190, 60]
    boxes, scores = np.array([whole, front, whole, beside], float), np.array([0.9, 0.5, 0.6, 0.7])
    bus, truck = 5, 7
    kept = things_apart(boxes, np.array([bus, bus, truck, bus]), scores)
    assert kept.tolist() == [0, 3], "its front is no second bus, and the bus is no truck"
    rider = things_apart(boxes[:2], np.array([bus, 0]), scores[:2])
    assert rider.tolist() == [0, 1], "who sits in the bus is a person"
