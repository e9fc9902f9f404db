"""The engine of the live room on an empty page, against a model that the test plays: questions, answers, and sound."""

import base64

import numpy as np
import pytest

from browser.fake import METERS, SOURCES, VIEW, Fake, Kernel
from browser.scenes import RATE, only_ambience, three_sources
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import Room


@pytest.fixture(scope="module")
def kernel():
    return Kernel()


@pytest.fixture
def fake(modules, kernel):
    """An engine that has just asked for the scene."""
    return Fake(modules, kernel)


@pytest.fixture
def ready(fake):
    """An engine that has the scene and all exact responses."""
    fake.answer()
    assert fake.js("engine.assets !== null && engine.tiers.late.every(Boolean)")
    return fake


@pytest.fixture
def clocked(own_modules, kernel):
    """An engine whose clock the test advances; all answers are there."""
    own_modules.clock.install()
    fake = Fake(own_modules, kernel)
    fake.answer()
    return fake


def without_buffers(content):
    """The message as a front end hands it over that loses binary data."""
    arrays = [{"bytes": len(base64.b64decode(array["text"]))} for array in content["arrays"]]
    return {**{key: value for key, value in content.items() if key != "as_text"}, "arrays": arrays}


# Before the scene is there -------------------------------------------------------------------------------------------


def test_before_the_scene_is_there_a_move_says_so_and_moves_nothing(fake):
    before = fake.kernel.state["positions"]
    assert fake.js("engine.move(0, [1, 1, 0])") == before[0]
    assert fake.js("[model.get('positions'), model.written, model.saved]") == [before, [], 0]
    kind, text = fake.status()
    assert kind == "warning" and "not answered" in text
    fake.answer()
    assert fake.status() == ("ok", "Ready.")
    assert fake.js("engine.move(0, [1, 1, 0])") == [1, 1, 0]


def test_before_the_scene_is_there_nothing_throws(fake):
    fake.js("{ engine.generate(1, 'a bell'); await engine.play(); engine.pause(); engine.meters(); engine.cues(0); }")
    assert "not arrived yet" in fake.status()[1]
    fake.hear({"kind": "progress", "source": 1, "done": 0, "total": 4, "text": ""})
    fake.hear(fake.kernel.answer({"kind": "again", "what": "sound", "source": 1}))
    fake.js("[['room_size', [7, 7, 3]], ['channel_layout', 'stereo'], ['muted', [true, true, true]], ['playing', true],"
            "['gain_db', -3]].forEach(([name, traits]) => model.told(name, traits))")  # fmt: skip
    assert fake.js("engine.sound.context === null && engine.assets === null")
    fake.answer()
    assert fake.status() == ("ok", "Ready.")
    assert fake.asked()[-1]["layout"] == "stereo" and fake.asked()[-1]["room_size"] == [7, 7, 3]


# Questions and answers -----------------------------------------------------------------------------------------------


def test_an_error_stays_until_what_failed_succeeds(ready):
    ready.js("engine.move(0, [1, 1, 0])")
    ready.hear({"kind": "error", "about": "generate", "sequence": None, "text": "No new sound: out of memory"})
    ready.answer()  # an exact response is no new sound
    assert ready.status() == ("error", "No new sound: out of memory")
    ready.js("engine.generate(0, 'a dog')")
    assert ready.status()[0] == "ok"

    ready.js("engine.move(0, [1, 1.2, 0])")
    question = ready.asked()[-1]
    ready.hear({"kind": "error", "about": "exact", "sequence": question["sequence"], "text": "MemoryError"})
    ready.hear(ready.kernel.answer({"kind": "again", "what": "sound", "source": 1}))
    assert ready.status() == ("error", "MemoryError")


def test_what_failed_is_asked_again_with_the_next_move(ready):
    ready.js("engine.move(0, [1, 1.2, 0])")
    question = ready.asked()[-1]
    ready.hear({"kind": "error", "about": "exact", "sequence": question["sequence"], "text": "MemoryError"})
    assert ready.asked()[-1] == question  # not at once: it would fail again, and again
    assert ready.js("engine.kernel.waits") is False
    ready.js("engine.move(2, [0.5, 1, 0])")
    again = ready.asked()[-1]
    assert sorted(zip(again["sources"], again["positions"])) == [(0, [1, 1.2, 0]), (2, [0.5, 1, 0])]
    ready.answer()
    assert ready.status() == ("ok", "Ready.")


