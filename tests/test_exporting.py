"""Scenes as files for other programs: what is in them is what the scene renders, at rest and moving."""

import csv
import dataclasses
import json
import re
import struct
import sys
import xml.etree.ElementTree as ET

import av
import h5py
import numpy as np
import pytest
import soundfile
from moving.test_moving_scene import noise, on_an_arc, scene_of, shot

import see2sound_nb as s2s
from see2sound_nb import cli, cli_photo
from see2sound_nb.exporting import EXPORTS, FILM_RATE, IN_FOA, check_tracks
from see2sound_nb.media.clip_writing import write_clip
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.room.spherical_harmonics import encode
from see2sound_nb.sounds.ambience import Ambience
from see2sound_nb.sounds.sound_classes import NAMES


@pytest.fixture(scope="module")
def passing():
    """A dog that passes from the right to the left in two seconds, before a sea."""
    sea = Ambience("surf", "sea", "waves on a beach", 0.9, noise(9), -12.0)
    path = on_an_arc(-60, 60, 41)
    return scene_of(lambda room: [shot(0, 2, [path], [noise(1)], room, ambience=sea)], 2)


def adm(path):
    """Channels, and of each object its name, and (azimuth, elevation, gain) of its blocks."""
    audio, rate = soundfile.read(path, always_2d=True)
    assert rate == FILM_RATE
    data = path.read_bytes()
    at = data.index(b"axml")
    (size,) = struct.unpack_from("<I", data, at + 4)
    root = ET.fromstring(data[at + 8 : at + 8 + size])
    objects = []
    for channel in root.findall(".//{*}audioChannelFormat"):
        if channel.get("typeLabel") != "0003":
            continue
        blocks = [
            (*(float(block.find(f"{{*}}position[@coordinate='{name}']").text) for name in ("azimuth", "elevation")),
             float(getattr(block.find("{*}gain"), "text", 1)))
            for block in channel.findall("{*}audioBlockFormat")
        ]  # fmt: skip
        objects.append((channel.get("audioChannelFormatName"), np.array(blocks)))
    return audio.T, objects


def low(x):
    """Below 1 kHz, where a delay that is rounded to a sample is none."""
    spectrum = np.fft.rfft(x)
    spectrum[..., round(1000 * x.shape[-1] / FILM_RATE) :] = 0
    return np.fft.irfft(spectrum, x.shape[-1])


@pytest.mark.parametrize("geometry", ["metric", "paper"])
def test_an_adm_and_its_bed_are_the_whole_scene(scene, tmp_path, geometry):
    scene = dataclasses.replace(scene, geometry=geometry)
    audio, objects = adm(scene.save(tmp_path / "scene.adm.wav", "adm"))
    assert [name for name, _ in objects] == [source["label"] for source in scene.labels]
    whole = audio[len(objects) :].copy()
    for sound, (_, blocks), place in zip(audio, objects, scene.positions_m):
        (azimuth, elevation, gain), *_ = blocks
        assert [azimuth, elevation] == pytest.approx([float(v) for v in s2s.directions(place)[:2]], abs=0.01)
        whole += gain * encode(unit_vectors([azimuth], [elevation]), 3).T * sound
    want = dataclasses.replace(scene, geometry="metric").render("hoa3", sample_rate=FILM_RATE)
    whole, want = low(whole), low(want)
    whole *= np.sqrt((want**2).sum() / (whole**2).sum())
    error_db = 10 * np.log10(((whole - want) ** 2).sum() / (want**2).sum())
    assert error_db < -30


def test_the_objects_of_a_clip_walk(passing, tmp_path):
    audio, ((name, blocks),) = adm(passing.save(tmp_path / "a.wav", "adm"))
    assert name == "dog" and audio.shape == (17, 2 * FILM_RATE)
    assert blocks[0, 0] == pytest.approx(-60, abs=0.1) and blocks[-1, 0] == pytest.approx(60, abs=0.1)
    assert (np.diff(blocks[:, 0]) > -1e-6).all() and len(blocks) > 20
    # On an arc it is as loud everywhere; what is not the dog is in the bed: reverberation and the sea.
    np.testing.assert_allclose(blocks[:, 2], blocks[0, 2], rtol=1e-3)
    assert np.sqrt(np.mean(audio[1] ** 2)) > 0.005


def test_what_is_silent_between_has_a_track_of_its_own(tmp_path):
    two = scene_of(
        lambda room: [
            shot(0, 1, [on_an_arc(40, 40, 2)], [noise(1)], room),
            shot(1, 2, [on_an_arc(-40, -40, 2)], [noise(2)], room),
        ],
        2,
        cuts=(1,),
    )
    objects = two.objects()
    assert objects.sounds.shape == (2, 32000)
    first, second = objects.sounds
    assert np.abs(first[:15000]).max() > 0.05 and not first[17000:].any()
    assert not second[:15000].any() and np.abs(second[17000:]).max() > 0.05
    azimuth = s2s.directions(objects.places_m(np.array([0.5, 1.5])))[0]
    np.testing.assert_allclose(azimuth, [[40, -40], [40, -40]], atol=1e-6)


