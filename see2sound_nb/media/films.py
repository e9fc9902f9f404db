"""Films by PyAV: what FFmpeg tells of them, taken with care.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from see2sound_nb.media.clip_kinds import FORMATS, check_length


def ensure_av(purpose: str = "reading and writing films") -> Any:
    """PyAV's module.

    Parameters
    ----------
    purpose : str
        What it is wanted for, as it is said where it is missing.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed, with the line that installs it.
    """
    try:
        import av
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{purpose} needs PyAV: pip install 'see2sound_nb[video]'") from error
    return av


def open_container(path: pathlib.Path, kind: str) -> Any:
    """Open a file as what it holds.

    Parameters
    ----------
    path : pathlib.Path
        Absolute, so that a name such as ``http:x.mp4`` is a file's name and no address.
    kind : str
        Key of `FORMATS`.

    Returns
    -------
    av.container.InputContainer
        To be closed.

    Raises
    ------
    ValueError
        If the file is not whole enough to be opened.
    """
    av = ensure_av()
    # FFmpeg takes "as fast as you can" (0) for 67 ms in an APNG; so it stays short enough to be known for what it is.
    options = {"default_fps": "1000"} if kind == "apng" else {}
    try:
        return av.open(str(path), format=FORMATS[kind], options=options, metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise ValueError(
            f"{path} cannot be read as {kind} ({error.strerror}); it is cut off or damaged: export or download it again"
        ) from error


def picture_stream(container) -> Any:
    """The film's video stream, or ValueError if there is none; a song's cover is no film."""
    av = ensure_av()
    still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    streams = [stream for stream in container.streams.video if not stream.disposition & still]
    if not streams:
        why = (
            "only a cover picture" if container.streams.video else "sound alone" if container.streams.audio else "none"
        )
        raise ValueError(f"{container.name} has no video stream ({why}); choose a file that holds a film")
    streams = [stream for stream in streams if stream.codec_context is not None]
    if not streams:
        raise ValueError(f"{container.name} is coded in a way that is not known; export it as H.264 in an MP4")
    best = container.streams.best("video")
    if best is not None and any(best.index == stream.index for stream in streams):
        return best
    return max(streams, key=lambda stream: (stream.width or 0) * (stream.height or 0))


def decoded_frames(container, stream) -> Iterator[Any]:
    """All shown frames (av.VideoFrame) that can be decoded, in order; a broken packet is passed over.

    A file that is cut off ends where it ends.
    """
    av = ensure_av()
    stream.thread_type = "AUTO"
    packets = container.demux(stream)
    try:
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                packet = None
            with contextlib.suppress(av.error.FFmpegError):
                yield from stream.codec_context.decode(packet)  # None asks for the frames that the decoder still holds
            if packet is None:
                return
    finally:
        # The decoder's threads end their work here, where they may log. While it is freed they may not, if PyAV hands
        # the log to Python, as torchvision 0.21 asks it to: they would wait for the interpreter, and it for them.
        stream.codec_context.flush_buffers()


def packet_times(path: pathlib.Path, kind: str, notes: list[str]) -> tuple[np.ndarray, int, float, str, str]:
    """The shown frames' time stamps, without decoding; a file that is cut off is noted.

    Returns
    -------
    stamps : np.ndarray
        (F,) int64, in ticks, sorted.
    end : int
        When the last frame ends, in ticks.
    tick_s : float
        Length of a tick, in seconds.
    hidden, flaw : str
        As in `Clip`. With a flaw the stamps are of no use.
    """
    av = ensure_av()
    found: list[int] = []
    latest = (-(2**62), 0)  # stamp and length of the frame that is shown last
    last_dts, all_end_s, hidden, flaw, failed = None, 0.0, "", "", False
    with open_container(path, kind) as container:
        stream = picture_stream(container)
        codec, tick_s, claimed = stream.codec_context.codec.canonical_name, float(stream.time_base), stream.frames
        packets = container.demux()
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                failed, packet = True, None
            if packet is None:
                break
            if packet.size == 0:
                continue  # the mark of a stream's end
            if packet.pts is not None:
                all_end_s = max(all_end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream_index != stream.index:
                continue
            if packet.is_discard:
                hidden = "after" if found else "before"
            elif packet.pts is None:
                flaw = flaw or "Time stamps are missing"
            elif codec == "vp8" and not memoryview(packet)[0] & 0x10:
                pass  # a picture that others refer to and that is never shown
            else:
                latest = max(latest, (packet.pts, packet.duration or 0))
                found.append(packet.pts)
                check_length(path, len(found), (latest[0] - found[0]) * tick_s)
            if packet.dts is not None and not packet.is_discard:
                flaw = flaw or ("Time stamps jump back" if last_dts is not None and packet.dts < last_dts else "")
                last_dts = packet.dts
        promised_s = max((container.duration or 0) / 1e6, claimed * tick_s if kind == "avi" else 0.0)
    stamps = np.sort(np.array(found, np.int64))
    steps = np.diff(stamps)
    if (steps <= 0).any():
        flaw = flaw or "Several frames have one time stamp"
    if not found:
        flaw = flaw or "Time stamps are missing"
    step = latest[1] or (int(np.median(steps)) if len(steps) else round(0.04 / tick_s))
    # Half an MKV, WebM, AVI or GIF gives no error: it just ends before it said it would.
    missing_s = promised_s - all_end_s if FORMATS[kind] in ("mov", "matroska", "avi", "flv", "asf") else 0.0
    closing = {"gif": b";", "apng": b"IEND\xae\x42\x60\x82"}.get(kind, b"")
    if failed or missing_s > max(0.25, 3 * step * tick_s) or not _ends_with(path, closing):
        of = f" of {claimed}" if claimed > len(found) else ""
        notes.append(f"The file is cut off: {len(found)}{of} frames are there.")
    return stamps, latest[0] + step, tick_s, hidden, flaw


def decoded_times(path: pathlib.Path, kind: str) -> tuple[np.ndarray, float]:
    """The frames' times by decoding, and when the last one ends; what is missing or jumps back is filled in evenly."""
    with open_container(path, kind) as container:
        stream = picture_stream(container)
        usual_s = 1 / float(stream.guessed_rate or stream.average_rate or 25)
        found = []
        for frame in decoded_frames(container, stream):
            found.append(np.nan if frame.pts is None else float(frame.pts * frame.time_base))
            check_length(path, len(found), (found[-1] - found[0]) if np.isfinite(found[-1] - found[0]) else 0.0)
    times_s = np.array(found)
    before = np.fmax.accumulate(np.concatenate([[-np.inf], times_s[:-1]]))
    good = times_s > before  # False for NaN
    if not good.any():
        return usual_s * np.arange(len(times_s)), usual_s * len(times_s)
    order = np.arange(len(times_s))
    first, last = order[good][[0, -1]]
    filled = np.interp(order, order[good], times_s[good])
    filled[:first] += usual_s * (order[:first] - first)
    filled[last + 1 :] += usual_s * (order[last + 1 :] - last)
    return filled, float(filled[-1] + usual_s)


