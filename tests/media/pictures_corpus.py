"""Tables of pictures: what each is, how it is made, and what comes of it."""

import io
import struct
import zlib

import numpy as np
from media.pictures_made import (
    HEIGHT,
    QUARTERS,
    WIDTH,
    chunk,
    directory,
    exif,
    jpeg,
    png,
    png16,
    quarters,
    saved,
    segment,
    tiff,
    turned,
)
from PIL import Image, ImageCms

I = quarters()
RGB = Image.fromarray(I)
GREY = RGB.convert("L")
#: What the quarters are in grey.
GREYS = tuple((g, g, g) for g in (round(0.299 * r + 0.587 * g + 0.114 * b) for r, g, b in QUARTERS))
OPAQUE = RGB.convert("RGBA")
SEEN_THROUGH = RGB.copy()
SEEN_THROUGH.putalpha(
    Image.fromarray(np.where(np.arange(WIDTH) < WIDTH // 2, 255, 0).astype(np.uint8)[None].repeat(HEIGHT, 0))
)
RIGHT_IS_WHITE = (QUARTERS[0], (255, 255, 255), QUARTERS[2], (255, 255, 255))
TOP_RIGHT_IS_WHITE = (QUARTERS[0], (255, 255, 255), *QUARTERS[2:])
LEFT_IS_BLACK = GREY.point(lambda v: 255 * (v > 100)).convert("1")
BITS = ((0, 0, 0), (255, 255, 255)) * 2
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8))
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


TEXT_6 = b"Exif\0\0II*\0\x08\0\0\0" + directory([(0x112, 2, b"6\0")])


def exif_of(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x112] = orientation
    return found


def grey16(top: int = 65535) -> np.ndarray:
    return (np.asarray(GREY) * (top / 255)).round().astype(np.uint16)


def rgb16(top: int) -> np.ndarray:
    return (I * (top / 255)).round().astype(np.uint16)


def cut(data: bytes, count: int) -> bytes:
    return data[:-count]


