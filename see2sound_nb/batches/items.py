"""What is to be done: photos and clips from a folder, a glob, a list or a table, and where the output of each goes.

Notebook: 09_your_own.
"""

from __future__ import annotations

import dataclasses
import glob
import os
import pathlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from see2sound_nb.batches.tables import TABLES, read_table
from see2sound_nb.media import clip_kinds, picture_files

#: Names of files that are taken from folders and globs; what stands in a list or a table is taken whatever its name.
SUFFIXES = (*picture_files.SUFFIXES, ".gif", ".apng", ".heic", ".heif", *clip_kinds.SUFFIXES)


@dataclasses.dataclass(frozen=True)
class Item:
    """A photo or clip that is to be done.

    Attributes
    ----------
    name : str
        Its output within the output folder, without a suffix and with ``/``, such as ``"a/dog"``. No two items share
        one, not even where the case of letters does not count.
    photo : str
        How the report calls it, such as ``"a/dog.jpg"``.
    path : pathlib.Path
        The file, absolute.
    prompt : str or None
    seed : int
    """

    name: str
    photo: str
    path: pathlib.Path
    prompt: str | None
    seed: int


def find_items(photos: Any, out: pathlib.Path, *, prompt: str | None = None, seed: int = 0) -> list[Item]:
    """The items of a batch, in the order of the list or table, else by name.

    Parameters
    ----------
    photos : str, path, or sequence of them
        A folder, with what is in the folders inside it; a glob, in which ``**`` stands for any number of folders; a
        table; one file; or a list of folders, globs and files.
    out : pathlib.Path
        The output folder, in which nothing is looked for.
    prompt, seed
        Of the items for which no table says another.

    Returns
    -------
    list of Item
        Outputs lie as the photos do: below the folder, below the part of the glob before its first wildcard, in the
        table's folder, or below the folder that all of a list share. What lies elsewhere goes to the top. Where two
        would have one name (``dog.jpg`` and ``dog.png``, ``Dog.jpg``, or a photo twice in a table), the later ones are
        numbered: ``dog-2``.

    Raises
    ------
    ValueError
        If there is nothing to do, what is given is not there, or `out` is the folder of the photos itself.

    Notes
    -----
    Notebook: 09_your_own.
    """
    base, rows = _found(photos, out.resolve())
    if not rows:
        raise ValueError(f"there is no photo or clip in {photos}; give a folder, a glob or a table with some")
    if base == out.resolve():
        raise ValueError(f"{out} is the folder of the photos; choose a folder of its own for the output, with -o")
    taken: set[str] = set()
    items = []
    for row in rows:
        path = pathlib.Path(os.path.abspath(row["photo"]))
        photo = _below(path, base)
        name = _free(pathlib.PurePath(photo or path.name).with_suffix("").as_posix(), taken)
        own = {key: row[key] for key in ("prompt", "seed") if row.get(key) is not None}
        told = photo or pathlib.PurePath(row["photo"]).as_posix()
        items.append(Item(name=name, photo=told, path=path, **{"prompt": prompt, "seed": seed, **own}))
    return items


def _found(photos: Any, out: pathlib.Path) -> tuple[pathlib.Path, list[dict[str, Any]]]:
    """The folder that outputs keep the structure of, and of each item its photo and what a table says."""
    if isinstance(photos, str | os.PathLike):
        path = pathlib.Path(photos)
        if path.suffix.lower() in TABLES:
            return path.parent.resolve(), read_table(path)
        base, paths = _files(photos, out)
        return base, [{"photo": path} for path in paths]
    if not isinstance(photos, Sequence):
        raise ValueError(f"photos is a {type(photos).__name__}; give a folder, a glob, a table, or a list of paths")
    parts = [_files(one, out, must=False) for one in photos]
    try:
        base = pathlib.Path(os.path.commonpath([base for base, _ in parts])) if parts else out.parent
    except ValueError:  # on several drives
        base = pathlib.Path.cwd()
    return base, [{"photo": path} for _, paths in parts for path in paths]


def _files(photos: str | os.PathLike, out: pathlib.Path, *, must: bool = True) -> tuple[pathlib.Path, list[str]]:
    """Of a folder, a glob or a file, the folder that the names count from, and the files."""
    text = os.fspath(photos)
    path = pathlib.Path(text)
    if path.is_dir():
        base = path.resolve()
        walked = (os.path.join(where, name) for where, names in _walk(path) for name in names)
        return base, _sorted(file for file in walked if _is_meant(file, base, out))
    if path.is_file():
        return path.parent.resolve(), [text]
    if glob.has_magic(text):
        fixed = next(k for k, part in enumerate(path.parts) if glob.has_magic(part))
        base = pathlib.Path(*path.parts[:fixed]).resolve()
        return base, _sorted(file for file in glob.iglob(text, recursive=True) if _is_meant(file, base, out))
    if must:
        raise ValueError(f"there is nothing at {text}; give a folder, a glob, a table or a photo")
    return path.parent.resolve(), [text]  # its line will say so


def _sorted(files: Iterable[str]) -> list[str]:
    return sorted(files, key=lambda file: pathlib.PurePath(file).parts)  # alike on Windows


def _walk(folder: pathlib.Path) -> Iterator[tuple[str, list[str]]]:
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield where, files


def _is_meant(file: str, base: pathlib.Path, out: pathlib.Path) -> bool:
    """Whether what was found below a folder is named as a photo or clip, is not hidden, and no output of a batch."""
    path = pathlib.Path(file)
    if path.suffix.lower() not in SUFFIXES or path.name.startswith(".") or not path.is_file():
        return False
    return base not in out.parents or out not in path.resolve().parents


def _below(path: pathlib.Path, base: pathlib.Path) -> str | None:
    """A path as seen from a folder, with ``/``; None if it is not in there."""
    for whole in (path, path.resolve()):
        if base in whole.parents:
            return whole.relative_to(base).as_posix()
    return None


def _free(name: str, taken: set[str]) -> str:
    """The name, or with the first number that makes it another, whatever the case of its letters."""
    number, tried = 1, name
    while (key := unicodedata.normalize("NFC", tried).casefold()) in taken:
        number += 1
        tried = f"{name}-{number}"
    taken.add(key)
    return tried
