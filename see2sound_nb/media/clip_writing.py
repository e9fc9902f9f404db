"""Clips out: the pictures as they were, with a new sound.

Where the container allows it the coded pictures are copied bit for bit; the sound is always written at 48 kHz, because
AAC ends an LFE of 16 kHz at 62 Hz.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import io
import os
import pathlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from see2sound_nb.media.clip_frames import read_frames, size_within
from see2sound_nb.media.clip_kinds import ANIMATIONS
from see2sound_nb.media.clip_sound import fitted, read_sound, resampled
from see2sound_nb.media.clips import Clip
from see2sound_nb.media.files import atomic_path, check_writable
from see2sound_nb.media.films import ensure_av, open_container, picture_stream
from see2sound_nb.media.sound_files import CHANNELS, check_sample_rate

#: Each container: FFmpeg's name of it, the coding of pictures that are coded anew, and of the sound.
CONTAINERS = {
    ".mp4": ("mp4", "libx264", "aac"),
    ".mov": ("mov", "libx264", "pcm_s24le"),
    ".mkv": ("matroska", "libx264", "flac"),
    ".webm": ("webm", "libvpx-vp9", "libopus"),
}
#: FFmpeg's name of each layout. AAC and Opus know 5.1 with its surround channels at the back alone: said to be at the
#: side, AAC's channels lose their names, and Opus refuses. The order is the same.
LAYOUT_NAMES = {"stereo": "stereo", "binaural": "stereo", "5.1": "5.1(side)", "7.1.4": "7.1.4"}
BACK_ONLY = ("aac", "libopus")
#: Bits a second by the number of channels. At FFmpeg's own 341 kb/s the bass of AAC's 5.1 is up to 1.9 dB too loud.
BIT_RATES = {"aac": {1: 128_000, 2: 256_000, 6: 640_000}, "libopus": {1: 96_000, 2: 192_000, 6: 510_000}}
#: Sample rate of the sound in every film, in Hz.
SAMPLE_RATE_HZ = 48000
#: Options of the encoders. Without B-frames each frame keeps its own length, the last one too.
ENCODING = {
    "libx264": {"preset": "veryfast", "crf": "18", "bf": "0", "g": "50"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "6", "crf": "20", "b": "0", "g": "50", "row-mt": "1"},
}
#: The clock of pictures that are coded anew: it holds all usual frame rates exactly.
TICK = Fraction(1, 90000)
#: What may become of the sound track that a clip brings along.
ORIGINALS = ("replaced", "kept", "mixed")
#: Peak of a mixed sound at most, -1 dB.
MIXED_PEAK = 10 ** (-1 / 20)
#: What every browser shows: coding, pixels, containers; a file up to so many bytes and pixels along the longer side.
BROWSER_CODECS = {"h264": ("mp4", "mov"), "vp8": ("webm",), "vp9": ("webm", "mp4"), "av1": ("webm", "mp4")}
BROWSER_PIXELS = ("yuv420p", "yuvj420p")
BROWSER_BYTES, BROWSER_PX = 20_000_000, 1920


@dataclasses.dataclass(frozen=True)
class Coding:
    """How a film's sound is coded: FFmpeg's names of the codec and of the channels' layout.

    Attributes
    ----------
    codec, layout : str
    bit_rate : int, optional
        Bits a second, where the coding is one that loses something.
    options, metadata : dict of str to str
        For the encoder, and for the track.
    """

    codec: str
    layout: str
    bit_rate: int | None = None
    options: dict[str, str] = dataclasses.field(default_factory=dict)
    metadata: dict[str, str] = dataclasses.field(default_factory=dict)


def write_clip(
    path: str | os.PathLike,
    clip: Clip,
    phi: np.ndarray,
    sample_rate: int,
    *,
    layout: str = "5.1",
    original: str = "replaced",
    turns: int = 1,
) -> tuple[pathlib.Path, list[str]]:
    """Write a clip with a new sound.

    Parameters
    ----------
    path : str or path
        ``.mp4`` (sound as AAC), ``.mov`` (PCM, 24 bits), ``.mkv`` (FLAC) or ``.webm`` (Opus). It appears only when it
        is complete.
    clip : Clip
        Its pictures are copied bit for bit, or coded anew where that cannot be; they are shown from 0 s on.
    phi : np.ndarray
        (n_ch, T) float, full scale 1, from the first frame on. It is cut, or filled with silence, to
        ``turns * clip.end_s``.
    sample_rate : int
        Of `phi`, in Hz; 48 kHz is written.
    layout : str
        ``"stereo"``, ``"binaural"``, ``"5.1"``, or in a MOV ``"7.1.4"``.
    original : str
        The clip's own sound track is ``"replaced"``; ``"kept"`` as a second track; or ``"mixed"`` into `phi`: mono and
        stereo into the front pair, 5.1 into 5.1 channel by channel, all else by way of stereo.
    turns : int
        How often the pictures are shown, so that a short animation can have a longer sound.

    Returns
    -------
    path : pathlib.Path
        `path`.
    notes : list of str
        What is not as one would expect, in sentences.

    Raises
    ------
    ValueError
        If the suffix, the layout or `original` is unknown or they do not fit, a sample is NaN or beyond full scale, the
        file cannot be written or is the clip's own, or the frames are too large for the encoder.
    OSError
        If the disk is full.

    Notes
    -----
    Channels in the order of `layouts.LAYOUTS`. Notebook: 07_moving_pictures.
    """
    path, notes = pathlib.Path(path), []
    phi = np.atleast_2d(np.asarray(phi))
    _check(path, clip, phi, layout, original, turns)
    sample_rate = check_sample_rate(sample_rate)
    ensure_av()
    check_writable(path)
    sound = fitted(resampled(phi, sample_rate, SAMPLE_RATE_HZ), round(turns * clip.end_s * SAMPLE_RATE_HZ))
    if original != "replaced" and clip.sound is None:
        notes.append(f"The clip has no sound track of its own, so none is {original}.")
        original = "replaced"
    if original == "mixed":
        sound = _mixed(sound, np.tile(read_sound(clip, SAMPLE_RATE_HZ), turns), layout)
    notes += write_film(path, clip, sound, _coding(path, layout, len(phi)), original=original, turns=turns)
    return path, notes


def write_film(
    path: pathlib.Path, clip: Clip, sound: np.ndarray, coding: Coding, *, original: str = "replaced", turns: int = 1
) -> list[str]:
    """Write a clip with a sound that is ready; all that is asked for must have been checked.

    Parameters
    ----------
    path : pathlib.Path
        Its suffix is one of `CONTAINERS`.
    clip : Clip
        Its pictures are copied bit for bit, or coded anew where that cannot be.
    sound : np.ndarray
        (n_ch, T) float, full scale 1, at `SAMPLE_RATE_HZ`, as long as the film.
    coding : Coding
        Of the sound.
    original : str
        ``"kept"`` adds the clip's own sound as a second track.
    turns : int
        How often the pictures are shown.

    Returns
    -------
    notes : list of str
        What is not as one would expect, in sentences.

    Raises
    ------
    ValueError
        If the frames are too large for the encoder.
    OSError
        If the disk is full.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    av = ensure_av()
    notes: list[str] = []
    reason = _why_not_copied(path, clip, turns)
    with atomic_path(path) as beside:
        try:
            if not reason:
                try:
                    _write(beside, clip, sound, coding, original, 1, True, notes)
                except (ValueError, av.error.FFmpegError) as error:
                    if isinstance(error, OSError):
                        raise
                    reason = f"{path.suffix} does not take {clip.codec} ({error})"
            if reason:
                if clip.kind not in (*ANIMATIONS, "frames"):
                    notes.append(f"The pictures are coded anew and not copied: {reason}.")
                _write(beside, clip, sound, coding, original, turns, False, notes)
        except OSError as error:
            why = f"{path} cannot be written ({error.strerror}); free some space, or choose another disk"
            raise OSError(error.errno, why) from error
        except av.error.FFmpegError as error:
            width, height = clip.size
            raise ValueError(
                f"{path} cannot be written with frames of {width} x {height} pixels ({error.strerror}); scale the clip "
                "down, or choose .webm"
            ) from error
    return notes


