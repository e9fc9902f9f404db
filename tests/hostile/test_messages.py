"""Mutated messages to the widgets: a short error goes to the page, none leaves the handler, and the widget goes on.

``SEE2SOUND_HOSTILE_S`` says how many seconds it takes for each widget (0.5 by default), ``SEE2SOUND_HOSTILE_SEED``
where it begins. A message that fails is printed with the seed that made it.
"""

import copy
import json
import os
import random
import time
import types
import warnings

import numpy as np
import pytest
from browser.scenes import moving_scene, three_sources
from study.small_studies import answers_of, participant, right_value, scenes

import see2sound_nb as s2s
from see2sound_nb.notebook.widgets import live_room
from see2sound_nb.notebook.widgets._messages import MOST_SAID, is_message
from see2sound_nb.notebook.widgets.click_to_segment import ClickToSegment
from see2sound_nb.study.making import make_study
from see2sound_nb.study.widget import ListeningStudy

SECONDS = float(os.environ.get("SEE2SOUND_HOSTILE_S", "0.5"))
SEED = int(os.environ.get("SEE2SOUND_HOSTILE_SEED", "0"))

DEEP = json.loads("[" * 900 + "]" * 900)
HOSTILE = [
    None, True, False, 0, -1, 1, 2, 99, 10**17, -(10**400), 10**4200, 1e308, float("nan"), float("inf"), 0.5,
    "", "0", "x" * 10**5, "\ud800\n\n", "<script>", "5.1", "__class__",
    [], [[]], [None], [0, 0, 0], [[0, 1, 0]] * 3, [[10**400, 0, 0]] * 3, [[0, 1], [2]], [["a", "b", "c"]] * 3,
    [float("nan")] * 3, [True] * 3, [1e300] * 6, ["x" * 10**5] * 3, list(range(10**5)), DEEP,
    {}, {"a": 1}, {"kind": "start"}, {"x": {"y": {"z": [1]}}},
]  # fmt: skip


def mutated(rng, message):
    """A message with one to three of its parts replaced, left out or added, at any depth; sometimes another thing."""
    if rng.random() < 0.1:
        return copy.copy(rng.choice(HOSTILE))
    message = copy.deepcopy(message)
    for _ in range(rng.randint(1, 3)):
        place = message
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys or rng.random() < 0.1:
                if isinstance(place, dict):
                    place[rng.choice(["as_text", "kind", "extra", "view"])] = rng.choice(HOSTILE)
                break
            key = rng.choice(keys)
            if isinstance(place[key], dict | list) and place[key] is not DEEP and rng.random() < 0.6:
                place = place[key]
                continue
            if isinstance(place, dict) and rng.random() < 0.2:
                del place[key]
            else:
                place[key] = rng.choice(HOSTILE)
            break
    return message


class Listener:
    """A widget, what it sends, and whether that may be sent to a page."""

    def __init__(self, widget, messages, states=()):
        self.widget, self.messages, self.states, self.sent = widget, messages, list(states), []
        widget.send = lambda content, buffers=None: self.sent.append((content, buffers or []))
        widget.send_state = lambda *names, **more: None

    def tell(self, content, method="custom"):
        """Hand over what came through the kernel's own door; returns the last answer, if there is one."""
        self.sent.clear()
        data = {"method": method, "state" if method == "update" else "content": content}
        self.widget._handle_msg({"content": {"data": data}, "buffers": []})
        return self.sent[-1] if self.sent else None

    def errors(self):
        for content, _ in self.sent:
            if content.get("kind") in ("error", "refused", "failed"):
                yield content["text"]
            if content.get("kind") == "state" and content["status"]["kind"] == "error":
                yield content["status"]["text"]
        yield getattr(self.widget, "message", "")

    def attack(self, check):
        """Mutated messages for `SECONDS`; `check` says that all is as it was, at least ten times."""
        end, seed = time.monotonic() + SECONDS, SEED
        checked, pause = 0, 0.0
        while time.monotonic() < end or seed < SEED + 100:
            rng = random.Random(seed)
            update = self.states and rng.random() < 0.4
            content = mutated(rng, rng.choice(self.states if update else self.messages))
            try:
                self.tell(content, "update" if update else "custom")
                for text in self.errors():
                    assert len(text) <= MOST_SAID + 30 and "\n" not in text, text
                json.dumps([content for content, _ in self.sent])
                if time.monotonic() > pause:
                    check()
                    checked, pause = checked + 1, time.monotonic() + SECONDS / 10
            except Exception as error:
                raise AssertionError(f"seed {seed}: {repr(content)[:500]}") from error
            seed += 1
        check()
        assert checked


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def no_sounds(*_, **__):
    raise ValueError("no sound is made here")


