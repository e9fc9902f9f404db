"""The command ``see2sound convert``: the published CoDi made a pipeline of diffusers."""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Sequence

from see2sound_nb.models.downloads import cache_dir
from see2sound_nb.models.table import MODELS


def run(words: Sequence[str]) -> int:
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