def spoilt(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def sixth(kind: str, **options) -> bytes:
    return saved(turned(6), kind, exif=exif_of(6), **options)


#: Name: how it is made. Each gives the quarters, upright.
QUARTERS_COME_OUT = {
    # Formats
    "JPEG": lambda: jpeg(),
    "JPEG, progressive": lambda: jpeg(progressive=True),
    "JPEG of half the colours' resolution": lambda: saved(RGB, "JPEG", quality=90),
    "JPEG in CMYK, as Adobe inverts it": lambda: saved(RGB.convert("CMYK"), "JPEG", quality=95),
    "two JPEGs in one file (MPO)": lambda: saved(RGB, "MPO", save_all=True, append_images=[GREY], quality=95),
    "PNG": lambda: saved(RGB, "PNG"),
    "PNG with opacity": lambda: saved(OPAQUE, "PNG"),
    "PNG with a palette": lambda: saved(RGB.quantize(8), "PNG"),
    "PNG of 16 bits a colour": lambda: png16(rgb16(65535)),
    "PNG of 12 bits a colour in 16": lambda: png16(rgb16(4095)),
    "PNG of 16 bits and opacity": lambda: png16(np.dstack([rgb16(65535), np.full((HEIGHT, WIDTH), 65535, np.uint16)])),
    "TIFF": lambda: saved(RGB, "TIFF"),
    "TIFF, LZW": lambda: saved(RGB, "TIFF", compression="tiff_lzw"),
    "TIFF, Deflate": lambda: saved(RGB, "TIFF", compression="tiff_adobe_deflate"),
    "TIFF, PackBits": lambda: saved(RGB, "TIFF", compression="packbits"),
    "TIFF, JPEG": lambda: saved(RGB, "TIFF", compression="jpeg", quality=95),
    "TIFF in CMYK": lambda: saved(RGB.convert("CMYK"), "TIFF"),
    "TIFF of two pages": lambda: saved(RGB, "TIFF", save_all=True, append_images=[RGB]),
    "TIFF of more than 4 GB's kind": lambda: saved(RGB, "TIFF", big_tiff=True),
    "GIF": lambda: saved(RGB.quantize(8), "GIF"),
    "WebP": lambda: saved(RGB, "WEBP", quality=95),
    "WebP, lossless": lambda: saved(RGB, "WEBP", lossless=True),
    "WebP with opacity": lambda: saved(OPAQUE, "WEBP", lossless=True),
    "AVIF": lambda: saved(RGB, "AVIF", quality=95),
    "BMP": lambda: saved(RGB, "BMP"),
    "BMP with a palette": lambda: saved(RGB.quantize(8), "BMP"),
    "BMP without its head (DIB)": lambda: saved(RGB, "DIB"),
    "PPM": lambda: saved(RGB, "PPM"),
    "PPM in text": lambda: b"P3 96 64 255\n" + " ".join(map(str, I.ravel())).encode(),
    "PPM of 10 bits": lambda: b"P6 96 64 1023\n" + rgb16(1023).astype(">u2").tobytes(),
    "JPEG 2000": lambda: saved(RGB, "JPEG2000"),
    "JPEG 2000 in tiles": lambda: saved(RGB, "JPEG2000", tile_size=(32, 32)),
    "ICO": lambda: saved(RGB, "ICO", sizes=[(96, 64)]),
    "TGA": lambda: saved(RGB, "TGA"),
    "TGA, run-length coded": lambda: saved(RGB, "TGA", compression="tga_rle"),
    "PCX": lambda: saved(RGB, "PCX"),
    "SGI": lambda: saved(RGB, "SGI"),
    "DDS": lambda: saved(RGB, "DDS"),
    "IM": lambda: saved(RGB, "IM"),
    # How it lies
    **{
        f"JPEG, orientation {k}": lambda k=k: saved(turned(k), "JPEG", quality=95, exif=exif_of(k)) for k in range(1, 9)
    },
    "PNG, turned": lambda: sixth("PNG"),
    "WebP, turned": lambda: sixth("WEBP", lossless=True),
    "AVIF, turned": lambda: sixth("AVIF", quality=95),
    "TIFF, turned": lambda: saved(turned(6), "TIFF", tiffinfo={274: 6}),
    "TIFF, turned, LZW": lambda: saved(turned(6), "TIFF", tiffinfo={274: 6}, compression="tiff_lzw"),
    "JPEG turned by XMP": lambda: saved(turned(6), "JPEG", quality=95, xmp=XMP),
    "JPEG, orientation 9, which there is not": lambda: saved(RGB, "JPEG", quality=95, exif=exif_of(9)),
    "JPEG, orientation as text": lambda: jpeg(segment(0xE1, TEXT_6)),
    # Metadata that nobody needs
    **{
        f"JPEG, turned, {name}": lambda block=block: saved(turned(6), "JPEG", quality=95, exif=block)
        for name, block in {
            "EXIF as it should be": exif((0x11A, 5, (72, 1)), gps=[(0, 1, (2, 3, 0, 0)), (6, 5, (120, 1))]),
            "altitude reference 256": exif(gps=[(0, 1, (2, 3, 0, 0)), (5, 3, (256,))]),
            "altitude reference as text": exif(gps=[(5, 2, b"0\0")]),
            "GPS version as text": exif(gps=[(0, 2, b"2.2.0.0\0")]),
            "altitude signed": exif(gps=[(6, 10, (-12, 1))]),
            "altitude over 0": exif(gps=[(6, 5, (12, 0))]),
            "resolution as text": exif((0x11A, 2, b"72\0")),
            "resolution NaN": exif((0x11A, 11, (float("nan"),))),
            "resolution unit -1": exif((0x128, 8, (-1,))),
            "a date of binary noise": exif((0x132, 7, bytes(range(200, 220)))),
            "a type of tag that there is not": exif((0x9999, 1, b"\1")).replace(b"\x99\x99\1\0", b"\x99\x99\x63\0"),
            "a maker's note beyond the end": exif((0x927C, 7, b"\0" * 9)).replace(b"\x09\0\0\0", b"\xff\xff\xff\x7f"),
            "EXIF that is cut off": exif((0x11A, 5, (72, 1)))[:-9],
        }.items()
    },
    "JPEG, its density cut short": lambda: jpeg(segment(0xE0, b"JFIF\0")),
    "JPEG, its profile cut short": lambda: jpeg(segment(0xE2, b"ICC_PROFILE\0")),
    "JPEG, its Photoshop block torn": lambda: jpeg(segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed\xff\0\0\0\0\2ab")),
    "JPEG, its Adobe block cut short": lambda: jpeg(segment(0xEE, b"Adobe")),
    "JPEG, its list of pictures junk": lambda: jpeg(segment(0xE2, b"MPF\0junk")),
    "PNG, 3 MB of text": lambda: png(chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(3_000_000)))),
    "PNG, 3 MB of text behind": lambda: png(after=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(3_000_000)))),
    "PNG, text coded in an unknown way": lambda: png(chunk(b"zTXt", b"k\0\7abc")),
    "PNG, text with a wrong checksum": lambda: png(chunk(b"tEXt", b"a\0b")[:-1] + b"x"),
    "PNG, its density cut short": lambda: png(chunk(b"pHYs", b"abc")),
    "PNG, its primaries cut short": lambda: png(chunk(b"cHRM", bytes(9))),
    "PNG, its intent missing": lambda: png(chunk(b"sRGB", b"")),
    "PNG, its animation torn": lambda: png(chunk(b"acTL", b"\0")),
    "PNG, its time behind cut short": lambda: png(after=chunk(b"pHYs", b"")),
    "PNG, its EXIF junk": lambda: png(chunk(b"eXIf", b"junk")),
    "TIFF, resolution as text": lambda: saved(RGB, "TIFF", tiffinfo=ifd({282: (2, "72"), 283: (2, "72")})),
    "TIFF, turned, a directory that is not there": lambda: saved(
        turned(6), "TIFF", tiffinfo=ifd({274: (3, 6), 34665: (4, 99999)})
    ),
    # Damage that costs no pixels
    "PNG without its end": lambda: cut(png(), 12),
    "PNG, its end with a wrong checksum": lambda: cut(png(), 1) + b"x",
    "GIF without its end": lambda: cut(saved(RGB.quantize(8), "GIF"), 1),
    "JPEG with a second file behind": lambda: jpeg() + b"PK\3\4" + bytes(99),
    # What it is handed over as
    "PIL": lambda: RGB,
    "PIL, from a file that is open": lambda: Image.open(io.BytesIO(sixth("JPEG", quality=95))),
    "PIL, loaded": lambda: loaded(Image.open(io.BytesIO(sixth("JPEG", quality=95)))),
    "bytearray": lambda: bytearray(png()),
    "memoryview": lambda: memoryview(png()),
    "BytesIO": lambda: io.BytesIO(png()),
    "BytesIO, just written to": lambda: written(io.BytesIO(), png()),
    "a stream that cannot be wound back": lambda: Stream(png()),
    "uint8": lambda: I,
    "uint8, every other row and column": lambda: np.repeat(np.repeat(I, 2, 0), 2, 1)[::2, ::2],
    "uint8, upside down": lambda: I[::-1][::-1],
    "uint8, in Fortran's order": lambda: np.asfortranarray(I),
    "uint8 with opacity": lambda: np.asarray(OPAQUE),
    "uint8, channels first": lambda: np.moveaxis(I, 2, 0),
    "int64": lambda: I.astype(np.int64),
    "float, 0 to 1": lambda: I / 255,
    "float, 0 to 1, opacity": lambda: np.asarray(OPAQUE) / 255,
    "float, 0 to 255": lambda: I.astype(np.float32),
    "float16": lambda: (I / 255).astype(np.float16),
    "uint16": lambda: rgb16(65535),
    "uint16 of 12 bits": lambda: rgb16(4095),
    "torch (3, H, W) uint8": lambda: torch(np.moveaxis(I, 2, 0)),
    "torch (3, H, W) float": lambda: torch(np.moveaxis(I, 2, 0) / np.float32(255)),
    "torch (3, H, W) bfloat16 with a gradient": lambda: (
        torch(np.moveaxis(I, 2, 0) / np.float32(255)).bfloat16().requires_grad_()
    ),
    "something that numpy takes for an array": lambda: Arraylike(),
}

