"""A scene: rendered, saved, reported, changed."""

import dataclasses
import json

import numpy as np
import pytest
import soundfile

import see2sound_nb as s2s
from see2sound_nb.render.hrtf import HRTF, load_hrtf
from see2sound_nb.room.shoebox import Room
from see2sound_nb.scene import Scene, resampled
from see2sound_nb.sounds.generation import SOURCE_LEVEL_DB

FS = 16000


@pytest.fixture(scope="module")
def small_scene():
    """Two tones that loop without a seam, left and right, in a small room."""
    time = np.arange(8000) / FS
    positions = np.array([[-1.0, 2.0, 0.0], [1.5, 1.0, 0.0]])
    return Scene(
        image=np.zeros((4, 4, 3), np.uint8), masks=np.zeros((2, 4, 4), bool), contours=[], polygons=[],
        boxes=np.zeros((2, 4), int), patches=[], labels=[{"label": "tone", "caption": "a tone", "sounds": 1.0}] * 2,
        depth=np.ones((4, 4), np.float32), positions_m=positions,
        audio=0.1 * np.sin(2 * np.pi * np.array([[400.0], [1000.0]]) * time).astype(np.float32), sample_rate=FS,
        room=Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5), 0.4, 3), geometry="metric", preset="tiny", seed=0,
    )  # fmt: skip


@pytest.mark.parametrize("layout", ["5.1", "7.1.4", "binaural", "hoa3"])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_scene_sounds_the_same_at_every_sample_rate(small_scene, tmp_path, layout, rate):
    path = small_scene.save(tmp_path / "a.wav", layout, subtype="FLOAT", sample_rate=rate)
    back, written_rate = soundfile.read(path)
    phi = small_scene.render(layout, sample_rate=rate)
    np.testing.assert_array_equal(back.T.astype(np.float32), phi)
    assert written_rate == rate
    assert small_scene.sample_rate == FS
    own = small_scene.render(layout) * 10 ** (-small_scene.gain_db(layout) / 20)
    phi = phi * 10 ** (-small_scene.gain_db(layout, sample_rate=rate) / 20)
    # The tones' levels in the steady part, channel by channel.
    part, part_0 = phi[:, rate // 4 : rate // 4 + rate // 10], own[:, FS // 4 : FS // 4 + FS // 10]
    for frequency in (400, 1000):
        level, level_0 = (
            np.abs(p @ np.exp(-2j * np.pi * frequency * np.arange(p.shape[1]) / r)) / p.shape[1]
            for p, r in ((part, rate), (part_0, FS))
        )
        np.testing.assert_allclose(level, level_0, atol=0.06 * level_0.max())


def test_a_scene_that_is_changed_sounds_changed(small_scene):
    scene = dataclasses.replace(small_scene, positions_m=small_scene.positions_m.copy())
    before = scene.render("stereo")
    assert scene.impulse_responses("stereo") is scene.impulse_responses("stereo"), "kept as long as nothing changes"
    with pytest.raises(ValueError, match="read-only"):
        scene.impulse_responses("stereo")[:] = 0
    scene.positions_m[0] = [2.0, 1.0, 0.0]
    moved = scene.render("stereo")
    assert moved[0].std() < 0.8 * before[0].std()
    scene.room = Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5), 0.4, 0)
    assert scene.render("stereo").shape[1] < moved.shape[1]


def test_the_gain_is_that_of_the_rendering_whatever_the_head(small_scene):
    kemar = load_hrtf(sample_rate=FS)
    quieter = HRTF(kemar.directions, kemar.responses / 2, FS)
    own, other = small_scene.gain_db("binaural"), small_scene.gain_db("binaural", hrtf=quieter)
    assert other == pytest.approx(own + 20 * np.log10(2), abs=1e-3)
    phi, gain_db = small_scene.render_with_gain("stereo")
    assert gain_db == small_scene.gain_db("stereo")
    np.testing.assert_array_equal(phi, small_scene.render("stereo"))


def test_loops_stay_seamless_when_resampled(small_scene):
    there = resampled(small_scene.audio, FS, 48000)
    assert there.shape == (2, 24000)
    np.testing.assert_allclose(there[0], 0.1 * np.sin(2 * np.pi * 400 * np.arange(24000) / 48000), atol=1e-5)


def test_a_scene_refuses_sample_rates_that_no_wav_has(small_scene):
    for rate in (1000, 0):
        with pytest.raises(ValueError, match="192000"):
            small_scene.render("stereo", sample_rate=rate)


@pytest.mark.parametrize(("layout", "channels"), [("5.1", 6), ("binaural", 2), ("foa", 4), ("stereo", 2)])
def test_renderings_have_the_right_shape_and_do_not_clip(scene, layout, channels):
    phi = scene.render(layout)
    assert phi.dtype == np.float32
    assert phi.shape[0] == channels
    assert phi.shape[1] == scene.audio.shape[1] + scene.impulse_responses(layout).shape[-1] - 1
    assert 20 * np.log10(np.abs(phi).max()) == pytest.approx(-1, abs=0.01)
    unscaled = s2s.render_channels(scene.audio, scene.impulse_responses(layout))
    np.testing.assert_allclose(phi, unscaled * 10 ** (scene.gain_db(layout) / 20), atol=1e-5)


def test_sources_are_equally_loud_at_one_metre_and_differ_by_distance(scene):
    rms_db = 10 * np.log10((scene.audio.astype(float) ** 2).mean(axis=1))
    np.testing.assert_allclose(rms_db, SOURCE_LEVEL_DB, atol=0.01)
    positions = np.array([[0, 1.5, 0], [0, 6.0, 0]])
    twins = dataclasses.replace(
        scene, audio=scene.audio[[0, 0]], positions_m=positions, room=s2s.room_around(positions, max_order=0)
    )
    near, far = twins.levels_db()
    assert near - far == pytest.approx(20 * np.log10(6.0 / 1.5), abs=0.3)


def test_saved_files_are_what_the_scene_renders(tmp_path, scene):
    for layout in s2s.LAYOUTS:
        path = scene.save(tmp_path / f"{layout}.wav", layout=layout)
        back, rate = soundfile.read(path)
        assert rate == scene.sample_rate
        np.testing.assert_allclose(back.T, scene.render(layout), atol=2.0**-14)


def test_the_report_is_json_and_agrees_with_the_scene(scene):
    report = json.loads(json.dumps(scene.report()))
    assert report["prompt"] is None and report["seed"] == 0
    assert len(report["sources"]) == len(scene.labels)
    for source, position in zip(report["sources"], scene.positions_m):
        np.testing.assert_allclose(source["position_m"], position, atol=1e-3)
        assert (source["azimuth_deg"] > 0) == (position[0] < 0)
    assert len(scene.describe().splitlines()) == len(scene.labels)
    assert repr(scene) == repr(scene)
