"""The published CoDi files, turned into a folder for ``CoDi.from_pretrained``.

Two of the four published files hold all that image and text to audio needs: ``CoDi_encoders.pth`` (CLIP, the VAE, the
vocoder, and much else) and ``CoDi_audio_diffuser_m.pth`` (the denoiser). They are mapped into memory and read as
tensors only; pickled code in them is refused, not run.
"""

from __future__ import annotations

import dataclasses
import pathlib
import pickle
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import torch

from see2sound_nb.models import downloads
from see2sound_nb.sounds.codi.names import Source, sources
from see2sound_nb.sounds.codi.published import PUBLISHED, assemble, make_parts

Tensors = Mapping[str, torch.Tensor]


@dataclasses.dataclass(frozen=True)
class Report:
    """What became of the keys of the two files.

    Attributes
    ----------
    folder : pathlib.Path
        The pipeline.
    used : dict
        Number of keys that each part took.
    unexpected : list of str
        Keys of a part that nothing in it takes: none for the published files.
    unused : dict
        What image and text to audio does not need: the beginning of the keys, and how many they are.
    """

    folder: pathlib.Path
    used: dict[str, int]
    unexpected: list[str]
    unused: dict[str, int]

    def describe(self) -> str:
        """The report as text."""
        lines = [f"{self.folder}: " + ", ".join(f"{part} {count} keys" for part, count in self.used.items())]
        lines += ["missing: 0"]
        lines += [f"unexpected: {len(self.unexpected)}" + "".join(f"\n  {key}" for key in self.unexpected)]
        lines += [f"unused: {sum(self.unused.values())}"]
        lines += [f"  {beginning}: {count}" for beginning, count in sorted(self.unused.items())]
        return "\n".join(lines)


#: The published files: a repository of the model hub, and how many megabytes they have in single precision.
REPOSITORY, FILES, SIZE_MB = "ZinengTang/CoDi", ("CoDi_encoders.pth", "CoDi_audio_diffuser_m.pth"), 7760


_REMEDY = "fetch it again"


def fetch_published(*, full: bool = False) -> list[pathlib.Path]:
    """Download ``CoDi_encoders.pth`` and ``CoDi_audio_diffuser_m.pth``, unless they are in the cache.

    Parameters
    ----------
    full : bool
        In single precision, twice as large.

    Returns
    -------
    list of pathlib.Path
        The two files.

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        As `models.downloads.hub_folder`.
    """
    files = FILES if full else tuple(f"checkpoints_fp16/{name}" for name in FILES)
    size_mb = SIZE_MB if full else SIZE_MB / 2
    folder = downloads.hub_folder(REPOSITORY, files, size_mb=size_mb, folder=downloads.cache_dir() / REPOSITORY)
    return [folder / name for name in files]


