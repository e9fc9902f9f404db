"""Clips in: what a moving picture is, and when each of its frames is shown.

A clip is read twice and never kept: once here for its times, once by `clip_frames.read_frames` for its frames. PyAV
(FFmpeg), an extra, reads films, and GIF and APNG, whose frames it puts together as browsers do (Pillow 13.0.0 takes an
APNG's "dispose to previous" for "do not dispose"). Pillow reads WebP, which FFmpeg cannot, AVIF, and without PyAV all
four.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass, field

import numpy as np

from see2sound_nb.media.clip_kinds import (
    ANIMATIONS,
    FORMATS,
    SUFFIXES,
    check_length,
    check_size,
    is_animated,
    kind_of,
    picture_numbers,
)
from see2sound_nb.media.films import (
    decoded_frames,
    decoded_times,
    ensure_av,
    open_container,
    packet_times,
    picture_stream,
    turn_of,
)
from see2sound_nb.media.picture_decoding import in_silence
from see2sound_nb.media.picture_files import orientation_of, said

#: Browsers show an animation's frame that claims to last this long, in seconds, or less ...
SHORTEST_DELAY_S = 0.010
#: ... for this long instead.
USUAL_DELAY_S = 0.100
Turn = tuple[bool, bool, bool]
#: What makes a picture of each of EXIF's orientations upright: swap x and y, then mirror x, then mirror y.
TURNS = {k: (k > 4, k in (2, 3, 6, 7), k in (3, 4, 7, 8)) for k in range(1, 9)}


@dataclass(frozen=True, eq=False)
class Clip:
    """A moving picture: what it is and when each frame is shown. The frames stay in the file.

    Attributes
    ----------
    path : pathlib.Path or None
        The file, absolute; None for frames in memory.
    pictures : np.ndarray or None
        (F, H, W, 3) uint8 RGB, the frames that were handed over; None for a file.
    kind : str
        Key of `FORMATS`, or ``"frames"``.
    codec : str
        FFmpeg's name of the pictures' coding, such as ``"h264"``; ``"raw"`` for frames in memory.
    size : tuple of int
        (width, height) in pixels: upright, of square pixels, at full size.
    times_s : np.ndarray
        (F,) float64, when each frame is shown; the first at 0, strictly increasing.
    end_s : float
        When the last frame ends.
    start_s : float
        When the first frame is shown by the file's own clock.
    turns : int
        How often it is played: 1 is once, 0 for ever.
    sound : tuple of int, or None
        (channels, sample rate in Hz) of its sound track.
    notes : list of str
        What is unusual about it, in sentences.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """

    path: pathlib.Path | None
    pictures: np.ndarray | None
    kind: str
    codec: str
    size: tuple[int, int]
    times_s: np.ndarray
    end_s: float
    start_s: float = 0.0
    turns: int = 1
    sound: tuple[int, int] | None = None
    notes: list[str] = field(default_factory=list)
    #: (width, height) in the file's own pixels, before turning and widening.
    _stored: tuple[int, int] = (0, 0)
    #: What makes a stored frame upright: swap x and y, then mirror x, then mirror y.
    _turn: tuple[bool, bool, bool] = (False, False, False)
    #: (F,) int64, each frame's time stamp in the file; None if only the order of the frames can be relied on.
    _stamps: np.ndarray | None = None
    #: The pixels' format by FFmpeg's name.
    _pixels: str = "rgb24"
    #: Whether the file holds frames that its edit list hides: "", "before" what is shown, or "after" it as well.
    _hidden: str = ""
    #: Why the coded pictures cannot be copied into another container; empty if they can.
    _flaw: str = ""
    #: Whether Pillow reads it, not PyAV.
    _with_pillow: bool = False
    #: Of an animation, its colour profile (ICC).
    _profile: bytes | None = None

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def frames_per_s(self) -> float:
        """The median of the frame rate, in Hz."""
        return float(1.0 / np.median(np.diff(self.times_s, append=self.end_s)))


def is_clip(source) -> bool:
    """Whether a source is a moving picture, judged by what it holds; reads the head of a file only.

    Parameters
    ----------
    source : Clip, str, path, np.ndarray or list of np.ndarray
        Anything that `See2Sound.run` takes.

    Returns
    -------
    bool
        True for a `Clip`, (F, H, W, 3) arrays, lists of (H, W, 3) arrays, films, animations of more than one frame, and
        files that are named as films (opening one that is none says so). False for all else.
    """
    if isinstance(source, Clip):
        return True
    if isinstance(source, np.ndarray):
        return source.ndim == 4
    if isinstance(source, list | tuple):
        return all(isinstance(I, np.ndarray) and I.ndim == 3 for I in source)
    if not isinstance(source, str | os.PathLike):
        return False
    path = pathlib.Path(source)
    try:
        kind = kind_of(path)
    except (OSError, ValueError):  # not there, not to be read, no possible name
        kind = None
    if kind in ANIMATIONS:
        return is_animated(path)
    return kind is not None or path.suffix.lower() in SUFFIXES


def open_clip(source, frames_per_s: float = 25.0) -> Clip:
    """Find out what a clip is and when each frame is shown.

    Parameters
    ----------
    source : str, path, np.ndarray, list of np.ndarray or Clip
        A file, (F, H, W, 3) uint8 RGB, or a list of (H, W, 3) uint8 RGB of one size.
    frames_per_s : float
        The rate of frames in memory, in Hz. A file has its own times.

    Returns
    -------
    Clip
        A film's frames are counted by its packets; that one cannot be decoded only `read_frames` will find out.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    PermissionError
        If it may not be read.
    ValueError
        If it is no clip that can be read, has no pictures, or exceeds `MOST_SECONDS`, `MOST_FRAMES` or `MOST_PIXELS`.
    ModuleNotFoundError
        If it is a film and PyAV is not installed.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    if isinstance(source, Clip):
        return source
    if isinstance(source, np.ndarray | list | tuple):
        return _clip_of_frames(source, frames_per_s)
    path = pathlib.Path(source).absolute()
    if not path.is_file():
        raise FileNotFoundError(f"no clip at {path}; give the path of a film (MP4, MOV, MKV, WebM) or an animated GIF")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty (0 bytes); it must be a film or an animation: export or download it again")
    if not os.access(path, os.R_OK):
        raise PermissionError(f"{path} may not be read; change its permissions, or copy it")
    kind = kind_of(path)
    if kind is None:
        raise ValueError(f"{path} is no film: it holds none of {', '.join(FORMATS)}; export it as MP4 or MKV")
    if kind in ("webp", "avif") or (kind in ANIMATIONS and not _has_av()):
        return _open_animation(path, kind)
    return _open_film(path, kind)


