"""A live room on an empty page whose kernel the test plays: the engine, its model, and the messages between the two."""

import dataclasses
import functools
import json

import numpy as np

import see2sound_nb as s2s
from browser.scenes import RATE, three_sources
from see2sound_nb.notebook.widgets._assets import style
from see2sound_nb.notebook.widgets._messages import as_message
from see2sound_nb.notebook.widgets.live_room_clip import picture_of

STYLES = ("theme.css", "live_room.css", "plans.css", "panel.css", "meters.css", "clip.css")

PAGE = """async (state) => {
  const { LiveEngine } = await import("/engine.js");
  globalThis.newModel = () => {
    const handlers = new Map();
    const emit = (name, ...values) => [...(handlers.get(name) ?? [])].forEach((handler) => handler(...values));
    const model = {
      state: structuredClone(state), handlers, sent: [], written: [], saved: 0,
      get: (name) => model.state[name],
      set(name, value) {
        model.written.push(name);
        model.told(name, value);
      },
      told(name, value) { // as if Python had set it
        const changes = JSON.stringify(model.state[name]) !== JSON.stringify(value);
        model.state[name] = value;
        if (changes) emit(`change:${name}`);
      },
      on: (name, handler) => handlers.set(name, [...(handlers.get(name) ?? []), handler]),
      off: (name, handler) => handlers.set(name, handlers.get(name).filter((other) => other !== handler)),
      save_changes: () => void model.saved++,
      send: (content) => void model.sent.push(content),
      hear: (content) => emit("msg:custom", content, []),
    };
    return model;
  };
  globalThis.newEngine = (model) => new LiveEngine(model);
  globalThis.contexts = () => globalThis["see2sound_nb.audioContexts"] ?? new Map();
  globalThis.model = newModel();
  globalThis.engine = newEngine(model);
}"""


#: What a busy machine does to one try it does not do to three; a fault of the engine is in each of them.
TRIES = 3
#: All levels of the meters in one list; -999 is silence, which JSON has no number for.
METERS = """(({ channels, sources, peak_db }) =>
  [...channels, ...sources, peak_db].map((level) => Math.max(-999, level)))(engine.meters())"""
SOURCES = "engine.meters().sources.map((level) => Math.max(-999, level))"


class Kernel:
    """A LiveRoom whose messages come back to the test, as text."""

    def __init__(self, scene=None):
        # Whole periods in each reading of a meter: its levels do not waver.
        tones = [0.1 * np.sin(2 * np.pi * f * np.arange(2 * RATE) / RATE) for f in (125, 250, 500)]
        self.scene = scene or dataclasses.replace(three_sources(max_order=3), audio=np.float32(tones))
        self.widget = s2s.LiveRoom(self.scene)
        self.sent = []
        self.widget.send = lambda content, buffers=None: self.sent.append(content)
        told = self.widget.get_state()
        names = [name for name in self.widget.trait_names(sync=True) if name in told and not name.startswith("_")]
        self.state = as_json({name: told[name] for name in names if name not in ("layout", "tabbable", "tooltip")})

        self.start = self.answer({"kind": "again", "what": "start"})  # it is much to compute

    def answer(self, question):
        """What it says to a question, with all arrays as text."""
        if question["kind"] == "start":
            return {**self.start, "sequence": question["sequence"]}
        self.widget._answer(None, question | {"as_text": True}, [])
        return as_json(self.sent.pop())

    def answers(self, question):
        """All messages that a question brings."""
        if question["kind"] == "picture":
            return [as_json(as_message(*self.picture, True)[0])]
        return [self.answer(question)]

    @functools.cached_property
    def picture(self):
        """The film of a clip."""
        return picture_of(self.scene.clip)


class Fake:
    """A page with an engine, and a model whose messages the test writes."""

    def __init__(self, page, kernel):
        self.page, self.kernel = page, kernel
        page.evaluate(PAGE, kernel.state)

    def js(self, expression, value=None):
        return self.page.evaluate(f"async (value) => {expression}", value)

    def wait(self, condition):
        self.page.wait_for_function(f"() => {condition}", timeout=60_000)

    def hear(self, content):
        self.js("model.hear(value)", content)

    def asked(self, kind="exact"):
        """All questions of a kind, the newest last."""
        return self.js("model.sent.filter(({ kind }) => kind === value)", kind)

    def answer(self):
        """Answer questions until there are none."""
        while self.js("engine.kernel.waits"):
            question = self.js("model.sent.find(({ sequence }) => sequence === engine.kernel.sequence)")
            self.hear(self.kernel.answer(question))

    def play(self):
        self.js("{ engine.addView(); await engine.play(); }")
        self.wait("engine.sounds && engine.meters().peak_db > -60")
        self.settle()

    def settle(self, seconds=0.4):
        """Until so much sound was rendered: more than the memory of the meters and of the engine."""
        end = self.js("engine.sound.context.currentTime + value", seconds)
        self.wait(f"engine.sound.context.currentTime > {end}")

    def settles_at(self, levels, expected, atol, seconds=0.4):
        """Assert that `levels`, an expression, comes to what is expected; a busy machine may need another try."""
        for _ in range(TRIES):
            self.settle(seconds)
            found = self.js(levels)
            if np.allclose(found, expected, rtol=0, atol=atol):
                return
        np.testing.assert_allclose(found, expected, rtol=0, atol=atol)

    def status(self):
        status = self.js("engine.status")
        return status["kind"], status["text"]


def as_json(content):
    return json.loads(json.dumps(content))


VIEW = """{
  const { createLiveRoomView } = await import("/view.js");
  globalThis.clear = createLiveRoomView(engine, engine.model, document.body);
  await new Promise(requestAnimationFrame);
}"""


class Answered(Fake):
    """A page with the look of the real one, whose questions a kernel answers (`serve_modules` with its `answers`)."""

    def __init__(self, page, kernel):
        super().__init__(page, kernel)
        page.add_style_tag(content=style(*STYLES))
        self.js(
            """{
              model.send = async (content) => {
                model.sent.push(content);
                const answers = await fetch("/", { method: "POST", body: JSON.stringify(content) });
                for (const answer of await answers.json()) model.hear(answer);
              };
              for (const question of [...model.sent]) model.send(question);
            }"""
        )
        self.wait("engine.assets !== null")
        self.js(VIEW)
