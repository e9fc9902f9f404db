"""The authors' CoDi with random weights, at its real size and at a reduced one, and the two files they publish."""

from __future__ import annotations

import dataclasses
import gzip
import json
import pathlib
import tempfile
import types
from typing import Any

import numpy as np
import torch

from authors import absent, authors, on_cpu, stand_ins
from see2sound_nb.sounds.codi.published import MERGES, PUBLISHED


@dataclasses.dataclass(frozen=True)
class Size:
    """A configuration in the words of the authors' code, and the same in those of diffusers and transformers.

    Attributes
    ----------
    latent : tuple of int
        Channels, frames and bands.
    unet, vae, vocoder, vision, text : dict
        Of ``UNetModel2D``, ``AudioAutoencoderKL``'s ``ddconfig``, ``Generator`` and CLIP's two towers.
    ours : dict
        As `see2sound_nb.sounds.codi.published.PUBLISHED`.
    """

    latent: tuple[int, int, int]
    unet: dict[str, Any]
    vae: dict[str, Any]
    vocoder: dict[str, Any]
    vision: dict[str, Any]
    text: dict[str, Any]
    ours: dict[str, dict[str, Any]]


_UNET = dict(
    input_channels=8,
    output_channels=8,
    num_noattn_blocks=[2, 2, 2, 2],
    with_attn=[True, True, True, False],
    num_heads=8,
    use_checkpoint=False,
)
_VAE = dict(double_z=True, z_channels=8, resolution=256, in_channels=1, out_ch=1, num_res_blocks=2, attn_resolutions=[])

REAL = Size(
    latent=(8, 256, 16),
    unet=dict(**_UNET, model_channels=192, channel_mult=[1, 2, 4, 4], context_dim=768),
    vae=dict(**_VAE, ch=128, ch_mult=[1, 2, 4]),
    vocoder={},
    vision=dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, patch_size=14),
    text=dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12),
    ours=PUBLISHED,
)

_SMALL_VISION = dict(hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, patch_size=32)
_SMALL_TEXT = dict(hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4)
REDUCED = Size(
    latent=(8, 32, 8),
    unet=dict(**_UNET, model_channels=64, channel_mult=[1, 2, 2, 2], context_dim=64, connector_output_channel=64),
    vae=dict(**_VAE, ch=32, ch_mult=[1, 2, 4]),
    vocoder=dict(num_mels=32, upsample_initial_channel=64),
    vision=_SMALL_VISION,
    text=_SMALL_TEXT,
    ours={
        "unet": {
            **PUBLISHED["unet"],
            "sample_size": (32, 8),
            "block_out_channels": (64, 128, 128, 128),
            "cross_attention_dim": 64,
        },
        "vae": {**PUBLISHED["vae"], "block_out_channels": (32, 64, 128)},
        "vocoder": {**PUBLISHED["vocoder"], "model_in_dim": 32, "upsample_initial_channel": 64},
        "image_encoder": {**PUBLISHED["image_encoder"], **_SMALL_VISION, "projection_dim": 64},
        "text_encoder": {**PUBLISHED["text_encoder"], **_SMALL_TEXT, "projection_dim": 64},
        "scheduler": PUBLISHED["scheduler"],
    },
)


