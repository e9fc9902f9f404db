"""What all steps need to load their models: the card, the files, and whose word it is when they are damaged.

The steps themselves load: `regions.loading`, `places.loading` and `sounds.loading`.

Notebook: 09_your_own.
"""

from __future__ import annotations

import pathlib
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from see2sound_nb._threads import keeps_random_state
from see2sound_nb._torchvision import ensure_torchvision
from see2sound_nb.models import downloads
from see2sound_nb.models.checking import (
    CONVERT_AGAIN,
    REMEDY,
    DamagedFileError,
    check_folder,
    one_line,
    out_of_memory,
    quiet_transformers,
)
from see2sound_nb.models.downloads import cache_dir
from see2sound_nb.models.table import CONVERTED, FILES, ModelCard, find_model, missing


def download(card: ModelCard) -> pathlib.Path:
    """Path of a model's file, or folder of files, downloaded and checked first if it is not there.

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        As `models.downloads.fetch` and `models.downloads.hub_folder`; for CoDi and AViTAR the message says how to
        convert it.
    """
    path = cache_dir() / card.file_name
    if card.source.startswith("http"):
        return downloads.fetch(card.source, path, size_mb=card.size_mb, sha256=card.sha256)
    if card.source not in CONVERTED:
        return downloads.hub_folder(card.source, FILES[card.task], size_mb=card.size_mb)
    if not all((path / name).is_file() for name in FILES[card.task]):
        raise FileNotFoundError(CONVERTED[card.source].format(path=path))
    return path


def fetch_missing(names: Iterable[str]) -> None:
    """Download those models that are not here, all of them before any is used.

    Parameters
    ----------
    names : iterable of str
        Names of `models.table.MODELS`.

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


def chosen_card(name: str, task: str) -> ModelCard:
    """The card of a model that is about to be loaded; one whose licence forbids commercial use says so.

    Raises
    ------
    ValueError
        As `find_model`.
    """
    card = find_model(name, task)
    if not card.commercial:
        warnings.warn(f"{name}: its licence ({card.licence}) forbids commercial use", stacklevel=3)
    ensure_torchvision()
    return card


@keeps_random_state
def load_card(card: ModelCard, shipped: Callable[[], Any], usual: Callable[[pathlib.Path], Any]) -> Any:
    """Load what a card describes: with its own adapter, out of the package, or from what was downloaded.

    Parameters
    ----------
    card : ModelCard
    shipped : callable
        Builds the task's model that the package ships.
    usual : callable
        Loads a published model of the task from its file or folder.

    Returns
    -------
    Any
        What the adapter or one of the two returns.

    Raises
    ------
    ValueError, OSError
        As `download`; also if the files do not hold the model: the message names that which is damaged.
    RuntimeError, MemoryError
        If there is too little memory (`checking.out_of_memory`).
    """
    if card.adapter is not None:
        return card.adapter(None if card.source == "package" else download(card))
    if card.source == "package":
        return shipped()
    path = download(card)
    remedy = CONVERT_AGAIN if card.source in CONVERTED else REMEDY
    try:
        check_folder(path, remedy)
        with quiet_transformers():
            return usual(path)
    except (DamagedFileError, MemoryError, ModuleNotFoundError):
        raise
    except Exception as error:  # those of torch, safetensors and transformers have no class in common
        if out_of_memory(error):
            raise
        raise ValueError(f"{path} does not hold {card.name} ({one_line(error)}); {remedy}") from error
