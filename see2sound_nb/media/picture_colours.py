"""Colours of pictures: whatever a file holds, as (H, W, 3) uint8 sRGB.

Profiles are applied, what can be seen through lies over white, and `white_of` states the rule by which values of more
than 8 bits are brought to 8.

Notebook: 09_your_own.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from see2sound_nb.media.picture_decoding import in_silence
from see2sound_nb.media.picture_files import LONGEST_SIDE_PX, Decoded

#: So many rows are worked on at a time: what is large stays as it was decoded.
ROWS = 16
#: The largest values of 8, 10, 12, 14 and 16 bits, which sensors and converters have.
FULL_SCALES = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
#: Of the values of a picture this share may be brighter than white: glints, and dead pixels of a sensor.
GLINTS = 0.001
#: Larger values are taken for this one: so that sums of them are numbers.
MOST_VALUE = 1e30
#: The modes that each kind of profile is for (the ICC's four letters).
PROFILES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
#: Pillow's modes as those that the rest of this file knows.
MODES = {"1": "L", "La": "LA", "RGBa": "RGBA", "PA": "RGBA", "P": "RGB", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}


def srgb_of(decoded: Decoded, name: str, notes: list[str]) -> Any:
    """A decoded picture as a `PIL.Image.Image` of mode RGB in sRGB, upright, at most some 3 * `LONGEST_SIDE_PX` large.

    Parameters
    ----------
    decoded : Decoded
    name : str
        What notes call it.
    notes : list of str
        What is unusual about its colours is appended.
    """
    from PIL import Image

    picture = decoded.picture
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith(("I", "F")):
        values, whole = reduced_values(lambda top, end: _values(decoded, top, end), picture.height, picture.width)
        top = None if picture.mode == "F" else _full_scale(picture.mode, decoded, values)
        picture = Image.fromarray(eight_bits(values, top, decoded.white, whole, decoded.negative))
    else:
        picture = reduced(picture)
        if decoded.deep is not None and np.quantile(picture.convert("RGB"), 1 - GLINTS) <= 127:
            picture = _deep_colours(decoded) or picture
    picture = over_white(picture, profile, name, notes)
    return turned(picture, decoded.orientation)


def turned(picture: Any, orientation: int) -> Any:
    """A picture upright: `orientation` 1 to 8 says how it lies, as in EXIF."""
    from PIL import Image

    ways = Image.Transpose
    way = {
        2: ways.FLIP_LEFT_RIGHT, 3: ways.ROTATE_180, 4: ways.FLIP_TOP_BOTTOM, 5: ways.TRANSPOSE, 6: ways.ROTATE_270,
        7: ways.TRANSVERSE, 8: ways.ROTATE_90,
    }.get(orientation)  # fmt: skip
    return picture if way is None else picture.transpose(way)


def factor_for(width: int, height: int) -> int:
    """By what whole number a picture is reduced at first: to about twice `LONGEST_SIDE_PX`, for a clean last step."""
    return max(1, round(max(width, height) / (2 * LONGEST_SIDE_PX)))


def reduced(picture: Any) -> Any:
    """A picture of 8 bits, made smaller if it is large, in one of the modes L, LA, RGB, RGBA, CMYK and LAB."""
    from PIL import Image

    mode = MODES.get(picture.mode, picture.mode)
    if "transparency" in picture.info:
        mode = "RGBA"
    factor = factor_for(*picture.size)
    if factor == 1:
        return picture.convert(mode)
    width, height = picture.size
    small = Image.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, height, ROWS * factor):
        rows = picture.crop((0, top, width, min(top + ROWS * factor, height))).convert(mode)
        small.paste(rows.reduce(factor), (0, top // factor))
    return small


def over_white(picture: Any, profile: bytes | None, name: str, notes: list[str]) -> Any:
    """A picture of one of `reduced`'s modes as RGB in sRGB, what can be seen through over white."""
    from PIL import Image

    opacity = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    colours = in_srgb(picture.convert(picture.mode[:-1]) if opacity else picture, profile, name, notes)
    if opacity is None or opacity.getextrema()[0] == 255:
        return colours
    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(colours, mask=opacity)
    return white


def in_srgb(picture: Any, profile: bytes | None, name: str, notes: list[str]) -> Any:
    """A picture of the modes L, RGB, CMYK or LAB as RGB in sRGB, by its colour profile where it has one that fits.

    Relative colorimetric with black point compensation, as most programs do. A picture without a profile is taken for
    sRGB, CMYK for its complement.
    """
    from PIL import ImageCms

    if profile or picture.mode == "LAB":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile) if profile else ImageCms.createProfile("LAB"))
            mode = PROFILES.get(source.profile.xcolor_space, "")
            if mode == picture.mode or (mode, picture.mode) == ("RGB", "L"):
                return ImageCms.profileToProfile(
                    picture.convert(mode), source, ImageCms.createProfile("sRGB"),
                    ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB", flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
                )  # fmt: skip
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
        notes.append(f"Of {name} the colour profile is damaged, or of another kind of picture; it is not applied.")
    if picture.mode == "LAB":
        return picture.getchannel("L").convert("RGB")
    return picture.convert("RGB")


