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
from see2sound_nb.cli import add_options
from see2sound_nb.models.table import TASKS

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
    add_options(p)
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
