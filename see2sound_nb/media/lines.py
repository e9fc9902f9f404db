"""What is known of each item of long work, a line of JSON as soon as it is known: a killed run goes on after the last.

Notebooks: 08_evaluation, 09_your_own.
"""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Collection
from typing import Any


class Lines:
    """A file of JSON lines, the first of which says how the others were made.

    Parameters
    ----------
    path : path
        The file; it is made, in a folder that exists, if it is not there. A last line that was cut off is dropped.
    settings : dict
        How the lines are made, ready for JSON; ``"made by"`` names the command.
    key : str
        What a line is known by: of several with the same ``line[key]`` the last counts.
    left_out : collection of str
        Parts of a line that stay in the file alone, and are not held in `done`.

    Attributes
    ----------
    done : dict
        The lines by their key.

    Raises
    ------
    ValueError
        If the file was made with other settings, or holds what is no such line.

    Notes
    -----
    Every line is on the disk before `add` returns: flushed, and fsync. Notebooks: 08_evaluation, 09_your_own.
    """

    def __init__(
        self, path: str | os.PathLike, settings: dict[str, Any], *, key: str = "photo", left_out: Collection[str] = ()
    ):
        self.path = pathlib.Path(path)
        self.done: dict[str, dict[str, Any]] = {}
        self._key, self._left_out = key, frozenset(left_out)
        self._file = self.path.open("r+b" if self.path.exists() else "w+b")
        try:
            found, whole = self._read(settings.get("made by", "this command"))
            if whole and found != settings:
                raise ValueError(f"{self.path} was made {_differences(found, settings)}; choose another output folder")
            self._file.truncate(whole)
            self._file.seek(0, os.SEEK_END)
            if not whole:
                self._write(settings)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def add(self, line: dict[str, Any]) -> None:
        """Write what is known of ``line[key]``; of several lines of an item the last counts."""
        self._keep(line)
        self._write(line)

    def _read(self, command: str) -> tuple[Any, int]:
        """The settings in the file, and how many bytes of it are whole lines."""
        settings, whole = None, 0
        try:
            for line in self._file:
                if not line.endswith(b"\n"):
                    break
                if whole:
                    self._keep(json.loads(line))
                else:
                    settings = json.loads(line)
                whole += len(line)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{self.path} is no file of lines as {command} writes them; move it away") from error
        return settings, whole

    def _keep(self, line: dict[str, Any]) -> None:
        kept = {name: value for name, value in line.items() if name not in self._left_out}
        self.done[line[self._key]] = kept

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
