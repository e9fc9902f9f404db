"""The sound track that a clip brings along."""

import numpy as np
import pytest
from media.clips_made import film, numbered

from see2sound_nb.media.clip_sound import fitted, read_sound, resampled
from see2sound_nb.media.clips import open_clip

RATE = 48000


def clicks(channels, seconds=1.0, rate=RATE):
    """A short pulse in each channel, in channel c at 0.3 s + c * 20 ms."""
    sound = np.zeros((channels, round(seconds * rate)), np.float32)
    for channel in range(channels):
        start = round((0.3 + 0.02 * channel) * rate)
        sound[channel, start : start + 240] = 0.7 * np.sin(np.pi * np.arange(240) / 240) ** 2
    return sound


def peaks_s(sound, rate=RATE):
    """When each channel is loudest, at the middle of its pulse, from the centre of gravity."""
    power = np.where(np.abs(sound) > 0.1, np.abs(sound), 0)
    return (power @ np.arange(sound.shape[1])) / power.sum(axis=1) / rate - 120 / RATE


@pytest.mark.parametrize(
    ("suffix", "codec", "sound_codec", "layout", "channels"),
    [
        ("mp4", "libx264", "aac", "stereo", 2), ("mp4", "libx264", "aac", "mono", 1),
        ("mkv", "libx264", "flac", "7.1", 8),
        ("mkv", "libx264", "libopus", "stereo", 2), ("webm", "libvpx-vp9", "libopus", "stereo", 2),
        ("mov", "libx264", "pcm_s16le", "hexadecagonal", 16), ("ts", "libx264", "aac", "stereo", 2),
        ("avi", "mpeg4", "pcm_s16le", "stereo", 2),
    ],
)  # fmt: skip
def test_each_channel_is_in_step_with_the_pictures(tmp_path, suffix, codec, sound_codec, layout, channels):
    path = film(
        tmp_path / f"a.{suffix}", codec=codec, sound=clicks(channels), sound_codec=sound_codec, sound_layout=layout
    )
    clip = open_clip(path)
    assert clip.sound == (channels, RATE)
    sound = read_sound(clip, RATE)
    assert sound.shape == (channels, round(clip.end_s * RATE)) and sound.dtype == np.float32
    np.testing.assert_allclose(peaks_s(sound), 0.3 + 0.02 * np.arange(channels), atol=2e-4)


def test_sound_begins_with_the_first_shown_frame(tmp_path):
    """The pictures begin 0.25 s after the sound, the sound goes on after them."""
    path = film(
        tmp_path / "a.mkv", 12, 0.25 + np.arange(12) / 24, sound=clicks(2), sound_codec="flac", options={"bf": "0"}
    )
    clip = open_clip(path)
    sound = read_sound(clip, RATE)
    assert clip.start_s == pytest.approx(0.25, abs=1e-3) and sound.shape[1] == round(clip.end_s * RATE)
    np.testing.assert_allclose(peaks_s(sound), [0.05, 0.07], atol=1e-3)


def test_short_sound_is_followed_by_silence_and_rates_are_changed_without_delay(tmp_path):
    path = film(tmp_path / "a.mp4", sound=clicks(2, 0.5, 44100), sound_rate=44100)
    for rate in (16000, 48000):
        sound = read_sound(open_clip(path), rate)
        assert sound.shape == (2, rate)
        expected = np.array([0.3, 0.32]) + 120 / 44100 - 120 / RATE
        np.testing.assert_allclose(peaks_s(sound, rate), expected, atol=2e-4)
        assert np.abs(sound[:, round(0.6 * rate) :]).max() < 1e-3


def test_half_a_track_is_used(tmp_path):
    noise = [np.random.default_rng(k).integers(0, 255, (96, 128, 3), np.uint8) for k in range(24)]
    path = film(tmp_path / "a.mkv", noise, sound=clicks(2), sound_codec="flac", options={"g": "2"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    clip = open_clip(path)
    assert clip.sound is not None and read_sound(clip, RATE).shape == (2, round(clip.end_s * RATE))


def test_a_clip_without_sound_is_named(tmp_path):
    for clip in (open_clip(film(tmp_path / "a.mp4", 2)), open_clip([numbered(0)])):
        with pytest.raises(ValueError, match="no sound track"):
            read_sound(clip, RATE)


def test_resampling_keeps_level_and_time():
    time_s = np.arange(16000) / 16000
    tone = np.sin(2 * np.pi * 60 * time_s)[None]
    again = resampled(tone, 16000, 48000)
    expected = np.sin(2 * np.pi * 60 * np.arange(48000) / 48000)
    np.testing.assert_allclose(again[0, 4800:-4800], expected[4800:-4800], atol=1e-3)
    assert resampled(tone, 16000, 16000).dtype == np.float32


def test_lengths_are_fitted():
    np.testing.assert_array_equal(fitted(np.ones((1, 3)), 5), [[1, 1, 1, 0, 0]])
    np.testing.assert_array_equal(fitted(np.ones((1, 3)), 2), [[1, 1]])