def _has_av() -> bool:
    try:
        ensure_av()
    except ModuleNotFoundError:
        return False
    return True


def _clip_of_frames(frames, frames_per_s: float) -> Clip:
    if not (np.isfinite(frames_per_s) and frames_per_s > 0):
        raise ValueError(f"frames_per_s={frames_per_s} must be a number of Hz above 0; 25 is usual")
    if len(frames) == 0:
        raise ValueError("there are no frames (0 of them); hand over at least one (H, W, 3) uint8 RGB picture")
    for number, I in enumerate(frames):
        if not isinstance(I, np.ndarray) or I.dtype != np.uint8 or I.ndim != 3 or I.shape[2] != 3 or not I.size:
            what = f"{I.dtype} {I.shape}" if isinstance(I, np.ndarray) else type(I).__name__
            raise ValueError(f"frame {number} is {what}; it must be uint8 (H, W, 3) RGB: convert it")
        if I.shape != frames[0].shape:
            raise ValueError(f"frame {number} is {I.shape}, frame 0 is {frames[0].shape}; give all frames one size")
    height, width = frames[0].shape[:2]
    check_size("the array", width, height)
    times_s = np.arange(len(frames)) / frames_per_s
    check_length("the array", len(frames), len(frames) / frames_per_s)
    return Clip(None, np.asarray(frames), "frames", "raw", (width, height), times_s, len(frames) / frames_per_s)


def _open_animation(path: pathlib.Path, kind: str) -> Clip:
    """By Pillow: WebP and AVIF always, GIF and APNG where there is no PyAV."""
    from PIL import Image

    stored, turns, profile, turn = _animation_head(path, kind)
    size = stored[::-1] if turn[0] else stored
    notes: list[str] = []
    delays_s: list[float] = []
    with in_silence(), Image.open(path) as picture:
        numbers = picture_numbers(picture)
        for number in numbers:
            try:
                picture.seek(number)
                picture.load()
            except Exception:  # decoders raise what they like
                notes.append(f"The file is cut off: {len(delays_s)} of {len(numbers)} frames are there.")
                break
            delays_s.append(float(picture.info.get("duration") or 0) / 1000)
            check_length(path, len(delays_s), sum(delays_s))
    if not delays_s:
        raise ValueError(f"{path} has no frame that can be read (0 frames); export or download it again")
    times_s, end_s = _as_browsers_show(np.array(delays_s), notes)
    check_length(path, len(times_s), end_s)
    return Clip(
        path, None, kind, kind, size, times_s, end_s, turns=turns, notes=notes,
        _stored=stored, _turn=turn, _with_pillow=True, _profile=profile,
    )  # fmt: skip


