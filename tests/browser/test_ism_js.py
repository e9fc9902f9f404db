"""The browser's tier against the Python engine: images, gains of loudspeakers, the head, and whole responses."""

import numpy as np
import pytest

from see2sound_nb.notebook.widgets._messages import as_message
from see2sound_nb.notebook.widgets.live_room_assets import head_mesh
from see2sound_nb.notebook.widgets.live_room_state import kept_inside, listener_in
from see2sound_nb.render.binaural import EARLY_ORDER
from see2sound_nb.render.hrtf import load_hrtf
from see2sound_nb.render.panning import pan, pan_stereo
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.ism import arrivals
from see2sound_nb.room.shoebox import Room

RATE = 16000
ROOMS = [
    Room((6.0, 5.0, 3.0), (3.0, 2.0, 1.5), 0.5, 10),
    Room((4.2, 7.1, 2.6), (1.1, 3.3, 1.2), (0.1, 0.9, 0.3, 0.5, 0.0, 1.0), 10),
    Room((12.0, 20.0, 6.0), (6.5, 8.0, 1.7), 0.05, 1),
]
HEAD = """async (arrays) => {
  const { Head } = await import("/head.js");
  const { arraysOf, floats } = await import("/messages.js");
  const [corners, ...rest] = arraysOf({ as_text: true, arrays });
  const [inverses, responses, times] = rest.map(floats);
  globalThis.head = new Head({ corners: new Int32Array(corners.buffer), inverses, responses, times });
}"""


def as_js(room):
    absorption = list(room.absorption) if isinstance(room.absorption, tuple) else room.absorption
    return {"size": room.size_m, "listener": room.listener_m, "absorption": absorption, "maxOrder": room.max_order}


def sources_in(room, rng, count=5):
    return rng.uniform(0.2, np.array(room.size_m) - 0.2, (count, 3))


@pytest.fixture
def page_with_head(modules):
    content, _ = as_message({}, head_mesh(RATE), as_text=True)
    modules.evaluate(HEAD, content["arrays"])
    return modules


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("order", [0, 1, 2, 7])
def test_images_are_those_of_the_engine(modules, rng, room, order):
    for source in sources_in(room, rng, 2):
        delays, amplitudes, vectors = arrivals(
            room.size_m, source, room.listener_m, absorption=room.absorption, max_order=order
        )
        found = modules.evaluate(
            """async ([room, source, order]) => {
              const { imageSources } = await import("/ism.js");
              return imageSources(room, source, order).map(({ vector, distance, amplitude }) =>
                [...vector, distance, amplitude]);
            }""",
            [as_js(room), source.tolist(), order],
        )
        # The engine keeps coordinates in single precision.
        expected = np.column_stack([vectors, delays * 343.0, amplitudes])
        found = np.array(found)
        order_of = [np.lexsort(np.round(rows[:, :3], 2).T) for rows in (found, expected)]
        np.testing.assert_allclose(found[order_of[0]], expected[order_of[1]], rtol=1e-5, atol=1e-5)


def test_gains_of_loudspeakers_are_those_of_python(modules, rng):
    vectors = np.concatenate([rng.normal(size=(50, 3)), np.eye(3), -np.eye(3), [[-0.5, 0.75**0.5, 0]]])
    five, two = modules.evaluate(
        """async (vectors) => {
          const { pan51, panStereo } = await import("/layouts.js");
          return [vectors.map((v) => [...pan51(v)]), vectors.map((v) => panStereo(v))];
        }""",
        vectors.tolist(),
    )
    np.testing.assert_allclose(np.delete(five, 3, axis=1), pan(vectors, "5.1"), atol=1e-9)
    np.testing.assert_allclose(two, pan_stereo(vectors), atol=1e-9)


def test_the_head_between_measurements_is_that_of_python(page_with_head, rng):
    vectors = np.concatenate([rng.normal(size=(20, 3)), [[0, 0, -1.0]]])
    found = page_with_head.evaluate(
        "(vectors) => vectors.map((v) => head.at(v).map((ear) => [...ear]))", vectors.tolist()
    )
    expected = load_hrtf(sample_rate=RATE).at(vectors)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("layout", ["binaural", "stereo", "5.1"])
@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("yaw", [0.0, -50.0])
def test_the_first_reflections_are_those_of_python(page_with_head, rng, room, layout, yaw):
    early_room = Room(room.size_m, room.listener_m, room.absorption, min(room.max_order, EARLY_ORDER))
    turn = yaw if layout == "binaural" else 0.0
    for source in sources_in(room, rng, 2):
        found = page_with_head.evaluate(
            """async ([layout, room, source, rate, yaw]) => {
              const { earlyResponse } = await import("/layouts.js");
              return earlyResponse(layout, room, source, { rate, head, yaw }).map((channel) => [...channel]);
            }""",
            [layout, as_js(room), source.tolist(), RATE, turn],
        )
        position = source - room.listener_m
        expected = impulse_responses(early_room, position, layout, sample_rate=RATE, head_yaw_deg=turn)[0]
        found = np.array(found)
        if layout == "5.1":
            assert not found[3].any()  # the LFE is left to the kernel
            expected = np.delete(expected, 3, axis=0)
            found = np.delete(found, 3, axis=0)
        length = max(found.shape[1], expected.shape[1])
        found, expected = (np.pad(h, ((0, 0), (0, length - h.shape[1]))) for h in (found, expected))
        error_db = 10 * np.log10(np.sum((found - expected) ** 2.0) / np.sum(expected**2.0))
        assert error_db < -75, error_db


@pytest.mark.parametrize("size", [(6.0, 6.0, 3.0), (2.0, 9.5, 1.6)])
def test_where_a_source_may_be_and_the_listener_is_are_those_of_python(modules, rng, size):
    first = Room((6.0, 5.0, 3.0), (3.0, 2.0, 1.5))
    listener = listener_in(size, first)
    places = [*rng.uniform(-6, 6, (50, 3)).tolist(), *rng.uniform(-0.2, 0.2, (20, 3)).tolist(), [0.0, 0.0, 0.0]]
    found_listener, found = modules.evaluate(
        """async ([size, first, places]) => {
          const { keptInside, listenerIn } = await import("/geometry.js");
          const listener = listenerIn(size, first);
          return [listener, places.map((place) => keptInside(place, { size, listener }))];
        }""",
        [list(size), {"size": first.size_m, "listener": first.listener_m}, places],
    )
    np.testing.assert_allclose(found_listener, listener, atol=1e-12)
    room = Room(size, listener)
    np.testing.assert_allclose(found, [kept_inside(place, room) for place in places], atol=1e-12)