def test_a_clip_that_repeats_has_objects_that_do(tmp_path):
    loop = scene_of(lambda room: [shot(0, 2, [on_an_arc(40, 40, 2)], [noise(1)], room)], 2, turns=0)
    objects = loop.objects()
    assert objects.loops
    assert len(objects.times_s) == 1, "what rests has one place"
    audio, (_, *_) = adm(loop.save(tmp_path / "a.wav", "adm"))
    seam = np.diff(np.concatenate([audio[0, -2:], audio[0, :2]]))
    assert np.abs(seam).max() <= np.abs(np.diff(audio[0])).max(), "without a jump"
    with av.open(str(loop.save(tmp_path / "a.mp4", "sa3d"))) as film:
        assert loop.turns == 3 and film.duration / 1e6 == pytest.approx(6, abs=0.05)


def test_dcase_has_the_dog_where_it_is(passing, tmp_path):
    path = passing.save(tmp_path / "a.wav", "dcase")
    audio, rate = soundfile.read(path)
    assert audio.shape == (48000, 4) and rate == 24000
    rows = [list(map(int, row)) for row in csv.reader(path.with_suffix(".csv").open())]
    assert len(rows) >= 19 and {row[1] for row in rows} == {NAMES.index("dog")}
    for frame, _, _, azimuth, elevation, distance in rows:
        assert azimuth == pytest.approx(-60 + 120 * min(frame * 0.1 + 0.05, 2) / 2, abs=1.6)
        assert abs(elevation) <= 1 and distance == pytest.approx(200, abs=1)
    odd = [{**label, "sound_class": "of no kind"} for label in passing.shots[0].key.labels]
    key = passing.shots[0].key
    key.labels, kept = odd, key.labels
    with pytest.raises(ValueError, match="'dog' is of no class of sounds; give its label"):
        passing.save(tmp_path / "b.wav", "dcase")
    key.labels = kept


def test_gltf_has_an_emitter_for_each_source_and_one_around(passing, tmp_path):
    data = passing.save(tmp_path / "a.glb").read_bytes()
    (size,) = struct.unpack_from("<I", data, 12)
    asset = json.loads(data[20 : 20 + size])
    emitters = asset["extensions"]["KHR_audio_emitter"]["emitters"]
    assert sorted(emitter["type"] for emitter in emitters) == ["global", "positional"]
    assert asset["animations"], "the dog walks"


def test_sofa_holds_the_responses(scene, passing, tmp_path):
    pytest.importorskip("sofar")
    path = scene.save(tmp_path / "a.sofa")
    with h5py.File(path) as file:
        written = file["Data.IR"][:]
    np.testing.assert_array_equal(written, scene.impulse_responses("foa", sample_rate=FILM_RATE))
    with pytest.raises(ValueError, match="a clip's move; give a photo"):
        passing.save(tmp_path / "b.sofa")
    assert not (tmp_path / "b.sofa").exists()


def test_a_film_of_a_photo_turns_with_the_head(scene, tmp_path):
    path = scene.save(tmp_path / "a.mp4", "sa3d")
    assert b"SA3D" in path.read_bytes()
    clip = s2s.open_clip(path)
    assert clip.end_s == pytest.approx(scene.render("foa").shape[1] / scene.sample_rate, abs=0.05)


@pytest.mark.parametrize("kind", [kind for kind in EXPORTS if kind != "sofa"])
def test_a_scene_that_is_only_an_ambience_can_be_taken_along(tmp_path, kind):
    sea = Ambience("surf", "sea", "waves on a beach", 0.9, noise(9), -12.0)
    scene = scene_of(lambda room: [shot(0, 2, [], [], room, ambience=sea)], 2).shots[0].key
    assert scene.save(tmp_path / f"a{EXPORTS[kind]}", kind).stat().st_size > 100
    with pytest.raises(ValueError, match="has no source, so there is no response"):
        scene.save(tmp_path / "a.sofa")


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_name_that_says_something_else_is_refused_before_the_work(scene, passing, tmp_path, kind, monkeypatch):
    monkeypatch.setattr(type(scene), "mix", None)
    for one in (scene, passing):
        with pytest.raises(ValueError, match=re.escape(f"must end with {EXPORTS[kind]} for the layout {kind}")):
            one.save(tmp_path / "a.txt", kind)
        with pytest.raises(ValueError, match="does not exist"):
            one.save(tmp_path / "none" / f"a{EXPORTS[kind]}", kind)
    for other in EXPORTS.values():
        if other != EXPORTS[kind]:
            with pytest.raises(ValueError, match="must end with"):
                scene.save(tmp_path / f"a{other}", kind)


