"""DCASE's metadata and recordings, as other programs would read them."""

import wave

import numpy as np
import pytest
import soundfile
from scipy.io import wavfile

from see2sound_nb.media.seld import (
    FRAME_S,
    SAMPLE_RATE,
    frame_times_s,
    seld_rows,
    sounding,
    write_seld,
)
from see2sound_nb.places.frames import unit_vectors

NAMES = ("dog", "engine", "bird")


def encoded(azimuth_deg, elevation_deg, seconds=1.0):
    """Noise from a direction as first-order Ambisonics, written out: W, Y, Z, X."""
    x, y, z = unit_vectors(azimuth_deg, elevation_deg)
    noise = 0.1 * np.random.default_rng(0).standard_normal(round(seconds * SAMPLE_RATE))
    return np.outer([1, -x, z, y], noise)


def table(path):
    return np.array([[int(word) for word in line.split(",")] for line in path.open(encoding="utf-8")])


def test_a_dog_on_the_left_is_on_the_left_in_the_sound_and_in_the_metadata(tmp_path):
    foa = encoded(90, 30)
    write_seld(tmp_path / "a b.wav", foa, NAMES, [0], [90.2], [29.7], [2.504], np.ones((10, 1)))
    assert table(tmp_path / "a b.csv").tolist() == [[frame, 0, 0, 90, 30, 250] for frame in range(10)]
    rate, samples = wavfile.read(tmp_path / "a b.wav")
    assert (rate, samples.shape, samples.dtype) == (24000, (24000, 4), np.int16)
    W, Y, Z, X = (samples / 32768.0).T  # as the baseline of 2024 does
    intensity = [np.mean(W * channel) / np.mean(W**2) for channel in (Y, Z, X)]
    np.testing.assert_allclose(intensity, [np.cos(np.radians(30)), 0.5, 0], atol=0.01)
    np.testing.assert_allclose(W, foa[0], atol=2 / 32768)
    assert (tmp_path / "a b.classes.txt").read_text(encoding="utf-8").splitlines() == list(NAMES)
    assert soundfile.info(tmp_path / "a b.wav").format == "WAV", (
        "not WAVEX: Python's wave of before 3.12 knows no other"
    )
    head = (tmp_path / "a b.wav").read_bytes()[:24]
    assert head[12:16] == b"fmt " and head[20:22] == b"\x01\x00"
    with wave.open(str(tmp_path / "a b.wav")) as file:
        assert (file.getnframes(), file.getnchannels(), file.getsampwidth()) == (24000, 4, 2)


def test_a_source_has_lines_only_while_it_sounds_and_is_there():
    heard = np.array([[1, 0], [0.5, 0], [0.49, 1], [0, 1]])
    azimuth = np.array([[10, 0], [20, 0], [30, -180], [40, 179.6]])
    rows = seld_rows([2, 0], azimuth, [0, -5], [1, 3], heard)
    assert rows == [(0, 2, 0, 10, 0, 100), (1, 2, 0, 20, 0, 100), (2, 0, 1, -180, -5, 300), (3, 0, 1, 180, -5, 300)]
    assert all(type(value) is int for row in rows for value in row)
    several = seld_rows([1, 0], [0, 0], [0, 0], [1, 1], np.ones((2, 2)))
    assert [row[:3] for row in several] == [(0, 0, 1), (0, 1, 0), (1, 0, 1), (1, 1, 0)], "by frame, then by class"


def test_frames_are_tenths_of_a_second_and_the_last_may_be_a_part():
    assert frame_times_s(0.35) == pytest.approx([0.05, 0.15, 0.25, 0.35])
    assert len(frame_times_s(0.3)) == 3 and len(frame_times_s(60.0)) == 600


@pytest.mark.parametrize("rate", [16000, 44100])
def test_pauses_of_a_sound_are_no_events(rate):
    t = np.arange(round(1.05 * rate)) / rate
    barks = np.sin(2 * np.pi * 500 * t) * ((t < 0.2) | ((t >= 0.5) & (t < 0.6)))
    quiet = barks + 1e-3 * np.sin(2 * np.pi * 300 * t)
    assert sounding(np.stack([barks, quiet, 0 * t]), rate).T.tolist() == [
        [1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0],
        [0] * 11,
    ]
    assert sounding(np.zeros((0, rate)), rate).shape == (10, 0)
    assert round(FRAME_S * rate) * 10 == rate


def test_a_recording_without_a_source_has_an_empty_table(tmp_path):
    nothing = np.zeros(0)
    write_seld(tmp_path / "x.wav", np.zeros((4, 2400)), NAMES, [], nothing, nothing, nothing, np.zeros((1, 0)))
    assert (tmp_path / "x.csv").read_bytes() == b""


def test_what_does_not_fit_is_refused_and_nothing_is_written(tmp_path):
    good = dict(foa=encoded(0, 0), names=NAMES, classes=[0], azimuth_deg=[0], elevation_deg=[0], distance_m=[1],
                heard=np.ones((10, 1)))  # fmt: skip
    for changes, said in (
        (dict(heard=np.ones(10)), r"heard has the shape \(10,\); it must be \(frames, 1\)"),
        (dict(azimuth_deg=[0, 1]), r"places do not fit \(10, 1\)"),
        (dict(azimuth_deg=[np.nan]), "no finite number"),
        (dict(classes=[3]), "class 3 has no name; the 3 classes are numbered from 0"),
        (dict(classes=[-1]), "must be numbers from 0"),
        (dict(foa=encoded(0, 0)[:3]), "3 channels, foa has 4"),
        (dict(foa=30 * encoded(0, 0)), "peak"),
    ):
        with pytest.raises(ValueError, match=said):
            write_seld(tmp_path / "x.wav", **good | changes)
    with pytest.raises(ValueError, match=r"must end with \.wav"):
        write_seld(tmp_path / "x.flac", **good)
    assert not list(tmp_path.iterdir())
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(ValueError, match=r"x\.csv is a folder"):
        write_seld(tmp_path / "x.wav", **good)
