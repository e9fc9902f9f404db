"""What is large is read in little memory, or refused from its header: measured in a process of its own."""

import io
import pathlib
import struct
import subprocess
import sys

import numpy as np
import pytest
from media.pictures_made import chunk, png16, quarters, saved, tiff
from PIL import Image, ImageDraw

from see2sound_nb.media import picture_files
from see2sound_nb.media.pictures import read_image

READ = """
import pathlib, sys
import cv2
from PIL import Image, ImageCms
from see2sound_nb.media.pictures import read_image
def peak_mb():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000
Image.init()
before = peak_mb()
shape = read_image(sys.argv[1]).shape
print(*shape, peak_mb() - before)
"""


def read_elsewhere(path) -> tuple[tuple[int, ...], float]:
    """The shape of a picture, and by how much reading it raised the process's memory, in MB."""
    if not pathlib.Path("/proc/self/status").exists():
        pytest.skip("only Linux tells a process's highest memory")
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    *shape, mb = done.stdout.split()
    return tuple(map(int, shape)), float(mb)


def test_many_bits_take_little_more_than_the_picture_itself(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(saved(np.zeros((5000, 5000), np.uint16), "PNG"))  # 50 kB, 50 MB decoded
    shape, mb = read_elsewhere(path)
    assert shape == (1024, 1024, 3) and mb < 130  # 610 as float64


@pytest.mark.slow
@pytest.mark.parametrize(("options", "most_mb"), [({}, 60), ({"progressive": True}, 400)])
def test_the_108_megapixels_of_a_phone(tmp_path, options, most_mb):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (12000, 9000), (90, 120, 60)).save(path, quality=50, **options)
    shape, mb = read_elsewhere(path)
    assert shape == (768, 1024, 3) and mb < most_mb  # 432 MB at full size
    with Image.open(path) as picture:
        I = read_image(picture)
        assert I.shape == shape and picture.size == (12000, 9000), "the user's object stays as it was"
        np.testing.assert_array_equal(I, read_image(path))


@pytest.mark.parametrize("kind", ["JPEG", "MPO"])  # as phones save two views, or depth beside
def test_jpegs_are_decoded_at_a_fraction(kind):
    large = Image.new("RGB", (4200, 4100), (90, 120, 60))
    options = dict(save_all=True, append_images=[large.resize((9, 9))]) if kind == "MPO" else {}
    picture = picture_files.opened(io.BytesIO(saved(large, kind, **options)), "a")
    assert (picture.format, picture.size) == (kind, (1050, 1025))
    assert picture_files.full_size(picture) == (4200, 4100)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("PNG", "P", {"transparency": 1}), ("WEBP", "RGB", {"method": 0}), ("AVIF", "RGB", {"speed": 10}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}), ("TIFF", "F", {}), ("JPEG2000", "RGB", {}),
    ],
)  # fmt: skip
def test_decoders_take_what_is_reckoned(tmp_path, kind, mode, options):
    """And the rest of the way takes no more than 80 MB, whatever the size."""
    file = io.BytesIO(saved(Image.new(mode, (3000, 2000)), kind, **options))
    reckoned = picture_files.bytes_needed(picture_files.opened(file, "a")) / 1e6
    (tmp_path / "a").write_bytes(file.getvalue())
    _, mb = read_elsewhere(tmp_path / "a")
    assert mb < 1.1 * reckoned + 80


def png_of(width: int, height: int, mode: str) -> bytes:
    data = saved(Image.new(mode, (9, 9)), "PNG")
    return data[:8] + chunk(b"IHDR", struct.pack(">II", width, height) + data[24:29]) + data[33:]


def patched(data: bytes, at: int, code: str, *values: int) -> bytes:
    return data[:at] + struct.pack(code, *values) + data[at + struct.calcsize(code) :]


def jpeg_of(width: int, height: int, **options) -> bytes:
    data = saved(quarters(), "JPEG", **options)
    frame = data.find(b"\xff\xc2" if options else b"\xff\xc0")
    return patched(data, frame + 5, ">HH", height, width)


