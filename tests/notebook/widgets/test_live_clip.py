"""The live room of a clip on Python's side: places follow the time, offsets the hand, and both can be written back."""

import base64
import dataclasses
import json
import time

import numpy as np
import pytest
from browser.scenes import CLIP_FRAMES, CLIP_RATE, RATE, moving_scene, three_sources

import see2sound_nb as s2s
from see2sound_nb.notebook.widgets import live_room_clip
from see2sound_nb.notebook.widgets.live_room_clip import PICTURE_BYTES, distinct, places_at


@pytest.fixture
def moving(tmp_path):
    return moving_scene(tmp_path, max_order=3)


@pytest.fixture
def w(moving):
    w = s2s.LiveRoom(moving)
    w.sent = []
    w.send = lambda content, buffers=None: w.sent.append((content, buffers or []))
    return w


def ask(w, **content):
    w._handle_custom_msg(json.loads(json.dumps(content)), [])
    return w.sent[-1]


def test_its_sources_are_those_of_all_shots_and_stand_where_the_moment_has_them(w, moving):
    assert repr(w) == (
        "LiveRoom(3 sources: dog, fountain, engine; all around: sea, then street; channel_layout='binaural')"
    )
    assert (w.duration_s, w.time_s, w.running) == (5.0, 0.0, False)
    assert w.positions[0] == pytest.approx((-1.5, 1.5, 0.0))
    w.time_s = 1.0
    assert w.positions[0] == pytest.approx((-0.9, 1.5, 0.0))
    assert w.positions[2] == pytest.approx((1.5, 1.5, -0.4)), "of another shot"
    assert w.offsets_m == ((0.0, 0.0, 0.0),) * 3
    w.time_s = 4.0
    assert w.positions[0] == pytest.approx((-1.5, 1.5, 0.0)), "at the beginning of its shot"
    np.testing.assert_array_equal(moving.shots[0].paths_m[0, 0], [-1.5, 1.5, 0.0])


def test_places_that_are_set_are_offsets_at_every_moment(w):
    w.time_s = 1.0
    w.positions = [(-0.9, 2.0, 0.5), *w.positions[1:]]
    np.testing.assert_allclose(w.offsets_m[0], (0, 0.5, 0.5), atol=1e-9)
    w.time_s = 2.0
    np.testing.assert_allclose(w.positions[0], (-0.3, 2.0, 0.5), atol=1e-9)
    w.set_state({"offsets_m": [[0, 0, 0.2], [0, 0, 0], [0, 0, 0]], "time_s": 1.0})  # as from the front end
    np.testing.assert_allclose(w.positions[0], (-0.9, 1.5, 0.2), atol=1e-9)
    assert w.message == ""


def test_paths_stay_in_a_room_that_gets_smaller_and_offsets_are_kept(w):
    w.offsets_m = [(0, 0, 0), (0, 5, 0), (0, 0, 0)]
    assert w.positions[1][1] == pytest.approx(3.9)
    w.room_size = (4.0, 5.0, 3.0)
    assert w.listener == pytest.approx((2.0, 5 / 3, 1.5))
    assert w.positions[1][1] == pytest.approx(5 - 5 / 3 - 0.1)
    assert w.offsets_m[1] == (0, 5, 0)
    w.scene.render("stereo")


def test_the_offsets_are_in_the_scene_and_written_back_when_asked(w, moving):
    w.offsets_m = [(0.0, 0.5, 0.0), (0, 0, 0), (0, -0.3, 0)]
    before = moving.shots[0].paths_m.copy()
    found = w.scene
    assert isinstance(found, s2s.MovingScene)
    np.testing.assert_allclose(found.shots[0].paths_m[:, 0], before[:, 0] + [0, 0.5, 0])
    np.testing.assert_array_equal(found.shots[0].paths_m[:, 1], before[:, 1])
    np.testing.assert_array_equal(moving.shots[0].paths_m, before)
    for _ in range(2):  # twice is once
        assert w.apply_offsets() is moving
        np.testing.assert_allclose(moving.shots[0].paths_m[:, 0], before[:, 0] + [0, 0.5, 0])
        np.testing.assert_allclose(moving.shots[1].paths_m[0, 0, 1], 1.5 - 0.3)
    assert w.positions[0] == pytest.approx((-1.5, 2.0, 0.0)), "what is heard stays"


