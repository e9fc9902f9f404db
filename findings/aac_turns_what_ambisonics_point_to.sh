#!/usr/bin/env bash
# av 18.1.0 (PyAV, FFmpeg 8.1.2): AAC of first-order Ambisonics turns a source by up to ten degrees, at 512 kb/s too.
#
# Four channels of Ambisonics (W, Y, Z, X) are sent to YouTube as AAC, of 256 kb/s or more. One would guess that at
# 128 kb/s for each channel nothing is lost that matters. But where a sound comes from lies in the ratios of the
# channels, and FFmpeg's encoder does not keep those: by default ("twoloop") levels of bands are off by a decibel or
# two, two channels may be coded as one with a ratio (intensity stereo), and noise is replaced by noise of the
# decoder's own. Each channel by itself sounds fine, and there is no warning. What helps: aac_coder=fast, aac_is=0,
# aac_ms=0, aac_pns=0; or Opus with mapping_family=2, which codes each channel alone.
#
# Seen on 2026-11-28, for bursts of noise at an azimuth of 60 degrees over a soft noise at -80, in the worst of five
# bands: "256 kb/s: 7.9 degrees off; 512 kb/s: 9.5; 512 kb/s with these options: 0.4; Opus: 1.1".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "av==18.1.0" "numpy==2.4.6" > /dev/null 2>&1
cat > turned.py <<'PY'
import av
import numpy as np

RATE = 48000
BANDS = [(100, 400), (400, 1600), (1600, 6000), (6000, 12000), (12000, 19000)]


def wave(azimuth, elevation, sound):
    a, e = np.radians([azimuth, elevation])
    return np.array([1, np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])[:, None] * sound


def azimuths(foa):
    F = np.fft.rfft(foa)
    hz = np.fft.rfftfreq(foa.shape[1], 1 / RATE)
    I = (F[0].conj() * F).real
    sums = [I[:, (hz > low) & (hz < high)].sum(axis=1) for low, high in BANDS]
    return np.array([np.degrees(np.arctan2(s[1], s[3])) for s in sums])


def coded(foa, codec, layout, bit_rate, options):
    with av.open("a.mp4", "w") as out:
        stream = out.add_stream(codec, rate=RATE, layout=layout, options=options)
        stream.bit_rate = bit_rate
        packed = np.ascontiguousarray(foa.T, dtype=np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate, frame.pts = RATE, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    packer, parts = av.AudioResampler(format="flt"), []
    with av.open("a.mp4") as source:
        for frame in source.decode(audio=0):
            parts += [part.to_ndarray().reshape(-1, 4) for part in packer.resample(frame)]
    return np.concatenate(parts).T[:, : foa.shape[1]]


random = np.random.default_rng(0)
time_s = np.arange(4 * RATE) / RATE
foa = wave(60, 10, 0.15 * random.standard_normal(len(time_s)) * (np.sin(3 * np.pi * time_s) > 0))
foa = np.clip(foa + wave(-80, 0, 0.02 * random.standard_normal(len(time_s))), -1, 1)
plain = {"aac_coder": "fast", "aac_is": "0", "aac_ms": "0", "aac_pns": "0"}
for way in (
    ("aac", "4.0", 256000, {}), ("aac", "4.0", 512000, {}), ("aac", "4.0", 512000, plain),
    ("libopus", "ambisonic 1", 512000, {"mapping_family": "2"}),
):
    print(round(float(np.abs(azimuths(coded(foa, *way)) - azimuths(foa)).max()), 1), end=" ")
PY
seen=$(env/bin/python turned.py 2> /dev/null)
set -- $seen
echo "256 kb/s: $1 degrees off; 512 kb/s: $2; 512 kb/s with these options: $3; Opus: $4"
python3 -c "
import sys
low, usual, plain, opus = map(float, sys.argv[1:])
sys.exit(0 if low > 3 and usual > 3 and plain < 1 and opus < 2 else 1)
" "$@" || { echo "the behaviour has changed" >&2; exit 1; }
