"""The command ``see2sound evaluate FOLDER``: Table 1 of one's own photos."""

from __future__ import annotations

import argparse
import pathlib
import sys
import warnings
from collections.abc import Sequence

from see2sound_nb.evaluation.photos import ROOM, evaluate_photos, find_photos
from see2sound_nb.evaluation.table import describe_table, table_1, write_tables
from see2sound_nb.media.files import atomic_path
from see2sound_nb.models.table import PRESETS, TASKS
from see2sound_nb.pipeline import See2Sound


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="see2sound evaluate",
        description="Table 1 for a folder of photos: CoDi on the whole picture against the full method, each sound "
        "beside what an acoustic matcher makes of it, with three controls.",
        epilog="Stopped, it goes on where it was: give the same words again.",
    )
    p.add_argument("folder", help="a folder of photos; six are the fewest that tell anything")
    p.add_argument(
        "-o", "--output", help="the folder to write to, made if it is not there (default: here, FOLDER.evaluation)"
    )
    p.add_argument("--preset", default="tiny", help=f"{', '.join(PRESETS)} (default: tiny, offline)")
    for task in TASKS:
        p.add_argument(f"--{task}", metavar="MODEL", help="another model than the preset's")
    p.add_argument(
        "--matcher", default="room", metavar="room|avitar|FILE",
        help="room (the scene's own room, no model; default), avitar (the paper's, CC-BY-NC: no commercial use), or "
        "the authors' best_val.ckpt, which is converted first",
    )  # fmt: skip
    p.add_argument("--noise", action="store_true", help="AViTAR as published: 2.56 s, with noise and random polarity")
    p.add_argument("--published", action="store_true", help="the measures as published, too: some 5 s a photo")
    p.add_argument("--seed", type=int, default=0, help="the same seed gives the same table (default: 0)")
    return p


def run(words: Sequence[str]) -> int:
    """The command ``see2sound evaluate``: lines, table, summary and figure of a folder of photos."""
    arguments = parser().parse_args(words)
    from see2sound_nb.notebook.plots.common import ensure_matplotlib

    ensure_matplotlib()  # the figure comes last, and should not be missed then
    photos = find_photos(arguments.folder)
    if arguments.noise and arguments.matcher == "room":
        raise ValueError("--noise belongs to AViTAR, and the matcher is the room; add --matcher avitar")
    folder = pathlib.Path(arguments.output or f"{pathlib.Path(arguments.folder).resolve().name}.evaluation")
    pipeline = See2Sound(arguments.preset, **{task: getattr(arguments, task) for task in TASKS})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", message="this will take|.* forbids commercial use")
        warnings.showwarning = lambda message, *_: print(message, file=sys.stderr)
        matcher, name = _matcher(arguments)
        folder.mkdir(parents=True, exist_ok=True)
        lines = _evaluated(pipeline, photos, folder, matcher, name, arguments)
    rows = table_1(lines, seed=arguments.seed)
    count = sum("values" in line for line in lines)
    left_out = f", {len(lines) - count} left out" if count < len(lines) else ""
    heading = (
        f"{arguments.folder}: {count} photos{left_out}; preset {arguments.preset}, seed {arguments.seed}\n"
        f"matched by {name}"
    )
    written = [*write_tables(folder, lines, rows), *_figures(folder, rows, f"{count} photos, matched by {name}")]
    print(describe_table(rows, heading))
    for line in lines:
        if "error" in line:
            print(f"left out: {line['photo']}: {line['error']}")
    print("\n" + "\n".join(str(path) for path in [folder / "photos.jsonl", *written]))
    return 0


def _matcher(arguments: argparse.Namespace):
    """The matcher, or None for the scene's own room, and its name."""
    if arguments.matcher == "room":
        return None, ROOM
    from see2sound_nb.measure.avitar import converted_avitar, load_avitar

    path = None if arguments.matcher == "avitar" else converted_avitar(arguments.matcher)
    matcher = load_avitar(path, as_published=arguments.noise, seed=arguments.seed)
    return matcher, matcher.name


def _evaluated(pipeline, photos, folder, matcher, name, arguments):
    from tqdm import tqdm

    with tqdm(desc="  photos", total=len(photos), file=sys.stderr) as bar:
        return evaluate_photos(
            pipeline,
            photos,
            folder / "photos.jsonl",
            matcher=matcher,
            matcher_name=name,
            published=arguments.published,
            seed=arguments.seed,
            tell=lambda step, done, total: bar.update(done - bar.n) and None,
            warn=lambda text: bar.write(f"see2sound: {text}", file=sys.stderr),
        )


def _figures(folder: pathlib.Path, rows, title: str) -> list[pathlib.Path]:
    """The table drawn, as PNG and SVG."""
    from see2sound_nb.notebook.plots.table_1 import plot_table_1

    figure, paths = plot_table_1(rows, title), [folder / "table.png", folder / "table.svg"]
    for path in paths:
        with atomic_path(path) as beside:
            figure.savefig(beside, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)
    return paths
