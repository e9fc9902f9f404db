#!/usr/bin/env bash
# adm-osc 1.0.2 (python-osc 1.10.2): a gain above 1 is sent as 1 by its client, and refused by its server.
#
# ADM-OSC 1.0 sets no limit to the gain of an object ("No maximum gain is specified"; the receiver lowers what it cannot
# do). One would guess that the protocol's own Python package sends what it is told: +6 dB, a factor of 2. Its client
# clamps to 1 without a word, so the object stays as loud as it was beside the others. Sent by another program, the 2
# does arrive, and the package's server prints "out of range" and gives it to nobody: the object keeps its former gain.
# What helps: send by python-osc itself, and do not take this server for the judge of gains; or keep all gains at most
# 1 and raise the rest of the chain.
#
# Seen on 2026-11-28: "sent by adm-osc: 2.0 becomes 1.0; sent by python-osc: 2.0 arrives as 2.0; its server takes 1.0 but not 2.0".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "adm-osc==1.0.2" "python-osc==1.10.2" > /dev/null 2>&1
cat > gains.py <<'PY'
import socket
import time

from adm_osc import OscClientServer
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

taken = []


class Server(OscClientServer):
    def on_received_message(self, target, objects, parameter, *arguments):
        taken.append(arguments[0])


with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
    wire.bind(("127.0.0.1", 0))
    wire.settimeout(5)
    one = Server(out_port=wire.getsockname()[1], in_port=0)
    one.send_object_gain(1, 2.0)
    (clamped,) = OscMessage(wire.recv(4096)).params
    SimpleUDPClient(*wire.getsockname()).send_message("/adm/obj/1/gain", 2.0)
    (whole,) = OscMessage(wire.recv(4096)).params
to_server = SimpleUDPClient("127.0.0.1", one.server.server_address[1])
to_server.send_message("/adm/obj/1/gain", 2.0)
to_server.send_message("/adm/obj/1/gain", 1.0)
end = time.monotonic() + 5
while not taken and time.monotonic() < end:
    time.sleep(0.01)
one.server.shutdown()
print(f"sent by adm-osc: 2.0 becomes {clamped}; sent by python-osc: 2.0 arrives as {whole};",
      f"its server takes {', '.join(map(str, taken))} but not 2.0")
assert clamped == 1.0 and whole == 2.0 and taken == [1.0], "the behaviour has changed"
PY
env/bin/python gains.py | grep "sent by"
