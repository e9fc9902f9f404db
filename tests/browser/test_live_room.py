"""The live room in a real JupyterLab: press play, drag, and measure what the page itself renders."""

import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import pytest

from browser import chromium
from browser.conftest import ARGUMENTS
from browser.live import ENGINE, PICTURES, ROOT, Live
from browser.pages import open_page
from browser.scenes import RATE, three_sources
from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import Room

CELL = f"""import sys; sys.path.insert(0, {str(pathlib.Path(__file__).parent.parent)!r})
from browser.scenes import three_sources
import see2sound_nb as s2s
w = s2s.LiveRoom(three_sources())
w"""


@pytest.fixture(scope="module")
def shared(browser, lab):
    with open_page(browser, viewport={"width": 1400, "height": 1500}) as page:
        path = lab.write_notebook("live_room", [CELL])
        yield Live(page, lab.open_notebook(page, path))


@pytest.fixture
def live(shared):
    """The live room as at the beginning, and playing."""
    shared.notebook.value(
        "[setattr(w, name, value) for name, value in [('room_size', w._scene.room.size_m), ('absorption', 0.4), "
        "('max_order', 17), ('channel_layout', 'binaural'), ('head_yaw_deg', 0.0), ('selected', 0), "
        "('positions', w._scene.positions_m), ('levels_db', [0] * 3), ('muted', [False] * 3), ('soloed', [False] * 3)]]"
        " and None"
    )
    shared.wait("engine.model.get('positions')[0][0] === -1.5 && engine.model.get('max_order') === 17")
    shared.play()
    shared.at_rest()
    yield shared
    shared.page.mouse.up()


# What the page renders offline, with the graph that it plays live -----------------------------------------------------

OFFLINE = """async ([moves, seconds]) => {
  const engine = ENGINE;
  const Graph = engine.sound.graph.constructor;
  const context = new OfflineAudioContext(2, seconds * 16000, 16000);
  const graph = new Graph(context, {
    loops: [engine.assets.loops[0]], channels: 2, gain: 10 ** (engine.model.get("gain_db") / 20), levels: [1],
  });
  const set = (k) => {
    graph.sources[0].early.set(moves[k].map((row) => Float32Array.from(row)));
    if (k === 0) graph.sources[0].late.set(engine.tiers.late[0]);
  };
  set(0);
  let next = 1;
  for (let block = 64; block < (seconds * 16000) / 128; block++) {
    context.suspend((128 * block) / 16000).then(() => {
      if (next < moves.length && block % 2 === 0) set(next++);
      graph.update();
      context.resume();
    });
  }
  const out = await context.startRendering();
  return [[...out.getChannelData(0)], [...out.getChannelData(1)], graph.firstFrame];
}""".replace("ENGINE", ENGINE)

EARLY = f"""async (places) => {{
  const engine = {ENGINE};
  return places.map((place) => engine.tiers.earlyResponse(place).map((row) => [...row]));
}}"""


def cues(left, right):
    """Level difference in dB and time difference in ms (left first is positive), by cross-correlation."""
    ild_db = 10 * np.log10(np.sum(left**2) / np.sum(right**2))
    size = 2 * len(left)
    spectrum = np.conj(np.fft.rfft(left, size)) * np.fft.rfft(right, size)
    fine = np.fft.irfft(spectrum, 8 * size)
    lags = np.fft.fftfreq(8 * size, 1 / (8 * size)) / 8
    near = np.abs(lags) < 20
    return ild_db, 1000 * lags[near][np.argmax(fine[near])] / RATE


def test_play_sounds(live):
    assert live.engine("engine.sound.context.state") == "running"
    assert live.engine("engine.sound.context.sampleRate") == RATE
    levels = live.engine("engine.meters().channels")
    assert all(-50 < level < -3 for level in levels)


def test_what_the_page_plays_is_what_python_renders(live):
    live.notebook.value("setattr(w, 'soloed', [True, False, False])")
    live.wait("engine.model.get('soloed')[0]")
    expected = np.array(live.notebook.value("w.render().tolist()"))
    early = live.page.evaluate(EARLY, [list(live.notebook.value("w.positions")[0])])
    left, right, first = live.page.evaluate(OFFLINE, [early, 1.0])
    frames = np.arange(8000, 16000)
    found = np.array([left, right])[:, frames]
    np.testing.assert_allclose(
        found, expected[:, (frames - first) % expected.shape[1]], atol=1e-4 * np.abs(expected).max()
    )