@pytest.mark.parametrize("layout", ["binaural", "5.1"])
def test_render_is_the_clip_with_what_was_set(w, moving, layout):
    w.gain_db = 0.0
    phi, gain_db = moving.render_with_gain(layout)
    np.testing.assert_allclose(w.render(layout), phi * 10 ** (-gain_db / 20), atol=2e-6)
    w.levels_db, w.ambience_muted, w.soloed = [-6, 0, 0], True, [True, False, False]
    found = w.render(layout)
    key = moving.shots[0].key
    alone = dataclasses.replace(key, audio=key.audio * np.float32([[10 ** (-6 / 20)], [0]]), ambience=None)
    second = dataclasses.replace(moving.shots[1].key, ambience=None)
    shots = [dataclasses.replace(shot, key=new) for shot, new in zip(moving.shots, (alone, second))]
    phi, gain_db = dataclasses.replace(moving, shots=shots).render_with_gain(layout)
    np.testing.assert_allclose(found, phi * 10 ** (-gain_db / 20), atol=2e-6)


def test_a_turned_head_is_for_listening_alone(w):
    w.head_yaw_deg = 30.0
    with pytest.raises(ValueError, match=r"head_yaw_deg=30: .* set it to 0"):
        w.render()
    assert w.render("5.1").shape == (6, 5 * RATE)


def test_the_start_brings_paths_gains_and_places_in_the_picture(w, moving):
    content, (photo, loops, *head, tracks) = (lambda told, buffers: (told, buffers[:7]))(
        *ask(w, kind="start", sequence=1)
    )
    assert photo[:2] == b"\xff\xd8" and content["photo_size"] == [320, 180] and len(head) == 4
    told, numbers = content["clip"], np.frombuffer(tracks, np.float32)
    assert told["loop_of"] == [0, 1, 2] and len(loops) == moving.shots[0].key.audio.nbytes // 2 * 3
    at = 0

    def take(*shape):
        nonlocal at
        part = numbers[at : at + int(np.prod(shape))].reshape(shape)
        at += part.size
        return part

    np.testing.assert_allclose(take(told["frames"]), moving.clip.times_s, atol=1e-6)
    for shot, given in zip(told["shots"], moving.shots):
        P, N, F = shot["points"], len(shot["sources"]), shot["last"] - shot["first"] + 1
        np.testing.assert_allclose(take(P), given.times_s, atol=1e-6)
        np.testing.assert_allclose(take(P, N, 3), given.paths_m, atol=1e-6)
        assert (take(P, N) <= 1).all()
        np.testing.assert_allclose(take(F, N, 2), given.places_px / [320, 180], atol=1e-6)
    assert at == len(numbers)
    assert [shot["bed"] for shot in told["shots"]] == [0, 1] and told["bed_rows"][0]["5.1"] == [0, 1, 4, 5]
    w.sent.clear()
    w._answer(None, {"kind": "again", "what": "start"}, [])
    assert base64.b64decode(w.sent[-1][0]["arrays"][6]["text"]) == tracks


def wait(w, kind):
    for _ in range(1000):
        if w.sent and w.sent[-1][0]["kind"] == kind:
            return w.sent[-1]
        time.sleep(0.01)
    raise AssertionError(w.sent)


def test_the_film_is_sent_once_it_is_asked_for_and_a_large_one_is_a_sentence(w, moving, monkeypatch):
    w._answer(None, {"kind": "picture"}, [])
    content, (film,) = wait(w, "picture")
    assert (content["mime"], content["codec"]) == ("video/webm", "vp9") and film == moving.clip.path.read_bytes()
    w.sent.clear()
    w._answer(None, {"kind": "again", "what": "picture"}, [])
    assert base64.b64decode(wait(w, "picture")[0]["arrays"][0]["text"]) == film
    for change, said in [
        (lambda *_: (b"x" * (PICTURE_BYTES + 1), "video/webm"), "The clip's picture has 20 MB"),
        (lambda *_: moving.clip.path.parent.joinpath("gone").read_bytes(), "The clip's picture cannot be read"),
    ]:
        w.sent.clear()
        w._film = None
        monkeypatch.setattr(live_room_clip, "browser_copy", change)
        w._answer(None, {"kind": "picture"}, [])
        content, films = wait(w, "picture")
        assert said in content["text"] and "the sound works" in content["text"] and not films


