"""The sounds of patches: seeds, texts, one level."""

import numpy as np
import pytest
import torch

import see2sound_nb as s2s
from see2sound_nb.sounds.generation import SOURCE_LEVEL_DB


def test_one_sound_can_be_made_again(pipeline, scene):
    last = len(scene.patches) - 1
    named = {"captions": [scene.labels[last]["caption"]]}
    (again,) = pipeline.generate(scene.patches[last:], [None], [last], **named)
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again, scene.audio[last])
    np.testing.assert_array_equal(pipeline.generate(scene.patches[last:], [""], [last], **named)[0], again)


def test_sounds_with_and_without_a_text_are_made_together(pipeline, scene):
    told = []
    mixed = pipeline.generate(
        [scene.patches[0]] * 2, [None, "a dog barks"], [0, 7], progress=lambda *step: told.append(step)
    )
    assert mixed.shape == (2, scene.audio.shape[1])
    np.testing.assert_allclose(10 * np.log10((mixed.astype(float) ** 2).mean(axis=1)), SOURCE_LEVEL_DB, atol=0.01)
    alone = pipeline.generate([scene.patches[0]], ["a dog barks"], [7])[0]
    np.testing.assert_array_equal(mixed[1], alone, "whatever it is made beside")
    assert np.corrcoef(mixed[1], pipeline.generate([scene.patches[0]], [None], [7])[0])[0, 1] < 0.9
    assert {step for step, _, _ in told} == {"audio"}
    assert [done for _, done, _ in told] == list(range(1, told[-1][2] + 1))


def test_neither_other_sources_nor_threads_change_a_sound(pipeline):
    first = pipeline.run(s2s.demo_photo(), sources=1, seed=3).audio[0]
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        among = pipeline.run(s2s.demo_photo(), sources=2, seed=3, ambience=False).audio
    finally:
        torch.set_num_threads(threads)
    assert len(among) == 2
    np.testing.assert_array_equal(among[0], first)


@pytest.mark.parametrize(("prompts", "seeds", "message"), [
    ([], [1], "0 prompts"), ([None], [], "0 seeds"), ("a", [1], "one text"), ([None], [-1], "seeds"),
])  # fmt: skip
def test_sounds_without_a_prompt_or_a_seed_each_are_refused(pipeline, prompts, seeds, message):
    with pytest.raises(ValueError, match=message):
        pipeline.generate([np.zeros((40, 40, 3), np.uint8)], prompts, seeds)


def test_a_text_alone_makes_a_sound(pipeline, scene):
    told = []
    mixed = pipeline.generate(
        [None, scene.patches[0], None], ["rain falling", "rain falling", "a dog barking"], [3, 3, 4],
        steps=2, progress=lambda *step: told.append(step),
    )  # fmt: skip
    np.testing.assert_array_equal(mixed[0], pipeline.generate([None], ["rain falling"], [3], steps=2)[0])
    assert np.corrcoef(mixed[0], mixed[1])[0, 1] < 0.9, "the patch has a say"
    assert [done for _, done, _ in told] == list(range(1, told[-1][2] + 1))
    with pytest.raises(ValueError, match="sound 1 has neither"):
        pipeline.generate([None, None], ["rain falling", None], [1, 2])


def test_no_patches_have_no_sounds(pipeline):
    assert pipeline.generate([], [], []).shape == (0, 81920)
