"""Files of the user: whole or not there, and nothing of theirs is written over by accident.

Notebook: 09_your_own.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import platform
import re
import shutil
import stat
from collections.abc import Iterable, Iterator

#: A file that is being written has, in its name, where and by which process. It is no longer than this.
_BESIDE = ".see2sound-{node}-{process}-{number}{suffix}"
_LONGEST_SUFFIX = 16
_numbers = itertools.count()


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Write beside, then rename: the file at `path` is whole or not there.

    Yields
    ------
    pathlib.Path
        Where to write. It takes the final name when the block ends well, and is removed when it does not. What a
        process left there that was killed, the next one on the same machine removes.

    Raises
    ------
    ValueError
        As `check_writable`.
    """
    path = pathlib.Path(path)
    check_writable(path)
    remove_leftovers(path.parent)
    suffix = path.suffix if len(path.suffix) <= _LONGEST_SUFFIX else ""
    while True:
        beside = path.parent / _BESIDE.format(node=_node(), process=os.getpid(), number=next(_numbers), suffix=suffix)
        with contextlib.suppress(FileExistsError):  # made here and by nobody else
            os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            break
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """As `atomic_path`, for a folder: what is in it is all there, or it is not.

    Yields
    ------
    pathlib.Path
        An empty folder. It takes the final name when the block ends well, and is removed when it does not.

    Raises
    ------
    FileExistsError
        If there is something at `path`.
    """
    path = pathlib.Path(path)
    if os.path.lexists(path):
        raise FileExistsError(f"{path} is there already; delete it or choose another folder")
    remove_leftovers(path.parent)
    beside = path.parent / _BESIDE.format(node=_node(), process=os.getpid(), number=next(_numbers), suffix="")
    beside.mkdir()
    try:
        yield beside
        os.replace(beside, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def unfinished(folder: str | os.PathLike) -> list[pathlib.Path]:
    """What is being written in a folder: by living processes, or by other machines, of which nobody knows here."""
    with contextlib.suppress(OSError):
        return sorted(pathlib.Path(folder).glob(_BESIDE.format(node="*", process="*", number="*", suffix="")))
    return []


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Remove from a folder what processes of this machine were writing there when they were killed."""
    import psutil

    name = re.compile(re.escape(f".see2sound-{_node()}-") + r"(\d+)-\d+(\.[^.]*)?")
    with contextlib.suppress(OSError), os.scandir(os.fspath(folder)) as entries:
        for entry in entries:
            found = name.fullmatch(entry.name)
            if found and not psutil.pid_exists(int(found[1])):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        os.unlink(entry.path)


def check_writable(path: str | os.PathLike, *, inputs: Iterable[str | os.PathLike] = ()) -> None:
    """Raise ValueError, before hours of work, if no file can be written at `path`, or what is there must stay.

    A plain file that may be written to is replaced. A read-only one is not, nor a link, a pipe, a device, or one of
    `inputs` by whatever name.

    Raises
    ------
    ValueError
        With what is wrong, and what to do.
    """
    path = pathlib.Path(path)
    name = path.name[:40] + ("..." if len(path.name) > 40 else "")
    longest = _longest_name(path.parent)
    if len(os.fsencode(path.name)) > longest:
        raise ValueError(
            f"the name {name} has {len(os.fsencode(path.name))} bytes, a name has at most {longest} there; choose a "
            "shorter one"
        )
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder; the output must be a file: add a name such as {path / 'photo.wav'}")
    if not path.parent.is_dir():
        raise ValueError(
            f"folder {path.parent} does not exist, so {path.name} cannot be written; make the folder first"
        )
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"folder {path.parent} is read-only, so {path.name} cannot be written; choose another")
    for given in inputs:
        with contextlib.suppress(OSError):
            if os.path.samefile(path, given):
                raise ValueError(f"{path} is the input, and would be lost; choose another name for the output")
    if not os.path.lexists(path):
        return
    kind = path.lstat().st_mode
    if stat.S_ISLNK(kind):
        raise ValueError(f"{path} is a link to {os.readlink(path)}; name the file itself, or another one")
    if not stat.S_ISREG(kind):
        raise ValueError(f"{path} is a pipe or a device and no file; choose a name that is free")
    if not (os.access(path, os.W_OK) and kind & 0o222):
        raise ValueError(f"{path} is there and read-only; choose another name, or allow writing to it")


def check_suffix(path: str | os.PathLike, suffixes: Iterable[str], what: str) -> None:
    """Raise ValueError if a name does not end with one of the suffixes, in whatever case: a name says what is in it."""
    suffixes = list(suffixes)
    if pathlib.Path(path).suffix.lower() not in suffixes:
        raise ValueError(f"{path} must end with {' or '.join(suffixes)} for {what}; choose such a name")


def _node() -> str:
    return re.sub(r"[^A-Za-z0-9]", "", platform.node())[:32]


def _longest_name(folder: pathlib.Path) -> int:
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (AttributeError, OSError, ValueError):  # Windows has no pathconf
        return 255
