"""What a moving picture is, and when each frame is shown."""

import os
import pathlib
import sys

import numpy as np
import pytest
from media.clips_made import BLUE, GREEN, RED, apng, film, gif, numbered, with_hidden_end, with_hidden_start
from PIL import Image

from see2sound_nb.media import clips
from see2sound_nb.media.clips import is_clip, open_clip

FILMS = [
    ("mp4", "libx264", "mp4", "h264"),
    ("mov", "libx264", "mov", "h264"),
    ("mkv", "libx264", "matroska", "h264"),
    ("webm", "libvpx", "webm", "vp8"),
    ("webm", "libvpx-vp9", "webm", "vp9"),
    ("avi", "mpeg4", "avi", "mpeg4"),
    ("avi", "libx264", "avi", "h264"),
    ("ts", "libx264", "mpegts", "h264"),
    ("mpg", "mpeg2video", "mpeg", "mpeg2video"),
    ("flv", "flv", "flv", "flv1"),
    ("wmv", "wmv2", "asf", "wmv2"),
]


@pytest.mark.parametrize(("suffix", "encoder", "kind", "codec"), FILMS)
def test_a_film_says_what_it_is_whatever_its_name(tmp_path, suffix, encoder, kind, codec):
    path = film(tmp_path / f"a.{suffix}", codec=encoder)
    named_otherwise = path.rename(tmp_path / "picture.jpg")
    assert is_clip(named_otherwise)
    clip = open_clip(named_otherwise)
    assert (clip.kind, clip.codec, clip.size, clip.turns, clip.sound) == (kind, codec, (128, 96), 1, None)
    assert clip.notes == []
    np.testing.assert_allclose(clip.times_s, np.arange(24) / 24, atol=6e-4)  # most containers round to the millisecond
    assert clip.end_s == pytest.approx(1.0, abs=1.1e-3)
    assert clip.frames_per_s == pytest.approx(24, rel=0.02)
    assert clip.path == named_otherwise.absolute() and clip.pictures is None and len(clip) == 24


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm"])
def test_uneven_times_are_kept_to_the_end_of_the_last_frame(tmp_path, suffix):
    times_s = [0, 0.1, 0.15, 0.4, 0.7, 0.72]
    codec, options = ("libvpx-vp9", {}) if suffix == "webm" else ("libx264", {"bf": "0"})
    clip = open_clip(film(tmp_path / f"a.{suffix}", 6, times_s, end_s=1.1, codec=codec, options=options))
    np.testing.assert_allclose(clip.times_s, times_s, atol=5e-4)
    assert clip.end_s == pytest.approx(1.1, abs=5e-4)


def test_the_first_shown_frame_is_at_zero_wherever_the_file_starts(tmp_path):
    clip = open_clip(film(tmp_path / "a.mkv", 6, 1.5 + np.arange(6) / 24))
    assert clip.start_s == pytest.approx(1.5, abs=5e-4) and clip.times_s[0] == 0
    assert clip.end_s == pytest.approx(0.25, abs=1.1e-3)
    assert clip.notes == []


def test_hidden_frames_are_not_counted(tmp_path):
    whole = film(tmp_path / "whole.mp4", 24, options={"g": "12"})
    clip = open_clip(with_hidden_start(tmp_path / "a.mp4", whole, 10))
    assert len(clip) == 14 and clip.times_s[0] == 0 and clip._hidden == "before"
    assert clip.end_s == pytest.approx(14 / 24, abs=1e-3)
    clip = open_clip(with_hidden_end(whole, 0.5))
    assert len(clip) == 12 and clip._hidden == "after"


def test_times_that_coincide_or_jump_back_are_repaired(tmp_path):
    fast = open_clip(film(tmp_path / "fast.mkv", 12, np.arange(12) / 2500, rate=2500))  # MKV counts milliseconds
    assert len(fast) == 12 and (np.diff(fast.times_s) > 0).all()
    assert any("Several frames have one time stamp" in note for note in fast.notes)
    part = film(tmp_path / "part.ts").read_bytes()
    (tmp_path / "joined.ts").write_bytes(part + part)
    joined = open_clip(tmp_path / "joined.ts")
    assert (np.diff(joined.times_s) > 0).all() and joined.end_s == pytest.approx(len(joined) / 24, rel=0.05)
    assert len(joined) > 24 and any("jump back" in note for note in joined.notes)


