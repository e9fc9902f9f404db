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


def original_unet(name: str, layers: int = 2) -> str:
    """The inverse of `rename_unet`.

    Parameters
    ----------
    name : str
        As diffusers calls a weight.
    layers : int
        Residual blocks of a level.
    """
    name = _substitute(
        name,
        (r"^time_embedding\.linear_1\.", "time_embed.0."),
        (r"^time_embedding\.linear_2\.", "time_embed.2."),
        (r"^conv_in\.", "input_blocks.0.0."),
        (r"^conv_norm_out\.", "out.0."),
        (r"^conv_out\.", "out.2."),
        (r"^mid_block\.resnets\.0\.", "middle_block.0."),
        (r"^mid_block\.attentions\.0\.", "middle_block.1."),
        (r"^mid_block\.resnets\.1\.", "middle_block.2."),
        (r"\.norm1\.(?=weight$|bias$)", ".in_layers.0."),
        (r"\.conv1\.", ".in_layers.2."),
        (r"\.time_emb_proj\.", ".emb_layers.1."),
        (r"\.norm2\.(?=weight$|bias$)", ".out_layers.0."),
        (r"\.conv2\.", ".out_layers.3."),
        (r"\.conv_shortcut\.", ".skip_connection."),
    )
    name = re.sub(
        r"(transformer_blocks\.\d+)\.(in|out)_layers\.0\.", lambda m: f"{m[1]}.norm{1 + (m[2] == 'out')}.", name
    )
    if found := re.match(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", name):
        way, level, kind, layer, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
        first = 1 if way == "down" else 0
        if kind.endswith("samplers"):
            place, rest = (0, rest.replace("conv.", "op.")) if way == "down" else (2 if level else 1, rest)
            layer = layers
        else:
            place = int(kind == "attentions")
        name = f"{'input' if way == 'down' else 'output'}_blocks.{first + level * (layers + 1) + layer}.{place}.{rest}"
    return name


def original_vae(name: str, levels: int = 3) -> str:
    """The inverse of `rename_vae`."""
    name = re.sub(r"^decoder\.up_blocks\.(\d+)", lambda m: f"decoder.up.{levels - 1 - int(m[1])}", name)
    return _substitute(
        name,
        (r"^encoder\.down_blocks\.(\d+)", r"encoder.down.\1"),
        (r"\.mid_block\.resnets\.0\.", ".mid.block_1."),
        (r"\.mid_block\.resnets\.1\.", ".mid.block_2."),
        (r"\.mid_block\.attentions\.0\.group_norm\.", ".mid.attn_1.norm."),
        (r"\.mid_block\.attentions\.0\.to_([qkv])\.", r".mid.attn_1.\1."),
        (r"\.mid_block\.attentions\.0\.to_out\.0\.", ".mid.attn_1.proj_out."),
        (r"\.resnets\.(\d+)\.", r".block.\1."),
        (r"\.downsamplers\.0\.conv\.", ".downsample.conv."),
        (r"\.upsamplers\.0\.conv\.", ".upsample.conv."),
        (r"\.conv_shortcut\.", ".nin_shortcut."),
        (r"\.conv_norm_out\.", ".norm_out."),
    )


def original_vocoder(name: str) -> str:
    """The inverse of `rename_vocoder`."""
    return re.sub(r"^upsampler\.", "ups.", name)


def _substitute(key: str, *pairs: tuple[str, str]) -> str:
    for pattern, replacement in pairs:
        key = re.sub(pattern, replacement, key)
    return key


def _keep(key: str) -> str:
    return key


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a part's weights are: in which file, under which prefix, and what to leave out; new names, and old ones."""

    file: str
    prefix: str
    only: str = ""
    drop: str = r"$^"
    rename: Callable[[str], str] = _keep
    original: Callable[[str], str] = _keep


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
            original=lambda name: original_unet(name, layers),
        ),
        "vae": Source(
            "encoders",
            "audioldm.",
            drop=r"vocoder\.|fn_STFT\.",
            rename=lambda key: rename_vae(key, depth),
            original=lambda name: original_vae(name, depth),
        ),
        "vocoder": Source("encoders", "audioldm.vocoder.", rename=rename_vocoder, original=original_vocoder),
    }
