"""The command line: ``see2sound photo.jpg -o photo.wav``; beside it the `COMMANDS`, such as ``see2sound models``.

What works is imported when it is known what is wanted: ``see2sound --help`` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import io
import sys
from collections.abc import Sequence

from see2sound_nb._threads import collect_seldom
from see2sound_nb._version import __version__
from see2sound_nb.models.table import PRESETS, TASKS

#: Exit codes: bad input, and stopped by the user (128 + SIGINT).
BAD_INPUT, INTERRUPTED = 2, 130
#: The first words that are no photo, each ``run`` of its `cli_...`; a photo of such a name is ``./models``.
COMMANDS = ("batch", "models", "convert", "evaluate", "benchmark", "study")


def parser() -> argparse.ArgumentParser:
    """The options of ``see2sound PHOTO``. Names of layouts and the like are written out, and a test compares them."""
    p = argparse.ArgumentParser(
        prog="see2sound",
        description="Turn a photo or a clip into spatial audio.",
        epilog="Other commands: " + ", ".join(f"see2sound {name}" for name in COMMANDS),
    )
    p.add_argument("photo", help="a picture, a film, or an animation such as a GIF")
    p.add_argument(
        "-o", "--output",
        help="the .wav or .flac to write, or for a clip also an .mp4, .mov, .mkv or .webm with its pictures; a .glb is "
        "a glTF scene, a .sofa the room's responses (default: here, the photo's name with .wav, the clip's with "
        ".sound.mp4)",
    )  # fmt: skip
    add_options(p)
    p.add_argument("--json", action="store_true", help="print a machine-readable report of the scene")
    p.add_argument("--version", action="version", version=f"see2sound_nb {__version__}")
    return p


def add_options(p: argparse.ArgumentParser) -> None:
    """What may be said of a photo or clip, alone or one of many."""
    p.add_argument(
        "--layout", default="5.1",
        help="5.1, 7.1.4, stereo, binaural, mono, foa, hoa2, hoa3, hoa4, hoa5, or for other programs: adm, sa3d, "
        "dcase, gltf, sofa (default: 5.1)",
    )  # fmt: skip
    p.add_argument("--sample-rate", type=int, help="of the WAV, in Hz (default: the sounds' own, 16000)")
    p.add_argument("--subtype", help="of the WAV: PCM_16, PCM_24, FLOAT (default: PCM_16)")
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
        "--fov", type=float, default=60.0, metavar="DEG",
        help="the camera's horizontal field of view in degrees (default: 60)",
    )  # fmt: skip
    p.add_argument("--geometry", default="metric", help="metric (metres) or paper (appendix A)")
    p.add_argument("--original", help="a clip's own sound: replaced (default), kept (as a second track) or mixed")
    p.add_argument("--doppler", action="store_true", help="of a clip in stereo or Ambisonics: what nears sounds higher")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    if argv is None:
        collect_seldom()
    for stream in (sys.stdout, sys.stderr) if argv is None else ():
        if isinstance(stream, io.TextIOWrapper):  # the code pages of Windows lack letters that names of files have
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(words)
    except BrokenPipeError:  # the reader, such as head, has had enough
        sys.stderr.close()
        return 0
    except ModuleNotFoundError as error:
        if "see2sound_nb[" not in str(error):  # that names the extra which is not installed
            raise
        return _said(str(error))
    except (RuntimeError, MemoryError, ImportError) as error:
        from see2sound_nb.models.checking import out_of_memory

        if not out_of_memory(error):
            raise
        remedy = f"{error}" if type(error) is MemoryError and error.args else _less_memory(words)
        return _said(f"not enough memory; {remedy}")
    except (ValueError, OSError) as error:
        return _said(" ".join(str(error).split()))
    except KeyboardInterrupt as stop:
        print("; ".join(["see2sound: interrupted", *map(str, stop.args)]), file=sys.stderr)
        return INTERRUPTED


def _run(words: Sequence[str]) -> int:
    if words and words[0] in COMMANDS:
        return importlib.import_module(f"see2sound_nb.cli_{words[0]}").run(words[1:])
    arguments = parser().parse_args(words)
    from see2sound_nb import cli_photo

    return cli_photo.run(arguments)


def _said(what: str) -> int:
    print(f"see2sound: error: {what}", file=sys.stderr)
    return BAD_INPUT


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
