"""The live room's Python side: the model is the truth, what is rendered is what is asked for, errors are said."""

import base64
import dataclasses
import json
import re
import time

import ipywidgets
import numpy as np
import pytest
from browser.scenes import RATE, only_ambience, three_sources

import see2sound_nb as s2s
from see2sound_nb.notebook.widgets import _assets
from see2sound_nb.notebook.widgets.live_room_state import HEAD_MARGIN_M, WALL_MARGIN_M


@pytest.fixture(scope="module")
def scene():
    return three_sources(max_order=6)


@pytest.fixture
def w(scene):
    w = s2s.LiveRoom(scene)
    w.sent = []
    w.send = lambda content, buffers=None: w.sent.append((content, buffers or []))
    return w


def ask(w, **content):
    """What the front end would get as an answer."""
    w._handle_custom_msg(json.loads(json.dumps(content)), [])
    return w.sent[-1]


def exact(w, sources, **changes):
    question = dict(
        kind="exact", sequence=7, sources=sources, positions=[w.positions[k] for k in sources], room_size=w.room_size,
        absorption=w.absorption, max_order=w.max_order, layout=w.channel_layout, head_yaw_deg=w.head_yaw_deg,
    )  # fmt: skip
    return ask(w, **{**question, **changes})


def test_it_begins_as_the_scene_is_and_leaves_the_scene_alone(scene, w):
    before = scene.positions_m.copy()
    np.testing.assert_array_equal(w.positions, scene.positions_m)
    assert (w.room_size, w.listener, w.absorption) == (scene.room.size_m, scene.room.listener_m, 0.4)
    moved = before + np.array([0.1, 0, 0])
    w.positions = moved
    np.testing.assert_array_equal(scene.positions_m, before)
    np.testing.assert_allclose(w.scene.positions_m, moved)


def test_render_is_the_sum_of_all_that_was_set(w):
    w.positions = [[-1, 1, 0], [0, 2, 0], [1, -1, 0.5]]
    w.absorption, w.max_order, w.head_yaw_deg = 0.7, 3, 30
    w.levels_db, w.muted = [-6, 0, 3], [False, True, False]
    phi = w.render()
    room = s2s.Room(w.room_size, w.listener, 0.7, 3)
    h = s2s.impulse_responses(room, np.array(w.positions), "binaural", head_yaw_deg=30)
    turns = np.tile(w.scene.audio, 3)  # in the third turn all is as it is for ever
    T = w.scene.audio.shape[1]
    expected = sum(
        10 ** ((db + w.gain_db) / 20) * np.stack([np.convolve(turns[k], row)[2 * T - 3000 : 2 * T] for row in h[k]])
        for k, db in ((0, -6), (2, 3))
    )
    np.testing.assert_allclose(phi[:, -3000:], expected, atol=1e-5)


@pytest.mark.parametrize("layout", ["5.1", "stereo", "foa"])
def test_any_layout_can_be_rendered_whatever_plays(w, layout):
    assert w.render(layout).shape == (len(s2s.LAYOUTS[layout]), w.scene.audio.shape[1])
    assert w.channel_layout == "binaural"


def test_a_head_that_turns_to_the_left_has_the_front_on_its_right(w):
    w.positions, w.muted = [[0, 2, 0], [0, 2, 0], [0, 2, 0]], [False, True, True]
    w.absorption = 1.0
    w.head_yaw_deg = 60
    left, right = np.sqrt(np.mean(w.render() ** 2, axis=1))
    assert right > 1.5 * left


def test_solo_wins_over_the_others_and_mute_over_solo(w):
    w.soloed = [False, True, True]
    w.muted = [False, False, True]
    assert w._factors() == [0, 1, 0]
    w.muted = [True, True, True]
    assert not w.render().any()


def test_save_writes_what_render_gives(w, tmp_path):
    from scipy.io import wavfile

    path = w.save(tmp_path / "room.wav", "5.1", subtype="FLOAT")
    rate, samples = wavfile.read(path)
    assert rate == RATE
    np.testing.assert_array_equal(samples.T, w.render("5.1"))


