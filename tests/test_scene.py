"""A scene: rendered, saved, reported, changed."""

import dataclasses
import json

import numpy as np
import pytest
import soundfile

import see2sound_nb as s2s
from see2sound_nb.render.hrtf import HRTF, load_hrtf
from see2sound_nb.render.layouts import AMBISONIC_ORDERS
from see2sound_nb.room.shoebox import Room
from see2sound_nb.scene import Scene, resampled
from see2sound_nb.sounds.ambience import AMBIENCE_LEVEL_DB, Ambience
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
    bare = dataclasses.replace(scene, ambience=None)
    unscaled = s2s.render_channels(scene.audio, scene.impulse_responses(layout))
    np.testing.assert_allclose(bare.render(layout), unscaled * 10 ** (bare.gain_db(layout) / 20), atol=1e-5)


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
        back, rate = soundfile.read(path, always_2d=True)
        assert rate == scene.sample_rate
        np.testing.assert_allclose(back.T, scene.render(layout), atol=2.0**-14)


def test_the_report_is_json_and_agrees_with_the_scene(scene):
    report = json.loads(json.dumps(scene.report()))
    assert report["prompt"] is None and report["seed"] == 0
    assert len(report["sources"]) == len(scene.labels)
    for source, position in zip(report["sources"], scene.positions_m):
        np.testing.assert_allclose(source["position_m"], position, atol=1e-3)
        assert (source["azimuth_deg"] > 0) == (position[0] < 0)
    assert len(scene.describe().splitlines()) == len(scene.labels) + 1, "a line for each source, and one for all around"
    assert repr(scene) == repr(scene)


def test_the_report_measures_what_was_rendered(scene):
    report = json.loads(json.dumps(scene.report("binaural", sample_rate=48000), allow_nan=False))
    measured = report["measured"]
    assert len(measured["sources"]) == len(scene.labels)
    for source, own in zip(report["sources"], measured["sources"]):
        assert own["direction_foa_deg"] == pytest.approx([source["azimuth_deg"], source["elevation_deg"]], abs=0.15)
        assert (own["itd_ms"] > 0) == (source["azimuth_deg"] > 0)
        assert 0 <= own["masked_share"] <= 1 and own["seam"] < 4
    assert measured["signal"]["layout"] == "binaural" and measured["signal"]["sample_rate_hz"] == 48000
    assert measured["signal"]["true_peak_dbtp"] == pytest.approx(-1, abs=0.5)
    phi = scene.render("5.1")
    assert scene.report(phi=phi) == scene.report("5.1"), "a rendering at hand is the one that would be made"
    assert scene.report(phi=0.5 * phi)["measured"]["signal"]["loudness_lufs"] == pytest.approx(
        scene.report()["measured"]["signal"]["loudness_lufs"] - 6.0, abs=0.15
    )


def test_a_louder_neighbour_masks_and_the_measured_line_tells_all(scene):
    from see2sound_nb.reporting import truth_line

    positions = np.array([[0.5, 2.0, 0], [0.5, 2.0, 0]])
    audio = np.stack([scene.audio[0], 10 * scene.audio[0]])
    twins = dataclasses.replace(scene, audio=audio, positions_m=positions, room=s2s.room_around(positions))
    measured = twins.report()["measured"]
    assert [own["masked_share"] for own in measured["sources"]] == [1, 0]
    line = truth_line(measured)
    assert "1. ITD" in line and "100% masked" in line and "LUFS" in line and "\n" not in line
    assert "silent" not in line and "silent: LFE" in truth_line(
        {**measured, "signal": {**measured["signal"], "silent_channels": ["LFE"]}}
    )


# What is heard all around


def sea(samples=8000, **options):
    """Noise that repeats without a seam."""
    audio = 0.1 * np.random.default_rng(0).normal(size=samples).astype(np.float32)
    return Ambience("surf", "sea", "waves on a beach", 0.6, audio, **options)


def with_sea(scene, **options):
    return dataclasses.replace(scene, ambience=sea(**options))


def without_sources(scene, ambience):
    return dataclasses.replace(
        scene, masks=scene.masks[:0], contours=[], polygons=[], boxes=scene.boxes[:0], patches=[], labels=[],
        positions_m=scene.positions_m[:0], audio=scene.audio[:0], ambience=ambience,
    )  # fmt: skip


def unscaled(scene, layout, **options):
    phi, gain_db = scene.render_with_gain(layout, **options)
    return phi.astype(np.float64) * 10 ** (-gain_db / 20)


def level_db(phi):
    """Of all channels together."""
    return 10 * np.log10(np.mean(np.square(phi, dtype=np.float64), axis=1).sum())


def test_mono_is_the_first_component_of_ambisonics(small_scene):
    scene = with_sea(small_scene)
    np.testing.assert_allclose(unscaled(scene, "mono"), unscaled(scene, "foa")[:1], atol=1e-6)


@pytest.mark.parametrize("layout", list(s2s.LAYOUTS))
def test_the_ambience_is_added_as_it_is_and_fades_with_the_room(small_scene, layout):
    scene = with_sea(small_scene)
    bed = unscaled(scene, layout) - unscaled(small_scene, layout)
    T = small_scene.audio.shape[1]
    alone = scene.ambient_channels(layout)
    np.testing.assert_allclose(bed[:, :T], alone, atol=1e-6)
    assert bed.shape[1] > T
    assert np.abs(bed[:, -3:]).max() < 1e-3 * np.abs(alone).max(), "it ends with the reverberation, not with a click"


