"""How probable is it that a name is right? Fit `see2sound_nb.regions.certainty` on photos with written answers.

    python training/fetch_photos.py --out PHOTOS
    python training/calibrate.py --photos PHOTOS

The answers are in ``photos.json``, which also says where the photos are from: what a listener would expect to hear in
each, and in which third of it. For every photo, all readings of all proposed regions (`regions.labels.readings`) are
compared with them: a reading is right if its kind is expected there. Three logistic regressions turn what was read into
a probability: of persons, of other detected things, of what the classifier sees, where some kinds have a constant of
their own. They are judged on photos that they were not fitted on (ten folds, a photo
in one of them), by their reliability and by the Brier score. The photos of an evaluation are none of them.

Prints the constants, and writes the readings to ``see2sound_nb/data/readings.csv`` for notebook 01.
"""

from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
READINGS = HERE.parent / "see2sound_nb/data/readings.csv"
COLUMNS = ("photo", "detected", "person", "kind", "score", "agreement", "patch", "whole", "overlap", "right")
PLACES = {"left": (0, 1 / 3), "centre": (1 / 3, 2 / 3), "right": (2 / 3, 1), "all": (0, 1)}
FOLDS = 10
#: A kind of which the classifier has at least so many readings gets a constant of its own, held near 0 by this factor.
LEAST_READINGS, HELD = 12, 0.3


def expected(photo: dict, kind: str, x: float) -> bool:
    """Whether a listener expects a kind of sound at x, 0 (left) to 1 (right), give or take a sixth of the width."""
    for thing in photo["things"]:
        low, high = PLACES[thing["where"]]
        if kind in (thing["kind"], *thing.get("also", ())) and low - 1 / 6 <= x <= high + 1 / 6:
            return True
    return False


def rows_of(photo: dict, path: pathlib.Path, sam) -> list[dict[str, float]]:
    """The readings of a photo that name something that sounds: what they say, and whether that is right."""
    from see2sound_nb.media.pictures import read_image
    from see2sound_nb.regions import activation, labels, sources, things
    from see2sound_nb.sounds.sound_classes import NAMES

    I = read_image(path)
    found, logits = things.find_things(I), activation.label_logits(I)
    regions = sources.regions_of_masks(I, sources.prompted_masks(I, sam, found, logits), found, logits)
    rows = []
    for mask, box, patch in zip(regions.masks, regions.boxes, regions.patches):
        for one in labels.readings(mask, box, patch, found, *labels.evidence_in(logits)):
            if one["sound_class"] != "room":  # what is silent never becomes a source
                right = expected(photo, one["sound_class"], (box[0] + box[1] + 1) / 2 / I.shape[1])
                kind = NAMES.index(one["sound_class"])
                rows.append(row_of(one["evidence"]) | {"kind": kind, "right": right})
    return rows


def row_of(evidence: tuple) -> dict[str, float]:
    """What was read, by the columns' names; what does not apply is 0."""
    row = dict.fromkeys(COLUMNS, 0.0)
    if len(evidence) == len(("name", "score", "agreement")):
        name, score, agreement = evidence
        return row | {"detected": 1, "person": name == "person", "score": score, "agreement": agreement}
    return row | dict(zip(("patch", "whole", "overlap"), evidence[1:]))


def main() -> None:
    """Fit, and print the constants, the scores on left-out photos, and their reliability."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=pathlib.Path, required=True, help="folder, as from fetch_photos.py")
    args = parser.parse_args()

    from see2sound_nb.regions.loading import load_sam

    sam, _ = load_sam("tiny-sam")
    photos = [
        one
        for one in json.loads((args.photos / "labels.json").read_text())
        if (args.photos / f"{one['photo']}.jpg").exists()
    ]
    rows = []
    for number, photo in enumerate(photos):
        path = args.photos / f"{photo['photo']}.jpg"
        rows += [row | {"photo": number} for row in rows_of(photo, path, sam)]
    table = np.array([[float(row[name]) for name in COLUMNS] for row in rows])
    np.savetxt(READINGS, table, fmt="%.4g", delimiter=",", header=",".join(COLUMNS), comments="")
    print(f"{len(photos)} photos, {len(table)} readings")
    judge(table)


def judge(table: np.ndarray) -> None:
    """Fit the three regressions on readings (n, columns), and print how well they hold."""
    from sklearn.linear_model import LogisticRegression

    from see2sound_nb.sounds.sound_classes import NAMES

    column = dict(zip(COLUMNS, table.T))
    who = {
        "PERSON": (column["person"] == 1, ["score"]),
        "THING": ((column["detected"] == 1) & (column["person"] == 0), ["score", "agreement"]),
        "SEEN": (column["detected"] == 0, ["patch", "whole", "overlap"]),
    }
    for name, (chosen, inputs) in who.items():
        said = np.clip(np.stack([column[one][chosen] for one in inputs], axis=1), 1e-3, 1 - 1e-3)
        X, y, fold = np.log(said / (1 - said)), column["right"][chosen] == 1, column["photo"][chosen] % FOLDS
        kinds, count = np.unique(column["kind"][chosen].astype(int), return_counts=True)
        kinds = kinds[count >= LEAST_READINGS] if name == "SEEN" else kinds[:0]
        X = np.concatenate([X, HELD * (column["kind"][chosen][:, None] == kinds)], axis=1)
        p = np.zeros(len(y))
        for k in range(FOLDS):
            left_out = fold == k
            p[left_out] = LogisticRegression().fit(X[~left_out], y[~left_out]).predict_proba(X[left_out])[:, 1]
        model = LogisticRegression().fit(X, y)
        constants = ", ".join(f"{c:.2f}" for c in (*model.intercept_, *model.coef_[0][: len(inputs)]))
        print(f"{name} = ({constants})  # {len(y)} readings, {y.mean():.0%} right")
        of_kind = HELD * model.coef_[0][len(inputs) :]
        print(f"  { ({NAMES[k]: round(float(c), 2) for k, c in zip(kinds, of_kind) if abs(c) > 0.2}) }")
        brier, guess = np.mean((p - y) ** 2), y.mean() * (1 - y.mean())
        print(f"  Brier score {brier:.3f}, that of always saying {y.mean():.2f}: {guess:.3f}")
        for low in np.arange(0, 1, 0.2):
            some = (p >= low) & (p < low + 0.2)
            if some.any():
                print(f"  said {p[some].mean():.2f}: right {y[some].mean():.2f} of {some.sum()}")


if __name__ == "__main__":
    main()
