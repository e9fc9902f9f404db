"""Render random indoor and outdoor scenes with true depth, in shards.

    python training/rooms.py --assets DIR/assets.pkl --out DIR/shards --shards 100 --seed 0

A shard is an ``.npz`` with ``image`` (N, H, W, 3) uint8 sRGB and ``inverse`` (N, H, W) float16, the
inverse depth in 1/m (0 for sky), larger = nearer. Shards are of several picture shapes.
"""

from __future__ import annotations

import argparse
import io
import os
import pathlib
import pickle
import time

import numpy as np
from PIL import Image
from raycast import Palette, render
from scenes import Builder
from scipy import ndimage

SHAPES = ((256, 320), (224, 320), (256, 320), (288, 256), (224, 288), (320, 224))
VIEWS, SHARD = 6, 96  # views of one scene, views in one shard


def room(b, rng):
    """A furnished room, sometimes open to a larger one behind."""
    size = rng.uniform((2.4, 2.4), (6.5, 8.0)) * (1.6 if rng.random() < 0.15 else 1)
    low, high, height = -size / 2, size / 2, rng.uniform(2.1, 3.3)
    walls = [1, 1, 1, 1]
    if rng.random() < 0.35:
        walls[rng.integers(4)] = rng.choice([0, 0.4, 0.7])
        outer = size * rng.uniform(1.5, 2.5)
        b.hall(low - outer / 2, high + outer / 2, height + 0.02)
        b.scatter(low - outer / 2, high + outer / 2, 10)
    b.hall(low, high, height, walls=walls)
    b.scatter(low + 0.05, high - 0.05, int(rng.integers(8, 70)), boxes=rng.uniform(0, 0.4))
    b.pictures(low, high, height, int(rng.integers(0, 14)))
    b.hanging(low, high, height, int(rng.integers(0, 3)))
    return low, high, height


def workshop(b, rng):
    """A crowded place: a large thing close to the camera, shelves, things hanging above."""
    size = rng.uniform((3, 3), (7, 7))
    low, high, height = -size / 2, size / 2, rng.uniform(2.2, 3.5)
    b.hall(low, high, height)
    for _ in range(rng.integers(1, 4)):
        spot = rng.uniform(low, high) * 0.5
        b.piece(b.large[rng.integers(len(b.large))], (*spot, 0), rng.uniform(0, 6.3))
    b.scatter(low + 0.05, high - 0.05, int(rng.integers(40, 120)), boxes=rng.uniform(0.2, 0.6), piles=0.6)
    b.pictures(low, high, height, int(rng.integers(10, 30)))
    b.hanging(low * 0.9, high * 0.9, height, int(rng.integers(2, 14)))
    return low, high, height


def table(b, rng):
    """Small things on a table, seen from near."""
    low, high, height = room(b, rng)
    top, size = rng.uniform(0.4, 0.95), rng.uniform((0.6, 0.6), (1.6, 1.6))
    b.box((0, 0, top - 0.05), (*size, 0.05), rng.uniform(0, 6.3), b.material(0.2))
    b.box((0, 0, 0), (*(size * 0.8), top - 0.06))
    for _ in range(rng.integers(2, 16)):
        spot = rng.uniform(-0.42, 0.42, 2) * size
        if rng.random() < 0.3:
            b.box((*spot, top), rng.uniform(0.03, 0.35, 3), rng.uniform(0, 6.3))
        else:
            piece = b.any_piece()
            scale = min(1.0, rng.uniform(0.08, 0.5) / piece["size"].max())
            b.piece(piece, (*spot, top), rng.uniform(0, 6.3), scale)
    return low, high, height, np.array([0, 0, top])


def outdoors(b, rng):
    """Ground, buildings, trees, people and vehicles under a sky."""
    b.ground(rng.uniform(80, 400), rng.choice([0.05, 0.5, 2.0]), rng.choice([0, 0, 0.05, 0.2, 0.5]))
    reach = rng.uniform(4, 25)
    low, high = np.array([-reach, -reach]), np.array([reach, reach])
    b.scatter(low, high, int(rng.integers(10, 90)), boxes=rng.uniform(0, 0.3), piles=0.1)
    outside = [p for p in b.assets["pieces"] if p["category"] in ("Exterior", "Vehicles", "Characters")]
    for _ in range(rng.integers(0, 25)):
        spot = rng.normal(0, reach, 2)
        b.piece(outside[rng.integers(len(outside))], (*spot, 0), rng.uniform(0, 6.3), rng.uniform(0.8, 1.6))
    for _ in range(rng.integers(0, 12)):
        angle, far = rng.uniform(0, 6.3), rng.uniform(reach, reach * 4)
        b.box((far * np.cos(angle), far * np.sin(angle), 0), rng.uniform((3, 3, 2), (20, 20, 20)), rng.uniform(0, 6.3))
    return low, high, 30.0


