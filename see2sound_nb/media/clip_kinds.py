"""Which files are clips, by what they hold, and how large they may be.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import pathlib

from see2sound_nb.media.picture_decoding import in_silence

#: Containers that are opened, by what they hold and not by name, and FFmpeg's reader of each. None of them refers to
#: other files, as playlists, image sequences and lists of files do.
FORMATS = {
    "mp4": "mov", "mov": "mov", "matroska": "matroska", "webm": "matroska", "avi": "avi", "mpegts": "mpegts",
    "mpeg": "mpeg", "ogg": "ogg", "flv": "flv", "asf": "asf", "gif": "gif", "apng": "apng", "webp": "", "avif": "",
}  # fmt: skip
#: Animations: pictures of several frames, which may be shown over and over, and have no sound.
ANIMATIONS = ("gif", "apng", "webp", "avif")
#: Names that say "film": what bears one is opened as a film, and refused with the reason if it is none.
SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".ogv", ".flv",
    ".wmv", ".asf",
)  # fmt: skip
#: The longest clip, in seconds.
MOST_SECONDS = 3600.0
#: The most frames of a clip: an hour at 120 a second.
MOST_FRAMES = 432_000
#: The most pixels of a frame: 8K of the cinema.
MOST_PIXELS = 8192 * 4320


def kind_of(path: pathlib.Path) -> str | None:
    """Key of `FORMATS` by the first bytes of a file, None for anything else; "webp" and "avif" may be stills."""
    with open(path, "rb") as file:
        head = file.read(4096)
    start, box, brand = head[:4], head[4:8], head[8:12]
    if start == b"\x1aE\xdf\xa3":
        return "webm" if b"webm" in head[:64] else "matroska"
    if box == b"ftyp":
        if brand in (b"avif", b"avis"):
            return "avif"
        if brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
            return None  # pictures
        return "mov" if brand == b"qt  " else "mp4"
    if box in (b"moov", b"mdat", b"wide", b"pnot"):
        return "mov"
    if start == b"RIFF":
        return {b"AVI ": "avi", b"WEBP": "webp"}.get(brand)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "apng" if b"acTL" in head.partition(b"IDAT")[0] else None
    # A transport stream has the byte 0x47 at the start of each of its packets of 188 bytes, on a Blu-ray of 192.
    if any(set(head[first::step][:8]) == {0x47} for first, step in ((0, 188), (4, 192))) and len(head) > 2 * 192:
        return "mpegts"
    heads = {
        b"GIF8": "gif", b"OggS": "ogg", b"FLV\x01": "flv", b"\x30\x26\xb2\x75": "asf", b"\x00\x00\x01\xba": "mpeg",
    }  # fmt: skip
    return heads.get(start)


def is_animated(path: pathlib.Path) -> bool:
    """Whether Pillow finds more than one frame; a file that it cannot read is left to `read_image`."""
    from PIL import Image

    try:
        with in_silence(), Image.open(path) as picture:
            return picture_numbers(picture)[1:] != []
    except Exception:  # readers raise what they like, and `read_image` says what it is
        return False


def picture_numbers(picture) -> list[int]:
    """The numbers of the frames that are shown of an animation opened with Pillow.

    It counts the picture that an APNG holds for old programs as frame 0.
    """
    return list(range(1 if picture.info.get("default_image") else 0, getattr(picture, "n_frames", 1)))


def check_size(name, width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise ValueError(
            f"{name} has frames of {width} x {height} pixels; each side must be at least 1: export it again"
        )
    if width * height > MOST_PIXELS:
        raise ValueError(
            f"{name} has frames of {width} x {height} pixels, more than {MOST_PIXELS:,} in all; scale it down first"
        )


def check_length(name, frames: int, seconds: float) -> None:
    if seconds > MOST_SECONDS:
        raise ValueError(
            f"{name} lasts {seconds / 60:.1f} minutes, at most {MOST_SECONDS / 60:.0f} are read; cut out what matters"
        )
    if frames > MOST_FRAMES:
        raise ValueError(f"{name} has more than {MOST_FRAMES:,} frames; cut out what matters, or lower its frame rate")
