"""Two-dimensional training scenes for the tiny SAM: pictures whose regions are known exactly.

A scene is a background partition (horizons, cells, level sets, straight cuts, or a real photo left unlabelled),
each region filled with a crop of a photo or a procedural texture, then cut-outs and blobs on top, common light,
blur, noise and compression. Every scene has three label maps, from fine to coarse: parts, objects, groups.
A share of the scenes are plain crops of photos labelled by felzenszwalb at three scales, so that the
statistics of real pictures are seen too.
"""

from __future__ import annotations

import pathlib

import cv2
import numpy as np
from PIL import Image

UNLABELLED = 0


def load_photos(folders, longest: int = 1600) -> list[np.ndarray]:
    """Read photos.

    Parameters
    ----------
    folders : iterable of path-like
        Folders (searched recursively) or single files, ``.jpg`` and ``.png``.
    longest : int
        Larger pictures are reduced to this many pixels on their longer side.

    Returns
    -------
    list of numpy.ndarray
        Each (H, W, 3) uint8 RGB.

    Raises
    ------
    ValueError
        If no photo is found.
    """
    photos = []
    for path in sorted({p for folder in folders for p in _pictures(pathlib.Path(folder))}):
        picture = Image.open(path).convert("RGB")
        picture.thumbnail((longest, longest))
        photos.append(np.asarray(picture))
    if not photos:
        raise ValueError(f"no .jpg or .png in {[str(f) for f in folders]}: one photo at least; pass --photos")
    return photos


def _pictures(path: pathlib.Path):
    return [path] if path.is_file() else [p for p in path.rglob("*") if p.suffix in {".jpg", ".png"}]


def load_stamps(folder, longest: int = 400) -> list[np.ndarray]:
    """Read cut-outs with transparency below `folder` (drawn symbols and mirrored copies left out).

    Returns
    -------
    list of numpy.ndarray
        Each (H, W, 4) uint8 RGBA, cropped to its opaque part.
    """
    stamps = []
    for path in sorted(pathlib.Path(folder).rglob("*.png")):
        if any(word in str(path) for word in ("mirror", "flip", "symbols", "cartoon")):
            continue
        picture = Image.open(path).convert("RGBA")
        picture.thumbnail((longest, longest))
        stamp = np.asarray(picture)
        ys, xs = np.nonzero(stamp[..., 3] > 128)
        if len(ys) > 400:
            stamps.append(stamp[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1])
    return stamps


def noise(rng, shape, coarsest: int = 2, octaves: int = 6, decay: float = 0.5) -> np.ndarray:
    """Fractal noise, (H, W) float32 in 0..1."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        grid = rng.random((coarsest * 2**octave + 2,) * 2, dtype=np.float32)
        total += decay**octave * cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)
    low, high = total.min(), total.max()
    return (total - low) / (high - low)


# ---------------------------------------------------------------------------------------- partitions
def partition(rng, shape) -> np.ndarray:
    """Divide a picture into regions, (H, W) int labels from 0."""
    kind = rng.choice([bands, cells, levels, cuts], p=[0.35, 0.25, 0.2, 0.2])
    return kind(rng, shape)


def bands(rng, shape):
    """Layers below one another with fractal outlines: sky, hills, field; now and then side by side."""
    labels = np.zeros(shape, np.uint8)
    y = np.arange(shape[0])[:, None]
    for height in np.sort(rng.uniform(0.05, 0.95, rng.integers(1, 5))):
        line = noise(rng, (4, shape[1]), 2, 6, rng.uniform(0.2, 0.6))[1]
        labels += y > shape[0] * (height + rng.uniform(0, 0.35) * (line - 0.5))
    if rng.random() < 0.15:
        labels = cv2.resize(np.ascontiguousarray(labels.T), shape[::-1], interpolation=cv2.INTER_NEAREST)
    return labels


def cells(rng, shape):
    """Voronoi cells with warped outlines."""
    yx = _warped(rng, shape, rng.uniform(0, 60))
    seeds = rng.random((rng.integers(2, 14), 2)) * shape
    distance = [(yx[0] - y) ** 2 + (yx[1] - x) ** 2 * rng.uniform(0.5, 2) for y, x in seeds]
    return np.argmin(distance, axis=0)


def levels(rng, shape):
    """Level sets of smooth noise: puddles, clouds, camouflage."""
    field = noise(rng, shape, rng.integers(1, 4), 5, rng.uniform(0.2, 0.5))
    return np.digitize(field, np.sort(rng.uniform(0.25, 0.75, rng.integers(1, 4))))


def cuts(rng, shape):
    """Straight lines, each cutting one region in two: walls, roofs, tables."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, int)
    for new in range(1, rng.integers(2, 10)):
        which = rng.integers(labels.max() + 1)
        ys, xs = np.nonzero(labels == which)
        i = rng.integers(len(ys))
        angle = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)], p=[0.3, 0.3, 0.4])
        side = (x - xs[i]) * np.cos(angle) + (y - ys[i]) * np.sin(angle) > 0
        labels[(labels == which) & side] = new
        labels = np.unique(labels, return_inverse=True)[1].reshape(shape)
    return labels


