"""What a moving scene renders: sides, levels, length, cuts without clicks, loops without a seam."""

import dataclasses
import json

import numpy as np
import pytest

from see2sound_nb.media.clips import Clip
from see2sound_nb.moving import rendering
from see2sound_nb.moving.moving_scene import MovingScene, Shot
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.hrtf import load_hrtf
from see2sound_nb.room.shoebox import room_around
from see2sound_nb.scene import Scene
from see2sound_nb.sounds.ambience import Ambience
from see2sound_nb.sounds.generation import level
from see2sound_nb.sounds.lasting import FOLD_S, folded

RATE = 16000
I = np.zeros((36, 64, 3), np.uint8)


def noise(seed=0, seconds=1.0):
    """A sound that repeats without a seam, up to 4 kHz, at the level of all sources."""
    samples = round(RATE * seconds)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    spectrum[round(4000 * seconds) :] = 0
    return level(np.fft.irfft(spectrum, samples)[None])[0]


def tone(hz=500.0, seconds=1.0):
    return level(np.sin(2 * np.pi * hz * np.arange(round(RATE * seconds)) / RATE)[None])[0]


def on_an_arc(from_deg, to_deg, moments, distance_m=2.0):
    return distance_m * unit_vectors(np.linspace(from_deg, to_deg, moments))


def shot(start_s, end_s, paths, sounds, room, heard=None, ambience=None):
    """A shot with paths [(P, 3)] and sounds [(T,)]."""
    P = len(paths[0]) if paths else 2
    N = len(paths)
    mask = np.zeros((N, *I.shape[:2]), bool)
    mask[:, 10:20, 10:20] = True
    label = {"label": "dog", "caption": "a dog barking", "sounds": 0.9, "sound_class": "dog"}
    stacked = np.stack(paths, axis=1) if N else np.zeros((P, 0, 3))
    key = Scene(
        image=I, masks=mask, contours=[np.zeros((4, 2), np.int32)] * N, polygons=[np.zeros((4, 2), np.int32)] * N,
        boxes=np.zeros((N, 4), int), patches=[I[:2, :2]] * N, labels=[label] * N, depth=np.ones((36, 64), np.float32),
        positions_m=stacked[0], audio=np.stack(sounds) if N else np.zeros((0, RATE), np.float32), sample_rate=RATE,
        room=room, geometry="metric", preset="tiny", seed=0, ambience=ambience,
    )  # fmt: skip
    times = np.linspace(0, end_s - start_s, P)
    places = np.full((round((end_s - start_s) * 25), N, 2), 32.0)
    heard = np.ones((P, N)) if heard is None else heard
    return Shot(round(start_s * 25), round(end_s * 25) - 1, start_s, end_s, 0, key, times, stacked, heard, places)


def scene_of(make, seconds, turns=1, cuts=()):
    """A scene of the shots that ``make(room)`` gives."""
    room = room_around(np.array([[-2.0, 2, 0], [2, 2, 0]]), max_order=6)
    frames = round(seconds * 25)
    clip = Clip(
        None, np.zeros((1, 2, 2, 3), np.uint8), "frames", "raw", (64, 36), np.arange(frames) / 25, seconds, turns=turns
    )
    return MovingScene(clip, make(room), room, "tiny", 0)


@pytest.fixture(scope="module")
def passing():
    """A noise that goes from the left to the right in 2 s."""
    return scene_of(lambda room: [shot(0, 2, [on_an_arc(40, -40, 61)], [noise()], room)], 2.0)


def ild_db(phi, parts=8):
    left, right = (np.array([np.mean(p**2.0) for p in np.array_split(ear, parts)]) for ear in phi)
    return 10 * np.log10(left / right)


def steps(phi):
    return np.abs(np.diff(phi, axis=-1))


@pytest.mark.parametrize("layout", ["stereo", "binaural"])
def test_what_goes_from_left_to_right_is_heard_so(passing, layout):
    change = ild_db(passing.render(layout))
    assert change[0] > 3 and change[-1] < -3
    assert (np.diff(change) < 1.0).all()  # monotonic, but for the noise's own ups and downs


