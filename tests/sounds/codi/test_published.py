"""The published configuration on library parts, at a reduced size with random weights, and what users expect."""

import copy
from types import SimpleNamespace

import accelerate
import numpy as np
import pytest
import torch
from authors.codi import REDUCED
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    LCMScheduler,
)
from diffusers.models.attention_processor import AttnProcessor2_0

from see2sound_nb.sounds.codi import CoDi, published, schedule
from see2sound_nb.sounds.codi.seamless import FADE_S, as_loop
from see2sound_nb.sounds.codi.unet import CoDiUNet, OneTokenAttention, capture, runs_itself

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pipe():
    pipe = published.random_codi(REDUCED.ours)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture
def photos(rng):
    return [rng.integers(0, 255, (90, 120, 3), np.uint8), rng.integers(0, 255, (130, 70, 3), np.uint8)]


def test_the_real_configuration_has_the_published_sizes_and_makes_ten_seconds():
    with torch.device("meta"):
        parts = published.make_parts()
        mel = parts["vae"].decode(torch.zeros(1, 8, 256, 16)).sample
        wave = parts["vocoder"](mel[:, 0])
    millions = {name: sum(p.numel() for p in part.parameters()) / 1e6 for name, part in parts.items()}
    expected = {"image_encoder": 304.0, "text_encoder": 123.7, "unet": 314.2, "vae": 55.4, "vocoder": 55.3}
    assert millions == pytest.approx(expected, abs=0.06)
    assert mel.shape == (1, 1, 1024, 64)
    assert wave.shape[-1] - round(FADE_S * 16000) == 163840  # 10.24 s


def test_a_sound_has_the_right_length_and_no_click_where_it_repeats(pipe, photos):
    sounds = pipe(photos, seeds=[0, 1], num_inference_steps=3)
    assert sounds.dtype == np.float32
    assert sounds.shape == (2, 128 * 160)  # 32 frames of the latent, 4 frames of mel each, 160 samples a frame
    assert np.isfinite(sounds).all()
    assert np.abs(sounds[:, 0] - sounds[:, -1]).max() <= np.abs(np.diff(sounds)).max()


def test_one_token_needs_no_softmax(pipe):
    folded, usual = pipe.unet, copy.deepcopy(pipe.unet)
    usual.set_attn_processor(AttnProcessor2_0())
    assert sum(isinstance(p, OneTokenAttention) for p in folded.attn_processors.values()) == 16
    x, token = torch.randn(2, 8, 32, 8), torch.randn(2, 1, 64)
    torch.testing.assert_close(folded(x, 500, token).sample, usual(x, 500, token).sample, atol=1e-5, rtol=1e-4)
    with pytest.raises(ValueError, match=r"\(2, 3, 64\)"):
        folded(x, 500, torch.randn(2, 3, 64))


def test_the_tokenizer_is_that_of_clip(pipe):
    ids = published.clip_tokenizer()(["a photo of a cat", "Ünïcode, and 12 o'clock!"]).input_ids
    assert ids[0] == [49406, 320, 1125, 539, 320, 2368, 49407]  # the example of CLIP's documentation
    assert pipe.tokenizer.decode(ids[1], skip_special_tokens=True).replace(" ", "") == "ünïcode,and12o'clock!"


def test_several_texts_of_a_sound_count_alike(pipe):
    rain, dog = pipe.encode_text(["rain", "a dog"])
    both, only = pipe.encode(None, [["rain", "a dog"], "rain"])[:, 0]
    torch.testing.assert_close(both, (rain + dog) / 2)
    torch.testing.assert_close(only, rain)


def test_every_sound_may_have_its_own_negative(pipe):
    kwargs = dict(prompts="rain", num_inference_steps=2)
    both = pipe(seeds=[5, 5], negative_prompt=["a dog", ["a cat", "wind"]], **kwargs)
    for row, negative in zip(both, ("a dog", [["a cat", "wind"]])):
        np.testing.assert_allclose(row, pipe(seeds=[5], negative_prompt=negative, **kwargs)[0], atol=1e-4)
    assert np.abs(both[0] - both[1]).max() > 1e-2
    with pytest.raises(ValueError, match="3 negative_prompt and 2 seeds"):
        pipe(seeds=[5, 5], negative_prompt=["a", "b", "c"], **kwargs)
    with pytest.raises(ValueError, match="texts or lists of texts"):
        pipe(seeds=[5], negative_prompt=[[]], **kwargs)


