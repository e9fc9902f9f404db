"""The published CoDi files, turned into a folder for ``CoDi.from_pretrained``.

Two of the four published files hold all that image and text to audio needs: ``CoDi_encoders.pth`` (CLIP, the VAE, the
vocoder, and much else) and ``CoDi_audio_diffuser_m.pth`` (the denoiser). They are mapped into memory and read as
tensors only; pickled code in them is refused, not run. A file of the right size may still be damaged: checksums are
compared, and numbers looked at.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import torch

from see2sound_nb.media.files import atomic_folder, unfinished
from see2sound_nb.models import downloads
from see2sound_nb.models.checkpoints import read_checkpoint
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
#: Numbers in a row of a weight that are all 0: no trained one has so many, a part of a file that never came has. They
#: are looked for in blocks of this size.
MOST_ZEROS = 1 << 14


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
        If it is not a flat dictionary of tensors, or a part of it is not as it was written.
    """
    path = pathlib.Path(path)
    if path.is_file() and path.stat().st_size < 10_000:
        raise ValueError(f"{path} has {path.stat().st_size} bytes: a web page or a pointer in its place; {_REMEDY}")
    state = read_checkpoint(path, _REMEDY)
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
        If a file is not the right one, or damaged: the first keys that are missing, of another shape or of what are no
        weights are named, as they are in the file.
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
        strange = _check(paths[source.file], name, source, found, state, expected)
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


def _check(
    path: pathlib.Path, part: str, source: Source, found: Mapping[str, str], state: Tensors, expected: Tensors
) -> set[str]:
    """Raise ValueError if a weight is missing, of another shape or none; return the names that the part does not have.

    ``found`` has the new name of each of the file's keys.
    """
    if not state:
        raise ValueError(
            f"{path} has no key that begins with {source.prefix}, so it is not the published file with the {part}; "
            "give CoDi_encoders.pth first and CoDi_audio_diffuser_m.pth second"
        )
    # the vocoder's mean and scale are not published: it is left as it is made, 0 and 1
    missing = sorted(set(expected) - set(state) - {"mean", "scale"})
    strange = set(state) - set(expected)
    if missing:
        gone = _some([source.prefix + source.original(name) for name in missing])
        others = [key for key, name in found.items() if name in strange]
        beside = f", and {len(others)} are not known ({_some(others)})" if others else ""
        raise ValueError(
            f"{path}: {len(missing)} of {len(expected)} keys of the {part} are missing ({gone}){beside}; it is not the "
            f"published file, or not all of it: {_REMEDY}"
        )
    wrong = [key for key, k in found.items() if k in expected and not _fits(state[k], expected[k])]
    if wrong:
        first, right = state[found[wrong[0]]], expected[found[wrong[0]]]
        kinds = f"{wrong[0]} is {first.dtype} {tuple(first.shape)}, not floating {tuple(right.shape)}"
        raise ValueError(f"{path}: {len(wrong)} keys of the {part} have another type or shape ({kinds}); {_REMEDY}")
    for key, name in found.items():
        if name in expected and (said := _no_weight(state[name])):
            raise ValueError(f"{path} is damaged: {key} of the {part} has {said}; {_REMEDY}")
    return strange


def _no_weight(found: torch.Tensor) -> str:
    """What shows that a tensor is not what was trained, in words; empty if nothing does."""
    flat = found.flatten()
    broken = int((~torch.isfinite(flat)).sum())
    if broken:
        return f"{broken} numbers that are NaN or infinite"
    if found.ndim > 1 and not flat.any():
        return "nothing but zeros"
    blocks = flat[: len(flat) // MOST_ZEROS * MOST_ZEROS].reshape(-1, MOST_ZEROS)
    return "" if blocks.any(dim=1).all() else f"{MOST_ZEROS} zeros in a row"


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
    with atomic_folder(folder) as beside:  # which has removed what killed conversions left
        free = shutil.disk_usage(folder.parent).free
        if free < need * 1.05:
            others = [str(path) for path in unfinished(folder.parent) if path != beside]
            also = f" (and {', '.join(others[:3])} is being written, or was on another machine)" if others else ""
            raise OSError(
                f"{folder} needs {need / 1e9:.2f} GB, {free / 1e9:.2f} GB are free{also}; make room or choose another"
            )
        assemble(parts, configuration).save_pretrained(beside)


def _beginning(key: str) -> str:
    for prefix in ("audioldm.fn_STFT.", "clip.model.", "model.diffusion_model.unet_audio."):
        if key.startswith(prefix):
            kind = re.search(r"temporal_self_attn|position_ids|logit_scale|\w*connecters\w*", key)
            return f"{prefix}...{kind[0]}" if kind else prefix
    return ".".join(key.split(".")[: 3 if key.startswith("model.diffusion_model.") else 1]) + "." * ("." in key)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
