"""The tables that the README quotes, made anew: `make evaluate`.

The 24 scenes of known truth are built (their packages are fetched, 0.2 GB), this package runs on their photos, and
three tables come of it, each as text, CSV and figure in the folder that is given (default: build/evaluation):
how near it comes to the truth; the authors' geometry against ours; Table 1 with its controls. Finished photos are not
done again. 10 to 15 minutes on two cores.
"""

import argparse
import json
import pathlib
import shutil
import warnings

from see2sound_nb import cli
from see2sound_nb.evaluation.before_after import before_after, describe_before_after, write_before_after
from see2sound_nb.evaluation.known_truth.building import build
from see2sound_nb.evaluation.known_truth.outputs import describe_outputs, scenes_of, score_outputs, write_result
from see2sound_nb.evaluation.known_truth.running import run_pipeline
from see2sound_nb.notebook.plots.before_after import plot_before_after
from see2sound_nb.pipeline import See2Sound


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("folder", nargs="?", default="build/evaluation", type=pathlib.Path)
    p.add_argument("--preset", default="tiny")
    p.add_argument("--packages", type=pathlib.Path, help="where packages are that were fetched before")
    arguments = p.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")

    truth = folder / "known_truth"
    build(truth, packages=arguments.packages)
    run_pipeline(truth, folder / "outputs", preset=arguments.preset)
    scored = score_outputs(folder / "outputs", truth)
    say(folder / "known_truth.txt", describe_outputs(scored))
    (folder / "known_truth.json").write_text(write_result(scored), encoding="utf-8")

    photos = folder / "photos"
    photos.mkdir(exist_ok=True)
    pipeline = See2Sound(preset=arguments.preset)
    rows = []
    for scene in scenes_of(truth):
        shutil.copy(scene / "photo.png", photos / f"{scene.name}.png")
        camera = json.loads((scene / "truth.json").read_text(encoding="utf-8"))["camera"]
        found = pipeline.run(scene / "photo.png", ambience=False, fov_deg=camera["fov_deg"])
        if len(found.audio):
            rows += [{"photo": scene.name, **row} for row in before_after(found)]
    say(folder / "before_after.txt", describe_before_after(rows))
    write_before_after(folder / "before_after.csv", rows)
    plot_before_after(rows).savefig(folder / "before_after.png", dpi=100)

    words = ["evaluate", str(photos), "-o", str(folder / "table_1"), "--preset", arguments.preset, "--published"]
    raise SystemExit(cli.main(words))


def say(path: pathlib.Path, text: str) -> None:
    print(f"\n{text}\n", flush=True)
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
