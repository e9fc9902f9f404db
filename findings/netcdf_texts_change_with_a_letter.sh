#!/usr/bin/env bash
# netCDF4 1.7.5.1 with h5py 3.16.0: whether a text comes back as bytes or as an array depends on its letters.
#
# SOFA files (heads, rooms) are netCDF files, and h5py opens them, so one reads `attrs["Type"]` and compares it with
# b"cartesian". That works as long as the writer's text was plain ASCII: netCDF4 stores it as characters, and h5py gives
# bytes. One letter beyond (a name with an o that is crossed out) and netCDF4 stores a string: h5py gives an array of one
# object of type str. Neither equals the other: b"x" == "x" is False, and array == "x" an array. Writers of other
# languages store every text as a string. A reader that compares takes the other branch without an error: cartesian positions
# become angles. What helps: take the first element, decode it if it is bytes, and refuse what is neither word.
#
# Seen on 2026-11-28: "Moller: bytes_, equal to the text: False; Møller: ndarray (1,), equal to the text: [ True];
# cartesian as a string: == b'cartesian' is [False]".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "netCDF4==1.7.5.1.post1" "h5py==3.16.0" "numpy==2.4.6" > /dev/null 2>&1
cat > texts.py <<'PY'
import h5py
import netCDF4

NAME = "M\u00f8ller"
with netCDF4.Dataset("some.nc", "w") as file:
    file.one, file.other = "Moller", NAME
    file.setncattr_string("Type", "cartesian")  # as other writers do for every text
with h5py.File("some.nc") as file:
    one, other, kind = file.attrs["one"], file.attrs["other"], file.attrs["Type"]
print(f"Moller: {type(one).__name__}, equal to the text: {one == 'Moller'};",
      f"{NAME}: {type(other).__name__} {other.shape}, equal to the text: {other == NAME};",
      f"cartesian as a string: == b'cartesian' is {kind == b'cartesian'}")
assert type(one).__name__ == "bytes_" and one != "Moller", "the behaviour has changed"
assert other.shape == (1,) and isinstance(other[0], str), "the behaviour has changed"
assert kind.shape == (1,) and not (kind == b"cartesian").any(), "the behaviour has changed"
PY
PYTHONIOENCODING=utf-8 env/bin/python texts.py
