"""Train the layer that tells scenes apart (`see2sound_nb.regions.ambience`): multinomial logistic regression.

    python training/fetch_photos.py --out PHOTOS
    python training/make_ambience.py --photos PHOTOS

Its input is the mean of the classifier's logits over a photo and over its mirror image, its answers the key "scene" of
``photos.json``. Left out in ten folds it is judged twice: is it the scene, and is the scene's sound among those that
a listener would find fair? Writes ``scene.safetensors``.
"""

from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np

FOLDS = 10
#: The scenes of the answers, as those that the layer knows; what is not listed trains nothing.
KNOWN = {
    "indoor-quiet": "room", "indoor-people": "room", "studio": "room", "drawing": "room", "text": "room",
    "street": "street", "city-far": "street", "forest": "woods and fields", "field": "woods and fields",
    "mountain": "open air",
    "snow": "open air", "desert": "open air", "aerial": "open air", "sea": "sea", "lake": "lake or river",
    "river": "lake or river", "waterfall": "lake or river",
}  # fmt: skip


def main() -> None:
    """Judge on what is left out, then train on all and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=pathlib.Path, required=True, help="folder, as from fetch_photos.py")
    parser.add_argument("--inverse-penalty", type=float, default=0.004)
    args = parser.parse_args()
    from safetensors.numpy import save_file
    from sklearn.linear_model import LogisticRegression

    from see2sound_nb.media.pictures import read_image
    from see2sound_nb.regions.activation import label_logits
    from see2sound_nb.regions.ambience import SCENES, WEIGHTS

    photos = [one for one in json.loads((args.photos / "labels.json").read_text()) if KNOWN.get(one["scene"]) in SCENES]
    photos = [one for one in photos if (args.photos / f"{one['photo']}.jpg").exists()]
    looks = []
    for photo in photos:
        I = read_image(args.photos / f"{photo['photo']}.jpg")
        looks.append([label_logits(turned).mean(axis=(0, 1)) for turned in (I, np.ascontiguousarray(I[:, ::-1]))])
    X, names = np.array(looks, dtype=np.float64), list(SCENES)
    mean = X.mean(axis=(0, 1))
    y = np.array([names.index(KNOWN[photo["scene"]]) for photo in photos])

    def fitted(chosen: np.ndarray) -> LogisticRegression:
        model = LogisticRegression(C=args.inverse_penalty, max_iter=100)
        return model.fit((X[chosen] - mean).reshape(-1, X.shape[-1]), np.repeat(y[chosen], 2))

    fold, said = np.arange(len(y)) % FOLDS, np.zeros((len(y), len(names)))
    for k in range(FOLDS):
        model = fitted(fold != k)
        said[np.ix_(fold == k, model.classes_)] = model.predict_proba(X[fold == k, 0] - mean)
    best = said.argmax(axis=1)
    fair = []
    for photo, scene in zip(photos, best):
        kinds = {kind for thing in photo["things"] for kind in (thing["kind"], *thing.get("also", ()))}
        fair.append(SCENES[names[scene]][0] in kinds | set(photo["ambience"]))
    print(f"{len(y)} photos: the scene {np.mean(best == y):.0%}, a fair sound {np.mean(fair):.0%}")
    for low in (0.0, 0.4, 0.6, 0.8):
        some = (said.max(axis=1) >= low) & (said.max(axis=1) < low + (0.4 if low == 0 else 0.2))
        if some.any():
            right, fairly = np.mean(best[some] == y[some]), np.mean(np.array(fair)[some])
            print(
                f"  said {said.max(axis=1)[some].mean():.2f}: the scene {right:.2f}, fair {fairly:.2f} of {some.sum()}"
            )
    model = fitted(np.ones(len(y), dtype=bool))
    weight, bias = np.zeros((len(names), X.shape[-1]), np.float32), np.full(len(names), -20.0, np.float32)
    weight[model.classes_] = model.coef_
    bias[model.classes_] = model.intercept_ - model.coef_ @ mean
    part = WEIGHTS / "scene.safetensors.part"
    metadata = {"license": "Apache-2.0", "source": "training/make_ambience.py"}
    save_file({"weight": weight, "bias": bias}, part, metadata=metadata)
    part.chmod(0o644)
    part.rename(WEIGHTS / "scene.safetensors")


if __name__ == "__main__":
    main()
