"""Which regions become sources, also those given by hand, and what is heard where there is none."""

import numpy as np
import pytest
from PIL import Image

import see2sound_nb as s2s
from see2sound_nb.regions.choosing import LEAST_SOUNDS
from see2sound_nb.regions.loading import load_sam
from see2sound_nb.regions.sources import find_sources, outline_of_thing
from see2sound_nb.sounds.sound_classes import CROWD


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
def test_a_picture_of_nothing_is_its_ambience(pipeline, photo):
    scene = pipeline.run(photo, steps=2)
    assert scene.labels == [] and len(scene.positions_m) == len(scene.masks) == 0
    assert "Nothing in the picture is certain enough to become a source." in scene.notes
    assert scene.ambience is not None
    assert np.abs(scene.render("binaural")).max() > 0.5


def noise_photo():
    return np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)


def text_photo():
    import cv2

    page = np.full((400, 600, 3), 250, np.uint8)
    for row in range(12):
        cv2.putText(
            page, "The quick brown fox jumps", (20, 40 + 30 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2
        )
    return page


def drawing():
    import cv2

    page = np.full((400, 600, 3), 255, np.uint8)
    cv2.circle(page, (200, 150), 50, (0, 0, 0), 4)
    for start, end in (
        ((200, 200), (200, 320)),
        ((200, 240), (140, 200)),
        ((370, 200), (460, 120)),
        ((550, 200), (460, 120)),
    ):
        cv2.line(page, start, end, (0, 0, 0), 4)
    cv2.rectangle(page, (380, 200), (540, 330), (0, 0, 0), 4)
    return page


def fields_from_above():
    colours = np.random.default_rng(0).integers(60, 160, (8, 8, 3)).astype(np.uint8)
    fields = colours.repeat(50, axis=0).repeat(75, axis=1)
    fields[180:195] = 120  # a road
    return fields


def portrait():
    from matplotlib import cbook

    with cbook.get_sample_data("grace_hopper.jpg") as file:
        return np.asarray(Image.open(file).convert("RGB"))


@pytest.mark.parametrize(
    "photo", [noise_photo(), text_photo(), drawing(), fields_from_above(), np.full((300, 400, 3), 235, np.uint8)]
)
def test_what_shows_no_thing_gets_no_name(photo):
    sam, options = load_sam("tiny-sam")
    found = find_sources(photo, 3, sam, options)
    assert [label["label"] for label in found.labels if label["sounds"] < LEAST_SOUNDS] == []
    assert len(found) == 0 and "Nothing in the picture" in found.notes[-1]


def found_in(photo):
    sam, _ = load_sam("tiny-sam")
    return find_sources(np.ascontiguousarray(photo), 3, sam)


def test_fifty_people_are_one_crowd():
    small = np.asarray(Image.fromarray(portrait()).resize((102, 120)))
    (crowd,) = found_in(np.tile(small, (5, 10, 1))).labels
    assert crowd["sound_class"] == "crowd" and crowd["number"] >= CROWD


def test_a_person_who_is_cut_by_the_border_is_a_person():
    (person,) = found_in(portrait()[:, :230]).labels
    assert (person["sound_class"], person["number"]) == ("person", 1)


def test_two_pictures_side_by_side_get_names_of_things_in_them():
    pair = [np.asarray(Image.fromarray(I).resize((700, 600))) for I in (portrait(), s2s.read_image(s2s.demo_photo()))]
    kinds = {label["sound_class"] for label in found_in(np.concatenate(pair, axis=1)).labels}
    assert kinds and kinds <= {"person", "guitar", "drums"}


def test_the_same_thing_twice_is_two_sources_side_by_side():
    guitar = guitar_on_the_left()
    two = np.concatenate([guitar[:, :300], guitar[:, :300]], axis=1)
    sam, _ = load_sam("tiny-sam")
    alone, twice = find_sources(guitar, 3, sam), find_sources(two, 3, sam)
    assert [label["sound_class"] for label in alone.labels] == ["guitar"]
    assert {label["sound_class"] for label in twice.labels} == {"guitar"}


def test_a_thing_that_sam_does_not_see_is_all_of_its_box():
    class Blind:
        def mask_in(self, box):
            mask = np.zeros((100, 120), bool)
            mask[:10, :10] = True  # something else
            return mask, 0.9

    mask = outline_of_thing(Blind(), np.array([30.0, 20.0, 80.0, 90.0]))
    assert mask[20:90, 30:80].all() and mask.sum() == 70 * 50


def test_the_largest_masks_are_taken_as_in_the_papers_code():
    I = guitar_on_the_left()
    sam, options = load_sam("tiny-sam")
    found = find_sources(I, 2, sam, options, select="area")
    assert len(found) == 2 and found.masks[0].sum() >= found.masks[1].sum()
    assert found.masks[0].mean() > 0.3, "the wall"
