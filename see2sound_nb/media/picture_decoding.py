"""Pictures decoded, whole or nearly so, and every decoder's error as one sentence.

A picture whose pixels are all there is read, whatever is wrong with its metadata. One whose last rows are missing is
read without them, and that is noted.

Notebook: 09_your_own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import itertools
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from see2sound_nb.media.picture_files import (
    MOST_BYTES,
    PNG_PIXELS,
    Decoded,
    PictureError,
    bytes_needed,
    described,
    load,
    loaded,
    opened,
    orientation_of,
    png_of,
    said,
)

#: A picture of which less than this share of the rows is there is not read, ...
LEAST_SHARE = 0.9
#: ... but for a JPEG's last blocks and the row above, which it needs the next ones for.
BLOCK_ROWS = 18
#: Of a kind of file whose decoder does without no byte, at most this share of them may be missing.
MOST_PADDED = 0.01
#: What a PNG is decoded with: of its chunks these, and if that fails only those of pixels.
PNG_CHUNKS = (*PNG_PIXELS, b"iCCP", b"eXIf")
#: The same of a JPEG's application segments: its colours' coding (Adobe), EXIF and colour profile.
JPEG_SEGMENTS = (0xEE, 0xE1, 0xE2)
JPEG_END = b"\xff\xd9"
#: Held while the process's warnings, log and standard error are changed.
_ALONE = threading.RLock()


def decode(file: IO[bytes], name: str, notes: list[str]) -> Decoded:
    """Decode a picture.

    Parameters
    ----------
    file : binary file
        From its beginning; it must be seekable.
    name : str
        What errors call it.
    notes : list of str
        What is unusual about it is appended.

    Returns
    -------
    Decoded

    Raises
    ------
    ValueError
        If it is no picture, damaged in more than its last rows, or larger than `MOST_PIXELS` or `MOST_BYTES` allow.
    MemoryError
        If there is not even that much memory.

    Notes
    -----
    Notebook: 09_your_own.
    """
    with in_silence():
        try:
            try:
                found = load(file, name)
                if _moves(file, name):
                    notes.append(
                        f"Of {name} the first frame alone is looked at; See2Sound.run takes a file's path as a clip."
                    )
                return found
            except (PictureError, MemoryError):
                raise
            except Exception as error:  # decoders raise what they like: KeyError, RuntimeError, NotImplementedError ...
                whole = mended(file, name, notes)
                if whole is None:
                    raise PictureError(
                        f"{name} is not a whole picture ({said(error)}); open and save it again as JPEG or PNG"
                    ) from error
                return whole
        except MemoryError as error:
            raise MemoryError(f"{name} does not fit into the memory that is left; shrink it first") from error


def _moves(file: IO[bytes], name: str) -> bool:
    """Whether a picture that can be decoded is an animation."""
    with contextlib.suppress(Exception):  # what follows the first frame does not matter
        picture = opened(file, name)  # again, as counting frames may wind on to the last
        return picture.format in ("GIF", "PNG", "WEBP", "AVIF") and bool(getattr(picture, "is_animated", False))
    return False


@contextlib.contextmanager
def in_silence() -> Iterator[None]:
    """Without the warnings, the log and the prints of picture readers: what matters is said in our own words.

    libtiff and libpng print from C, past Python, so for this time nothing is written to the process's standard error.
    All of this belongs to the process, so one thread at a time may change it, and puts it back.
    """
    log = logging.getLogger("PIL")
    with _ALONE, warnings.catch_warnings(), contextlib.ExitStack() as stack:
        level = log.level
        warnings.simplefilter("ignore")
        log.setLevel(logging.CRITICAL + 1)
        stack.callback(log.setLevel, level)
        with contextlib.suppress(OSError):  # there is none, as in a window without a console
            kept = os.dup(2)
            stack.callback(os.close, kept)
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            stack.callback(os.dup2, kept, 2)
        yield


def mended(file: IO[bytes], name: str, notes: list[str]) -> Decoded | None:
    """Decode as much of a damaged picture as there is.

    Parameters
    ----------
    file : binary file
        That `load` failed with.
    name : str
        What errors call it.
    notes : list of str
        What is missing is appended.

    Returns
    -------
    Decoded or None
        None if too much is missing.

    Raises
    ------
    PictureError
        If it is too large.
    """
    file.seek(0)
    data = file.read()
    for leaner in without_metadata(data):
        with contextlib.suppress(Exception):
            return loaded(opened(io.BytesIO(leaner), name), name)
    for whole in (data, *without_metadata(data)):
        try:
            found = _without_last_rows(whole, name)
        except (PictureError, MemoryError):
            raise
        except Exception:  # its header cannot be read
            continue
        if found is not None:
            notes.append(f"Of {name} {found[1]}.")
            return found[0]
    return None


def without_metadata(data: bytes) -> list[bytes]:
    """A PNG or JPEG with ever fewer of the parts that hold no pixels; of other formats nothing."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return [png_of(data, kept) for kept in (PNG_CHUNKS, PNG_PIXELS, (b"IHDR", b"PLTE", b"IDAT", b"IEND"))]
    if data.startswith(b"\xff\xd8"):
        return [_jpeg_of(data, kept) for kept in (JPEG_SEGMENTS, JPEG_SEGMENTS[:1], ())]
    return []


