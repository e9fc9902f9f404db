"""The tiny CoDi."""

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
STEPS = 3  # enough for everything here but the sound


@pytest.fixture(scope="module")
def pipe():
    from see2sound_nb.sounds.tiny_codi import build_tiny_codi

    return build_tiny_codi()


@pytest.fixture(scope="module")
def cat():
    from skimage import data

    return data.chelsea()


@pytest.fixture(scope="module")
def sounds(pipe, cat):
    return pipe([cat, cat], seeds=[3, 4], num_inference_steps=STEPS)


def test_length_rate_and_type(pipe, sounds):
    assert pipe.sample_rate == 16000
    assert sounds.dtype == np.float32
    assert sounds.shape == (2, 81920)  # 5.12 s


def test_no_clipping_silence_or_constant_part(sounds):
    assert np.abs(sounds).max() <= 0.96
    assert np.sqrt((sounds**2).mean(axis=1)).min() > 1e-3
    assert np.abs(sounds.mean(axis=1)).max() < 1e-4


def test_a_seed_gives_the_same_sound_whatever_the_batch(pipe, cat, sounds):
    alone = pipe([cat], seeds=[4], num_inference_steps=STEPS)
    np.testing.assert_allclose(alone[0], sounds[1], atol=2e-3)  # batched sums are rounded in another order
    assert np.corrcoef(sounds[0], sounds[1])[0, 1] < 0.9


def test_the_mean_of_picture_and_text_is_weighted_and_not_renormalised(pipe, cat):
    image, text = pipe.encode_image([cat]), pipe.encode_text(["rain falling"])
    mixed = pipe.encode([cat], ["rain falling"], image_weight=3.0, text_weight=1.0)
    torch.testing.assert_close(mixed[:, 0], 0.75 * image + 0.25 * text)
    assert mixed.norm() < 0.99
    torch.testing.assert_close(pipe.encode([cat], ["rain falling"], text_weight=0.0)[:, 0], image)


def test_guidance_comes_on_top_of_what_is_learned(pipe, cat, sounds):
    assert pipe.config.guidance_scale == 1.0
    guided = pipe([cat], seeds=[3], num_inference_steps=STEPS, guidance_scale=2.0)
    assert np.isfinite(guided).all()
    assert np.abs(guided[0] - sounds[0]).max() > 1e-3


def test_negative_prompt_changes_the_sound_with_guidance(pipe, cat):
    settings = dict(seeds=[3], num_inference_steps=STEPS, guidance_scale=2.0)
    plain, other = pipe([cat], **settings), pipe([cat], negative_prompt="a dog barking", **settings)
    assert np.abs(other - plain).max() > 1e-3


def test_one_speaker_and_many_differ(pipe):
    one, many = pipe(prompts=["a person talking", "people talking"], seeds=[3, 3], num_inference_steps=STEPS)
    assert np.abs(one - many).max() > 1e-3


@pytest.mark.parametrize("prompt", ["a dog barking", "wind blowing", "quiet room tone", "street traffic"])
def test_two_seeds_of_a_sound_have_no_wave_in_common(pipe, prompt):
    """Not even a steady noise: at two places it would be heard as one sound between them."""
    sounds = pipe(prompts=[prompt] * 2, seeds=[3, 4], num_inference_steps=STEPS)
    assert np.abs(np.corrcoef(sounds)[0, 1]) < 0.3


def test_threads_are_given_back(pipe, cat):
    before = torch.get_num_threads()
    seen = []

    def look(pipe, step, timestep, tensors):
        seen.append(torch.get_num_threads())
        return {}

    pipe([cat], seeds=[0], num_inference_steps=1, callback_on_step_end=look)
    assert seen == [1]
    assert torch.get_num_threads() == before


def test_the_callback_is_that_of_diffusers(pipe, cat):
    seen = []

    def look(pipe, step, timestep, tensors):
        seen.append((step, pipe.num_timesteps, tuple(tensors["latents"].shape)))
        return tensors

    pipe([cat], seeds=[0], num_inference_steps=2, callback_on_step_end=look)
    assert seen == [(0, 2, (1, 8, 72, 8)), (1, 2, (1, 8, 72, 8))]


