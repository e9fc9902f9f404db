"""Files of the user: whole or not there.

Notebook: 09_your_own.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Write beside, then rename: the file at `path` is whole or not there.

    Yields
    ------
    pathlib.Path
        Where to write. It takes the final name when the block ends well, and is removed when it does not.

    Raises
    ------
    ValueError
        If the folder does not exist or cannot be written to.
    """
    path = pathlib.Path(path)
    check_writable(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    beside = pathlib.Path(name)
    try:
        yield beside
        umask = os.umask(0)
        os.umask(umask)
        beside.chmod(0o666 & ~umask)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike) -> None:
    """Raise ValueError, before hours of work, if no file can be written at `path`."""
    path = pathlib.Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; the output must be a file: add a name such as {path / 'photo.wav'}")
    if not path.parent.is_dir():
        raise ValueError(
            f"folder {path.parent} does not exist, so {path.name} cannot be written; make the folder first"
        )
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"folder {path.parent} is read-only, so {path.name} cannot be written; choose another")
