"""The container of WAVs: chunks, and what comes before the samples; RF64 and BW64 where 4 GB are not enough.

A RIFF file is a row of chunks: a name of four letters, a size of 32 bits, the data, and a zero byte where the size is
odd. Every size is known before the first sample is written, so files are written from front to back, some samples at
a time.

Notebook: 09_your_own.
"""

from __future__ import annotations

import os
import pathlib
import struct
from collections.abc import Iterator, Sequence

import numpy as np

from see2sound_nb.media.files import atomic_path

#: Sample formats: bits a sample, and the code of the format (1 integers, 3 floats).
SUBTYPES = {"PCM_16": (16, 1), "PCM_24": (24, 1), "FLOAT": (32, 3)}
#: The largest size that 32 bits hold, apart from the one that says "see ds64".
LARGEST = 2**32 - 2
#: So many samples of each channel are written at a time.
BLOCK = 1 << 14
#: Who made a file.
_MAKER = "see2sound_nb"
#: What a size of 32 bits is where the true one is in the chunk ds64.
_ELSEWHERE = 2**32 - 1

#: A chunk: its name, and its data.
Chunk = tuple[bytes, bytes]


def fmt_chunks(channels: int, sample_rate: int, subtype: str, mask: int | None, frames: int) -> list[Chunk]:
    """The chunks that say what the samples are: fmt, and fact for floats.

    Parameters
    ----------
    channels, sample_rate : int
        The rate is in Hz.
    subtype : str
        Key of `SUBTYPES`.
    mask : int, optional
        Speakers of WAVE_FORMAT_EXTENSIBLE; None for the plain format of old.
    frames : int
        Samples of each channel.

    Returns
    -------
    list of (bytes, bytes)

    Notes
    -----
    Microsoft, "Multiple Channel Audio Data and WAVE Files". Notebook: 09_your_own.
    """
    bits, code = SUBTYPES[subtype]
    block = channels * bits // 8
    tag = code if mask is None else 0xFFFE
    fmt = struct.pack("<HHIIHH", tag, channels, sample_rate, sample_rate * block, block, bits)
    if mask is not None:
        fmt += struct.pack("<HHI", 22, bits, mask)
        fmt += struct.pack("<HHIQ", code, 0, 0x00100000, 0x719B3800AA000080)
    return [(b"fmt ", fmt)] + ([(b"fact", struct.pack("<I", min(frames, _ELSEWHERE)))] if code == 3 else [])


def info_chunk(description: str) -> Chunk:
    """A LIST of INFO: what made a file, in UTF-8, as a comment, and by which program.

    Notes
    -----
    Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", INFO. The program's version is not in
    it, so that two versions that make the same sound make the same file. Notebook: 09_your_own.
    """
    data = b"INFO"
    for name, text in ((b"ICMT", description), (b"ISFT", _MAKER)):
        value = text.replace("\0", " ").encode("utf-8", "replace") + b"\0"
        data += name + struct.pack("<I", len(value)) + value + b"\0" * (len(value) % 2)
    return b"LIST", data


def bext_chunk(description: str) -> Chunk:
    """The chunk of Broadcast Wave: the description in 256 characters of ASCII, and who wrote the file.

    No date, time, or number: the same sound is the same file, whenever it is written.

    Notes
    -----
    EBU Tech 3285 (version 1). Notebook: 09_your_own.
    """
    text = description.encode("ascii", "replace").replace(b"\0", b" ")[:256]
    fields = struct.pack("<256s32s32s10s8sQH", text, _MAKER.encode(), b"", b"", b"", 0, 1)
    return b"bext", fields + bytes(64 + 190)  # UMID, reserved


