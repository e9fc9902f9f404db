"""The audio graph of the live room, rendered in an OfflineAudioContext: what comes out, sample by sample."""

import numpy as np
import pytest

RATE = 16000
#: Renders `seconds` of a graph of one source; `moves` is a list of [time in s, early response, late response, new
#: loops, level], of which all but the time may be null or absent.
RENDER = """async ([loop, channels, seconds, moves, options]) => {
  const { RoomGraph } = await import("/graph.js");
  const context = new OfflineAudioContext(channels, seconds * 16000, 16000);
  const graph = new RoomGraph(context, {
    loops: [Float32Array.from(loop)], channels, gain: 1, levels: [1], ...options,
  });
  const rows = (response) => response.map((row) => Float32Array.from(row));
  const heard = [];
  const set = ([, early, late, loops, level]) => {
    if (early) graph.sources[0].early.set(rows(early), (time) => heard.push(time));
    if (late) graph.sources[0].late.set(rows(late));
    loops?.forEach((other) => graph.setLoop(0, Float32Array.from(other)));
    if (typeof level === "number") graph.setLevel(0, level);
  };
  set(moves[0]);
  const next = [...moves.slice(1)];
  for (let block = 1; block < (seconds * 16000) / 128; block++) {
    context.suspend((128 * block) / 16000).then(() => {
      while (next.length && next[0][0] * 16000 <= 128 * block) set(next.shift());
      graph.update();
      context.resume();
    });
  }
  const buffer = await context.startRendering();
  const out = Array.from({ length: channels }, (_, row) => [...buffer.getChannelData(row)]);
  return { out, heard, firstFrame: graph.firstFrame, dropped: graph.sources[0].early.dropped };
}"""


def circular(loop, h, frames):
    """One looping sound in a room for ever: sample n of the loop's turn, for each frame."""
    size = len(loop)
    folded = np.zeros((len(h), size))
    for start in range(0, h.shape[1], size):
        piece = h[:, start : start + size]
        folded[:, : piece.shape[1]] += piece
    wet = np.fft.irfft(np.fft.rfft(loop) * np.fft.rfft(folded), size)
    return wet[:, np.asarray(frames) % size]


def response(rng, delay, channels=2, length=600, decay=120.0):
    """A direct sound and a decaying tail for each channel."""
    h = rng.normal(size=(channels, length)) * np.exp(-np.arange(length) / decay) * 0.1
    h[:, :delay] = 0
    h[:, delay] = 1
    return h


def rendered(modules, loop, moves, seconds=0.8, channels=2, **options):
    moves = [[part.tolist() if isinstance(part, np.ndarray) else part for part in move] for move in moves]
    done = modules.evaluate(RENDER, [loop.tolist(), channels, seconds, moves, options])
    return np.array(done["out"]), done


@pytest.mark.parametrize("channels", [2, 6])
def test_at_rest_it_is_the_convolution_of_loop_and_response(modules, rng, channels):
    loop = rng.normal(size=3000) * 0.1
    early, late = response(rng, 100, channels), response(rng, 300, channels, length=1500) * 0.3
    late[:, :600] -= 0.1 * early  # any split of the whole
    out, done = rendered(modules, loop, [[0, early, late]], channels=channels)
    whole = np.pad(early, ((0, 0), (0, late.shape[1] - early.shape[1]))) + late
    frames = np.arange(6000, 12000)
    expected = circular(loop, whole, frames - done["firstFrame"])
    np.testing.assert_allclose(out[:, frames], expected, atol=2e-5 * np.abs(expected).max())


