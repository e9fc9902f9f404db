"""The configuration of the published CoDi: its image and text to audio path on parts of diffusers and transformers.

Source: the authors' code and configuration files (Tang et al. 2023); the VAE and the vocoder are AudioLDM's (Liu et
al. 2023), the towers CLIP ViT-L/14 (Radford et al. 2021).
"""

from __future__ import annotations

import gzip
import json
import pathlib
import tempfile
from typing import Any

import torch

from see2sound_nb._torchvision import ensure_torchvision

ensure_torchvision()
import diffusers  # noqa: E402  (imports torchvision)

from see2sound_nb.sounds.codi.schedule import SCHEDULE, fast_scheduler  # noqa: E402
from see2sound_nb.sounds.codi.unet import CoDiUNet  # noqa: E402

MERGES = pathlib.Path(__file__).parents[2] / "data" / "clip_bpe.txt.gz"

#: Keyword arguments of each part.
PUBLISHED: dict[str, dict[str, Any]] = {
    "image_encoder": dict(
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=24,
        num_attention_heads=16,
        image_size=224,
        patch_size=14,
        projection_dim=768,
        hidden_act="quick_gelu",
    ),
    "text_encoder": dict(
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        max_position_embeddings=77,
        projection_dim=768,
        hidden_act="quick_gelu",
        vocab_size=49408,
        bos_token_id=49406,
        eos_token_id=49407,
        pad_token_id=49407,
    ),
    "unet": dict(
        sample_size=(256, 16),
        in_channels=8,
        out_channels=8,
        block_out_channels=(192, 384, 768, 768),
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        attention_head_dim=8,  # the number of heads: diffusers' name for it is a mistake of its own
        cross_attention_dim=768,
    ),
    "vae": dict(
        in_channels=1,
        out_channels=1,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(128, 256, 512),
        layers_per_block=2,
        latent_channels=8,
        scaling_factor=0.9228,
        force_upcast=False,
    ),
    "vocoder": dict(
        model_in_dim=64,
        sampling_rate=16000,
        upsample_initial_channel=1024,
        upsample_rates=[5, 4, 2, 2, 2],
        upsample_kernel_sizes=[16, 16, 8, 4, 4],
        resblock_kernel_sizes=[3, 7, 11],
        resblock_dilation_sizes=[[1, 3, 5]] * 3,
        leaky_relu_slope=0.1,
        normalize_before=False,
    ),
    "scheduler": SCHEDULE,
}


def clip_tokenizer():
    """CLIP's tokenizer, from the merges that OpenAI published with CLIP (MIT licence).

    Returns
    -------
    transformers.CLIPTokenizerFast
        49,408 tokens; texts are cut to 77.
    """
    from transformers import CLIPTokenizerFast  # the same class since transformers 5

    merges = gzip.decompress(MERGES.read_bytes()).decode().split("\n")[:-1]
    letters = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256), *range(256, 324))]
    words = [*letters, *(x + "</w>" for x in letters), *(x.replace(" ", "") for x in merges)]
    vocabulary = {word: i for i, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    with tempfile.TemporaryDirectory() as folder:  # files are what every version of transformers reads
        pathlib.Path(folder, "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
        pathlib.Path(folder, "merges.txt").write_text("\n".join(["#version: 0.2", *merges]), encoding="utf-8")
        return CLIPTokenizerFast.from_pretrained(folder, model_max_length=77, pad_token="<|endoftext|>")


def make_parts(configuration: dict[str, dict[str, Any]] = PUBLISHED) -> dict[str, Any]:
    """The five networks with random weights, in evaluation mode.

    Parameters
    ----------
    configuration : dict
        As `PUBLISHED`.

    Returns
    -------
    dict
        ``image_encoder``, ``text_encoder``, ``unet``, ``vae``, ``vocoder``.
    """
    from transformers import (
        CLIPTextConfig,
        CLIPTextModelWithProjection,
        CLIPVisionConfig,
        CLIPVisionModelWithProjection,
        SpeechT5HifiGan,
        SpeechT5HifiGanConfig,
    )

    parts = {
        "image_encoder": CLIPVisionModelWithProjection(CLIPVisionConfig(**configuration["image_encoder"])),
        "text_encoder": CLIPTextModelWithProjection(CLIPTextConfig(**configuration["text_encoder"])),
        "unet": CoDiUNet(**configuration["unet"]),
        "vae": diffusers.AutoencoderKL(**configuration["vae"]),
        "vocoder": SpeechT5HifiGan(SpeechT5HifiGanConfig(**configuration["vocoder"])),
    }
    return {name: part.eval().requires_grad_(False) for name, part in parts.items()}


def assemble(parts: dict[str, Any], configuration: dict[str, dict[str, Any]] = PUBLISHED):
    """Networks to a pipeline, with the tokenizer, the image processor and the fast solver.

    Parameters
    ----------
    parts : dict
        As from `make_parts`.
    configuration : dict
        As `PUBLISHED`.

    Returns
    -------
    see2sound_nb.sounds.codi.CoDi
    """
    from transformers import CLIPImageProcessor

    from see2sound_nb.sounds.codi.pipeline import CoDi

    side = configuration["image_encoder"]["image_size"]
    return CoDi(
        **parts,
        scheduler=fast_scheduler(configuration["scheduler"]),
        image_processor=CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side}),
        tokenizer=clip_tokenizer(),
        sample_rate=configuration["vocoder"]["sampling_rate"],
    )


def random_codi(configuration: dict[str, dict[str, Any]] = PUBLISHED, *, seed: int = 0):
    """A CoDi with random weights: it takes as much time and memory as the real one, and makes noise.

    Parameters
    ----------
    configuration : dict
        As `PUBLISHED`.
    seed : int
        Of the weights.

    Returns
    -------
    see2sound_nb.sounds.codi.CoDi
        On the CPU in float32; 3.4 GB as published.
    """
    parts = make_parts(configuration)
    generator = torch.Generator().manual_seed(seed)
    for part in parts.values():
        for name, weight in part.named_parameters():
            if weight.ndim < 2:  # scales stay near 1 and shifts near 0
                weight.copy_(0.1 * torch.randn(weight.shape, generator=generator) + float(name.endswith("weight")))
            else:  # what passes through keeps its size; a transposed convolution has its inputs first
                inputs = 2 * weight.shape[0] if "upsampler." in name else weight[0].numel()
                weight.copy_(torch.randn(weight.shape, generator=generator) / inputs**0.5)
    return assemble(parts, configuration)
