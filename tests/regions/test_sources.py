"""Which regions become sources, also those given by hand, and the whole photo where there is none."""

import warnings

import numpy as np
import pytest
from PIL import Image

import see2sound_nb as s2s


def guitar_on_the_left():
    """The guitar of the shipped photo, alone on the left of an empty picture."""
    picture = np.full((400, 640, 3), (170, 185, 205), np.uint8)
    guitar = Image.fromarray(s2s.read_image(s2s.demo_photo())[330:768, 560:900]).resize((220, 284))
    picture[70:354, 40:260] = guitar
    return picture


def test_given_masks_become_the_sources_as_they_are(pipeline, scene):
    again = pipeline.run(s2s.demo_photo(), sources=1, select="area", masks=scene.masks)
    np.testing.assert_array_equal(again.masks, scene.masks)
    np.testing.assert_array_equal(again.audio, scene.audio)
    np.testing.assert_array_equal(again.positions_m, scene.positions_m)
    assert [source["caption"] for source in again.labels] == [source["caption"] for source in scene.labels]
    turned = pipeline.run(s2s.demo_photo(), masks=scene.masks[::-1], steps=1)
    np.testing.assert_array_equal(turned.positions_m, scene.positions_m[::-1])


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (np.ones((1, 400, 600), bool), r"\(1, 400, 600\)"),
        (np.ones((400, 640), bool), r"\(N, 400, 640\)"),
        (np.ones((1, 400, 640), np.uint8), "uint8"),
        (np.zeros((0, 400, 640), bool), "0 masks"),
        (np.ones((11, 400, 640), bool), "11 masks"),
        (np.arange(2)[:, None, None] * np.ones((400, 640)) < 1, "mask 1 is empty"),
    ],
)
def test_masks_that_do_not_fit_are_named(pipeline, masks, message):
    with pytest.raises(ValueError, match=message):
        pipeline.run(guitar_on_the_left(), masks=masks)


@pytest.mark.parametrize("photo", [np.zeros((80, 120, 3), np.uint8), np.full((1, 1, 3), 200, np.uint8)])
def test_a_picture_without_regions_is_one_ambient_source(pipeline, photo):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scene = pipeline.run(photo, steps=2)
    assert len(scene.labels) == 1
    assert scene.masks.all()
    assert any("No region" in str(w.message) for w in caught)
    assert scene.positions_m[0, 0] == 0
    assert np.abs(scene.render("binaural")).max() > 0.5
