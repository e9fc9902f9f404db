"""What a photo sounds like as a whole."""

import numpy as np

import see2sound_nb as s2s
from see2sound_nb.regions.ambience import AMBIENCES, describe_ambience
from see2sound_nb.regions.sources import regions_of_masks
from see2sound_nb.sounds.sound_classes import NAMES, known_sentences


def test_every_ambience_is_a_kind_with_a_sentence_that_the_audio_model_knows():
    assert set(AMBIENCES) <= set(NAMES)
    for label, caption in AMBIENCES.values():
        assert label
        assert caption in known_sentences()


def test_a_photo_has_one_ambience_of_a_certainty():
    I = s2s.read_image(s2s.demo_photo())
    nothing = regions_of_masks(I, np.ones((1, *I.shape[:2]), bool)).take([])
    seen = describe_ambience(I, nothing)
    assert set(seen) == {"kind", "label", "caption", "probability"}
    assert (seen["label"], seen["caption"]) == AMBIENCES[seen["kind"]]
    assert 0 <= seen["probability"] <= 1
