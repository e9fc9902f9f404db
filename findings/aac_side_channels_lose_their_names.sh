#!/usr/bin/env bash
# av 18.1.0 (PyAV, FFmpeg 8.1.2): AAC in 5.1 with its surround channels where they belong comes back without any names.
#
# ITU-R BS.775 has the surround loudspeakers of 5.1 at the side, FFmpeg's name for that is "5.1(side)", and its encoder
# takes it. One would guess that it is the layout to ask for. AAC has a number for 5.1 only with the surround channels at
# the "back"; for the other the encoder describes the channels one by one, and its own decoder then says "6 channels":
# whoever looks for the LFE by its name finds none. Opus, the same for the ear, refuses the layout altogether.
# What helps: write "5.1" (order and sound are the same), and give "5.1(side)" to PCM and FLAC, which keep it.
#
# Seen on 2026-11-28: "5.1 -> 5.1; 5.1(side) -> 6 channels; Opus: 5.1(side) refused; FLAC: 5.1(side)".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "av==18.1.0" "numpy==2.4.6" > /dev/null 2>&1
cat > names.py <<'PY'
import av
import numpy as np


def back(path, codec, layout):
    try:
        with av.open(path, "w") as out:
            stream = out.add_stream(codec, rate=48000, layout=layout)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 6 * 48000), np.float32), format="flt", layout=layout)
            frame.sample_rate, frame.pts = 48000, 0
            out.mux(stream.encode(frame))
            out.mux(stream.encode())
        with av.open(path) as source:
            return next(source.decode(audio=0)).layout.name
    except av.error.ArgumentError:
        return "refused"


print(back("a.mp4", "aac", "5.1"), back("b.mp4", "aac", "5.1(side)"), back("c.webm", "libopus", "5.1(side)"),
      back("d.mkv", "flac", "5.1(side)"), sep="|")
PY
IFS='|' read -r plain side opus flac < <(env/bin/python names.py 2> /dev/null)
echo "5.1 -> $plain; 5.1(side) -> $side; Opus: 5.1(side) $opus; FLAC: $flac"
[ "$plain|$side|$opus|$flac" = "5.1|6 channels|refused|5.1(side)" ] || { echo "the behaviour has changed" >&2; exit 1; }
