"""The command line: ``see2sound photo.jpg -o photo.wav``."""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from see2sound_nb import __version__, media
from see2sound_nb.models import PRESETS
from see2sound_nb.pipeline import See2Sound
from see2sound_nb.render import LAYOUTS, check_layout

#: Exit codes: bad input, and stopped by the user (128 + SIGINT).
BAD_INPUT, INTERRUPTED = 2, 130


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="see2sound", description="Turn a photo into spatial audio.")
    p.add_argument("photo", help="a picture file")
    p.add_argument("-o", "--output", help="the WAV to write (default: the photo's name with .wav, here)")
    p.add_argument("--layout", default="5.1", help=f"{', '.join(LAYOUTS)} (default: 5.1)")
    p.add_argument("--preset", default="tiny", help=f"{', '.join(PRESETS)} (default: tiny, offline)")
    p.add_argument("--sources", type=int, default=3, help="at most this many sources, 1 to 10 (default: 3)")
    p.add_argument("--prompt", help='words that colour every sound, such as "a rainy street"')
    p.add_argument("--seed", type=int, default=0, help="the same seed gives the same sound (default: 0)")
    p.add_argument(
        "--select", default="sounds", help="sounds (what a listener would choose) or area (the paper's code)"
    )
    p.add_argument("--geometry", default="metric", help="metric (metres) or paper (appendix A)")
    p.add_argument("--json", action="store_true", help="print a machine-readable report of the scene")
    p.add_argument("--version", action="version", version=f"see2sound_nb {__version__}")
    return p


@contextlib.contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar per step on standard error, so that standard output stays clean."""
    from tqdm import tqdm

    bar: Any = None
    current = ""

    def tell(step: str, done: int, total: int) -> None:
        nonlocal bar, current
        if step != current:
            if bar is not None:
                bar.close()
            bar, current = tqdm(desc=f"{step:>8}", total=total, file=sys.stderr, bar_format=BAR), step
        bar.update(done - bar.n)
        if done == total:
            bar.close()

    try:
        yield tell
    finally:
        if bar is not None:
            bar.close()


BAR = "{desc} |{bar:30}| {n_fmt}/{total_fmt} {elapsed}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = parser().parse_args(argv)
    try:
        return _run(arguments)
    except (ValueError, OSError) as error:
        print(f"see2sound: error: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("see2sound: interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED


def _run(arguments: argparse.Namespace) -> int:
    check_layout(arguments.layout)
    output = pathlib.Path(arguments.output or pathlib.Path(arguments.photo).with_suffix(".wav").name)
    media.check_writable(output)
    pipeline = See2Sound(preset=arguments.preset)
    with warnings.catch_warnings(), progress_bars() as tell:
        warnings.simplefilter("ignore")  # what matters is among the scene's notes
        scene = pipeline.run(
            arguments.photo,
            sources=arguments.sources,
            prompt=arguments.prompt,
            seed=arguments.seed,
            select=arguments.select,
            geometry=arguments.geometry,
            progress=tell,
        )
        tell("render", 0, 1)
        scene.save(output, layout=arguments.layout)
        tell("render", 1, 1)
    if arguments.json:
        report = scene.report()
        report["output"] = {
            "path": str(output),
            "layout": arguments.layout,
            "channels": list(LAYOUTS[arguments.layout]),
            "gain_db": round(scene.gain_db(arguments.layout), 2),
        }
        print(json.dumps(report, indent=2))
    else:
        print(scene.describe())
        for note in scene.notes:
            print(f"Note: {note}")
        print(f"{output}: {arguments.layout}, master gain {scene.gain_db(arguments.layout):+.1f} dB")
    return 0