def test_in_ambisonics_the_direction_follows_the_path(passing):
    W, Y, _, X = passing.render("foa").astype(float)
    turned = [
        np.degrees(np.arctan2((w * y).sum(), (w * x).sum()))
        for w, y, x in zip(*(np.array_split(c, 10) for c in (W, Y, X)))
    ]
    assert np.abs(np.array(turned) - np.linspace(36, -36, 10)).max() < 8  # reflections pull a little


def test_another_head_hears_it_otherwise(passing):
    head = load_hrtf(sample_rate=RATE)
    swapped = dataclasses.replace(head, responses=head.responses[:, ::-1])
    a, b = passing.render("binaural"), passing.render("binaural", hrtf=swapped)
    assert ild_db(a)[0] > 3 and ild_db(b)[0] < -3
    with pytest.raises(ValueError, match="the HRTF is at 16000 Hz, the sound at 48000"):
        passing.render("binaural", hrtf=head, sample_rate=48000)


def test_mirrored_it_is_heard_on_the_other_side(passing):
    mirrored = dataclasses.replace(passing.shots[0], paths_m=passing.shots[0].paths_m * [-1, 1, 1])
    other = dataclasses.replace(passing, shots=[mirrored])
    a, b = passing.render("stereo"), other.render("stereo")
    np.testing.assert_allclose(a, b[::-1], atol=2e-4)


@pytest.mark.parametrize("rate", [16000, 48000])
def test_it_lasts_as_long_as_the_clip_to_the_sample(passing, rate):
    assert passing.render("stereo", sample_rate=rate).shape == (2, 2 * rate)


def test_the_loudest_sample_is_at_one_db_below_full_scale(passing):
    phi, gain_db = passing.render_with_gain("5.1")
    assert 20 * np.log10(np.abs(phi).max()) == pytest.approx(-1, abs=0.01)
    assert passing.gain_db("5.1") == gain_db


def test_the_same_seed_the_same_sound(passing):
    np.testing.assert_array_equal(passing.render("5.1"), passing.render("5.1"))


def test_a_changed_path_is_heard(passing):
    still = dataclasses.replace(passing.shots[0], paths_m=np.tile(passing.shots[0].paths_m[:1], (61, 1, 1)))
    change = ild_db(dataclasses.replace(passing, shots=[still]).render("stereo"))
    assert change.min() > 3


def test_a_still_source_sounds_as_in_its_photo():
    still = scene_of(lambda room: [shot(0, 1, [on_an_arc(20, 20, 3)], [noise()], room)], 1.0)
    key = still.shots[0].key
    a, b = still.render("5.1"), key.render("5.1")[:, :RATE]
    end = RATE - 1600  # the fade at the end is the clip's own
    scale = np.vdot(a[:, :end], b[:, :end]) / np.vdot(b[:, :end], b[:, :end])
    np.testing.assert_allclose(a[:, :end], scale * b[:, :end], atol=1e-4)


@pytest.mark.parametrize("layout", ["5.1", "binaural"])
def test_in_parts_it_is_the_same(passing, monkeypatch, layout):
    whole = passing.render(layout)
    monkeypatch.setattr(rendering, "PART_S", 0.37)
    np.testing.assert_allclose(passing.render(layout), whole, atol=2e-6 if layout == "5.1" else 2e-4)


def test_movement_makes_no_clicks():
    at_rest = scene_of(lambda room: [shot(0, 2, [on_an_arc(20, 20, 61)], [tone()], room)], 2.0)
    moving = scene_of(lambda room: [shot(0, 2, [on_an_arc(40, -40, 61)], [tone()], room)], 2.0)
    for layout in ("5.1", "binaural", "foa"):
        rest, gone = at_rest.render(layout)[:, 3000:-1000], moving.render(layout)[:, 3000:-1000]
        assert steps(gone).max() / np.abs(gone).max() <= 2 * steps(rest).max() / np.abs(rest).max()