def test_animations_are_timed_as_browsers_show_them(tmp_path, monkeypatch):
    delays, shown_s = [0, 1, 2, 7], [0.1, 0.1, 0.02, 0.07]
    frames = [dict(colour=1 + k % 4, delay=delay) for k, delay in enumerate(delays)]
    paths = [gif(tmp_path / "a.gif", frames, loop=0), apng(tmp_path / "a.png", frames)]
    pictures = [Image.fromarray(numbered(k)) for k in range(4)]
    milliseconds = [10 * delay for delay in delays]
    paths.append(tmp_path / "a.webp")
    pictures[0].save(paths[2], save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)
    for has_av in (True, False):
        monkeypatch.setattr(clips, "_has_av", lambda has_av=has_av: has_av)
        for path in paths:
            clip = open_clip(path)
            assert is_clip(path) and clip.turns == 0
            np.testing.assert_allclose(np.diff(clip.times_s, append=clip.end_s), shown_s, atol=1e-6, err_msg=path.name)
            assert "of 4 frames claim to last 10 ms or less" in clip.notes[0]
    pictures[0].save(tmp_path / "a.avif", save_all=True, append_images=pictures[1:], duration=[50, 20, 70, 120])
    clip = open_clip(tmp_path / "a.avif")
    assert is_clip(clip.path) and clip.kind == "avif" and clip.turns == 0
    np.testing.assert_allclose(np.diff(clip.times_s, append=clip.end_s), [0.05, 0.02, 0.07, 0.12], atol=1e-6)


def test_how_often_an_animation_is_played(tmp_path):
    frames = [dict(colour=RED), dict(colour=GREEN)]
    assert open_clip(gif(tmp_path / "once.gif", frames)).turns == 1
    assert open_clip(gif(tmp_path / "ever.gif", frames, loop=0)).turns == 0
    assert open_clip(gif(tmp_path / "four.gif", frames, loop=3)).turns == 4  # three times again
    assert open_clip(apng(tmp_path / "three.png", frames, plays=3)).turns == 3
    pictures = [Image.fromarray(numbered(k)) for k in range(2)]
    pictures[0].save(tmp_path / "five.webp", save_all=True, append_images=pictures[1:], duration=100, loop=5)
    assert open_clip(tmp_path / "five.webp").turns == 5


def test_what_is_no_clip_is_left_to_read_image(tmp_path):
    Image.fromarray(numbered(0)).save(tmp_path / "still.gif")
    Image.fromarray(numbered(0)).save(tmp_path / "still.webp")
    Image.fromarray(numbered(0)).save(tmp_path / "still.avif")
    Image.fromarray(numbered(0)).save(tmp_path / "still.png")
    (tmp_path / "text.gif").write_text("no picture")
    (tmp_path / "cut.webp").write_bytes((tmp_path / "still.webp").read_bytes()[:40])
    assert [path.name for path in tmp_path.iterdir() if is_clip(path)] == []
    for other in (numbered(0), numbered(0)[..., 0], Image.fromarray(numbered(0)), "missing.jpg", tmp_path, 7, None):
        assert not is_clip(other)
    assert is_clip("missing.mp4") and is_clip(np.zeros((1, 2, 2, 3), np.uint8)) and is_clip([numbered(0)])


def test_frames_in_memory():
    frames = [numbered(k) for k in range(5)]
    clip = open_clip(frames, frames_per_s=10)
    np.testing.assert_allclose(clip.times_s, [0, 0.1, 0.2, 0.3, 0.4])
    assert (clip.end_s, clip.kind, clip.size, clip.path) == (0.5, "frames", (128, 96), None)
    assert open_clip(clip) is clip
    array = np.stack(frames)
    assert open_clip(array).pictures is array and open_clip(array).frames_per_s == pytest.approx(25)


@pytest.mark.parametrize(
    ("frames", "rate", "why"),
    [
        ([], 25, "no frames"),
        (np.zeros((0, 4, 4, 3), np.uint8), 25, "no frames"),
        (np.zeros((2, 0, 4, 3), np.uint8), 25, r"uint8 \(H, W, 3\)"),
        (np.zeros((2, 4, 4, 3), np.float32), 25, "frame 0 is float32"),
        (np.zeros((2, 4, 4, 4), np.uint8), 25, "frame 0 is uint8"),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)], 25, "frame 1 is .* one size"),
        (np.zeros((2, 4, 4, 3), np.uint8), 0, "frames_per_s=0"),
        (np.zeros((2, 4, 4, 3), np.uint8), float("nan"), "frames_per_s=nan"),
        (np.zeros((2, 4, 4, 3), np.uint8), 1e-4, "333.3 minutes, at most 60"),
        (np.broadcast_to(np.uint8(0), (1, 8192, 8192, 3)), 25, "8192 x 8192 pixels"),
    ],
)
def test_frames_that_cannot_be_are_named(frames, rate, why):
    with pytest.raises(ValueError, match=why):
        open_clip(frames, rate)


def test_bad_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no clip at"):
        open_clip(tmp_path / "missing.mp4")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("this is no film")
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    (tmp_path / "list.mkv").write_text("#EXTM3U\n#EXTINF:1,\nhttp://localhost/a.ts\n")
    (tmp_path / "junk.mkv").write_bytes(b"\x1aE\xdf\xa3" + np.random.default_rng(0).bytes(5000))
    whole = film(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])  # without its end nobody knows where the frames are
    whys = {
        "empty.mp4": r"empty \(0 bytes\)", "text.mp4": "is no film", "list.mp4": "is no film", "list.mkv": "is no film",
        "junk.mkv": "cannot be read as matroska|no video stream", "cut.mp4": "cut off or damaged",
    }  # fmt: skip
    for name, why in whys.items():
        assert is_clip(tmp_path / name)
        with pytest.raises(ValueError, match=why) as caught:
            open_clip(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "libx264"), ("webm", "libvpx-vp9"), ("avi", "mpeg4")])
