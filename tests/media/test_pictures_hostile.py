"""Mutated pictures of every format: each is read, or refused in one line that names it, in little time and memory.

``SEE2SOUND_HOSTILE_S`` says how many seconds it takes (3 by default), ``SEE2SOUND_HOSTILE_SEED`` where it begins. The
message names the seed, and the file that it made.
"""

import io
import os
import pathlib
import time
import warnings

import numpy as np
import pytest
from media.pictures_made import exif, grey_profile, jpeg, png16, quarters, rgb_profile, saved, tiff
from PIL import Image

from see2sound_nb.media import picture_files
from see2sound_nb.media.pictures import read_image

SECONDS = float(os.environ.get("SEE2SOUND_HOSTILE_S", "3"))
SEED = int(os.environ.get("SEE2SOUND_HOSTILE_SEED", "0"))
#: A mutated picture that is decoded may take this long, in seconds, under the lower bounds below.
SLOWEST_S = 10.0
#: Numbers that programs count with, and one beside.
EDGES = [0, 1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1]


def seeds() -> dict[str, bytes]:
    """One small picture of each format and way of coding."""
    I = quarters()
    rgb = Image.fromarray(I)
    grey16 = np.linspace(0, 65535, 96 * 64).reshape(64, 96).astype(np.uint16)
    profile = rgb_profile(np.eye(3), 1.8)
    made = {
        "jpeg": jpeg(),
        "progressive.jpeg": jpeg(progressive=True),
        "exif.jpeg": saved(rgb, "JPEG", exif=exif(gps=[(0, 1, (2, 3, 0, 0))])),
        "icc.jpeg": saved(rgb, "JPEG", icc_profile=profile),
        "cmyk.jpeg": saved(rgb.convert("CMYK"), "JPEG"),
        "grey.jpeg": saved(rgb.convert("L"), "JPEG", icc_profile=grey_profile(1.8)),
        "mpo": saved(rgb, "MPO", save_all=True, append_images=[rgb]),
        "png": saved(rgb, "PNG", icc_profile=profile, exif=turned_exif()),
        "16.png": saved(grey16, "PNG"),
        "rgb16.png": png16((I // 16).astype(np.uint16)),
        "palette.png": saved(rgb.quantize(8), "PNG", transparency=2),
        "rgba.png": saved(rgb.convert("RGBA"), "PNG"),
        "apng": saved(rgb, "PNG", save_all=True, append_images=[rgb.rotate(90)]),
        "raw.tiff": saved(rgb, "TIFF", icc_profile=profile),
        "lzw.tiff": saved(rgb, "TIFF", compression="tiff_lzw"),
        "deflate.tiff": saved(rgb, "TIFF", compression="tiff_adobe_deflate"),
        "jpeg.tiff": saved(rgb, "TIFF", compression="jpeg"),
        "g4.tiff": saved(rgb.convert("1"), "TIFF", compression="group4"),
        "16.tiff": tiff(grey16, (281, 3, (4095,)), photometric=0),
        "float.tiff": tiff(grey16 / np.float32(65535)),
        "lab.tiff": saved(rgb.convert("RGB"), "TIFF", tiffinfo={274: 6}),
        "big.tiff": saved(rgb, "TIFF", big_tiff=True),
        "uint32.tiff": tiff(grey16.astype(np.uint32) * 65537),
        "gif": saved(rgb.quantize(8), "GIF", transparency=1),
        "animated.gif": saved(rgb, "GIF", save_all=True, append_images=[rgb.rotate(90)]),
        "webp": saved(rgb, "WEBP", exif=turned_exif()),
        "lossless.webp": saved(rgb.convert("RGBA"), "WEBP", lossless=True),
        "animated.webp": saved(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(90)]),
        "avif": saved(rgb, "AVIF", speed=10),
        "bmp": saved(rgb, "BMP"),
        "palette.bmp": saved(rgb.quantize(8), "BMP"),
        "dib": saved(rgb, "DIB"),
        "ppm": saved(rgb, "PPM"),
        "p3.ppm": b"P3 8 8 255\n" + b"9 " * 192,
        "pgm": b"P5 96 64 4095\n" + grey16.astype(">u2").tobytes(),
        "pfm": saved(Image.fromarray(grey16 / np.float32(65535)), "PPM"),
        "ico": saved(rgb, "ICO", sizes=[(96, 64)]),
        "icns": saved(rgb.resize((64, 64)), "ICNS"),
        "jp2": saved(rgb, "JPEG2000"),
        "tiles.jp2": saved(rgb, "JPEG2000", tile_size=(32, 32)),
        "16.jp2": saved(grey16, "JPEG2000"),
        "tga": saved(rgb, "TGA"),
        "rle.tga": saved(rgb, "TGA", compression="tga_rle"),
        "pcx": saved(rgb, "PCX"),
        "sgi": saved(rgb, "SGI"),
        "dds": saved(rgb, "DDS"),
        "im": saved(rgb, "IM"),
        "msp": saved(rgb.convert("1"), "MSP"),
        "xbm": saved(rgb.convert("1"), "XBM"),
    }
    return made


def turned_exif() -> bytes:
    found = Image.Exif()
    found[0x112] = 6
    return found.tobytes()


def mutated(data: bytes, others: list[bytes], random: np.random.Generator) -> bytes:
    """A file with up to four faults: bits, bytes, numbers at their edges, parts left out, doubled, of another file."""
    out = bytearray(data)
    for _ in range(random.integers(1, 5)):
        # Most of what matters is at the beginning.
        at = int(random.integers(0, len(out) if random.random() < 0.5 else min(len(out), 200))) if out else 0
        length = int(2 ** random.uniform(0, 8))
        match random.integers(0, 9):
            case 0:
                out[at : at + 1] = bytes([random.integers(0, 256)])
            case 1:
                out[at : at + 1] = bytes([(out[at] if out else 0) ^ (1 << int(random.integers(0, 8)))])
            case 2 | 3:
                size = int(random.choice([1, 2, 4]))
                value = int(random.choice(EDGES)) % 256**size
                out[at : at + size] = value.to_bytes(size, str(random.choice(["big", "little"])))
            case 4:
                del out[at : at + length]
            case 5:
                out[at:at] = out[at : at + length]
            case 6:
                del out[at:]
            case 7:
                out[at : at + length] = random.bytes(length)
            case 8:
                other = others[random.integers(0, len(others))]
                out[at : at + length] = other[at : at + length]
    return bytes(out)


def peak_mb() -> float:
    """The highest memory of this process, in MB; 0 where it is not told."""
    status = pathlib.Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")), 0.0)


@pytest.fixture
def lower_bounds(monkeypatch):
    """A hundredth of what is allowed, so that many are tried in little time: the bounds are the same code."""
    monkeypatch.setattr(picture_files, "MOST_PIXELS", 5_000_000)
    monkeypatch.setattr(picture_files, "MOST_BYTES", 20_000_000)


def test_mutated_pictures_are_read_or_refused_in_one_line(tmp_path, lower_bounds, capfd, caplog):
    made = seeds()
    names, files = list(made), list(made.values())
    before = peak_mb()
    began, count, read, seed = time.perf_counter(), 0, 0, SEED
    while time.perf_counter() - began < SECONDS:
        random = np.random.default_rng(seed)
        name = names[seed % len(names)]
        data = mutated(made[name], files, random)
        path = tmp_path / f"{seed}.{name}"
        path.write_bytes(data)
        read += check_one(path, data, f"seed {seed}, {path}")
        path.unlink()
        seed, count = seed + 1, count + 1
    assert capfd.readouterr() == ("", "") and not caplog.records, "a library speaks"
    print(f"{count} pictures, {read} of them read, seeds {SEED} to {seed - 1}")
    assert count > 10 * SECONDS
    assert peak_mb() < max(before, 300) + 200, "memory that no picture so small needs"


def check_one(path, data: bytes, what: str) -> bool:
    """Whether it was read; by its path, or as bytes. AssertionError for what should not come of it."""
    notes: list[str] = []
    start, by_path = time.perf_counter(), len(data) % 2 == 1
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            I = read_image(path if by_path else data, notes)
            said = ""
        except (ValueError, OSError, MemoryError) as error:
            said = str(error)
        except Exception as error:
            raise AssertionError(f"{what}: {error!r}") from error
    took = time.perf_counter() - start
    assert took < SLOWEST_S, f"{what}: took {took:.1f} s"
    assert not warned, f"{what}: {warned[0].message}"
    if said:
        name = str(path) if by_path else "the picture in memory"
        assert said.startswith(name) and said.isprintable() and len(said) < len(name) + 300, f"{what}: {said!r}"
        return False
    assert I.dtype == np.uint8 and I.ndim == 3 and I.shape[2] == 3 and 32 <= min(I.shape[:2]) <= max(I.shape) <= 1024, (
        what
    )
    assert all(note.isprintable() for note in notes), what
    return True


def test_the_seeds_are_read():
    for name, data in seeds().items():
        assert read_image(io.BytesIO(data), []).shape[2] == 3, name
