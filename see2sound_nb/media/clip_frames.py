"""The frames of a clip, one after the other, as they are meant to be seen.

A film's file holds them lying on the side, mirrored, squeezed, in other colours: each is made upright, of square pixels
and sRGB here. Never more than a few are in memory.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from see2sound_nb.media.clip_kinds import picture_numbers
from see2sound_nb.media.clips import Clip
from see2sound_nb.media.films import decoded_frames, ensure_av, open_container, picture_stream
from see2sound_nb.media.picture_colours import in_srgb, over_white
from see2sound_nb.media.picture_decoding import in_silence

#: FFmpeg's code for "not said which colour matrix", and from which height on players take BT.709 instead of BT.601.
UNTAGGED, HD_HEIGHT_PX = 2, 720
#: FFmpeg's codes of the transfer curves of HDR.
PQ, HLG = 16, 18
#: How bright a usual screen's full white is in HDR (ITU-R BT.2408), in nits; what is brighter is white as well.
WHITE_NITS = 203.0
#: From the primaries of BT.2020 to those of BT.709 and sRGB (ITU-R BT.2087).
BT709_FROM_BT2020 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
#: How much of each primary of BT.2020 is in its luminance.
BT2020_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)


def size_within(size: tuple[int, int], longest_px: int | None) -> tuple[int, int]:
    """Reduce a size, keeping its shape.

    Parameters
    ----------
    size : tuple of int
        (width, height) in pixels.
    longest_px : int or None
        The most pixels along the longer side; None leaves the size as it is.

    Returns
    -------
    tuple of int
        (width, height), each at least 1; never larger than `size`.

    Examples
    --------
    >>> size_within((1920, 1080), 640)
    (640, 360)
    """
    if longest_px is not None and longest_px < 1:
        raise ValueError(f"longest_px={longest_px} must be at least 1 pixel; 640 is usual")
    scale = 1.0 if longest_px is None else min(1.0, longest_px / max(size))
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def read_frames(clip: Clip, longest_px: int | None = None) -> Iterator[np.ndarray]:
    """Read the frames of a clip in order, as a stream.

    Parameters
    ----------
    clip : Clip
        From `clips.open_clip`.
    longest_px : int or None
        Reduce the frames to this along the longer side.

    Yields
    ------
    np.ndarray
        I, (H, W, 3) uint8 RGB: upright, of square pixels, sRGB, transparency over white, C-contiguous. One
        for each of ``clip.times_s``: where a frame cannot be decoded, the one before it once more. Fewer only if
        nothing can be decoded from some point on.

    Notes
    -----
    HDR (PQ, HLG) is mapped to what a usual screen shows; untagged films of 720 lines or more are taken as BT.709, as
    players do. Notebook: 07_moving_pictures.
    """
    size = size_within(clip.size, longest_px)
    if clip.pictures is not None:
        for I in clip.pictures[: len(clip)]:
            yield _resized(I, size)
    elif clip._with_pillow:
        yield from _animation_frames(clip, size)
    else:
        yield from _film_frames(clip, size)


def _animation_frames(clip: Clip, size: tuple[int, int]) -> Iterator[np.ndarray]:
    from PIL import Image

    assert clip.path is not None
    with Image.open(clip.path) as picture:
        for number in picture_numbers(picture)[: len(clip)]:
            try:
                with in_silence():
                    picture.seek(number)
                    pixels = picture.convert("RGBA")
            except Exception:  # decoders raise what they like
                return
            I = np.asarray(over_white(pixels, clip._profile, clip.path.name, []))
            yield _resized(_upright(I, clip._turn), size)


def _film_frames(clip: Clip, size: tuple[int, int]) -> Iterator[np.ndarray]:
    from PIL import Image

    av = ensure_av()
    assert clip.path is not None
    stored = size[::-1] if clip._turn[0] else size  # reduced first, turned afterwards: less to do
    reformatter = av.video.reformatter.VideoReformatter()  # one for all: each frame's own would stay in memory
    shown, filled = None, 0
    with open_container(clip.path, clip.kind) as container:
        for frame in decoded_frames(container, picture_stream(container)):
            upto = filled + 1
            if clip._stamps is not None and frame.pts is not None:
                upto = min(len(clip), int(np.searchsorted(clip._stamps, frame.pts, side="right")))
            if upto <= filled:
                continue  # not one of those that the packets promised
            I = _upright(_rgb(frame, stored, reformatter), clip._turn)
            if clip._profile:
                I = np.array(in_srgb(Image.fromarray(I), clip._profile, clip.path.name, []))
            for _ in range(filled + 1, upto):  # those between could not be decoded
                yield (I if shown is None else shown).copy()
            yield I
            shown, filled = I, upto
            if filled == len(clip):
                return


def _rgb(frame, size: tuple[int, int], reformatter) -> np.ndarray:
    """An av.VideoFrame as (H, W, 3) uint8 sRGB of a size, still lying as it was stored."""
    av = ensure_av()
    kinds = av.video.reformatter
    if frame.format.name.startswith("pal") or any(component.is_alpha for component in frame.format.components):
        return _resized(_over_white(reformatter.reformat(frame, format="rgba").to_ndarray()), size)
    how = {}
    if frame.colorspace == UNTAGGED and frame.height >= HD_HEIGHT_PX and not frame.format.is_rgb:
        how["src_colorspace"] = kinds.Colorspace.ITU709
    smaller = size[0] < frame.width or size[1] < frame.height
    how["interpolation"] = kinds.Interpolation.AREA if smaller else kinds.Interpolation.BICUBIC
    if frame.color_trc in (PQ, HLG):
        return _from_hdr(reformatter.reformat(frame, *size, format="rgb48le", **how).to_ndarray(), frame.color_trc)
    return reformatter.reformat(frame, *size, format="rgb24", **how).to_ndarray()


def _from_hdr(signal: np.ndarray, curve: int) -> np.ndarray:
    """HDR in BT.2020, (H, W, 3) uint16, as a usual screen shows it, (H, W, 3) uint8 sRGB.

    PQ by SMPTE ST 2084, HLG by ITU-R BT.2100 for a screen of 1000 nits. PyAV 17 does not do it; 18 does (its
    documentation denies it), but needs 3 s to begin with.
    """
    light = _light_of(curve)[signal >> 4]
    if curve == HLG:  # there the scene is coded, and the screen makes it steeper
        light *= np.maximum(light @ BT2020_LUMINANCE, 1e-6)[..., None] ** np.float32(0.2)
    light = np.clip(light * np.float32((10000.0 if curve == PQ else 1000.0) / WHITE_NITS) @ BT709_FROM_BT2020.T, 0, 1)
    return (255 * light ** np.float32(1 / 2.2) + 0.5).astype(np.uint8)


@functools.cache
def _light_of(curve: int) -> np.ndarray:
    """(4096,) float32, the light from 0 to 1 of each value of a signal."""
    signal = np.linspace(0, 1, 4096)
    if curve == PQ:
        root = signal ** (1 / 78.84375)
        light = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return light.astype(np.float32)


def _upright(I: np.ndarray, turn: tuple[bool, bool, bool]) -> np.ndarray:
    swap, mirror_x, mirror_y = turn
    I = I.swapaxes(0, 1) if swap else I
    I = I[:, ::-1] if mirror_x else I
    I = I[::-1] if mirror_y else I
    return np.ascontiguousarray(I)  # PyAV's arrays have padding at the end of each row


def _over_white(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 4) uint8 RGBA over white, (H, W, 3) uint8."""
    if pixels[..., 3].min() == 255:  # nothing to see through, as most often
        return pixels[..., :3]
    opacity = pixels[..., 3:].astype(np.uint16)
    return ((pixels[..., :3] * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)


def _resized(I: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    import cv2

    if I.shape[1::-1] != size:
        smaller = size[0] < I.shape[1] or size[1] < I.shape[0]
        I = cv2.resize(I, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    return np.ascontiguousarray(I)
