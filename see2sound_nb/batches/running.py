"""Photos and clips by the thousand: each its output and its line, on this machine or on a cluster.

Notebook: 09_your_own.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np

from see2sound_nb._progress import Progress, quiet
from see2sound_nb._version import __version__
from see2sound_nb.batches import processes as local
from see2sound_nb.batches.items import find_items
from see2sound_nb.batches.making import FAILED, is_done
from see2sound_nb.batches.resources import allowed_cores, default_processes, gpus
from see2sound_nb.exporting import EXPORTS
from see2sound_nb.media.clip_writing import ORIGINALS
from see2sound_nb.media.lines import Lines
from see2sound_nb.media.sound_files import check_sample_rate, check_subtype
from see2sound_nb.models.loading import fetch_missing
from see2sound_nb.models.table import MODELS
from see2sound_nb.moving.moving_scene import check_doppler
from see2sound_nb.pipeline import See2Sound, check_run
from see2sound_nb.places.lifting import DEFAULT_FOV_DEG, lift
from see2sound_nb.render.layouts import check_layout

#: The file of lines in the output folder, and what keeps a second batch from writing to it.
REPORT, LOCK = "report.jsonl", ".report.lock"


def batch(
    photos: str | os.PathLike | Sequence[str | os.PathLike],
    out: str | os.PathLike,
    *,
    preset: str = "tiny",
    segmentation: str | None = None,
    depth: str | None = None,
    audio: str | None = None,
    layout: str = "5.1",
    sample_rate: int | None = None,
    subtype: str | None = None,
    sources: int = 3,
    prompt: str | None = None,
    seed: int = 0,
    select: str = "sounds",
    geometry: str = "metric",
    fov_deg: float = DEFAULT_FOV_DEG,
    ambience: bool = True,
    original: str | None = None,
    doppler: bool = False,
    processes: int | None = None,
    scheduler: str | None = None,
    tell: Progress = quiet,
    warn: Callable[[str], None] = lambda text: None,
) -> list[dict[str, Any]]:
    """Give each photo and clip its sound: as one by one with the same seeds, byte for byte, and resumable.

    Parameters
    ----------
    photos : str, path, or sequence of them
        A folder, a glob such as ``"photos/**/*.jpg"``, a list, or a table (CSV or Parquet) with a column ``photo`` and,
        where wanted, ``prompt`` and ``seed``. See `batches.items.find_items`.
    out : str or path
        The folder to write to, made if it is not there. In it lie the outputs, as the photos lie: for a photo a
        ``.wav``, for a clip a ``.sound.mp4``; and ``report.jsonl``.
    preset, segmentation, depth, audio
        As in `See2Sound`.
    layout, sample_rate, subtype
        As in `Scene.save`; a name ends as the layout asks (``.wav``, of ``"gltf"`` ``.glb``, and so on).
    sources, select, geometry, fov_deg, ambience
        As in `See2Sound.run`.
    prompt, seed
        As in `See2Sound.run`, of every item for which the table says nothing else: all have the same seed.
    original, doppler
        Of clips, as in `MovingScene.save`.
    processes : int, optional
        On this machine; by default as many as its cores and its free memory allow, or one for each GPU.
    scheduler : str, optional
        The address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``, on whose workers all is done; photos and
        output must lie where all of them see them.
    tell : callable
        Called as ``tell("items", done, total)``.
    warn : callable
        Called with a sentence for each item that failed, and for each model that is not for commercial use.

    Returns
    -------
    list of dict
        The line of each item, in order, without its ``report``, which is in the file alone: ``name``, ``photo``,
        ``prompt``, ``seed``, ``status``; if that is ``"done"`` also ``output`` (as seen from `out`), its ``bytes`` and
        ``sha256``, ``seconds`` and the photo's ``photo_bytes``, ``photo_mtime_ns``, ``photo_sha256``; if it is
        ``"failed"``, ``error``, a line.

    Raises
    ------
    ValueError
        If an argument is out of range, there is nothing to do, `out` holds the lines of other settings, or another
        batch is writing to it. A photo that fails raises nothing.
    MemoryError, ChildProcessError
        If no process could start, for want of memory or otherwise.
    ModuleNotFoundError
        If there is a `scheduler`, and the extra ``cluster`` is missing.

    Notes
    -----
    The first line of the file says how the others were made. A line is written, and is on the disk, when its output
    is: wherever a batch is killed, the same call goes on, makes what has no line, what failed and what has changed, and
    leaves what is done. An item whose process dies is tried once more. Outputs of shipped models do not depend on the
    number of threads or processes; those of published ones may, in their last bits, on the kind of CPU or GPU.
    Notebook: 09_your_own.
    """
    settings = _settings(
        See2Sound(preset, segmentation=segmentation, depth=depth, audio=audio), layout=layout,
        sample_rate_hz=sample_rate, subtype=subtype, sources=sources, select=select, geometry=geometry,
        fov_deg=fov_deg, ambience=ambience, original=original, doppler=doppler,
    )  # fmt: skip
    check_run(sources, select, geometry, seed, prompt)
    if processes is not None and (processes < 1 or scheduler is not None):
        raise ValueError(f"processes={processes} must be 1 or more, and there are none with a scheduler; leave it out")
    out = pathlib.Path(os.path.abspath(out))
    items: list[dict[str, Any]] = [
        {"name": item.name, "photo": item.photo, "path": str(item.path), "prompt": item.prompt, "seed": item.seed}
        for item in find_items(photos, out, prompt=prompt, seed=seed)
    ]
    cluster = _cluster() if scheduler is not None else None
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out), Lines(out / REPORT, settings, key="name", left_out=["report"]) as lines:
        todo = [item for item in items if not is_done(lines.done.get(item["name"]), item, out)]
        done = len(items) - len(todo)
        tell("items", done, len(items))
        for card in (MODELS[name] for name in settings["models"].values() if todo and name in MODELS):
            if not card.commercial:
                warn(f"{card.name}: its licence ({card.licence}) forbids commercial use")
        if cluster is not None:
            answers = cluster.make(todo, {**settings, "out": str(out)}, scheduler)
        else:
            answers = _here(todo, {**settings, "out": str(out)}, processes, warn)
        with contextlib.closing(answers):
            for _, line in answers:
                lines.add(line)
                if line["status"] == FAILED:
                    warn(f"{line['photo']} failed: {line['error']}")
                done += 1
                tell("items", done, len(items))
        return [lines.done[item["name"]] for item in items]


def _settings(pipeline: See2Sound, **how: Any) -> dict[str, Any]:
    """The first line of the report; ValueError if no photo could be done so."""
    if how["layout"] not in EXPORTS:
        check_layout(how["layout"])
        check_doppler(how["doppler"], how["layout"])
    check_subtype(how["subtype"] or "PCM_16")
    lift(np.empty((0, 2)), np.empty(0), (1, 1), fov_deg=how["fov_deg"])  # nothing, but it knows which angles there are
    if how["sample_rate_hz"] is not None:
        check_sample_rate(how["sample_rate_hz"])
    if how["original"] not in (None, *ORIGINALS):
        raise ValueError(f"original={how['original']!r} is unknown; choose one of {', '.join(ORIGINALS)}")
    made = {"made by": "see2sound batch", "version": __version__}
    return {**made, "preset": pipeline.preset, "models": dict(pipeline.names), **how}


@contextlib.contextmanager
def _alone(out: pathlib.Path) -> Generator[None, None, None]:
    """Nobody else writes to the folder; the lock of a process that was killed is free."""
    import filelock

    lock = filelock.FileLock(out / LOCK, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise ValueError(f"another batch is writing to {out}; wait for its end, or choose another folder") from error
    except NotImplementedError:  # a file system without locks
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _here(
    todo: list[dict[str, Any]], settings: dict[str, Any], processes: int | None, warn: Callable[[str], None]
) -> Generator[local.Answer, None, None]:
    if not todo:
        return
    fetch_missing(name for name in settings["models"].values() if name in MODELS)  # once, and not in every process
    device = See2Sound(settings["preset"], **settings["models"]).device
    count = min(processes or default_processes(settings["models"].values(), device), len(todo))
    threads = max(1, allowed_cores() // count)
    environment = {"OMP_NUM_THREADS": str(threads)}
    shown = gpus() if device.startswith("cuda") else []
    environments = [
        environment | ({"CUDA_VISIBLE_DEVICES": shown[number % len(shown)]} if shown else {})
        for number in range(count)
    ]  # fmt: skip
    yield from local.Pool({**settings, "threads": threads}, environments, warn=warn).make(todo)


def _cluster() -> Any:
    try:
        from see2sound_nb.batches import cluster
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed"):
            raise
        raise ModuleNotFoundError("batches on a cluster need Dask: pip install 'see2sound_nb[cluster]'") from error
    return cluster