def browser_copy(clip: Clip, longest_px: int = 640) -> tuple[bytes, str]:
    """A film that every browser shows.

    Parameters
    ----------
    clip : Clip
        Any clip.
    longest_px : int
        The most pixels along the longer side if it has to be coded anew.

    Returns
    -------
    data : bytes
        The clip's own file where that will do; otherwise VP9 in WebM, silent and with the same times.
    mime : str
        ``"video/mp4"`` or ``"video/webm"``.

    Notes
    -----
    Of HEVC and MPEG-4 Part 2 Chromium plays the sound over a black picture, without an error. Builds of Chromium
    without licences have no H.264, all browsers have VP9. Notebook: 07_moving_pictures.
    """
    if clip.path is not None and _shown_by_browsers(clip):
        return clip.path.read_bytes(), "video/webm" if clip.kind == "webm" else "video/mp4"
    file = io.BytesIO()
    with ensure_av().open(file, "w", format="webm") as out:
        for _, packets in _encoded_pictures(out, "libvpx-vp9", clip, 1, longest_px):
            out.mux(packets)
    return file.getvalue(), "video/webm"


def _check(path: pathlib.Path, clip: Clip, phi: np.ndarray, layout: str, original: str, turns: int) -> None:
    if path.suffix.lower() not in CONTAINERS:
        raise ValueError(f"{path.name} names no film; choose one of {', '.join(CONTAINERS)} as its suffix")
    if layout in CHANNELS and layout not in LAYOUT_NAMES:
        raise ValueError(
            f"layout {layout!r} is Ambisonics, which this film does not keep; write an .mp4 as 'sa3d', or a WAV"
        )
    if layout not in LAYOUT_NAMES:
        raise ValueError(f"layout {layout!r} is unknown; choose one of {', '.join(LAYOUT_NAMES)}")
    if layout == "7.1.4" and path.suffix.lower() != ".mov":
        raise ValueError(f"{path.name} cannot hold 7.1.4, only a .mov can; choose that, or 5.1")
    if original not in ORIGINALS:
        raise ValueError(f"original={original!r} is unknown; choose one of {', '.join(ORIGINALS)}")
    if turns < 1 or turns != int(turns):
        raise ValueError(f"turns={turns} must be a whole number from 1 on; 1 shows the clip once")
    if turns > 1 and original == "kept":
        raise ValueError(f"original='kept' with turns={turns}: a kept track is played once; choose 'mixed' or turns=1")
    if len(phi) != CHANNELS[layout]:
        raise ValueError(f"phi has {len(phi)} channels, {layout} has {CHANNELS[layout]}; choose another layout")
    peak = float(np.abs(phi).max(initial=0.0))
    if not peak <= 1.0:
        raise ValueError(f"phi's peak is {peak}; it must be a number up to 1 (full scale): scale it down first")
    if clip.path is not None and path.exists() and os.path.samefile(path, clip.path):
        raise ValueError(f"{path} is the clip itself, which must not be written over; choose another name")