def test_half_a_file_is_used_and_noted(tmp_path, suffix, codec):
    noise = [np.random.default_rng(k).integers(0, 255, (96, 128, 3), np.uint8) for k in range(48)]
    path = film(tmp_path / f"whole.{suffix}", noise, codec=codec, options={"g": "4"})
    half = tmp_path / f"half.{suffix}"
    half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    clip = open_clip(half)
    assert 5 < len(clip) < 43
    assert any("cut off" in note for note in clip.notes)
    assert open_clip(path).notes == []


def test_half_an_mp4_for_the_web_and_half_a_gif_are_used_and_noted(tmp_path):
    noise = [np.random.default_rng(k).integers(0, 255, (96, 128, 3), np.uint8) for k in range(24)]
    path = film(tmp_path / "whole.mp4", noise, container_options={"movflags": "faststart"})
    gif(tmp_path / "whole.gif", [dict(colour=1 + k % 4) for k in range(10)])
    for whole in (path, tmp_path / "whole.gif"):
        half = tmp_path / f"half{whole.suffix}"
        half.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
        clip = open_clip(half)
        assert 2 < len(clip) < len(open_clip(whole))
        assert any("cut off" in note for note in clip.notes)


def test_a_song_is_no_film(tmp_path):
    import av

    sound = np.zeros((2, 4800), np.float32)
    for name, with_cover in (("song.mp4", False), ("cover.mp4", True)):
        with av.open(str(tmp_path / name), "w") as out:
            track = out.add_stream("aac", rate=48000, layout="stereo")
            if with_cover:
                cover = out.add_stream("mjpeg", rate=1)
                cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
                cover.disposition = av.stream.Disposition.attached_pic
                out.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
                out.mux(cover.encode())
            frame = av.AudioFrame.from_ndarray(sound.T.reshape(1, -1).copy(), format="flt", layout="stereo")
            frame.sample_rate = 48000
            out.mux(track.encode(frame))
            out.mux(track.encode())
        with pytest.raises(ValueError, match="no video stream") as caught:
            open_clip(tmp_path / name)
        assert ("cover" in str(caught.value)) == with_cover


@pytest.mark.parametrize(("suffix", "name"), [("mp4", b"avc1"), ("mkv", b"MPEG4/ISO/AVC")])
def test_an_unknown_coding_is_named(tmp_path, suffix, name):
    path = film(tmp_path / f"a.{suffix}", 3)
    path.write_bytes(path.read_bytes().replace(name, b"Z" * len(name)))
    with pytest.raises(ValueError, match="coded in a way that is not known"):
        open_clip(path)


def test_names_that_look_like_addresses_are_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "a.mp4", 3)
    for name in ("http:a.mp4", "concat:a.mp4", "-i.mp4", "a%03d.mp4", "ä ö.mp4"):
        os.link("a.mp4", name)
        assert len(open_clip(name)) == 3
        assert is_clip(pathlib.Path(name))


def test_what_is_too_long_or_too_large_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"61\.0 minutes, at most 60"):
        open_clip(film(tmp_path / "long.mp4", 2, [0, 3660 - 1 / 24]))
    slow = [dict(colour=1 + k % 4, delay=65535) for k in range(6)]
    assert open_clip(gif(tmp_path / "slow.gif", slow[:5])).end_s == pytest.approx(3276.75)
    with pytest.raises(ValueError, match=r"65\.5 minutes"):
        open_clip(gif(tmp_path / "slower.gif", slow))
    assert open_clip(gif(tmp_path / "small.gif", slow[:2])).size == (16, 16)
    data = bytearray((tmp_path / "small.gif").read_bytes())
    data[6:10] = b"\xff\xff\xff\xff"
    (tmp_path / "large.gif").write_bytes(data)
    with pytest.raises(ValueError, match="too large"):
        open_clip(tmp_path / "large.gif")
    data[6:10] = b"\0\0\0\0"
    (tmp_path / "nothing.gif").write_bytes(data)
    with pytest.raises(ValueError, match=r"0 x 0|cannot be|no frame"):
        open_clip(tmp_path / "nothing.gif")


def test_without_pyav_animations_are_read_and_films_say_how(tmp_path, monkeypatch):
    path, animation = film(tmp_path / "a.mp4", 3), gif(tmp_path / "a.gif", [dict(colour=RED), dict(colour=BLUE)])
    monkeypatch.setitem(sys.modules, "av", None)
    assert is_clip(path) and is_clip(animation)
    assert len(open_clip(animation)) == 2
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'see2sound_nb\[video\]'"):
        open_clip(path)


def test_the_sound_track_is_described(tmp_path):
    sound = np.zeros((6, 48000), np.float32)
    assert open_clip(film(tmp_path / "a.mp4", sound=sound, sound_layout="5.1")).sound == (6, 48000)
