"""From the name of a model in `models.MODELS` to the loaded model, which is downloaded first if it is not here.

Notebook: 09_your_own.
"""

from __future__ import annotations

import pathlib
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from see2sound_nb import downloads
from see2sound_nb._torchvision import ensure_torchvision
from see2sound_nb.downloads import cache_dir
from see2sound_nb.models import FILES, Adapter, ModelCard, find_model, missing


def download(card: ModelCard) -> pathlib.Path:
    """Path of a model's file, or folder of files, downloaded and checked first if it is not there.

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        As `downloads.fetch` and `downloads.hub_folder`; for CoDi the message says how to convert it.
    """
    path = cache_dir() / card.file_name
    if card.source.startswith("http"):
        return downloads.fetch(card.source, path, size_mb=card.size_mb, sha256=card.sha256)
    if card.source != "codi":
        return downloads.hub_folder(card.source, FILES[card.task], size_mb=card.size_mb)
    if not all((path / name).is_file() for name in FILES["audio"]):
        raise FileNotFoundError(
            f"no whole CoDi pipeline at {path}; make it from the published files with `see2sound convert`, which "
            "fetches them (3.9 GB), or choose the audio model tiny-codi"
        )
    return path


def fetch_missing(names: Iterable[str]) -> None:
    """Download those models that are not here, all of them before any is used.

    Parameters
    ----------
    names : iterable of str
        Names of `models.MODELS`.

    Raises
    ------
    FileNotFoundError
        If some can neither be found nor downloaded; the message says what to put where for each.
    OSError, ValueError
        As `download`.
    """
    problems = []
    for card in missing(names):
        try:
            download(card)
        except FileNotFoundError as error:
            problems.append(str(error))
    if problems:
        raise FileNotFoundError(". ".join(problems))


def _choose(name: str, task: str) -> ModelCard:
    card = find_model(name, task)
    if not card.commercial:
        warnings.warn(f"{name}: its licence ({card.licence}) forbids commercial use", stacklevel=3)
    ensure_torchvision()
    return card


def load_sam(name: str, *, device: str = "cpu") -> tuple[Any, dict]:
    """Load a Segment Anything model.

    Parameters
    ----------
    name : str
        A model of `MODELS` for segmentation.
    device : str
        As torch names it.

    Returns
    -------
    sam : segment_anything.modeling.Sam or see2sound_nb.hub_sam.HubSam
        For `SamPredictor` and `SamAutomaticMaskGenerator`.
    generator_options : dict
        Arguments of `SamAutomaticMaskGenerator` that suit the model.

    Raises
    ------
    ValueError, OSError
        As `find_model` and `download`; also if the file does not hold the model's tensors.
    """
    card = _choose(name, "segmentation")
    if _is_shipped(card):
        from see2sound_nb.tiny.sam import TINY_AMG, build_tiny_sam

        return build_tiny_sam().to(device), dict(TINY_AMG)
    from see2sound_nb.hub_sam import load_hub_sam, load_segment_anything

    sam, options = _load(card, load_segment_anything if card.source.startswith("http") else load_hub_sam)
    return sam.to(device), options


def load_depth(name: str, *, device: str = "cpu") -> tuple[Any, Any]:
    """Load a depth estimator and its image processor.

    Parameters
    ----------
    name : str
        A model of `MODELS` for depth.
    device : str
        As torch names it.

    Returns
    -------
    model, processor
        As transformers has them, for `depth.estimate_depth`; the model's attribute ``gives`` is that of its card.

    Raises
    ------
    ValueError, OSError
        As `find_model` and `download`; also if the files do not hold the model.
    """
    card = _choose(name, "depth")
    if _is_shipped(card):
        from see2sound_nb.tiny.depth import build_tiny_depth

        model, processor = build_tiny_depth()
    else:
        from see2sound_nb.depth import load_hub_depth

        model, processor = _load(card, load_hub_depth)
    model.gives = card.gives
    return model.to(device), processor


def load_audio(name: str, *, device: str = "cpu", low_memory: bool = False):
    """Load a CoDi pipeline: in float16 on a CUDA device, else in float32.

    Parameters
    ----------
    name : str
        A model of `MODELS` for audio.
    device : str
        As torch names it.
    low_memory : bool
        Keep the weights in main memory and bring each layer to a CUDA device when it runs; nothing on a CPU.

    Returns
    -------
    see2sound_nb.codi.CoDi
        Or what the card's `adapter` returns.

    Raises
    ------
    ValueError, FileNotFoundError
        If the name is unknown, or the pipeline's folder is not there.
    """
    card = _choose(name, "audio")
    if _is_shipped(card):
        from see2sound_nb.tiny.codi import build_tiny_codi

        return build_tiny_codi().to(device)
    if card.adapter is not None:
        return _made(card.adapter, card)
    pipe, _ = _load(card, lambda folder: (_codi(folder, half=device.startswith("cuda")), None))
    if not device.startswith("cuda"):
        return pipe.to(device)
    if low_memory:
        pipe.enable_sequential_cpu_offload(device=device)
    else:
        pipe.to(device).enable_cuda_graphs()
    return pipe


def _codi(folder: pathlib.Path, *, half: bool):
    import torch
    from safetensors import safe_open

    from see2sound_nb.codi import CoDi

    dtype = torch.float16 if half else torch.float32
    pipe = CoDi.from_pretrained(folder, torch_dtype=dtype, use_safetensors=True)
    for name in FILES["audio"][1:]:
        wanted = pipe.components[name.split("/")[0]].state_dict()
        with safe_open(folder / name, framework="pt") as file:
            downloads.check_whole({"missing_keys": wanted.keys() - set(file.keys())})
    return pipe


def _is_shipped(card: ModelCard) -> bool:
    return card.source == "package" and card.adapter is None


def _made(adapter: Adapter, card: ModelCard) -> Any:
    return adapter(None if card.source == "package" else download(card))


def _load(card: ModelCard, usual: Callable[[pathlib.Path], tuple[Any, Any]]) -> tuple[Any, Any]:
    if card.adapter is not None:
        return _made(card.adapter, card)
    path = download(card)
    try:
        return usual(path)
    except (MemoryError, ImportError):
        raise
    except Exception as error:  # those of torch, safetensors and transformers have no class in common
        raise ValueError(f"{path} does not hold {card.name} ({error}); delete it and fetch it again") from error