def test_any_number_of_sounds_and_a_seed_is_a_seed(pipe, photos):
    many = pipe([photos[0]] * 7, seeds=range(7), num_inference_steps=2)
    alone = pipe([photos[0]], seeds=[4], num_inference_steps=2)
    np.testing.assert_allclose(many[4], alone[0], atol=1e-4)
    assert np.abs(many[3] - alone[0]).max() > 1e-2


def test_the_picture_is_cropped_in_its_middle(pipe):
    wide = np.zeros((50, 90, 3), np.uint8)
    wide[:, 20:70] = np.random.default_rng(1).integers(0, 255, (50, 50, 3))
    torch.testing.assert_close(pipe.encode_image([wide]), pipe.encode_image([wide[:, 20:70]]))
    with pytest.raises(ValueError, match="uint8"):
        pipe.encode_image([wide.astype(float)])


def test_schedulers_lead_into_each_other(pipe, photos):
    assert isinstance(pipe.scheduler, DPMSolverMultistepScheduler)
    ddim = DDIMScheduler.from_config(pipe.scheduler.config)
    assert {key: ddim.config[key] for key in published.PUBLISHED["scheduler"]} == published.PUBLISHED["scheduler"]
    torch.testing.assert_close(ddim.alphas_cumprod, schedule.ddim_scheduler().alphas_cumprod)
    slow = CoDi(**{**pipe.components, "scheduler": ddim})
    slow.set_progress_bar_config(disable=True)
    two_ways = []
    for solver, steps in ((pipe, 25), (slow, 100)):
        latents = []

        def keep(pipe, step, time, tensors, latents=latents):
            latents.append(tensors["latents"])
            return tensors

        solver(photos, seeds=[0, 1], num_inference_steps=steps, callback_on_step_end=keep)
        two_ways.append(latents[-1])
    fast, theirs = two_ways
    assert (fast - theirs).norm() < 0.1 * theirs.norm()
    assert (fast - theirs.flip(0)).norm() > 0.5 * theirs.norm()


def test_saved_and_loaded_it_is_the_same(pipe, photos, tmp_path):
    pipe.save_pretrained(tmp_path)
    again = CoDi.from_pretrained(tmp_path)
    again.set_progress_bar_config(disable=True)
    assert isinstance(again.unet, CoDiUNet)
    assert again.config.num_inference_steps == 50
    settings = dict(prompts="rain", seeds=[0, 1], num_inference_steps=2)
    np.testing.assert_allclose(again(photos, **settings), pipe(photos, **settings), atol=1e-6)
    assert pipe(photos, **settings).shape == again(photos, **settings).shape


def test_the_middle_features_stand_in_for_the_last_skip(pipe):
    """Whatever the last down block gives, the first up block must not see it."""
    x, token, seen = torch.randn(1, 8, 32, 8), torch.randn(1, 1, 64), {}
    block = pipe.unet.up_blocks[0].resnets[0]
    handle = block.register_forward_pre_hook(lambda module, given: seen.update(first=given[0]))
    middle = pipe.unet.mid_block.register_forward_hook(lambda module, given, out: seen.update(middle=out))
    pipe.unet(x, 500, token)
    handle.remove()
    middle.remove()
    torch.testing.assert_close(seen["first"], torch.cat([seen["middle"]] * 2, dim=1))


def test_what_the_callback_returns_is_used(pipe):
    def silence(pipe, step, time, tensors):
        return {"latents": torch.zeros_like(tensors["latents"])}

    one, two = (pipe(prompts="rain", seeds=[k], num_inference_steps=1, callback_on_step_end=silence) for k in (0, 1))
    np.testing.assert_array_equal(one, two)


