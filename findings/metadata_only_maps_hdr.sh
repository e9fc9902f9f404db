#!/usr/bin/env bash
# av 18.1.0 (PyAV, FFmpeg 8.1.2): an argument that "sets frame metadata only" maps HDR to a usual screen.
#
# The documentation of `reformat(dst_color_trc=...)` says: "This sets frame metadata only; it does not perform a
# pixel-level transfer function conversion." One would guess that it cannot help with HDR (PQ), whose white of 203 nits
# comes out as a dull 146 of 255, and would write a tone mapping of one's own, which would then be applied twice.
# In fact libswscale converts: with dst_color_trc and dst_color_primaries of BT.709 white becomes 254. The first frame takes
# some seconds (tables are made), the next ones a millisecond: so one VideoReformatter for all frames, not frame.reformat.
#
# Seen on 2026-11-28: "white of 203 nits: 146 as it is, 254 'tagged'; first frame N times slower than the next", N > 100.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "av==18.1.0" "numpy==2.4.6" > /dev/null 2>&1
cat > white.py <<'PY'
import time

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorTrc, VideoReformatter

assert "metadata only" in VideoReformatter.reformat.__doc__


def white():
    frame = av.VideoFrame(64, 64, "yuv420p10le")
    for plane, value in zip(frame.planes, (round(64 + 876 * 0.5807), 512, 512)):  # 203 nits in PQ, by BT.2408
        plane.update(np.full(plane.buffer_size // 2, value, np.uint16).tobytes())
    frame.colorspace = frame.color_primaries = 9  # BT.2020
    frame.color_trc, frame.color_range = ColorTrc.SMPTE2084, 1
    return frame


reformatter, seconds = VideoReformatter(), []
for _ in range(5):
    start = time.perf_counter()
    tagged = reformatter.reformat(
        white(), format="rgb24", dst_color_trc=ColorTrc.BT709, dst_color_primaries=ColorPrimaries.BT709
    ).to_ndarray()
    seconds.append(time.perf_counter() - start)
print(white().to_ndarray(format="rgb24")[9, 9, 1], tagged[9, 9, 1], round(seconds[0] / min(seconds)))
PY
read -r plain tagged times < <(env/bin/python white.py)
echo "white of 203 nits: $plain as it is, $tagged 'tagged'; first frame $times times slower than the next"
[ "$plain" -lt 160 ] && [ "$tagged" -gt 245 ] && [ "$times" -gt 100 ] || { echo "the behaviour has changed" >&2; exit 1; }
