"""What a photo sounds like as a whole."""

import numpy as np

import see2sound_nb as s2s
from see2sound_nb.regions.ambience import SCENES, describe_ambience, scene_probabilities
from see2sound_nb.sounds.sound_classes import NAMES, known_sentences


def test_every_scene_is_a_kind_with_a_sentence_that_the_audio_model_knows():
    for kind, caption in SCENES.values():
        assert kind in NAMES
        assert caption in known_sentences()


def test_a_photo_has_one_ambience_of_a_certainty():
    seen = describe_ambience(s2s.read_image(s2s.demo_photo()))
    assert set(seen) == {"kind", "label", "caption", "probability"}
    assert (seen["kind"], seen["caption"]) == SCENES[seen["label"]]
    assert 1 / len(SCENES) <= seen["probability"] <= 1


def test_the_probabilities_of_all_scenes_sum_to_one(rng):
    probability = scene_probabilities(rng.normal(size=(2, 3, 1000)))
    assert probability.shape == (len(SCENES),)
    assert (probability > 0).all()
    np.testing.assert_allclose(probability.sum(), 1)
