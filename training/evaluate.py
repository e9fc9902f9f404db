"""Measure the tiny SAM and the tiny depth on real photos that nobody trained on.

    python training/evaluate.py --bsds FOLDER --rgbd FOLDER [--limit N]

``--bsds``: NAME.jpg with NAME.npz, one (H, W) label map for each human annotator (BSDS500, Arbelaez et al. 2011).
For every human segment above 2 % of the photo: the best IoU among the automatic masks, and that of the mask under one
click at the segment's innermost point; the same for the classical baseline, scikit-image's ``felzenszwalb``.

``--rgbd``: NAME.jpg with NAME_depth.png (16-bit millimetres, 0 = no reading); scikit-image's motorcycle is
added. The share of random pixel pairs, 2 % apart in true depth or more, whose order is right, beside the prior "lower
in the picture is nearer".

``training/eval_codi.py`` does the same for the sounds.
"""

import argparse
import pathlib
import time

import numpy as np
import skimage
from PIL import Image
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import felzenszwalb

import see2sound_nb as s2s

_models = {}


def sam():
    """The tiny SAM and its generator's options, loaded once."""
    if "sam" not in _models:
        _models["sam"] = s2s.load_sam("tiny-sam")
    return _models["sam"]


def masks(I):
    """Automatic masks (N, H, W) of a photo (H, W, 3)."""
    return s2s.automatic_masks(I, *sam())[0]


def click(I, point):
    """The mask (H, W) under one click (x, y): of SAM's three answers the one it thinks best."""
    from segment_anything import SamPredictor

    if "predictor" not in _models:
        _models["predictor"] = SamPredictor(sam()[0])
    predictor = _models["predictor"]
    if _models.get("photo") is not I:
        predictor.set_image(I)
        _models["photo"] = I
    answers, scores, _ = predictor.predict(np.array([point], np.float32), np.array([1]))
    return answers[scores.argmax()]


def depth(I):
    """Inverse depth (H, W) of a photo, larger is nearer."""
    if "depth" not in _models:
        _models["depth"] = s2s.load_depth("tiny-depth")
    return s2s.estimate_depth(I, *_models["depth"])


def iou(a, b):
    return np.logical_and(a, b).sum() / max(np.logical_or(a, b).sum(), 1)


def innermost(segment):
    inside = distance_transform_edt(np.pad(segment, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(inside.argmax(), inside.shape)
    return int(x), int(y)


def human_segments(path):
    for labels in np.load(path, allow_pickle=False).values():
        for label in np.unique(labels):
            if (labels == label).mean() > 0.02:
                yield labels == label


def segmentation(folder, limit):
    rows = []
    for photo in sorted(folder.glob("*.jpg"))[:limit]:
        I = np.asarray(Image.open(photo).convert("RGB"))
        segments = list(human_segments(photo.with_suffix(".npz")))
        regions = felzenszwalb(I, scale=300, sigma=0.8, min_size=300)
        classical = [regions == label for label in np.unique(regions)]
        started = time.perf_counter()
        found = masks(I)
        seconds = time.perf_counter() - started
        points = [innermost(segment) for segment in segments]
        rows.append(
            [
                np.mean([max((iou(s, m) for m in found), default=0) for s in segments]),
                np.mean([iou(s, click(I, p)) for s, p in zip(segments, points)]),
                np.mean([max(iou(s, m) for m in classical) for s in segments]),
                np.mean([iou(s, regions == regions[y, x]) for s, (x, y) in zip(segments, points)]),
                seconds,
            ]
        )
    auto, one_click, classical, classical_click, seconds = np.mean(rows, axis=0)
    print(f"segmentation, {len(rows)} photos, mean IoU: automatic {auto:.3f} (felzenszwalb {classical:.3f}), "
          f"one click {one_click:.3f} (felzenszwalb {classical_click:.3f}), {seconds:.2f} s a photo")  # fmt: skip


def depth_pictures(folder):
    data = pathlib.Path(skimage.__file__).parent / "data"
    disparity = next(iter(np.load(data / "motorcycle_disp.npz").values()))
    true = np.where(np.isfinite(disparity) & (disparity > 0), 1.0 / np.maximum(disparity, 1e-6), 0.0)
    yield "motorcycle", data / "motorcycle_left.png", true
    for path in sorted(folder.glob("*_depth.png")):
        name = path.name.removesuffix("_depth.png")
        yield name, folder / f"{name}.jpg", np.asarray(Image.open(path)).astype(float)


def right_order(true, nearness, pairs=200_000):
    rng = np.random.default_rng(0)
    valid = np.argwhere(true > 0)
    a, b = (tuple(valid[rng.integers(len(valid), size=pairs)].T) for _ in range(2))
    apart = np.abs(true[a] - true[b]) > 0.02 * np.minimum(true[a], true[b])
    right = ((true[a] < true[b]) == (nearness[a] > nearness[b])) & (nearness[a] != nearness[b])
    return right[apart].mean()


def depth_order(folder):
    rows = []
    for name, photo, true in depth_pictures(folder):
        lower = np.arange(true.shape[0])[:, None] + np.random.default_rng(1).random(true.shape) * 1e-6
        rows.append([right_order(true, depth(np.asarray(Image.open(photo).convert("RGB")))), right_order(true, lower)])
        print(f"depth, {name}: {rows[-1][0]:.3f} of the pairs right (prior {rows[-1][1]:.3f})")
    print("depth, mean: {:.3f} of the pairs right (prior {:.3f})".format(*np.mean(rows, axis=0)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bsds", type=pathlib.Path)
    parser.add_argument("--rgbd", type=pathlib.Path)
    parser.add_argument("--limit", type=int, help="only the first photos")
    args = parser.parse_args()
    if not (args.bsds or args.rgbd):
        parser.error("nothing to measure: give --bsds, --rgbd or both")
    if args.rgbd:
        depth_order(args.rgbd)
    if args.bsds:
        segmentation(args.bsds, args.limit)


if __name__ == "__main__":
    main()
