"""What ``see2sound PHOTO`` does: a photo or a clip in, its sound in a file, and what was found in words or JSON."""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import shutil
import sys
import warnings
from collections.abc import Iterator

from see2sound_nb._progress import progress_bars
from see2sound_nb.exporting import EXPORTS
from see2sound_nb.media.clips import Clip
from see2sound_nb.models.table import TASKS
from see2sound_nb.moving.saving import check_saving, save_and_report
from see2sound_nb.pipeline import See2Sound, clip_or_photo
from see2sound_nb.reporting import truth_line


def run(arguments: argparse.Namespace) -> int:
    """Turn the photo or clip of the command line into sound; returns the exit code."""
    source = clip_or_photo(arguments.photo)
    moving = isinstance(source, Clip)
    output = pathlib.Path(arguments.output or _default_output(arguments.photo, moving, arguments.layout))
    how = {
        "subtype": arguments.subtype,
        "sample_rate": arguments.sample_rate,
        "original": arguments.original,
        "doppler": arguments.doppler,
    }
    check_saving(source, output, arguments.layout, geometry=arguments.geometry, inputs=[arguments.photo], **how)
    pipeline = See2Sound(preset=arguments.preset, **{task: getattr(arguments, task) for task in TASKS})
    keep = output.with_name(f".{output.name}.parts") if moving else None
    with (
        warnings.catch_warnings(),
        _telling_of(output),
        progress_bars() as tell,
        _kept_for_the_next_start(keep),
    ):
        warnings.simplefilter("ignore")  # the rest of what matters is among the scene's notes
        warnings.filterwarnings("always", message="this will take|.* forbids commercial use")
        warnings.showwarning = lambda message, *_: print(message, file=sys.stderr)
        scene = pipeline.run(
            source,
            sources=arguments.sources,
            prompt=arguments.prompt,
            seed=arguments.seed,
            select=arguments.select,
            geometry=arguments.geometry,
            fov_deg=arguments.fov,
            ambience=not arguments.no_ambience,
            keep=keep,
            progress=tell,
        )
        tell("render", 0, 1)
        written, report = save_and_report(scene, output, arguments.layout, **how)
        tell("render", 1, 1)
    if arguments.json:
        print(json.dumps({**report, "output": written}, indent=2, allow_nan=False))
    else:
        print(scene.describe())
        if "measured" in report:
            print(f"Measured: {truth_line(report['measured'])}")
        for note in scene.notes:
            print(f"Note: {note}")
        gain = f", master gain {written['gain_db']:+.1f} dB" if "gain_db" in written else ""
        print(f"{output}: {written['layout']}{gain}")
    return 0


@contextlib.contextmanager
def _telling_of(output: pathlib.Path) -> Iterator[None]:
    """Turn an interrupt into one that says whether the output was written: it may come when all is done."""

    def state() -> tuple | None:
        try:
            found = output.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    before = state()
    try:
        yield
    except KeyboardInterrupt as error:
        written = "no output was written" if state() in (before, None) else f"{output} was written, and is whole"
        raise KeyboardInterrupt(written) from error


@contextlib.contextmanager
def _kept_for_the_next_start(keep: pathlib.Path | None) -> Iterator[None]:
    """Where finished parts of a clip's work are: removed when all is done, and named when it is stopped."""
    try:
        yield
    except BaseException:
        if keep is not None and keep.exists():
            print(f"see2sound: what was done is in {keep}; the same command goes on from there", file=sys.stderr)
        raise
    if keep is not None:
        shutil.rmtree(keep, ignore_errors=True)


def _default_output(photo: str, moving: bool, layout: str) -> str:
    stem = pathlib.Path(photo).stem
    if layout in EXPORTS:
        # DCASE's tools take what is before the first dot for the name of a recording.
        middle = {"adm": ".adm", "sa3d": ".sa3d", "dcase": "_dcase"}.get(layout, "")
        return f"{stem.replace('.', '_') if layout == 'dcase' else stem}{middle}{EXPORTS[layout]}"
    return f"{stem}.sound.mp4" if moving else f"{stem}.wav"