def test_picture_and_text_of_a_thing_meet(pipe, cat):
    image, near, far = pipe.encode_image([cat]), *pipe.encode_text(["a cat meowing", "a train passing"])[:, None]
    assert (image @ near.T).item() > (image @ far.T).item() + 0.3


def test_free_text_lands_by_its_meaning(pipe):
    pytest.importorskip("transformers")
    token, rain, piano = pipe.encode_text(["a wet evening with rain on the roof", "rain falling", "a piano"])
    assert token @ rain > token @ piano + 0.2


def test_describe_names_what_is_heard(pipe, cat):
    grey = np.full((50, 60, 3), 127, np.uint8)
    found, _ = pipe.image_encoder.describe([cat, grey])
    assert found["sound_class"] == "cat"
    assert found["caption"].endswith("meowing")
    assert found["sounds"] > 0.8


def test_grey_and_the_empty_text_say_the_same(pipe):
    grey = np.full((50, 60, 3), 127, np.uint8)
    torch.testing.assert_close(pipe.encode_image([grey]), pipe.encode_text([""]))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seeds": [0]}, "neither images nor prompts"),
        ({"prompts": ["a", "b"], "seeds": [0]}, "one seed for each"),
        ({"prompts": "rain falling", "seeds": [0], "num_inference_steps": 0}, "num_inference_steps"),
        ({"prompts": "rain falling", "seeds": [0], "guidance_scale": -1.0}, "guidance_scale"),
        ({"prompts": "rain falling", "seeds": [0], "text_weight": 0.0}, "text_weight"),
        ({"images": [np.zeros((4, 4), np.uint8)], "seeds": [0]}, r"\(4, 4\)"),
    ],
)
def test_wrong_input_is_named(pipe, arguments, words):
    with pytest.raises(ValueError, match=words):
        pipe(**arguments)


def test_save_and_load(pipe, cat, sounds, tmp_path, monkeypatch):
    from see2sound_nb.sounds.codi import CoDi

    pipe.save_pretrained(tmp_path)
    again = CoDi.from_pretrained(tmp_path)
    again.set_progress_bar_config(disable=True)
    np.testing.assert_allclose(again([cat], seeds=[3], num_inference_steps=STEPS)[0], sounds[0], atol=2e-3)
    monkeypatch.delitem(sys.modules, "see2sound_nb.sounds.vocoder")  # a new process has not imported it
    CoDi.load_config(tmp_path)
    assert "see2sound_nb.sounds.vocoder" in sys.modules


@pytest.fixture(scope="module")
def saved(pipe, tmp_path_factory):
    pipe.save_pretrained(folder := tmp_path_factory.mktemp("saved"))
    return folder


@pytest.mark.parametrize(("dtype", "alike"), [(torch.float16, 0.999), (torch.bfloat16, 0.97), (torch.float64, 0.99999)])
def test_the_tiny_codi_sounds_in_every_type_that_a_pipeline_can_be_loaded_in(saved, pipe, dtype, alike):
    from see2sound_nb.sounds.tiny_codi import build_tiny_codi

    call = dict(prompts=["rain falling"], seeds=[0], num_inference_steps=8)
    expected = pipe(**call)
    for other in (type(pipe).from_pretrained(saved, torch_dtype=dtype), build_tiny_codi().to(dtype)):
        assert other.unet.dtype == dtype and torch.get_default_dtype() == torch.float32
        other.set_progress_bar_config(disable=True)
        assert np.corrcoef(other(**call)[0], expected[0])[0, 1] > alike
        assert np.isfinite(other(images=[np.full((50, 60, 3), 120, np.uint8)], seeds=[0], num_inference_steps=2)).all()


def test_a_pipeline_that_fails_to_load_leaves_torch_as_it_was(saved, pipe, monkeypatch):
    def fails(self, *args, **kwargs):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(type(pipe.vocoder), "register_buffer", fails)
    before = torch.get_default_dtype(), torch.get_num_threads(), torch.random.get_rng_state()
    with pytest.raises(RuntimeError, match="no such luck"):
        type(pipe).from_pretrained(saved, torch_dtype=torch.float16)
    assert torch.get_default_dtype() == before[0] == torch.float32 and torch.get_num_threads() == before[1]
    torch.testing.assert_close(torch.random.get_rng_state(), before[2])