def test_a_cut_makes_no_click_and_sides_change_within_it():
    def make(room):
        return [
            shot(0, 1, [on_an_arc(40, 40, 2)], [tone()], room),
            shot(1, 2, [on_an_arc(-40, -40, 2)], [tone()], room),
        ]

    cut = scene_of(make, 2.0)
    phi = cut.render("stereo")
    change = ild_db(phi, parts=20)
    assert change[:10].min() > 2 and change[12:].max() < -2
    around = phi[:, RATE - 400 : RATE + 400]
    assert steps(around).max() <= 2 * steps(phi[:, 4000:12000]).max()


def test_reverberation_rings_on_over_a_cut():
    def make(room):
        return [shot(0, 1, [on_an_arc(0, 0, 2)], [noise()], room), shot(1, 2, [], [], room)]

    phi = scene_of(make, 2.0).render("5.1")
    after = phi[:, RATE + 400 : RATE + 1600]
    assert np.abs(after).max() > 1e-3 * np.abs(phi).max()


def test_what_is_not_in_view_is_not_heard():
    heard = np.interp(np.linspace(0, 2, 61), [0, 0.8, 1.0], [1, 1, 0])[:, None]
    phi = scene_of(lambda room: [shot(0, 2, [on_an_arc(20, 20, 61)], [noise()], room, heard)], 2.0).render("stereo")
    power = [np.mean(part**2.0) for part in np.array_split(phi, 8, axis=1)]
    assert max(power[6:]) < 1e-4 * power[1]


def test_what_moves_is_livelier_unless_told_otherwise(passing):
    paths = [on_an_arc(20, 20, 61), on_an_arc(60, -60, 61)]

    def loudness(k, **how):
        one = scene_of(lambda room: [shot(0, 2, [paths[k]], [noise()], room)], 2.0)
        phi, gain_db = one.render_with_gain("foa", **how)
        return 10 * np.log10(np.mean(phi[0, 3000:-3000] ** 2.0)) - gain_db

    assert loudness(1) - loudness(0) == pytest.approx(
        loudness(1, lively=False) - loudness(0, lively=False) + 3, abs=0.2
    )


def test_doppler_raises_what_comes_near_and_lowers_what_leaves():
    x = np.linspace(-20, 20, 61)
    path = np.column_stack([x, np.full(61, 2.0), np.zeros(61)])  # 20 m/s

    def make(room):
        return [shot(0, 2, [path], [tone(1000.0)], room_around(path, max_order=1))]

    one = scene_of(make, 2.0)
    one = dataclasses.replace(one, room=one.shots[0].key.room)
    phi = one.render("foa", doppler=True)[0].astype(float)

    def pitch(part):
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 17))
        return np.argmax(spectrum) * RATE / (1 << 17)

    assert pitch(phi[2000:10000]) == pytest.approx(1000 / (1 - 20 / 343), rel=0.004)
    assert pitch(phi[22000:30000]) == pytest.approx(1000 / (1 + 20 / 343), rel=0.004)
    with pytest.raises(ValueError, match="has no Doppler"):
        one.render("5.1", doppler=True)


def ambience(seed, kind="sea", db=-10.0):
    return Ambience(kind=kind, label=kind, caption=kind, probability=0.9, audio=noise(seed), level_db=db)


def test_the_ambience_lasts_and_crossfades_at_a_cut():
    def make(room):
        return [
            shot(0, 2, [], [], room, ambience=ambience(1, "surf")),
            shot(2, 4, [], [], room, ambience=ambience(2, "wind")),
        ]

    phi = scene_of(make, 4.0).render("foa")[0]
    assert (np.array([np.mean(p**2.0) for p in np.array_split(phi[800:-1600], 12)]) > 0).all()
    seam = steps(phi[2 * RATE - 4000 : 2 * RATE + 4000]).max()
    assert seam <= 2 * steps(phi[:RATE]).max()
    level_db = 10 * np.log10(
        [np.mean(p**2.0) for p in (phi[RATE : RATE + 8000], phi[2 * RATE - 2000 : 2 * RATE + 2000])]
    )
    assert abs(np.diff(level_db)[0]) < 3.5