def test_a_new_response_is_whole_at_once_and_the_loop_keeps_its_place(modules, rng):
    loop = rng.normal(size=3000) * 0.1
    old, new = response(rng, 50, length=4000, decay=900), response(rng, 300, length=4000, decay=900)
    out, done = rendered(modules, loop, [[0, old, None], [0.45, new, None]])
    end = round(done["heard"][1] * RATE) + 128  # half a fade later
    assert 0.45 * RATE < end < 0.52 * RATE
    frames = np.arange(end, len(out[0]))
    # Without what the past has left in the new room, its reverberation would have to build up again.
    expected = circular(loop, new, frames - done["firstFrame"])
    np.testing.assert_allclose(out[:, frames], expected, atol=2e-5 * np.abs(expected).max())
    frames = np.arange(4500, int(0.45 * RATE))
    expected = circular(loop, old, frames - done["firstFrame"])
    np.testing.assert_allclose(out[:, frames], expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("frequency_hz", [125.0, 1000.0])
def test_a_drag_does_not_click(modules, rng, frequency_hz):
    loop = 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(3200) / RATE)  # a pure tone hides nothing
    steps = [[0.3 + 0.008 * n, response(rng, 60 + 3 * n), None] for n in range(80)]
    for n, step in enumerate(steps):
        step[1][1] *= 0.3 + n / 80  # it walks to the other side
    out, done = rendered(modules, loop, steps, seconds=1.2)
    assert done["dropped"] > 0  # the pointer is faster than the fades, and only the latest place is heard
    at_rest = np.abs(np.diff(out[:, int(1.1 * RATE) :])).max()
    moving = np.abs(np.diff(out[:, int(0.3 * RATE) : int(1.1 * RATE)])).max()
    assert moving < 2 * at_rest


def test_alike_sounds_do_not_swell_in_a_fade_and_unlike_ones_keep_their_power(modules, rng):
    loop = rng.normal(size=16000) * 0.1
    same = response(rng, 100)
    out, done = rendered(modules, loop, [[0, same, None], [0.45, same, None]])
    frames = np.arange(4500, len(out[0]))
    expected = circular(loop, same, frames - done["firstFrame"])
    np.testing.assert_allclose(out[:, frames], expected, atol=1e-4 * np.abs(expected).max())
    curves = modules.evaluate(
        """async () => { const { fadeCurves } = await import("/crossfade.js");
        return [0, 0.4, 1].map((alike) => Object.values(fadeCurves(alike)).map((curve) => [...curve])); }"""
    )
    for alike, (rising, falling) in zip([0, 0.4, 1], np.array(curves)):
        assert rising[0] == pytest.approx(falling[-1]) == pytest.approx(0)
        np.testing.assert_allclose(rising**2 + falling**2 + 2 * alike * rising * falling, 1, atol=1e-6)


def test_the_past_of_a_loop_is_what_convolution_says(modules, rng):
    loop, h = rng.normal(size=700), rng.normal(size=(3, 900))
    found = modules.evaluate(
        """async ([loop, h, frame]) => {
          const { tailOfThePast } = await import("/fft.js");
          const rows = h.map((row) => Float32Array.from(row));
          return tailOfThePast(Float32Array.from(loop), frame, rows).map((row) => [...row]);
        }""",
        [loop.tolist(), h.tolist(), 1234],
    )
    past = loop[np.arange(1234 - 899, 1234) % 700]
    expected = [np.convolve(past, row)[899:] for row in h]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_new_sound_comes_without_a_click_and_in_time(modules, rng):
    found = modules.evaluate(
        """async ([a, b, h]) => {
          const { RoomGraph } = await import("/graph.js");
          const context = new OfflineAudioContext(2, 14000, 16000);
          const graph = new RoomGraph(context, { loops: [Float32Array.from(a)], channels: 2, gain: 1, levels: [1] });
          graph.sources[0].early.set(h.map((row) => Float32Array.from(row)));
          context.suspend(0.4).then(() => { graph.setLoop(0, Float32Array.from(b)); context.resume(); });
          const out = await context.startRendering();
          return [[...out.getChannelData(0)], graph.firstFrame];
        }""",
        [
            (0.3 * np.sin(2 * np.pi * 250 * np.arange(1600) / RATE)).tolist(),
            (loop_b := 0.3 * np.sin(2 * np.pi * 500 * np.arange(1600) / RATE)).tolist(),
            (h := response(rng, 50)).tolist(),
        ],
    )
    out, first = np.array(found[0]), found[1]
    frames = np.arange(10000, 14000)
    np.testing.assert_allclose(out[frames], circular(np.array(loop_b), h, frames - first)[0], atol=1e-4)
    assert np.abs(np.diff(out[4500:10000])).max() < 1.2 * np.abs(np.diff(out[10000:])).max()


def test_in_a_fade_between_unlike_responses_the_level_stays(modules, rng):
    loop = rng.normal(size=64000) * 0.1
    pair = [response(rng, delay, 6) for delay in (40, 300)]
    moves = [[0.4 + 0.1 * n, pair[n % 2], None] for n in range(40)]
    out, done = rendered(modules, loop, moves, seconds=4.5, channels=6)
    assert done["dropped"] == 0 and len(done["heard"]) == 40
    halfway = np.round(np.array(done["heard"][1:]) * RATE).astype(int)
    middle = halfway[:, None] + np.arange(-32, 32)  # of the 256 frames of a fade
    rest = [circular(loop, h, np.arange(len(loop))) for h in pair]
    rest_rms = np.sqrt(np.mean(np.square(rest)))
    change_db = 20 * np.log10(np.sqrt(np.mean(out[:, middle] ** 2)) / rest_rms)
    assert abs(change_db) < 1, change_db


