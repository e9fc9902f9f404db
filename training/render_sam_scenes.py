"""Render the tiny SAM's training scenes with the frozen trunk's features, in shards that training loops over.

    python training/render_sam_scenes.py --out DIR --photos FOLDER [FOLDER ...] --stamps FOLDER --scenes 4096 --seed 1

Each shard is a folder of .npy files: ``picture`` (N, H, W, 3) uint8, ``labels`` (N, 3, H/2, W/2) uint8, and the
trunk's four feature maps ``f0`` to ``f3``, float16. A shard depends on the seed and its number only.
"""

import argparse
import os
import pathlib

import cv2
import numpy as np
import torch
from sam_compose import make_scene
from sam_scenes import load_photos, load_stamps

from see2sound_nb.models.trunk import PIXEL_MEAN, PIXEL_STD, load_trunk, trunk_features

SHAPES = ((256, 384), (256, 384), (288, 384), (384, 256))
SHARD = 32


def render_shard(out: pathlib.Path, number: int, seed: int, photos, stamps) -> None:
    """Write shard `number` below `out`, under a temporary name until it is complete."""
    rng = np.random.default_rng([seed, number])
    shape = SHAPES[number % len(SHAPES)]
    scenes = [make_scene(rng, photos, stamps, shape) for _ in range(SHARD)]
    arrays = {"picture": np.stack([p for p, _ in scenes]), "labels": np.stack([m[:, ::2, ::2] for _, m in scenes])}
    with torch.inference_mode():
        pixels = torch.from_numpy(arrays["picture"]).permute(0, 3, 1, 2).float()
        pixels = (pixels - PIXEL_MEAN[0]) / PIXEL_STD[0]
        parts = [trunk_features(load_trunk(), p) for p in pixels.split(8)]
    arrays |= {f"f{i}": torch.cat([p[i] for p in parts]).half().numpy() for i in range(4)}
    folder = out / f"shard{number:05d}"
    folder.with_suffix(".part").mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder.with_suffix(".part") / f"{name}.npy", array)
    os.replace(folder.with_suffix(".part"), folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--photos", nargs="+", required=True)
    parser.add_argument("--stamps", required=True)
    parser.add_argument("--scenes", type=int, default=4096)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    photos, stamps = load_photos(args.photos), load_stamps(args.stamps)
    for number in range(args.scenes // SHARD):
        if not (args.out / f"shard{number:05d}").exists():
            render_shard(args.out, number, args.seed, photos, stamps)
            print(f"shard {number}", flush=True)


if __name__ == "__main__":
    main()
