"""What a renderer is told by ADM-OSC, as the protocol's own receiver hears it: real datagrams on the loopback."""

import socket
import sys
import threading
import time

import numpy as np
import pytest
from media.osc_receiver import receiver

from see2sound_nb.media import adm_osc
from see2sound_nb.media.adm_osc import AdmOscSender, adm_osc_messages


def messages(azimuth_deg=(30.0, -120.0), distance_m=(2.0, 9.0), gains=(1.0, 0.5), muted=(False, True), dmax_m=4.0):
    return adm_osc_messages(
        ["dog", "fountain" * 40], azimuth_deg, (10.0, -90.0), distance_m, gains, muted, dmax_m=dmax_m
    )


def test_the_protocols_own_receiver_takes_every_message(capsys):
    with receiver() as found:
        with AdmOscSender(messages, port=found.port) as sender:
            found.until(lambda: len(found.heard) == 9)
            assert repr(sender) == f"AdmOscSender(127.0.0.1:{found.port}, open)"
        latest = found.latest()
    assert latest["all", "dmax"] == (4.0,)
    assert latest[1, "name"] == ("dog",) and len(latest[2, "name"][0]) == 128
    assert latest[1, "aed"] == pytest.approx((30, 10, 0.5)), "positive azimuth is on the left in ADM, too"
    assert latest[2, "aed"] == pytest.approx((-120, -90, 1.0)), "no farther than the farthest"
    assert (latest[1, "gain"], latest[2, "gain"]) == ((1.0,), (0.5,))
    assert (latest[1, "mute"], latest[2, "mute"]) == ((0,), (1,)) and type(latest[1, "mute"][0]) is int
    assert "ERROR" not in capsys.readouterr().out, "what that receiver says of messages that are not valid"


def test_numbers_may_be_numpys_and_whole():
    """An OSC message says of what type each argument is, and receivers refuse a whole number for a fraction."""
    found = messages(np.float32([0, 1]), np.array([1, 2]), np.array([1, 2]), np.array([True, False]), np.int64(4))
    assert all(type(value) is float for name in ("aed", "gain") for value in found[f"/adm/obj/1/{name}"])
    assert type(found["/adm/obj/*/dmax"][0]) is float and type(found["/adm/obj/1/mute"][0]) is int


def test_a_gain_may_be_more_than_one_as_the_protocol_has_it_though_its_own_receiver_has_not(capsys):
    with receiver() as found, AdmOscSender(lambda: messages(gains=(1.0, 2.0)), port=found.port):
        found.until(lambda: len(found.raw) == 9)
        assert found.raw["/adm/obj/2/gain"] == (2.0,) and (2, "gain") not in found.latest()
    assert "out of range" in capsys.readouterr().out


def test_only_what_is_new_is_sent_the_latest_always_and_no_more_than_fifty_a_second():
    places = [0.0]
    with receiver() as found, AdmOscSender(lambda: messages((places[-1], 5.0)), port=found.port) as sender:
        found.until(lambda: len(found.heard) == 9)
        sender.changed()
        time.sleep(0.1)
        assert len(found.heard) == 9, "nothing is new"
        begin = time.monotonic()
        while time.monotonic() < begin + 0.5:  # dragged: a thousand places a second
            places.append(places[-1] + 0.1)
            sender.changed()
            time.sleep(0.001)
        last = places[-1]
        sender.close()
        found.until(lambda: found.latest()[1, "aed"][0] == pytest.approx(last))
        moved = found.heard[9:]
        assert {message[:2] for message in moved} == {(1, "aed")}, "the other one rests"
        assert 5 < len(moved) <= 1 + 50 * (time.monotonic() - begin)
        places.append(99.0)
        sender.changed()
        time.sleep(0.1)
        assert len(found.heard) == 9 + len(moved), "closed"


def test_what_was_set_just_before_the_end_is_sent():
    azimuth = [0.0]
    with receiver() as found:
        with AdmOscSender(lambda: messages((azimuth[0], 5.0)), port=found.port) as sender:
            azimuth[0] = 77.0
            sender.changed()
        found.until(lambda: found.latest().get((1, "aed"), (0,))[0] == pytest.approx(77))


def test_what_changes_by_itself_is_asked_for_and_a_late_receiver_is_told_all():
    begin = time.monotonic()
    state = lambda: messages((time.monotonic() - begin, 5.0))  # noqa: E731
    with receiver() as found, AdmOscSender(state, port=found.port) as sender:
        found.until(lambda: len(found.heard) == 9)
        sender.running = True
        found.until(lambda: len(found.heard) > 19)
        sender.running = False
        time.sleep(0.1)
        before = len(found.heard)
        time.sleep(0.2)
        assert len(found.heard) == before
        sender.resend()
        found.until(lambda: len(found.heard) == before + 9)


def test_an_error_of_the_network_is_said_once_and_it_goes_on(monkeypatch):
    monkeypatch.setattr(adm_osc, "REST_S", 0.02)
    said, azimuth = [], [0.0]

    def state():
        if azimuth[0] == 1.0:
            raise OSError("the cable is out")
        return messages((azimuth[0], 5.0))

    with receiver() as found, AdmOscSender(state, port=found.port, failed=said.append) as sender:
        found.until(lambda: len(found.heard) == 9)
        azimuth[0] = 1.0
        sender.changed()
        time.sleep(0.2)
        assert said == [f"ADM-OSC to 127.0.0.1:{found.port} cannot be sent: the cable is out"]
        azimuth[0] = 2.0
        found.until(lambda: found.latest()[1, "aed"][0] == pytest.approx(2.0))


def test_bad_input_is_refused_before_anything_is_sent():
    with pytest.raises(ValueError, match=r"port=0 must be a whole number from 1 to 65535; ADM-OSC's own is 4001"):
        AdmOscSender(messages, port=0)
    with pytest.raises(ValueError, match=r"host '\.\.' is not known"):
        AdmOscSender(messages, "..")
    with pytest.raises(ValueError, match=r"dmax_m=0 must be a positive number of metres"):
        messages(dmax_m=0)
    with pytest.raises(ValueError, match="not a finite number"):
        AdmOscSender(lambda: messages((np.nan, 0.0)))
    with pytest.raises(OSError, match=r"ADM-OSC to 255\.255\.255\.255:4001 cannot be sent: .*; look at the address"):
        AdmOscSender(messages, "255.255.255.255")  # to all, which a socket must be allowed to
    assert not [thread for thread in threading.enumerate() if thread.name == "ADM-OSC"]


def test_without_python_osc_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pythonosc.osc_message_builder", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs python-osc: pip install 'see2sound_nb\[osc\]'"):
        AdmOscSender(messages)


def test_it_goes_to_this_machine_unless_another_is_named(monkeypatch):
    gone = []

    class Socket(socket.socket):
        def sendto(self, data, address):
            gone.append(address)

    monkeypatch.setattr(socket, "socket", Socket)
    AdmOscSender(messages).close()
    assert set(gone) == {("127.0.0.1", 4001)}
