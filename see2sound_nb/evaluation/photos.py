"""Table 1's two ways to a sound for each photo of a folder, and what the measures say of each: one line a photo.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import functools
import hashlib
import math
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from see2sound_nb._progress import Progress, quiet
from see2sound_nb._threads import torch_threads
from see2sound_nb.measure.clips_in_frames import clip_of
from see2sound_nb.measure.matching import Matcher, room_matcher
from see2sound_nb.measure.published_similarity import published_similarity
from see2sound_nb.measure.similarity import controls, similarity
from see2sound_nb.media.lines import Lines
from see2sound_nb.media.picture_files import SUFFIXES
from see2sound_nb.media.pictures import read_image
from see2sound_nb.models.loading import fetch_missing
from see2sound_nb.models.table import MODELS
from see2sound_nb.pipeline import See2Sound
from see2sound_nb.scene import Scene
from see2sound_nb.sounds.generation import generate, seed_of_source
from see2sound_nb.sounds.loading import load_audio

#: The rows of Table 1: CoDi hears the whole picture at once, or See2Sound its regions, in 5.1.
WHOLE, FULL = "CoDi on the whole picture", "full method"
#: What a sound is compared with: what the matcher makes of it, and the three controls.
COMPARED = ("matched", "unchanged", "another clip", "noise")
#: How the measures are defined: `similarity`, and `published_similarity`.
CORRECTED, PUBLISHED = "corrected", "as published"
#: The name of the matcher that needs no model.
ROOM = "the scene's own room (no model)"

Measure = Callable[[np.ndarray, np.ndarray, float], dict]


@dataclasses.dataclass(frozen=True)
class _Heard:
    """The two sounds of a photo, each (T,), and what the matcher must know."""

    photo: pathlib.Path
    sha256: str
    scene: Scene
    sounds: dict[str, np.ndarray]


def find_photos(folder: str | os.PathLike) -> list[pathlib.Path]:
    """The photos in a folder, by name; not those in folders inside it, and none that is hidden.

    Raises
    ------
    ValueError
        If it is no folder, or there is none in it.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; give one with photos")
    files = (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    photos = sorted(path for path in files if path.suffix.lower() in SUFFIXES)
    if not photos:
        raise ValueError(f"there is no photo in {folder}; give a folder with some ({', '.join(SUFFIXES)})")
    return photos


def seed_of_photo(seed: int, name: str) -> int:
    """The seed of a photo's run, 0 to 2**56 - 1.

    Of each photo another: from one seed two photos of the same kind would have the same sound, and the control with
    another clip would compare a sound with itself.

    Parameters
    ----------
    seed : int
        Of the whole evaluation.
    name : str
        Of the photo's file.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:7], "big")


def evaluate_photos(
    pipeline: See2Sound,
    photos: Sequence[str | os.PathLike],
    output: str | os.PathLike,
    *,
    matcher: Matcher | None = None,
    matcher_name: str = "",
    published: bool = False,
    seed: int = 0,
    tell: Progress = quiet,
    warn: Callable[[str], None] = lambda text: None,
) -> list[dict[str, Any]]:
    """Make the sounds of each photo in both ways, and compare each with its matched version and with the controls.

    Parameters
    ----------
    pipeline : See2Sound
    photos : sequence of path
        Of different names.
    output : path
        A file of JSON lines, one for each photo, on the disk as soon as it is done. If it is there, what is in it is
        not done again, unless the photo has changed or failed.
    matcher : callable, optional
        ``(audio (T,), image (H, W, 3), sample_rate) -> (T,)``, see `measure.matching`. Without it,
        `measure.matching.room_matcher` of each scene's own room.
    matcher_name : str
        What it is called in the file: a matcher has one, or nobody could tell later what the numbers mean.
    published : bool
        Also the measures as published, which take some 5 s a photo.
    seed : int
        Of the sounds (see `seed_of_photo`), the controls and the room's tail.
    tell : callable
        Called as ``tell("photos", done, total)``.
    warn : callable
        Called with a sentence for each photo that failed.

    Returns
    -------
    list of dict
        For each photo, in order: ``photo`` (its name), ``sha256``, and either ``error`` (a sentence) or ``sources``
        (how many) and ``values``, ``[definition][way][compared][measure]``: numbers, or None where there is none.

    Raises
    ------
    ValueError
        If there is no photo, two share a name, a matcher has no name, the output belongs to other settings, or not one
        photo could be evaluated.
    ModuleNotFoundError
        If `published` and the extra ``evaluate`` is missing.

    Notes
    -----
    The full method is rendered in 5.1 and its six channels averaged, as the authors do; the sound is as it was made,
    where theirs is 43.5 dB louder and clipped. The other clip is the sound of the photo before (of the first, of the
    next). Noise is as loud as the clip. While the photo is looked at, a second thread makes the sound of the whole
    picture (where the audio model is the tiny one, on a CPU) and measures the photo before.
    Paper: section 5, Table 1. Notebook: 08_evaluation.
    """
    paths = _checked(photos)
    if matcher is not None and not matcher_name:
        raise ValueError("matcher_name is empty; say what the matcher is, and under which licence")
    if published:
        _check_extra()
    fetch_missing(name for name in pipeline.names.values() if name in MODELS)
    settings = {
        "made by": "see2sound evaluate",
        "models": dict(pipeline.names),
        "matcher": matcher_name or ROOM,
        "published": published,
        "seed": seed,
    }
    measures: dict[str, Measure] = {CORRECTED: similarity} | ({PUBLISHED: published_similarity} if published else {})
    small = pipeline.names.get("audio") == "tiny-codi" and pipeline.device == "cpu"
    with (
        Lines(output, settings) as lines,
        torch_threads(1) if small else contextlib.nullcontext(),
        concurrent.futures.ThreadPoolExecutor(1, initializer=_one_thread if small else None) as beside,
    ):
        work = _Work(pipeline, matcher, measures, seed, lines, beside, small, warn)
        for k, path in enumerate(paths):
            tell("photos", k, len(paths))
            try:
                work.do(path)
            except (ValueError, OSError) as error:
                work.failed(path, error)
        work.end()
        tell("photos", len(paths), len(paths))
        found = [lines.done[path.name] for path in paths]
    if all("error" in line for line in found):
        raise ValueError(f"none of the {len(paths)} photos could be evaluated; the first: {found[0]['error']}")
    return found


class _Work:
    """What goes on from photo to photo: the sounds of the last that went well, and what is still being measured."""

    def __init__(self, pipeline, matcher, measures, seed, lines, beside, small, warn):
        self.pipeline, self.matcher, self.measures, self.seed, self.lines = pipeline, matcher, measures, seed, lines
        self.beside: concurrent.futures.Executor = beside
        self.small, self.warn = small, warn
        self.last: pathlib.Path | None = None  # the last that went well,
        self.heard: _Heard | None = None  # what it sounds like, if that was made in this run,
        self.alone: _Heard | None = None  # and the first that did, as long as it has no other
        self.measuring: list[concurrent.futures.Future] = []

    def do(self, path: pathlib.Path) -> None:
        """A photo, from the file to its line; only what the measures make of it may come later."""
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        line = self.lines.done.get(path.name, {})
        is_done = line.get("sha256") == sha256 and "error" not in line
        if is_done and self.alone is None:
            self.last, self.heard = path, None
            return
        heard = self._hear(path, sha256)
        if self.alone is not None:
            self._measure(self.alone, heard)
        if self.last is not None and not is_done:
            if self.heard is None:  # the one before was done by an earlier run
                self.heard = self._hear(self.last, "")
            self._measure(heard, self.heard)
        self.alone = heard if self.last is None else None
        self.last, self.heard = path, heard
        if self.alone is None:
            self._collect(1)

    def failed(self, path: pathlib.Path, error: Exception) -> None:
        """A photo that has no sound."""
        self._collect(0)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        self._left_out({"photo": path.name, "sha256": sha256}, error)

    def _left_out(self, line: dict[str, Any], error: Exception) -> None:
        reason = " ".join(str(error).split())
        self.lines.add({**line, "error": reason})
        self.warn(f"{line['photo']} was left out: {reason}")

    def end(self) -> None:
        """What is still to be measured; the only photo that went well has no other."""
        if self.alone is not None:
            self._measure(self.alone, None)
        self._collect(0)

    def _hear(self, path: pathlib.Path, sha256: str) -> _Heard:
        I = read_image(path)
        run_seed = seed_of_photo(self.seed, path.name)
        seed = seed_of_source(run_seed, 0)
        if self.small:
            whole = self.beside.submit(generate, self.audio_beside, [I], [None], [seed])
            try:
                scene = self.pipeline.run(I, seed=run_seed)
            finally:
                A = whole.result()
        else:
            scene = self.pipeline.run(I, seed=run_seed)
            A = self.pipeline.generate([I], [None], [seed])
        full = clip_of(scene.render("5.1"), f"the sound of {path.name}")
        return _Heard(path, sha256, scene, {WHOLE: clip_of(A[0], f"CoDi's sound of {path.name}"), FULL: full})

    @functools.cached_property
    def audio_beside(self):
        """The tiny CoDi once more: a pipeline of diffusers keeps the state of a call, so that two threads need two.

        Where all photos are done already there is nothing to load.
        """
        audio = load_audio("tiny-codi")
        audio.set_progress_bar_config(disable=True)
        return audio

    def _measure(self, heard: _Heard, other: _Heard | None) -> None:
        self.measuring.append(self.beside.submit(self._measured, heard, other))

    def _collect(self, left: int) -> None:
        """Wait until no more than so many are being measured; what went wrong there is raised here."""
        while len(self.measuring) > left:
            self.measuring.pop(0).result()

    def _measured(self, heard: _Heard, other: _Heard | None) -> None:
        """In the second thread: all numbers of a photo, and its line."""
        line: dict[str, Any] = {"photo": heard.photo.name, "sha256": heard.sha256}
        try:
            values: dict[str, Any] = {name: {} for name in self.measures}
            for way, sound in heard.sounds.items():
                matched = self._matched(heard, sound)
                for name, measure in self.measures.items():
                    others = None if other is None else other.sounds[way]
                    values[name][way] = self._compared(heard, sound, matched, others, measure)
        except ValueError as error:
            self._left_out(line, error)
        else:
            self.lines.add({**line, "sources": len(heard.scene.labels), "values": values})

    def _matched(self, heard: _Heard, sound: np.ndarray) -> np.ndarray:
        scene = heard.scene
        match = self.matcher or room_matcher(scene.room, scene.positions_m, seed=self.seed)
        matched = np.asarray(match(sound, scene.image, scene.sample_rate))
        if matched.ndim != 1:
            raise ValueError(f"the matcher gave an array of shape {matched.shape}; it must be (T,)")
        return matched

    def _compared(self, heard: _Heard, sound, matched, other, measure: Measure) -> dict[str, dict[str, float | None]]:
        rate = heard.scene.sample_rate
        # of each photo its own noise, whatever was done before
        rng = np.random.default_rng([self.seed, *heard.photo.name.encode()])
        rows = {"matched": measure(sound, matched, rate)}
        rows |= controls(sound, sound if other is None else other, rate, rng=rng, measure=measure)
        if other is None:
            rows["another clip"] = dict.fromkeys(rows["another clip"])
        return {name: {key: _number(value) for key, value in rows[name].items()} for name in COMPARED}


def _number(value: float | None) -> float | None:
    """As JSON has it: what is not finite is none."""
    return None if value is None or not math.isfinite(value) else float(value)


def _checked(photos: Sequence[str | os.PathLike]) -> list[pathlib.Path]:
    paths = [pathlib.Path(path) for path in photos]
    if not paths:
        raise ValueError("there are no photos; give at least one, and at least six for a table that tells something")
    names = [path.name for path in paths]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two photos are called {name}; rename one of them")
    return paths


def _check_extra() -> None:
    """Before the work begins, and not at its first photo."""
    published_similarity(np.ones(1000), np.ones(1000), 16000)


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