#: The same in grey, or with its right half seen through.
OTHERS_COME_OUT = {
    "JPEG in grey": (lambda: saved(GREY, "JPEG", quality=95), GREYS),
    "PNG in grey": (lambda: saved(GREY, "PNG"), GREYS),
    "PNG in grey, 16 bits": (lambda: saved(grey16(), "PNG"), GREYS),
    "PNG in grey, 16 bits, opacity": (
        lambda: png16(np.dstack([grey16(), np.full((HEIGHT, WIDTH), 65535, np.uint16)])),
        GREYS,
    ),
    "PGM of 12 bits": (lambda: b"P5 96 64 4095\n" + grey16(4095).astype(">u2").tobytes(), GREYS),
    "TIFF, float": (lambda: tiff(np.asarray(GREY) / np.float32(255)), GREYS),
    "TIFF, turned, 16 bits": (
        lambda: tiff(np.asarray(turned(6).convert("L")).astype(np.uint16) * 257, (274, 3, (6,))),
        GREYS,
    ),
    "JPEG 2000, 16 bits": (lambda: saved(grey16(), "JPEG2000"), GREYS),
    "PFM": (lambda: saved(Image.fromarray(np.asarray(GREY) / np.float32(255)), "PPM"), GREYS),
    "array (H, W)": (lambda: np.asarray(GREY), GREYS),
    "array (H, W, 1)": (lambda: np.asarray(GREY)[..., None], GREYS),
    "array (1, H, W) float": (lambda: np.asarray(GREY)[None] / 255, GREYS),
    "PNG in grey with opacity": (lambda: saved(GREY.convert("LA"), "PNG"), GREYS),
    "PNG, seen through": (lambda: saved(SEEN_THROUGH, "PNG"), RIGHT_IS_WHITE),
    "WebP, seen through": (lambda: saved(SEEN_THROUGH, "WEBP", lossless=True), RIGHT_IS_WHITE),
    "AVIF, seen through": (lambda: saved(SEEN_THROUGH, "AVIF", quality=95), RIGHT_IS_WHITE),
    "TIFF, seen through": (lambda: saved(SEEN_THROUGH, "TIFF"), RIGHT_IS_WHITE),
    "array, seen through": (lambda: np.asarray(SEEN_THROUGH), RIGHT_IS_WHITE),
    "array of floats, seen through": (lambda: np.asarray(SEEN_THROUGH) / 255, RIGHT_IS_WHITE),
    "GIF, one colour seen through": (
        lambda: saved(RGB.quantize(8), "GIF", transparency=RGB.quantize(8).getpixel((90, 3))),
        TOP_RIGHT_IS_WHITE,
    ),
    "PNG, one colour seen through": (lambda: png(chunk(b"tRNS", struct.pack(">3H", *QUARTERS[1]))), TOP_RIGHT_IS_WHITE),
    "PNG of one bit": (lambda: saved(LEFT_IS_BLACK, "PNG"), BITS),
    "array of bool": (lambda: np.asarray(GREY) > 100, BITS),
    "XBM": (lambda: saved(LEFT_IS_BLACK, "XBM"), BITS),
}