@pytest.mark.parametrize("kind", EXPORTS)
def test_what_it_does_not_know_is_refused_and_not_dropped(scene, passing, tmp_path, kind, monkeypatch):
    monkeypatch.setattr(type(scene), "mix", None)
    path = tmp_path / f"a{EXPORTS[kind]}"
    for option in ({"subtype": "PCM_24"}, {"sample_rate": 96000}, {"hrtf": s2s.load_hrtf(sample_rate=16000)}):
        for one in (scene, passing):
            with pytest.raises(ValueError, match=f"^{next(iter(option))}.{{0,9}} is nothing that {kind} knows"):
                one.save(path, kind, **option)
    with pytest.raises(ValueError, match="original='mixed' is nothing that"):
        passing.save(path, kind, original="mixed")
    if kind not in IN_FOA:
        with pytest.raises(ValueError, match="doppler=True is nothing that"):
            passing.save(path, kind, doppler=True)
    assert not list(tmp_path.iterdir())


def test_doppler_is_in_the_ambisonics_of_a_film(passing, tmp_path):
    still, moved = (
        soundfile.read(passing.save(tmp_path / f"{doppler}.wav", "dcase", doppler=doppler))[0]
        for doppler in (False, True)
    )
    assert np.abs(still - moved).max() > 0.01


def test_labels_that_would_be_seconds_early_are_refused(scene, tmp_path):
    with pytest.raises(ValueError, match="geometry='paper' has no metres"):
        dataclasses.replace(scene, geometry="paper").save(tmp_path / "a.wav", "dcase")


def test_objects_that_would_fill_the_memory_are_refused():
    check_tracks(10, 48000 * 600)
    with pytest.raises(ValueError, match=r"the tracks of 20 sources take 2\.3 GB, more than 2; cut the clip"):
        check_tracks(20, 48000 * 600)


def test_the_command_line_writes_them(tmp_path, monkeypatch, pipeline, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli_photo, "See2Sound", lambda **_: pipeline)
    assert cli.main([str(s2s.demo_photo()), "--layout", "adm", "--sources", "1", "--no-ambience"]) == 0
    (path,) = tmp_path.glob("*")
    assert path.name == f"{s2s.demo_photo().stem}.adm.wav"
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == f"{path.name}: adm"
    assert not any("LUFS" in line for line in said), "nothing is mixed in the file"
    assert cli.main([str(s2s.demo_photo()), "--layout", "dcase", "--sources", "1", "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["output"]["channels"] == list(s2s.LAYOUTS["foa"]) and written["output"]["sample_rate_hz"] == 24000
    assert written["measured"]["signal"]["layout"] == "foa"
    for words in (["--layout", "adm", "--subtype", "FLOAT"], ["-o", "a.glb", "--sample-rate", "8000"]):
        assert cli.main([str(s2s.demo_photo()), *words]) == cli.BAD_INPUT
        assert "knows, which has its own; leave it out" in capsys.readouterr().err


def test_a_sound_says_what_made_it(scene, tmp_path):
    for name in ("a.wav", "a.flac"):
        with av.open(str(scene.save(tmp_path / name))) as file:
            (comment,) = (file.metadata[key] for key in file.metadata if key.lower() in ("comment", "description"))
        assert "preset tiny, seed 0" in comment
        assert all(source["label"] in comment for source in scene.labels)


@pytest.mark.parametrize(
    ("name", "module", "said"),
    [
        ("a.flac", "av", r"writing FLAC needs PyAV: pip install 'see2sound_nb\[video\]'"),
        ("a.glb", "av", r"writing MP3 needs PyAV: pip install 'see2sound_nb\[video\]'"),
        ("a.sofa", "sofar", r"writing SOFA needs sofar: pip install 'see2sound_nb\[sofa\]'"),
    ],
)
def test_what_is_not_installed_is_missed_before_the_work(tmp_path, monkeypatch, capsys, name, module, said):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(cli_photo, "See2Sound", None)  # the work
    assert cli.main([str(s2s.demo_photo()), "-o", str(tmp_path / name)]) == cli.BAD_INPUT
    assert re.search(said, capsys.readouterr().err)


def test_a_clips_own_sound_stays_with_the_head(tmp_path, passing):
    time_s = np.arange(2 * 48000) / 48000
    voice = 0.2 * np.sin(2 * np.pi * 440 * time_s).astype(np.float32)[None]
    frames = np.zeros((50, 48, 64, 3), np.uint8)
    own = tmp_path / "own.mp4"
    write_clip(own, s2s.open_clip(frames, 25), np.repeat(voice, 2, axis=0), 48000, layout="stereo")
    scene = dataclasses.replace(passing, clip=s2s.open_clip(own), notes=[])
    with av.open(str(scene.save(tmp_path / "a.mp4", "sa3d", original="kept"))) as film:
        (track,) = film.streams.audio
        assert track.channels == 6
        heard = np.concatenate([frame.to_ndarray() for frame in film.decode(track)], axis=1)
    heard = heard.reshape(-1, 6).T if len(heard) == 1 else heard
    lasting = slice(24000, 72000)
    level = np.abs(heard[:, lasting] @ np.exp(-2j * np.pi * 440 * time_s[lasting])) / 24000
    np.testing.assert_allclose(level[4:], 0.2, rtol=0.05)
    assert level[:4].max() < 0.05 and not scene.notes
    passing.save(tmp_path / "b.mp4", "sa3d", original="kept")
    assert passing.notes.pop() == "The clip has no sound track of its own, so none is kept."