@pytest.mark.parametrize("layout", list(s2s.LAYOUTS))
def test_the_ambience_is_never_louder_than_the_sources_together(small_scene, layout):
    # In the open, where the powers of what arrives add up; in a room they do so on average over places.
    scene = dataclasses.replace(small_scene, room=dataclasses.replace(small_scene.room, max_order=0))
    heard = np.s_[:1] if layout in AMBISONIC_ORDERS else [name != "LFE" for name in s2s.LAYOUTS[layout]]
    sources = unscaled(scene, layout)[heard]
    sources = level_db(sources) + 10 * np.log10(sources.shape[1] / scene.audio.shape[1])  # while they sound
    for below in (AMBIENCE_LEVEL_DB, 0.0):
        bed = level_db(with_sea(scene, level_db=below).ambient_channels(layout)[heard])
        assert bed < sources + 0.3
        if layout != "binaural":  # there the head's gain of the sources' directions comes in
            assert bed == pytest.approx(sources + below, abs=0.3)


def test_what_is_heard_is_kept_until_a_sound_a_place_or_the_room_changes(small_scene):
    scene = dataclasses.replace(small_scene, audio=small_scene.audio.copy(), positions_m=small_scene.positions_m.copy())
    assert scene.heard() is scene.heard()
    before = scene.levels_db()
    scene.audio[0] /= 2
    np.testing.assert_allclose(scene.levels_db(), before - [20 * np.log10(2), 0], atol=1e-3)
    scene.positions_m[1] *= 1.5
    assert abs(scene.levels_db()[1] - before[1]) > 1
    before, scene.room = scene.levels_db(), dataclasses.replace(scene.room, absorption=1.0)
    assert (np.abs(scene.levels_db() - before) > 1).all()


def test_the_level_of_the_ambience_is_what_the_scene_says(small_scene):
    scene = with_sea(small_scene)
    together = 10 * np.log10(np.sum(10 ** (small_scene.levels_db() / 10)))
    assert scene.ambience_level_db() == pytest.approx(together + AMBIENCE_LEVEL_DB)
    assert level_db(scene.ambient_channels("foa")[:1]) == pytest.approx(scene.ambience_level_db(), abs=0.3)
    before = scene.ambient_channels("5.1")
    scene.ambience = dataclasses.replace(scene.ambience, level_db=AMBIENCE_LEVEL_DB - 20)
    np.testing.assert_allclose(scene.ambient_channels("5.1"), before / 10, atol=1e-7)
    scene.ambience = None
    assert not scene.ambient_channels("5.1").any()
    np.testing.assert_array_equal(scene.render("5.1"), small_scene.render("5.1"))
    assert scene.report()["ambience"] is None
    assert scene.ambience_level_db() == -120


@pytest.mark.parametrize("rate", [44100, 48000])
def test_the_ambience_is_as_loud_at_every_sample_rate(small_scene, rate):
    scene = with_sea(small_scene)
    for layout in ("5.1", "binaural", "foa"):
        there = scene.ambient_channels(layout, sample_rate=rate)
        assert there.shape[1] == 8000 * rate // FS
        assert level_db(there) == pytest.approx(level_db(scene.ambient_channels(layout)), abs=0.4)


def test_a_scene_may_be_nothing_but_its_ambience(small_scene, tmp_path):
    scene = without_sources(small_scene, sea(6000))
    assert scene.levels_db().shape == (0,)
    assert scene.ambience_level_db() == SOURCE_LEVEL_DB + AMBIENCE_LEVEL_DB
    report = json.loads(json.dumps(scene.report()))
    assert report["sources"] == []
    assert report["audio"]["duration_s"] == 6000 / FS
    assert report["ambience"] == {
        "kind": "surf", "label": "sea", "caption": "waves on a beach", "probability": 0.6, "level_db": -33.0,
        "below_sources_db": None,
    }  # fmt: skip
    assert repr(scene) == "Scene(0 sources; all around: sea; preset='tiny', geometry='metric')"
    first, second = scene.describe().splitlines()
    assert first == "No thing in the photo is a source; the photo is its ambience."
    assert second == "All around: sea (waves on a beach), 60% certain; -33.0 dB"
    for layout in s2s.LAYOUTS:
        phi = scene.render(layout)
        assert phi.shape == (len(s2s.LAYOUTS[layout]), 6000), "a loop: there is no reverberation to wait for"
        assert 20 * np.log10(np.abs(phi).max()) == pytest.approx(-1, abs=0.01)
        back, _ = soundfile.read(scene.save(tmp_path / "a.wav", layout), always_2d=True)
        np.testing.assert_allclose(back.T, phi, atol=2.0**-14)
    assert scene.impulse_responses("5.1").shape == (0, 6, 1)


def test_a_scene_of_nothing_is_silent_and_says_so(small_scene):
    scene = without_sources(small_scene, None)
    assert not scene.render("5.1").any()
    assert scene.gain_db() == 0
    assert "silent" in scene.describe()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kind": "ocean"}, "ocean"), ({"probability": 60}, "share, not per cent"), ({"level_db": 3.0}, "level_db=3.0"),
        ({"level_db": float("nan")}, "level_db=nan"), ({"audio": np.zeros((2, 8))}, r"\(2, 8\)"),
        ({"audio": np.full(8, np.inf)}, "finite"),
    ],
)  # fmt: skip
def test_an_ambience_that_cannot_be_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(sea(), **changed)