@pytest.mark.parametrize("time", [0.4, 0.41, 0.62, 0.75])
def test_a_new_response_after_a_new_sound_is_whole(modules, rng, time):
    old, new = rng.normal(size=(2, 3000)) * 0.1
    before, after = response(rng, 50), response(rng, 200)
    out, done = rendered(modules, old, [[0, before], [0.4, None, None, [new.tolist()]], [time, after]], seconds=1)
    end = round(done["heard"][1] * RATE) + 128  # half a fade later
    replaced = 10000  # what the old sound has left is gone
    for h, frames in ((before, np.arange(replaced, end - 256)), (after, np.arange(max(end, replaced), 16000))):
        expected = circular(new, h, frames - done["firstFrame"])
        np.testing.assert_allclose(out[:, frames], expected, atol=2e-5)


def test_of_sounds_that_come_within_a_fade_the_last_one_wins(modules, rng):
    old, second, third, last = (0.3 * np.sin(2 * np.pi * f * np.arange(1600) / RATE) for f in (250, 300, 350, 500))
    h = response(rng, 50)
    loops = [[0.4, None, None, [second.tolist(), third.tolist()]], [0.405, None, None, [last.tolist()]]]
    out, done = rendered(modules, old, [[0, h], *loops], seconds=1)
    frames = np.arange(14000, 16000)
    expected = circular(last, h, frames - done["firstFrame"])
    np.testing.assert_allclose(out[:, frames], expected, atol=1e-4)
    assert np.abs(np.diff(out[:, 4500:14000])).max() < 1.2 * np.abs(np.diff(out[:, 14000:])).max()


def test_a_graph_that_takes_over_goes_on_where_the_loop_is(modules, rng):
    loop, h = rng.normal(size=3000) * 0.1, response(rng, 100, length=4000, decay=900)
    out, done = rendered(modules, loop, [[0, h], [0.6, h]], seconds=1, firstFrame=-1280)
    assert done["firstFrame"] == -1280
    frames = np.arange(8000, 16000)
    expected = circular(loop, h, frames + 1280)
    np.testing.assert_allclose(out[:, frames], expected, atol=2e-5 * np.abs(expected).max())


def test_after_many_fades_only_what_is_heard_is_connected(modules, rng):
    found = modules.evaluate(
        """async ([loop, responses]) => {
          const { RoomGraph } = await import("/graph.js");
          const context = new OfflineAudioContext(2, 32000, 16000);
          const graph = new RoomGraph(context, { loops: [Float32Array.from(loop)], channels: 2, gain: 1, levels: [1] });
          const { input, level, early, late } = graph.sources[0];
          const [fed, heard] = [new Set(), new Set()]; // what the input feeds, and what feeds the level
          const { connect, disconnect } = AudioNode.prototype;
          AudioNode.prototype.connect = function (to, ...rest) {
            if (this === input) fed.add(to);
            if (to === level) heard.add(this);
            return connect.call(this, to, ...rest);
          };
          AudioNode.prototype.disconnect = function (...rest) {
            if (this === input) fed.delete(rest[0]);
            heard.delete(this);
            return disconnect.call(this, ...rest);
          };
          let [fades, most] = [0, 0];
          for (let block = 1; block < 250; block++) {
            context.suspend((128 * block) / 16000).then(() => {
              graph.update();
              most = Math.max(most, fed.size);
              const rows = responses[fades % 2].map((row) => Float32Array.from(row));
              if (block % 10 === 0 && fades < 20) [early, late].forEach((fader) => fader.set(rows, () => fades += 0.5));
              context.resume();
            });
          }
          await context.startRendering();
          graph.update();
          const gates = [early, late].every(({ active }) => fed.has(active.gate) && heard.has(active.gain));
          const leaving = early.leaving.length + late.leaving.length;
          return { fades, most, fed: fed.size, heard: heard.size, gates, leaving };
        }""",
        [(rng.normal(size=1600)).tolist(), [response(rng, 50).tolist(), response(rng, 90).tolist()]],
    )
    assert found == {"fades": 20, "most": 4, "fed": 2, "heard": 2, "gates": True, "leaving": 0}


