#!/usr/bin/env bash
# pillow 13.0.0, opencv-python-headless 5.0.0.93, tifffile 2026.3.3: whether "0 is white" in a TIFF is heeded depends on how
# many bits it has, and on who reads it.
#
# A TIFF says by PhotometricInterpretation (tag 262) whether 0 is black (1) or white (0, as scanners, faxes and X-rays have
# it). One would guess that a reader of pictures turns such a negative, or that it does not. Pillow turns 1 and 8 bits,
# and hands over 16 bits and floating point as they are, in modes that say nothing of it ("I;16", "F"): the same X-ray
# comes out positive from its export of 8 bits and negative from its original. OpenCV does the same; tifffile turns none,
# which it says. There is nothing in the array to see it by: ask tag 262, and turn what has more than 8 bits.
#
# Seen on 2026-11-28, what is brighter, the stored 0 or the stored full scale:
#   "Pillow uint8: 0, uint16: full scale, float32: full scale"; the same from OpenCV; tifffile always "full scale".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check \
    "pillow==13.0.0" "opencv-python-headless==5.0.0.93" "tifffile==2026.3.3" "numpy==2.4.6" > /dev/null 2>&1
cat > negative.py <<'PY'
import cv2
import numpy as np
import tifffile
from PIL import Image

read = {
    "Pillow": lambda path: np.asarray(Image.open(path)),
    "OpenCV": lambda path: cv2.imread(path, cv2.IMREAD_UNCHANGED),
    "tifffile": tifffile.imread,
}
found = {}
for dtype, top in (("uint8", 255), ("uint16", 65535), ("float32", 1)):
    values = np.zeros((40, 40), dtype)
    values[:, 20:] = top
    tifffile.imwrite("a.tif", values, photometric="miniswhite")
    for name, reader in read.items():
        seen = reader("a.tif")
        seen = seen[..., 0] if seen.ndim == 3 else seen
        found[name, dtype] = "0" if seen[0, 0] > seen[0, -1] else "full scale"
for name in read:
    print(name, ", ".join(f"{dtype}: {found[name, dtype]}" for dtype in ("uint8", "uint16", "float32")))
assert (found["Pillow", "uint8"], found["Pillow", "uint16"], found["Pillow", "float32"]) == (
    "0", "full scale", "full scale",
), "the behaviour has changed"
PY
env/bin/python negative.py
