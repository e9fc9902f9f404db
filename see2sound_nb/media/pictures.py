"""Pictures in: a photo as the models see it.

Notebook: 09_your_own.
"""

from __future__ import annotations

import pathlib
import struct

import numpy as np

#: Larger photos are reduced: no model of ours sees more than this many pixels along the longer side.
LONGEST_SIDE_PX = 1024
#: And nothing works on less than this.
SHORTEST_SIDE_PX = 32
#: A photo of more pixels than this is taken for a decompression bomb.
MOST_PIXELS = 80_000_000


def demo_photo() -> pathlib.Path:
    """Path of the shipped photo; its origin and licence are in ``data/README.md``."""
    return pathlib.Path(__file__).parents[1] / "data" / "demo.jpg"


def read_image(source) -> np.ndarray:
    """Read a photo, upright, in colour, and of a size that the models can use.

    Greyscale, palette, RGBA (over white), CMYK, 16-bit and EXIF-rotated pictures all work.

    Parameters
    ----------
    source : str, path, PIL.Image.Image or np.ndarray
        A file, a picture, or (H, W, 3) or (H, W) uint8.

    Returns
    -------
    np.ndarray
        I, (H, W, 3) uint8 RGB, the longer side at most `LONGEST_SIDE_PX` pixels.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is empty, truncated, no picture, or of more than `MOST_PIXELS` pixels.

    Notes
    -----
    Paper: section 4.1, I. Notebook: 09_your_own.
    """
    from PIL import Image

    if isinstance(source, np.ndarray):
        if (
            source.dtype != np.uint8
            or source.ndim not in (2, 3)
            or source.shape[2:] not in ((), (3,))
            or not source.size
        ):
            raise ValueError(
                f"image array is {source.dtype} {source.shape}; it must be uint8 (H, W, 3) RGB: convert it"
            )
        return _fit(Image.fromarray(source).convert("RGB"))
    if isinstance(source, Image.Image):
        return _fit(_rgb(source))
    path = pathlib.Path(source)
    if not path.is_file():
        raise FileNotFoundError(f"no photo at {path}; give the path of a JPEG, PNG or other picture file")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty (0 bytes); it must be a picture: export or download it again")
    try:
        with Image.open(path) as picture:  # reads the header only
            if picture.width * picture.height > MOST_PIXELS:
                raise Image.DecompressionBombError(f"{picture.width} x {picture.height} pixels")
            if picture.format == "JPEG":  # decode large JPEGs at half or quarter size: less memory, less time
                picture.draft("RGB" if picture.mode == "RGB" else None, (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
            return _fit(_rgb(picture))
    except Image.DecompressionBombError as error:
        raise ValueError(f"{path} is too large ({error}, at most {MOST_PIXELS:,}); shrink it first") from error
    except (OSError, SyntaxError, EOFError, struct.error) as error:
        raise ValueError(f"{path} is not a whole picture ({error}); open and save it again as JPEG or PNG") from error


def _rgb(picture):
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, dtype=np.float64)
        top = 65535.0 if values.max() > 255 else 255.0 if values.max() > 1 else 1.0
        picture = Image.fromarray((np.clip(values / top, 0, 1) * 255).round().astype(np.uint8))
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")


def _fit(picture) -> np.ndarray:
    from PIL import Image

    scale = min(1.0, LONGEST_SIDE_PX / max(picture.size))
    size = tuple(max(SHORTEST_SIDE_PX, round(side * scale)) for side in picture.size)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC)
    return np.array(picture)  # a copy that may be written to