#: Name: how it is made, and the note; the picture is there but for its last tenth.
READ_WITH_A_NOTE = {
    "JPEG, cut": (lambda: cut(saved(NOISE, "JPEG"), 60), "the last blocks are coarse or missing"),
    "JPEG without its end, colours at full resolution": (
        lambda: cut(saved(NOISE, "JPEG", subsampling=0), 2),
        "last blocks",
    ),
    "progressive JPEG, cut": (lambda: cut(saved(NOISE, "JPEG", progressive=True), 900), "the last blocks"),
    "JPEG without its end": (lambda: cut(saved(RGB, "JPEG"), 2), "the last blocks"),
    "PNG, cut": (lambda: cut(saved(NOISE, "PNG"), 3000), "23. of 240 rows are there"),
    "PNG, its pixels' checksum wrong": (lambda: spoilt(saved(NOISE, "PNG"), -17), "239 of 240 rows are there"),
    "TIFF, cut": (lambda: cut(saved(NOISE, "TIFF"), 900), "239 of 240 rows are there"),
    "BMP, cut (it begins at the bottom)": (lambda: cut(saved(NOISE, "BMP"), 900), "239 of 240 rows are there"),
    "GIF, cut": (lambda: cut(saved(NOISE, "GIF"), 900), "23. of 240 rows are there"),
    "WebP, cut": (lambda: cut(saved(NOISE, "WEBP"), 20), "the last 20 bytes are missing"),
    "AVIF, cut": (lambda: cut(saved(NOISE, "AVIF"), 20), "the last 20 bytes are missing"),
    "JPEG 2000, cut": (lambda: cut(saved(NOISE, "JPEG2000"), 20), "the last 20 bytes are missing"),
    "an animated GIF": (
        lambda: saved(NOISE, "GIF", save_all=True, append_images=[RGB.resize((320, 240))]),
        "the first frame alone is looked at; See2Sound.run takes",
    ),
    "an animated WebP": (
        lambda: saved(NOISE, "WEBP", save_all=True, append_images=[RGB.resize((320, 240))]),
        "the first frame alone",
    ),
    "a profile that is junk": (lambda: saved(RGB, "PNG", icc_profile=b"junk"), "colour profile is damaged"),
    "a profile of another kind of colours": (lambda: saved(RGB, "PNG", icc_profile=LAB), "of another kind of picture"),
}

