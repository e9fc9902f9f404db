#!/usr/bin/env bash
# pillow 13.0.0 (libjpeg-turbo 3.2): a JPEG decoded at an eighth of its size takes most of the memory of the whole, if it is
# progressive.
#
# `Image.draft` lets the decoder leave out most of its work: at an eighth of the size there is a sixty-fourth of the pixels,
# and one would guess, of the memory. So it is with a baseline JPEG. But of a progressive one, as web sites and photo
# editors write, every scan adds bits to the coefficients of the whole picture, so the decoder holds them all, two bytes
# each, at full size, however small the picture that is wanted. The draft saves time and the last copy, nothing else:
# a bound on width x height / 64 lets through what needs gigabytes. It has to count the coefficients: 3 bytes a pixel with
# colours of half resolution, 6 with full ones.
#
# Seen on 2026-11-28, bytes for each pixel of 6000 x 4000: "baseline: 4.0, draft 0.1; progressive: 10.0, draft 6.1".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "pillow==13.0.0" > /dev/null 2>&1
cat > peak.py <<'PY'
import re
import sys

from PIL import Image, JpegImagePlugin  # noqa: F401


def peak():
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])


before = peak()
with Image.open(sys.argv[1]) as picture:
    if len(sys.argv) > 2:
        picture.draft("RGB", (750, 500))
        assert picture.size == (750, 500)
    picture.load()
print((peak() - before) / 24e6)
PY
cat > draft.py <<'PY'
import subprocess
import sys

from PIL import Image

ramp = Image.linear_gradient("L").resize((6000, 4000))
picture = Image.merge("RGB", [ramp, ramp.transpose(Image.Transpose.ROTATE_180), ramp])
found = {}
for name, options in {"baseline": {}, "progressive": {"progressive": True}}.items():
    picture.save(f"{name}.jpg", subsampling=0, **options)
    runs = [[f"{name}.jpg"], [f"{name}.jpg", "draft"]]
    found[name] = [float(subprocess.check_output([sys.executable, "peak.py", *run])) for run in runs]
print("; ".join(f"{name}: {whole:.1f}, draft {draft:.1f}" for name, (whole, draft) in found.items()))
assert found["baseline"][1] < 0.5 and found["progressive"][1] > 5, "the behaviour has changed"
PY
env/bin/python draft.py