def _why_not_copied(path: pathlib.Path, clip: Clip, turns: int) -> str:
    """Why the pictures have to be coded anew; empty if they can be copied, as far as is known before it is tried."""
    if clip.path is None or clip.kind in ANIMATIONS:
        return "it is no film"
    if turns > 1:
        return f"they are shown {turns} times"
    if clip._flaw:
        return clip._flaw[0].lower() + clip._flaw[1:] if not clip._flaw.startswith("AVI") else clip._flaw
    if clip._hidden == "after" or (clip._hidden and path.suffix.lower() in (".mkv", ".webm")):
        return f"the file hides some of its frames (an edit list), and a copy in {path.suffix} would show them"
    return ""


def _shown_by_browsers(clip: Clip) -> bool:
    assert clip.path is not None
    return (
        clip.kind in BROWSER_CODECS.get(clip.codec, ())
        and clip._pixels in BROWSER_PIXELS
        and clip._turn in ((False, False, False), (True, False, True), (False, True, True), (True, True, False))
        and not clip._hidden
        and clip.start_s == 0
        and max(clip.size) <= BROWSER_PX
        and clip.path.stat().st_size <= BROWSER_BYTES
    )


def _mixed(phi: np.ndarray, own: np.ndarray, layout: str) -> np.ndarray:
    """The clip's `own` sound, (n_ch, T), mixed into `phi`; scaled down where the peak would exceed -1 dB."""
    if not (layout == "5.1" and len(own) == CHANNELS["5.1"]):
        own = in_stereo(own)
    mixed = phi.copy()
    own = fitted(own, phi.shape[1])
    mixed[: len(own)] += own
    peak = np.abs(mixed).max(initial=0.0)
    return mixed * min(1.0, MIXED_PEAK / peak) if peak > 0 else mixed


