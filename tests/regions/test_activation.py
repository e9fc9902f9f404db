"""The classifier asked at every place of a photo."""

import numpy as np
import pytest
import torch

import see2sound_nb as s2s
from see2sound_nb.models.trunk import load_trunk
from see2sound_nb.regions import activation
from see2sound_nb.sounds import sound_classes


@pytest.fixture(scope="module")
def photo():
    return s2s.read_image(s2s.demo_photo())


@pytest.fixture(scope="module")
def logits(photo):
    return activation.label_logits(photo)


def test_the_mean_over_all_places_is_the_classifiers_own_answer(photo, logits):
    import cv2

    small = cv2.resize(photo, (384, 288), interpolation=cv2.INTER_AREA)
    pixels = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.inference_mode():
        whole = load_trunk()(pixels)[0].numpy()
    assert logits.shape == (9, 12, 1000)
    np.testing.assert_allclose(logits.mean(axis=(0, 1)), whole, atol=1e-4)


def test_probabilities_and_evidence(logits):
    p = activation.label_probabilities(logits)
    np.testing.assert_allclose(p.sum(axis=-1), 1, atol=1e-5)
    beagle = np.zeros(1000)
    beagle[sound_classes.label_names().index("beagle")] = 0.8
    evidence = activation.kind_evidence(beagle)
    assert evidence[sound_classes.NAMES.index("dog")] == pytest.approx(0.8) and evidence.sum() == pytest.approx(0.8)


def test_drums_are_seen_on_the_left_and_the_guitar_on_the_right(photo, logits):
    kinds = np.array([name in ("drums", "guitar") for name in sound_classes.NAMES])
    seen = {sound_classes.NAMES[one.kind]: one for one in activation.seen_things(photo, logits, 2, kinds)}
    assert seen["drums"].point_px[0] < 512 < seen["guitar"].point_px[0]
    for one in seen.values():
        left, top, right, bottom = one.box_px
        assert left <= one.point_px[0] <= right and top <= one.point_px[1] <= bottom
        assert one.heat.shape == photo.shape[:2] and 0 <= one.heat.min() <= one.heat.max() <= 1
        inside = one.heat[int(top) : int(bottom), int(left) : int(right)]
        assert inside.mean() > 2 * one.heat.mean()


def test_panoramas_and_tiny_pictures_have_places_too():
    for shape in ((32, 1000, 3), (1000, 32, 3), (33, 40, 3)):
        logits = activation.label_logits(np.full(shape, 127, np.uint8))
        assert min(logits.shape[:2]) >= 2 and np.isfinite(logits).all()