def read_tensors(path: str | pathlib.Path) -> dict[str, torch.Tensor]:
    """The tensors of a published file, mapped from the disk; nothing in it is executed.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a flat dictionary of tensors.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file at {path}; give the path of a published CoDi file")
    if path.stat().st_size < 10_000:
        raise ValueError(f"{path} has {path.stat().st_size} bytes: a web page or a pointer in its place; {_REMEDY}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except MemoryError:
        raise
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path} holds more than tensors, or is no file of torch; it was not run: {_REMEDY}"
        ) from error
    except Exception as error:  # a damaged file raises whatever reading it stumbles over
        raise ValueError(f"{path} is not a whole file of tensors ({type(error).__name__}); {_REMEDY}") from error
    flat = isinstance(state, dict) and all(isinstance(k, str) for k in state)
    if not flat or not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError(f"{path} holds a {type(state).__name__}, not a flat dictionary of tensors; {_REMEDY}")
    return state


def convert(
    encoders: str | pathlib.Path,
    diffuser: str | pathlib.Path,
    folder: str | pathlib.Path,
    *,
    dtype: torch.dtype | None = None,
    configuration: dict[str, dict[str, Any]] = PUBLISHED,
) -> Report:
    """Turn the published files into a pipeline's folder.

    Parameters
    ----------
    encoders, diffuser : path
        ``CoDi_encoders.pth`` and ``CoDi_audio_diffuser_m.pth``.
    folder : path
        The folder to make; it appears only when it is complete.
    dtype : torch.dtype, optional
        Of the weights; by default that of the files.
    configuration : dict
        As `published.PUBLISHED`.

    Returns
    -------
    Report

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    FileExistsError
        If the folder is there already.
    ValueError
        If a file is not the right one: the first keys that are missing or of another shape are named.
    OSError
        If the disk has too little room.
    """
    folder = pathlib.Path(folder)
    if folder.exists():
        raise FileExistsError(f"{folder} is there already; delete it or choose another folder")
    paths = {"encoders": pathlib.Path(encoders), "diffuser": pathlib.Path(diffuser)}
    files = {name: read_tensors(path) for name, path in paths.items()}
    with torch.device("meta"):
        parts = make_parts(configuration)
    used: dict[str, int] = {}
    unexpected: list[str] = []
    taken: dict[str, set[str]] = {name: set() for name in files}
    for name, source in sources(configuration).items():
        found = {key: source.rename(key.removeprefix(source.prefix)) for key in _of(source, files[source.file])}
        state = {new: files[source.file][key] for key, new in found.items()}
        expected = parts[name].state_dict()
        strange = _check(paths[source.file], name, source, state, expected)
        unexpected += [key for key, new in found.items() if new in strange]
        used[name] = len(state) - len(strange)
        taken[source.file] |= set(found)
        parts[name].load_state_dict(_fitted(state, expected, dtype), assign=True)
    unused = Counter(_beginning(key) for name, state in files.items() for key in state if key not in taken[name])
    _save(parts, configuration, folder)
    return Report(folder, used, unexpected, dict(unused))


def _of(source: Source, state: Iterable[str]) -> list[str]:
    keys = [key for key in state if key.startswith(source.prefix)]
    keys = [key for key in keys if re.match(source.only, key.removeprefix(source.prefix))]
    return [key for key in keys if not re.search(source.drop, key.removeprefix(source.prefix))]


def _check(path: pathlib.Path, part: str, source: Source, state: Tensors, expected: Tensors) -> set[str]:
    """Raise ValueError if a weight is missing or of another shape; return the names that the part does not have."""
    if not state:
        raise ValueError(
            f"{path} has no key that begins with {source.prefix}, so it is not the published file with the {part}; "
            "give CoDi_encoders.pth first and CoDi_audio_diffuser_m.pth second"
        )
    # the vocoder's mean and scale are not published: it is left as it is made, 0 and 1
    missing = sorted(set(expected) - set(state) - {"mean", "scale"})
    if missing:
        raise ValueError(
            f"{path}: {len(missing)} of {len(expected)} keys of the {part} are missing ({_some(missing)}); "
            "it is not the published file, or not all of it: fetch it again"
        )
    wrong = [k for k in expected if k in state and not _fits(state[k], expected[k])]
    if wrong:
        found, right = state[wrong[0]], expected[wrong[0]]
        kinds = f"{wrong[0]} is {found.dtype} {tuple(found.shape)}, not floating {tuple(right.shape)}"
        raise ValueError(
            f"{path}: {len(wrong)} keys of the {part} have another type or shape ({kinds}); fetch it again"
        )
    return set(state) - set(expected)


def _fits(found: torch.Tensor, expected: torch.Tensor) -> bool:
    # the VAE's attention is published as 1 x 1 convolutions, whose weights have two axes of length 1 more
    return found.is_floating_point() and found.shape in (expected.shape, (*expected.shape, 1, 1))


def _fitted(state: Tensors, expected: Tensors, dtype: torch.dtype | None) -> dict[str, torch.Tensor]:
    found = {k: state[k].reshape(expected[k].shape).contiguous() for k in expected if k in state}
    fitted = {k: v.to(dtype or v.dtype) for k, v in found.items()}
    some = next(iter(fitted.values()))
    defaults = {"mean": torch.zeros, "scale": torch.ones}
    rest = {k: defaults[k](v.shape, dtype=some.dtype) for k, v in expected.items() if k not in fitted}
    return {**fitted, **rest}


def _save(parts: dict[str, Any], configuration: dict[str, dict[str, Any]], folder: pathlib.Path) -> None:
    need = sum(x.numel() * x.element_size() for part in parts.values() for x in part.state_dict().values())
    folder.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder.parent).free
    if free < need * 1.05:
        raise OSError(f"{folder} needs {need / 1e9:.2f} GB, {free / 1e9:.2f} GB are free; make room or choose another")
    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)  # of a conversion that was killed
    try:
        assemble(parts, configuration).save_pretrained(beside)
        beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _beginning(key: str) -> str:
    for prefix in ("audioldm.fn_STFT.", "clip.model.", "model.diffusion_model.unet_audio."):
        if key.startswith(prefix):
            kind = re.search(r"temporal_self_attn|position_ids|logit_scale|\w*connecters\w*", key)
            return f"{prefix}...{kind[0]}" if kind else prefix
    return ".".join(key.split(".")[: 3 if key.startswith("model.diffusion_model.") else 1]) + "." * ("." in key)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
