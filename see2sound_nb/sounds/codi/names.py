"""Where each weight is in the published files, and what diffusers and transformers call it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any


def rename_unet(key: str, layers: int = 2, levels: int = 4) -> str:
    """Diffusers' name of a weight of the authors' denoiser, whose blocks are numbered through.

    Parameters
    ----------
    key : str
        Without the prefix ``model.diffusion_model.unet_audio.``.
    layers, levels : int
        Residual blocks of a level, and levels.
    """
    key = _substitute(
        key,
        (r"^time_embed\.0\.", "time_embedding.linear_1."),
        (r"^time_embed\.2\.", "time_embedding.linear_2."),
        (r"^input_blocks\.0\.0\.", "conv_in."),
        (r"^out\.0\.", "conv_norm_out."),
        (r"^out\.2\.", "conv_out."),
        (r"^middle_block\.0\.", "mid_block.resnets.0."),
        (r"^middle_block\.1\.", "mid_block.attentions.0."),
        (r"^middle_block\.2\.", "mid_block.resnets.1."),
    )
    if found := re.match(r"input_blocks\.(\d+)\.(\d)\.(.*)", key):
        level, layer = divmod(int(found[1]) - 1, layers + 1)
        kind = "downsamplers.0" if layer == layers else f"{('resnets', 'attentions')[int(found[2])]}.{layer}"
        key = f"down_blocks.{level}.{kind}.{found[3]}".replace(".0.op.", ".0.conv.")
    if found := re.match(r"output_blocks\.(\d+)\.(\d)\.(.*)", key):
        level, layer = divmod(int(found[1]), layers + 1)
        upsamples = layer == layers and level < levels - 1 and found[3] in ("conv.weight", "conv.bias")
        kind = "upsamplers.0" if upsamples else f"{('resnets', 'attentions')[int(found[2])]}.{layer}"
        key = f"up_blocks.{level}.{kind}.{found[3]}"
    return _substitute(
        key,
        (r"\.in_layers\.0\.", ".norm1."),
        (r"\.in_layers\.2\.", ".conv1."),
        (r"\.emb_layers\.1\.", ".time_emb_proj."),
        (r"\.out_layers\.0\.", ".norm2."),
        (r"\.out_layers\.3\.", ".conv2."),
        (r"\.skip_connection\.", ".conv_shortcut."),
    )


def rename_vae(key: str, levels: int = 3) -> str:
    """Diffusers' name of a weight of the authors' VAE; ``key`` is without the prefix ``audioldm.``."""
    key = re.sub(r"^decoder\.up\.(\d+)", lambda m: f"decoder.up_blocks.{levels - 1 - int(m[1])}", key)
    return _substitute(
        key,
        (r"^encoder\.down\.(\d+)", r"encoder.down_blocks.\1"),
        (r"\.block\.(\d+)\.", r".resnets.\1."),
        (r"\.downsample\.conv\.", ".downsamplers.0.conv."),
        (r"\.upsample\.conv\.", ".upsamplers.0.conv."),
        (r"\.nin_shortcut\.", ".conv_shortcut."),
        (r"\.norm_out\.", ".conv_norm_out."),
        (r"\.mid\.block_1\.", ".mid_block.resnets.0."),
        (r"\.mid\.block_2\.", ".mid_block.resnets.1."),
        (r"\.mid\.attn_1\.norm\.", ".mid_block.attentions.0.group_norm."),
        (r"\.mid\.attn_1\.([qkv])\.", r".mid_block.attentions.0.to_\1."),
        (r"\.mid\.attn_1\.proj_out\.", ".mid_block.attentions.0.to_out.0."),
    )


def rename_vocoder(key: str) -> str:
    """Transformers' name of a weight of the authors' HiFi-GAN; ``key`` is without ``audioldm.vocoder.``."""
    return re.sub(r"^ups\.", "upsampler.", key)


def _substitute(key: str, *pairs: tuple[str, str]) -> str:
    for pattern, replacement in pairs:
        key = re.sub(pattern, replacement, key)
    return key


def _keep(key: str) -> str:
    return key


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a part's weights are: in which file, under which prefix, and what to leave out."""

    file: str
    prefix: str
    only: str = ""
    drop: str = r"$^"
    rename: Callable[[str], str] = _keep


def sources(configuration: dict[str, dict[str, Any]]) -> dict[str, Source]:
    """The `Source` of each part of a configuration."""
    layers, levels = configuration["unet"]["layers_per_block"], len(configuration["unet"]["block_out_channels"])
    depth = len(configuration["vae"]["block_out_channels"])
    video = r"temporal_self_attn|position_ids"
    return {
        "image_encoder": Source("encoders", "clip.model.", r"vision_model\.|visual_projection\.", video),
        "text_encoder": Source("encoders", "clip.model.", r"text_model\.|text_projection\.", video),
        "unet": Source(
            "diffuser",
            "model.diffusion_model.unet_audio.",
            drop="connecters",  # for making several things jointly; spelt so in the files
            rename=lambda key: rename_unet(key, layers, levels),
        ),
        "vae": Source("encoders", "audioldm.", drop=r"vocoder\.|fn_STFT\.", rename=lambda key: rename_vae(key, depth)),
        "vocoder": Source("encoders", "audioldm.vocoder.", rename=rename_vocoder),
    }
