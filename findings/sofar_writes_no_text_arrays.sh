#!/usr/bin/env bash
# sofar 1.3.0 with netCDF4 1.7.5.1: arrays of text, which sofar puts into every room's file by itself, cannot be written.
#
# netCDF4 1.7.4 changed what `stringtochar` takes: text, and no more the bytes that sofar gives it. sofar says so in
# its requirements ("netCDF4!=1.7.4"), from which one would guess that the versions after it work. 1.7.5 and 1.7.5.1 are
# as 1.7.4, and pip takes the newest. An object of a convention with optional texts, as SingleRoomSRIR makes it, passes
# sofar's own verification and ends in an AttributeError about `encode` while the file is half written. Heads have no
# such array, so they are written, and nothing seems wrong.
# What helps: delete the optional texts and write what they said into a global attribute; or netCDF4 1.7.3.
#
# Seen on 2026-11-28: "netCDF4 1.7.5.1.post1: verified, then AttributeError; without texts: written; netCDF4 1.7.3: written".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "sofar==1.3.0" "netCDF4==1.7.5.1.post1" "numpy==2.4.6" > /dev/null 2>&1
cat > texts.py <<'PY'
import sofar

room = sofar.Sofa("SingleRoomSRIR")
room.verify(mode="write")
try:
    sofar.write_sofa("room.sofa", room)
    said = "written"
except AttributeError as error:
    said = type(error).__name__
for name in ("ReceiverDescriptions", "EmitterDescriptions"):
    room.delete(name)
sofar.write_sofa("short.sofa", room)
print(said, end="")
PY
newest=$(env/bin/python -W ignore texts.py)
env/bin/python -m pip install --quiet --disable-pip-version-check "netCDF4==1.7.3" > /dev/null 2>&1
older=$(env/bin/python -W ignore texts.py)
echo "netCDF4 1.7.5.1.post1: verified, then $newest; without texts: written; netCDF4 1.7.3: $older"
[ "$newest" = AttributeError ] && [ "$older" = written ]