def test_a_drag_from_left_to_right_is_heard_as_one_and_never_clicks(live):
    path = [[x, 1.5, 0.0] for x in np.linspace(-1.5, 1.5, 61)]
    early = live.page.evaluate(EARLY, path)
    left, right, _ = (np.array(row) for row in live.page.evaluate(OFFLINE, [early, 2.0]))
    assert np.sqrt(np.mean(left**2)) > 1e-3 and np.sqrt(np.mean(right**2)) > 1e-3
    jump = [np.abs(np.diff(ear)).max() for ear in (left[8192:26000], right[8192:26000])]
    rest = [max(np.abs(np.diff(ear[4500:8192])).max(), np.abs(np.diff(ear[26000:])).max()) for ear in (left, right)]
    # For each ear, beside what that ear hears at rest at either end of the way.
    assert jump[0] < 2 * rest[0] and jump[1] < 2 * rest[1], (jump, rest)
    begin, end = cues(left[4500:8192], right[4500:8192]), cues(left[26000:], right[26000:])
    assert begin[0] > 1 and end[0] < -1, "the level difference must change its sign with the side"


@pytest.mark.parametrize("x", [-1.5, 1.5])
def test_the_time_between_the_ears_is_that_of_the_engine(live, x):
    live.notebook.value(
        f"[setattr(w, 'absorption', 1.0), setattr(w, 'positions', [({x}, 1.5, 0.0), *w.positions[1:]])] and None"
    )
    live.wait(f"engine.model.get('positions')[0][0] === {x} && engine.model.get('absorption') === 1")
    live.at_rest()
    early = live.page.evaluate(EARLY, [[x, 1.5, 0.0]])
    left, right, _ = (np.array(row) for row in live.page.evaluate(OFFLINE, [early, 1.0]))
    ild_db, itd_ms = cues(left[4000:], right[4000:])
    scene = three_sources()
    room = Room(scene.room.size_m, scene.room.listener_m, 1.0, 17)
    h = impulse_responses(room, np.array([[x, 1.5, 0.0]]), "binaural", sample_rate=RATE)
    phi = render_channels(scene.audio[:1], h)
    expected = cues(*phi[:, 4000:16000].astype(float))
    assert itd_ms == pytest.approx(expected[1], abs=0.02)  # a third of a sample
    assert ild_db == pytest.approx(expected[0], abs=0.5)
    shown = live.engine("engine.cues(0)")
    assert np.sign(shown["itd_ms"]) == np.sign(shown["ild_db"]) == -np.sign(x)
    assert shown["itd_ms"] == pytest.approx(itd_ms, abs=0.08)
    assert shown["azimuth_deg"] == pytest.approx(-45 * np.sign(x))


def test_after_a_drag_python_knows_the_place_and_the_exact_response_is_heard(live):
    before = live.engine("[engine.tiers.logs.browser.values.length, engine.tiers.logs.exact.values.length]")
    live.page.evaluate(
        """() => {
          window.frameTimes = [];
          const note = (time) => { window.frameTimes.push(time); requestAnimationFrame(note); };
          requestAnimationFrame(note);
        }"""
    )
    live.drag(0, (1.5, 2.0))
    live.at_rest()
    live.wait(f"engine.tiers.logs.exact.values.length > {before[1]}")
    live.python("w.positions[0]", pytest.approx([1.5, 2.0, 0.0], abs=0.05))
    live.python("list(w.positions[0])", live.engine("engine.model.get('positions')[0]"))
    heard = live.page.evaluate(
        f"""async () => {{ const engine = {ENGINE};
        const early = engine.tiers.earlyResponse(engine.model.get("positions")[0]), late = engine.tiers.late[0];
        return late.map((row, c) => [...row].map((value, n) => value + (early[c][n] ?? 0))); }}"""
    )
    exact = np.array(live.notebook.value("w.impulse_responses()[0].tolist()"))
    length = min(exact.shape[1], len(heard[0]))
    np.testing.assert_allclose(np.array(heard)[:, :length], exact[:, :length], atol=1e-5)
    latency = live.engine("engine.latency")
    frames_ms = np.diff(live.page.evaluate("() => window.frameTimes"))
    assert latency["browser"]["count"] > before[0] + 10
    live.page.wait_for_function(f"() => {ENGINE}.model.get('latency_ms').browser?.count > 10")
    tiers = [f"{name} {latency[name]['median']:.0f} and {latency[name]['p95']:.0f} ms" for name in ("browser", "exact")]
    print(f"\ndrag to sound, median and 95th percentile: {', '.join(tiers)}")
    print(f"frames: median {np.median(frames_ms):.1f} ms, 95th percentile {np.percentile(frames_ms, 95):.1f} ms")
    live.python("w.latency_ms['browser']['count'] > 10", True)


