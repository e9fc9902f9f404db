"""How probable is it that a name is right? Fit `see2sound_nb.regions.certainty` on photos with written answers.

    python training/fetch_photos.py --out PHOTOS
    python training/calibrate.py --photos PHOTOS

The answers are in ``photos.json``: what a listener would expect to hear in each photo, and in which third of it. For
every photo, all readings of all proposed regions (`regions.labels.readings`) are compared with them: a reading is right
if its kind is expected there. Three logistic regressions turn what was read into a probability: of persons, of other
detected things, of what the classifier sees. They are judged on photos that they were not fitted on (ten folds, a photo
in one of them), by their reliability and by the Brier score. The photos of an evaluation are none of them.
"""

from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
PLACES = {"left": (0, 1 / 3), "centre": (1 / 3, 2 / 3), "right": (2 / 3, 1), "all": (0, 1)}
FOLDS = 10


def expected(photo: dict, kind: str, x: float) -> bool:
    """Whether a listener expects a kind of sound at x, 0 (left) to 1 (right), give or take a sixth of the width."""
    for thing in photo["things"]:
        low, high = PLACES[thing["where"]]
        if kind in (thing["kind"], *thing.get("also", ())) and low - 1 / 6 <= x <= high + 1 / 6:
            return True
    return False


def rows_of(photo: dict, path: pathlib.Path, sam) -> list[tuple[str, list[float], bool]]:
    """The readings of a photo: which regression they belong to, its inputs, and whether they are right."""
    from see2sound_nb.media.pictures import read_image
    from see2sound_nb.regions import activation, labels, sources, things
    from see2sound_nb.regions.certainty import logit

    I = read_image(path)
    found, logits = things.find_things(I), activation.label_logits(I)
    regions = sources.regions_of_masks(I, sources.prompted_masks(I, sam, found, logits), found, logits)
    rows = []
    for mask, box, patch in zip(regions.masks, regions.boxes, regions.patches):
        for one in labels.readings(mask, box, patch, found, logits):
            if one["sound_class"] == "room":  # silent: it never becomes a source
                continue
            right = expected(photo, one["sound_class"], (box[0] + box[1] + 1) / 2 / I.shape[1])
            name, *numbers = one["evidence"] if isinstance(one["evidence"][0], str) else ("SEEN", *one["evidence"])
            if name == "person":
                rows.append(("PERSON", [logit(numbers[0])], right))
            else:
                rows.append(("SEEN" if name == "SEEN" else "THING", [logit(x) for x in numbers], right))
    return rows


def main() -> None:
    """Fit, and print the constants, the scores on left-out photos, and their reliability."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=pathlib.Path, required=True, help="folder, as from fetch_photos.py")
    parser.add_argument("--answers", type=pathlib.Path, default=HERE / "photos.json")
    args = parser.parse_args()
    from sklearn.linear_model import LogisticRegression

    from see2sound_nb.regions.loading import load_sam

    sam, _ = load_sam("tiny-sam")
    photos = [one for one in json.loads(args.answers.read_text()) if (args.photos / f"{one['photo']}.jpg").exists()]
    read = [rows_of(photo, args.photos / f"{photo['photo']}.jpg", sam) for photo in photos]
    print(f"{len(photos)} photos, {sum(map(len, read))} readings")
    for which in ("PERSON", "THING", "SEEN"):
        fold = np.array([k % FOLDS for k, rows in enumerate(read) for row in rows if row[0] == which])
        X = np.array([row[1] for rows in read for row in rows if row[0] == which])
        y = np.array([row[2] for rows in read for row in rows if row[0] == which])
        p = np.zeros(len(y))
        for k in range(FOLDS):
            p[fold == k] = LogisticRegression(C=1.0).fit(X[fold != k], y[fold != k]).predict_proba(X[fold == k])[:, 1]
        model = LogisticRegression(C=1.0).fit(X, y)
        constants = [*model.intercept_, *model.coef_[0]]
        print(f"{which} = ({', '.join(f'{c:.2f}' for c in constants)})  # {len(y)} readings, {y.mean():.0%} right")
        brier, guess = np.mean((p - y) ** 2), y.mean() * (1 - y.mean())
        print(f"  Brier score {brier:.3f}, that of always saying {y.mean():.2f}: {guess:.3f}")
        for low in np.arange(0, 1, 0.2):
            said = (p >= low) & (p < low + 0.2)
            if said.any():
                print(f"  said {p[said].mean():.2f}: right {y[said].mean():.2f} of {said.sum()}")


if __name__ == "__main__":
    main()
