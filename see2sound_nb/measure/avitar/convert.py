"""The checkpoint that AViTAR's authors publish, turned into safetensors: tensors only, and only those that are needed.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
from collections.abc import Mapping

import torch

from see2sound_nb.measure.avitar.model import AViTAR
from see2sound_nb.media.files import atomic_path
from see2sound_nb.models.checkpoints import read_checkpoint
from see2sound_nb.models.downloads import cache_dir
from see2sound_nb.models.table import MODELS

#: Which of the published files it is.
CHECKPOINT = "pretrained-models/avspeech/avitar/best_val.ckpt"
#: Beginnings of keys that a matcher does not need: the discriminators, and tables of sines that can be computed.
UNUSED = r"(mpd|msd)\.|.*\.pe$"

_BLOCK = "conformer.encoder.layers.*.sequential."
#: From beginnings of published keys to ours; a ``*`` stands for the number of a block.
NAMES = {
    "cnn.0.": "look.conv1.",
    "cnn.1.": "look.bn1.",
    **{f"cnn.{k + 3}.": f"look.layer{k}." for k in (1, 2, 3, 4)},
    "conformer.audio_encoder.model.": "listen.",
    "conformer.decoder.model.": "speak.",
    "conformer.encoder.input_projection.0.linear.": "project.",
    **{
        f"{_BLOCK}{k}.module.sequential.{there}.": f"blocks.*.{name}.{here}."
        for k, name in ((0, "before"), (4, "after"))
        for there, here in (("0", "norm"), ("1.linear", "wide"), ("4.linear", "narrow"))
    },
    f"{_BLOCK}1.module.layer_norm.": "blocks.*.hear.norm.",
    **{
        f"{_BLOCK}1.module.attention.{there}": f"blocks.*.hear.{here}"
        for there, here in (
            ("query_proj.linear.", "query."), ("key_proj.linear.", "key."), ("value_proj.linear.", "value."),
            ("pos_proj.linear.", "place."), ("out_proj.linear.", "out."), ("u_bias", "content_bias"),
            ("v_bias", "place_bias"),
        )
    },
    f"{_BLOCK}2.module.layer_norm.": "blocks.*.see.norm.",
    **{
        f"{_BLOCK}2.module.attention.{there}.": f"blocks.*.see.{here}."
        for there, here in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "out"))
    },
    **{
        f"{_BLOCK}3.module.sequential.{there}.": f"blocks.*.near.{here}."
        for there, here in (
            ("0", "norm"), ("2.conv", "gate"), ("4.conv", "around"), ("5", "batch_norm"), ("7.conv", "out"),
        )
    },
    f"{_BLOCK}5.": "blocks.*.norm.",
}  # fmt: skip


def convert_avitar(checkpoint: str | os.PathLike, path: str | os.PathLike) -> pathlib.Path:
    """Turn the published checkpoint into a file for `load_avitar`.

    Parameters
    ----------
    checkpoint : path
        ``best_val.ckpt``. No code in it is run.
    path : path
        The safetensors to write, 184 MB; the file appears only when it is complete.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    FileNotFoundError
        If there is no such checkpoint.
    ValueError
        If it holds code, or is not AViTAR's: the first keys that are missing or of another shape are named.

    Notes
    -----
    Dropped are the discriminators of the training (70.7 of 116.7 million numbers) and eight copies of a table of sines.
    Notebook: 08_evaluation.
    """
    from safetensors.torch import save_file

    weights = renamed(_read(pathlib.Path(checkpoint)))
    _check(pathlib.Path(checkpoint), weights)
    with atomic_path(path) as beside:
        save_file(
            {name: value.contiguous() for name, value in weights.items()}, beside,
            metadata={"model": "AViTAR", "licence": MODELS["avitar"].licence},
        )  # fmt: skip
    return pathlib.Path(path)


def converted_avitar(file: str | os.PathLike) -> pathlib.Path:
    """A file for `load_avitar`: that of a checkpoint is made anew, in the folder ``avitar`` of the cache.

    Parameters
    ----------
    file : path
        A published checkpoint, or a file that was converted, which is returned as it is.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileNotFoundError, ValueError
        As `convert_avitar`.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    file = pathlib.Path(file)
    if file.suffix == ".safetensors":
        return file
    folder = cache_dir() / "avitar"
    folder.mkdir(parents=True, exist_ok=True)
    return convert_avitar(file, folder / "model.safetensors")


def renamed(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Published tensors under our names, without those that are not needed, each direction with its length.

    Keys that nothing is known of keep their names.
    """
    found: dict[str, torch.Tensor] = {}
    for key, value in state.items():
        if re.match(UNUSED, key) or key.endswith(".weight_g"):
            continue
        if key.endswith(".weight_v"):
            length = value.flatten(1).norm(dim=1).reshape(-1, *[1] * (value.ndim - 1))
            value = value * (state[key.removesuffix("v") + "g"] / length)
            key = key.removesuffix("_v")
        found[_name(key)] = value
    return found


def _name(key: str) -> str:
    number = re.match(r"conformer\.encoder\.layers\.(\d+)\.", key)
    general = re.sub(r"^(conformer\.encoder\.layers\.)\d+\.", r"\1*.", key)
    for there, here in NAMES.items():
        if general.startswith(there):
            return (here + general.removeprefix(there)).replace("*", number[1] if number else "*", 1)
    return key


def _read(path: pathlib.Path) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint. Beside them it holds the settings of its training, an `argparse.Namespace`."""
    content = read_checkpoint(path, f"fetch {CHECKPOINT} again", allowed=[argparse.Namespace])
    state = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError(f"{path} has no state_dict of tensors, so it is no checkpoint of AViTAR; give {CHECKPOINT}")
    return state


def _check(path: pathlib.Path, weights: Mapping[str, torch.Tensor]) -> None:
    """Raise ValueError if these are not the weights of an `AViTAR`."""
    with torch.device("meta"):
        expected = AViTAR().state_dict()
    missing = sorted(expected.keys() - weights.keys())
    strange = sorted(weights.keys() - expected.keys())
    other = [name for name in expected if name in weights and weights[name].shape != expected[name].shape]
    for names, what in ((missing, "are missing"), (strange, "are not AViTAR's"), (other, "have another shape")):
        if names:
            raise ValueError(
                f"{path}: {len(names)} weights {what}, {names[0]} for one; give the published {CHECKPOINT}, whole"
            )