def head(
    before: Sequence[Chunk],
    data_bytes: int,
    after: Sequence[Chunk],
    *,
    frames: int,
    large_form: bytes = b"RF64",
    largest: int = LARGEST,
) -> bytes:
    """All of a file that is before its samples.

    Parameters
    ----------
    before, after : sequence of (bytes, bytes)
        The chunks before and after that of the samples.
    data_bytes, frames : int
        The samples: their bytes, and how many there are of each channel.
    large_form : bytes
        The form of a file whose size 32 bits do not hold: ``b"RF64"`` or ``b"BW64"``. Its true sizes are in the chunk
        ds64.
    largest : int
        The largest size that a RIFF may have.

    Returns
    -------
    bytes

    Notes
    -----
    EBU Tech 3306 (RF64), ITU-R BS.2088 (BW64). The two differ in their name, and in the third number of ds64, which
    BW64 leaves 0. Notebook: 09_your_own.
    """
    chunks = b"".join(map(_chunk, before))
    size = 4 + len(chunks) + 8 + data_bytes + data_bytes % 2 + sum(len(_chunk(chunk)) for chunk in after)
    if size <= largest:
        return b"RIFF" + struct.pack("<I", size) + b"WAVE" + chunks + b"data" + struct.pack("<I", data_bytes)
    counted = frames if large_form == b"RF64" else 0
    ds64 = _chunk((b"ds64", struct.pack("<QQQI", size + 36, data_bytes, counted, 0)))
    elsewhere = struct.pack("<I", _ELSEWHERE)
    return large_form + elsewhere + b"WAVE" + ds64 + chunks + b"data" + elsewhere


def write_riff(
    path: str | os.PathLike,
    before: Sequence[Chunk],
    sounds: Sequence[np.ndarray],
    subtype: str,
    after: Sequence[Chunk] = (),
    *,
    large_form: bytes = b"RF64",
    largest: int = LARGEST,
) -> pathlib.Path:
    """Write a file of chunks, of which one holds the samples.

    Parameters
    ----------
    path : str or path
        The file to write; it appears only when it is complete.
    before, after, large_form, largest
        As in `head`.
    sounds : sequence of np.ndarray
        Each (n_ch, T) float, full scale 1: the channels, in their order. No copy of them is made.
    subtype : str
        Key of `SUBTYPES`.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If the file cannot be written.

    Notes
    -----
    Notebook: 09_your_own.
    """
    frames = sounds[0].shape[1]
    data_bytes = sum(map(len, sounds)) * frames * SUBTYPES[subtype][0] // 8
    with atomic_path(path) as beside, open(beside, "wb") as file:
        file.write(head(before, data_bytes, after, frames=frames, large_form=large_form, largest=largest))
        for samples in sample_blocks(sounds, subtype):
            file.write(samples)
        file.write(b"\0" * (data_bytes % 2))
        for chunk in after:
            file.write(_chunk(chunk))
    return pathlib.Path(path)


def sample_blocks(sounds: Sequence[np.ndarray], subtype: str) -> Iterator[memoryview]:
    """The samples of all channels as a file has them, `BLOCK` of each at a time.

    Parameters
    ----------
    sounds, subtype
        As in `write_riff`.

    Yields
    ------
    memoryview
        Bytes, little-endian, a sample of each channel in turn.
    """
    frames, n_ch = sounds[0].shape[1], sum(map(len, sounds))
    dtype = {"PCM_16": "<i2", "PCM_24": "<i4", "FLOAT": "<f4"}[subtype]
    for start in range(0, frames, BLOCK):
        part = np.empty((min(BLOCK, frames - start), n_ch), dtype=dtype)
        first = 0
        for sound in sounds:
            some = sound[:, start : start + BLOCK]
            part[:, first : first + len(sound)] = (some if subtype == "FLOAT" else _scaled(some, subtype)).T
            first += len(sound)
        if subtype != "PCM_24":
            yield part.data.cast("B")
            continue
        words = part.view(np.uint8).ravel()
        packed = np.empty(len(words) // 4 * 3, dtype=np.uint8)
        for byte in range(3):  # twice as fast as taking three of every four
            packed[byte::3] = words[byte::4]
        yield packed.data


def whole_samples(audio: np.ndarray, subtype: str) -> np.ndarray:
    """Samples as int32, of the bits of a subtype that is not FLOAT; full scale is the highest number."""
    return _scaled(audio, subtype).astype(np.int32)


def _scaled(audio: np.ndarray, subtype: str) -> np.ndarray:
    scaled = audio * (2.0 ** (SUBTYPES[subtype][0] - 1) - 1)
    return np.rint(scaled, out=scaled)


def _chunk(chunk: Chunk) -> bytes:
    name, data = chunk
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
