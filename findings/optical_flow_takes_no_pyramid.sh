#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93 (and 4.12.0.88): in Python, calcOpticalFlowPyrLK takes no pyramid of buildOpticalFlowPyramid.
#
# The documentation says of its first two arguments "image or pyramid constructed by buildOpticalFlowPyramid". One would
# build the pyramid of a frame once, and use it forward, backward and for the next frame. In C++ that works; the Python
# function hands a tuple of arrays over, and the other one takes arrays only: no overload fits. So each pass builds both
# pyramids again (a forward-backward check of a clip builds each four times), and nothing in Python avoids it.
#
# Seen on 2026-11-28: "OpenCV 5.0.0: a pyramid of 6 arrays, flow refuses it: error", and the same of OpenCV 4.12.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pyramid.py <<'PY'
import cv2
import numpy as np

frame = (np.random.default_rng(0).random((120, 160)) * 255).astype(np.uint8)
points = np.array([[[40.0, 50.0]], [[90.0, 60.0]]], np.float32)
assert cv2.calcOpticalFlowPyrLK(frame, frame, points, None)[1].all()
_, pyramid = cv2.buildOpticalFlowPyramid(frame, (21, 21), 3)
try:
    cv2.calcOpticalFlowPyrLK(pyramid, pyramid, points, None)
except cv2.error as error:
    print(f"OpenCV {cv2.__version__}: a pyramid of {len(pyramid)} arrays, flow refuses it: {type(error).__name__}")
else:
    raise SystemExit(f"OpenCV {cv2.__version__}: the behaviour has changed, flow takes a pyramid")
PY
for version in 5.0.0.93 4.12.0.88; do
    python3 -m venv "env-$version"
    "env-$version/bin/python" -m pip install --quiet --disable-pip-version-check "opencv-python-headless==$version" > /dev/null 2>&1
    "env-$version/bin/python" pyramid.py
done
