"""Pictures from files: which are read, how large they may be, and what their tags say of their pixels.

Pillow decodes. What is here is what it leaves to its callers: bounds that hold before anything is decoded, decoding at
a smaller size where a format can do that, and tags that do not matter left alone.

Notebook: 09_your_own.
"""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from typing import IO, Any

#: Larger pictures are reduced: no model of ours sees more than this many pixels along the longer side.
LONGEST_SIDE_PX = 1024
#: A picture of more pixels than this takes too long, even where it is decoded at an eighth of its size.
MOST_PIXELS = 500_000_000
#: Decoding may take this much memory: a Binder has 2 GB, and the models want theirs.
MOST_BYTES = 500_000_000

#: Pillow's readers, by how common their pictures are. Not among them: EPS, which starts another program, and formats
#: that Pillow only knows by name. Those without a signature come last.
KINDS = (
    "JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "JPEG2000", "PPM", "ICO", "CUR", "ICNS", "PSD", "QOI", "DDS",
    "DIB", "SGI", "SUN", "FITS", "PCX", "IM", "MSP", "XBM", "XPM", "TGA",
)  # fmt: skip
#: Bytes that Pillow takes for each pixel of a picture of these modes; of all others 4.
BYTES_OF_MODE = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
#: Bytes for each pixel at the worst moment, measured: these decoders keep copies of the picture.
BYTES_OF_DECODER = {"WEBP": 16.2, "AVIF": 9.3, "HEIF": 7.5, "JPEG2000": 20.0}
#: What a file is that no picture can be read of, by how it begins, and what to do with it.
OTHERS = (
    (b"%PDF", "a PDF: export the page as PNG"),
    (b"%!PS", "PostScript: export it as PNG"),
    (b"<svg", "a drawing (SVG): export it as PNG"),
    (b"<?xml", "XML, such as a drawing (SVG): export it as PNG"),
    (b"<!doctype html", "a web page: download the picture itself"),
    (b"<html", "a web page: download the picture itself"),
    (b"version https://git-lfs", "a pointer to a large file: fetch the file itself with git lfs pull"),
    (b"PK\x03\x04", "a ZIP: unpack it, and give the picture in it"),
    (b"\x1aE\xdf\xa3", "a film: give the path of the film"),
)
#: Names that say "photo", for whoever looks for photos in a folder; what is read is judged by what it holds.
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif")
#: The chunks of a PNG that its pixels need.
PNG_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
#: Brands of the container that HEIC photos are in.
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


class PictureError(ValueError):
    """A picture that is not read, in our own words: no decoder's ValueError."""


@dataclass(frozen=True)
class Decoded:
    """A picture in memory, as it lies in the file.

    Attributes
    ----------
    picture : PIL.Image.Image
        Its pixels, loaded; perhaps at a fraction of their size.
    orientation : int
        How it is turned, 1 to 8, as EXIF has it.
    white : float or None
        The value of white that the file states, for pictures of more than 8 bits.
    negative : bool
        Whether Pillow left it as a negative, 0 being white.
    unsigned : bool
        Whether Pillow holds unsigned 32-bit values as signed ones.
    deep : bytes or None
        The file, if its colours have 16 bits, of which Pillow keeps the upper 8.
    """

    picture: Any
    orientation: int = 1
    white: float | None = None
    negative: bool = False
    unsigned: bool = False
    deep: bytes | None = None


def said(error: BaseException) -> str:
    """A library's words in one short line, without the addresses of its objects."""
    text = " ".join(str(error).split()).partition(" <_io.")[0]
    return text[:120] or type(error).__name__