def fill(module: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Random weights for every parameter, those included that the authors start at zero.

    Scales and norms are near 1, shifts near 0, and the weights of layers keep the size of what passes through.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place.
    seed : int
        Of the weights.

    Returns
    -------
    torch.nn.Module
        The same, in evaluation mode and without gradients.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(False)
        shape = tuple(parameter.shape)
        noise = torch.randn(shape, generator=generator)
        if len(shape) < 2:
            parameter.copy_(noise * 0.1 + (1.0 if name.endswith("weight") else 0.0))
        elif "embedding" in name and "patch" not in name:
            parameter.copy_(noise)
        else:
            # of a transposed convolution, whose first axis is the input, each output sees a part of the kernel
            inputs = shape[0] * 2 if ".ups." in name else int(np.prod(shape[1:]))
            parameter.copy_(noise * (1.0 if "resblocks" not in name else 0.5) / inputs**0.5)
    return module.eval()


def unet(size: Size, seed: int = 0) -> torch.nn.Module:
    """``UNetModelCoDi`` with its audio part only."""
    module = authors("models.latent_diffusion.diffusion_unet")
    settings = types.SimpleNamespace(type="openai_unet_2d", args=dict(size.unet))
    return fill(module.UNetModelCoDi(None, None, settings, ["audio"]), seed)


def audioldm(size: Size, seed: int = 1) -> torch.nn.Module:
    """``AudioAutoencoderKL``: the VAE with the vocoder inside."""
    module = authors("models.latent_diffusion.vae.audioldm")
    hifigan = authors("models.latent_diffusion.vae.audioldm_modules.hifigan.utilities")
    published = hifigan.HIFIGAN_16K_64
    hifigan.HIFIGAN_16K_64 = {**published, **size.vocoder}  # the authors' get_vocoder reads this one
    try:
        autoencoder = module.AudioAutoencoderKL(dict(size.vae), embed_dim=8)
    finally:
        hifigan.HIFIGAN_16K_64 = published
    return fill(autoencoder, seed)


def clip(size: Size, seed: int = 2) -> torch.nn.Module:
    """``FrozenCLIP``: both towers, the vision tower with attention over time, with tokenizer and preprocessing."""
    module, modules = authors("models.encoders.clip"), authors("models.encoders.clip_modules")
    text, vision = dict(size.text), dict(size.vision, image_size=224)
    config = modules.CLIPConfig(text, vision, projection_dim=size.unet["context_dim"])
    frozen = module.FrozenCLIP.__new__(module.FrozenCLIP)  # its constructor downloads
    torch.nn.Module.__init__(frozen)
    frozen.model = fill(modules.CLIPModel(config, add_temporal_attention=True), seed)
    frozen.tokenizer, frozen.processor = tokenizer(), modules.CLIPFeatureExtractor()
    frozen.max_length, frozen.encode_type, frozen.fp16 = 77, "encode_text", False
    return frozen


def tokenizer():
    """The authors' tokenizer, with the vocabulary made from OpenAI's merges in the way of OpenAI's code."""
    module = authors("models.encoders.clip_modules.tokenization_clip")
    merges = gzip.decompress(MERGES.read_bytes()).decode().split("\n")[:-1]
    letters = list(module.bytes_to_unicode().values())
    words = [*letters, *(x + "</w>" for x in letters), *("".join(x.split()) for x in merges)]
    vocabulary = {word: i for i, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    result = module.CLIPTokenizer.__new__(module.CLIPTokenizer)
    result.encoder = vocabulary  # transformers asks for it before the authors' constructor has set it
    with tempfile.TemporaryDirectory() as folder:
        files = pathlib.Path(folder, "vocab.json"), pathlib.Path(folder, "merges.txt")
        files[0].write_text(json.dumps(vocabulary), encoding="utf-8")
        files[1].write_text("\n".join(["#version: 0.2", *merges]), encoding="utf-8")
        with stand_ins(absent()):  # ftfy
            result.__init__(*map(str, files))
    return result


def net(size: Size, seed: int = 0) -> torch.nn.Module:
    """The authors' ``CoDi``: schedule, audio U-Net, VAE, vocoder and CLIP; of the other parts a parameter each."""

    class Nothing(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.x = torch.nn.Parameter(torch.zeros(2, 3))

    codi, get_model = authors("models.codi"), authors("models.common.get_model").get_model()
    get_model.register(Nothing, "nothing")
    nothing = types.SimpleNamespace(type="nothing", args={})
    made = codi.CoDi(
        audioldm_cfg=nothing,
        autokl_cfg=nothing,
        optimus_cfg=nothing,
        clip_cfg=nothing,
        clap_cfg=nothing,
        unet_config=nothing,
        beta_linear_start=0.00085,
        beta_linear_end=0.012,
        timesteps=1000,
        use_ema=False,
        audio_scale_factor=0.9228,
    )
    made.model.diffusion_model = unet(size, seed)
    made.audioldm, made.clip = audioldm(size, seed + 1), clip(size, seed + 2)
    return made.eval()


def save_published(net: torch.nn.Module, folder: pathlib.Path, dtype=torch.float32) -> list[pathlib.Path]:
    """Write ``CoDi_encoders.pth`` and ``CoDi_audio_diffuser_m.pth``, flat dictionaries of tensors.

    Returns
    -------
    list of pathlib.Path
        The encoders' file and the diffuser's.
    """
    state = {name: x.to(dtype) if x.is_floating_point() else x for name, x in net.state_dict().items()}
    encoders, diffuser = folder / "CoDi_encoders.pth", folder / "CoDi_audio_diffuser_m.pth"
    of_unet = {name: x for name, x in state.items() if name.startswith("model.diffusion_model.unet_audio.")}
    parts = ("audioldm.", "autokl.", "optimus.", "clip.", "clap.")
    torch.save({name: x for name, x in state.items() if name.startswith(parts)}, encoders)
    torch.save(of_unet, diffuser)
    return [encoders, diffuser]


def predict_noise(net: torch.nn.Module, latents, times, tokens, weights=(1.0, 1.0)) -> torch.Tensor:
    """The authors' noise prediction.

    Parameters
    ----------
    net : torch.nn.Module
        As from `net`.
    latents, times : torch.Tensor
        (N, 8, frames, bands) and (N,).
    tokens : dict of str to torch.Tensor
        (N, 1, D) for ``"image"``, ``"text"`` or both.
    weights : tuple of float
        Of image and text.

    Returns
    -------
    torch.Tensor
        (N, 8, frames, bands).
    """
    mix = dict(zip(("image", "text"), weights))
    with on_cpu():
        denoiser = net.model.diffusion_model
        return denoiser([latents], times, list(tokens.values()), ["audio"], list(tokens), mix_weight=mix)[0]


def infer(net: torch.nn.Module, noise, *, seed: int, image=None, text=None, steps=10, weights=(1, 1), scale=7.5):
    """The authors' ``inference`` from given noise.

    Parameters
    ----------
    net : torch.nn.Module
        As from `net`.
    noise : torch.Tensor
        (1, 8, frames, bands).
    seed : int
        Of torch's global generator, which crops and mirrors the picture.
    image, text : PIL.Image.Image, str, optional
        What to condition on.
    steps, weights, scale
        Denoising steps, weights of image and text, guidance.

    Returns
    -------
    latents : list of torch.Tensor
        (1, 8, frames, bands) after each step.
    wave : np.ndarray
        (1, 1, T).
    """
    base = authors("models.ddim.ddim_vd").DDIMSampler_VD
    trajectory: list[torch.Tensor] = []

    class Sampler(base):
        def sample(self, **settings):
            return super().sample(**{**settings, "xt": [noise]})

        def p_sample_ddim(self, *args, **kwargs):
            before, clean = super().p_sample_ddim(*args, **kwargs)
            trajectory.append(before[0])
            return before, clean

    module_class = authors("models.model_module_infer").model_module
    module = module_class.__new__(module_class)  # its constructor reads four checkpoints
    torch.nn.Module.__init__(module)
    module.net, module.sampler = net, Sampler(net)
    given = {name: x for name, x in (("image", image), ("text", text)) if x is not None}
    with on_cpu(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        (wave,) = module.inference(
            xtype=["audio"],
            condition=list(given.values()),
            condition_types=list(given),
            mix_weight=dict(zip(("image", "text"), weights)),
            ddim_steps=steps,
            scale=scale,
        )
    return trajectory, wave
