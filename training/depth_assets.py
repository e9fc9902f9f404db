"""What the rendered scenes of `rooms.py` are made of: furniture models, textures, cut-out stamps.

    python training/depth_assets.py --out DIR/assets.pkl

Sources (Debian packages): ``sweethome3d-furniture`` (CC0, CC-BY 3.0), ``mate-backgrounds`` (GPL-2+),
``ukui-wallpapers`` (CC-BY-SA 3.0), ``tuxpaint-stamps-default`` (GPL-2), and sample pictures of scikit-image.
"""

from __future__ import annotations

import argparse
import io
import pathlib
import pickle
import zipfile

import numpy as np
from PIL import Image

FURNITURE = pathlib.Path("/usr/share/sweethome3d/furniture")
PHOTOS = pathlib.Path("/usr/share/backgrounds")
STAMPS = pathlib.Path("/usr/share/tuxpaint/stamps")
SAMPLES = ("astronaut", "brick", "chelsea", "coffee", "grass", "gravel")
SIZE = 256  # texels of one side of a texture
MAX_BYTES, MAX_TRIANGLES = 450_000, 12_000


def read_materials(text: str) -> dict:
    """Materials of an MTL file: name -> (RGB colour 0..1, opacity, texture file name or None)."""
    materials, name = {}, None
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2:
            continue
        if words[0] == "newmtl":
            name = words[1]
            materials[name] = [(0.7, 0.7, 0.7), 1.0, None]
        elif name and words[0] == "Kd":
            materials[name][0] = tuple(float(w) for w in words[1:4])
        elif name and words[0] == "d":
            materials[name][1] = float(words[1])
        elif name and words[0] == "map_Kd":
            materials[name][2] = words[-1]
    return materials


def read_obj(text: str):
    """Triangles of an OBJ file: (T, 3, 3) corners, (T, 3, 2) texture coordinates, T material names."""
    v, vt, corners, coords, names, material = [], [(0.0, 0.0)], [], [], [], ""
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            v.append((float(words[1]), float(words[2]), float(words[3])))
        elif words[0] == "vt":
            vt.append((float(words[1]), float(words[2])))
        elif words[0] == "usemtl":
            material = words[1] if len(words) > 1 else ""
        elif words[0] == "f":
            face = [w.split("/") for w in words[1:]]
            p = [int(w[0]) for w in face]
            p = [i - 1 if i > 0 else len(v) + i for i in p]
            t = [int(w[1]) if len(w) > 1 and w[1] else 0 for w in face]
            for k in range(1, len(p) - 1):
                corners.append((p[0], p[k], p[k + 1]))
                coords.append((t[0], t[k], t[k + 1]))
                names.append(material)
    return np.asarray(v, np.float32)[np.asarray(corners)], np.asarray(vt, np.float32)[np.asarray(coords)], names


def projected(triangles):
    """Texture coordinates in metres, from the face's dominant axis: (T, 3, 3) -> (T, 3, 2)."""
    normal = np.abs(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]))
    axis = normal.argmax(1)
    kept = np.array([[1, 2], [0, 2], [0, 1]])[axis]
    return np.take_along_axis(triangles, kept[:, None, :].repeat(3, 1), 2)


def catalogue(text: str) -> list[dict]:
    """Pieces of a Sweet Home 3D catalogue, one dict of properties each."""
    pieces: dict = {}
    for line in text.splitlines():
        key, _, value = line.partition("=")
        field, _, number = key.partition("#")
        if number.isdigit():
            pieces.setdefault(int(number), {})[field] = value.strip()
    return [p for p in pieces.values() if "model" in p and "width" in p]


class Textures:
    """A growing list of square textures."""

    def __init__(self):
        self.images = []

    def add(self, image: Image.Image) -> int:
        self.images.append(np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)))
        return len(self.images) - 1


def load_piece(archive, piece, textures, cache) -> dict | None:
    """One piece in metres, z up, standing on z = 0, centred in x and y."""
    path = piece["model"].lstrip("/")
    if not path.endswith(".obj") or archive.getinfo(path).file_size > MAX_BYTES:
        return None
    triangles, uv, names = read_obj(archive.read(path).decode("latin-1"))
    folder = path.rsplit("/", 1)[0]
    try:
        table = read_materials(archive.read(path[:-4] + ".mtl").decode("latin-1"))
    except KeyError:
        table = {}
    rows = [table.get(n, [(0.7, 0.7, 0.7), 1.0, None]) for n in names]
    solid = np.array([r[1] > 0.4 for r in rows])
    if not 4 <= solid.sum() <= MAX_TRIANGLES:
        return None
    triangles = np.stack([triangles[..., 0], -triangles[..., 2], triangles[..., 1]], -1)[solid]
    low, high = triangles.min((0, 1)), triangles.max((0, 1))
    size = np.array([float(piece[k]) / 100 for k in ("width", "depth", "height")], np.float32)
    triangles = (triangles - [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]]) / np.maximum(high - low, 1e-6)
    triangles = (triangles * size).astype(np.float32)
    keys = [tuple(map(str, r)) for r in rows]
    unique = sorted(dict(zip(keys, rows)).items())
    index = {k: i for i, (k, _) in enumerate(unique)}
    material = np.array([index[k] for k in keys])[solid]
    table_rows = []
    for _, (colour, _, name) in unique:
        member = f"{folder}/{name}"
        if name and member not in cache:
            try:
                cache[member] = textures.add(Image.open(io.BytesIO(archive.read(member))))
            except (KeyError, OSError):
                cache[member] = -1
        table_rows.append((*colour, cache.get(member, -1) if name else -1))
    plain = np.array([r[3] < 0 for r in table_rows])[material]
    uv = uv[solid]
    uv[plain] = projected(triangles[plain])
    return dict(
        name=piece.get("name", ""), category=piece.get("category", ""), size=size,
        triangles=triangles, uv=uv, material=material, table=np.array(table_rows, np.float32),
        elevation=float(piece.get("elevation", 0) or 0) / 100, opening=piece.get("doorOrWindow") == "true",
    )  # fmt: skip


