"""The command ``see2sound study``: make a study of photos, serve it to a class, count the answers.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Sequence

from see2sound_nb.study.analysis import analyse
from see2sound_nb.study.answers import read_answers
from see2sound_nb.study.making import make_study
from see2sound_nb.study.plan import ANSWERS_FILE, PAGE_FILE, read_study
from see2sound_nb.study.serving import HOST, PORT, serve


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="see2sound study", description="A listening study of your own photos (the paper's appendix B)."
    )
    commands = p.add_subparsers(dest="command", required=True, metavar="COMMAND")
    make = commands.add_parser("make", help="make a study", description="Make a study of photos, in a new folder.")
    make.add_argument("photos", nargs="+", metavar="PHOTO", help="3 to 24 pictures of different places")
    make.add_argument("-o", "--output", default="study", metavar="FOLDER", help="where to make it (default: study)")
    make.add_argument("--title", default="A listening study", help="what listeners see first")
    make.add_argument(
        "--consent", metavar="FILE", help="a text that listeners agree to; an empty line parts paragraphs"
    )
    make.add_argument("--preset", default="tiny", help="of the pipeline that makes the sounds (default: tiny, offline)")
    make.add_argument("--seed", type=int, default=0, help="the same seed gives the same study (default: 0)")
    served = commands.add_parser(
        "serve", help="serve a study to a class", description="Serve a study, and keep the answers. Ctrl+C ends."
    )
    served.add_argument("folder", metavar="FOLDER", help="with the study")
    served.add_argument("--host", default=HOST, help=f"0.0.0.0 for the whole network (default: {HOST}, this machine)")
    served.add_argument("--port", type=int, default=PORT, help=f"(default: {PORT})")
    count = commands.add_parser("analyse", help="count the answers", description="Count and test the answers.")
    count.add_argument("folder", metavar="FOLDER", help="with the study, and all .jsonl files of answers")
    return p


def run(words: Sequence[str]) -> int:
    """Run ``see2sound study`` with its words; returns the exit code.

    Parameters
    ----------
    words : sequence of str
        Such as ``["serve", "study"]``.

    Raises
    ------
    OSError, ValueError
        If an input cannot be used; its text is for the user.
    """
    arguments = parser().parse_args(words)
    return {"make": _make, "serve": _serve, "analyse": _analyse}[arguments.command](arguments)


def _make(arguments: argparse.Namespace) -> int:
    from see2sound_nb.pipeline import See2Sound
    from see2sound_nb.study.making import CONSENT

    consent: Sequence[str] = CONSENT
    if arguments.consent is not None:
        consent = _paragraphs(pathlib.Path(arguments.consent))

    def tell(step: str, done: int, total: int) -> None:
        print(f"\r{done} of {total} photos", end="\n" if done == total else "", file=sys.stderr, flush=True)

    study = make_study(
        arguments.photos, arguments.output, title=arguments.title, consent=consent, seed=arguments.seed,
        pipeline=See2Sound(preset=arguments.preset), progress=tell,
    )  # fmt: skip
    folder = pathlib.Path(arguments.output)
    size_mb = (folder / PAGE_FILE).stat().st_size / 1e6
    items = sum(item.part > 0 for item in study.items)
    print(f"{folder / PAGE_FILE} ({size_mb:.0f} MB): {items} items, of which a listener gets {study.shown}")
    print(f"It works alone; or serve it: see2sound study serve {folder} --host 0.0.0.0")
    return 0


def _paragraphs(path: pathlib.Path) -> list[str]:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8 ({error.reason}); save it as such") from error
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def _serve(arguments: argparse.Namespace) -> int:
    serve(arguments.folder, arguments.host, arguments.port)
    return 0


def _analyse(arguments: argparse.Namespace) -> int:
    study = read_study(arguments.folder)
    answers = read_answers(study, arguments.folder)
    if not answers:
        print(f"No answers yet: {ANSWERS_FILE} comes with the first one, or copy the listeners' .jsonl files here.")
    print(analyse(study, answers))
    return 0