def test_one_question_at_a_time_and_only_its_own_answer_ends_it(ready):
    ready.js("engine.move(0, [1, 1, 0])")
    question, count = ready.asked()[-1], len(ready.asked())
    ready.js("{ engine.move(1, [0, 1, 0]); engine.move(1, [0, 1.5, 0]); }")
    ready.hear(ready.kernel.answer({**question, "sequence": question["sequence"] - 1}))
    ready.hear({"kind": "progress", "source": 0, "done": 1, "total": 4, "text": ""})
    ready.hear({"kind": "error", "about": "generate", "sequence": None, "text": "No new sound"})
    assert ready.js("engine.kernel.waits") is True and len(ready.asked()) == count
    ready.hear(ready.kernel.answer(question))
    assert len(ready.asked()) == count + 1
    assert ready.asked()[-1]["positions"] == [[0, 1.5, 0]] and ready.asked()[-1]["sources"] == [1]


def test_a_kernel_that_does_not_answer_is_reported_and_asked_again(clocked):
    clocked.js("{ engine.move(0, [1, 1, 0]); engine.move(1, [0, 1, 0]); }")
    question = clocked.asked()[-1]
    clocked.page.clock.fast_forward(2500)
    assert clocked.status()[0] == "ok" and clocked.js("engine.kernel.waits")
    clocked.page.clock.fast_forward(1000)
    kind, text = clocked.status()
    assert kind == "warning" and "does not answer" in text
    assert clocked.js("[...engine.tiers.moved.keys()].sort()") == [0, 1] and not clocked.js("engine.kernel.waits")
    clocked.js("engine.move(2, [0.5, 1, 0])")
    assert sorted(clocked.asked()[-1]["sources"]) == [0, 1, 2]
    assert clocked.status()[0] == "warning"
    clocked.hear(clocked.kernel.answer(question))  # late, but it lives
    assert clocked.status() == ("ok", "Ready.")
    assert clocked.js("engine.kernel.waits")  # for the newer question


def test_an_answer_for_another_layout_is_not_heard(ready):
    ready.js("engine.move(0, [1, 1, 0])")
    question = ready.asked()[-1]
    ready.js("model.told('channel_layout', '5.1')")
    assert ready.js("engine.tiers.late") == [None] * 3
    ready.hear(ready.kernel.answer(question))
    assert ready.js("engine.tiers.late") == [None] * 3
    assert ready.asked()[-1]["layout"] == "5.1" and sorted(ready.asked()[-1]["sources"]) == [0, 1, 2]
    ready.answer()
    assert ready.js("engine.tiers.late.map((rows) => rows.length)") == [6] * 3


# Front ends that lose binary data ------------------------------------------------------------------------------------


def test_a_scene_without_buffers_is_asked_for_as_text(fake):
    question = fake.js("model.sent[0]")
    fake.hear(without_buffers(fake.kernel.answer(question)))
    first, second = fake.asked("start")
    assert not first["as_text"] and second["as_text"] and second["sequence"] > first["sequence"]
    assert fake.js("engine.assets") is None
    fake.answer()
    assert fake.js("engine.assets.loops.length") == 3
    assert "loses binary data" in fake.status()[1]
    assert all(question["as_text"] for question in fake.asked())


def test_a_scene_without_buffers_that_comes_late_is_asked_for_as_text(own_modules, kernel):
    own_modules.clock.install()
    fake = Fake(own_modules, kernel)
    own_modules.clock.fast_forward(3500)
    assert fake.status()[0] == "warning"
    fake.hear(without_buffers(kernel.answer(fake.js("model.sent[0]"))))
    again = fake.js("model.sent.at(-1)")
    assert (again["kind"], again["what"]) == ("again", "start")
    fake.hear(kernel.answer(again))
    fake.answer()
    assert fake.js("engine.assets !== null && engine.tiers.late.every(Boolean)")
    assert "does not answer" not in fake.status()[1]


@pytest.mark.parametrize("late", [False, True])
def test_an_exact_response_without_buffers_is_asked_for_as_text(clocked, late):
    clocked.js("engine.move(1, [0, 1.5, 0])")
    question = clocked.asked()[-1]
    if late:
        clocked.page.clock.fast_forward(3500)
    clocked.js("{ engine.tiers.late[1] = null; }")
    clocked.hear(without_buffers(clocked.kernel.answer(question)))
    again = clocked.asked()[-1]
    assert again["sequence"] > question["sequence"] and again["as_text"]
    assert (again["sources"], again["positions"]) == ([1], [[0, 1.5, 0]])
    clocked.answer()
    assert clocked.js("engine.tiers.late[1] !== null")


