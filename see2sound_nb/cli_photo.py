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
from typing import Any

from see2sound_nb._progress import progress_bars
from see2sound_nb.exporting import EXPORTS, export_of
from see2sound_nb.media.clip_writing import CONTAINERS, SAMPLE_RATE_HZ
from see2sound_nb.media.clips import Clip
from see2sound_nb.media.files import check_writable
from see2sound_nb.media.sound_files import check_sample_rate, check_sound_file, check_subtype, write_sound
from see2sound_nb.models.table import TASKS
from see2sound_nb.moving import MovingScene
from see2sound_nb.moving.moving_scene import check_doppler, check_output
from see2sound_nb.pipeline import See2Sound, clip_or_photo
from see2sound_nb.render.layouts import LAYOUTS, check_layout
from see2sound_nb.reporting import truth_line
from see2sound_nb.scene import Scene


def run(arguments: argparse.Namespace) -> int:
    """Turn the photo or clip of the command line into sound; returns the exit code."""
    if arguments.layout not in EXPORTS:
        check_layout(arguments.layout)
    source = clip_or_photo(arguments.photo)
    moving = isinstance(source, Clip)
    output = pathlib.Path(arguments.output or _default_output(arguments.photo, moving, arguments.layout))
    if export_of(output, arguments.layout) is None:
        if isinstance(source, Clip):
            check_output(output, source, arguments.layout, arguments.original)
            check_doppler(arguments.doppler, arguments.layout)
            check_subtype(arguments.subtype)
        if not isinstance(source, Clip) or output.suffix.lower() not in CONTAINERS:
            check_sound_file(output, arguments.layout, arguments.subtype)
    check_writable(output, inputs=[arguments.photo])
    if arguments.sample_rate is not None:
        check_sample_rate(arguments.sample_rate)
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
        written, report = _write(scene, output, arguments)
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
    path = pathlib.Path(photo)
    if layout in EXPORTS:
        return f"{path.stem}.{layout}{EXPORTS[layout]}"
    return f"{path.stem}.sound.mp4" if moving else path.with_suffix(".wav").name


def _write(
    scene: Scene | MovingScene, output: pathlib.Path, arguments: argparse.Namespace
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Render and write; returns what is to be said of the file, and the report."""
    if kind := export_of(output, arguments.layout):
        scene.save(output, arguments.layout)
        return {"path": str(output), "layout": kind}, scene.report()
    rate = arguments.sample_rate or scene.sample_rate
    if isinstance(scene, MovingScene):
        how = {"original": arguments.original, "doppler": arguments.doppler}
        scene.save(output, arguments.layout, subtype=arguments.subtype, sample_rate=arguments.sample_rate, **how)
        gain_db, report = scene.gain_db(arguments.layout), scene.report()
        rate = SAMPLE_RATE_HZ if output.suffix.lower() in CONTAINERS else rate
    else:
        phi, gain_db = scene.render_with_gain(arguments.layout, sample_rate=rate)
        how = {"layout": arguments.layout, "subtype": arguments.subtype, "description": scene.made_by()}
        write_sound(output, phi, rate, **how)
        report = scene.report(arguments.layout, sample_rate=rate, phi=phi)
    written = {
        "path": str(output),
        "layout": arguments.layout,
        "channels": list(LAYOUTS[arguments.layout]),
        "sample_rate_hz": rate,
        "gain_db": round(gain_db, 2),
    }
    return written, report
