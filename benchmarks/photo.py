"""How long a photo takes, side by side with another build: `run` and `render("5.1")`, warm, three sources.

    python benchmarks/photo.py                       # against the commit that the README's figures are compared with
    python benchmarks/photo.py --before COMMIT --photos FOLDER --rounds 3

Each build runs in an environment of its own: this one in the Python that runs the script, the other in a checkout with
a virtual environment under ``build/`` that is made on the first call (some minutes). The two take turns, photo by
photo, so that whatever else the machine does meets both; the figure is the median of the ratios of the pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
#: The build before the detector, the ambience and the recorded sounds.
BEFORE = "ccd0773"
#: Megapixels of the photos that are made of the shipped one where no folder is given.
MEGAPIXELS = (0.3, 0.5, 0.8, 1.2, 2.2, 4.0, 8.0, 12.0)

WORKER = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
import see2sound_nb as s2s
pipeline = s2s.See2Sound(preset="tiny")
pipeline.run(s2s.demo_photo(), sources=3, seed=0).render("5.1")
print("ready", flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    scene = pipeline.run(line.strip(), sources=3, seed=0)
    ran = time.perf_counter()
    scene.render("5.1")
    done = time.perf_counter()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps([ran - began, done - ran, len(scene.labels), peak_mb]), flush=True)
"""


def environment_of(commit: str, folder: pathlib.Path) -> pathlib.Path:
    """The Python of a build of `commit` in `folder`, made first if it is not there."""
    tree, python = folder / "tree", folder / "venv/bin/python"
    if not (folder / "made").exists():
        folder.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
        tree.mkdir(exist_ok=True)
        subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "-c", tree / "constraints.txt", "-e", tree]
        subprocess.run(pip, check=True)
        (folder / "made").touch()
    return python


def start(python: pathlib.Path | str) -> subprocess.Popen:
    """A process that has its models loaded and answers a path with its times."""
    alone = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    pipe = subprocess.PIPE
    worker = subprocess.Popen([python, "-c", WORKER], stdin=pipe, stdout=pipe, text=True, env=alone, cwd="/")
    assert worker.stdout is not None
    if worker.stdout.readline().strip() != "ready":
        raise RuntimeError(f"{python} could not run the shipped photo; what it wrote stands above")
    return worker


def ask(worker: subprocess.Popen, path: pathlib.Path) -> list[float]:
    """Seconds of `run`, of `render`, the number of sources, and the process's peak of memory in MB."""
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(f"{path}\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())


def photos_of_sizes(folder: pathlib.Path) -> list[pathlib.Path]:
    """The shipped photo in eight sizes from 0.3 to 12 megapixels, as JPEG."""
    from PIL import Image

    import see2sound_nb as s2s

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with Image.open(s2s.demo_photo()) as photo:
        for megapixels in MEGAPIXELS:
            scale = (megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
            path = folder / f"{megapixels:04.1f}.jpg"
            photo.resize((round(photo.width * scale), round(photo.height * scale))).save(path, quality=92)
            paths.append(path)
    return paths


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default=BEFORE, metavar="COMMIT")
    parser.add_argument(
        "--photos", type=pathlib.Path, metavar="FOLDER", help="JPEGs; by default the shipped photo in 8 sizes"
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each photo is run by both (default: 3)")
    args = parser.parse_args()
    build = ROOT / "build"
    paths = sorted(args.photos.glob("*.jpg")) if args.photos else photos_of_sizes(build / "photos")
    before, now = start(environment_of(args.before, build / f"before-{args.before}")), start(sys.executable)
    ratios, seconds, peaks = [], {"before": [], "now": []}, {}
    print(f"{'photo':>24}  {args.before:>9}  {'now':>6}  ratio  sources")
    for path in paths:
        for _ in range(args.rounds):
            old, new = ask(before, path), ask(now, path)
            a, b = sum(old[:2]), sum(new[:2])
            ratios.append(b / a)
            seconds["before"].append(a)
            seconds["now"].append(b)
            peaks = {"before": old[3], "now": new[3]}
            print(f"{path.name:>24}  {a:8.2f}s  {b:5.2f}s  {b / a:5.2f}  {old[2]:.0f}, {new[2]:.0f}", flush=True)
    print(
        f"median of {len(ratios)} pairs: {statistics.median(ratios):.3f} of the time "
        f"({statistics.median(seconds['before']):.2f} s before, {statistics.median(seconds['now']):.2f} s now); "
        f"peak memory {peaks['before']:.0f} MB before, {peaks['now']:.0f} MB now"
    )


if __name__ == "__main__":
    main()
