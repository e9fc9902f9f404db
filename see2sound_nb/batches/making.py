"""One photo or clip becomes its output and its line; the models are loaded once.

Notebook: 09_your_own.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
import time
import warnings
from typing import Any

from see2sound_nb._version import __version__
from see2sound_nb.exporting import EXPORTS
from see2sound_nb.media.clips import Clip
from see2sound_nb.models.checking import one_line
from see2sound_nb.moving.saving import check_saving, save_and_report
from see2sound_nb.pipeline import See2Sound, clip_or_photo

#: What `line` is called when all went well, and when not.
DONE, FAILED = "done", "failed"


def check_version(settings: dict[str, Any]) -> None:
    """Raise ValueError if another version than this one asks: its sounds would not be the same."""
    if settings["version"] != __version__:
        raise ValueError(
            f"see2sound_nb {__version__} is installed here, and {settings['version']} asks; install that version"
        )


class Maker:
    """Makes one item after the other, with one pipeline.

    Parameters
    ----------
    settings : dict
        As `running.batch` has them: ``models`` (of each task), ``layout``, ``sources``, and so on; ``out``, the
        output folder; ``version``, that of the package which asks.

    Raises
    ------
    ValueError
        If another version asks: its sounds would not be the same.
    """

    def __init__(self, settings: dict[str, Any]):
        check_version(settings)
        self.settings = settings
        self.out = pathlib.Path(settings["out"])
        self.pipeline = See2Sound(settings["preset"], **settings["models"])

    def load(self) -> None:
        """Load the models before they are needed, unless there is memory for one of them only."""
        if not self.pipeline.low_memory:
            for task in self.pipeline.names:
                self.pipeline.model(task)

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        """The line of an item, whose output is then on the disk; of one that failed, the line that says why.

        Parameters
        ----------
        item : dict
            ``name``, ``photo``, ``path``, ``prompt``, ``seed``, as `items.Item` has them.

        Returns
        -------
        dict
            What of the item is told (``name``, ``photo``, ``prompt``, ``seed``), ``status``, and ``error``, or
            ``output`` with its ``bytes`` and ``sha256``, ``seconds``, the photo's ``photo_bytes``, ``photo_mtime_ns``
            and ``photo_sha256``, and ``report``, as of `Scene.report`.
        """
        line = {key: item[key] for key in ("name", "photo", "prompt", "seed")}
        began = time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what matters of them is among the scene's notes
                made = self._make(item)
        except Exception as error:  # whatever a photo does to whichever library, the others are made
            ours = isinstance(error, ValueError | OSError | ModuleNotFoundError)
            said = one_line(error) if ours else f"{type(error).__name__}: {one_line(error)}"
            return {**line, "status": FAILED, "error": said}
        return {**line, "status": DONE, **made, "seconds": round(time.perf_counter() - began, 3)}

    def _make(self, item: dict[str, Any]) -> dict[str, Any]:
        if not self.out.is_dir():
            raise FileNotFoundError(
                f"there is no folder {self.out} here; photos and output must lie where all machines see them"
            )
        photo, how = pathlib.Path(item["path"]), self.settings
        if not photo.is_file():
            raise FileNotFoundError(f"no file at {photo}; give the path of a photo or clip")
        known = {**_stamp(photo), "photo_sha256": _sha256(photo)}
        source = clip_or_photo(photo)
        moving = isinstance(source, Clip)
        suffix = EXPORTS.get(how["layout"]) or (".sound.mp4" if moving else ".wav")
        output = self.out.joinpath(*f"{item['name']}{suffix}".split("/"))
        output.parent.mkdir(parents=True, exist_ok=True)
        given = {"subtype": how["subtype"], "sample_rate": how["sample_rate_hz"]}
        given |= {"original": how["original"] if moving else None, "doppler": how["doppler"] and moving}
        check_saving(source, output, how["layout"], geometry=how["geometry"], inputs=[photo], **given)
        keep = output.with_name(f".{output.name}.parts") if moving else None
        scene = self.pipeline.run(
            source, how["sources"], item["prompt"], item["seed"], select=how["select"], geometry=how["geometry"],
            fov_deg=how["fov_deg"], ambience=how["ambience"], keep=keep,
        )  # fmt: skip
        _, report = save_and_report(scene, output, how["layout"], **given)
        if keep is not None:
            shutil.rmtree(keep, ignore_errors=True)
        size, sha256 = _on_disk(output)
        there = {"output": output.relative_to(self.out).as_posix(), "bytes": size, "sha256": sha256}
        return {**there, **known, "report": report}


def is_done(line: dict[str, Any] | None, item: dict[str, Any], out: pathlib.Path) -> bool:
    """Whether a line tells of this very item, and its output is there in full.

    Parameters
    ----------
    line : dict or None
        As `Maker` gives it; ``report`` is not needed.
    item : dict
    out : pathlib.Path
        The output folder.

    Returns
    -------
    bool
        False if the photo has changed: its content, and not only its date. One that is gone has not.
    """
    if line is None or line.get("status") != DONE or any(line[key] != item[key] for key in ("photo", "prompt", "seed")):
        return False
    try:
        if (out / line["output"]).stat().st_size != line["bytes"]:
            return False
    except OSError:
        return False
    path = pathlib.Path(item["path"])
    try:
        now = _stamp(path)
        if now["photo_bytes"] != line["photo_bytes"]:
            return False
        return now["photo_mtime_ns"] == line["photo_mtime_ns"] or _sha256(path) == line["photo_sha256"]
    except OSError:
        return not path.exists()


def _stamp(photo: pathlib.Path) -> dict[str, int]:
    found = photo.stat()
    return {"photo_bytes": found.st_size, "photo_mtime_ns": found.st_mtime_ns}


def _sha256(path: pathlib.Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _on_disk(output: pathlib.Path) -> tuple[int, str]:
    """Size and checksum of a file that is then on the disk and not in memory alone: its line may tell of it."""
    with open(output, "r+b") as file:  # Windows syncs only what may be written to
        os.fsync(file.fileno())
    return output.stat().st_size, _sha256(output)
