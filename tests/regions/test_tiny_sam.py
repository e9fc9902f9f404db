"""The tiny SAM on shapes whose masks are known."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

SIZE = 240


def _disc(shape=(SIZE, 320), centre=(110, 170), radius=60):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2


def _iou(a, b):
    return np.logical_and(a, b).sum() / max(np.logical_or(a, b).sum(), 1)


def _picture(rng, *layers):
    """A green, slightly noisy ground with coloured layers (mask, colour) on it, (H, W, 3) uint8."""
    picture = np.full((SIZE, 320, 3), (70, 120, 60), float)
    for mask, colour in layers:
        picture[mask] = colour
    return np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def sam():
    from see2sound_nb.regions.tiny_sam import build_tiny_sam

    return build_tiny_sam()


@pytest.fixture(scope="module")
def predictor(sam):
    from segment_anything import SamPredictor

    return SamPredictor(sam)


@pytest.fixture
def scene(predictor):
    """A disc and a square of different colours, set as the predictor's picture."""
    square = np.zeros((SIZE, 320), bool)
    square[150:220, 20:100] = True
    predictor.set_image(_picture(np.random.default_rng(0), (_disc(), (200, 60, 40)), (square, (240, 220, 90))))
    return _disc(), square


def _best(predictor, **prompt):
    masks, iou, _ = predictor.predict(**prompt)
    return masks[iou.argmax()]


def test_click_finds_the_clicked_shape(predictor, scene):
    for truth, point in zip(scene, [(170, 110), (60, 185)]):
        mask = _best(predictor, point_coords=np.array([point], float), point_labels=np.array([1]))
        assert mask.shape == (SIZE, 320)
        assert _iou(mask, truth) > 0.8


def test_box_finds_the_shape_in_it(predictor, scene):
    assert _iou(_best(predictor, box=np.array([108, 48, 232, 172])), scene[0]) > 0.8


def test_negative_click_takes_its_region_away(predictor, scene):
    disc, square = scene
    point = np.array([[170, 110], [60, 185]], float)
    both = _best(predictor, point_coords=point, point_labels=np.array([1, 1]))
    one = _best(predictor, point_coords=point, point_labels=np.array([1, 0]))
    assert one[square].mean() < 0.2 < 0.5 < one[disc].mean()
    assert both[square].mean() > one[square].mean()


def test_single_mask_is_the_best_of_three(predictor, scene):
    prompt = {"point_coords": np.array([[170, 110]], float), "point_labels": np.array([1])}
    three, iou, low = predictor.predict(**prompt)
    one, best, _ = predictor.predict(**prompt, multimask_output=False)
    assert low.shape == (3, 96, 96)
    assert best[0] == iou.max() and iou.min() >= 0 and iou.max() <= 1
    np.testing.assert_array_equal(one[0], three[iou.argmax()])


def test_earlier_mask_is_accepted(predictor, scene):
    prompt = {"point_coords": np.array([[170, 110]], float), "point_labels": np.array([1])}
    _, iou, low = predictor.predict(**prompt)
    mask = _best(predictor, **prompt, mask_input=low[iou.argmax()][None])
    assert _iou(mask, scene[0]) > 0.8


def test_automatic_masks_find_both_shapes_and_repeat(sam):
    from segment_anything import SamAutomaticMaskGenerator

    from see2sound_nb.regions.tiny_sam import TINY_AMG

    left, right = _disc(centre=(120, 80), radius=50), _disc(centre=(120, 230), radius=55)
    picture = _picture(np.random.default_rng(1), (left, (210, 60, 50)), (right, (50, 70, 200)))
    generator = SamAutomaticMaskGenerator(sam, **TINY_AMG)
    first, second = generator.generate(picture), generator.generate(picture)
    for truth in (left, right, ~(left | right)):
        assert max(_iou(m["segmentation"], truth) for m in first) > 0.8
    assert [m["area"] for m in first] == [m["area"] for m in second]


def test_padding_does_not_change_the_embedding_size(sam):
    pixels = torch.zeros(1, 3, 384, 384)
    pixels[:, :, :200, :384] = 0.3
    assert sam.image_encoder(pixels).shape[-2:] == (56, 96)


def test_unknown_weights_are_refused(tmp_path):
    from safetensors.torch import save_file

    from see2sound_nb.regions.tiny_sam import build_tiny_sam

    save_file({"nothing": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="train it again"):
        build_tiny_sam(tmp_path / "other.safetensors")