def turn_of(frame, codec: str) -> tuple[bool, bool, bool]:
    """What makes a stored frame upright: swap x and y, then mirror x, then mirror y, from its display matrix.

    ``frame.rotation`` is not enough: it calls a mirrored picture one that is turned by -180 degrees. But it has to do
    where ``frame.side_data`` cannot be asked: PyAV 18.1.0 frees the name of a PNG's colour profile twice, which ends
    the process, and does not know all kinds of such data.
    """
    try:
        sides = None if codec in ("png", "apng") else frame.side_data
    except ValueError:
        sides = None
    if sides is None:
        return {90: (True, False, True), 180: (False, True, True), 270: (True, True, False)}.get(
            frame.rotation % 360, (False, False, False)
        )
    if "DISPLAYMATRIX" not in sides:
        return (False, False, False)
    matrix = np.frombuffer(bytes(sides["DISPLAYMATRIX"]), "<i4").reshape(3, 3)
    (xx, xy), (yx, yy) = matrix[:2, :2].tolist()  # a stored (x, y) is shown at (xx * x + yx * y, xy * x + yy * y)
    if abs(xx) + abs(yy) >= abs(xy) + abs(yx):
        return (False, xx < 0, yy < 0)
    return (True, yx < 0, xy < 0)


def _ends_with(path: pathlib.Path, closing: bytes) -> bool:
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 64))
        return file.read().rstrip(b"\0").endswith(closing)
