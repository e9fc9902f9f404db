"""Pictures of every kind, made in memory: four quarters in four colours, so that what is turned or mirrored shows."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

#: Top left, top right, bottom left, bottom right.
QUARTERS = ((220, 40, 30), (40, 180, 60), (50, 70, 200), (230, 230, 230))
WIDTH, HEIGHT = 96, 64


def quarters(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(H, W, 3) uint8."""
    I = np.zeros((height, width, 3), np.uint8)
    h, w = height // 2, width // 2
    I[:h, :w], I[:h, w:], I[h:, :w], I[h:, w:] = QUARTERS
    return I


def greys() -> np.ndarray:
    """(H, W) uint8, 0 to 255 from left to right."""
    return np.linspace(0, 255, WIDTH).round().astype(np.uint8)[None].repeat(HEIGHT, axis=0)


def saved(picture, kind: str, **options) -> bytes:
    """An array or `PIL.Image.Image` as a file of a kind."""
    picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def turned(orientation: int) -> Image.Image:
    """The quarters as a camera that is held otherwise stores them."""
    ways = Image.Transpose
    back = {
        1: None, 2: ways.FLIP_LEFT_RIGHT, 3: ways.ROTATE_180, 4: ways.FLIP_TOP_BOTTOM, 5: ways.TRANSPOSE,
        6: ways.ROTATE_90, 7: ways.TRANSVERSE, 8: ways.ROTATE_270,
    }[orientation]  # fmt: skip
    picture = Image.fromarray(quarters())
    return picture if back is None else picture.transpose(back)


SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
FORMATS = {1: "B", 3: "H", 4: "I", 5: "I", 8: "h", 9: "i", 10: "i", 11: "f", 12: "d"}


def directory(tags, start: int = 8, order: str = "<") -> bytes:
    """A TIFF directory, of (tag, type, values) in any order; text and raw bytes as bytes, fractions as flat pairs."""
    out, data = struct.pack(order + "H", len(tags)), b""
    after = start + 2 + 12 * len(tags) + 4
    for tag, kind, values in sorted(tags, key=lambda one: one[0]):
        raw = values if isinstance(values, bytes) else struct.pack(f"{order}{len(values)}{FORMATS[kind]}", *values)
        head = struct.pack(order + "HHI", tag, kind, len(raw) // SIZES[kind])
        out += head + (raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack(order + "I", after + len(data)))
        data += raw + b"\0" * (len(raw) % 2) if len(raw) > 4 else b""
    return out + struct.pack(order + "I", 0) + data


def exif(*tags, gps=None, orientation: int = 6) -> bytes:
    """EXIF as cameras write it, with more tags; `gps` is a list of tags of the GPS directory."""
    all_tags = [(0x112, 3, (orientation,)), (0x10F, 2, b"maker\0"), *tags]
    if gps is None:
        return b"Exif\0\0II*\0\x08\0\0\0" + directory(all_tags)
    at = 8 + len(directory([*all_tags, (0x8825, 4, (0,))]))
    return b"Exif\0\0II*\0\x08\0\0\0" + directory([*all_tags, (0x8825, 4, (at,))]) + directory(gps, at)


def tiff(values: np.ndarray, *tags, photometric: int = 1, order: str = "<") -> bytes:
    """An uncompressed TIFF of (H, W) values of any type of numbers, with tags of one's own."""
    kinds = {"u": 1, "i": 2, "f": 3}
    own = {tag for tag, _, _ in tags}
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    usual = [
        (256, 4, (values.shape[1],)), (257, 4, (values.shape[0],)), (258, 3, (8 * values.dtype.itemsize,)),
        (259, 3, (1,)), (262, 3, (photometric,)), (277, 3, (1,)), (278, 4, (values.shape[0],)), (279, 4, (len(data),)),
        (339, 3, (kinds[values.dtype.kind],)),
    ]  # fmt: skip
    all_tags = [tag for tag in usual if tag[0] not in own] + list(tags)
    at = 8 + len(directory([*all_tags, (273, 4, (0,))], 8, order))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + directory([*all_tags, (273, 4, (at,))], 8, order) + data


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*before: bytes, after: bytes = b"", picture=None) -> bytes:
    """The quarters, or another picture, as a PNG with more chunks before and after its pixels."""
    data = saved(quarters() if picture is None else picture, "PNG")
    first, last = data.find(b"IDAT") - 4, data.find(b"IEND") - 4
    return data[:first] + b"".join(before) + data[first:last] + after + data[last:]


def png16(values: np.ndarray, *before: bytes) -> bytes:
    """(H, W, C) uint16 as a PNG of 16 bits a colour, C = 2, 3 or 4: grey and opacity, RGB, RGB and opacity."""
    height, width, channels = values.shape
    kind = {2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(before) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def segment(kind: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return b"\xff" + bytes([kind]) + struct.pack(">H", len(data) + 2) + data


def jpeg(*segments: bytes, **options) -> bytes:
    """The quarters as a JPEG with more segments at its beginning."""
    data = saved(quarters(), "JPEG", quality=95, subsampling=0, **options)
    return data[:2] + b"".join(segments) + data[2:]


# Colour profiles (ICC.1:2001), as few bytes as they can have ---------------------------------------------------------


def _profile(space: bytes, kind: bytes, tags: dict[bytes, bytes], between: bytes = b"XYZ ") -> bytes:
    table, data, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        value += b"\0" * (-len(value) % 4)
        table += name + struct.pack(">II", at + len(data), len(value))
        data += value
    body = struct.pack(">I", len(tags)) + table + data
    white = struct.pack(">iii", *(round(65536 * v) for v in (0.9642, 1.0, 0.8249)))
    head = struct.pack(
        ">I4sI4s4s4s12s4s", 128 + len(body), b"lcms", 0x02400000, kind, space, between, bytes(12), b"acsp"
    )
    return head + bytes(28) + white + bytes(128 - len(head) - 28 - 12) + body


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(65536 * v) for v in values))


def _gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(256 * value))


_TEXTS = {
    b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"made\0" + bytes(78),
    b"cprt": b"text\0\0\0\0free\0",
    b"wtpt": _xyz(0.9642, 1.0, 0.8249),
}


def rgb_profile(to_xyz: np.ndarray, gamma: float) -> bytes:
    """A profile of (3, 3), XYZ (D50) of the three primaries in columns, and one gamma."""
    red, green, blue = np.asarray(to_xyz, dtype=float).T
    tags = {b"rXYZ": _xyz(*red), b"gXYZ": _xyz(*green), b"bXYZ": _xyz(*blue)}
    return _profile(b"RGB ", b"mntr", _TEXTS | tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _gamma(gamma)))


def grey_profile(gamma: float) -> bytes:
    return _profile(b"GRAY", b"mntr", _TEXTS | {b"kTRC": _gamma(gamma)})


def cmyk_profile(corners: dict[tuple[int, int, int, int], tuple[float, float, float]]) -> bytes:
    """A press whose inks, each full (1) or none (0), give these colours in Lab; what is left out is black."""
    table = bytearray()
    for number in np.ndindex(2, 2, 2, 2):
        L, a, b = corners.get(number, (0.0, 0.0, 0.0))
        table += bytes([round(2.55 * L), round(a + 128), round(b + 128)])
    straight = bytes(range(256))
    unit = struct.pack(">9i", *(65536 if k % 4 == 0 else 0 for k in range(9)))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + unit + straight * 4 + bytes(table) + straight * 3
    return _profile(b"CMYK", b"prtr", _TEXTS | {b"A2B0": lut, b"A2B1": lut}, between=b"Lab ")
