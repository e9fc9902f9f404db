"""A live room on real loudspeakers: the protocol's own receiver hears where sources are, before and after a drag."""

import threading
import time

import numpy as np
import pytest
from browser.scenes import moving_scene, only_ambience, three_sources
from media.osc_receiver import receiver

import see2sound_nb as s2s
from see2sound_nb.notebook.widgets.live_room_osc import LiveRoomSender


@pytest.fixture
def w():
    w = s2s.LiveRoom(three_sources(max_order=3))
    w.send = lambda content, buffers=None: None
    yield w
    w.close()


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "ADM-OSC"]


def test_the_dog_is_on_the_left_and_after_a_drag_on_the_right(w):
    assert not threads(), "off unless asked"
    with receiver() as found:
        sender = w.send_adm_osc(port=found.port)
        assert isinstance(sender, LiveRoomSender) and sender.host == "127.0.0.1"
        found.until(lambda: len(found.heard) == 13)
        latest = found.latest()
        farthest = latest["all", "dmax"][0]
        corners = np.array(np.meshgrid(*[(0, side) for side in w.room_size])).reshape(3, -1).T
        assert farthest == pytest.approx(np.linalg.norm(corners - w.listener, axis=1).max())
        assert [latest[k, "name"][0] for k in (1, 2, 3)] == ["dog", "fountain", "engine"]
        assert latest[1, "aed"] == pytest.approx((45, 0, np.hypot(1.5, 1.5) / farthest)), "left, at (-1.5, 1.5, 0) m"
        assert latest[3, "aed"][0] == pytest.approx(-45) and latest[3, "aed"][1] < 0, "right and below"
        assert {latest[k, "gain"] for k in (1, 2, 3)} == {(1.0,)} and {latest[k, "mute"] for k in (1, 2, 3)} == {(0,)}
        begin = time.monotonic()
        for x in np.linspace(-1.5, 2.0, 300):  # as from the front end
            w.set_state({"positions": [[float(x), 2.0, 1.0], *map(list, w.positions[1:])]})
        found.until(lambda: found.latest()[1, "aed"][0] == pytest.approx(-45))
        assert found.latest()[1, "aed"][1:] == pytest.approx((np.degrees(np.arctan(1 / 8**0.5)), 3 / farthest))
        assert {message[:2] for message in found.heard[13:]} == {(1, "aed")}
        assert len(found.heard) <= 14 + 50 * (time.monotonic() - begin), "places are left out while it is dragged"


def test_levels_mute_solo_and_the_room_are_followed(w):
    with receiver() as found:
        w.send_adm_osc(port=found.port)
        w.levels_db = [-6, 0, -20]
        found.until(lambda: found.latest()[1, "gain"] == pytest.approx((10 ** (-6 / 20),)))
        found.until(lambda: found.latest()[3, "gain"] == pytest.approx((0.1,)))
        w.muted = [True, False, False]
        found.until(lambda: [found.latest()[k, "mute"][0] for k in (1, 2, 3)] == [1, 0, 0])
        w.soloed = [False, True, False]
        found.until(lambda: [found.latest()[k, "mute"][0] for k in (1, 2, 3)] == [1, 0, 1])
        before = found.latest()["all", "dmax"][0]
        w.room_size = (20.0, 20.0, 6.0)
        found.until(lambda: found.latest()["all", "dmax"][0] > 2 * before)
        metres = lambda: found.latest()[1, "aed"][2] * found.latest()["all", "dmax"][0]  # noqa: E731
        found.until(lambda: metres() == pytest.approx(np.hypot(1.5, 1.5)))


def test_a_distance_that_is_named_stays(w):
    with receiver() as found:
        w.send_adm_osc(port=found.port, dmax_m=2.0)
        w.room_size = (20.0, 20.0, 6.0)
        w.positions = [[-0.6, 0.8, 0], [0, 5, 0], [1, 1, 0]]
        found.until(lambda: found.latest()[2, "aed"] == (0, 0, 1.0))
        assert found.latest()[1, "aed"][2] == pytest.approx(0.5) and found.latest()["all", "dmax"] == (2.0,)


def test_another_call_and_the_end_of_the_widget_end_it(w):
    with receiver() as one, receiver() as other:
        first = w.send_adm_osc(port=one.port)
        second = w.send_adm_osc(port=other.port)
        assert first.closed and not second.closed and len(threads()) == 1
        w.positions = [[0, 1, 0], *w.positions[1:]]
        other.until(lambda: (1, "aed") in other.latest() and other.latest()[1, "aed"][0] == 0)
        assert one.latest()[1, "aed"][0] == pytest.approx(45)
        w.close()
        assert second.closed and not threads()
        w.close()
    w = s2s.LiveRoom(only_ambience())
    with receiver() as found, w.send_adm_osc(port=found.port):
        found.until(lambda: len(found.heard) == 1)  # how far is far; there is no object
    assert not threads()


def test_a_clip_runs_on_between_what_the_browser_tells(tmp_path):
    w = s2s.LiveRoom(moving_scene(tmp_path, max_order=1))
    w.send = lambda content, buffers=None: None
    with receiver() as found:
        w.send_adm_osc(port=found.port)
        found.until(lambda: len(found.heard) == 13)
        latest = found.latest()
        assert latest[1, "aed"][0] == pytest.approx(45), "the first source begins at (-1.5, 1.5, 0) m"
        assert [latest[k, "gain"] for k in (1, 2, 3)] == [(1.0,), (1.0,), (0.0,)], "the third is of the second shot"
        w.set_state({"running": True})
        found.until(lambda: found.latest()[1, "aed"][0] < 38)  # 0.05 m a frame, 12 frames a second
        assert w.time_s == 0.0, "before the browser has told another moment"
        w.set_state({"time_s": 2.0})
        found.until(lambda: found.latest()[1, "aed"][0] < 12)
        w.set_state({"running": False, "time_s": 4.0})
        found.until(lambda: [found.latest()[k, "gain"] for k in (1, 2, 3)] == [(0.0,), (0.0,), (1.0,)])
        time.sleep(0.1)
        before = len(found.heard)
        time.sleep(0.2)
        assert len(found.heard) == before, "it stands still"
        w.positions = [*w.positions[:2], [0, 2, 0]]
        found.until(lambda: found.latest()[3, "aed"][0] == 0)
    w.close()
    assert not threads()


def test_what_cannot_be_sent_is_said_in_the_widget(w, monkeypatch):
    with receiver() as found:
        sender = w.send_adm_osc(port=found.port)

        class Broken:
            def sendto(self, data, address):
                raise OSError("Network is unreachable")

            def close(self):
                pass

        sender._socket.close()
        sender._socket = Broken()
        w.levels_db = [-1, 0, 0]
        end = time.monotonic() + 3
        while not w.message and time.monotonic() < end:
            time.sleep(0.01)
        assert w.message == f"ADM-OSC to 127.0.0.1:{found.port} cannot be sent: Network is unreachable"
