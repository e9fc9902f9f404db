"""Clips with known answers, made with PyAV: each frame bears its number as bits, so that it is recognised anywhere."""

from __future__ import annotations

import pathlib
import struct
import zlib
from fractions import Fraction

import av
import numpy as np

#: Size of the clips, (width, height) in pixels.
SIZE = (128, 96)
#: Bits of a frame's number, each a column, the lowest at the left, in the lower half of the frame.
BITS = 6


def numbered(k: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Frame `k`, (H, W, 3) uint8: above red at the left and blue at the right, below its number, white for 1."""
    width, height = size
    I = np.zeros((height, width, 3), np.uint8)
    I[: height // 2, : width // 2, 0] = I[: height // 2, width // 2 :, 2] = 255
    ones = (k >> (np.arange(width) * BITS // width)) & 1
    I[height // 2 :] = 255 * ones[None, :, None].astype(np.uint8)
    return I


def number_of(I: np.ndarray) -> int:
    """The number that a frame bears; -1 if it is not upright."""
    height, width = I.shape[:2]
    row = I[height * 3 // 4, (np.arange(BITS) * 2 + 1) * width // (2 * BITS)].mean(axis=-1) > 127
    above = I[height // 4, [width // 4, width * 3 // 4]].astype(int)
    upright = above[0, 0] > above[0, 2] + 60 and above[1, 2] > above[1, 0] + 60
    return int((row * 2 ** np.arange(BITS)).sum()) if upright else -1


def film(
    path: pathlib.Path,
    frames=24,
    times_s=None,
    *,
    size=SIZE,
    codec="libx264",
    pix_fmt="yuv420p",
    rate=24,
    end_s=None,
    options=None,
    container_options=None,
    prepare=lambda stream: None,
    change=lambda frame: frame,
    sound=None,
    sound_codec="aac",
    sound_rate=48000,
    sound_layout="stereo",
) -> pathlib.Path:
    """Write a film of numbered frames, or of given ones, shown at given times until `end_s`; `sound` is (n_ch, T).

    `prepare` may set up the stream, `change` each av.VideoFrame.
    """
    pictures = [numbered(k, size) for k in range(frames)] if isinstance(frames, int) else frames
    times_s = np.arange(len(pictures)) / rate if times_s is None else np.asarray(times_s)
    end_s = times_s[-1] + 1 / rate if end_s is None else end_s
    tick = Fraction(1, rate if codec.startswith("mpeg") or path.suffix == ".avi" else 90000)
    with av.open(str(path), "w", options=container_options or {}) as out:
        stream = out.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], pix_fmt
        stream.codec_context.time_base = tick
        stream.codec_context.flags |= av.codec.context.Flags.frame_duration
        prepare(stream)
        if sound is not None:
            track = out.add_stream(sound_codec, rate=sound_rate, layout=sound_layout)
        for k, I in enumerate(pictures):
            frame = I if isinstance(I, av.VideoFrame) else av.VideoFrame.from_ndarray(I, format="rgb24")
            frame = change(frame)
            frame.pts, frame.time_base = round(times_s[k] / tick), tick
            frame.duration = round((np.append(times_s, end_s)[k + 1] - times_s[k]) / tick)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if sound is not None:
            for start in range(0, sound.shape[1], 4800):
                block = np.ascontiguousarray(sound[:, start : start + 4800].T.astype(np.float32)).reshape(1, -1)
                heard = av.AudioFrame.from_ndarray(block, format="flt", layout=sound_layout)
                heard.sample_rate, heard.pts = sound_rate, start
                out.mux(track.encode(heard))
            out.mux(track.encode())
    return path


def gif(path: pathlib.Path, frames, *, loop: int | None = None, size=(16, 16), background=0) -> pathlib.Path:
    """Write a GIF by hand: Pillow's own writer of disposal 3 is at fault. The palette is `PALETTE`.

    `frames` are dicts: colour (index), box (x, y, width, height), delay (1/100 s), disposal, transparent (an index).
    """
    data = struct.pack("<6sHHBBB", b"GIF89a", *size, 0xF6, background, 0)  # a palette of 128 colours
    data += bytes(np.array(PALETTE, np.uint8)).ljust(384, b"\0")
    if loop is not None:
        data += b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", loop) + b"\0"
    for frame in frames:
        x, y, width, height = frame.get("box", (0, 0, *size))
        transparent = frame.get("transparent")
        flags = frame.get("disposal", 0) << 2 | (transparent is not None)
        data += b"\x21\xf9\x04" + struct.pack("<BHB", flags, frame.get("delay", 10), transparent or 0) + b"\0"
        data += b"\x2c" + struct.pack("<HHHHB", x, y, width, height, 0) + b"\x07"
        codes = b""  # eight bits each as long as the table is emptied (128) in time
        for start in range(0, width * height, 100):
            codes += b"\x80" + bytes([frame["colour"]]) * min(100, width * height - start)
        codes += b"\x81"
        data += (
            b"".join(bytes([len(codes[i : i + 255])]) + codes[i : i + 255] for i in range(0, len(codes), 255)) + b"\0"
        )
    path.write_bytes(data + b";")
    return path


#: Colours of the animations that are made by hand.
PALETTE = [(255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
WHITE, RED, GREEN, BLUE, YELLOW = range(5)


def apng(path: pathlib.Path, frames, *, plays=0, size=(16, 16), default=None) -> pathlib.Path:
    """Write an animated PNG by hand; `frames` as those of `gif`, with disposal 0 none, 1 background, 2 previous.

    `default` is the colour of a picture for old programs that is no frame.
    """

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    def pixels(colour: int, width: int, height: int) -> bytes:
        return zlib.compress((b"\0" + bytes([*PALETTE[colour], 255]) * width) * height)

    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 6, 0, 0, 0))
    data += chunk(b"acTL", struct.pack(">II", len(frames), plays))
    if default is not None:
        data += chunk(b"IDAT", pixels(default, *size))
    number = 0
    for k, frame in enumerate(frames):
        x, y, width, height = frame.get("box", (0, 0, *size))
        body = (number, width, height, x, y, frame.get("delay", 10), 100, frame.get("disposal", 0), 0)
        data += chunk(b"fcTL", struct.pack(">IIIIIHHBB", *body))
        number += 1
        if k == 0 and default is None:
            data += chunk(b"IDAT", pixels(frame["colour"], width, height))
        else:
            data += chunk(b"fdAT", struct.pack(">I", number) + pixels(frame["colour"], width, height))
            number += 1
    path.write_bytes(data + chunk(b"IEND", b""))
    return path


def with_matrix(path: pathlib.Path, matrix: tuple[int, int, int, int]) -> pathlib.Path:
    """Write a display matrix (a, b, c, d) into an MP4: (x, y) is shown at (a x + c y, b x + d y)."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 44
    a, b, c, d = (65536 * value for value in matrix)
    data[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def with_hidden_start(path: pathlib.Path, film_path: pathlib.Path, frames: int, rate: int = 24) -> pathlib.Path:
    """Copy a film into an MP4 whose edit list hides its first frames, as a cut without coding anew does."""
    with av.open(str(film_path)) as source, av.open(str(path), "w") as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream, opaque=True)
        for packet in source.demux(stream):
            if packet.size:
                shift = round(frames / rate / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
                out.mux([packet])
    return path


def with_hidden_vp8(path: pathlib.Path, film_path: pathlib.Path, hidden: int) -> pathlib.Path:
    """Copy a film of VP8 with one frame marked as a picture that others refer to and that is never shown."""
    with av.open(str(film_path)) as source, av.open(str(path), "w") as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream, opaque=True)
        for k, packet in enumerate(packet for packet in source.demux(stream) if packet.size):
            data = bytearray(bytes(packet))
            if k == hidden:
                data[0] &= ~0x10  # the bit "show_frame" (RFC 6386, 9.1)
            changed = av.Packet(bytes(data))
            changed.pts, changed.dts, changed.duration = packet.pts, packet.dts, packet.duration
            changed.time_base, changed.is_keyframe, changed.stream = packet.time_base, packet.is_keyframe, copy
            out.mux([changed])
    return path


def with_hidden_end(path: pathlib.Path, seconds: float) -> pathlib.Path:
    """Let the edit list of an MP4 end after so many seconds."""
    data = bytearray(path.read_bytes())
    start = data.index(b"elst") + 12
    data[start : start + 4] = struct.pack(">I", round(1000 * seconds))
    path.write_bytes(data)
    return path