def test_a_new_sound_without_buffers_is_asked_for_as_text(ready):
    message = ready.kernel.answer({"kind": "again", "what": "sound", "source": 2})
    before = ready.js("{ engine.assets.loops[2] = null; return model.sent.length; }")
    ready.hear(without_buffers(message))
    again = ready.js("model.sent.slice(value)", before)
    assert again == [{"kind": "again", "what": "sound", "source": 2}]
    ready.hear(ready.kernel.answer(again[0]))
    found = ready.js("[...engine.assets.loops[2]]")
    np.testing.assert_array_equal(np.float32(found), ready.kernel.scene.audio[2])


# Sound and its end ---------------------------------------------------------------------------------------------------


def test_two_views_share_a_context_and_the_sound_ends_with_the_last(ready):
    ready.js("{ globalThis.leave = [engine.addView(), engine.addView()]; await engine.play(); }")
    ready.wait("engine.sounds")
    assert ready.js("[contexts().size, contexts().get(16000).users, model.get('playing')]") == [1, 1, True]
    ready.js("{ leave[0](); }")
    assert ready.js("[engine.sounds, contexts().size]") == [True, 1]
    ready.js("{ leave[1](); }")
    assert ready.js("[engine.sounds, model.get('playing'), engine.sound.context]") == [False, False, None]
    ready.wait("contexts().size === 0")


def test_two_widgets_share_a_context_and_dispose_leaves_nothing(ready):
    ready.play()
    ready.js("""{
      globalThis.other = newEngine(globalThis.otherModel = newModel());
      otherModel.hear(value);
      other.addView();
      await other.play();
    }""", ready.kernel.answer({"kind": "start", "sequence": 1}))  # fmt: skip
    ready.wait("other.sounds")
    assert ready.js("contexts().size === 1 && other.sound.context === engine.sound.context")
    assert ready.js("contexts().get(16000).users") == 2
    ready.js("{ globalThis.context = engine.sound.context; engine.dispose(); }")
    ready.wait("contexts().get(16000).users === 1")
    assert ready.js("[context.state, other.sounds, engine.sounds]") == ["running", True, False]
    ready.js("{ other.dispose(); }")
    ready.wait("context.state === 'closed' && contexts().size === 0")
    assert ready.js("[model, otherModel].flatMap(({ handlers }) => [...handlers.values()].flat()).length") == 0
    assert ready.js("[model.get('playing'), otherModel.get('playing')]") == [False, False]


def test_dispose_ends_patience(clocked):
    clocked.js("{ engine.move(0, [1, 1, 0]); engine.dispose(); }")
    sent = clocked.js("model.sent.length")
    clocked.page.clock.fast_forward(5000)
    assert clocked.status()[0] == "ok" and clocked.js("model.sent.length") == sent


@pytest.mark.parametrize("scene_first", [True, False])
def test_playing_that_is_set_before_there_is_a_view_starts_with_it(fake, scene_first):
    if scene_first:
        fake.answer()
    fake.js("model.told('playing', true)")
    assert fake.js("engine.sound.context") is None
    fake.js("{ engine.addView(); }")
    fake.answer()
    fake.wait("engine.sounds && engine.meters().peak_db > -60")
    fake.js("model.told('playing', false)")
    assert fake.js("[engine.sounds, engine.sound.graph]") == [False, None]


def test_the_master_gain_reaches_the_meters(ready):
    ready.js("model.told('gain_db', model.get('gain_db') - 3)")
    ready.play()
    before = np.array(ready.js(METERS))
    ready.js("model.told('gain_db', model.get('gain_db') - 12)")
    ready.settles_at(METERS, before - 12, atol=1)


def test_above_full_scale_the_gain_is_lowered_once_and_it_is_said(ready):
    ready.play()
    gain = ready.js("model.get('gain_db') + 6 - engine.meters().peak_db")
    ready.js("model.told('gain_db', value)", gain)
    ready.settle()
    ready.js("{ model.written = []; }")
    ready.js("{ for (let k = 0; k < 5; k++) engine.meters(); }")
    kind, text = ready.status()
    assert kind == "warning" and "full scale" in text
    lowered = ready.js("model.get('gain_db')")
    assert gain - lowered == pytest.approx(6.5, abs=0.51)
    assert f"{lowered:.1f} dB" in text
    end = ready.js("engine.sound.context.currentTime + 1")
    ready.wait(f"engine.meters().peak_db && engine.sound.context.currentTime > {end}")  # as a view does, at every frame
    assert ready.js("model.written") == ["gain_db"]
    assert -3 < ready.js("engine.meters().peak_db") <= 0


