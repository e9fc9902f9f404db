"""Every part of the published CoDi and the whole of it against the authors' own code, at a reduced size.

The weights are random, the files are laid out as the published ones, and ours have come through the converter. The
same comparison at the real size is `make parity` (tests/authors/__main__.py).
"""

import sys
import types

import numpy as np
import pytest
import torch
from authors import absent, authors, on_cpu
from authors import codi as reference
from authors.compare import BOUND, pictures, ratio
from safetensors import safe_open

from see2sound_nb.sounds.codi import CoDi, mix_tokens
from see2sound_nb.sounds.codi.convert import convert
from see2sound_nb.sounds.codi.published import clip_tokenizer

pytestmark = pytest.mark.slow

SIZE = reference.REDUCED
TEXT = "a dog barking at the sea"


@pytest.fixture(scope="module")
def theirs():
    return reference.net(SIZE)


@pytest.fixture(scope="module")
def converted(theirs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("codi")
    encoders, diffuser = reference.save_published(theirs, folder)
    return convert(encoders, diffuser, folder / "pipeline", configuration=SIZE.ours)


@pytest.fixture(scope="module")
def ours(converted):
    return load(converted.folder)


def load(folder, **changes):
    pipe = CoDi.from_pretrained(folder, **changes)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def pair():
    """Two latents, each with an unconditional and a conditional token, as guidance has them."""
    latents = random(2, *SIZE.latent, seed=1)
    tokens = torch.nn.functional.normalize(random(4, 1, SIZE.unet["context_dim"], seed=2), dim=-1)
    return torch.cat([latents, latents]), tokens


def keep_in(latents):
    return lambda pipe, step, time, given: latents.append(given["latents"]) or given


def same(ours, theirs):
    assert ratio(ours, theirs) <= BOUND


def different(ours, theirs):
    assert ratio(ours, theirs) > 100 * BOUND


def test_what_stands_in_for_other_packages_is_gone_after_the_import(theirs):
    for name in absent():
        assert not (name in sys.modules and sys.modules[name].__spec__.origin is None)
    cuda = torch.Tensor.cuda
    with on_cpu():
        assert torch.Tensor.cuda is not cuda
    assert torch.Tensor.cuda is cuda


def test_what_the_path_does_not_need_is_left_out_and_nothing_else(converted, theirs):
    assert converted.unexpected == []
    needed = {"autokl.", "clap.", "optimus.", "audioldm.fn_STFT.", "clip.model....logit_scale"}
    assert needed <= set(converted.unused)
    others = set(converted.unused) - needed
    assert all("connecters" in key or "temporal_self_attn" in key or "position_ids" in key for key in others), others
    assert converted.unused["clip.model....logit_scale"] == 1
    connectors = [key for key in theirs.state_dict() if "connecters" in key]
    assert sum(count for key, count in converted.unused.items() if "connecters" in key) == len(connectors) > 100


@pytest.mark.parametrize("time", [1, 301, 981])
def test_noise_prediction(ours, theirs, pair, time):
    latents, tokens = pair
    expected = reference.predict_noise(theirs, latents, torch.full((4,), time), {"image": tokens})
    with torch.no_grad():
        predicted = ours.unet(latents, torch.tensor(time), tokens).sample
    same(predicted, expected)
    different(expected[:2], expected[2:])  # the token counts
    different(predicted.flip(0), expected)


def test_without_the_middle_as_a_skip_the_noise_prediction_is_another(converted, theirs, pair):
    latents, tokens = pair
    plain = load(converted.folder)
    plain.unet.up_blocks[0]._forward_pre_hooks.clear()
    with torch.no_grad():
        predicted = plain.unet(latents, torch.tensor(301), tokens).sample
    different(predicted, reference.predict_noise(theirs, latents, torch.full((4,), 301), {"image": tokens}))


def test_vae(ours, theirs):
    latents = random(2, *SIZE.latent, seed=3)
    with torch.no_grad():
        mel = ours.vae.decode(latents / ours.vae.config.scaling_factor).sample
        same(mel, theirs.audioldm_decode(latents))
        moments = theirs.audioldm.quant_conv(theirs.audioldm.encoder(mel))
        same(ours.vae.encode(mel).latent_dist.mean, moments.chunk(2, dim=1)[0])


def test_vocoder(ours, theirs):
    frames, bands = 4 * SIZE.latent[1], 4 * SIZE.latent[2]
    mel = random(2, 1, frames, bands, seed=4)
    expected = theirs.mel_spectrogram_to_waveform(mel)
    with torch.no_grad():
        wave = ours.vocoder(mel[:, 0])
    assert expected.shape == (2, 1, 160 * frames + 32)
    same(wave, expected[:, 0])


@pytest.mark.parametrize("name", ["wide", "tall", "square", "tiny"])
@pytest.mark.parametrize("seed", [0, 1, 5])
def test_pixels_of_a_picture(ours, theirs, name, seed):
    from see2sound_nb.sounds.codi.conditioning import authors_square

    picture = pictures()[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        regular = authors("common.utils").regularize_image(picture)
    seen = [((regular + 1) / 2).permute(1, 2, 0).numpy()]  # as in the authors' encode_vision_noproj
    expected = theirs.clip.processor(images=seen, return_tensors="pt")["pixel_values"]
    pixels = ours.image_processor([authors_square(picture, 224, seed)], return_tensors="pt").pixel_values
    torch.testing.assert_close(pixels, torch.as_tensor(expected), atol=1e-6, rtol=0)


def test_the_authors_random_crop_and_mirror(ours, theirs):
    picture = pictures()["wide"]
    embeddings = {}
    for seed in range(4):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            expected = theirs.clip_encode_vision(authors("common.utils").regularize_image(picture)[None])
        embeddings[seed] = ours.encode_image([picture], faithful=True, seeds=[seed])
        same(embeddings[seed], expected[:, 0])
    different(embeddings[0], embeddings[1])


def test_the_picture_that_says_nothing_is_grey(ours, theirs):
    expected = theirs.clip_encode_vision(torch.zeros(1, 3, 512, 512))[:, 0]
    same(ours.encode_image([np.full((64, 64, 3), 127, np.uint8)]), expected)
    different(ours.encode_image([np.zeros((64, 64, 3), np.uint8)]), expected)


TEXTS = [
    "",
    TEXT,
    "A Dog's   BARK, twice!",
    "it's 3:45 pm; they've gone (42%)",
    "crème brûlée in a café",
    "naïve 汽笛 ☂️",
    "rain " * 100,
]


def test_texts(ours, theirs):
    expected = theirs.clip_encode_text(TEXTS)[:, 0]
    same(ours.encode_text(TEXTS), expected)
    different(expected[0], expected[1])


@pytest.mark.parametrize("text", TEXTS)
def test_tokens(theirs, text):
    options = {"truncation": True, "padding": "max_length", "max_length": 77, "return_tensors": "pt"}
    expected = theirs.clip.tokenizer([text], **options)["input_ids"]
    np.testing.assert_array_equal(clip_tokenizer()([text], **options)["input_ids"], expected)
    assert expected.shape == (1, 77)


@pytest.mark.parametrize("weights", [(1.0, 1.0), (3.0, 1.0)])
def test_mixing(ours, theirs, weights):
    latents, times = random(1, *SIZE.latent, seed=5), torch.tensor([301])
    image, text = (torch.nn.functional.normalize(random(1, 1, 64, seed=s), dim=-1) for s in (6, 7))
    expected = reference.predict_noise(theirs, latents, times, {"image": image, "text": text}, weights)
    with torch.no_grad():
        token = mix_tokens(image[:, 0], text[:, 0], *weights)
        same(ours.unet(latents, times, token).sample, expected)
        different(ours.unet(latents, times, mix_tokens(image[:, 0], text[:, 0], 1.0, 2.0)).sample, expected)


@pytest.mark.parametrize(
    ("steps", "inputs", "weights", "scale", "seeds"),
    [
        (10, "image", (1.0, 1.0), 7.5, [3, 4]),
        (10, "image and text", (3.0, 1.0), 7.5, [3]),
        (30, "image and text", (1.0, 1.0), 3.0, [3]),
    ],
)
def test_the_whole_way(ours, theirs, steps, inputs, weights, scale, seeds):
    given = {"image": pictures()["wide"], "text": TEXT}
    given = {name: x for name, x in given.items() if name in inputs}
    latents = []
    wave = ours(
        [given["image"]] * len(seeds) if "image" in given else None,
        given.get("text"),
        image_weight=weights[0],
        text_weight=weights[1],
        num_inference_steps=steps,
        guidance_scale=scale,
        seeds=seeds,
        faithful=True,
        callback_on_step_end=keep_in(latents),
    )
    for i, seed in enumerate(seeds):
        noise = random(1, *SIZE.latent, seed=seed)
        expected, expected_wave = reference.infer(
            theirs, noise, seed=seed, **given, steps=steps, weights=weights, scale=scale
        )
        assert len(latents) == len(expected) == {10: 10, 30: 31}[steps]
        for mine, his in zip(latents, expected):
            same(mine[i : i + 1], his)
        same(wave[i], expected_wave[0, 0])


@pytest.fixture
def solvers_only(ours, theirs, monkeypatch):
    """Noise predictions that cost nothing, the same for both: many steps try the solver alone."""

    def predict(latents, time, token):
        angle = torch.as_tensor(time).reshape(-1, 1, 1, 1) * 0.01
        return torch.tanh(0.8 * latents.roll(1, dims=2) + torch.cos(angle)) + token.mean(dim=-1)[:, :, None, None]

    def ours_forward(latents, time, token):
        return types.SimpleNamespace(sample=predict(latents, time, token))

    def their_forward(latents, times, tokens, **_):
        return [predict(latents[0], times, tokens[0])]

    monkeypatch.setattr(ours.unet, "forward", ours_forward)
    monkeypatch.setattr(theirs.model.diffusion_model, "forward", their_forward)


@pytest.mark.parametrize("steps", [1, 7, 30, 50, 64, 500])
@pytest.mark.usefixtures("solvers_only")
def test_every_number_of_steps(ours, theirs, steps):
    latents = []
    ours(prompts=TEXT, seeds=[3], num_inference_steps=steps, faithful=True, callback_on_step_end=keep_in(latents))
    expected, _ = reference.infer(theirs, random(1, *SIZE.latent, seed=3), seed=3, text=TEXT, steps=steps)
    assert len(latents) == len(expected) >= steps
    for mine, his in zip(latents, expected):
        same(mine, his)


@pytest.mark.parametrize("steps", [101, 300, 501, 1000])
@pytest.mark.usefixtures("solvers_only")
def test_where_the_authors_code_fails_ours_says_why(ours, theirs, steps):
    with pytest.raises(IndexError):
        reference.infer(theirs, random(1, *SIZE.latent, seed=3), seed=3, text=TEXT, steps=steps)
    with pytest.raises(ValueError, match=f"num_inference_steps {steps}"):
        ours(prompts=TEXT, seeds=[3], num_inference_steps=steps, faithful=True)


def test_runaway_latents_are_cut_sample_by_sample(ours, theirs):
    latents = 5 * random(3, *SIZE.latent, seed=8)
    latents[1, 0, 0, 0] = 101.0
    latents[2, 0, 0, 0] = 99.0
    wave = ours(
        prompts=TEXT,
        seeds=[0, 1, 2],
        num_inference_steps=1,
        faithful=True,
        callback_on_step_end=lambda *_: {"latents": latents},
    )
    for i in range(3):
        with torch.no_grad():
            same(wave[i], theirs.mel_spectrogram_to_waveform(theirs.audioldm_decode(latents[i : i + 1]))[0, 0])
    uncut = theirs.audioldm_decode(latents[1:2].clamp(max=100.0))
    different(wave[1], theirs.mel_spectrogram_to_waveform(uncut)[0, 0])


def test_half_precision_files(theirs, pair, tmp_path):
    encoders, diffuser = reference.save_published(theirs, tmp_path, torch.float16)
    convert(encoders, diffuser, tmp_path / "half", configuration=SIZE.ours)
    with safe_open(tmp_path / "half/unet/diffusion_pytorch_model.safetensors", "pt") as weights:
        assert {weights.get_slice(name).get_dtype() for name in weights.keys()} == {"F16"}  # noqa: SIM118
    convert(encoders, diffuser, tmp_path / "single", dtype=torch.float32, configuration=SIZE.ours)
    rounded = reference.net(SIZE).half().float()
    latents, tokens = pair
    expected = reference.predict_noise(rounded, latents, torch.full((4,), 301), {"image": tokens})
    with torch.no_grad():
        same(load(tmp_path / "single").unet(latents, torch.tensor(301), tokens).sample, expected)