def _open_film(path: pathlib.Path, kind: str) -> Clip:
    """By PyAV."""
    _, turns, profile, turn = _animation_head(path, kind) if kind in ANIMATIONS else (None, 1, None, None)
    with open_container(path, kind) as container:
        stream = picture_stream(container)
        codec, stored = stream.codec_context.codec.canonical_name, (stream.width, stream.height)
        if stored != (0, 0):
            check_size(path, *stored)
        if stream.duration and kind not in ("mpegts", "mpeg"):  # these only guess it
            check_length(path, 0, float(stream.duration * stream.time_base))
        first = next(decoded_frames(container, stream), None)
        if first is None:
            raise ValueError(
                f"{path} has no frame that can be decoded ({codec}); export it as H.264 in an MP4, or download it again"
            )
        stored = (first.width, first.height)
        ratio = float(stream.sample_aspect_ratio or 1)
        turn = turn_of(first, codec) if turn is None else turn
        pixels, reordered = first.format.name, stream.codec_context.has_b_frames
        track = container.streams.best("audio")
        sound = (track.channels, track.sample_rate) if track and track.codec_context and track.sample_rate else None
    wide = (round(stored[0] * max(1.0, ratio)), round(stored[1] * max(1.0, 1 / ratio))) if 0.1 < ratio < 10 else stored
    size = wide[::-1] if turn[0] else wide
    check_size(path, *size)

    notes: list[str] = []
    stamps, end, tick_s, hidden, flaw = packet_times(path, kind, notes)
    if flaw:
        notes.append(f"{flaw}; the frames' times were found by decoding them all.")
        times_s, end_s = decoded_times(path, kind)
    else:
        times_s, end_s = stamps * tick_s, end * tick_s
    ordered = bool(flaw)
    if kind == "avi":  # it says when pictures are decoded: the times are right, but not which picture has which
        ordered, flaw = True, flaw or ("AVI does not say when pictures are shown" if reordered else "")
    start_s = float(times_s[0])
    times_s, end_s = times_s - start_s, end_s - start_s
    if kind in ANIMATIONS:
        times_s, end_s = _as_browsers_show(np.diff(times_s, append=end_s), notes)
    check_length(path, len(times_s), end_s)
    return Clip(
        path, None, kind, codec, size, times_s, end_s, start_s, turns, sound, notes,
        _stored=stored, _turn=turn, _stamps=None if ordered else stamps, _pixels=pixels, _hidden=hidden, _flaw=flaw,
        _profile=profile,
    )  # fmt: skip


def _as_browsers_show(delays_s: np.ndarray, notes: list[str]) -> tuple[np.ndarray, float]:
    """Times and end of an animation from what each frame claims to last, (F,) float64 in seconds."""
    short = delays_s <= SHORTEST_DELAY_S + 1e-6
    if short.any():
        notes.append(
            f"{short.sum()} of {len(short)} frames claim to last {1000 * SHORTEST_DELAY_S:.0f} ms or less; each is "
            f"taken to last {1000 * USUAL_DELAY_S:.0f} ms, as browsers show it."
        )
    ends_s = np.cumsum(np.where(short, USUAL_DELAY_S, delays_s))
    return np.concatenate([[0.0], ends_s[:-1]]), float(ends_s[-1])


def _animation_head(
    path: pathlib.Path, kind: str
) -> tuple[tuple[int, int], int, bytes | None, tuple[bool, bool, bool]]:
    """Of an animation its size, how often it is played (0 for ever), its colour profile, and what makes it upright.

    All of its head; PyAV tells nothing of it beforehand.
    """
    from PIL import Image

    try:
        with in_silence(), Image.open(path) as picture:
            size, loop, profile = picture.size, picture.info.get("loop"), picture.info.get("icc_profile")
            turn = TURNS[orientation_of(picture)]
    except Image.DecompressionBombError as error:
        raise ValueError(f"{path} is too large ({said(error)}); scale it down first") from error
    except Exception as error:  # readers raise what they like
        raise ValueError(f"{path} cannot be read as {kind} ({said(error)}); open and save it again") from error
    check_size(path, *size)
    if kind == "avif":
        turns = 0  # Pillow does not tell; browsers repeat them
    elif kind == "gif" and loop:  # it says how often it is played again
        turns = loop + 1
    else:
        turns = 1 if loop is None else int(loop)
    return size, turns, profile, turn