def in_stereo(own: np.ndarray) -> np.ndarray:
    """(2, T) of n_ch channels in FFmpeg's order: centre, sides and back at -3 dB, the LFE left out."""
    half, channels = np.float32(np.sqrt(0.5)), len(own)
    if channels == 1:
        return half * own[[0, 0]]
    if channels not in (2, 3, 4, 5, 6, 8):  # their places are not known
        return np.repeat(own.mean(axis=0, keepdims=True), 2, axis=0)
    centre = half * own[2] if channels in (3, 5, 6, 8) else 0.0
    pairs = own[{4: 2, 5: 3, 6: 4, 8: 4}.get(channels, channels) :]
    return np.stack([own[side] + centre + half * pairs[side::2].sum(axis=0) for side in (0, 1)])


def _coding(path: pathlib.Path, layout: str, channels: int) -> Coding:
    """How the sound of a layout is coded in a container."""
    codec, name = CONTAINERS[path.suffix.lower()][2], LAYOUT_NAMES.get(layout, layout)
    name = "5.1" if codec in BACK_ONLY and name == "5.1(side)" else name
    return Coding(codec, name, BIT_RATES.get(codec, {}).get(channels))


def _write(
    beside: pathlib.Path, clip: Clip, sound: np.ndarray, coding: Coding, original: str, turns: int, copied: bool, notes
) -> None:
    """Write the film: pictures and sounds are interleaved by their times, so that neither waits in memory."""
    av = ensure_av()
    container, pictures_codec, _ = CONTAINERS[beside.suffix.lower()]
    # By default an MP4 rounds the sound's length down to the millisecond.
    options = {"movie_timescale": str(SAMPLE_RATE_HZ)} if container in ("mp4", "mov") else {}
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(av.open(str(beside), "w", format=container, options=options))
        parts: list[Iterator[tuple[float, list]]] = []
        copies: dict[int, Any] = {}
        source: Any = None
        if clip.path is not None and (copied or original == "kept"):
            source = stack.enter_context(open_container(clip.path, clip.kind))
        if copied:
            stream = picture_stream(source)
            copies[stream.index] = out.add_stream_from_template(stream, opaque=True)
        else:
            parts.append(_encoded_pictures(out, pictures_codec, clip, turns, None))
        parts.append(_encoded_sound(out, sound, coding))
        if original == "kept":
            stream = source.streams.best("audio")
            try:
                copies[stream.index] = out.add_stream_from_template(stream, opaque=True)
            except ValueError:
                own = read_sound(clip, SAMPLE_RATE_HZ)
                own = own if len(own) in (1, 2) else in_stereo(own)
                own_layout = "mono" if len(own) == 1 else "stereo"
                parts.append(_encoded_sound(out, own, _coding(beside, own_layout, len(own))))
                notes.append(f"The clip's own sound is coded anew: {beside.suffix} does not take it as it is.")
        if copies:
            parts.append(_copied(source, copies, clip))
        for _, packets in heapq.merge(*parts, key=lambda part: part[0]):
            out.mux(packets)


