#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8): the filter ebur128 gives its loudness in LUFS and its true peak as a factor with three decimals.
#
# Of the frames that come out of ebur128=peak=true:metadata=1 one reads lavfi.r128.I and lavfi.r128.true_peak, side by
# side. The program ffmpeg prints both in decibels; in the metadata the first is in LUFS, and the second is an amplitude:
# "0.100" is -20 dBTP and not a tenth of a decibel above full scale. Taken for dBTP, everything that does not clip passes
# any limit below full scale, and clipped sound looks like 1 dB over. With three decimals a peak of -60 dBTP is "0.001",
# as is one of -57, and anything below -66 is "0.000". Silence is I = -70.000, the gate and not minus infinity.
#
# Seen on 2026-11-28: "-1 dB: I -4.016, true_peak 0.891", "-20 dB: ... 0.100", "-57 dB: ... 0.001", "-60 dB: ... 0.001",
# "-70 dB: ... 0.000".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check av==18.1.0 numpy > /dev/null 2>&1
env/bin/python - <<'PY'
from fractions import Fraction

import av
import numpy as np

FS = 48000
SINE = np.sin(2 * np.pi * 997 * np.arange(2 * FS) / FS)


def measured(level_db):
    graph = av.filter.Graph()
    chain = [
        graph.add_abuffer(sample_rate=FS, format="fltp", layout="mono", time_base=Fraction(1, FS)),
        graph.add("ebur128", "peak=true:metadata=1"),
        graph.add("abuffersink"),
    ]
    graph.link_nodes(*chain).configure()
    frame = av.AudioFrame.from_ndarray((10 ** (level_db / 20) * SINE).astype(np.float32)[None], "fltp", "mono")
    frame.sample_rate, frame.pts = FS, 0
    graph.push(frame)
    graph.push(None)
    last = {}
    while True:
        try:
            last = graph.pull().metadata or last
        except (av.error.BlockingIOError, av.error.EOFError):
            return last["lavfi.r128.I"], last["lavfi.r128.true_peak"]


found = {level: measured(level) for level in (-1, -20, -57, -60, -70)}
for level, (loudness, peak) in found.items():
    print(f"PyAV {av.__version__}, {level} dB: I {loudness}, true_peak {peak}")
peaks = [peak for _, peak in found.values()]
assert peaks == ["0.891", "0.100", "0.001", "0.001", "0.000"], "the behaviour has changed"
PY