def test_mute_solo_and_levels_reach_the_meters_of_the_sources(ready):
    ready.play()
    rest = np.array(ready.js(SOURCES))
    silent = f"{SOURCES}.map((level) => Number(level < -100))"
    ready.js("model.told('muted', [false, true, false])")
    ready.settles_at(silent, [0, 1, 0], atol=0)
    ready.js("model.told('soloed', [false, true, true])")  # a muted source stays so
    ready.settles_at(silent, [1, 1, 0], atol=0)
    ready.js("{ model.told('soloed', [false, false, false]); model.told('muted', [false, false, false]); }")
    ready.settles_at(SOURCES, rest, atol=0.1)
    ready.js("model.told('levels_db', [-20, 0, 6])")
    ready.settles_at(SOURCES, np.add(rest, [-20, 0, 6]), atol=0.1)


# Places and responses ------------------------------------------------------------------------------------------------


def test_resize_keeps_the_listener_s_share_and_the_sources_inside_in_one_go(ready):
    first = ready.kernel.scene.room
    size = [0.4 * first.size_m[0], 2 * first.size_m[1], 1.6]
    ready.js("{ model.saved = 0; model.written = []; engine.resize(value); }", size)
    room, listener, positions = ready.js("['room_size', 'listener', 'positions'].map(model.get)")
    assert room == size
    expected = [0.4 * first.listener_m[0], 2 * first.listener_m[1], min(first.listener_m[2], 1.2)]
    assert listener == pytest.approx(expected)
    places = np.add(positions, listener)
    assert (places > 0.0999).all() and (places < np.array(size) - 0.0999).all()
    assert ready.js("model.saved") == 1
    assert sorted(ready.js("model.written")) == ["listener", "positions", "room_size"]
    assert "moved inside" in ready.status()[1]
    ready.answer()
    last = {k: p for question in ready.asked() for k, p in zip(question["sources"], question["positions"])}
    assert [last[k] for k in range(3)] == positions and ready.asked()[-1]["room_size"] == size


def test_a_room_size_that_python_sets_is_followed_and_nothing_is_set(ready):
    ready.js("{ model.written = []; model.saved = 0; model.told('room_size', [2.4, 6, 3]); }")
    assert ready.js("[model.written, model.saved]") == [[], 0]
    assert ready.asked()[-1]["room_size"] == [2.4, 6, 3]


@pytest.mark.parametrize("layout", ["binaural", "stereo", "5.1"])
def test_the_early_and_the_late_part_are_the_exact_response(ready, layout):
    absorption = [0.1, 0.9, 0.3, 0.5, 0.2, 0.7]
    for name, value in (("channel_layout", layout), ("absorption", absorption), ("head_yaw_deg", -50.0)):
        ready.js("model.told(...value)", [name, value])
    ready.js("engine.move(1, [0.7, -1.1, 0.4])")
    for order in (0, 1, 2, 5):
        ready.js("model.told('max_order', value)", order)
        ready.answer()
        first = ready.kernel.scene.room
        positions = np.array(ready.js("model.get('positions')"))
        turn = -50.0 if layout == "binaural" else 0.0
        room = Room(first.size_m, first.listener_m, tuple(absorption), order)
        exact = impulse_responses(room, positions, layout, sample_rate=RATE, head_yaw_deg=turn)
        parts = ready.js("""model.get("positions").map((place, k) =>
          [engine.tiers.earlyResponse(place), engine.tiers.late[k]]
            .map((rows) => rows.map((row) => [...row])))""")  # fmt: skip
        for (early, late), expected in zip(parts, exact):
            length = max(len(early[0]), len(late[0]), expected.shape[1])
            early, late, expected = (np.pad(h, ((0, 0), (0, length - np.shape(h)[1]))) for h in (early, late, expected))
            np.testing.assert_allclose(early + late, expected, atol=1e-5)
            full_range = [row for row in range(len(late)) if layout != "5.1" or row != 3]
            rest_db = 10 * np.log10(np.sum(late[full_range] ** 2) / np.sum(expected[full_range] ** 2))
            if order <= 2:
                assert rest_db < -45  # nothing is late here but rounding
            else:
                assert rest_db > -30


# New sounds ----------------------------------------------------------------------------------------------------------