def test_a_loop_has_no_seam_and_turn_two_is_turn_three():
    path, sound = on_an_arc(40, -40, 37), noise(seconds=0.7)
    loop = scene_of(lambda room: [shot(0, 1.2, [path], [sound], room)], 1.2, turns=0)
    assert loop.turns == 5 and loop.duration_s == pytest.approx(6.0)
    phi, gain_db = loop.render_with_gain("stereo")
    assert phi.shape == (2, 6 * RATE)
    assert (np.abs(phi[:, 0] - phi[:, -1]) <= 2 * steps(phi).max(axis=1)).all()

    # Played out three times one after the other, as a clip that does not repeat: the middle third is this one.
    round_sound = folded(sound, 6 * RATE, round(FOLD_S * RATE))

    def played_out(room):
        return [shot(1.2 * k, 1.2 * (k + 1), [path], [round_sound], room) for k in range(15)]

    out, out_db = scene_of(played_out, 18.0).render_with_gain("stereo")
    middle = out[:, 6 * RATE : 12 * RATE] * 10 ** ((gain_db - out_db) / 20)
    np.testing.assert_allclose(phi, middle, atol=2e-5)


def test_a_loop_rings_on_from_its_end_into_its_start():
    heard = np.zeros((51, 1))
    heard[-4:] = 1.0  # sound at the very end only

    def make(room):
        return [shot(0, 5.0, [on_an_arc(0, 0, 51)], [noise(seconds=1.0)], room, heard)]

    looped = scene_of(make, 5.0, turns=0).render("5.1")
    once = scene_of(make, 5.0, turns=1).render("5.1")
    start = slice(400, 2000)
    assert np.abs(looped[:, start]).max() > 100 * np.abs(once[:, start]).max()


def test_a_scene_without_sources_or_ambience_is_silent():
    phi = scene_of(lambda room: [shot(0, 1, [], [], room)], 1.0).render("5.1")
    assert phi.shape == (6, RATE) and not phi.any()


def test_the_report_is_plain_json_and_tells_the_way(passing):
    report = json.loads(json.dumps(passing.report()))
    (source,) = report["shots"][0]["sources"]
    assert source["from_azimuth_deg"] == pytest.approx(40, abs=0.1)
    assert source["to_azimuth_deg"] == pytest.approx(-40, abs=0.1)
    assert source["heard_s"] == [0.0, 2.0]
    assert source["nearest_m"] == source["farthest_m"] == pytest.approx(2.0, abs=0.01)
    nearest = source["at_its_nearest"]
    azimuth, _ = nearest["direction_foa_deg"]
    assert 0 <= nearest["s"] <= 2 and abs(azimuth) <= 40.1 and nearest["direction_foa_error_deg"] < 0.1
    assert (
        np.sign(nearest["itd_ms"]) == np.sign(nearest["ild_db"]) == np.sign(azimuth) and nearest["drr_db"] is not None
    )
    assert "+40 deg (left) to -40 deg (right)" in passing.describe()
    assert repr(passing) == "MovingScene(2.00 s, 1 shot: dog; preset='tiny')"


def test_files_say_what_they_are(passing, tmp_path):
    assert passing.save(tmp_path / "a.wav", "binaural") == tmp_path / "a.wav"
    for name, layout, why in (
        ("a.mp3", "5.1", "must end with .wav"),
        ("a.mp4", "7.1.4", "only a .mov can"),
        ("a.mp4", "mono", "two channels or more; choose stereo"),
        ("a.mp4", "6.1", "unknown"),
    ):
        with pytest.raises(ValueError, match=why):
            passing.save(tmp_path / name, layout)
    with pytest.raises(ValueError, match="original='new'"):
        passing.save(tmp_path / "a.mp4", original="new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
