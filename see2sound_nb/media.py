"""Pictures in, sound files out: the only place that touches files of the user.

Notebook: 09_your_own.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import struct
import tempfile
from collections.abc import Iterator

import numpy as np

#: Larger photos are reduced: no model of ours sees more than this many pixels along the longer side.
LONGEST_SIDE_PX = 1024
#: And nothing works on less than this.
SHORTEST_SIDE_PX = 32
#: A photo of more pixels than this is taken for a decompression bomb.
MOST_PIXELS = 80_000_000

#: Speaker masks of WAVE_FORMAT_EXTENSIBLE (Microsoft), 0 where channels are not speakers.
CHANNEL_MASKS = {
    "stereo": 0x3, "binaural": 0x3, "5.1": 0x60F, "7.1.4": 0x2D63F,
    "foa": 0x0, "hoa2": 0x0, "hoa3": 0x0, "hoa4": 0x0, "hoa5": 0x0,
}  # fmt: skip
#: Channels of each layout.
CHANNELS = {
    "stereo": 2, "binaural": 2, "5.1": 6, "7.1.4": 12, "foa": 4, "hoa2": 9, "hoa3": 16, "hoa4": 25, "hoa5": 36,
}  # fmt: skip
#: Lowest and highest sample rate of a WAV, in Hz.
SAMPLE_RATES = (8000, 192000)
#: Sample formats: bits a sample, and the code of the format (1 integers, 3 floats).
SUBTYPES = {"PCM_16": (16, 1), "PCM_24": (24, 1), "FLOAT": (32, 3)}


def demo_photo() -> pathlib.Path:
    """Path of the shipped photo; its origin and licence are in ``data/README.md``."""
    return pathlib.Path(__file__).parent / "data" / "demo.jpg"


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


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Write beside, then rename: the file at `path` is whole or not there.

    Yields
    ------
    pathlib.Path
        Where to write. It takes the final name when the block ends well, and is removed when it does not.

    Raises
    ------
    ValueError
        If the folder does not exist or cannot be written to.
    """
    path = pathlib.Path(path)
    check_writable(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    beside = pathlib.Path(name)
    try:
        yield beside
        umask = os.umask(0)
        os.umask(umask)
        beside.chmod(0o666 & ~umask)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike) -> None:
    """Raise ValueError, before hours of work, if no file can be written at `path`."""
    path = pathlib.Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; the output must be a file: add a name such as {path / 'photo.wav'}")
    if not path.parent.is_dir():
        raise ValueError(
            f"folder {path.parent} does not exist, so {path.name} cannot be written; make the folder first"
        )
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"folder {path.parent} is read-only, so {path.name} cannot be written; choose another")


def check_sample_rate(sample_rate: int) -> int:
    """Return `sample_rate`, or raise ValueError if it is not a whole number of Hz within `SAMPLE_RATES`."""
    lowest, highest = SAMPLE_RATES
    if not (lowest <= sample_rate <= highest and sample_rate == int(sample_rate)):
        raise ValueError(
            f"sample_rate={sample_rate} must be a whole number of Hz from {lowest} to {highest}; 48000 is usual"
        )
    return int(sample_rate)


def check_subtype(subtype: str) -> str:
    """Return `subtype`, or raise ValueError if it is not one of `SUBTYPES`."""
    if subtype not in SUBTYPES:
        raise ValueError(f"subtype {subtype!r} is unknown; choose one of {', '.join(SUBTYPES)}")
    return subtype


def write_wav(
    path: str | os.PathLike, audio: np.ndarray, sample_rate: int, *, layout: str = "stereo", subtype: str = "PCM_16"
) -> pathlib.Path:
    """Write a WAV with the channel mask of its layout.

    Parameters
    ----------
    path : str or path
        The file to write; it appears only when it is complete.
    audio : np.ndarray
        (n_ch, T) float, full scale 1.
    sample_rate : int
        In Hz, 8000 to 192000.
    layout : str
        Key of `CHANNEL_MASKS`; it says how many channels there must be.
    subtype : str
        ``"PCM_16"``, ``"PCM_24"`` or ``"FLOAT"``.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If a sample is NaN or beyond full scale, a name is unknown, the number of channels or the sample rate does not
        fit, or the file would be larger than 4 GB or cannot be written.

    Notes
    -----
    WAVE_FORMAT_EXTENSIBLE as in Microsoft's "Multiple Channel Audio Data and WAVE Files". libsndfile would
    name the surround channels of 5.1 "back"; BS.775 has them at the side, hence the mask is written here.
    Notebook: 09_your_own.
    """
    if layout not in CHANNEL_MASKS:
        raise ValueError(f"layout {layout!r} is unknown; choose one of {', '.join(CHANNEL_MASKS)}")
    check_subtype(subtype)
    sample_rate = check_sample_rate(sample_rate)
    audio = np.atleast_2d(np.asarray(audio))
    if len(audio) != CHANNELS[layout]:
        raise ValueError(f"the audio has {len(audio)} channels, {layout} has {CHANNELS[layout]}; choose another layout")
    bits, code = SUBTYPES[subtype]
    if audio.size * bits // 8 > 2**32 - 200:
        raise ValueError(
            f"the audio needs {audio.size * bits / 8e9:.1f} GB, a WAV holds at most 4.3 GB; cut it or choose fewer bits"
        )
    peak = float(np.abs(audio).max(initial=0.0))
    if not peak <= 1.0:
        raise ValueError(f"the audio's peak is {peak}; it must be a number up to 1 (full scale): scale it down first")
    data = _samples(audio, subtype)
    channels, block = len(audio), len(audio) * bits // 8
    subformat = struct.pack("<HHIQ", code, 0, 0x00100000, 0x719B3800AA000080)
    fmt = struct.pack("<HHIIHHHHI", 0xFFFE, channels, sample_rate, sample_rate * block, block, bits, 22, bits,
                      CHANNEL_MASKS[layout]) + subformat  # fmt: skip
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt
    if code == 3:
        chunks += b"fact" + struct.pack("<II", 4, audio.shape[1])
    chunks += b"data" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    with atomic_path(path) as beside:
        beside.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return pathlib.Path(path)


def _samples(audio: np.ndarray, subtype: str) -> bytes:
    interleaved = np.ascontiguousarray(audio.T)
    if subtype == "FLOAT":
        return interleaved.astype("<f4").tobytes()
    if subtype == "PCM_16":
        return np.round(interleaved * 32767.0).astype("<i2").tobytes()
    words = np.round(interleaved * 8388607.0).astype("<i4").view(np.uint8).reshape(-1, 4)
    return words[:, :3].tobytes()
