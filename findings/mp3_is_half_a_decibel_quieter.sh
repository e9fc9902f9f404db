#!/usr/bin/env bash
# av 18.1.0 (PyAV, FFmpeg 8.1.2, LAME 3.100): what is coded as MP3 comes back 0.45 dB quieter.
#
# One would guess that a coder keeps levels, as AAC and Opus do, and that the bit rate changes the quality alone. LAME
# has a factor for each constant bit rate, so that what is loud does not clip when it is decoded, and FFmpeg does not
# undo it: 0.95 up to 160 kb/s, 0.97 at 192, 0.98 at 224, and none from 256 on, so that two rates of one sound differ
# in level. With a variable bit rate (qscale) there is no factor, but soft tones are then up to 0.3 dB off, for they
# are coded coarsely. What helps: a constant bit rate, and its factor undone before (or a gain kept beside the sound).
#
# Seen on 2026-11-28: "a sine of 0.5 comes back as 0.475 from MP3 at 128 kb/s, 0.485 at 192, 0.500 at 256; 0.500 from
# AAC, 0.500 from Opus".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "av==18.1.0" "numpy==2.4.6" > /dev/null 2>&1
cat > level.py <<'PY'
import av
import numpy as np

RATE = 48000
sine = (0.5 * np.sin(2 * np.pi * 997 * np.arange(2 * RATE) / RATE)).astype(np.float32)


def amplitude(path, codec, bit_rate=128000):
    with av.open(path, "w") as out:
        stream = out.add_stream(codec, rate=RATE, layout="mono")
        stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(sine[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        for frame in av.AudioResampler(format=stream.format.name).resample(frame):
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with av.open(path) as source:
        parts = [part.to_ndarray() for frame in source.decode(audio=0)
                 for part in av.AudioResampler(format="flt").resample(frame)]
    return np.sqrt(2 * np.mean(np.concatenate(parts, axis=1)[0, RATE // 2 : RATE] ** 2))


for bit_rate in (128000, 192000, 256000):
    print(f"{amplitude('a.mp3', 'libmp3lame', bit_rate):.3f}", end=" ")
for path, codec in (("a.m4a", "aac"), ("a.webm", "libopus")):
    print(f"{amplitude(path, codec):.3f}", end=" ")
PY
seen=$(env/bin/python level.py 2> /dev/null)
set -- $seen
echo "a sine of 0.5 comes back as $1 from MP3 at 128 kb/s, $2 at 192, $3 at 256; $4 from AAC, $5 from Opus"
[ "$*" = "0.475 0.485 0.500 0.500 0.500" ] || { echo "the behaviour has changed" >&2; exit 1; }