def test_the_kernel_answers_with_the_exact_response_of_what_was_asked(w):
    content, buffers = exact(w, [2, 0])
    assert content["sequence"] == 7 and content["sources"] == [2, 0]
    h = w.impulse_responses()
    for buffer, k in zip(buffers, [2, 0]):
        found = np.frombuffer(buffer, np.float32).reshape(2, -1)
        np.testing.assert_allclose(found, h[k, :, : found.shape[1]], atol=1e-6)
        assert np.abs(h[k, :, found.shape[1] :]).max(initial=0) < 1e-6
    # The front end may be ahead of the traits: its question says what it wants to know.
    moved = [[0.5, 1.0, 0.0]]
    content, buffers = exact(w, [1], positions=moved, layout="5.1", absorption=0.9)
    room = s2s.Room(w.room_size, w.listener, 0.9, w.max_order)
    expected = s2s.impulse_responses(room, np.array(moved), "5.1")[0]
    np.testing.assert_allclose(np.frombuffer(buffers[0], np.float32).reshape(6, -1), expected, atol=1e-6)
    assert w.positions[1] != tuple(moved[0])


def test_the_start_brings_photo_sounds_and_head(w):
    content, (photo, audio, corners, inverses, responses, times) = ask(w, kind="start", sequence=1)
    assert photo[:2] == b"\xff\xd8" and max(content["photo_size"]) <= 800
    np.testing.assert_array_equal(np.frombuffer(audio, np.float32).reshape(3, -1), w.scene.audio)
    assert len(corners) == 4 * 3 * (len(inverses) // 36)
    assert len(responses) % len(times) == 0
    assert content["channel_names"]["5.1"] == s2s.LAYOUTS["5.1"]


def test_a_front_end_that_loses_buffers_gets_text(w):
    content, buffers = exact(w, [0], as_text=True)
    assert buffers == [] and content["as_text"]
    _, expected = exact(w, [0])
    assert base64.b64decode(content["arrays"][0]["text"]) == expected[0]


@pytest.mark.parametrize(
    ("position", "place"),
    [
        ([9, 1, 0], [3 - WALL_MARGIN_M, 1, 0]),
        ([0, -9, 9], [0, -2 + WALL_MARGIN_M, 1.5 - WALL_MARGIN_M]),
        ([0.01, 0, 0], [HEAD_MARGIN_M, 0, 0]),
        ([0, 0, 0], [0, HEAD_MARGIN_M, 0]),
    ],
)
def test_what_is_outside_is_put_inside_and_said(w, position, place):
    with pytest.warns(UserWarning, match=r"source 1 cannot stand at .* m; it was put at"):
        w.positions = [w.positions[0], position, w.positions[2]]
    np.testing.assert_allclose(w.positions[1], place)


def test_walls_that_come_nearer_push_sources_inside_and_take_the_listener_along(w):
    w.positions = [[2.5, 1, 0], [0, 3.5, 0], [-1, 1, 0]]
    with pytest.warns(UserWarning, match="cannot stand"):
        w.room_size = (3.0, 3.0, 1.8)
    assert w.listener == pytest.approx((1.5, 1.0, 1.35))
    assert w.room.size_m == (3.0, 3.0, 1.8)
    w.impulse_responses()  # all sources are inside


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("positions", [[0, 1, 0]], r"3 sources.*x, y and z"),
        ("positions", [[0, 1, 0], [np.nan, 1, 0], [0, 1, 0]], "source 1, .*finite"),
        ("positions", None, "positions"),
        ("positions", "abc", "positions='abc' must be numbers"),
        ("absorption", "x", "absorption='x' must be numbers"),
        ("absorption", None, "absorption"),
        ("room_size", None, "room_size"),
        ("room_size", "abc", "must be numbers"),
        ("levels_db", [None, 0, 0], "levels_db"),
        ("levels_db", 0, "give a list"),
        ("muted", None, "muted"),
        ("muted", True, "give a list"),
        ("soloed", ["no", "yes", "no"], "True or False"),
        ("prompts", None, "prompts"),
        ("labels", ["x"], "3 sources"),
        ("listener", (0, 0, 0), "follows room_size"),
        ("absorption", 1.2, "0 .rigid. to 1"),
        ("max_order", 31, "at most 30"),
        ("max_order", -1, "at least 0"),
        ("room_size", (0.5, 4, 3), "1.5 to 100"),
        ("head_yaw_deg", 200.0, "-180 to 180 degrees"),
        ("channel_layout", "7.1.4", "binaural, stereo, 5.1"),
        ("levels_db", [0, 0, 20], "-40 to 12 dB"),
        ("muted", [True], "3 sources"),
        ("selected", 3, "0 to 2"),
        ("gain_db", 60.0, "-80 to 40 dB"),
        ("ambience_level_db", 3.0, "-60 to 0 dB"),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule_and_stays_as_it_was(w, name, value, said):
    before = getattr(w, name)
    with pytest.raises(ValueError, match=said):
        setattr(w, name, value)
    assert getattr(w, name) == before
    w.send_state = lambda key: w.sent.append(key)
    w.set_state({name: np.asarray(value).tolist()})  # as from the front end: taken back there, and said
    assert getattr(w, name) == before and [name] in w.sent
    assert re.search(said, w.message)
    w.set_state({"playing": True})
    assert w.message == ""


def test_traits_can_be_linked_and_observed(w):
    slider = ipywidgets.FloatSlider(min=0, max=1, value=0.2)
    ipywidgets.link((slider, "value"), (w, "absorption"))
    assert w.absorption == 0.2
    slider.value = 0.9
    assert w.absorption == 0.9
    seen = []
    w.observe(lambda change: seen.append(change["new"]), "positions")
    w.positions = np.array([[-1, 1, 0], [0, 2, 0], [1, 1, 0]])
    assert seen == [((-1.0, 1.0, 0.0), (0.0, 2.0, 0.0), (1.0, 1.0, 0.0))]


class Pipeline:
    """Stands in for a model: noise of the length that was asked for, or an error."""

    def __init__(self, samples):
        self.samples, self.calls = samples, []

    def generate(self, patches, prompts, seeds, *, captions=None, steps=None, progress=None):
        self.calls.append((prompts, seeds))
        if prompts == ["fail"]:
            raise ValueError("the prompt is no good; use another")
        for step in range(1, 4):
            progress("audio", step, 3)
        rng = np.random.default_rng(seeds)
        return rng.normal(size=(1, self.samples)).astype(np.float32) * 0.05


def test_a_sound_is_made_anew_and_its_progress_is_told(w):
    w._pipeline = Pipeline(w.scene.audio.shape[1])
    before = w.scene.audio
    made = w.generate(1, "a river")
    assert [content["kind"] for content, _ in w.sent[-4:]] == ["progress"] * 3 + ["sound"]
    np.testing.assert_array_equal(np.frombuffer(w.sent[-1][1][0], np.float32), made)
    np.testing.assert_array_equal(w.scene.audio[1], made)
    np.testing.assert_array_equal(w.scene.audio[[0, 2]], before[[0, 2]])
    assert w.prompts == ("", "a river", "")
    again = w.generate(1, "a river")
    assert not np.array_equal(again, made)  # asking again is asking for another
    seed = w._pipeline.calls[0][1][0]
    np.testing.assert_array_equal(w.generate(1, "a river", seed=seed), made)
    first, second, *_ = w.scene.labels
    assert (second["label"], second["caption"], second["sound_class"]) == ("a river", "a river", "stream")
    assert first["label"] == w.labels[0] and "a river" in w.scene.made_by()
    w.prompts = ("typed, not made", *w.prompts[1:])
    assert w.scene.labels[0] == first
    w.labels = ["mine", "the brook", *w.labels[2:]]
    assert [label["label"] for label in w.scene.labels[:2]] == ["mine", "the brook"]


def test_a_model_that_fails_says_so_in_the_widget_and_in_python(w):
    w._pipeline = Pipeline(w.scene.audio.shape[1])
    with pytest.raises(ValueError, match="use another"):
        w.generate(0, "fail")
    ask(w, kind="generate", source=0, prompt="fail")
    for _ in range(1000):
        if w.sent[-1][0]["kind"] == "error":
            break
        time.sleep(0.01)
    assert "use another" in w.sent[-1][0]["text"]
    assert w.sent[-2][0]["kind"] == "progress" and w.sent[-2][0]["done"] == w.sent[-2][0]["total"]
    w._pipeline = Pipeline(100)
    with pytest.raises(RuntimeError, match="100 samples"):
        w.generate(0)
    assert not w._generating.locked()


def test_a_message_that_cannot_be_answered_is_answered_with_the_reason(w):
    content, _ = exact(w, [0], absorption=5)
    assert content["kind"] == "error" and content["sequence"] == 7 and "absorption=5" in content["text"]


def test_its_text_is_always_the_same_and_a_page_without_a_kernel_has_figure_and_players(w):
    assert repr(w) == "LiveRoom(3 sources: dog, fountain, engine; channel_layout='binaural')"
    data, _ = w._repr_mimebundle_()
    assert data["text/plain"] == repr(w)
    assert data["text/html"].count("<audio") == 4 and "<img" in data["text/html"]
    assert len(data["text/html"]) < 700_000


def test_nothing_large_is_in_the_saved_state(w):
    state = {name: value for name, value in w.get_state().items() if not name.startswith("_")}
    assert len(json.dumps(state, default=str)) < 5000


def test_what_the_browser_rounds_is_not_sent_back(w):
    """A drag along the listener's head: corrected by half a millimetre, it would jump back again and again."""
    angles = np.linspace(0, 6, 200)
    for x, y in np.round(HEAD_MARGIN_M * np.column_stack([np.sin(angles), np.cos(angles)]), 3).tolist():
        w.positions = [(x, y, 0.0), *w.positions[1:]]
        assert w.positions[0] == (x, y, 0.0)


def test_a_quiet_scene_is_shown_too(scene):
    s2s.LiveRoom(dataclasses.replace(scene, audio=scene.audio * np.float32(1e-6)))


def test_only_a_scene_with_a_listener_is_shown(scene):
    with pytest.raises(TypeError, match="preset='tiny'"):
        s2s.LiveRoom(scene, pipeline="tiny")
    with pytest.raises(TypeError, match="See2Sound"):
        s2s.LiveRoom(None)
    microphones = ((1.0, 1.0, 1.0),) * 6
    paper = dataclasses.replace(scene, room=dataclasses.replace(scene.room, microphones_m=microphones))
    with pytest.raises(ValueError, match="geometry='metric'"):
        s2s.LiveRoom(paper)


def test_modules_that_are_joined_need_no_imports():
    joined = _assets.module("live_room.js")
    assert "\nimport " not in joined and joined.count("export default") == 1


# What is heard all around


@pytest.fixture(scope="module")
def around():
    return three_sources(max_order=3, ambience=True)


@pytest.mark.parametrize("layout", ["binaural", "stereo", "5.1", "foa"])
def test_the_ambience_is_added_as_loud_as_it_is_set(around, layout):
    w = s2s.LiveRoom(around)
    assert (w.ambience, w.ambience_level_db) == ("sea", around.ambience.level_db)
    w.gain_db = 0.0
    both = w.render(layout)
    w.ambience_muted = True
    sources = w.render(layout)
    expected = around.ambient_channels(layout)
    np.testing.assert_allclose(both - sources, expected, atol=1e-6)
    w.ambience_muted, w.ambience_level_db, w.head_yaw_deg = False, around.ambience.level_db - 20, 90.0
    w.muted = [True] * 3
    np.testing.assert_allclose(w.render(layout), expected / 10, atol=1e-6, err_msg="a turned head hears the same")
    w.muted, w.soloed = [False] * 3, [True, False, False]
    alone = w.render(layout)
    w.ambience_muted = True
    np.testing.assert_array_equal(w.render(layout), alone, "while a source is solo, nothing else is heard")


def test_a_moved_source_leaves_the_ambience_as_loud_as_it_was(around):
    w = s2s.LiveRoom(around)
    w.muted = [True] * 3
    before = w.render()
    w.positions = [[-0.5, 0.5, 0.0], *w.positions[1:]]
    np.testing.assert_array_equal(w.render(), before)


def test_the_start_brings_the_channels_that_the_ambience_plays(around):
    w = s2s.LiveRoom(around)
    w.sent = []
    w.send = lambda content, buffers=None: w.sent.append((content, buffers or []))
    content, buffers = ask(w, kind="start", sequence=1)
    assert content["ambience_rows"] == {"binaural": [0, 1], "stereo": [0, 1], "5.1": [0, 1, 4, 5]}
    for (layout, rows), buffer in zip(content["ambience_rows"].items(), buffers[6:], strict=True):
        loudest = np.frombuffer(buffer, np.float32).reshape(len(rows), -1)
        at_first = around.ambient_channels(layout)[rows]
        np.testing.assert_allclose(loudest * 10 ** (around.ambience.level_db / 20), at_first, atol=1e-6)


def test_a_live_room_may_have_nothing_but_its_ambience():
    scene = only_ambience()
    w = s2s.LiveRoom(scene)
    assert repr(w) == "LiveRoom(0 sources; all around: sea; channel_layout='binaural')"
    w.sent = []
    w.send = lambda content, buffers=None: w.sent.append((content, buffers or []))
    content, buffers = ask(w, kind="start", sequence=1)
    assert content["labels"] == () or content["labels"] == []
    assert all(buffers), "what is empty may be lost on its way"
    w.set_state({"positions": [], "selected": 0, "muted": []})
    assert w.positions == () and w.message == ""
    w.room_size = (4.0, 5.0, 3.0)
    w.gain_db = 0.0
    for layout in ("binaural", "5.1"):
        np.testing.assert_allclose(w.render(layout), scene.ambient_channels(layout), atol=1e-6)
    assert w.scene.positions_m.shape == (0, 3)
    with pytest.raises(ValueError, match="the scene has none"):
        w.generate(0)
    page = w._repr_mimebundle_()[0]["text/html"]
    assert page.count("<audio") == 2 and "all around: sea, alone" in page
