#!/usr/bin/env bash
# av 18.1.0 (PyAV, FFmpeg 8.1.2): frames that an MP4 hides are seen again after copying it into an MKV, and all is late.
#
# A film that was cut without coding it anew keeps the frames from the last key frame on and hides them by an edit list.
# One would guess that a copy, bit for bit, shows the same frames, as it does from MP4 to MP4. Matroska has no edit lists:
# the hidden frames are shown, everything after them comes later by their length, and a new sound beside them is out of
# step. There is no error and no warning. What helps: `packet.is_discard` tells which packets are hidden; code anew then.
#
# Seen on 2026-11-28: "14 frames shown, first 10; copied to MP4: 14, first 10; copied to MKV: 24, first 0".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "av==18.1.0" "numpy==2.4.6" > /dev/null 2>&1
cat > cut.py <<'PY'
import av
import numpy as np


def copy(source, target, hidden=0):
    with av.open(source) as a, av.open(target, "w") as b:
        stream = a.streams.video[0]
        copied = b.add_stream_from_template(stream)
        for packet in a.demux(stream):
            if packet.size:
                shift = round(hidden / 24 / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copied
                b.mux(packet)


def shown(path):
    with av.open(path) as a:  # frame k is a grey of 10 * k
        return [round(frame.to_ndarray(format="gray8").mean() / 10) for frame in a.decode(video=0)]


with av.open("whole.mp4", "w") as out:
    stream = out.add_stream("libx264", rate=24, options={"bf": "0"})
    stream.width, stream.height, stream.pix_fmt = 128, 96, "yuvj420p"
    for k in range(24):
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((96, 128), 10 * k, np.uint8), format="gray8")))
    out.mux(stream.encode())
copy("whole.mp4", "cut.mp4", hidden=10)  # frames 0 to 9 have negative times: the writer makes an edit list
copy("cut.mp4", "copy.mp4")
copy("cut.mp4", "copy.mkv")
for path in ("cut.mp4", "copy.mp4", "copy.mkv"):
    frames = shown(path)
    print(len(frames), frames[0], end=" ")
PY
seen=$(env/bin/python cut.py 2> /dev/null)
set -- $seen
echo "$1 frames shown, first $2; copied to MP4: $3, first $4; copied to MKV: $5, first $6"
[ "$*" = "14 10 14 10 24 0" ] || { echo "the behaviour has changed" >&2; exit 1; }