def corridor(b, rng):
    """Two long walls, with or without a ceiling: corridors, streets, alleys."""
    open_, width = rng.random() < 0.5, rng.uniform(1.4, 4)
    width *= rng.uniform(1.5, 4) if open_ else 1
    length, height = rng.uniform(8, 40), rng.uniform(2.1, 3.5) * (rng.uniform(1, 4) if open_ else 1)
    low, high = np.array([-length / 2, -width / 2]), np.array([length / 2, width / 2])
    if open_:
        b.ground(200, 0.02, 0.0)
    b.hall(low, high, height, ceiling=not open_, walls=[1, int(rng.random() < 0.5), 1, int(rng.random() < 0.5)])
    b.scatter(low, high, int(rng.integers(5, 70)), boxes=0.3)
    b.pictures(low, high, min(height, 4), int(rng.integers(5, 30)))
    return low, high, height


KINDS = ((room, 0.38), (workshop, 0.2), (table, 0.14), (outdoors, 0.16), (corridor, 0.12))


def sky_of(assets, rng):
    """A function from directions to sky colours: a gradient, sometimes with clouds from a texture."""
    top, bottom = rng.uniform(0.2, 1, 3), rng.uniform(0.5, 1, 3)
    if rng.random() < 0.6:
        top = np.array([0.25, 0.45, 0.85]) * rng.uniform(0.6, 1.3)
    texture = assets["textures"][rng.choice(assets["crops"] + assets["patterns"])] / 255.0
    share, turn = rng.uniform(0, 0.6) * (rng.random() < 0.7), rng.uniform(0, 6.3)

    def sky(directions):
        unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        t = np.clip(unit[:, 2:] * 1.5, 0, 1)
        x = ((np.arctan2(unit[:, 1], unit[:, 0]) + turn) / 3.2 % 1 * 255).astype(int)
        y = (np.clip(1 - unit[:, 2], 0, 1) * 255).astype(int)
        return (bottom * (1 - t) + top * t) * (1 - share) + share * texture[y, x]

    return sky


def camera_of(kind, place, rng):
    low, high, height = place[:3]
    fov, roll = np.radians(rng.uniform(42, 82)), np.radians(rng.normal(0, 2.5))
    pitch = rng.choice([rng.normal(-7, 9), rng.normal(-35, 12), rng.normal(8, 6)], p=[0.75, 0.2, 0.05])
    if kind is table:
        target, far, tilt = place[3], rng.uniform(0.35, 1.4), np.radians(rng.uniform(5, 60))
        yaw = rng.uniform(0, 2 * np.pi)
        back = np.array([np.cos(yaw) * np.cos(tilt), np.sin(yaw) * np.cos(tilt), -np.sin(tilt)])
        return target - far * back + rng.normal(0, 0.06, 3), fov, yaw, -tilt + rng.normal(0, 0.12), roll
    inner = rng.uniform(low * 0.92, high * 0.92)
    z = float(np.clip(rng.normal(1.35, 0.35), 0.35, min(height, 2.4) - 0.2))
    yaw = np.arctan2(*(-inner + rng.normal(0, 0.3, 2) * (high - low))[::-1]) + rng.normal(0, 0.5)
    if kind is workshop and rng.random() < 0.6:
        pitch, z = rng.normal(-6, 7), rng.uniform(0.5, 1.6)
    return np.array([*inner, z]), fov, yaw, np.radians(pitch), roll


def lights_of(place, rng):
    low, high, height = place[:3]
    warm = 1 + rng.uniform(-0.2, 0.2, 3)
    if height > 10 or rng.random() < 0.1:
        sun = np.array([rng.normal(0, 1), rng.normal(0, 1), rng.uniform(0.3, 1.5)]) * 300
        return [(sun, warm, 3e4 * rng.uniform(0.3, 1.2), rng.uniform(0.5, 20))], warm[::-1] * rng.uniform(0.3, 0.9)
    spots = [np.array([*rng.uniform(low, high), height * rng.uniform(0.5, 0.97)]) for _ in range(rng.integers(1, 4))]
    return [(s, warm, rng.uniform(0.3, 1.5), rng.uniform(0.02, 0.5)) for s in spots], warm * rng.uniform(0.15, 0.7)


