"""From the name of an audio model to the loaded CoDi pipeline.

Notebook: 09_your_own.
"""

from __future__ import annotations

import importlib.util
import pathlib

from see2sound_nb.models.downloads import check_whole
from see2sound_nb.models.loading import chosen_card, load_card
from see2sound_nb.models.table import FILES


def load_audio(name: str, *, device: str = "cpu", low_memory: bool = False):
    """Load a CoDi pipeline: in float16 on a CUDA device, else in float32.

    Parameters
    ----------
    name : str
        A model of `models.table.MODELS` for audio.
    device : str
        As torch names it.
    low_memory : bool
        Keep the weights in main memory and bring each layer to a CUDA device when it runs; nothing on a CPU.

    Returns
    -------
    see2sound_nb.sounds.codi.CoDi
        Or what the card's `adapter` returns.

    Raises
    ------
    ValueError, FileNotFoundError
        If the name is unknown, or the pipeline's folder is not there.
    ModuleNotFoundError
        If `low_memory` needs accelerate, and it is not installed; the message names the extra.
    """
    card = chosen_card(name, "audio")
    offload = low_memory and device.startswith("cuda") and card.source != "package" and card.adapter is None
    if offload and importlib.util.find_spec("accelerate") is None:
        raise ModuleNotFoundError(
            "a GPU with little memory needs accelerate, which brings it layer by layer: "
            "pip install 'see2sound_nb[paper]', or choose device=\"cpu\"",
            name="accelerate",
        )
    pipe = load_card(card, _shipped, lambda folder: _converted(folder, half=device.startswith("cuda")))
    if card.adapter is not None:
        return pipe
    if card.source == "package" or not device.startswith("cuda"):
        return pipe.to(device)
    if offload:
        pipe.enable_sequential_cpu_offload(device=device)
    else:
        pipe.to(device).enable_cuda_graphs()
    return pipe


def _shipped():
    from see2sound_nb.sounds.tiny_codi import build_tiny_codi

    return build_tiny_codi()


def _converted(folder: pathlib.Path, *, half: bool):
    import torch
    from safetensors import safe_open

    from see2sound_nb.sounds.codi import CoDi

    dtype = torch.float16 if half else torch.float32
    pipe = CoDi.from_pretrained(folder, torch_dtype=dtype, use_safetensors=True)
    for name in FILES["audio"][1:]:
        wanted = pipe.components[name.split("/")[0]].state_dict()
        with safe_open(folder / name, framework="pt") as file:
            check_whole({"missing_keys": wanted.keys() - set(file.keys())})
    return pipe
