"""What a region is called: by a detector that counts, and by a classifier that knows more names."""

import numpy as np
import pytest

from see2sound_nb.regions import labels
from see2sound_nb.regions.things import Things
from see2sound_nb.sounds.sound_classes import NAMES, label_names

SHAPE = (120, 160)


def filled(*boxes):
    mask = np.zeros(SHAPE, bool)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    return mask


def eq_3(mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return np.array([columns[0], columns[-1], rows[0], rows[-1]])


def named(mask, things, sure_of=None, monkeypatch=None):
    """The name of a region in whose patch the classifier sees `sure_of` (p 0.9), or nothing in particular."""
    p = np.full(1000, 1e-4)
    if sure_of:
        p[label_names().index(sure_of)] = 0.9
    monkeypatch.setattr(labels, "patch_probabilities", lambda patch: p / p.sum())
    logits = np.zeros((3, 4, 1000), np.float32)
    return labels.name_regions(mask[None], eq_3(mask)[None], [None], things, logits)[0]


TWO = ((10, 20, 40, 110), (45, 20, 75, 110))
PEOPLE = Things(np.array(TWO, float), ["person", "person"], np.array([0.9, 0.8]))


def test_people_in_a_region_are_counted(monkeypatch):
    two = named(filled(*TWO), PEOPLE, monkeypatch=monkeypatch)
    assert (two["label"], two["number"], two["caption"]) == ("2 people", 2, "two people talking")
    one = named(filled(TWO[0]), PEOPLE, monkeypatch=monkeypatch)
    assert (one["label"], one["number"], one["sound_class"]) == ("person", 1, "person")
    assert one["probability"] > one["sounds"] > 0.5


def test_a_crowd_sounds_unlike_a_person(monkeypatch):
    boxes = [(x, 20, x + 18, 90) for x in range(5, 145, 20)]
    many = Things(np.array(boxes, float), ["person"] * len(boxes), np.full(len(boxes), 0.7))
    crowd = named(filled(*boxes), many, monkeypatch=monkeypatch)
    assert (crowd["sound_class"], crowd["number"], crowd["label"]) == ("crowd", 7, "7 people")


def test_what_is_unsure_or_tiny_beside_the_others_is_not_counted(monkeypatch):
    boxes = np.array([*TWO, (46, 22, 50, 30)], float)
    some = Things(boxes, ["person"] * 3, np.array([0.9, 0.3, 0.9]))
    assert named(filled(*TWO), some, monkeypatch=monkeypatch)["number"] == 1


def test_the_classifier_makes_a_bird_exact_and_leaves_a_person_alone(monkeypatch):
    bird = Things(np.array([TWO[0]], float), ["bird"], np.array([0.6]))
    exact = named(filled(TWO[0]), bird, sure_of=label_names()[146], monkeypatch=monkeypatch)
    assert exact["sound_class"] == "gull" and exact["label"] == label_names()[146] == "albatross"
    person = Things(np.array([TWO[0]], float), ["person"], np.array([0.9]))
    assert named(filled(TWO[0]), person, monkeypatch=monkeypatch)["label"] == "person"


def test_things_are_called_as_people_call_them(monkeypatch):
    television = Things(np.array([TWO[0]], float), ["tv"], np.array([0.9]))
    assert named(filled(TWO[0]), television, monkeypatch=monkeypatch)["label"] == "television"


def test_several_of_an_exact_kind_have_a_sentence_for_several(monkeypatch):
    birds = Things(np.array(TWO, float), ["bird", "bird"], np.array([0.6, 0.6]))
    geese = named(filled(*TWO), birds, sure_of="goose", monkeypatch=monkeypatch)
    assert (geese["label"], geese["sound_class"], geese["caption"]) == ("2 geese", "duck", "ducks on a pond")


def test_what_no_detector_knows_is_named_by_the_classifier(monkeypatch):
    nothing = Things(np.zeros((0, 4)), [], np.zeros(0))
    seen = named(filled(TWO[0]), nothing, sure_of="electric guitar", monkeypatch=monkeypatch)
    assert (seen["label"], seen["sound_class"], seen["number"]) == ("electric guitar", "guitar", 1)
    unsure = named(filled(TWO[0]), nothing, monkeypatch=monkeypatch)
    assert unsure["sounds"] < 0.2


def test_a_thing_beside_the_region_gives_it_no_name(monkeypatch):
    beside = named(filled((100, 20, 150, 110)), PEOPLE, monkeypatch=monkeypatch)
    assert beside["sound_class"] != "person"


def test_kinds_all_around_have_no_place():
    at_a_place = dict(zip(NAMES, labels.has_a_place()))
    assert at_a_place["dog"] and at_a_place["person"] and not at_a_place["surf"] and not at_a_place["room"]


@pytest.mark.parametrize(("mask", "fits"), [(filled((0, 0, 80, 120)), 1.0), (filled((80, 0, 160, 120)), 0.0)])
def test_how_well_a_mask_fits_a_map(mask, fits):
    left_half = np.zeros((3, 4))
    left_half[:, :2] = 0.3
    assert labels.overlap_with_map(mask, left_half) == pytest.approx(fits, abs=1e-6)