def _copied(source, copies: dict[int, Any], clip: Clip) -> Iterator[tuple[float, list]]:
    """Coded pictures and sounds as they are, so that the first frame is shown at 0; with their times in seconds."""
    av = ensure_av()
    packets, time_s = source.demux([stream for stream in source.streams if stream.index in copies]), 0.0
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            return  # cut off: what came is used
        if packet is None:
            return
        if packet.size == 0:
            continue  # the mark of a stream's end; the first of an MKV have no dts either
        start = round(clip.start_s / packet.time_base)
        packet.dts = None if packet.dts is None else packet.dts - start
        packet.pts = None if packet.pts is None else packet.pts - start
        time_s = time_s if packet.dts is None else float(packet.dts * packet.time_base)
        if not packet.duration and packet.stream.type == "video":
            # The last one of a transport stream: an MP4 would hide a frame that lasts no time.
            packet.duration = round(1 / clip.frames_per_s / packet.time_base)
        packet.stream = copies[packet.stream_index]
        yield time_s, [packet]


def _encoded_pictures(out, codec: str, clip: Clip, turns: int, longest_px: int | None) -> Iterator[tuple[float, list]]:
    av = ensure_av()
    bt709 = int(av.video.reformatter.Colorspace.ITU709)
    width, height = (side + side % 2 for side in size_within(clip.size, longest_px))  # H.264 takes even sizes alone
    stream = out.add_stream(codec, rate=Fraction(clip.frames_per_s).limit_denominator(1001), options=ENCODING[codec])
    stream.width, stream.height, stream.pix_fmt, stream.time_base = width, height, "yuv420p", TICK
    context = stream.codec_context
    context.time_base = TICK
    context.flags |= av.codec.context.Flags.frame_duration  # or the last frame would lose its length
    # Tags and conversion: the tags alone would make the colours worse than none.
    context.colorspace = context.color_primaries = context.color_trc = context.color_range = 1
    reformatter = av.video.reformatter.VideoReformatter()

    def packets() -> Iterator[tuple[float, list]]:
        limits = [*clip.times_s, clip.end_s]
        for turn in range(turns):
            for k, I in enumerate(read_frames(clip, longest_px)):
                padded = np.pad(I, ((0, height - len(I)), (0, width - I.shape[1]), (0, 0)), mode="edge")
                frame = av.VideoFrame.from_ndarray(padded, format="rgb24")
                frame = reformatter.reformat(
                    frame, format="yuv420p", dst_colorspace=bt709, dst_color_range="MPEG", interpolation="AREA"
                )
                start, end = (round((turn * clip.end_s + limit) / TICK) for limit in limits[k : k + 2])
                frame.pts, frame.duration, frame.time_base = start, end - start, TICK
                yield float(start * TICK), stream.encode(frame)
        yield turns * clip.end_s, stream.encode(None)

    return packets()


def _encoded_sound(out, sound: np.ndarray, coding: Coding) -> Iterator[tuple[float, list]]:
    av = ensure_av()
    stream = out.add_stream(coding.codec, rate=SAMPLE_RATE_HZ, layout=coding.layout, options=coding.options)
    stream.metadata.update(coding.metadata)
    if coding.codec == "flac":
        stream.format = "s32"  # 24 bits
    if coding.bit_rate is not None:
        stream.bit_rate = coding.bit_rate
    block = SAMPLE_RATE_HZ // 10

    def packets() -> Iterator[tuple[float, list]]:
        for start in range(0, sound.shape[1], block):
            samples = np.clip(sound[:, start : start + block].T, -1.0, 1.0).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout=coding.layout)
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, start, Fraction(1, SAMPLE_RATE_HZ)
            yield start / SAMPLE_RATE_HZ, stream.encode(frame)
        yield sound.shape[1] / SAMPLE_RATE_HZ, stream.encode(None)

    return packets()
