"""Pictures in: a photo as the models see it.

Notebook: 09_your_own.
"""

from __future__ import annotations

import io
import os
import pathlib
import re
import warnings
from typing import Any

import numpy as np

from see2sound_nb.media.picture_colours import factor_for, of_values, over_white, reduced_values, srgb_of
from see2sound_nb.media.picture_decoding import decode, in_silence
from see2sound_nb.media.picture_files import LONGEST_SIDE_PX, Decoded, orientation_of, said

#: Nothing works on less than this.
SHORTEST_SIDE_PX = 32
#: An array of which more than this share is below zero was prepared for a model, and is no picture.
MOST_NEGATIVE = 0.01


def demo_photo() -> pathlib.Path:
    """Path of the shipped photo; its origin and licence are in ``data/README.md``."""
    return pathlib.Path(__file__).parents[1] / "data" / "demo.jpg"


def read_image(source: Any, notes: list[str] | None = None) -> np.ndarray:
    """Read a photo, upright, in sRGB, and of a size that the models can use.

    Greyscale, palette, transparent (over white), CMYK and Lab pictures, 16 bits and floating point, colour profiles and
    EXIF's orientation all work. HEIC needs the extra ``heic``.

    Parameters
    ----------
    source : str, path, bytes, binary file, PIL.Image.Image, np.ndarray or torch.Tensor
        A file, what is in one, or pixels: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), or with channels first, uint8,
        bool, other whole numbers or floating point. Which value is white: `picture_colours.white_of`.
    notes : list of str, optional
        What is unusual about it, such as rows that are missing, is appended; without a list it is warned of.

    Returns
    -------
    np.ndarray
        I, (H, W, 3) uint8 RGB, the longer side at most `LONGEST_SIDE_PX` pixels, none below `SHORTEST_SIDE_PX`. The
        shape of the picture is kept, but of one longer than 32:1.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If it cannot be read.
    ValueError
        If it is empty, an address, no picture, damaged in more than its last rows, too large (`MOST_PIXELS`,
        `MOST_BYTES` in `picture_files`), or an array of another shape or kind.
    MemoryError
        If there is not even that much memory.
    TypeError
        If it is something else.

    Warns
    -----
    UserWarning
        Of each note, if there is no list for them.

    Notes
    -----
    Paper: section 4.1, I. Notebook: 09_your_own.
    """
    found: list[str] = []
    I = _fitted(_picture_of(source, found))
    if notes is None:
        for note in found:
            warnings.warn(note, stacklevel=2)
    else:
        notes += found
    return I


