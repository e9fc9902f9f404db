"""What a photo sounds like as a whole."""

import numpy as np
import pytest

import see2sound_nb as s2s
from see2sound_nb.regions import ambience
from see2sound_nb.sounds.sound_classes import NAMES, known_sentences, label_names


def test_every_scene_has_a_kind_and_a_sentence_that_the_audio_model_knows():
    for kind, caption in ambience.SCENES.values():
        assert kind in NAMES and caption in known_sentences()


def test_a_photo_has_one_ambience_of_a_certainty():
    seen = ambience.describe_ambience(s2s.read_image(s2s.demo_photo()))
    assert (seen["kind"], seen["caption"]) == ambience.SCENES[seen["label"]]
    assert seen["label"] == "room" and 0.5 < seen["probability"] <= 1


def test_probabilities_of_scenes_sum_to_one():
    rng = np.random.default_rng(0)
    p = ambience.scene_probabilities(rng.normal(size=(3, 4, 1000)))
    assert p.shape == (len(ambience.SCENES),) and p.sum() == pytest.approx(1)


def test_what_lives_in_the_sea_was_photographed_there():
    names = label_names()
    assert [names[k] for k in (0, 2, 107, 327, 973, 983)] == [
        "tench", "great white shark", "jellyfish", "starfish", "coral reef", "scuba diver"
    ]  # fmt: skip
    logits = np.zeros((1, 1, 1000))
    logits[..., 973] = 12  # a coral reef, and nothing else
    seen = ambience.describe_ambience(np.zeros((64, 64, 3), np.uint8), logits)
    assert seen["kind"] == "surf" and seen["probability"] > 0.9


def test_what_is_uncertain_is_the_open_air_or_a_room():
    seen = ambience.describe_ambience(np.zeros((64, 64, 3), np.uint8), np.zeros((1, 1, 1000)))
    assert seen["label"] in ("open air", "room") or seen["probability"] >= ambience.LEAST_PROBABILITY