def test_a_gain_that_is_set_before_the_start_wins(modules):
    found = modules.evaluate(
        """async () => {
          const { RoomGraph } = await import("/graph.js");
          const context = new OfflineAudioContext(2, 16000, 16000);
          const loops = [new Float32Array(1600).fill(0.5)];
          const graph = new RoomGraph(context, { loops, channels: 2, gain: 1, levels: [1] });
          graph.sources[0].early.set([Float32Array.of(1), Float32Array.of(0.5)]);
          graph.setGain(0.1);
          const out = await context.startRendering();
          return [out.getChannelData(0)[15000], out.getChannelData(1)[15000]];
        }"""
    )
    assert found == pytest.approx([0.05, 0.025], rel=1e-4)


def test_level_zero_is_silence_and_back_is_as_before(modules, rng):
    loop, h = rng.normal(size=3000) * 0.1, response(rng, 100)
    moves = [[0, h], [0.4, None, None, None, 0], [0.8, None, None, None, 1]]
    out, done = rendered(modules, loop, moves, seconds=1.4)
    assert np.abs(out[:, 10000:12800]).max() < 1e-6 * np.abs(out).max()
    frames = np.arange(19000, 22400)
    expected = circular(loop, h, frames - done["firstFrame"])
    np.testing.assert_allclose(out[:, frames], expected, atol=2e-5 * np.abs(expected).max())


# In real time -------------------------------------------------------------------------------------------------------

#: Sets responses of `length` samples again and again for `seconds`, and returns what was heard in the last of these.
LIVE = """async ([length, channels, sources, alike, seconds]) => {
  const { RoomGraph } = await import("/graph.js");
  const context = new AudioContext({ sampleRate: 16000 });
  await context.resume();
  const started = [];
  const { start } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (when, ...rest) {
    started.push([when, this.context.currentTime]);
    return start.call(this, when, ...rest);
  };
  const until = async (time) => {
    while (context.currentTime < time) await new Promise((resolve) => setTimeout(resolve, 16));
  };
  await until(0.1);
  const loop = Float32Array.from({ length: 32000 }, (_, n) => 0.5 * Math.sin((2 * Math.PI * n) / 160));
  const loops = Array(sources).fill(loop);
  const graph = new RoomGraph(context, { loops, channels, gain: 1, levels: loops.map((_, k) => (k ? 0 : 1)) });
  const tap = new AnalyserNode(context, { fftSize: 32768 });
  const only = { channelCount: 1, channelCountMode: "explicit", channelInterpretation: "discrete" };
  graph.master.connect(new GainNode(context, only)).connect(tap);
  let timer = null;
  graph.onUnfinished = () => {
    timer ??= setTimeout(() => {
      timer = null;
      graph.update();
    }, 4);
  };
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
  const response = (size) => {
    const rows = Array.from({ length: channels }, () =>
      Float32Array.from({ length: size }, (_, n) => (random() * Math.exp((-5 * n) / size)) / 10));
    rows.forEach((row) => (row[80] = 1));
    return rows;
  };
  const early = response(900);
  const late = [response(length), response(length)];
  const fades = { early: 0, late: 0 };
  const end = graph.start + seconds;
  for (let turn = 0; context.currentTime < end; turn++) {
    for (const source of graph.sources) {
      source.early.set(early, () => fades.early++);
      source.late.set(late[alike ? 0 : turn % 2], () => fades.late++);
    }
    await until(context.currentTime + 0.05);
  }
  const heard = new Float32Array(32768);
  tap.getFloatTimeDomainData(heard);
  await until(context.currentTime + 0.5);
  await context.close();
  return { heard: [...heard], fades, started };
}"""


#: A machine that is busy may hold one try up; a fault of the graph is in each of them.
TRIES = 3


def test_the_same_response_again_and_again_is_not_to_be_heard(modules):
    """In real time, where a fade that is scheduled too late would leave a hole in the reverberation."""
    residuals = []
    for _ in range(TRIES):
        done = modules.evaluate(LIVE, [5000, 2, 1, True, 2.8])
        heard = np.array(done["heard"])[-32000:]  # 200 periods
        assert done["fades"]["early"] > 0 and done["fades"]["late"] > 0
        spectrum = np.fft.rfft(heard)
        amplitude = np.abs(spectrum[200]) / 16000
        spectrum[200] = 0
        assert amplitude > 0.1
        residuals.append(np.abs(np.fft.irfft(spectrum)).max() / amplitude)
        if min(done["fades"].values()) > 20 and residuals[-1] < 1e-3:
            return
    raise AssertionError(f"residuals of {residuals} times the tone, fades {done['fades']}")