def _warped(rng, shape, amount):
    yx = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    for axis in yx:
        axis += amount * (noise(rng, shape, rng.integers(2, 5), 5) - 0.5)
    return yx


# --------------------------------------------------------------------------------------------- fills
def fill(rng, photos, shape) -> np.ndarray:
    """A texture for one region, (H, W, 3) float32 in 0..255."""
    kind = rng.choice([photo_fill, phase_fill, noise_fill, stripe_fill, flat_fill], p=[0.55, 0.12, 0.13, 0.08, 0.12])
    texture = kind(rng, photos, shape)
    if rng.random() < 0.4:
        texture = _colour(rng) + (texture - texture.mean((0, 1))) * rng.uniform(0.3, 1.2)
    if rng.random() < 0.3:  # distance and sky: less contrast
        texture = texture.mean((0, 1)) + (texture - texture.mean((0, 1))) * rng.uniform(0.1, 0.5)
    return texture


def crop(rng, photo, shape, smallest=32):
    """A random crop of `photo` with the aspect of `shape`, resized to it, (H, W, 3) float32."""
    height, width = photo.shape[:2]
    largest = min(height / shape[0], width / shape[1])
    scale = np.exp(rng.uniform(np.log(min(smallest / min(shape), largest)), np.log(largest)))
    h, w = max(int(shape[0] * scale), 2), max(int(shape[1] * scale), 2)
    y, x = rng.integers(height - h + 1), rng.integers(width - w + 1)
    piece = photo[y : y + h, x : x + w]
    piece = cv2.resize(piece, shape[::-1], interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC)
    return (piece[:, ::-1] if rng.random() < 0.5 else piece).astype(np.float32)


def photo_fill(rng, photos, shape):
    """A crop of a random photo."""
    return crop(rng, photos[rng.integers(len(photos))], shape)


def phase_fill(rng, photos, shape):
    """The spectrum of a crop with random phases: a stationary texture with the photo's grain."""
    piece = photo_fill(rng, photos, (128, 128))
    mean = piece.mean((0, 1))
    phase = np.exp(1j * np.angle(np.fft.fft2(rng.standard_normal((128, 128)))))[..., None]
    texture = np.fft.ifft2(np.fft.fft2(piece - mean, axes=(0, 1)) * phase, axes=(0, 1)).real + mean
    repeats = [-(-s // 128) for s in shape] + [1]
    return np.tile(texture, repeats)[: shape[0], : shape[1]].astype(np.float32)


def noise_fill(rng, photos, shape):
    """Fractal noise between two colours."""
    t = noise(rng, shape, rng.integers(1, 24), 4, rng.uniform(0.4, 1.0))[..., None]
    return _colour(rng) * t + _colour(rng) * (1 - t)


def stripe_fill(rng, photos, shape):
    """Warped stripes of two colours."""
    y, x = _warped(rng, shape, rng.uniform(0, 30))
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 40)
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period)
    t = (np.clip(wave * rng.uniform(0.5, 4), -1, 1)[..., None] + 1) / 2
    first = _colour(rng)
    second = first + rng.normal(0, 40, 3) if rng.random() < 0.6 else _colour(rng)
    return (first * t + second * (1 - t)).astype(np.float32)


def flat_fill(rng, photos, shape):
    """One colour with a gradient: wall, sky."""
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape)
    slope = rng.normal(0, 50, (2, 3))
    return (_colour(rng) + y[..., None] * slope[0] + x[..., None] * slope[1]).astype(np.float32)


def _colour(rng):
    grey = rng.uniform(10, 245)
    return np.clip(grey + rng.normal(0, rng.choice([8, 25, 60]), 3), 0, 255).astype(np.float32)