def test_controls_set_the_traits_and_traits_set_the_controls(live):
    live.control("absorption").fill("0.75")
    live.control("max_order").fill("5")
    live.control("head_yaw_deg").fill("-40")
    live.control("mute", 1).click()
    live.control("solo", 2).click()
    live.control("level", 0).fill("-12")
    live.wait("engine.model.get('levels_db')[0] === -12")
    live.at_rest()
    said = "[w.absorption, w.max_order, w.head_yaw_deg, w.muted, w.soloed, w.levels_db[0]]"
    live.python(said, [0.75, 5, -40, [False, True, False], [False, False, True], -12])
    live.wait("engine.meters().sources[0] < -100 && engine.meters().sources[2] > -60")
    live.notebook.value("[setattr(w, 'absorption', 0.2), setattr(w, 'selected', 2)] and None")
    live.page.wait_for_function(f"() => document.querySelector(\"{ROOT} [data-control='absorption']\").value === '0.2'")
    live.page.wait_for_function(
        f"() => document.querySelector(\"{ROOT} [data-readout='azimuth']\").textContent.includes('right')"
    )


def test_a_smaller_room_keeps_its_sources_inside(live):
    live.control("width").fill("2.4")
    live.at_rest()
    live.wait("engine.status.text.includes('walls')")
    live.python("max(abs(x) for x, y, z in w.positions)", pytest.approx(1.1, abs=0.01))
    live.python("w.listener[0]", pytest.approx(1.2))


def test_keys_move_the_source_and_stay_out_of_the_notebook(live):
    handle = live.page.locator(f"{ROOT} svg[data-plan='above'] g[data-handle='1']")
    handle.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp", "PageUp"):
        live.page.keyboard.press(key)
    live.at_rest()
    live.python("w.positions[1]", pytest.approx([0.4, 3.0, 0.4]))
    assert handle.get_attribute("role") == "slider" and "fountain" in handle.get_attribute("aria-label")
    assert "metres" in handle.get_attribute("aria-valuetext")
    cells = live.page.locator(".jp-Cell").count()
    live.page.keyboard.press("b")  # in JupyterLab's command mode: a new cell
    live.page.keyboard.press("a")
    assert live.page.locator(".jp-Cell").count() == cells


def test_outside_the_room_a_source_is_held_and_it_is_said(live):
    live.drag(2, (9.0, 1.0), steps=10)
    live.wait("engine.status.text.includes('stays inside')")
    live.at_rest()
    live.python("w.positions[2][0]", pytest.approx(2.9))


def test_a_layout_that_the_browser_lacks_is_offered_by_python_alone(live):
    option = live.page.locator(f"{ROOT} [data-control='layout'] option[value='5.1']")
    assert option.get_attribute("disabled") is not None
    live.notebook.value("setattr(w, 'channel_layout', '5.1')")
    live.wait("engine.meters().channels.length === 6 && engine.tiers.late.every((late) => late?.length === 6)")
    assert "mixed down" in live.engine("engine.status.text")
    live.wait("engine.meters().channels[3] > -90")  # the LFE comes with the exact response
    assert live.page.locator(f"{ROOT} [data-meter]").count() == 6


def test_python_starts_and_stops_the_sound(live):
    live.notebook.value("setattr(w, 'playing', False)")
    live.wait("!engine.sounds && engine.sound.context === null")
    live.page.wait_for_function("() => globalThis['see2sound_nb.audioContexts'].size === 0")
    live.notebook.value("setattr(w, 'playing', True)")
    live.wait("engine.sounds")
    live.control("play").click()
    live.wait("!engine.sounds")
    live.python("w.playing", False)