def test_long_responses_of_many_channels_fade_in_time(modules):
    for _ in range(TRIES):
        done = modules.evaluate(LIVE, [28000, 6, 3, False, 4.0])
        missed = [(when, now) for when, now in done["started"] if when < now]
        if done["fades"]["late"] >= 6 and not missed:
            return
    raise AssertionError(f"{done['fades']['late']} fades; too late were {missed}")


def test_the_ambience_plays_beside_the_sources_in_step_and_at_its_level(modules, rng):
    loop, around, h = rng.normal(size=3000) * 0.1, rng.normal(size=(6, 3000)) * 0.1, response(rng, 100, 6)
    around[2:4] = 0  # the centre and the LFE
    options = {"around": around.tolist(), "aroundLevel": 0.5}
    playing = RENDER.replace("levels: [1], ...options", "levels: [1], ...options, around: options.around.map((row) => "
                             "Float32Array.from(row))")  # fmt: skip
    assert playing != RENDER
    done = modules.evaluate(playing, [loop.tolist(), 6, 0.8, [[0, h.tolist(), None]], options])
    frames = np.arange(6000, 12000)
    turned = frames - done["firstFrame"]
    expected = circular(loop, h, turned) + 0.5 * around[:, turned % 3000]
    np.testing.assert_allclose(np.array(done["out"])[:, frames], expected, atol=2e-5 * np.abs(expected).max())


def test_from_one_ambience_to_another_the_sum_stays(modules):
    out = modules.evaluate(
        """async () => {
          const { RoomGraph } = await import("/graph.js");
          const context = new OfflineAudioContext(2, 24000, 16000);
          const ones = () => [0, 1].map(() => new Float32Array(1600).fill(1));
          const graph = new RoomGraph(context, {
            loops: [], channels: 2, gain: 1, levels: [], beds: [ones(), ones().map((row) => row.fill(-1))],
            bedWeights: [1, 0],
          });
          for (const [at, weights] of [[0.496, [0, 0]], [0.8, [0, 0.5]]]) {
            context.suspend(at).then(() => {
              graph.setBeds(weights);
              context.resume();
            });
          }
          return [...(await context.startRendering()).getChannelData(0)];
        }"""
    )
    out = np.array(out)
    assert out[7900] == pytest.approx(1, abs=1e-3)
    time_s = np.arange(24000) / 16000
    before, after = np.interp(time_s, [0.496, 0.996], [1, 0]), np.interp(time_s, [0.8, 1.3], [0, 0.5])
    late = slice(7900, None)
    np.testing.assert_allclose(out[late], (before - after)[late], atol=0.02)
    assert np.abs(np.diff(out[late])).max() < 0.01


def test_a_graph_without_sources_plays_its_ambience_and_ends(modules, rng):
    around = rng.normal(size=(2, 3000)) * 0.1
    out = modules.evaluate(
        """async ([around]) => {
          const { RoomGraph } = await import("/graph.js");
          const context = new OfflineAudioContext(2, 16000, 16000);
          const rows = around.map((row) => Float32Array.from(row));
          const graph = new RoomGraph(context, { loops: [], channels: 2, gain: 1, levels: [], around: rows });
          graph.setAround(0.25);
          context.suspend(0.5).then(() => { graph.update(); graph.release(); context.resume(); });
          const buffer = await context.startRendering();
          const silence = new OfflineAudioContext(2, 16000, 16000);
          const empty = new RoomGraph(silence, { loops: [], channels: 2, gain: 1, levels: [] });
          empty.setAround(1);
          empty.release();
          return [[...buffer.getChannelData(0)], [...buffer.getChannelData(1)], graph.firstFrame];
        }""",
        [around.tolist()],
    )
    frames = np.arange(6000, 8000)
    expected = 0.25 * around[:, (frames - out[2]) % 3000]
    np.testing.assert_allclose(np.array(out[:2])[:, frames], expected, atol=2e-3 * np.abs(expected).max())
    assert np.abs(out[0][-1000:]).max() == 0