def test_a_new_sound_is_asked_for_with_its_prompt_and_takes_the_old_one_s_place(ready):
    ready.play()
    ready.js("""{
      globalThis.seen = [];
      engine.addEventListener("progress", ({ detail: { source, done, total, text } }) =>
        seen.push([source, done, total, text]));
      engine.generate(1, "a bell");
    }""")
    assert ready.asked("generate") == [{"kind": "generate", "source": 1, "prompt": "a bell"}]
    ready.hear({"kind": "progress", "source": 1, "done": 3, "total": 4, "text": "step 3 of 4"})
    quieter = ready.kernel.scene.audio[1] / 10
    text = base64.b64encode(quieter.tobytes()).decode()
    before = ready.js("engine.meters().sources")
    ready.hear({"kind": "sound", "source": 1, "as_text": True, "arrays": [{"text": text}]})
    assert ready.js("seen") == [[1, 3, 4, "step 3 of 4"], [1, 1, 1, ""]]
    for k, expected in enumerate([ready.kernel.scene.audio[0], quieter, ready.kernel.scene.audio[2]]):
        np.testing.assert_array_equal(np.float32(ready.js("[...engine.assets.loops[value]]", k)), expected)
    # After the reverberation of the old one.
    ready.settles_at(SOURCES, np.add(before, [0, -20, 0]), atol=0.2, seconds=0.8)


# What is heard all around --------------------------------------------------------------------------------------------


@pytest.fixture
def sea(modules):
    """An engine of a scene with an ambience, and its view."""
    fake = Fake(modules, Kernel(three_sources(max_order=3, ambience=True)))
    fake.answer()
    fake.js(VIEW)
    return fake


def test_the_ambience_is_heard_in_every_layout_at_its_level(sea):
    sea.js("{ model.told('muted', [true, true, true]); }")
    sea.play()
    for layout in ("binaural", "stereo", "5.1"):
        sea.js("{ model.told('channel_layout', value); }", layout)
        sea.answer()
        sea.settle()
        bed = sea.kernel.scene.ambient_channels(layout).astype(float)
        gain = sea.kernel.state["gain_db"]
        expected = 10 * np.log10(np.mean(bed**2, axis=1) + 1e-30) + gain
        for channel, level in zip(sea.js("engine.meters().channels.map((db) => Math.max(db, -200))"), expected):
            assert channel == pytest.approx(level, abs=3) or (level < -200 and channel < -100), layout
    sea.js("{ model.told('soloed', [true, false, false]); }")
    sea.settle()
    assert sea.js("engine.meters().around") < -100 or sea.js("engine.meters().around") is None
    sea.js("{ model.told('soloed', [false, false, false]); }")


def test_the_ambience_has_a_slider_and_a_mute_that_keys_reach(sea):
    row = sea.page.locator("[data-ambience]")
    assert "All around: sea" in row.inner_text()
    level, mute = row.locator("[data-control='ambience-level']"), row.locator("[data-control='ambience-mute']")
    assert level.get_attribute("aria-label") == "Level of the ambience, sea, relative to the sources together"
    assert (level.get_attribute("min"), level.get_attribute("max"), level.input_value()) == ("-60", "0", "-10")
    assert level.get_attribute("aria-valuetext") == "\u221210.0 dB"
    level.focus()
    sea.page.keyboard.press("ArrowLeft")
    assert sea.js("model.get('ambience_level_db')") == -10.5
    assert mute.get_attribute("aria-pressed") == "false" and "sea" in mute.get_attribute("aria-label")
    sea.play()
    assert sea.js("engine.meters().around") > -60
    mute.focus()
    sea.page.keyboard.press("Space")
    sea.page.wait_for_selector("[data-control='ambience-mute'][aria-pressed='true']")
    assert sea.js("model.get('ambience_muted')") is True
    sea.settle()
    assert sea.js("Math.max(engine.meters().around, -200)") < -100
    assert sea.page.locator("img").get_attribute("alt") == "The photo with 3 sources; all around: sea"


def test_a_scene_of_nothing_but_its_ambience_is_shown_and_heard(modules):
    alone = Fake(modules, Kernel(only_ambience()))
    alone.answer()
    alone.js(VIEW)
    assert alone.status() == ("ok", "Ready.")
    alone.play()
    levels = alone.js("engine.meters()")
    assert levels["sources"] == [] and levels["around"] > -60
    assert "No thing in the photo is a source." in alone.page.locator(".s2s-sources").inner_text()
    assert alone.page.locator(".s2s-readout").is_hidden()
    alone.js("{ engine.resize([5, 5, 3]); model.told('max_order', 2); model.told('channel_layout', 'stereo'); }")
    alone.answer()
    alone.settle()
    assert alone.js("engine.meters().around") > -60
    alone.js("{ engine.pause(); clear(); engine.dispose(); }")