def test_in_bfloat16_the_schedule_stays_in_float32(pipe, monkeypatch):
    half = CoDi(**{**pipe.components, "unet": copy.deepcopy(pipe.unet).to(torch.bfloat16)})
    half.set_progress_bar_config(disable=True)
    types = []
    step = half.scheduler.step

    def look(predicted, time, latents, **options):
        types.extend([predicted.dtype, latents.dtype])
        return step(predicted, time, latents, **options)

    monkeypatch.setattr(half.scheduler, "step", look)
    sound = half(prompts="rain", seeds=[0], num_inference_steps=2)
    assert types == [torch.float32] * 4
    assert np.isfinite(sound).all()


def offload_layers(pipe):
    if torch.cuda.is_available():
        return pipe.enable_sequential_cpu_offload()
    for part in pipe.components.values():  # what that does, with the CPU in the place of the GPU
        if isinstance(part, torch.nn.Module):
            accelerate.cpu_offload(part, torch.device("cpu"))


def offload_models(pipe):
    pipe.enable_model_cpu_offload(device="cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("offload", [offload_layers, offload_models])
def test_offloaded_it_is_the_same(pipe, photos, offload, tmp_path):
    pipe.save_pretrained(tmp_path)
    moved = CoDi.from_pretrained(tmp_path)
    moved.set_progress_bar_config(disable=True)
    offload(moved)
    # One device rounds as another does not: the same weights, all of them there.
    there = CoDi.from_pretrained(tmp_path).to("cuda" if torch.cuda.is_available() else "cpu")
    settings = dict(prompts="rain", seeds=[0, 1], num_inference_steps=2)
    np.testing.assert_allclose(moved(photos, **settings), there(photos, **settings), atol=1e-4)
    if offload is offload_layers:
        assert all(p.is_meta for p in moved.unet.parameters())  # nothing stays


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a CUDA device")
def test_a_graph_predicts_the_same_noise(pipe):
    unet = copy.deepcopy(pipe.unet).to("cuda", torch.float16)
    assert runs_itself(unet)
    with torch.no_grad():
        for batch in (2, 4):
            x = torch.randn(batch, 8, 32, 8, device="cuda", dtype=torch.float16)
            token = torch.randn(batch, 1, 64, device="cuda", dtype=torch.float16)
            graph = capture(unet, x, torch.tensor(500, device="cuda"), token)
            for time in (981, 21):
                given = (x * (1 + time / 500), torch.tensor(time, device="cuda"), token.flip(0))
                torch.testing.assert_close(graph(*given), unet(*given).sample, atol=1e-2, rtol=1e-2)


def test_a_unet_that_something_else_runs_is_not_captured(pipe):
    assert runs_itself(pipe.unet)
    offloaded, compiled, cast = (copy.deepcopy(pipe.unet) for _ in range(3))
    accelerate.cpu_offload(offloaded, torch.device("cpu"))
    compiled.mid_block.compile()
    cast.enable_layerwise_casting(storage_dtype=torch.float16, compute_dtype=torch.float32)
    assert not any(runs_itself(unet) for unet in (offloaded, compiled, cast, torch.compile(pipe.unet)))


@pytest.mark.parametrize("make", [EulerAncestralDiscreteScheduler, DDPMScheduler, LCMScheduler])
def test_solvers_that_draw_noise_draw_it_from_the_seed(pipe, make):
    noisy = CoDi(**{**pipe.components, "scheduler": make.from_config(pipe.scheduler.config)})
    noisy.set_progress_bar_config(disable=True)
    both = noisy(prompts="rain", seeds=[3, 4], num_inference_steps=3)
    alone = noisy(prompts="rain", seeds=[4], num_inference_steps=3)
    np.testing.assert_allclose(both[1], alone[0], atol=1e-3)


def test_the_parts_make_the_same_pipeline(pipe):
    settings = dict(prompts="rain", seeds=[0], num_inference_steps=2)
    expected = pipe(**settings)
    for again in (CoDi(**pipe.components), CoDi.from_pipe(pipe)):
        again.set_progress_bar_config(disable=True)
        np.testing.assert_array_equal(again(**settings), expected)
        assert again.config.fade_s == pipe.config.fade_s


def test_steps_are_counted_in_the_authors_way_too(pipe):
    seen = []

    def look(pipe, step, time, tensors):
        seen.append(pipe.num_timesteps)
        return tensors

    pipe(prompts="rain", seeds=[0], num_inference_steps=300 // 10, faithful=True, callback_on_step_end=look)
    assert seen == [31] * 31


def test_a_sound_that_is_not_finite_is_refused(pipe):
    def spoil(pipe, step, time, tensors):
        return {"latents": tensors["latents"] * torch.nan}

    with pytest.raises(ValueError, match="not finite"):
        pipe(prompts="rain", seeds=[0], num_inference_steps=1, callback_on_step_end=spoil)


@pytest.mark.parametrize(("arguments", "words"), [
    (dict(seeds=0), "list of whole numbers"),
    (dict(seeds=[1.7]), "list of whole numbers"),
    (dict(seeds=[2**64]), "list of whole numbers"),
    (dict(seeds=[0], num_inference_steps=2000), "from 1 to 1000"),
    (dict(seeds=[0], guidance_scale="7"), "guidance_scale '7'"),
    (dict(seeds=[0], images=[np.zeros((0, 4, 3), np.uint8)]), "must be"),
    (dict(seeds=[0], num_inference_steps=2.5), "whole number"),
    (dict(seeds=[0], guidance_scale=float("nan")), "finite"),
    (dict(seeds=[0], image_weight=float("inf")), "finite"),
    (dict(seeds=[0], prompts=[None]), "texts or lists"),
    (dict(seeds=[0], images=np.zeros((4, 4, 3), np.uint8)), "give a list"),
    (dict(seeds=[0], images=["photo.jpg"]), "a str is no picture"),
])  # fmt: skip
def test_wrong_input_is_named(pipe, arguments, words):
    images = [np.zeros((4, 4, 3), np.uint8)]
    with pytest.raises(ValueError, match=words):
        pipe(**{"images": images, "prompts": ["rain"], "num_inference_steps": 1, **arguments})


def test_a_text_alone_is_one_text(pipe):
    assert pipe.encode_text("dog").shape == (1, 64)
    assert pipe.encode(None, "dog").shape == (1, 1, 64)
    with pytest.raises(ValueError, match="1 images and 2 prompts"):
        pipe.encode([np.zeros((4, 4, 3), np.uint8)], ["a", "b"])


def test_a_callback_may_end_the_steps(pipe):
    seen = []

    def stop(pipe, step, time, tensors):
        seen.append(step)
        pipe._interrupt = step == 1

    settings = dict(prompts="rain", seeds=[0], num_inference_steps=5)
    sound = pipe(**settings, callback_on_step_end=stop, callback_on_step_end_tensor_inputs=[])
    assert seen == [0, 1]
    again = []
    pipe(**settings, callback_on_step_end=lambda pipe, step, time, tensors: again.append(step))
    assert again == [0, 1, 2, 3, 4]  # the next call runs to its end
    assert sound.shape == pipe(**settings).shape
    with pytest.raises(ValueError, match="prompt_embeds"):
        pipe(**settings, callback_on_step_end=stop, callback_on_step_end_tensor_inputs=["prompt_embeds"])


def test_the_authors_way_takes_500_steps_unless_told(pipe, monkeypatch):
    monkeypatch.setattr(pipe.unet, "forward", lambda x, *_: SimpleNamespace(sample=x))
    seen = []
    pipe(prompts="rain", seeds=[0], faithful=True, callback_on_step_end=lambda pipe, step, *_: seen.append(step))
    assert len(seen) == 500


def test_a_loud_wave_is_brought_below_full_scale(rng):
    loop = as_loop(5 * rng.standard_normal((2, 3000)).astype(np.float32) + 1, 32)
    np.testing.assert_allclose(np.abs(loop).max(axis=1), 0.95, rtol=1e-5)
    np.testing.assert_allclose(loop.mean(axis=1), 0, atol=1e-6)