def test_a_new_sound_is_made_while_the_others_play(live):
    live.page.locator(f"{ROOT} [data-source='0'] summary, {ROOT} [data-source='0'] [data-control='more']").first.click()
    live.page.evaluate(
        f"""() => {{
          const engine = {ENGINE};
          engine.before = engine.assets.loops[0];
          engine.seen = [];
          engine.addEventListener("progress", () => engine.seen.push(engine.meters().sources[1]));
        }}"""
    )
    # The scene of this test has loops of 2 s; the tiny model makes longer ones, and that is an error to be told.
    live.control("prompt", 0).fill("a dog barks")
    live.control("generate", 0).click()
    live.page.wait_for_function(f"() => {ENGINE}.status.text.includes('samples')", timeout=300_000)
    seen = live.engine("engine.seen")
    assert len(seen) > 3 and all(level > -60 for level in seen)
    # A model that fits.
    live.notebook.run(
        "import numpy as np\n"
        "class Fitting:\n"
        "    def generate(self, patches, prompts, seeds, *, captions=None, steps=None, progress=None):\n"
        "        for step in range(1, 5): progress('audio', step, 4)\n"
        "        return np.full((1, w.scene.audio.shape[1]), 0.01, np.float32)\n"
        "w._pipeline = Fitting()"
    )
    live.control("generate", 0).click()
    live.wait("engine.assets.loops[0] !== engine.before && engine.assets.loops[0][5] === Math.fround(0.01)")
    live.python("w.prompts", ["a dog barks", "", ""])
    live.python("float(w.scene.audio[0].min())", pytest.approx(0.01))
    assert live.engine("engine.meters().sources[1]") > -60


def test_pictures_in_light_and_dark_and_narrow(live):
    page, root = live.page, live.page.locator(ROOT)
    live.drag(0, (-1.8, 1.2), steps=10)
    live.at_rest()
    for name, width in (("light", 1400), ("dark", 1400), ("narrow", 980)):
        theme = "JupyterLab Dark" if name == "dark" else "JupyterLab Light"
        page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
        page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")
        page.set_viewport_size({"width": width, "height": 2400})
        if name == "narrow":
            page.wait_for_function(f"() => document.querySelector('{ROOT}').clientWidth < 700")
            assert 400 < root.evaluate("(root) => root.clientWidth") < 640
        overflow = root.evaluate("(root) => root.scrollWidth - root.clientWidth")
        assert overflow <= 1, f"{name}: something sticks out by {overflow} px"
        smallest = root.evaluate(
            """(root) => Math.min(...[...root.querySelectorAll("*")]
              .filter((node) => node.textContent.trim() && !node.children.length && !node.closest("svg"))
              .map((node) => parseFloat(getComputedStyle(node).fontSize)))"""
        )
        assert smallest >= 14, f"{name}: text of {smallest} px"
        root.screenshot(path=PICTURES / f"live_room_{name}.png")
    page.set_viewport_size({"width": 1400, "height": 1500})


def test_a_browser_that_is_slow_to_start_is_not_taken_for_one_that_refuses(live):
    live.page.evaluate(
        f"""async () => {{
          const engine = {ENGINE}, {{ context }} = engine.sound;
          await context.suspend();
          const slow = new Promise((resolve) => (globalThis.startAtLast = resolve));
          context.resume = async () => {{
            await slow;
            delete context.resume;
            return context.resume();
          }};
          engine.play();
        }}"""
    )
    live.wait("engine.status.text.includes('press play')")
    live.page.evaluate("() => globalThis.startAtLast()")
    live.wait("engine.sounds && !engine.status.text.includes('press play')")


def test_a_computer_without_sound_output_is_told_so_and_plays_once_it_has_one(live):
    live.control("play").click()  # pause
    live.wait("!engine.sound.context")
    live.page.evaluate(
        """() => {
          const { prototype } = AudioDestinationNode;
          const there = Object.getOwnPropertyDescriptor(prototype, "maxChannelCount");
          Object.defineProperty(prototype, "maxChannelCount", { ...there, get: () => 0 });
          globalThis.connectHeadphones = () => Object.defineProperty(prototype, "maxChannelCount", there);
        }"""
    )
    live.control("play").click()
    live.wait("engine.status.text.includes('no sound output') && !engine.model.get('playing') && !engine.sound.context")
    live.page.evaluate("() => globalThis.connectHeadphones()")
    live.play()
    live.wait("!engine.status.text.includes('no sound output')")


