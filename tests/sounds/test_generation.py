"""The sounds of patches: seeds, texts, one level."""

import numpy as np
import pytest

from see2sound_nb.sounds.generation import SOURCE_LEVEL_DB


def assert_same_sound(a, b):
    """Batches of other sizes round differently, and the phases that a vocoder finds spread that."""
    assert np.corrcoef(a, b)[0, 1] > 0.98


def test_one_sound_can_be_made_again(pipeline, scene):
    last = len(scene.patches) - 1
    named = {"captions": [scene.labels[last]["caption"]]}
    (again,) = pipeline.generate(scene.patches[last:], [None], [last], **named)
    assert again.dtype == np.float32
    assert_same_sound(again, scene.audio[last])
    np.testing.assert_array_equal(pipeline.generate(scene.patches[last:], [""], [last], **named)[0], again)


def test_sounds_with_and_without_a_text_are_made_together(pipeline, scene):
    told = []
    mixed = pipeline.generate(
        [scene.patches[0]] * 2, [None, "a dog barks"], [0, 7], progress=lambda *step: told.append(step)
    )
    assert mixed.shape == (2, scene.audio.shape[1])
    np.testing.assert_allclose(10 * np.log10((mixed.astype(float) ** 2).mean(axis=1)), SOURCE_LEVEL_DB, atol=0.01)
    assert_same_sound(mixed[0], scene.audio[0])
    assert_same_sound(mixed[1], pipeline.generate([scene.patches[0]], ["a dog barks"], [7])[0])
    assert np.corrcoef(mixed[1], pipeline.generate([scene.patches[0]], [None], [7])[0])[0, 1] < 0.9
    assert {step for step, _, _ in told} == {"audio"}
    assert [done for _, done, _ in told] == list(range(1, told[-1][2] + 1))


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
    assert_same_sound(mixed[0], pipeline.generate([None], ["rain falling"], [3], steps=2)[0])
    assert np.corrcoef(mixed[0], mixed[1])[0, 1] < 0.9, "the patch has a say"
    assert [done for _, done, _ in told] == list(range(1, told[-1][2] + 1))
    with pytest.raises(ValueError, match="sound 1 has neither"):
        pipeline.generate([None, None], ["rain falling", None], [1, 2])


def test_no_patches_have_no_sounds(pipeline):
    assert pipeline.generate([], [], []).shape == (0, 81920)