def load_furniture(textures) -> list[dict]:
    pieces = []
    for file in sorted(FURNITURE.glob("*.sh3f")):
        archive, cache = zipfile.ZipFile(file), {}
        text = archive.read("PluginFurnitureCatalog.properties").decode("latin-1")
        for piece in catalogue(text):
            try:
                pieces.append(load_piece(archive, piece, textures, cache))
            except (KeyError, ValueError, IndexError):  # a missing file or a dialect of OBJ we do not read
                continue
    return [p for p in pieces if p]


def load_photos() -> list[Image.Image]:
    from skimage import data

    files = [
        *PHOTOS.glob("*.jpg"),
        *PHOTOS.glob("*.png"),
        *PHOTOS.glob("mate/nature/*"),
        *PHOTOS.glob("mate/abstract/*"),
    ]
    photos = [Image.open(f).convert("RGB") for f in sorted(files)]
    photos += [Image.fromarray(getattr(data, name)()).convert("RGB") for name in SAMPLES]
    for photo in photos:
        photo.thumbnail((1600, 1600))
    return photos


def photo_crops(photos, count, rng, textures) -> list[int]:
    ids = []
    for _ in range(count):
        photo = photos[rng.integers(len(photos))]
        side = int(min(photo.size) * rng.uniform(0.12, 0.9))
        x, y = (int(rng.integers(0, extent - side + 1)) for extent in photo.size)
        crop = photo.crop((x, y, x + side, y + side))
        ids.append(textures.add(crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else crop))
    return ids


def patterns(count, rng, textures) -> list[int]:
    """Procedural textures: noise of many scales, planks, tiles, stripes, checks."""
    ids, (y, x) = [], np.mgrid[0:SIZE, 0:SIZE] / SIZE
    for _ in range(count):
        noise = np.zeros((SIZE, SIZE))
        for octave in range(1, 8):
            grid = Image.fromarray(rng.standard_normal((2**octave, 2**octave)).astype(np.float32))
            noise += np.asarray(grid.resize((SIZE, SIZE), Image.Resampling.BICUBIC)) / 2 ** (
                octave * rng.uniform(0.3, 1)
            )
        n, m = rng.integers(2, 12, 2)
        kind = rng.integers(5)
        cell = (np.floor(x * n) * 7 + np.floor(y * m + (np.floor(x * n) % 2) * 0.5 * (kind == 1)) * 13) % 16 / 16
        line = (np.minimum(x * n % 1, y * m % 1) < 0.05).astype(float)
        base = [noise * 0.3, cell * 0.5 - line + noise * 0.1, np.sign(np.sin(2 * np.pi * n * x)) * 0.3 + noise * 0.05,
                ((np.floor(x * n) + np.floor(y * n)) % 2) * 0.6 + noise * 0.05, noise * 0.1][kind]  # fmt: skip
        first, second = rng.uniform(0.1, 1, 3), rng.uniform(0.1, 1, 3)
        if rng.random() < 0.6:
            second = first * rng.uniform(0.5, 1.3)
        mix = np.clip(base + 0.5, 0, 1)[..., None]
        ids.append(
            textures.add(Image.fromarray((np.clip(first * mix + second * (1 - mix), 0, 1) * 255).astype(np.uint8)))
        )
    return ids


def load_stamps() -> list[np.ndarray]:
    """Cut-outs: (h, w, 4) uint8 RGBA, at most 160 pixels high and wide."""
    stamps = []
    for file in sorted(STAMPS.rglob("*.png")):
        if "symbols" in file.parts or "space" in file.parts:
            continue
        image = Image.open(file).convert("RGBA")
        image = image.crop(image.getchannel("A").getbbox())
        image.thumbnail((160, 160))
        if min(image.size) > 24:
            stamps.append(np.asarray(image))
    return stamps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng, textures = np.random.default_rng(args.seed), Textures()
    pieces = load_furniture(textures)
    crops = photo_crops(load_photos(), 400, rng, textures)
    made = patterns(200, rng, textures)
    assets = dict(pieces=pieces, textures=np.stack(textures.images), crops=crops, patterns=made, stamps=load_stamps())
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(pickle.dumps(assets, protocol=5))
    print(f"{len(pieces)} models, {len(textures.images)} textures, {len(assets['stamps'])} stamps")


if __name__ == "__main__":
    main()
