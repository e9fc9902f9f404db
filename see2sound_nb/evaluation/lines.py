"""What is known of each photo, a line of JSON as soon as it is known: a run that was killed goes on after the last.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any


class Lines:
    """A file of JSON lines, the first of which says how the others were made.

    Parameters
    ----------
    path : path
        The file; it is made, in a folder that exists, if it is not there. A last line that was cut off is dropped.
    settings : dict
        How the lines are made, ready for JSON.

    Raises
    ------
    ValueError
        If the file was made with other settings, or holds what is no such line.

    Notes
    -----
    Every line is on the disk before `add` returns: flushed, and fsync. Notebook: 08_evaluation.
    """

    def __init__(self, path: str | os.PathLike, settings: dict[str, Any]):
        self.path = pathlib.Path(path)
        self.done: dict[str, dict[str, Any]] = {}
        written = self.path.read_bytes() if self.path.exists() else b""
        whole = written[: written.rfind(b"\n") + 1]
        try:
            found = [json.loads(line) for line in whole.splitlines()]
            self.done = {line["photo"]: line for line in found[1:]}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self.path} is no file of lines as evaluate writes them; move it away") from error
        if found and found[0] != settings:
            raise ValueError(f"{self.path} was made {_differences(found[0], settings)}; choose another output folder")
        self._file = self.path.open("r+b" if written else "w+b")
        self._file.truncate(len(whole))
        self._file.seek(0, os.SEEK_END)
        if not found:
            self._write(settings)

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def add(self, line: dict[str, Any]) -> None:
        """Write what is known of ``line["photo"]``; of several lines of a photo the last counts."""
        self.done[line["photo"]] = line
        self._write(line)

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, allow_nan=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def _differences(before: Any, now: dict[str, Any]) -> str:
    """Such as ``with seed 1, not 0``."""
    if not isinstance(before, dict):
        return "by something else"
    names = [name for name in {**now, **before} if before.get(name) != now.get(name)]
    return "with " + ", ".join(f"{name} {before.get(name)}, not {now.get(name)}" for name in names)
