"""The command line: ``see2sound photo.jpg -o photo.wav``; beside it the `COMMANDS`, such as ``see2sound models``."""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from see2sound_nb._version import __version__
from see2sound_nb.media.clip_writing import CONTAINERS, SAMPLE_RATE_HZ
from see2sound_nb.media.clips import Clip
from see2sound_nb.media.files import check_writable
from see2sound_nb.media.sound_files import SUBTYPES, check_sample_rate, check_sound_file, check_subtype, write_sound
from see2sound_nb.models.checking import out_of_memory
from see2sound_nb.models.downloads import cache_dir
from see2sound_nb.models.table import METRES, MODELS, PRESETS, list_models
from see2sound_nb.moving import MovingScene
from see2sound_nb.moving.moving_scene import check_doppler, check_output
from see2sound_nb.pipeline import See2Sound, clip_or_photo
from see2sound_nb.places.lifting import DEFAULT_FOV_DEG
from see2sound_nb.render.layouts import LAYOUTS, check_layout
from see2sound_nb.reporting import truth_line
from see2sound_nb.scene import Scene

#: Exit codes: bad input, and stopped by the user (128 + SIGINT).
BAD_INPUT, INTERRUPTED = 2, 130
TASKS = ("segmentation", "depth", "audio")


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="see2sound",
        description="Turn a photo or a clip into spatial audio.",
        epilog="Other commands: " + ", ".join(f"see2sound {name}" for name in COMMANDS),
    )
    p.add_argument("photo", help="a picture, a film, or an animation such as a GIF")
    p.add_argument(
        "-o", "--output",
        help="the .wav or .flac to write, or for a clip also an .mp4, .mov, .mkv or .webm with its pictures (default: "
        "here, the photo's name with .wav, the clip's with .sound.mp4)",
    )  # fmt: skip
    p.add_argument("--layout", default="5.1", help=f"{', '.join(LAYOUTS)} (default: 5.1)")
    p.add_argument("--sample-rate", type=int, help="of the WAV, in Hz (default: the sounds' own, 16000)")
    p.add_argument("--subtype", default="PCM_16", help=f"of the WAV: {', '.join(SUBTYPES)} (default: PCM_16)")
    p.add_argument("--preset", default="tiny", help=f"{', '.join(PRESETS)} (default: tiny, offline)")
    for task in TASKS:
        p.add_argument(
            f"--{task}", metavar="MODEL", help="another model than the preset's; see2sound models lists them"
        )
    p.add_argument(
        "--sources", type=int, default=3, help="at most this many sources, 1 to 10; of a clip, at a time (default: 3)"
    )
    p.add_argument("--prompt", help='words that colour every source, such as "a rainy street"')
    p.add_argument("--seed", type=int, default=0, help="the same seed gives the same sound (default: 0)")
    p.add_argument(
        "--select", default="sounds", help="sounds (what a listener would choose) or area (the paper's code)"
    )
    p.add_argument("--no-ambience", action="store_true", help="only the sources, without what is heard all around")
    p.add_argument(
        "--fov", type=float, default=DEFAULT_FOV_DEG, metavar="DEG",
        help=f"the camera's horizontal field of view in degrees (default: {DEFAULT_FOV_DEG:g})",
    )  # fmt: skip
    p.add_argument("--geometry", default="metric", help="metric (metres) or paper (appendix A)")
    p.add_argument(
        "--original", default="replaced", help="a clip's own sound: replaced, kept (as a second track) or mixed"
    )
    p.add_argument("--doppler", action="store_true", help="of a clip in stereo or Ambisonics: what nears sounds higher")
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