#: Name: how it is made, the error, and what it says.
REFUSED = {
    "nothing": (lambda: b"", ValueError, "the picture in memory is empty"),
    "text": (lambda: b"no picture", ValueError, "not a whole picture: no format that is known begins so"),
    "PDF": (lambda: b"%PDF-1.7\n", ValueError, "a PDF: export the page as PNG"),
    "PostScript": (
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        ValueError,
        "PostScript: export it as PNG",
    ),
    "SVG": (lambda: b'\n<svg xmlns="x"/>', ValueError, "a drawing"),
    "SVG with a head": (lambda: b'\xef\xbb\xbf<?xml version="1.0"?><svg/>', ValueError, "a drawing"),
    "a web page": (lambda: b"<!DOCTYPE html><html>", ValueError, "a web page: download the picture itself"),
    "a pointer of git-lfs": (lambda: b"version https://git-lfs.github.com/spec/v1\n", ValueError, "git lfs pull"),
    "ZIP": (lambda: b"PK\3\4" + bytes(40), ValueError, "a ZIP: unpack it"),
    "a film": (lambda: b"\0\0\0\x18ftypisom" + bytes(40), ValueError, "give the path of the film"),
    "half a JPEG": (lambda: saved(NOISE, "JPEG")[:9000], ValueError, "not a whole picture .*; open and save it again"),
    "half a progressive JPEG": (
        lambda: saved(NOISE, "JPEG", progressive=True)[:9000],
        ValueError,
        "not a whole picture",
    ),
    "half a PNG": (lambda: saved(NOISE, "PNG")[:90000], ValueError, "not a whole picture"),
    "half a WebP": (lambda: saved(NOISE, "WEBP")[:9000], ValueError, "not a whole picture"),
    "half an AVIF": (lambda: saved(NOISE, "AVIF")[:9000], ValueError, "not a whole picture"),
    "half a JPEG 2000": (lambda: saved(NOISE, "JPEG2000")[:90000], ValueError, "not a whole picture"),
    "the head of a JPEG": (lambda: saved(NOISE, "JPEG")[:30], ValueError, "not a whole picture"),
    "the head of a PNG": (lambda: saved(NOISE, "PNG")[:30], ValueError, "not a whole picture"),
    "a JPEG of an unknown kind": (lambda: jpeg().replace(b"\xff\xc0", b"\xff\xcb"), ValueError, "not a whole picture"),
    "a TIFF of 3 bits": (lambda: tiff(np.zeros((9, 9), np.uint8), (258, 3, (3,))), ValueError, "unknown pixel mode"),
    "a picture of 0 x 0": (lambda: b"P6 0 0 255\n", ValueError, "not a whole picture|at least 1"),
    "a path that is not there": (lambda: "missing.jpg", FileNotFoundError, "no photo at missing.jpg; give the path"),
    "a folder": (lambda: "/", FileNotFoundError, "a folder is at /; give the path"),
    "a path with a zero": (lambda: "a\0b", FileNotFoundError, r"no photo at 'a\\x00b'"),
    "a very long path": (lambda: "data" * 9999, FileNotFoundError, "no photo at 'datadata.{1,100}; give"),
    "an address": (lambda: "https://example.org/a.jpg", ValueError, "is an address; download the picture"),
    "an address that pathlib has shortened": (lambda: "https:/example.org/a.jpg", ValueError, "is an address"),
    "the picture in an address": (lambda: "data:image/png;base64," + "A" * 9999, ValueError, "^.{1,200} is an address"),
    "None": (lambda: None, TypeError, "the photo is None; it must be a path"),
    "a number": (lambda: 3, TypeError, "the photo is 3; it must be a path"),
    "a list": (lambda: [[0] * 99] * 99, TypeError, "the photo is of type list"),
    "text, open": (lambda: io.StringIO("x"), ValueError, "open as text"),
    "a file that is closed": (lambda: closed(io.BytesIO(png())), ValueError, r"cannot be read .*; open it again"),
    "PIL, its file closed": (lambda: closed_picture(), ValueError, r"cannot be decoded .*; give the path"),
    "an array of two channels": (lambda: np.zeros((9, 9, 2), np.uint8), ValueError, r"uint8 \(9, 9, 2\); it must be"),
    "an array of nothing": (lambda: np.zeros((0, 9, 3), np.uint8), ValueError, "none of them 0"),
    "an array of one axis": (lambda: np.zeros(9, np.uint8), ValueError, "reshape it"),
    "several pictures": (
        lambda: np.zeros((2, 9, 9, 3), np.uint8),
        ValueError,
        r"one picture, not several: give array\[0\]",
    ),
    "a batch of torch": (lambda: torch(np.zeros((1, 3, 9, 9), np.float32)), ValueError, "one picture"),
    "a normalised tensor": (lambda: torch(np.moveaxis(I / 127.5 - 1, 2, 0)), ValueError, "undo the normalisation"),
    "NaN": (lambda: np.full((9, 9), np.nan), ValueError, "NaN or infinite"),
    "complex numbers": (lambda: np.zeros((9, 9), complex), ValueError, "must be numbers"),
    "objects": (lambda: np.full((9, 9), None), ValueError, "must be numbers"),
}


class Stream(io.RawIOBase):
    """What comes from a network."""

    def __init__(self, data: bytes):
        self.data = data

    def read(self, size=-1):
        data, self.data = self.data, b""
        return data

    def readable(self):
        return True


class Arraylike:
    def __array__(self, dtype=None, copy=None):
        return quarters()


def torch(array):
    import torch

    return torch.from_numpy(np.ascontiguousarray(array))


def written(file, data: bytes):
    file.write(data)
    return file


def loaded(picture):
    picture.load()
    return picture


def closed(file):
    file.close()
    return file


def closed_picture():
    with Image.open(io.BytesIO(png())) as picture:
        return picture


def ifd(tags):
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    found = ImageFileDirectory_v2()
    for tag, (kind, value) in tags.items():
        found.tagtype[tag] = kind
        found[tag] = value
    return found