def load(file: IO[bytes], name: str) -> Decoded:
    """Open and decode, or raise whatever Pillow raises, or `PictureError`.

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is enough, and so is a JPEG 2000. That saves time and
    memory; of a progressive JPEG it saves time alone, as its coefficients are all kept.
    """
    picture = opened(file, name)
    if picture.format == "JPEG2000":
        for halvings in range((max(picture.size) // LONGEST_SIDE_PX).bit_length() - 1, 0, -1):
            picture.reduce = halvings
            with contextlib.suppress(OSError):  # it was saved with fewer levels
                return loaded(picture, name, halvings)
            picture = opened(file, name)
    return loaded(picture, name)


def loaded(picture: Any, name: str, halvings: int = 0) -> Decoded:
    """Decode what `opened` gave, if it is not too large."""
    check_size(picture, name, halvings)
    about = described(picture)
    if picture.format == "TIFF":  # Pillow would read all of its tags once more, and turn it by itself
        picture.load_end = lambda: None
        picture.load()
        return Decoded(picture._new(picture.im), **about)
    picture.load()
    return Decoded(picture, **about, orientation=orientation_of(picture))  # a PNG's metadata may follow its pixels


def opened(file: IO[bytes], name: str) -> Any:
    """The `PIL.ImageFile.ImageFile` of a file, its header read and no pixel; shrunk on load if it is a JPEG.

    ``Image.open`` would refuse the 200 megapixels of a phone and warn of 108, by settings that the whole process has in
    common; and it tries readers that start other programs.
    """
    from PIL import Image

    Image.init()
    file.seek(0)
    head = file.read(4096)
    why: BaseException | None = None
    for kind in KINDS:
        if kind not in Image.OPEN:
            continue
        factory, accept = Image.OPEN[kind]
        answer = accept is None or accept(head[:16])
        if not answer or isinstance(answer, str):  # a string says what is not installed
            continue
        file.seek(0)
        try:
            picture = factory(file, "")  # without a name, or it would be mapped into memory and change with the file
        except (SyntaxError, IndexError, TypeError, struct.error) as error:
            why = why or (accept and error)
            continue
        if picture.format in ("JPEG", "MPO"):
            least = (LONGEST_SIDE_PX, LONGEST_SIDE_PX)
            picture.draft("RGB" if picture.mode == "RGB" else None, least)
        return picture
    if head[4:8] == b"ftyp" and any(brand in head[8:64] for brand in HEIC_BRANDS):
        return _heic(file, name)
    for start, what in OTHERS:
        if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:40].lower().startswith(start.lower()):
            raise PictureError(f"{name} is not a whole picture but {what}")
    if head[4:8] == b"ftyp":
        raise PictureError(f"{name} is not a whole picture but a film or sound: give the path of the film")
    if why is not None:
        raise why
    raise PictureError(f"{name} is not a whole picture: no format that is known begins so; save it as JPEG or PNG")


def _heic(file: IO[bytes], name: str) -> Any:
    try:
        import pillow_heif
    except ImportError as error:
        raise PictureError(
            f"{name} is a HEIC photo, which needs an extra: pip install 'see2sound_nb[heic]', or export it as JPEG"
        ) from error
    file.seek(0)
    return pillow_heif.HeifImageFile(file, "")  # not registered, which all of the process would see


def check_size(picture: Any, name: str, halvings: int = 0) -> None:
    """Raise `PictureError` if a picture of which the header was read is too large to be decoded."""
    width, height = full_size(picture)
    if width < 1 or height < 1:
        raise PictureError(f"{name} is {width} x {height} pixels; each side must be at least 1: export it again")
    if width * height > MOST_PIXELS:
        raise PictureError(
            f"{name} is too large ({width} x {height} pixels, at most {MOST_PIXELS // 10**6} million); shrink it first"
        )
    needed = bytes_needed(picture) / 4**halvings
    if needed > MOST_BYTES:
        raise PictureError(
            f"{name} is too large ({width} x {height} pixels take {needed / 1e9:.1f} GB to decode as "
            f"{picture.format}, at most {MOST_BYTES / 1e9:.1f}); shrink it first"
        )


def full_size(picture: Any) -> tuple[int, int]:
    """(width, height) in pixels in the file, even if a JPEG is to be decoded at less."""
    decoder = getattr(picture, "decoderconfig", ())
    scale = decoder[0] if picture.format in ("JPEG", "MPO") and decoder else 1
    return picture.width * scale, picture.height * scale


def bytes_needed(picture: Any) -> float:
    """The most memory that decoding takes, in bytes: of the picture itself, and of what its decoder keeps beside."""
    pixels, kind = picture.width * picture.height, picture.format
    each = BYTES_OF_DECODER.get(kind, BYTES_OF_MODE.get(picture.mode, 4))
    if kind == "TIFF" and picture.tile and picture.tile[0][0] == "libtiff":
        each *= 2  # a strip, which may be all of it
    beside = 0.0
    if kind in ("JPEG", "MPO") and picture.info.get("progressive"):  # two bytes for each coefficient, at full size
        width, height = full_size(picture)
        blocks = [h * v for _, h, v, _ in picture.layer]
        beside = 2 * width * height * sum(blocks) / max(blocks, default=1)
    return pixels * each + beside


def described(picture: Any) -> dict[str, Any]:
    """What the tags of a file say of its pixels; read before they are, as some readers close the file then."""
    about: dict[str, Any] = {}
    raw = (picture.tile[0][3] if getattr(picture, "tile", None) else None) or ""
    # OpenCV, which reads all 16 bits, takes three times as much as Pillow.
    sixteen = ";16" in str(raw if isinstance(raw, str) else raw[:1])
    if sixteen and picture.mode in ("RGB", "RGBA", "LA") and 4 * bytes_needed(picture) <= MOST_BYTES:
        place = picture.fp.tell()
        picture.fp.seek(0)
        data = picture.fp.read()
        # It makes room for as much as a chunk claims to hold, up to 4 GB.
        about["deep"] = png_of(data, PNG_PIXELS, torn=False) if picture.format == "PNG" else data
        picture.fp.seek(place)
    if picture.format == "TIFF":
        about["orientation"] = orientation_of(picture)
        bits, signed, photometric = (_number(picture, tag, least) for tag, least in ((258, 1), (339, 1), (262, 1)))
        stated = _number(picture, 341, 0) or _number(picture, 281, 0)
        if not picture.mode.startswith(("I", "F")):
            return about
        about["white"] = stated if stated > 0 else (2**bits - 1 if 8 < bits < 16 else None)
        about["negative"] = photometric == 0
        about["unsigned"] = picture.mode == "I" and bits == 32 and signed == 1
    elif picture.format in ("PPM", "JPEG2000") and picture.mode.startswith("I"):
        about["white"] = 65535.0  # to which Pillow stretches what the header calls white
    return about


def _number(picture: Any, tag: int, otherwise: float) -> float:
    """The value of a TIFF's tag, the first if there are several; what it is by default where it is no number."""
    with contextlib.suppress(Exception):
        value = picture.tag_v2.get(tag, otherwise)
        return float(value[0] if isinstance(value, tuple) else value)
    return otherwise


def orientation_of(picture: Any) -> int:
    """How a picture lies, 1 to 8, as EXIF has it; 1 if it does not say, or says nonsense.

    Only this tag is looked at. ``ImageOps.exif_transpose`` writes all others anew, and fails with those that are odd.
    """
    from PIL import ExifTags

    with contextlib.suppress(Exception):  # whatever is in the other tags: they do not matter here
        value = _orientation_in(picture.info.get("exif", b""))
        value = picture.getexif().get(ExifTags.Base.Orientation, 1) if value is None else value
        return int(value) if value in range(2, 9) else 1
    return 1


def _orientation_in(exif: bytes) -> int | None:
    """Of EXIF's first directory the one entry, whatever is in those before it; None if it is not there."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return None
    (at,) = struct.unpack_from(order + "I", exif, 4)
    (count,) = struct.unpack_from(order + "H", exif, at)
    for entry in range(at + 2, min(at + 2 + 12 * count, len(exif) - 9), 12):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, entry)
        if tag == 0x112 and kind == 3:
            return value
    return None


def png_of(data: bytes, kept: tuple[bytes, ...], torn: bool = True) -> bytes:
    """A PNG of these chunks alone, and perhaps of one that is torn off at the end of the file.

    Each is four bytes of length, four of kind, what it holds, four of checksum.
    """
    parts, at = [data[:8]], 8
    while at + 8 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] in kept and (torn or end <= len(data)):
            parts.append(data[at:end])
        at = end
    return b"".join(parts)