def test_a_browser_that_waits_for_a_click_is_unlocked_by_the_play_button(browser, lab):
    arguments = [a for a in ARGUMENTS if "autoplay" not in a] + ["--autoplay-policy=document-user-activation-required"]
    strict = browser.browser_type.launch(executable_path=chromium.find(), args=arguments)
    try:
        with open_page(strict) as page:
            page.expected_errors.append("AudioContext was not allowed to start")
            path = lab.write_notebook("unlock", [f"{CELL.removesuffix('w')}w.playing = True\nw"])
            devtools = page.context.new_cdp_session(page)

            def until(condition):
                """What playwright evaluates counts as a gesture of the user; what is evaluated here does not."""
                for _ in range(600):
                    reply = devtools.send(
                        "Runtime.evaluate", {"expression": f"Boolean({condition})", "awaitPromise": True}
                    )
                    if reply["result"].get("value"):
                        return
                    time.sleep(0.1)
                raise AssertionError(condition)

            page.goto(f"{lab.url}/lab/tree/{path}?reset")
            until("window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")
            until("window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => true)")
            until(f"document.querySelector('{ROOT}[data-ready=true]') && {ENGINE}.status.text.includes('press play')")
            until(f"{ENGINE}.sound.context.state === 'suspended' && {ENGINE}.meters().peak_db === -Infinity")
            place = f"JSON.stringify(document.querySelector('{ROOT} [data-control=play]').getBoundingClientRect())"
            box = json.loads(devtools.send("Runtime.evaluate", {"expression": place})["result"]["value"])
            page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            until(f"{ENGINE}.sounds && {ENGINE}.meters().peak_db > -60")
            until(f"!{ENGINE}.status.text.includes('press play')")
    finally:
        strict.close()


def test_with_the_last_view_the_sound_and_its_context_go(browser, lab):
    with open_page(browser) as page:
        live = Live(page, notebook := lab.open_notebook(page, lab.write_notebook("views", [CELL, "w"])))
        live.play()
        for left in (1, 0):
            notebook._panel(
                "const cell = notebook.widgets.find((cell) => cell.model.type === 'code' && cell.model.outputs.length);"
                "cell.model.outputs.clear();"
            )
            page.wait_for_function(f"() => document.querySelectorAll('{ROOT}').length === {left}")
            contexts = page.evaluate("() => [...globalThis['see2sound_nb.audioContexts'].values()].length")
            if left:
                assert contexts == 1 and live.engine("engine.sounds")
        page.wait_for_function("() => globalThis['see2sound_nb.audioContexts'].size === 0")


def test_when_the_kernel_dies_it_is_said_and_the_sound_goes_on(browser, lab):
    with open_page(browser) as page:
        page.expected_errors += ["WebSocket", "404", "Kernel", "canceled", "disposed", "Connection"]
        live = Live(page, notebook := lab.open_notebook(page, lab.write_notebook("dies", [CELL])))
        live.play()
        live.at_rest()
        notebook.kill_kernel()
        before = live.engine("engine.tiers.logs.browser.values.length")
        handle = page.locator(f"{ROOT} svg[data-plan='above'] g[data-handle='0']")
        handle.focus()
        page.keyboard.press("ArrowRight")
        live.wait("['warning', 'error'].includes(engine.status.kind)")
        assert "kernel" in live.engine("engine.status.text")
        live.wait(f"engine.tiers.logs.browser.values.length > {before} && engine.meters().peak_db > -60")


def test_a_saved_notebook_shows_figure_and_players_without_a_kernel(tmp_path, lab, browser, shared):
    shared.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    shared.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    saved = lab.root / "live_room.ipynb"
    assert saved.stat().st_size < 1e6
    assert "widgets" not in json.loads(saved.read_text())["metadata"]
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path), str(saved)]
    subprocess.run(command, check=True, capture_output=True)
    with open_page(browser) as page:
        page.expected_errors.append("ERR_")  # nbconvert's page wants its mathematics from elsewhere
        page.goto((tmp_path / "live_room.html").as_uri())
        assert page.locator("audio").count() == 4
        picture = page.locator("img[alt^='Photo with regions']")
        assert picture.evaluate("(img) => img.complete && img.naturalWidth > 400")


@pytest.mark.skipif("SEE2SOUND_HOSTILE_S" not in os.environ, reason="make hostile runs it: a minute")
def test_five_hundred_drags_grow_neither_the_page_nor_the_kernel(live):
    devtools = live.page.context.new_cdp_session(live.page)

    def used():
        live.at_rest()
        devtools.send("HeapProfiler.collectGarbage")
        heap = devtools.send("Runtime.getHeapUsage")["usedSize"]
        nodes = devtools.send("Memory.getDOMCounters")["nodes"]
        kernel = live.notebook.value("__import__('psutil').Process().memory_info().rss")
        return np.array([heap, nodes, kernel], dtype=float)

    before = None
    for number in range(5):  # each move of the pointer asks for new responses
        live.drag(0, (1.5 if number % 2 == 0 else -1.5, 1.5), steps=100)
        if number == 0:
            before = used()
    after = used()
    devtools.detach()
    assert (after <= 1.03 * before).all(), dict(zip(("heap", "nodes", "kernel"), (after / before).round(3)))