def room_of(scene):
    w = s2s.LiveRoom(scene, pipeline=types.SimpleNamespace(generate=no_sounds))
    exact = dict(
        kind="exact", sequence=7, sources=[0, 2], positions=[[-1.0, 1.5, 0.0], [1.0, 1.0, -0.3]],
        room_size=[5.0, 6.0, 3.0], absorption=0.4, max_order=2, layout="stereo", head_yaw_deg=0, as_text=False,
    )  # fmt: skip
    messages = [
        exact, exact, {"kind": "start", "sequence": 1, "as_text": False}, {"kind": "picture", "as_text": False},
        {"kind": "generate", "source": 1, "prompt": "rain"}, {"kind": "again", "what": "sound", "source": 0},
    ]  # fmt: skip
    names = [name for name in w.trait_names(sync=True) if not name.startswith("_")]
    states = [{name: json.loads(json.dumps(getattr(w, name)))} for name in names if name not in ("layout", "tooltip")]
    states.append({"gain_db": -3.0, "positions": [[0, 1, 0]] * 3, "selected": 1})
    return Listener(w, messages, states), exact


def still_a_room(listener, exact):
    first = listener.tell(exact)
    assert first[0]["kind"] == "exact"

    def check():
        content, buffers = listener.tell(exact)
        assert content == first[0] and buffers == first[1]
        w = listener.widget
        assert np.isfinite(w.positions).all() and np.shape(w.positions) == (3, 3)
        assert w.room and len(w._factors()) == 3 and np.isfinite([*w.levels_db, w.gain_db, w.head_yaw_deg]).all()
        w.scene  # noqa: B018  (a property that is computed)

    return check


def test_a_live_room_of_a_photo():
    listener, exact = room_of(three_sources(max_order=2))
    listener.attack(still_a_room(listener, exact))
    assert listener.widget.render("stereo").shape[0] == 2


def test_a_live_room_of_a_clip(tmp_path, monkeypatch):
    monkeypatch.setattr(live_room, "picture_of", lambda clip: ({"kind": "picture", "text": ""}, []))
    listener, exact = room_of(moving_scene(tmp_path, frames=12, cut=6, max_order=2))
    listener.attack(still_a_room(listener, exact))
    assert listener.widget.scene.clip.end_s == pytest.approx(1.0)


class Halves:
    """In SAM's place: the half of the photo that was clicked."""

    def mask_at(self, clicks, positive):
        mask = np.zeros((60, 90), dtype=bool)
        mask[:, slice(0, 45) if clicks[-1][0] < 45 else slice(45, 90)] = positive[-1]
        return mask, 0.9


def test_a_photo_to_click_on(monkeypatch):
    w = ClickToSegment(np.zeros((60, 90, 3), np.uint8))
    w._predictor = Halves()
    monkeypatch.setattr(w._pipeline, "run", no_sounds)
    head = {"sequence": 3, "view": "one", "as_text": False}
    click = {"kind": "click", "x": 10, "y": 10.5, "extend": False, **head}
    messages = [
        click, click, {"kind": "start", **head}, {"kind": "masks", "numbers": [1, 2], "as_text": False},
        {"kind": "keep", "version": 1, **head}, {"kind": "remove", "region": 0, **head},
        {"kind": "clear", "version": 1, **head}, {"kind": "make", "version": 1, **head},
    ]  # fmt: skip
    listener = Listener(w, messages, [{"scene": None}])

    def check():
        listener.tell({"kind": "clear", **head})
        content, buffers = listener.tell(click)
        assert content["status"]["text"].startswith("Region of 50 %") and content["view"] == "one"
        bits = np.unpackbits(np.frombuffer(buffers[0], np.uint8), count=60 * 90).reshape(60, 90)
        assert bits[:, :45].all() and not bits[:, 45:].any()

    listener.attack(check)


def test_a_listening_study(tmp_path):
    study = make_study(scenes(), tmp_path / "study", seed=3)
    w = ListeningStudy(tmp_path / "study")
    head = {"number": 7, "view": "v", "schema": 1, "study": study.key, "participant": participant(1)}
    answers = answers_of(study, participant(1), lambda item, question: right_value(question))[:3]
    message = {"kind": "answers", **head, "answers": answers}
    listener = Listener(w, [message, message, {"kind": "start", "as_text": False}])
    ours = {
        **message,
        "participant": participant(2),
        "answers": [{**a, "participant": participant(2)} for a in answers],
    }

    def check():
        assert listener.tell(ours)[0] == {"kind": "done", "number": 7, "view": "v", "acknowledged": [1, 2, 3]}
        assert sum(a["participant"] == participant(2) for a in w.answers().answers) == 3

    listener.attack(check)


@pytest.mark.parametrize("msg", [
    None, {}, {"content": None}, {"content": {"data": []}}, {"content": {"data": {"method": 1}}},
    {"content": {"data": {"method": "update", "state": [1]}}}, {"content": {"data": {"method": "x" * 10**5}}},
    {"content": {"data": {"method": "update", "state": {}, "buffer_paths": [["a"]]}}, "buffers": []},
])  # fmt: skip
def test_what_is_no_message_of_jupyters_is_left_out(msg, capsys):
    w = s2s.LiveRoom(three_sources(max_order=2))
    w._handle_msg(msg)
    assert not is_message(msg) or msg["content"]["data"]["method"].startswith("x")
    assert w.message == ""
