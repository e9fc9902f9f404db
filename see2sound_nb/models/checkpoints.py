"""Checkpoints as torch saves them: read whole or not at all, and nothing in them is run.

Notebook: 09_your_own.
"""

from __future__ import annotations

import os
import pathlib
import pickle
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

from see2sound_nb.models.checking import DamagedFileError


def read_checkpoint(path: str | os.PathLike, remedy: str, *, allowed: Sequence[Any] = ()) -> Any:
    """What a file of `torch.save` holds: tensors, and what Python's own containers make of them.

    Parameters
    ----------
    path : str or path
        Tensors are mapped from it where it is a ZIP file, as torch writes them since 1.6.
    remedy : str
        What to do about a file that is not whole: the end of the message.
    allowed : sequence
        Classes that it may hold besides, as `torch.serialization.safe_globals` takes them. They are allowed while it is
        read, and no longer.

    Returns
    -------
    object

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    DamagedFileError
        If it holds code, or a part of it is not as it was written. torch compares no checksums: a hole in a file would
        come back as zeros.

    Notes
    -----
    Notebook: 09_your_own.
    """
    import torch

    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file at {path}; give the path of a published checkpoint")
    zipped = zipfile.is_zipfile(path)
    if zipped:
        _check_sums(path, remedy)
    try:
        with torch.serialization.safe_globals(list(allowed)):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except MemoryError:
        raise
    except pickle.UnpicklingError as error:
        raise DamagedFileError(
            f"{path} holds more than tensors, or is no file of torch; it was not run: {remedy}"
        ) from error
    except Exception as error:  # a damaged file raises whatever reading it stumbles over
        raise DamagedFileError(f"{path} is not a whole file of tensors ({type(error).__name__}); {remedy}") from error


def _check_sums(path: pathlib.Path, remedy: str) -> None:
    try:
        with zipfile.ZipFile(path) as whole:
            wrong = whole.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise DamagedFileError(f"{path} is not a whole file of tensors ({type(error).__name__}); {remedy}") from error
    if wrong is not None:
        raise DamagedFileError(f"{path} is damaged: its part {wrong} is not as it was written; {remedy}")
