"""The models of the three tiers: names, licences, where they come from, and how they are loaded.

``tiny`` is in the package and needs no network. ``small`` and ``paper`` are the published checkpoints.
Downloads are kept in the folder `cache_dir`; nothing that was downloaded is ever unpickled.

Notebook: 00_start_here.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any


@dataclasses.dataclass(frozen=True)
class ModelCard:
    """What is known of a model before it is loaded.

    Attributes
    ----------
    name, task, licence : str
        The task is ``"segmentation"``, ``"depth"`` or ``"audio"``.
    size_mb : int
        Size of the download in megabytes; 0 for what the package ships.
    source : str
        The address of a file, the id of a repository on the model hub, or ``"package"``.
    sha256 : str
        Of the file, where the source is a file.
    """

    name: str
    task: str
    licence: str
    size_mb: int = 0
    source: str = "package"
    sha256: str = ""

    @property
    def file_name(self) -> str:
        """Name of the file, or folder, in `cache_dir`."""
        return self.source.rsplit("/", 1)[-1]


_SAM = "https://dl.fbaipublicfiles.com/segment_anything/"

MODELS = {
    card.name: card
    for card in (
        ModelCard("tiny-sam", "segmentation", "Apache-2.0"),
        ModelCard("sam-vit-b", "segmentation", "Apache-2.0", 375, _SAM + "sam_vit_b_01ec64.pth",
                  "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912"),
        ModelCard("sam-vit-l", "segmentation", "Apache-2.0", 1249, _SAM + "sam_vit_l_0b3195.pth",
                  "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622"),
        ModelCard("sam-vit-h", "segmentation", "Apache-2.0", 2564, _SAM + "sam_vit_h_4b8939.pth",
                  "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e"),
        ModelCard("tiny-depth", "depth", "Apache-2.0"),
        ModelCard("depth-anything-small", "depth", "Apache-2.0", 99, "LiheYoung/depth-anything-small-hf"),
        ModelCard("depth-anything-large", "depth", "Apache-2.0", 1341, "LiheYoung/depth-anything-large-hf"),
        ModelCard("tiny-codi", "audio", "Apache-2.0"),
        ModelCard("codi", "audio", "MIT", 1660, "codi"),
    )
}  # fmt: skip

#: The models of each tier. No published audio model of CoDi's kind runs on a laptop, so `small` keeps the tiny one.
PRESETS = {
    "tiny": {"segmentation": "tiny-sam", "depth": "tiny-depth", "audio": "tiny-codi"},
    "small": {"segmentation": "sam-vit-b", "depth": "depth-anything-small", "audio": "tiny-codi"},
    "paper": {"segmentation": "sam-vit-h", "depth": "depth-anything-large", "audio": "codi"},
}


def cache_dir() -> pathlib.Path:
    """Folder of downloaded models: ``$SEE2SOUND_CACHE``, else the user's cache folder."""
    import pooch

    return pathlib.Path(os.environ.get("SEE2SOUND_CACHE") or pooch.os_cache("see2sound_nb"))


def find_model(name: str, task: str) -> ModelCard:
    """The card of a model by name.

    Raises
    ------
    ValueError
        If there is no model of that name for the task.
    """
    card = MODELS.get(name)
    if card is None or card.task != task:
        names = ", ".join(card.name for card in MODELS.values() if card.task == task)
        raise ValueError(f"model {name!r} is unknown for {task}; choose one of {names}")
    return card


def download(card: ModelCard) -> pathlib.Path:
    """Path of a model's file, downloaded and checked first if it is not there.

    Raises
    ------
    FileNotFoundError
        If it can neither be found nor downloaded; the message says which file to put where.
    ValueError
        If the file is not the one whose checksum is known.
    """
    import pooch

    path = cache_dir() / card.file_name
    try:
        return pathlib.Path(
            pooch.retrieve(
                card.source,
                known_hash=f"sha256:{card.sha256}",
                fname=path.name,
                path=path.parent,
                progressbar=True,
            )
        )
    except ValueError as error:
        raise ValueError(f"{path} is not the published {card.name} ({error}); delete it and fetch it again") from error
    except OSError as error:
        raise FileNotFoundError(_how_to_fetch(card, f"{card.source} (SHA-256 {card.sha256})", path)) from error


def _how_to_fetch(card: ModelCard, what: str, where: pathlib.Path) -> str:
    return (
        f"{card.name} ({card.size_mb} MB) is not here and could not be downloaded; on a machine with a network "
        f"fetch {what} and put it at {where}, or use preset='tiny'"
    )


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
    sam : segment_anything.modeling.Sam
    generator_options : dict
        Arguments of `SamAutomaticMaskGenerator` that suit the model.

    Raises
    ------
    ValueError, FileNotFoundError
        As `find_model` and `download`; also if the file does not hold the model's tensors.
    """
    from see2sound_nb._torchvision import ensure_torchvision

    card = find_model(name, "segmentation")
    ensure_torchvision()
    if card.source == "package":
        from see2sound_nb.tiny.sam import TINY_AMG, build_tiny_sam

        return build_tiny_sam().to(device), dict(TINY_AMG)
    import torch
    from segment_anything import sam_model_registry

    path = download(card)
    sam = sam_model_registry[card.name.removeprefix("sam-").replace("-", "_")]()
    try:
        sam.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # torch names neither the class nor the file reliably
        raise ValueError(f"{path} does not hold {card.name} ({error}); delete it and fetch it again") from error
    return sam.to(device).eval(), {}


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
        As transformers has them; ``model(**processor(images=I, return_tensors="pt")).predicted_depth`` is
        inverse depth, without scale and zero, larger is nearer.

    Raises
    ------
    ValueError, FileNotFoundError
        If the name is unknown, or the checkpoint can neither be found nor downloaded.
    """
    from see2sound_nb._torchvision import ensure_torchvision

    card = find_model(name, "depth")
    ensure_torchvision()
    if card.source == "package":
        from see2sound_nb.tiny.depth import build_tiny_depth

        model, processor = build_tiny_depth()
        return model.to(device), processor
    from transformers import AutoImageProcessor, AutoModelForDepthEstimation

    local = cache_dir() / card.file_name
    source = str(local) if local.is_dir() else card.source
    try:
        processor = AutoImageProcessor.from_pretrained(source)
        model = AutoModelForDepthEstimation.from_pretrained(source, use_safetensors=True)
    except OSError as error:
        files = f"config.json, preprocessor_config.json and model.safetensors of the hub's {card.source}"
        raise FileNotFoundError(_how_to_fetch(card, files, local)) from error
    return model.to(device).eval(), processor


def load_audio(name: str, *, device: str = "cpu"):
    """Load a CoDi pipeline.

    Parameters
    ----------
    name : str
        A model of `MODELS` for audio.
    device : str
        As torch names it.

    Returns
    -------
    see2sound_nb.codi.CoDi

    Raises
    ------
    ValueError, FileNotFoundError
        If the name is unknown, or the pipeline's folder is not there.
    """
    from see2sound_nb._torchvision import ensure_torchvision

    card = find_model(name, "audio")
    ensure_torchvision()
    if card.source == "package":
        from see2sound_nb.tiny.codi import build_tiny_codi

        return build_tiny_codi().to(device)
    from see2sound_nb.codi import CoDi

    folder = cache_dir() / card.file_name
    if not (folder / "model_index.json").is_file():
        raise FileNotFoundError(
            f"no CoDi pipeline at {folder}; it must be a folder in diffusers' format (model_index.json and "
            "safetensors), converted from the published files; or use preset='tiny', or audio='tiny-codi'"
        )
    return CoDi.from_pretrained(folder).to(device)