BAR = "{desc} |{bar:30}| {n_fmt}/{total_fmt} {elapsed}<{remaining}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    command = COMMANDS.get(words[0]) if words else None
    try:
        return command(words[1:]) if command else _run(parser().parse_args(words))
    except BrokenPipeError:  # the reader, such as head, has had enough
        sys.stderr.close()
        return 0
    except ModuleNotFoundError as error:
        if "see2sound_nb[" not in str(error):  # that names the extra which is not installed
            raise
        print(f"see2sound: error: {error}", file=sys.stderr)
        return BAD_INPUT
    except (RuntimeError, MemoryError, ImportError) as error:
        if not out_of_memory(error):
            raise
        remedy = f"{error}" if type(error) is MemoryError and error.args else _less_memory(words)
        print(f"see2sound: error: not enough memory; {remedy}", file=sys.stderr)
        return BAD_INPUT
    except (ValueError, OSError) as error:
        print(f"see2sound: error: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    except _Interrupted as stop:
        print(f"see2sound: interrupted; {stop}", file=sys.stderr)
        return INTERRUPTED
    except KeyboardInterrupt:
        print("see2sound: interrupted", file=sys.stderr)
        return INTERRUPTED


def _less_memory(words: Sequence[str]) -> str:
    """What needs less memory than a command that had too little: smaller models, if there are any."""
    p = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    for option in ("preset", *TASKS):
        p.add_argument(f"--{option}")
    try:
        chosen = vars(p.parse_known_args(list(words))[0])
    except argparse.ArgumentError:
        chosen = dict.fromkeys(("preset", *TASKS))
    preset = chosen["preset"] or "tiny"
    names = {task: chosen[task] or PRESETS.get(preset, PRESETS["tiny"])[task] for task in TASKS}
    if names == PRESETS["tiny"]:
        return "the tiny models are the smallest: close other programs, or give a smaller photo or a shorter clip"
    small = "small" if preset == "paper" else "tiny"
    return f"choose smaller models, such as --preset {small}"


class _Interrupted(Exception):
    """The user stopped the work on a photo or clip; says what became of the output."""


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
        raise _Interrupted(written) from error


def print_models(words: Sequence[str]) -> int:
    """The command ``see2sound models``: print the table of models."""
    p = argparse.ArgumentParser(prog="see2sound models", description="List the models, and where they are kept.")
    p.parse_args(words)
    rows = [("name", "task", "MB", "licence", "here", "presets", "kept at")]
    for model in list_models():
        task = model["task"] + (" (metres)" if model["gives"] == METRES else "")
        licence = model["licence"] + ("" if model["commercial"] else " (non-commercial)")
        here, presets = "yes" if model["here"] else "no", ", ".join(model["presets"]) or "-"
        path = model["path"] or "in the package"
        rows.append((model["name"], task, str(model["size_mb"]), licence, here, presets, path))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.rjust(width) if k == 2 else cell.ljust(width) for k, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
    return 0


def convert_codi(words: Sequence[str]) -> int:
    """The command ``see2sound convert``: make the pipeline of the preset ``paper`` from the published CoDi files."""
    p = argparse.ArgumentParser(
        prog="see2sound convert",
        description="Make the audio model of the preset paper from the published CoDi files. Without files it fetches "
        "the half-precision ones (3.9 GB), or with --full the others (7.8 GB).",
    )
    p.add_argument("files", nargs="*", metavar="FILE", help="CoDi_encoders.pth CoDi_audio_diffuser_m.pth")
    p.add_argument("--full", action="store_true", help="fetch the files in single precision")
    p.add_argument("-o", "--output", help="the folder to make (default: where the preset looks for it)")
    arguments = p.parse_args(words)
    if len(arguments.files) not in (0, 2):
        raise ValueError(
            f"{len(arguments.files)} files were given; give two, CoDi_encoders.pth and CoDi_audio_diffuser_m.pth, in "
            "this order, or none to fetch them"
        )
    if arguments.files and arguments.full:
        raise ValueError("--full says which files to fetch, and files were given; leave one of them out")
    from see2sound_nb.sounds.codi.convert import convert, fetch_published

    folder = pathlib.Path(arguments.output or cache_dir() / MODELS["codi"].file_name)
    if folder.exists():
        raise FileExistsError(f"{folder} is there already; delete it or choose another folder with -o")
    encoders, diffuser = arguments.files or fetch_published(full=arguments.full)
    print(convert(encoders, diffuser, folder).describe())
    print(f"{encoders} and {diffuser} are no longer needed")
    return 0


def evaluate(words: Sequence[str]) -> int:
    """The command ``see2sound evaluate``: Table 1 of a folder of photos."""
    from see2sound_nb import cli_evaluate

    return cli_evaluate.run(words)


def benchmark(words: Sequence[str]) -> int:
    """The command ``see2sound benchmark``: scenes with known truth, and a score for whatever hears them."""
    from see2sound_nb import cli_benchmark

    return cli_benchmark.run(words)


def study(words: Sequence[str]) -> int:
    """The command ``see2sound study``: make a listening study, run it with a class, read the answers."""
    from see2sound_nb import cli_study

    return cli_study.run(words)


#: What the first word may be, other than a photo; a photo of that name is ``./models``.
COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "models": print_models,
    "convert": convert_codi,
    "evaluate": evaluate,
    "benchmark": benchmark,
    "study": study,
}


def _run(arguments: argparse.Namespace) -> int:
    check_layout(arguments.layout)
    source = clip_or_photo(arguments.photo)
    moving = isinstance(source, Clip)
    output = pathlib.Path(arguments.output or _default_output(arguments.photo, moving))
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
        print(f"{output}: {arguments.layout}, master gain {written['gain_db']:+.1f} dB")
    return 0


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


def _default_output(photo: str, moving: bool) -> str:
    path = pathlib.Path(photo)
    return f"{path.stem}.sound.mp4" if moving else path.with_suffix(".wav").name


def _write(
    scene: Scene | MovingScene, output: pathlib.Path, arguments: argparse.Namespace
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Render and write; returns what is to be said of the file, and the report."""
    rate = arguments.sample_rate or scene.sample_rate
    if isinstance(scene, MovingScene):
        how = {"original": arguments.original, "doppler": arguments.doppler}
        scene.save(output, arguments.layout, subtype=arguments.subtype, sample_rate=arguments.sample_rate, **how)
        gain_db, report = scene.gain_db(arguments.layout), scene.report()
        rate = SAMPLE_RATE_HZ if output.suffix.lower() in CONTAINERS else rate
    else:
        phi, gain_db = scene.render_with_gain(arguments.layout, sample_rate=rate)
        write_sound(output, phi, rate, layout=arguments.layout, subtype=arguments.subtype)
        report = scene.report(arguments.layout, sample_rate=rate, phi=phi)
    written = {
        "path": str(output),
        "layout": arguments.layout,
        "channels": list(LAYOUTS[arguments.layout]),
        "sample_rate_hz": rate,
        "gain_db": round(gain_db, 2),
    }
    return written, report
