"""The audio graph of the live room, rendered in an OfflineAudioContext: what comes out, sample by sample."""

import numpy as np
import pytest

RATE = 16000
#: Renders `seconds` of a graph of one source; `moves` is a list of [time in s, early response, late response or null].
RENDER = """async ([loop, channels, seconds, moves, options]) => {
  const { RoomGraph } = await import("/graph.js");
  const context = new OfflineAudioContext(channels, seconds * 16000, 16000);
  const graph = new RoomGraph(context, {
    loops: [Float32Array.from(loop)], channels, gain: 1, levels: [1], ...options,
  });
  const rows = (response) => response.map((row) => Float32Array.from(row));
  const heard = [];
  const set = ([, early, late]) => {
    graph.sources[0].early.set(rows(early), (time) => heard.push(time));
    if (late) graph.sources[0].late.set(rows(late));
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
    moves = [[time, *(None if h is None else h.tolist() for h in (early, late))] for time, early, late in moves]
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
        """async () => { const { fadeCurves } = await import("/graph.js");
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
