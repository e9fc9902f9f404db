"""Is a photo heard as a listener would expect? The table of the README, from photos with written answers.

    python training/fetch_photos.py --out PHOTOS
    python training/heard.py --photos PHOTOS          # the answers are in PHOTOS/labels.json; --answers FILE for others

heard: of the main things, those that a source (or the ambience) of their kind stands for. placed: of these, those whose
source lies in their third of the photo, give or take a sixth. true: of the sources, those whose kind some thing or the
ambience of the photo allows. ambience: of the ambiences, those that are allowed. absurd: photos where nothing is true.
The photos of ``photos.json`` are those that `calibrate.py` is fitted on: what is measured there flatters.
"""

from __future__ import annotations

import argparse
import json
import math
import pathlib
import statistics
import time

from calibrate import PLACES


def third(azimuth_deg: float, fov_deg: float) -> float:
    """Where in the photo a direction is, 0 (left) to 1 (right)."""
    return 0.5 - 0.5 * math.tan(math.radians(azimuth_deg)) / math.tan(math.radians(fov_deg / 2))


def main() -> None:
    """Run every photo, and print a line for each and the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=pathlib.Path, required=True)
    parser.add_argument("--answers", type=pathlib.Path, help="default: labels.json among the photos")
    args = parser.parse_args()
    import see2sound_nb as s2s
    from see2sound_nb.places.lifting import DEFAULT_FOV_DEG

    model = s2s.See2Sound(preset="tiny")
    found = dict.fromkeys(("main", "heard", "placed", "sources", "true", "photos", "fair", "absurd"), 0)
    seconds = []
    for photo in json.loads((args.answers or args.photos / "labels.json").read_text()):
        began = time.perf_counter()
        scene = model.run(args.photos / f"{photo['photo']}.jpg", sources=3, seed=0)
        seconds.append(time.perf_counter() - began)
        azimuth_deg, _, _ = s2s.directions(scene.positions_m)
        sources = [(label["sound_class"], third(a, DEFAULT_FOV_DEG)) for label, a in zip(scene.labels, azimuth_deg)]
        around = scene.ambience.kind
        allowed = set(photo["ambience"])
        for thing in photo["things"]:
            kinds = {thing["kind"], *thing.get("also", ())}
            allowed |= kinds
            if thing.get("main"):
                low, high = PLACES[thing["where"]]
                mine = [x for kind, x in sources if kind in kinds]
                inside = [low - 1 / 6 <= x <= high + 1 / 6 for x in mine] + [
                    around in kinds and thing["where"] == "all"
                ]
                found["main"] += 1
                found["heard"] += bool(mine) or around in kinds
                found["placed"] += any(inside)
        true = [kind in allowed for kind, _ in sources]
        found["sources"] += len(true)
        found["true"] += sum(true)
        found["photos"] += 1
        found["fair"] += around in allowed
        found["absurd"] += not any(true) and around not in allowed
        print(f"{photo['photo']}: {', '.join(label['label'] for label in scene.labels)}; {scene.ambience.label}")
    print(
        "| heard | placed | true | ambience | absurd photos | s a photo |\n|---|---|---|---|---|---|\n"
        f"| {found['heard'] / found['main']:.1%} of {found['main']} | {found['placed'] / found['heard']:.1%} "
        f"| {found['true'] / found['sources']:.1%} of {found['sources']} | {found['fair'] / found['photos']:.1%} "
        f"| {found['absurd'] / found['photos']:.1%} of {found['photos']} | {statistics.median(seconds):.2f} |"
    )


if __name__ == "__main__":
    main()
