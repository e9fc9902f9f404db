"""What was done of long work is kept, so that a second start goes on where the first was stopped.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from see2sound_nb._version import __version__
from see2sound_nb.media.clips import Clip
from see2sound_nb.media.files import atomic_path
from see2sound_nb.moving.looking import Look
from see2sound_nb.regions.thing import Thing


class Kept:
    """A folder of finished parts of one clip's work. Parts of another clip or of other options are not looked at.

    Parameters
    ----------
    folder : str, path or None
        Where; it is made. None keeps nothing.
    clip : Clip
        Its content is the key, and not its name.
    *options
        What else the parts depend on.
    """

    def __init__(self, folder: str | os.PathLike | None, clip: Clip, *options: Any):
        self._folder = None if folder is None else pathlib.Path(folder)
        self._key = "" if folder is None else _key(clip, options)

    def whole(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, plain numbers and lists, kept as JSON."""
        path = self._path(name, "json")
        if path is not None and path.exists():
            return json.loads(path.read_text("utf-8"))
        made = make()
        if path is not None:
            with self._writing(path) as beside:
                beside.write_text(json.dumps(made), "utf-8")
        return made

    def array(self, name: str, options: Any, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The array that `make` gives, which depends on further options."""
        path = self._path(f"{name}-{_digest(options)}", "npy")
        if path is not None and path.exists():
            return np.load(path, allow_pickle=False)
        made = make()
        if path is not None:
            with self._writing(path) as beside, open(beside, "wb") as file:
                np.save(file, made, allow_pickle=False)
        return made

    def look(self, number: int, make: Callable[[], Look], frames: Iterable) -> Look:
        """What was seen in a shot, a `Look`; its frames are passed over if it was kept."""
        path = self._path(f"shot-{number:04}", "npz")
        if path is not None and path.exists():
            for _ in frames:
                pass
            return _read_look(path)
        made = make()
        for _ in frames:  # none is left, unless somebody stopped early
            pass
        if path is not None:
            with self._writing(path) as beside, open(beside, "wb") as file:
                np.savez(file, allow_pickle=False, **_arrays_of_look(made))
        return made

    def _path(self, name: str, suffix: str) -> pathlib.Path | None:
        return None if self._folder is None else self._folder / f"{self._key}-{name}.{suffix}"

    def _writing(self, path: pathlib.Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return atomic_path(path)


def _key(clip: Clip, options: Any) -> str:
    digest = hashlib.sha256()
    if clip.path is not None:
        with open(clip.path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    elif clip.pictures is not None:
        for I in clip.pictures:
            digest.update(I.tobytes())
        digest.update(clip.times_s.tobytes())
    return _digest((__version__, digest.hexdigest(), options))


def _digest(options: Any) -> str:
    plain = json.dumps(options, default=_plain, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).hexdigest()]
    return repr(value)


#: A thing's arrays.
_ARRAYS = ("picture", "patch", "places_px", "states", "areas", "motion", "inverse_depth", "shapes", "drawn", "moved")


def _arrays_of_look(look: Look) -> dict[str, np.ndarray]:
    kept = {"picture": look.picture, "depth": look.depth, "logits": look.logits, "range": look.range}
    told: dict[str, Any] = {"key": look.key, "metric": look.metric, "things": []}
    for k, thing in enumerate(look.things):
        told["things"].append({"label": thing.label, "key": thing.key})
        kept |= {f"{k}.{name}": getattr(thing, name) for name in _ARRAYS}
    return kept | {"told": np.array(json.dumps(told, default=float))}


def _read_look(path: pathlib.Path) -> Look:
    with np.load(path, allow_pickle=False) as kept:
        told = json.loads(str(kept["told"]))
        things = []
        for k, one in enumerate(told["things"]):
            arrays = {name: kept[f"{k}.{name}"] for name in _ARRAYS}
            things.append(Thing(label=one["label"], key=one["key"], **arrays))
        plain = {name: kept[name] for name in ("picture", "depth", "logits", "range")}
    return Look(things, key=told["key"], metric=told["metric"], **plain)
