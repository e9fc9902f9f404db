"""The authors' own code, as the wheel ``see2sound==0.1.1`` carries it, made to run on the CPU beside today's libraries.

Importing it as it is takes a dozen packages that the way from a picture to a sound never calls, transformers of 2022
and a CUDA device. Here modules of the same names stand in while it is imported, and go again.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.machinery
import importlib.util
import pathlib
import sys
import types
import unicodedata
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from see2sound_nb._torchvision import ensure_torchvision

HOW_TO_INSTALL = (
    "the authors' code is not installed: run `pip install --no-deps see2sound==0.1.1` and `pip install einops`"
)
CLIP = "see2sound.codi.models.encoders.clip_modules"


def authors(name: str) -> types.ModuleType:
    """A module of the authors' package.

    Parameters
    ----------
    name : str
        Within ``see2sound.codi``, for example ``"models.ddim.ddim_vd"``.

    Returns
    -------
    types.ModuleType

    Raises
    ------
    ImportError
        If the wheel, or einops, is not installed.
    """
    _load()
    return importlib.import_module(f"see2sound.codi.{name}")


@contextlib.contextmanager
def on_cpu() -> Iterator[None]:
    """While it lasts, ``tensor.cuda()`` leaves a tensor where it is, and nothing is differentiated."""
    cuda = torch.Tensor.cuda
    torch.Tensor.cuda = lambda self, *args, **kwargs: self
    try:
        with torch.no_grad():
            yield
    finally:
        torch.Tensor.cuda = cuda


@functools.cache
def _load() -> None:
    spec = importlib.util.find_spec("see2sound")
    if spec is None or spec.origin is None or importlib.util.find_spec("einops") is None:
        raise ImportError(HOW_TO_INSTALL)
    folder = pathlib.Path(spec.origin).parent
    ensure_torchvision()
    # transformers asks once which packages there are and remembers; it must not see the stand-ins
    from transformers import CLIPTextModel, CLIPTokenizer, feature_extraction_utils, image_utils, utils  # noqa: F401

    # packages whose own __init__ imports more than is needed here
    for name, path in (("see2sound", folder), (CLIP, folder / "codi/models/encoders/clip_modules")):
        sys.modules[name] = _module(name, __path__=[str(path)])
    # the feature extractor's file was copied out of transformers with its relative imports
    copied = {module.__name__.split(".")[1]: module for module in (feature_extraction_utils, image_utils, utils)}
    with stand_ins({**absent(), **{f"see2sound.codi.models.{name}": module for name, module in copied.items()}}):
        clip = sys.modules[CLIP]
        for file, attribute in (
            ("configuration_clip", "CLIPConfig"),
            ("modeling_clip", "CLIPModel"),
            ("tokenization_clip", "CLIPTokenizer"),
            ("feature_extraction_clip", "CLIPFeatureExtractor"),
        ):
            setattr(clip, attribute, getattr(importlib.import_module(f"{CLIP}.{file}"), attribute))
        clip.CLIPProcessor = None  # what it wraps is called in its place
        for name in ("codi", "encoders.clip", "latent_diffusion.vae.audioldm", "model_module_infer"):
            importlib.import_module(f"see2sound.codi.models.{name}")
        ddim = importlib.import_module("see2sound.codi.models.ddim.ddim_vd")
    # theirs moves everything to CUDA
    ddim.DDIMSampler.register_buffer = lambda sampler, name, value: setattr(sampler, name, value)


def _module(name: str, **attributes: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    module.__path__ = []
    vars(module).update(attributes)
    return module


@contextlib.contextmanager
def stand_ins(modules: dict[str, types.ModuleType]) -> Iterator[None]:
    """While it lasts, these modules are what is imported under their names."""
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name, module in before.items():
            del sys.modules[name]
            if module is not None:
                sys.modules[name] = module


def absent() -> dict[str, types.ModuleType]:
    """What the authors' modules import and, on our way through them, never call; only the buffers' sizes matter."""

    def pad_center(window, *, size):
        return np.pad(window, (size - len(window)) // 2)

    def mel(*, sr, n_fft, n_mels, fmin, fmax):
        return np.zeros((n_mels, n_fft // 2 + 1))

    contents: dict[str, dict[str, Any]] = {
        "pytorch_lightning": {"LightningModule": torch.nn.Module},
        "decord": {"VideoReader": None, "cpu": None, "gpu": None},
        "torchaudio": {},
        "librosa": {},
        "librosa.filters": {"mel": mel},
        "librosa.util": {"pad_center": pad_center, "tiny": None, "normalize": None},
        "ftfy": {"fix_text": functools.partial(unicodedata.normalize, "NFC")},
        "transformers.models.bert.tokenization_bert": {"BasicTokenizer": None},
        "see2sound.codi.cfg_helper": {"model_cfg_bank": None},
    }
    modules = {name: _module(name, **attributes) for name, attributes in contents.items()}
    modules["librosa"].util = modules["librosa.util"]
    return modules