def test_many_places_are_answered_at_once_but_not_any_number(w):
    question = dict(
        kind="exact", sequence=7, room_size=w.room_size, absorption=w.absorption, max_order=w.max_order,
        layout="binaural", head_yaw_deg=0,
    )  # fmt: skip
    path = places = [[-1.5 + 0.1 * n, 1.5, 0.0] for n in range(6)]
    content, buffers = ask(w, **question, sources=[0] * 6, positions=path)
    assert content["positions"] == [tuple(place) for place in places] and len(buffers) == 6
    for sources, positions in ([0] * 65, [[0, 1, 0]] * 65), ([0], []), ([0], [[0, float("nan"), 0]]):
        w._answer(None, {**question, "sources": sources, "positions": positions}, [])
        assert w.sent[-1][0]["kind"] == "error" and "ValueError" in w.sent[-1][0]["text"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("time_s", 5.1, "0 to 5 s"),
        ("time_s", float("nan"), "0 to 5 s"),
        ("duration_s", 3.0, "lasts 5.000 s"),
        ("offsets_m", [(0, 0, 0)], "3 sources"),
        ("offsets_m", [(0, 0, np.inf)] * 3, "-100 to 100 m"),
        ("offsets_m", "abc", "must be numbers"),
        ("positions", [(0, 1, 0)], "3 sources"),
    ],
)
def test_what_cannot_be_is_refused_and_stays_as_it_was(w, name, value, said):
    before = getattr(w, name)
    with pytest.raises(ValueError, match=said):
        setattr(w, name, value)
    assert getattr(w, name) == before


def test_a_photo_has_no_time_and_no_paths():
    w = s2s.LiveRoom(three_sources(max_order=1))
    assert (w.duration_s, w.time_s, w.running, w.offsets_m) == (0.0, 0.0, False, ())
    for name, value in [("time_s", 1.0), ("running", True), ("offsets_m", [(0, 0, 1)] * 3)]:
        with pytest.raises(ValueError, match="photo"):
            setattr(w, name, value)
    with pytest.raises(ValueError, match="no paths"):
        w.apply_offsets()


def test_a_saved_page_has_a_figure_and_no_film(w):
    page = w._repr_mimebundle_()[0]["text/html"]
    assert page.count("<audio") == 4 and "<img" in page and "<video" not in page
    assert "The clip of 5.0 s is not in this page" in page and len(page) < 700_000


def test_nothing_large_is_in_the_saved_state(w):
    state = {name: value for name, value in w.get_state().items() if not name.startswith("_")}
    assert len(json.dumps(state, default=str)) < 5000


def test_a_new_sound_is_that_of_its_source_in_the_scene(w, moving):
    made = np.full(moving.shots[0].key.audio.shape[1], 0.01, dtype=np.float32)

    class Pipeline:
        def generate(self, patches, prompts, seeds, *, captions=None, steps=None, progress=None):
            assert captions == ["a engine"]
            return made[None]

    w._pipeline = Pipeline()
    w.generate(2)
    np.testing.assert_array_equal(w.scene.shots[1].key.audio[0], made)
    np.testing.assert_array_equal(w.scene.shots[0].key.audio, moving.shots[0].key.audio)


def test_equal_sounds_are_sent_once():
    a, b = np.zeros(3, np.float32), np.ones(3, np.float32)
    sounds, numbers = distinct([a, b, a.copy()])
    assert len(sounds) == 2 and numbers == [0, 1, 0]


def test_the_place_at_a_moment_is_that_of_its_frame(moving):
    nothing = np.zeros((3, 3))
    for frame in (0, 7, CLIP_FRAMES - 1):
        middle_s = (frame + 0.5) / CLIP_RATE
        np.testing.assert_allclose(
            places_at(moving, middle_s, nothing, moving.room),
            places_at(moving, frame / CLIP_RATE, nothing, moving.room),
        )


def test_a_clip_without_sources_or_of_shots_of_other_lengths(moving):
    empty = moving.shots[1]
    key = dataclasses.replace(
        empty.key, masks=empty.key.masks[:0], contours=[], polygons=[], boxes=empty.key.boxes[:0], patches=[],
        labels=[], positions_m=np.zeros((0, 3)), audio=empty.key.audio[:0],
    )  # fmt: skip
    P, F = len(empty.times_s), empty.last - empty.first + 1
    nobody = dataclasses.replace(
        empty, key=key, paths_m=np.zeros((P, 0, 3)), heard=np.zeros((P, 0)), places_px=np.zeros((F, 0, 2))
    )
    w = s2s.LiveRoom(dataclasses.replace(moving, shots=[moving.shots[0], nobody]))
    assert len(w.positions) == 2
    w.time_s = 4.0
    w.render("stereo")
    short = dataclasses.replace(moving.shots[1], key=dataclasses.replace(empty.key, audio=empty.key.audio[:, :100]))
    with pytest.raises(ValueError, match=r"\[100, 32000\] samples"):
        s2s.LiveRoom(dataclasses.replace(moving, shots=[moving.shots[0], short]))
