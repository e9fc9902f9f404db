"""Containers of WAVs, read back by others and byte by byte; files beyond 4 GB without writing them."""

import io
import struct
import tracemalloc

import av
import numpy as np
import pytest
import scipy.io.wavfile
import soundfile

from see2sound_nb.media import riff
from see2sound_nb.media.riff import bext_chunk, fmt_chunks, head, write_riff
from see2sound_nb.media.sound_files import write_wav


def chunks_of(file):
    """Form and chunks of a file: names, sizes, and where their data begins; sizes of 64 bits where ds64 has them."""
    form, size, kind = struct.unpack("<4sI4s", file.read(12))
    assert kind == b"WAVE"
    found, large = [], {}
    while header := file.read(8):
        name, length = struct.unpack("<4sI", header)
        if name == b"ds64":
            assert not found and form in (b"RF64", b"BW64") and size == 0xFFFFFFFF, "ds64 is the first chunk"
            large["RIFF"], large[b"data"], large["samples"], table = struct.unpack("<QQQI", file.read(28))
            assert (length, table) == (28, 0)
            file.seek(-28, io.SEEK_CUR)
        length = large.get(name, length)
        found.append((name, length, file.tell()))
        file.seek(length + length % 2, io.SEEK_CUR)
    assert large.get("RIFF", size) == file.tell() - 8, "the whole is as long as it says"
    return form, found, large


class LongFile(io.RawIOBase):
    """A file that begins with some bytes, goes on with zeros, and ends with others; nothing of it is on a disk."""

    def __init__(self, begin, zeros, end=b""):
        self.parts, self.length, self.at = (begin, zeros, end), len(begin) + zeros + len(end), 0

    def seekable(self):
        return True

    def readable(self):
        return True

    def seek(self, offset, whence=io.SEEK_SET):
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.length}[whence]
        return self.at

    def tell(self):
        return self.at

    def readinto(self, buffer):
        begin, zeros, end = self.parts
        count = max(0, min(len(buffer), self.length - self.at))
        for k in range(count):
            place = self.at + k
            inside = begin[place : place + 1] or (
                end[place - len(begin) - zeros :][:1] if place >= len(begin) + zeros else b"\0"
            )
            buffer[k : k + 1] = inside
        self.at += count
        return count


def of_many_hours(frames, form=b"RF64", after=()):
    """A file of six channels of 24 bits."""
    size = frames * 18
    begin = head(fmt_chunks(6, 48000, "PCM_24", 0x60F, frames), size, after, frames=frames, large_form=form)
    end = b"".join(name + struct.pack("<I", len(data)) + data for name, data in after)
    return LongFile(begin, size + size % 2, end)


def test_libsndfile_reads_five_gigabytes():
    frames = 300_000_000
    with soundfile.SoundFile(of_many_hours(frames)) as file:
        assert (file.format, file.subtype, file.channels, file.frames) == ("RF64", "PCM_24", 6, frames)
        file.seek(frames - 3)
        assert file.read(10).shape == (3, 6), "its end is where it is"


@pytest.mark.parametrize("form", [b"RF64", b"BW64"])
def test_sizes_beyond_32_bits_are_in_ds64(form):
    frames = 300_000_001
    found_form, found, large = chunks_of(of_many_hours(frames, form, [(b"axml", b"<x/>")]))
    assert found_form == form
    assert [name for name, _, _ in found] == [b"ds64", b"fmt ", b"data", b"axml"]
    assert next(size for name, size, _ in found if name == b"data") == frames * 18 > 2**32
    assert large["samples"] == (frames if form == b"RF64" else 0), "BW64 has a dummy there (BS.2088)"


def test_the_largest_riff_and_the_first_rf64():
    def of(frames):
        return chunks_of(of_many_hours(frames))[0]

    most = next(frames for frames in range(2**32 // 18, 0, -1) if of(frames) == b"RIFF")
    assert of(most + 1) == b"RF64"
    assert 2**32 - 18 <= of_many_hours(most).length - 8 < 2**32 - 1, "no size is the one that says 'see ds64'"


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_others_read_rf64(tmp_path, rng, subtype):
    sounds = [rng.uniform(-1, 1, (channels, 40_001)).astype(np.float32) for channels in (1, 2)]
    before = fmt_chunks(3, 48000, subtype, 0, 40_001)
    file = write_riff(tmp_path / "a.wav", before, sounds, subtype, largest=1000)
    back, _ = soundfile.read(file)
    assert soundfile.info(file).format == "RF64"
    np.testing.assert_allclose(back.T, np.concatenate(sounds), atol={"PCM_16": 2.0**-14}.get(subtype, 2.0**-22))
    with av.open(str(file)) as read:
        assert sum(frame.samples for frame in read.decode(audio=0)) == 40_001
    rate, words = scipy.io.wavfile.read(file)
    assert (rate, words.shape) == (48000, (40_001, 3))


def test_a_file_says_the_same_large_or_not(tmp_path, rng):
    sounds = [rng.uniform(-1, 1, (5, 70_001))]  # an odd number of bytes
    before, after = fmt_chunks(5, 48000, "PCM_24", None, 70_001), [(b"odd ", b"abc")]
    files = [
        write_riff(tmp_path / name, before, sounds, "PCM_24", after, **how)
        for name, how in (("a.wav", {}), ("b.wav", {"largest": 9, "large_form": b"BW64"}))
    ]
    read = []
    for file in files:
        with open(file, "rb") as opened:
            form, found, _ = chunks_of(opened)
            read.append({name: file.read_bytes()[at : at + size] for name, size, at in found if name != b"ds64"})
    assert form == b"BW64"
    assert read[0] == read[1] and read[0][b"odd "] == b"abc" and len(read[0][b"data"]) == 70_001 * 15


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_samples_are_those_of_arithmetic(rng, subtype):
    """One by one, as Python's struct and integers have them."""
    sounds = [rng.uniform(-1, 1, (2, riff.BLOCK + 3)), np.array([[1.0, -1.0, 0.0, *[0.5] * riff.BLOCK]])]
    data = b"".join(riff.sample_blocks(sounds, subtype))
    for frame in (0, 1, 2, riff.BLOCK - 1, riff.BLOCK, riff.BLOCK + 2):
        for channel, value in enumerate(np.concatenate(sounds)[:, frame]):
            if subtype == "FLOAT":
                expected = struct.pack("<f", value)
            else:
                size = 2 if subtype == "PCM_16" else 3
                expected = int(np.rint(value * (2 ** (8 * size - 1) - 1))).to_bytes(size, "little", signed=True)
            at = (frame * 3 + channel) * len(expected)
            assert data[at : at + len(expected)] == expected


def test_memory_does_not_double(tmp_path):
    audio = np.zeros((2, 4_000_000), dtype=np.float32)
    write_wav(tmp_path / "a.wav", audio[:, :9], 48000, subtype="PCM_24")
    tracemalloc.start()
    try:
        write_wav(tmp_path / "a.wav", audio, 48000, subtype="PCM_24")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.1 * audio.nbytes


def test_a_broadcast_wave_says_what_made_it_as_tech_3285_has_it():
    name, data = bext_chunk("seed 7: hund ä at 30°" + "x" * 300)
    assert name == b"bext" and len(data) == 602, "without a coding history"
    description, originator, reference, day, hour, time, version = struct.unpack_from("<256s32s32s10s8sQH", data)
    assert description == ("seed 7: hund ? at 30?" + "x" * 300).encode("ascii")[:256]
    assert originator.rstrip(b"\0") == b"see2sound_nb"
    assert not (reference + day + hour).strip(b"\0") and (time, version) == (0, 1), "no clock"
