"""Files of a model, looked at before a library reads them: what is damaged is named in one line, and soon.

The errors of torch, safetensors, transformers and diffusers have no class in common, may have many lines and name no
file; and from a number that is wrong in a ``config.json`` a model of that size is built first.

Notebook: 09_your_own.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

#: The most bytes of a .json file; of a ``config.json``, the largest number, the most layers and the longest list.
MOST_BYTES, LARGEST, MOST_LAYERS, LONGEST = 64_000_000, 10**7, 200, 1000
#: A model has at most so many times the numbers that its file has.
MOST_MISSING = 1.5
#: Of an error of a library, the most letters that are repeated.
MOST_LETTERS = 200


#: What to do about a file that was fetched, and about one that the package ships.
REMEDY, SHIPPED = "delete it and fetch it again", "install see2sound_nb again"
#: And about what was converted.
CONVERT_AGAIN = "delete the folder and make it again with see2sound convert"


class DamagedFileError(ValueError):
    """A file of a model does not hold what it should; the message names it, and what to do."""


def one_line(error: BaseException | str) -> str:
    """An error in one line of at most `MOST_LETTERS`; that of an error without words is its class."""
    text = " ".join(str(error).split())
    if isinstance(error, KeyError):
        text = f"no {text}"
    text = text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 3]}..."
    return text if text or isinstance(error, str) else type(error).__name__


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is too little memory, as torch, CUDA and the loader of libraries say it."""
    if type(error).__name__ in ("MemoryError", "OutOfMemoryError"):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError | ImportError | OSError) and any(
        words in said for words in ("allocate memory", "not enough memory", "failed to map segment")
    )


def check_folder(folder: str | os.PathLike, remedy: str) -> None:
    """Raise DamagedFileError if a .json file of a model's folder is none, or a .safetensors file is not whole.

    Parameters
    ----------
    folder : str or path
        As of `downloads.hub_folder`. A file in its place is not looked at.
    remedy : str
        What to do, as the end of the message.
    """
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.suffix == ".json":
            check_settings(path, remedy)
        elif path.suffix == ".safetensors":
            count_numbers(path, remedy)


def check_settings(path: str | os.PathLike, remedy: str) -> None:
    """Raise DamagedFileError if a file is no object of JSON, or a ``config.json`` describes what no model is.

    Parameters
    ----------
    path : str or path
    remedy : str
        As in `check_folder`.
    """
    path = pathlib.Path(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path.stat().st_size / 1e6:.0f} MB, more than {MOST_BYTES / 1e6:.0f}")
        found = json.loads(path.read_text("utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"a {type(found).__name__} and no object of JSON")
        if path.name == "config.json":
            _check_numbers("", found)
    except (ValueError, OSError, RecursionError) as error:
        raise DamagedFileError(f"{path} is damaged ({one_line(error)}); {remedy}") from error


def _check_numbers(name: str, value: Any) -> None:
    if isinstance(value, dict):
        for key, part in value.items():
            _check_numbers(key, part)
    elif isinstance(value, list):
        if len(value) > LONGEST:
            raise ValueError(f"{one_line(name)[:40]} is a list of {len(value)}, of at most {LONGEST}")
        for part in value:
            _check_numbers(name, part)
    elif isinstance(value, int):
        most = MOST_LAYERS if name.endswith(("layers", "depth", "depths", "blocks", "per_stage")) else LARGEST
        if abs(value) > most:
            shown = value if abs(value) < 10**20 else "a number of more than 20 digits"
            raise ValueError(f"{one_line(name)[:40]} is {shown}, at most {most}")


def count_numbers(path: str | os.PathLike, remedy: str) -> int:
    """How many numbers a .safetensors file has.

    Parameters
    ----------
    path : str or path
        Its head is read alone.
    remedy : str
        As in `check_folder`.

    Returns
    -------
    int

    Raises
    ------
    DamagedFileError
        If it is not whole.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            return sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        if out_of_memory(error):
            raise
        raise DamagedFileError(f"{path} is damaged ({one_line(error)}); {remedy}") from error


def check_size(folder: str | os.PathLike, build: Callable[[], Any], remedy: str) -> None:
    """Raise DamagedFileError if a ``config.json`` describes a model that the weights beside it are much too few for.

    Parameters
    ----------
    folder : str or path
        With ``config.json`` and ``model.safetensors``.
    build : callable
        Makes the model, here without memory for its weights. What fails is left to who loads it.
    remedy : str
        As in `check_folder`.

    Notes
    -----
    transformers fills what is missing with random numbers, however many, before it says so.
    """
    import torch

    folder = pathlib.Path(folder)
    held = count_numbers(folder / "model.safetensors", remedy)
    wanted = 0
    with contextlib.suppress(Exception), torch.device("meta"):
        wanted = sum(weight.numel() for weight in build().parameters())
    if wanted > MOST_MISSING * held:
        said = f"a model of {wanted:.3g} numbers, model.safetensors has {held:.3g}"
        raise DamagedFileError(f"{folder / 'config.json'} is damaged ({said}); {remedy}")


def check_pipeline(folder: str | os.PathLike, remedy: str) -> None:
    """`check_folder` and, of the parts that are transformers' own, `check_size`, for a folder in diffusers' format.

    Parameters
    ----------
    folder : str or path
        With ``model_index.json``.
    remedy : str
        As in `check_folder`.
    """
    import transformers

    folder = pathlib.Path(folder)
    check_folder(folder, remedy)
    if not (folder / "model_index.json").is_file():
        return
    for name, found in json.loads((folder / "model_index.json").read_text("utf-8")).items():
        part = folder / name
        if found and isinstance(found, list) and found[0] == "transformers" and (part / "model.safetensors").is_file():
            kind = getattr(transformers, str(found[-1]), None)
            check_size(part, functools.partial(_built, kind, part), remedy)


def _built(kind: Any, folder: pathlib.Path) -> Any:
    return kind(kind.config_class.from_pretrained(folder))


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """transformers prints no table of what does not fit: an error says so."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def read_weights(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, str]]:
    """The tensors of a .safetensors file that the package ships, those of floating point in float32, and its metadata.

    Raises
    ------
    DamagedFileError
        If it is not whole.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (not a dictionary)
            metadata = dict(file.metadata() or {})
        state = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
    except (SafetensorError, OSError, RuntimeError) as error:  # the last of types that torch has, and no numbers of
        if out_of_memory(error):
            raise
        raise DamagedFileError(f"{path} is damaged ({one_line(error)}); {SHIPPED}") from error
    return state, metadata


@contextlib.contextmanager
def filling(path: str | os.PathLike, remedy: str = SHIPPED) -> Iterator[None]:
    """What does not fit while a network is filled with the tensors of a file, a shipped one or another, is damaged."""
    try:
        yield
    except DamagedFileError:
        raise
    except (KeyError, RuntimeError, ValueError) as error:
        if out_of_memory(error):
            raise
        raise DamagedFileError(f"{path} does not hold what it should ({one_line(error)}); {remedy}") from error