def jpeg2000_of(width: int, height: int) -> bytes:
    data = saved(quarters(), "JPEG2000")
    data = patched(data, data.find(b"ihdr") + 4, ">II", height, width)
    return patched(data, data.find(b"\xff\x51") + 6, ">II", width, height)


TOO_LARGE = {
    "PNG": lambda: png_of(20000, 20000, "RGB"),
    "PNG of one bit": lambda: png_of(30000, 30000, "1"),
    "GIF": lambda: patched(saved(quarters(), "GIF"), 6, "<HH", 65535, 65535),
    "BMP": lambda: patched(saved(quarters(), "BMP"), 18, "<ii", 20000, 20000),
    "TGA": lambda: patched(saved(quarters(), "TGA"), 12, "<HH", 65535, 65535),
    "PPM": lambda: b"P6 20000 20000 255\n",
    "JPEG": lambda: jpeg_of(65500, 65500),
    "progressive JPEG": lambda: jpeg_of(20000, 20000, progressive=True, subsampling=0),
    "TIFF": lambda: tiff(np.zeros((8, 8), np.uint16), (256, 4, (60000,)), (257, 4, (60000,))),
    "JPEG 2000": lambda: jpeg2000_of(60000, 60000),
    "QOI": lambda: b"qoif" + struct.pack(">II", 60000, 60000) + b"\x03\0" + bytes(80),
}


@pytest.mark.parametrize("kind", TOO_LARGE)
def test_what_is_too_large_is_refused_by_its_header(kind):
    with pytest.raises(ValueError, match=r"^the picture in memory is too large \(\d+ x \d+ pixels.*; shrink it first$"):
        read_image(TOO_LARGE[kind]())


def test_nothing_of_the_process_is_changed():
    limit = Image.MAX_IMAGE_PIXELS
    read_image(saved(quarters(), "JPEG"))
    with pytest.raises(ValueError, match="too large"):
        read_image(TOO_LARGE["PNG"]())
    assert limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("size", [(4097, 4099), (5000, 300)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK", "I;16", "F", "1"])
def test_reduced_pictures_look_like_those_reduced_at_once(size, mode):
    """In steps or in one, the same ellipse."""
    grey = Image.new("L", size, 0)
    ImageDraw.Draw(grey).ellipse((size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4), fill=255)
    values = np.asarray(grey)
    if mode == "I;16":
        picture = Image.fromarray(values.astype(np.uint16) * 257)
    elif mode == "F":
        picture = Image.fromarray(values / np.float32(255))
    else:
        picture = grey.convert(mode)
    I = read_image(picture)
    small = np.asarray(grey.resize(I.shape[1::-1], Image.Resampling.LANCZOS))
    assert np.abs(I[..., 1].astype(int) - small).mean() < 0.5


def test_large_arrays_are_reduced():
    wide = np.repeat(np.repeat(quarters(), 60, axis=0), 60, axis=1)  # 5760 x 3840
    for array in (wide, wide.astype(np.float32) / 255, np.moveaxis(wide, 2, 0)):
        I = read_image(array)
        assert I.shape == (683, 1024, 3)
        np.testing.assert_allclose(I[100::400, 100::800].reshape(-1, 3), quarters()[::32, ::48].reshape(-1, 3), atol=1)


def test_16_bits_a_colour_of_a_dark_picture_only_where_there_is_memory(monkeypatch):
    data = png16(np.full((40, 40, 3), 4095, np.uint16))
    assert read_image(data)[9, 9].tolist() == [255, 255, 255]
    monkeypatch.setattr(picture_files, "MOST_BYTES", 40 * 40 * 4 * 2)
    assert read_image(data).max() < 20


def test_a_chunk_is_not_believed_what_it_claims_to_hold():
    """OpenCV, which reads all 16 bits of dark colours, makes room for it: 4 GB for 200 bytes."""
    whole = png16(np.full((40, 40, 3), 4095, np.uint16))
    claim = struct.pack(">I", 2**32 - 16) + b"IDAT" + bytes(100)
    about = picture_files.described(picture_files.opened(io.BytesIO(whole[:-12] + claim), "a"))
    assert about["deep"] == whole[:-12]