def paste_stamps(image, depth, stamps, focal, rng):
    """Stand-up pictures at one depth each, hidden by what is nearer; in place."""
    height, width = depth.shape
    for _ in range(rng.integers(1, 4)):
        stamp = stamps[rng.integers(len(stamps))]
        z = float(np.quantile(depth[np.isfinite(depth)], rng.uniform(0.02, 0.7)) * rng.uniform(0.6, 1))
        high = int(np.clip(rng.uniform(0.15, 1.8) * focal / z, 12, height * 0.9))
        wide = max(int(high * stamp.shape[1] / stamp.shape[0]), 4)
        if wide > width:
            continue
        cut = np.asarray(Image.fromarray(stamp).resize((wide, high), Image.Resampling.BILINEAR)) / 255.0
        x, y = rng.integers(0, width - wide + 1), rng.integers(0, height - high + 1)
        window = (slice(y, y + high), slice(x, x + wide))
        alpha = cut[..., 3] * (depth[window] > z)
        light = rng.uniform(0.4, 1.2) * (0.2 + image[window].mean())
        image[window] = image[window] * (1 - alpha[..., None]) + alpha[..., None] * cut[..., :3] ** 2 * light * 1.5
        depth[window] = np.where(alpha > 0.5, z, depth[window])


def develop(image, rng):
    """Linear light (H, W, 3) to an 8-bit picture as a camera would give it."""
    image = image * (rng.uniform(0.3, 0.55) / (np.mean(image) + 1e-6)) * 1.1
    image = image * (1 + rng.normal(0, 0.06, 3))
    image = np.clip(image / (1 + 0.25 * image) * 1.1, 0, 1) ** (1 / rng.uniform(1.7, 2.4))
    grey = image.mean(-1, keepdims=True)
    image = grey + (image - grey) * rng.uniform(0.3, 1.4)
    image = (image - 0.5) * rng.uniform(0.8, 1.25) + 0.5 + rng.normal(0, 0.03)
    image = ndimage.gaussian_filter(image, (s := rng.uniform(0.3, 0.9), s, 0))
    image = image + rng.normal(0, rng.uniform(0, 0.03), image.shape)
    picture = Image.fromarray((np.clip(image, 0, 1) * 255).astype(np.uint8))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=int(rng.integers(45, 96)))
    return np.asarray(Image.open(buffer))


def good(depth, rng):
    """Not blocked by something at the lens, not one flat wall, and mostly with several things in view."""
    depth = np.minimum(depth, 1e3)
    steps = [np.abs(np.diff(np.log(depth), axis=axis)) > 0.12 for axis in (0, 1)]
    if np.mean([s.mean() for s in steps]) < rng.uniform(0, 0.2):
        return False
    inverse = 1 / depth
    spread = np.quantile(inverse, 0.95) / (np.quantile(inverse, 0.05) + 1e-3)
    return np.quantile(depth, 0.3) > 0.25 and depth.min() > 0.08 and spread > 1.4


def views(assets, palette, shape, rng):
    """Views of one random scene: yields (image uint8, inverse depth float16)."""
    kind = rng.choice(len(KINDS), p=[p for _, p in KINDS])
    kind, b = KINDS[kind][0], Builder(assets, rng)
    place = kind(b, rng)
    mesh, (lights, ambient), sky = b.mesh(), lights_of(place, rng), sky_of(assets, rng)
    stamped, made = rng.random() < 0.3, 0
    for _ in range(VIEWS * 6):
        camera = camera_of(kind, place, rng)
        _, probe = render(mesh, palette, camera, [], ambient, sky, (18, 24), rng)
        if not good(probe, rng):
            continue
        image, depth = render(mesh, palette, camera, lights, ambient, sky, shape, rng)
        if stamped:
            paste_stamps(image, depth, assets["stamps"], shape[1] / 2 / np.tan(camera[1] / 2), rng)
        yield develop(image, rng), (1 / np.maximum(depth, 0.05)).astype(np.float16)
        made += 1
        if made == VIEWS:
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--shards", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    assets = pickle.loads(args.assets.read_bytes())
    palette = Palette(assets["textures"])
    args.out.mkdir(parents=True, exist_ok=True)
    for number in range(args.first, args.first + args.shards):
        path, start = args.out / f"{number:05d}.npz", time.time()
        if path.exists():
            continue
        rng, shape, made = np.random.default_rng([args.seed, number]), SHAPES[number % len(SHAPES)], []
        while len(made) < SHARD:
            made += list(views(assets, palette, shape, rng))
        images, inverses = zip(*made[:SHARD], strict=True)
        with open(path.with_suffix(".part"), "wb") as file:
            np.savez(file, image=np.stack(images), inverse=np.stack(inverses))
        os.replace(path.with_suffix(".part"), path)
        print(f"{path.name}: {SHARD} views of {shape} in {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