def _picture_of(source: Any, notes: list[str]) -> Any:
    """Any source as a `PIL.Image.Image` of mode RGB."""
    from PIL import Image

    if isinstance(source, Image.Image):
        return _of_pil(source, notes)
    if hasattr(source, "detach") and hasattr(source, "cpu"):  # torch
        source = source.detach().cpu()
        source = (source.float() if source.is_floating_point() else source).numpy()
    elif hasattr(source, "__array__") and not isinstance(source, np.ndarray):
        source = np.asarray(source)
    if isinstance(source, np.ndarray):
        return _of_array(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return _of_bytes(bytes(source), "the picture in memory", notes)
    if hasattr(source, "read"):
        return _of_open_file(source, notes)
    if isinstance(source, str | os.PathLike):
        return _of_path(source, notes)
    shown = repr(source) if len(repr(source)) <= 60 else f"of type {type(source).__name__}"
    raise TypeError(
        f"the photo is {shown}; it must be a path, bytes, an open file, a PIL.Image, an array or a tensor: of an "
        "upload widget its content, as upload.value[0].content"
    )


def _of_path(source: str | os.PathLike, notes: list[str]) -> Any:
    text = os.fsdecode(source)
    name = text if text.isprintable() and 0 < len(text) <= 500 else f"{text[:80]!r}"
    if re.match(r"(?i)(data:|(https?|ftps?|file|s3|gs)://?)", text):
        raise ValueError(
            f"{name[:200]} is an address; download the picture, and give the path of the file or its bytes"
        )
    try:
        size = os.stat(text).st_size if os.path.isfile(text) else None
    except (OSError, ValueError):
        size = None
    if size is None:
        what = "a folder is" if os.path.isdir(text) else "no photo"
        raise FileNotFoundError(f"{what} at {name}; give the path of a JPEG, PNG or other picture file")
    if size == 0:
        raise ValueError(f"{name} is empty (0 bytes); it must be a picture: export or download it again")
    if not os.access(text, os.R_OK):
        raise PermissionError(f"{name} may not be read; change its permissions, or copy it")
    with open(text, "rb") as file:
        return srgb_of(decode(file, name, notes), name, notes)


def _of_bytes(data: bytes, name: str, notes: list[str]) -> Any:
    if not data:
        raise ValueError(f"{name} is empty (0 bytes); it must be a picture: export or download it again")
    return srgb_of(decode(io.BytesIO(data), name, notes), name, notes)


def _of_open_file(source: Any, notes: list[str]) -> Any:
    """From its beginning, as Pillow does, if it can be wound back; else from where it is."""
    name = str(getattr(source, "name", "")) or "the open file"
    try:
        if source.seekable():
            source.seek(0)
        data = source.read()
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(f"{name} cannot be read ({said(error)}); open it again, as open(path, 'rb')") from error
    if not isinstance(data, bytes):
        raise ValueError(f"{name} is open as text; open it as open(path, 'rb')")
    return _of_bytes(data, name, notes)


def _of_pil(picture: Any, notes: list[str]) -> Any:
    name = str(getattr(picture, "filename", "")) or f"the PIL.Image of {picture.width} x {picture.height} pixels"
    file = getattr(picture, "fp", None)
    untouched = bool(getattr(picture, "tile", None)) and picture.tell() == 0
    if untouched and file is not None and not file.closed and file.seekable():  # as good as its file
        place = file.tell()
        try:
            return srgb_of(decode(file, name, notes), name, notes)
        finally:
            file.seek(place)
    try:
        with in_silence():
            picture.load()
    except Exception as error:  # decoders raise what they like
        raise ValueError(
            f"{name} cannot be decoded ({said(error)}); give the path of its file, or load() it before that is closed"
        ) from error
    return srgb_of(Decoded(picture, orientation_of(picture)), name, notes)


def _of_array(array: np.ndarray) -> Any:
    import cv2
    from PIL import Image

    given = f"a picture is given as an array {array.dtype} {array.shape}"
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4) and array.shape[0] in (1, 3, 4):
        array = np.moveaxis(array, 0, 2)  # as torch has it
    if array.ndim == 4:
        raise ValueError(f"{given}; it must be one picture, not several: give array[0]")
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (3,), (4,)) or not array.size:
        raise ValueError(f"{given}; it must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), none of them 0: reshape it")
    if array.dtype == bool:
        array = array * np.uint8(255)
    if array.dtype.kind not in "uif":
        raise ValueError(f"{given}; its values must be numbers, 0 is black: convert it to uint8, 0 to 255")
    if array.dtype != np.uint8:
        return over_white(_deep(array, given), None, "", [])
    height, width = array.shape[:2]
    factor = factor_for(width, height)
    if factor > 1:
        array = cv2.resize(array, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    array = np.ascontiguousarray(array)
    return over_white(Image.fromarray(array[..., 0] if array.shape[2:] == (1,) else array), None, "", [])


def _deep(array: np.ndarray, given: str) -> Any:
    """Values of more than 8 bits, (H, W) or (H, W, C), as a `PIL.Image.Image` of 8."""
    if not np.isfinite(array).all():
        raise ValueError(f"{given} with NaN or infinite values; each must be a number: replace them, by 0 for black")
    if np.mean(array < 0) > MOST_NEGATIVE:
        raise ValueError(
            f"{given} with values from {array.min():.3g} to {array.max():.3g}; 0 is black: undo the normalisation that "
            "a model asked for, or add what is missing"
        )
    small = array.dtype.kind in "ui" and array.dtype.itemsize <= 2
    top = float(np.iinfo(array.dtype).max) if small else None
    values, whole = reduced_values(lambda first, end: array[first:end], *array.shape[:2])
    return of_values(values, whole or array.dtype.kind in "ui", top)


def _fitted(picture: Any) -> np.ndarray:
    from PIL import Image

    scale = min(1.0, LONGEST_SIDE_PX / max(picture.size))
    size = tuple(max(SHORTEST_SIDE_PX, round(side * scale)) for side in picture.size)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC)
    return np.array(picture)  # a copy that may be written to
