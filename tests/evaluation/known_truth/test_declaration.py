"""What scenes.json declares: packages, files, things, surfaces, rooms and 24 scenes."""

import collections
import re

import numpy as np
import pytest

from see2sound_nb.evaluation.known_truth.building import _box, compose_scene
from see2sound_nb.evaluation.known_truth.scene import declaration, files_of, room_of
from see2sound_nb.evaluation.known_truth.surroundings import Camera
from see2sound_nb.measure.reverberation import complete_until_s, t20_s
from see2sound_nb.render.responses import impulse_responses

DECLARED = declaration()
SCENES = DECLARED["scenes"]


def test_each_file_has_its_package_licence_authors_and_sum():
    for key, file in DECLARED["files"].items():
        assert file["package"] in DECLARED["packages"], key
        assert re.fullmatch(r"[0-9a-f]{64}", file["sha256"]), key
        assert file["licence"] and file["authors"], key
        assert set(file["trained"]) <= {"tiny-sam", "tiny-depth", "tiny-codi"}, key
    for name, package in DECLARED["packages"].items():
        assert package["kind"] in ("deb", "pypi") and re.fullmatch(r"[0-9a-f]{64}", package["sha256"]), name
        assert package["version"] in package["archive"], name
    used = set().union(*(files_of(DECLARED, scene) for scene in SCENES))
    assert used == set(DECLARED["files"])


def test_what_is_promised_of_the_24_scenes_is_there():
    assert [scene["name"] for scene in SCENES] == [f"{k:02d}" for k in range(1, 25)]
    count = collections.Counter(len(scene["sources"]) for scene in SCENES)
    assert set(count) == {1, 2, 3} and min(count.values()) >= 4
    assert {scene["room"] for scene in SCENES} == {"open", "living", "hall"}
    assert collections.Counter(scene["split"] for scene in SCENES) == {"dev": 8, "test": 16}
    sources = [source for scene in SCENES for source in scene["sources"]]
    seen = [source["azimuth_deg"] for source in sources if source["on_screen"]]
    assert min(seen) == -60 and max(seen) == 60
    assert sum(not source["on_screen"] for source in sources) == 2
    assert sum(bool(scene["silent"]) for scene in SCENES) >= 4
    assert {3.0, 6.0} <= {source["distance_m"] for source in sources} <= {3.0, 4.0, 6.0}


def test_contamination_follows_from_the_pictures():
    """Half of the scenes hold nothing that the tiny models were trained on; who reads the flag finds the same half."""
    things, surfaces, files = (DECLARED[part] for part in ("things", "surfaces", "files"))
    for scene in SCENES:
        shown = [surfaces[scene[part]] for part in ("ground", "wall", "backdrop") if part in scene]
        shown += [things[s["thing"]] for s in (*scene["sources"], *scene["silent"]) if s.get("on_screen", True)]
        trained = set().union(*(files[entry["picture"]]["trained"] for entry in shown))
        assert scene["trained"] == sorted(trained), scene["name"]
    assert sum(not scene["trained"] for scene in SCENES) == 12
    for split in ("dev", "test"):
        part = [scene for scene in SCENES if scene["split"] == split]
        assert sum(not scene["trained"] for scene in part) == len(part) / 2


def stand_in_contents():
    """Pictures of any size in place of the real ones, whose proportions do not matter here."""
    import io

    from PIL import Image

    contents = {}
    for key in DECLARED["files"]:
        if key.endswith((".png", ".gif", ".jpg")):
            file = io.BytesIO()
            Image.new("RGBA", (640, 480), (120, 90, 60, 255)).save(file, "PNG")
            contents[key] = file.getvalue()
    return contents


def test_every_source_is_in_its_room_and_in_the_picture_where_it_sounds():
    contents = stand_in_contents()
    for scene in SCENES:
        small = DECLARED | {"picture_px": [96, 72]}
        _, masks, depth, positions = compose_scene(small, scene, contents)
        room, camera = room_of(DECLARED, scene), Camera(scene["fov_deg"], (96, 72))
        inside = positions + room.listener_m
        assert (inside > 0).all() and (inside < room.size_m).all(), scene["name"]
        assert depth.max() <= _box(DECLARED, scene)[2] + 1e-3
        seen = [position for position, s in zip(positions, scene["sources"]) if s["on_screen"]]
        for mask, position in zip(masks, seen):
            x, y = np.round(camera.project(position)[0]).astype(int)
            assert 0 <= x < 96 and 0 <= y < 72 and mask.any(), scene["name"]
        hidden = [p for p, s in zip(positions, scene["sources"]) if not s["on_screen"]]
        assert all(p[1] < 0 for p in hidden), "what is off the screen is behind the camera"


@pytest.mark.parametrize("name", ["living", "hall"])
def test_the_rooms_carry_their_reverberation_time(name):
    room = room_of(DECLARED, {"room": name})
    position = np.array([1.0, 5.0, 0.0])
    h = impulse_responses(room, position, "foa", sample_rate=16000)[0, 0]
    measured = t20_s(h, 16000, complete_s=complete_until_s(room, position))
    assert measured == pytest.approx(room.rt60_s(), rel=0.7)  # a box of equal walls decays later than Eyring's formula
    assert measured > room.rt60_s()


def test_pyroomacoustics_gives_the_same_response_in_a_scene_s_room():
    """Another engine, the same image sources: arrivals, levels and times of a benchmark's room."""
    import dataclasses

    pra = pytest.importorskip("pyroomacoustics")
    rate, order, position = 16000, 6, np.array([-2.0, 4.0, -0.3])
    room = dataclasses.replace(room_of(DECLARED, SCENES[1]), max_order=order)
    ours = impulse_responses(room, position, "foa", sample_rate=rate)[0, 0].astype(float)
    box = pra.ShoeBox(room.size_m, fs=rate, materials=pra.Material(room.absorption), max_order=order)
    box.add_source(position + room.listener_m)
    box.add_microphone(room.listener_m)
    before = pra.constants.get("rir_hpf_enable")
    pra.constants.set("rir_hpf_enable", False)
    try:
        box.compute_rir()
    finally:
        pra.constants.set("rir_hpf_enable", before)
    late = pra.constants.get("frac_delay_length") // 2  # by so many samples theirs is delayed
    theirs = box.rir[0][0][late:]
    length = max(len(ours), len(theirs))
    spectra = [
        np.fft.rfft(h, length)[: length * 6 // 16] for h in (ours, theirs)
    ]  # the interpolators differ above 6 kHz
    assert np.linalg.norm(spectra[0] - spectra[1]) < 0.01 * np.linalg.norm(spectra[1])
