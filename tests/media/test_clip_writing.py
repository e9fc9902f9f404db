"""Clips out: the pictures as they were, the new sound in its place."""

import dataclasses
import hashlib
import os
import resource

import av
import numpy as np
import pytest
from media.clips_made import (
    BLUE,
    GREEN,
    RED,
    apng,
    film,
    gif,
    number_of,
    numbered,
    with_hidden_end,
    with_hidden_start,
    with_matrix,
)  # fmt: skip
from PIL import Image

from see2sound_nb.media import clip_writing
from see2sound_nb.media.clip_frames import read_frames
from see2sound_nb.media.clip_sound import read_sound
from see2sound_nb.media.clip_writing import browser_copy, write_clip
from see2sound_nb.media.clips import open_clip

RATE = 48000
#: A tone for each channel: FL FR FC LFE SL SR of 5.1, and what 7.1.4 has beyond.
TONES_HZ = [400, 600, 900, 60, 1300, 1700, 2100, 2500, 2900, 3300, 3700, 4100]
SUFFIXES = ["mp4", "mov", "mkv", "webm"]


def tones(channels=6, seconds=1.0, rate=RATE, level=0.2):
    time_s = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * np.array(TONES_HZ[:channels])[:, None] * time_s)).astype(np.float32)


def levels_db(sound, frequencies_hz):
    """(n_ch, n_f) levels of sines of full scale at some frequencies, in the middle of a sound."""
    middle = sound[:, len(sound[0]) // 8 : -len(sound[0]) // 8].astype(float)
    window = np.hanning(middle.shape[1])
    time_s = np.arange(middle.shape[1]) / RATE
    waves = np.exp(-2j * np.pi * np.array(frequencies_hz)[:, None] * time_s) * window / window.sum() * 2
    return 20 * np.log10(np.abs(middle @ waves.T) + 1e-9)


def tracks(path):
    """Codec, layout and number of samples of each sound track, as the file promises them or as they are decoded."""
    found = []
    with av.open(str(path)) as container:
        for stream in container.streams.audio:
            promised = stream.duration and round(float(stream.duration * stream.time_base) * RATE)
            found.append([stream.codec_context.codec.canonical_name, stream.layout.name, promised])
    for number, track in enumerate(found):
        if path.suffix not in (".mp4", ".mov"):
            with av.open(str(path)) as container:
                track[2] = sum(frame.samples for frame in container.decode(audio=number))
    return [tuple(track) for track in found]


def decoded(path):
    """A checksum of each frame as it is decoded, before any conversion of ours."""
    with av.open(str(path)) as container:
        sums = []
        for frame in container.decode(video=0):
            rows = [bytes(p)[i * p.line_size :][: p.width] for p in frame.planes for i in range(p.height)]
            sums.append(hashlib.md5(b"".join(rows)).hexdigest())
        return sums


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("layout", ["5.1", "7.1.4", "stereo", "binaural"])
def test_tones_come_back_in_order_level_time_and_length(tmp_path, suffix, layout):
    channels = clip_writing.CHANNELS[layout]
    # No whole number of milliseconds, nor of AAC's blocks.
    clip = dataclasses.replace(open_clip([numbered(k) for k in range(25)]), end_s=96777 / RATE)
    phi = tones(channels, 96777 / RATE)
    path = tmp_path / f"a.{suffix}"
    if layout == "7.1.4" and suffix != "mov":
        with pytest.raises(ValueError, match=r"cannot hold 7\.1\.4"):
            write_clip(path, clip, phi, RATE, layout=layout)
        return
    assert write_clip(path, clip, phi, RATE, layout=layout) == (path, [])
    codec = {"mp4": "aac", "mov": "pcm_s24le", "mkv": "flac", "webm": "opus"}[suffix]
    name = {"mp4": "5.1", "webm": "5.1", "mov": "5.1(side)", "mkv": "5.1(side)"}[suffix] if channels == 6 else layout
    assert tracks(path) == [(codec, "stereo" if channels == 2 else name, 96777)]
    heard = read_sound(open_clip(path), RATE)[:, : 96777 - 48]
    levels = levels_db(heard, TONES_HZ[:channels])
    assert (levels.argmax(axis=1) == np.arange(channels)).all()
    np.testing.assert_allclose(np.diag(levels), 20 * np.log10(0.2), atol=0.2)
    leaked = levels - np.diag(np.full(channels, np.inf))
    assert leaked.max() < (-60 if codec in ("aac", "opus") else -120)
    middle = slice(24000, 72000)  # in time: a sample's delay of 1700 Hz would leave 22 % of it
    assert np.abs(heard[:, middle] - phi[:, middle]).max() < 0.02


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_lfe_keeps_its_level_from_40_to_120_hz(tmp_path, suffix):
    frequencies_hz = [40, 60, 80, 100, 120]
    for rate in (16000, RATE):  # AAC at 16 kHz would end at 62 Hz
        time_s = np.arange(2 * rate) / rate
        phi = np.zeros((6, 2 * rate))
        phi[3] = 0.1 * np.sin(2 * np.pi * np.array(frequencies_hz)[:, None] * time_s).sum(axis=0)
        path, _ = write_clip(tmp_path / f"a.{suffix}", open_clip([numbered(k) for k in range(50)]), phi, rate)
        levels = levels_db(read_sound(open_clip(path), RATE)[[3]], frequencies_hz)
        np.testing.assert_allclose(levels[0], -20, atol=0.5)


SOURCES = {
    "h264.mp4": {},
    "h264.mkv": {},
    "h264.ts": {},
    "hevc.mp4": dict(codec="libx265"),
    "vp9.webm": dict(codec="libvpx-vp9"),
    "vp8.webm": dict(codec="libvpx"),
    "av1.mp4": dict(codec="libsvtav1", options={"preset": "8", "crf": "20"}),
    "mpeg4.avi": dict(codec="mpeg4"),
    "mpeg2.mpg": dict(codec="mpeg2video"),
    "wmv2.wmv": dict(codec="wmv2"),
    "late.mkv": dict(times_s=1.5 + np.arange(24) / 24),
    "uneven.mp4": dict(frames=6, times_s=[0, 0.1, 0.15, 0.4, 0.7, 0.72], end_s=1.0),
    "ten_bits.mkv": dict(pix_fmt="yuv420p10le"),
}
#: What the containers refuse.
REFUSED = {
    "mp4": {"vp8", "wmv2"}, "mov": {"vp8", "vp9", "av1", "wmv2"}, "mkv": {"wmv2"},
    "webm": {"h264", "hevc", "mpeg4", "mpeg2", "wmv2", "late", "uneven", "ten_bits"},
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_pictures_are_copied_bit_for_bit_where_that_can_be(tmp_path, source):
    original = film(tmp_path / source, **{"frames": 24, **SOURCES[source]})
    clip = open_clip(original)
    for suffix in SUFFIXES:
        path, notes = write_clip(tmp_path / f"out.{suffix}", clip, tones(), RATE)
        copy = open_clip(path)
        copied = original.stem not in REFUSED[suffix]
        assert (decoded(path) == decoded(original)) == copied, (suffix, notes)
        assert notes == [] if copied else "coded anew" in notes[0]
        np.testing.assert_allclose(copy.times_s, clip.times_s, atol=5.1e-4)
        assert [number_of(I) for I in read_frames(copy)] == list(range(len(clip)))
        heard = read_sound(copy, RATE)
        middle = slice(len(heard[0]) // 4, len(heard[0]) * 3 // 4)
        assert np.abs(heard[:, middle] - tones()[:, middle]).max() < 0.02  # in step


def test_a_copy_stays_turned_mirrored_and_wide(tmp_path):
    from fractions import Fraction

    def prepare(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    source = with_matrix(film(tmp_path / "a.mp4", 3, prepare=prepare), (0, 1, 1, 0))
    clip = open_clip(source)
    for suffix in SUFFIXES:
        copy = open_clip(write_clip(tmp_path / f"out.{suffix}", clip, tones(2), RATE, layout="stereo")[0])
        assert copy.size == ((96, 172) if suffix == "webm" else clip.size)
        for before, after in zip(read_frames(clip, 60), read_frames(copy, 60)):
            width = min(before.shape[1], after.shape[1])
            assert np.abs(before[:, :width].astype(int) - after[:, :width]).mean() < 6


def test_hidden_frames_stay_hidden(tmp_path):
    whole = film(tmp_path / "whole.mp4", 24, options={"g": "12"})
    before = open_clip(with_hidden_start(tmp_path / "before.mp4", whole, 10))
    after = open_clip(with_hidden_end(whole, 0.5))
    for clip, shown in ((before, range(10, 24)), (after, range(12))):
        for suffix in ("mp4", "mov", "mkv"):
            path, notes = write_clip(tmp_path / f"out.{suffix}", clip, tones(), RATE)
            copy = open_clip(path)
            assert [number_of(I) for I in read_frames(copy)] == list(shown)
            assert bool(notes) == (clip is after or suffix == "mkv")
            heard = read_sound(copy, RATE)
            assert np.abs(heard[:, 4800:9600] - tones()[:, 4800:9600]).max() < 0.02


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_coded_anew_keeps_colours_times_and_the_last_frame(tmp_path, suffix):
    colours = [(200, 60, 40), (30, 200, 60), (40, 60, 220), (255, 255, 255), (0, 0, 0)]
    pictures = [Image.new("RGB", (1279, 719), colour) for colour in colours]  # odd, and HD
    source = tmp_path / "a.webp"
    pictures[0].save(source, save_all=True, append_images=pictures[1:], duration=[100, 40, 333, 70, 500], lossless=True)
    clip = open_clip(source)
    path, notes = write_clip(tmp_path / f"out.{suffix}", clip, tones(), RATE)
    copy = open_clip(path)
    assert notes == [] and copy.size == (1280, 720)
    np.testing.assert_allclose(copy.times_s, clip.times_s, atol=5.1e-4)
    assert copy.end_s == pytest.approx(clip.end_s, abs=1e-3)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (1, 1)
    for I, colour in zip(read_frames(copy, 64), colours):
        assert np.abs(I.astype(int) - colour).max() <= 4


def test_an_animation_is_shown_for_several_turns(tmp_path):
    frames = [dict(colour=RED, delay=7), dict(colour=GREEN, delay=20), dict(colour=BLUE, delay=3)]
    for source in (gif(tmp_path / "a.gif", frames, loop=0), apng(tmp_path / "a.png", frames)):
        clip = open_clip(source)
        path, _ = write_clip(tmp_path / "out.mp4", clip, tones(seconds=0.9), RATE, turns=3)
        copy = open_clip(path)
        assert tracks(path)[0][2] == round(0.9 * RATE) and copy.end_s == pytest.approx(0.9)
        np.testing.assert_allclose(copy.times_s, (clip.times_s + 0.3 * np.arange(3)[:, None]).ravel(), atol=1e-5)
        assert [int(I[8, 8].argmax()) for I in read_frames(copy)] == [0, 1, 2] * 3


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_uneven_frames_end_when_their_last_turn_does(tmp_path, suffix):
    times_s = np.array([0, 0.1, 0.15, 0.4, 0.7, 0.72])
    clip = dataclasses.replace(open_clip([numbered(k) for k in range(6)]), times_s=times_s, end_s=1.0)
    for turns in (1, 2):
        copy = open_clip(write_clip(tmp_path / f"out.{suffix}", clip, tones(), RATE, turns=turns)[0])
        np.testing.assert_allclose(copy.times_s, np.concatenate([times_s, 1 + times_s])[: 6 * turns], atol=1.1e-3)
        assert copy.end_s == pytest.approx(turns, abs=1.1e-3)


def test_a_pixel_becomes_a_film(tmp_path):
    clip = open_clip(np.full((2, 1, 1, 3), 255, np.uint8))
    for suffix in SUFFIXES:
        copy = open_clip(write_clip(tmp_path / f"a.{suffix}", clip, tones(2), RATE, layout="stereo")[0])
        assert len(copy) == 2 and all(I.min() > 240 for I in read_frames(copy))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_clips_own_sound_is_replaced_or_kept(tmp_path, suffix):
    own = np.zeros((2, RATE), np.float32)
    own[:, 23760:24240] = 0.5 * np.sin(np.pi * np.arange(480) / 480) ** 2  # a pulse around 0.5 s
    clip = open_clip(film(tmp_path / "source.mp4", times_s=0.125 + np.arange(24) / 24, sound=own))
    replaced, _ = write_clip(tmp_path / f"replaced.{suffix}", clip, tones(), RATE)
    assert len(tracks(replaced)) == 1
    kept, notes = write_clip(tmp_path / f"kept.{suffix}", clip, tones(), RATE, original="kept")
    assert len(tracks(kept)) == 2 and tracks(kept)[0] == tracks(replaced)[0]
    codec, layout, _ = tracks(kept)[1]
    assert layout == "stereo"
    assert (codec == "aac") == (suffix != "webm") == (not any("own sound" in note for note in notes))
    weight = when = 0.0
    with av.open(str(kept)) as container:
        for frame in container.decode(audio=1):
            power = np.abs(frame.to_ndarray()).max(axis=0)
            power[power < 0.05] = 0
            weight += power.sum()
            when += power @ (frame.time + np.arange(len(power)) / RATE)
    shown_s = open_clip(kept).start_s
    assert when / weight - shown_s == pytest.approx(
        0.375, abs=1e-3
    )  # the first frame was shown 0.125 s after its start
    assert shown_s == pytest.approx(0, abs=0.15)


def test_the_clips_own_sound_is_mixed_in(tmp_path):
    time_s = np.arange(RATE) / RATE
    own = np.stack([0.1 * np.sin(2 * np.pi * (3000 + 200 * k) * time_s) for k in range(6)]).astype(np.float32)
    own_hz = 3000 + 200 * np.arange(6)

    def mixed(channels, name, layout, phi):
        source = film(tmp_path / "a.mkv", sound=own[:channels], sound_codec="flac", sound_layout=name)
        path, _ = write_clip(tmp_path / "out.mkv", open_clip(source), phi, RATE, layout=layout, original="mixed")
        heard = read_sound(open_clip(path), RATE)
        assert np.abs(heard).max() <= 10 ** (-1 / 20) + 1e-3
        return levels_db(heard, own_hz), heard

    silent = np.zeros((6, RATE))
    one, _ = mixed(1, "mono", "5.1", silent)
    np.testing.assert_allclose(one[:2, 0], -23, atol=0.05)  # each side at -3 dB
    two, _ = mixed(2, "stereo", "5.1", silent)
    np.testing.assert_allclose(np.diag(two[:2]), -20, atol=0.05)
    assert two[:2].argmax(axis=1).tolist() == [0, 1] and two[2:].max() < -80
    six, _ = mixed(6, "5.1", "5.1", silent)
    np.testing.assert_allclose(np.diag(six), -20, atol=0.05)
    down, _ = mixed(6, "5.1", "stereo", silent[:2])
    np.testing.assert_allclose(down[0, [0, 2, 4]], [-20, -23, -23], atol=0.05)
    np.testing.assert_allclose(down[1, [1, 2, 5]], [-20, -23, -23], atol=0.05)
    assert down[:, 3].max() < -80  # the LFE is left out
    loud, heard = mixed(2, "stereo", "stereo", 0.95 * tones(2, level=1.0))
    assert np.abs(heard).max() == pytest.approx(10 ** (-1 / 20), abs=0.01)
    assert loud[0, 0] < -20.5  # all of it is scaled, not cut off


def test_nothing_to_keep_is_noted(tmp_path):
    clip = open_clip(film(tmp_path / "a.mp4", 3))
    for original in ("kept", "mixed"):
        path, notes = write_clip(tmp_path / "out.mp4", clip, tones(), RATE, original=original)
        assert len(tracks(path)) == 1 and "no sound track" in notes[0]


@pytest.mark.parametrize(
    ("name", "channels", "options", "why"),
    [
        ("a.wav", 6, {}, "names no film"), ("a", 6, {}, "names no film"), ("a.mp4", 2, {}, "phi has 2 channels"),
        ("a.mp4", 4, dict(layout="foa"), "Ambisonics.*WAV"), ("a.mp4", 6, dict(layout="6.0"), "unknown; choose"),
        ("a.mp4", 6, dict(original="new"), "original='new'"), ("a.mp4", 6, dict(turns=0), "turns=0"),
        ("nowhere/a.mp4", 6, {}, "does not exist"), (".", 6, {}, "names no film"),
        ("a.mp4", 6, dict(turns=2, original="kept"), "played once"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_named(tmp_path, name, channels, options, why):
    clip = open_clip([numbered(0)])
    with pytest.raises(ValueError, match=why):
        write_clip(tmp_path / name, clip, tones(channels), RATE, **options)
    assert os.listdir(tmp_path) == []


def test_frames_too_wide_for_an_encoder_are_named(tmp_path):
    clip = open_clip(np.zeros((1, 2, 20000, 3), np.uint8))
    with pytest.raises(ValueError, match=r"20000 x 2 pixels .* choose \.webm"):
        write_clip(tmp_path / "a.mp4", clip, tones(), RATE)
    assert os.listdir(tmp_path) == []
    assert open_clip(write_clip(tmp_path / "a.webm", clip, tones(), RATE)[0]).size == (20000, 2)


def test_bad_sound_the_clip_itself_and_read_only_folders_are_refused(tmp_path, monkeypatch):
    source = film(tmp_path / "a.mp4", 3)
    before, clip = source.read_bytes(), open_clip(source)
    for bad in (np.nan, 1.5, np.inf):
        with pytest.raises(ValueError, match="peak is"):
            write_clip(tmp_path / "out.mp4", clip, np.full((6, 10), bad), RATE)
    with pytest.raises(ValueError, match="sample_rate"):
        write_clip(tmp_path / "out.mp4", clip, tones(), 7)
    os.symlink(source, tmp_path / "link.mp4")
    for path in (source, tmp_path / "link.mp4"):
        with pytest.raises(ValueError, match="the clip itself"):
            write_clip(path, clip, tones(), RATE)
    assert source.read_bytes() == before
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ValueError, match="read-only"):
        write_clip(tmp_path / "out.mp4", clip, tones(), RATE)
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "link.mp4"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_and_an_interrupt_leave_nothing_half_written(tmp_path, monkeypatch, suffix):
    rng = np.random.default_rng(0)
    clip, phi = open_clip([numbered(k) for k in range(25)]), rng.uniform(-0.5, 0.5, (6, RATE))
    path = tmp_path / f"a.{suffix}"
    whole = write_clip(path, clip, phi, RATE)[0].read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for part in (0.01, 0.5, 0.98):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(len(whole) * part), limits[1]))
        try:
            with pytest.raises(OSError, match="free some space") as caught:
                write_clip(path, clip, phi, RATE)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.name in str(caught.value)

    def interrupted(*_):
        yield from (numbered(k) for k in range(3))
        raise KeyboardInterrupt

    monkeypatch.setattr(clip_writing, "read_frames", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_clip(path, clip, phi, RATE)
    assert path.read_bytes() == whole and os.listdir(tmp_path) == [path.name]


def test_browsers_get_the_file_itself_where_they_show_it(tmp_path, monkeypatch):
    for name, options in (("a.mp4", {}), ("b.webm", dict(codec="libvpx-vp9")), ("c.webm", dict(codec="libvpx"))):
        path = film(tmp_path / name, **options)
        assert browser_copy(open_clip(path)) == (path.read_bytes(), f"video/{path.suffix[1:]}")
    monkeypatch.setattr(clip_writing, "BROWSER_BYTES", 1000)
    data, mime = browser_copy(open_clip(tmp_path / "a.mp4"))
    assert mime == "video/webm" and data != (tmp_path / "a.mp4").read_bytes()


@pytest.mark.parametrize(
    "name", ["hevc.mp4", "mpeg4.mp4", "ten_bits.mp4", "late.mp4", "h264.mkv", "mirrored.mp4", "frames", "a.gif"]
)
def test_browsers_get_vp9_of_all_else(tmp_path, name):
    options = {
        "hevc.mp4": dict(codec="libx265"), "mpeg4.mp4": dict(codec="mpeg4"),
        "ten_bits.mp4": dict(pix_fmt="yuv420p10le"),
        "late.mp4": dict(times_s=0.5 + np.arange(10) / 24),
    }  # fmt: skip
    if name == "frames":
        source = [numbered(k) for k in range(10)]
    elif name == "a.gif":
        pictures = [Image.fromarray(numbered(k)) for k in range(10)]
        source = tmp_path / name
        pictures[0].save(source, save_all=True, append_images=pictures[1:], duration=70)
    else:
        source = film(tmp_path / name, 10, **options.get(name, {}))
        if name == "mirrored.mp4":
            mirrored = [np.ascontiguousarray(numbered(k)[:, ::-1]) for k in range(10)]
            source = with_matrix(film(tmp_path / name, mirrored), (-1, 0, 0, 1))
    clip = open_clip(source)
    data, mime = browser_copy(clip, longest_px=96)
    assert mime == "video/webm"
    (tmp_path / "copy.webm").write_bytes(data)
    copy = open_clip(tmp_path / "copy.webm")
    assert (copy.codec, copy.size, copy.sound, copy.start_s) == ("vp9", (96, 72), None, 0)
    np.testing.assert_allclose(copy.times_s, clip.times_s, atol=5.1e-4)
    assert [number_of(I) for I in read_frames(copy)] == list(range(10))
