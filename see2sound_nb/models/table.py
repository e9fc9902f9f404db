"""The models by name: licences, sizes and where they come from. `loading` loads them.

``tiny-...`` models are in the package and need no network. All others are published checkpoints; downloads are
kept in the folder `cache_dir`, and nothing that was downloaded is ever unpickled.

To add a model, add an entry; a Segment Anything or depth estimator of transformers on the hub needs no more::

    from see2sound_nb import MODELS, See2Sound
    from see2sound_nb.models import METRES, ModelCard

    MODELS["my-depth"] = ModelCard("my-depth", "depth", "MIT", 99, "me/my-depth-hf", gives=METRES)
    See2Sound(depth="my-depth")

Its files (`FILES`) are fetched from there, or found in the folder ``me/my-depth-hf`` of `cache_dir`. Another model for
segmentation or depth is one file, whose address is the source, and an `adapter`: a function, or a small class, that
takes the file's path and returns what `load_sam` or `load_depth` returns. A model of any task that you write yourself
needs no file: leave the source out, and the adapter is called with None.

Notebook: 09_your_own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from see2sound_nb.models import downloads
from see2sound_nb.models.downloads import cache_dir

#: What a depth model answers: a / depth + b with unknown a > 0 and b, or the depth itself.
INVERSE_DEPTH, METRES = "inverse depth", "metres"
#: From a file, or None, to what `load_sam`, `load_depth` or `load_audio` returns.
Adapter = Callable[[Any], Any]
#: Of figure 2: what a model may be chosen for.
TASKS = ("segmentation", "depth", "audio")
#: What makes a folder a model. Of a repository on the hub nothing else is fetched: no pickles.
FILES = {
    "segmentation": ("config.json", "model.safetensors"),
    "depth": ("config.json", "preprocessor_config.json", "model.safetensors"),
    "audio": (
        "model_index.json",
        *(f"{part}/diffusion_pytorch_model.safetensors" for part in ("unet", "vae")),
        *(f"{part}/model.safetensors" for part in ("vocoder", "image_encoder", "text_encoder")),
    ),
    "matching": ("model.safetensors",),
}
#: What is published in another form than a model's: what to say where the folder of that name is not in `cache_dir`.
CONVERTED = {
    "codi": "no whole CoDi pipeline at {path}; make it from the published files with `see2sound convert`, which "
    "fetches them (3.9 GB), or choose the audio model tiny-codi",
    "avitar": "no AViTAR at {path}; fetch http://dl.fbaipublicfiles.com/vam/pretrained-models.zip (CC-BY-NC-4.0: no "
    "commercial use), unpack it, and give pretrained-models/avspeech/avitar/best_val.ckpt to `see2sound evaluate "
    "--matcher`, which converts it; or choose the matcher room",
}


@dataclasses.dataclass(frozen=True)
class ModelCard:
    """What is known of a model before it is loaded.

    Attributes
    ----------
    name, task, licence : str
        The task is ``"segmentation"``, ``"depth"`` or ``"audio"``; of `measure.avitar`, ``"matching"``.
    size_mb : int
        Size of the download in megabytes; 0 for what the package ships.
    source, sha256 : str
        The address of a file and its checksum, the id of a repository on the model hub, ``"package"``, or one of
        `CONVERTED`.
    gives : str
        What a depth model answers: `INVERSE_DEPTH` or `METRES`.
    commercial : bool
        Whether the licence allows commercial use.
    adapter : callable, optional
        From the path of what was downloaded to the loaded model, where the model is of no kind known here; from None
        where nothing is downloaded, as the source ``"package"`` says.
    """

    name: str
    task: str
    licence: str
    size_mb: int = 0
    source: str = "package"
    sha256: str = ""
    gives: str = INVERSE_DEPTH
    commercial: bool = True
    adapter: Adapter | None = None

    @property
    def file_name(self) -> str:
        """Name of the file in `cache_dir`, or of the folder: ``owner/name`` of a repository."""
        return self.source.rsplit("/", 1)[-1] if self.source.startswith("http") else self.source

    def __post_init__(self):
        if self.task not in FILES:
            raise ValueError(f"task {self.task!r} is unknown; choose one of {', '.join(FILES)}")
        if self.gives not in (INVERSE_DEPTH, METRES):
            raise ValueError(f"gives={self.gives!r} is unknown; choose {INVERSE_DEPTH!r} or {METRES!r}")


_SAM = "https://dl.fbaipublicfiles.com/segment_anything/"
_V2 = "depth-anything/Depth-Anything-V2-"

MODELS = {
    card.name: card
    for card in (
        ModelCard("tiny-sam", "segmentation", "Apache-2.0"),
        ModelCard("slimsam", "segmentation", "Apache-2.0", 39, "Zigeng/SlimSAM-uniform-77"),
        ModelCard("sam-vit-b", "segmentation", "Apache-2.0", 375, _SAM + "sam_vit_b_01ec64.pth",
                  "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912"),
        ModelCard("sam-vit-l", "segmentation", "Apache-2.0", 1249, _SAM + "sam_vit_l_0b3195.pth",
                  "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622"),
        ModelCard("sam-vit-h", "segmentation", "Apache-2.0", 2564, _SAM + "sam_vit_h_4b8939.pth",
                  "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e"),
        ModelCard("sam2.1-tiny", "segmentation", "Apache-2.0", 156, "facebook/sam2.1-hiera-tiny"),
        ModelCard("sam2.1-small", "segmentation", "Apache-2.0", 184, "facebook/sam2.1-hiera-small"),
        ModelCard("sam2.1-base-plus", "segmentation", "Apache-2.0", 323, "facebook/sam2.1-hiera-base-plus"),
        ModelCard("sam2.1-large", "segmentation", "Apache-2.0", 898, "facebook/sam2.1-hiera-large"),
        ModelCard("tiny-depth", "depth", "Apache-2.0"),
        ModelCard("depth-anything-small", "depth", "Apache-2.0", 99, "LiheYoung/depth-anything-small-hf"),
        ModelCard("depth-anything-base", "depth", "Apache-2.0", 390, "LiheYoung/depth-anything-base-hf"),
        ModelCard("depth-anything-large", "depth", "Apache-2.0", 1341, "LiheYoung/depth-anything-large-hf"),
        ModelCard("depth-anything-v2-small", "depth", "Apache-2.0", 99, _V2 + "Small-hf"),
        ModelCard("depth-anything-v2-base", "depth", "CC-BY-NC-4.0", 390, _V2 + "Base-hf", commercial=False),
        ModelCard("depth-anything-v2-large", "depth", "CC-BY-NC-4.0", 1341, _V2 + "Large-hf", commercial=False),
        ModelCard("depth-anything-v2-indoor", "depth", "Apache-2.0", 99, _V2 + "Metric-Indoor-Small-hf", gives=METRES),
        ModelCard("depth-anything-v2-outdoor", "depth", "Apache-2.0", 99, _V2 + "Metric-Outdoor-Small-hf",
                  gives=METRES),
        ModelCard("depth-pro", "depth", "Apple AMLR", 1904, "apple/DepthPro-hf", gives=METRES, commercial=False),
        ModelCard("tiny-codi", "audio", "Apache-2.0"),
        ModelCard("codi", "audio", "MIT", 3880, "codi"),
        ModelCard("avitar", "matching", "CC-BY-NC-4.0", 631, "avitar", commercial=False),
    )
}  # fmt: skip

#: The models of each tier. No published audio model of CoDi's kind runs on a laptop, so `small` keeps the tiny one.
PRESETS = {
    "tiny": {"segmentation": "tiny-sam", "depth": "tiny-depth", "audio": "tiny-codi"},
    "small": {"segmentation": "sam-vit-b", "depth": "depth-anything-small", "audio": "tiny-codi"},
    "paper": {"segmentation": "sam-vit-h", "depth": "depth-anything-large", "audio": "codi"},
}


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


def list_models() -> list[dict[str, Any]]:
    """What is known of every model, as plain data.

    Returns
    -------
    list of dict
        Its card's ``name``, ``task``, ``licence``, ``commercial``, ``size_mb`` and ``source``; ``gives``
        (of depth models, else None), ``path`` (where its download is kept; None for what the package ships),
        ``here`` (whether it can be loaded without a network) and ``presets`` (the tiers that use it).
    """
    listed = []
    for card in MODELS.values():
        entry = {key: getattr(card, key) for key in ("name", "task", "licence", "commercial", "size_mb", "source")}
        path = None if card.source == "package" else cache_dir() / card.file_name
        files = ("",) if card.source.startswith("http") else FILES[card.task]
        if path is not None and card.source.count("/") == 1 and not path.exists():
            path = downloads.in_hub_cache(card.source, files) or path
        entry["gives"] = card.gives if card.task == "depth" else None
        entry["path"] = None if path is None else str(path)
        entry["here"] = path is None or all((path / name).is_file() for name in files)
        entry["presets"] = [preset for preset, names in PRESETS.items() if card.name in names.values()]
        listed.append(entry)
    return listed


def missing(names: Iterable[str]) -> list[ModelCard]:
    """The cards of those models that are not here and must be fetched first.

    Parameters
    ----------
    names : iterable of str
        Names of `MODELS`.
    """
    here = {model["name"] for model in list_models() if model["here"]}
    return [MODELS[name] for name in names if name not in here]
