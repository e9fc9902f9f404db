"""The command ``see2sound batch PHOTOS -o OUT``: photos and clips by the thousand."""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from see2sound_nb._progress import Progress
from see2sound_nb.batches.making import FAILED
from see2sound_nb.batches.running import REPORT, batch
from see2sound_nb.exporting import EXPORTS
from see2sound_nb.media.clip_writing import ORIGINALS
from see2sound_nb.media.sound_files import SUBTYPES
from see2sound_nb.models.table import PRESETS, TASKS
from see2sound_nb.places.lifting import DEFAULT_FOV_DEG
from see2sound_nb.render.layouts import LAYOUTS

#: The exit code if some of the items failed.
SOME_FAILED = 1


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="see2sound batch",
        description="Turn photos and clips into spatial audio, as many as you like: an output for each, and a line of "
        f"{REPORT} as soon as it is there. What fails is listed at the end, and stops nothing (exit code 1).",
        epilog="Stopped or killed, it goes on where it was: give the same words again.",
    )
    p.add_argument(
        "photos", nargs="+", help="a folder, a glob in quotes, photos and clips, or a table (.csv, .parquet) with a "
        "column photo and, if wanted, prompt and seed",
    )  # fmt: skip
    p.add_argument("-o", "--output", required=True, help="the folder to write to, made if it is not there")
    p.add_argument("--layout", default="5.1", help=f"{', '.join((*LAYOUTS, *EXPORTS))} (default: 5.1)")
    p.add_argument("--sample-rate", type=int, help="of WAVs, in Hz (default: the sounds' own, 16000)")
    p.add_argument("--subtype", help=f"of WAVs: {', '.join(SUBTYPES)} (default: PCM_16)")
    p.add_argument("--preset", default="tiny", help=f"{', '.join(PRESETS)} (default: tiny, offline)")
    for task in TASKS:
        p.add_argument(f"--{task}", metavar="MODEL", help="another model than the preset's")
    p.add_argument("--sources", type=int, default=3, help="at most this many sources, 1 to 10 (default: 3)")
    p.add_argument("--prompt", help="words that colour every source, where the table has none")
    p.add_argument("--seed", type=int, default=0, help="of every item, where the table has none (default: 0)")
    p.add_argument("--select", default="sounds", help="sounds or area (default: sounds)")
    p.add_argument("--no-ambience", action="store_true", help="only the sources, without what is heard all around")
    p.add_argument(
        "--fov", type=float, default=DEFAULT_FOV_DEG, metavar="DEG",
        help=f"the camera's horizontal field of view in degrees (default: {DEFAULT_FOV_DEG:g})",
    )  # fmt: skip
    p.add_argument("--geometry", default="metric", help="metric (metres) or paper (appendix A)")
    p.add_argument("--original", help=f"a clip's own sound: {', '.join(ORIGINALS)} (default: replaced)")
    p.add_argument("--doppler", action="store_true", help="of clips in stereo or Ambisonics: what nears sounds higher")
    p.add_argument("--processes", type=int, help="on this machine (default: as many as cores and memory allow)")
    p.add_argument("--scheduler", metavar="ADDRESS", help="of Dask, such as tcp://10.0.0.1:8786: its workers do it")
    p.add_argument("--json", action="store_true", help="print a machine-readable summary")
    return p


def run(words: Sequence[str]) -> int:
    """The command ``see2sound batch``; returns the exit code."""
    arguments = parser().parse_args(words)
    photos: Any = arguments.photos[0] if len(arguments.photos) == 1 else arguments.photos
    report, began = pathlib.Path(arguments.output) / REPORT, time.monotonic()
    with warnings.catch_warnings(), _bar() as (tell, warn):
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_: warn(f"{message}")
        try:
            lines = batch(
                photos,
                arguments.output,
                preset=arguments.preset,
                **{task: getattr(arguments, task) for task in TASKS},
                layout=arguments.layout,
                sample_rate=arguments.sample_rate,
                subtype=arguments.subtype,
                sources=arguments.sources,
                prompt=arguments.prompt,
                seed=arguments.seed,
                select=arguments.select,
                geometry=arguments.geometry,
                fov_deg=arguments.fov,
                ambience=not arguments.no_ambience,
                original=arguments.original,
                doppler=arguments.doppler,
                processes=arguments.processes,
                scheduler=arguments.scheduler,
                tell=tell,
                warn=warn,
            )
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(f"{report} has what was done; the same command goes on from there") from stop
    failed = [line for line in lines if line["status"] == FAILED]
    if arguments.json:
        told = [{"photo": line["photo"], "error": line["error"]} for line in failed]
        summary = {"items": len(lines), "done": len(lines) - len(failed), "failed": told, "report": str(report)}
        print(json.dumps({**summary, "seconds": round(time.monotonic() - began, 1)}, indent=2))
    else:
        for line in failed:
            print(f"failed: {line['photo']}: {line['error']}")
        print(f"{len(lines) - len(failed)} of {len(lines)} are done, {len(failed)} failed")
        print(report)
    return SOME_FAILED if failed else 0


@contextlib.contextmanager
def _bar() -> Iterator[tuple[Progress, Callable[[str], None]]]:
    """A progress bar on standard error with the time that is left, and what prints a sentence above it."""
    from tqdm import tqdm

    bars: list[Any] = []

    def tell(step: str, done: int, total: int) -> None:
        if not bars:  # what an earlier run has done says nothing of the time that is left
            bars.append(tqdm(desc=f"{step:>8}", initial=done, total=total, file=sys.stderr, smoothing=0))
        bars[0].update(done - bars[0].n)

    try:
        yield tell, lambda text: tqdm.write(f"see2sound: {text}", file=sys.stderr)
    finally:
        for bar in bars:
            bar.close()