def _jpeg_of(data: bytes, kept: tuple[int, ...]) -> bytes:
    """Its segments up to the first scan: FF, kind, two bytes of length (which they count), what it holds."""
    parts, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        kind, end = data[at + 1], at + 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
        if not (0xE0 <= kind <= 0xEF or kind == 0xFE) or kind in kept:
            parts.append(data[at:end])
        at = end
    return b"".join([*parts, data[at:]])


def _without_last_rows(data: bytes, name: str) -> tuple[Decoded, str] | None:
    """What is there, and what is missing, in words; None if that is too much or cannot be told."""
    padding = _padding(data)
    if padding:
        return loaded(opened(io.BytesIO(data + padding), name), name), f"the last {len(padding)} bytes are missing"
    picture = opened(io.BytesIO(data), name)
    if picture.format in ("JPEG", "MPO"):
        progressive = picture.info.get("progressive")
        if not (_last_scans_begun(data, len(picture.layer)) if progressive else _rows_there(data, name)):
            return None
        # With an end, the decoder gives all that it has.
        return loaded(opened(io.BytesIO(data + JPEG_END), name), name), "the last blocks are coarse or missing"
    found = _rows_there(data, name)
    if found is None:
        return None
    whole, rows = found
    width, height = whole.picture.size
    for before, row in itertools.pairwise(rows):  # it was interlaced: between two of its rows some are missing
        for missing in range(before + 1, row):
            whole.picture.paste(whole.picture.crop((0, before, width, before + 1)), (0, missing))
    cropped = whole.picture.crop((0, rows[0], width, rows[-1] + 1))
    return dataclasses.replace(whole, picture=cropped), f"{len(rows)} of {height} rows are there"


def _rows_there(data: bytes, name: str) -> tuple[Decoded, list[int]] | None:
    """A picture decoded as far as possible, and which rows are there; None if they are too few.

    It is decoded onto black and onto white: where these differ, nothing was decoded.
    """
    both = []
    about: dict[str, Any] = {}
    for value in (0, 255):
        picture = opened(io.BytesIO(data), name)
        if 2 * bytes_needed(picture) > MOST_BYTES:
            return None
        about = described(picture)
        ground = _plain(picture.mode, getattr(picture, "_tile_size", picture.size), value)
        picture.im = ground.im
        with contextlib.suppress(Exception):
            loaded(picture, name)
        if picture.im is not ground.im:  # a reader that makes its own: what is there cannot be told
            return None
        picture.tile = []
        about.setdefault("orientation", orientation_of(picture))
        both.append(picture._new(ground.im))
    there = _equal_rows(*both)
    missing = int((~there).sum())
    if missing > max((1 - LEAST_SHARE) * len(there), BLOCK_ROWS) or missing > len(there) / 2:
        return None
    return Decoded(both[0], **about), np.flatnonzero(there).tolist()


def _padding(data: bytes) -> bytes:
    """What to put behind a WebP, AVIF, HEIC or JPEG 2000 that lacks a few bytes, which their decoders would refuse.

    The first begins with its length (RIFF); the others are boxes, each of which begins with its own (ISO 14496-12).
    """
    end = 0
    if data.startswith(b"RIFF"):
        end = 8 + int.from_bytes(data[4:8], "little")
    elif data[4:8] in (b"ftyp", b"jP  "):
        while end + 8 <= len(data):
            size = int.from_bytes(data[end : end + 4], "big")
            if size < 8:  # to the end of the file, or of 64 bits
                end = len(data) + 2 if data[4:8] == b"jP  " and not data.endswith(JPEG_END) else 0
                break
            end += size
    missing = end - len(data)
    if not 1 <= missing <= MOST_PADDED * len(data):
        return b""
    last = JPEG_END if data[4:8] == b"jP  " else b""
    return (bytes(missing) + last)[-missing:]


def _plain(mode: str, size: tuple[int, int], value: int) -> Any:
    from PIL import Image

    bands = Image.getmodebands(mode)
    return Image.new(mode, size, value if bands == 1 else (value,) * bands)


def _equal_rows(black: Any, white: Any, rows: int = 256) -> np.ndarray:
    """(H,) bool, whether each row of two pictures is the same; compared a few at a time, to save memory."""
    found = []
    for top in range(0, black.height, rows):
        box = (0, top, black.width, min(top + rows, black.height))
        same = np.asarray(black.crop(box)) == np.asarray(white.crop(box))
        found.append(same.reshape(len(same), -1).all(axis=1))
    return np.concatenate(found)


def _last_scans_begun(data: bytes, components: int) -> bool:
    """Whether of every coefficient of a progressive JPEG the last bit is there, or has begun to be.

    Each scan's header lists its components, two bytes each, from which coefficient to which it goes, and the lowest bit
    that it brings (ITU-T T.81, section B.2.3, annex G). Then nothing is missing but the finest detail.
    """
    known = np.zeros((components, 64), dtype=bool)
    names: list[int] = []
    for scan in data.split(b"\xff\xda")[1:]:  # in coded data FF is followed by 0
        count = scan[2] if len(scan) > 2 else 0
        if not 1 <= count <= 4 or len(scan) < 6 + 2 * count:
            continue
        start, end, bits = scan[3 + 2 * count : 6 + 2 * count]
        if bits & 15 == 0:
            for which in scan[3 : 3 + 2 * count : 2]:
                names += [which] if which not in names else []
                if names.index(which) < components:
                    known[names.index(which), start : end + 1] = True
    return bool(known.all())