def _deep_colours(decoded: Decoded) -> Any:
    """A dark picture of 16 bits a colour again, from all of its bits: Pillow keeps the upper 8. None if that fails."""
    import cv2

    try:
        with in_silence():
            values = cv2.imdecode(np.frombuffer(decoded.deep or b"", np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    size = decoded.picture.size
    if values is None or values.dtype != np.uint16 or values.ndim != 3 or values.shape[1::-1] != size:
        return None
    order = [2, 1, 0, 3][: values.shape[2]]  # OpenCV has blue first
    return of_values(*reduced_values(lambda top, end: values[top:end, :, order], size[1], size[0]), 65535.0)


def of_values(values: np.ndarray, whole: bool, top: float | None) -> Any:
    """(H, W) or (H, W, 1, 3 or 4) float32 as a `PIL.Image.Image` of mode L, RGB or RGBA; opacity has its own white."""
    from PIL import Image

    colours = values[..., :3] if values.ndim == 3 else values
    parts = [eight_bits(colours, top, whole=whole)]
    if values.shape[2:] == (4,):
        parts.append(eight_bits(values[..., 3:], top, whole=whole))
    pixels = np.concatenate(parts, axis=-1)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)


def _values(decoded: Decoded, top: int, end: int) -> np.ndarray:
    rows = np.asarray(decoded.picture.crop((0, top, decoded.picture.width, end)))
    return rows.view(np.uint32) if decoded.unsigned else rows


def _full_scale(mode: str, decoded: Decoded, values: np.ndarray) -> float:
    """The largest value of a picture's type: of 16 bits, or of 32 if there are larger values."""
    if mode != "I" or values.max(initial=0) <= 65535:
        return 65535.0
    return 2.0**32 - 1 if decoded.unsigned else 2.0**31 - 1


def reduced_values(rows: Callable[[int, int], np.ndarray], height: int, width: int) -> tuple[np.ndarray, bool]:
    """Values of more than 8 bits, made smaller if there are many, and whether they are whole numbers.

    Parameters
    ----------
    rows : callable
        ``rows(top, end)`` gives these rows, (end - top, W) or (end - top, W, C).
    height, width : int
        In pixels.

    Returns
    -------
    values : np.ndarray
        (H, W) or (H, W, C) float32; NaN is 0.
    whole : bool
    """
    import cv2

    factor = factor_for(width, height)
    values, whole = np.empty(0, np.float32), True
    for top in range(0, height, ROWS * factor):
        with np.errstate(over="ignore"):
            part = rows(top, min(top + ROWS * factor, height)).astype(np.float32)
        part = np.clip(np.nan_to_num(part, nan=0.0), -MOST_VALUE, MOST_VALUE)
        whole = whole and bool((part == np.round(part)).all())
        if factor > 1:
            size = (-(-width // factor), -(-len(part) // factor))
            part = cv2.resize(part, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], *part.shape[2:])
        if top == 0:
            values = np.empty((-(-height // factor), *part.shape[1:]), np.float32)
        values[top // factor : top // factor + len(part)] = part
    return values, whole


def eight_bits(
    values: np.ndarray, top: float | None, stated: float | None = None, whole: bool = False, negative: bool = False
) -> np.ndarray:
    """Values of more than 8 bits as 8 bits, uint8: 0 is black, and white as `white_of` says."""
    scaled = values * np.float32(255 / white_of(values, top, stated, whole))
    np.clip(scaled, 0, 255, out=scaled)
    scaled += np.float32(0.5)
    eight = scaled.astype(np.uint8)
    return 255 - eight if negative else eight


def white_of(values: np.ndarray, top: float | None, stated: float | None = None, whole: bool = False) -> float:
    """Which value is white, in a picture of more than 8 bits.

    What the file states, if no value is above it. Else full scale of 8, 10, 12, 14 or 16 bits or of the type, if the
    brightest value is in the upper half of one: a camera's 12 bits in 16, for example. Else the brightest value itself.
    It is never less than 255 for whole numbers and 1 for others.

    Parameters
    ----------
    values : np.ndarray
        Any shape, float.
    top : float or None
        The largest value of their type; None for floating point, which has none.
    stated : float, optional
        The value of white by the file's own tags.
    whole : bool
        Whether they are whole numbers.

    Returns
    -------
    float
        The brightest value is that which one in a thousand (`GLINTS`) exceeds.

    Notes
    -----
    Notebook: 09_your_own.

    Examples
    --------
    >>> white_of(np.array([0.0, 4095.0]), 65535.0), white_of(np.array([0.0, 0.7]), None)
    (4095.0, 1.0)
    """
    if stated and values.max(initial=0) <= stated:
        return float(stated)
    brightest = float(np.quantile(values, 1 - GLINTS, method="higher"))
    is_whole = top is not None or (whole and brightest > 1.5)  # a mean of ones may be a little more than 1
    least = 255.0 if is_whole else 1.0
    if brightest <= least:
        return least
    scales = FULL_SCALES if top is None else (*FULL_SCALES, top)
    return next((scale for scale in scales if scale / 2 < brightest <= scale), brightest)
