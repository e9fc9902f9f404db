#!/usr/bin/env bash
# pyrato 1.1.0: its two steps to a reverberation time do not fit each other, and its clarity counts from the file's start.
#
# pyrato gives a decay curve by edc.schroeder_integration and a reverberation time by
# parameters.reverberation_time_linear_regression, whose argument is that curve. One would hand the one to the other. But
# the first does not normalise (its first value is the response's energy, not 1), and the second takes levels below 0 dB
# from absolute values: it fits -5 to -25 dB of whatever scale the recording has. No error and no warning: the result
# follows the gain. A decay of 0.5 s above a floor at -60 dB reads 5.25 s at full scale, and 0.50 s at any gain after
# dividing the curve by its first value. And parameters.clarity takes its 50 ms from the first sample of the curve and not from
# the direct sound, as ISO 3382-1 has it: with 100 ms of silence before (a player's latency, a distant source) C50 is
# minus infinity.
#
# Seen on 2026-11-28: "as chained: {1.0: 5.25, 0.1: 0.5, 0.01: 0.51} normalised: 0.5, 0.5, 0.5", "C50 with 100 ms of
# silence before: -inf".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check pyrato==1.1.0 pyfar==0.8.1 > /dev/null 2>&1
env/bin/python - <<'PY'
import warnings

import numpy as np
import pyfar
import pyrato
from pyrato.edc import schroeder_integration
from pyrato.parameters import clarity, reverberation_time_linear_regression

warnings.simplefilter("ignore")
FS = 16000
t = np.arange(int(1.5 * FS)) / FS
rng = np.random.default_rng(0)
h = rng.normal(size=len(t)) * 10 ** (-3 * t / 0.5) + 1e-3 * rng.normal(size=len(t))


def rt(curve):
    return float(np.squeeze(reverberation_time_linear_regression(curve, T="T20")))


def curve(gain, normalise):
    edc = schroeder_integration(pyfar.Signal(gain * h, FS))
    return pyfar.TimeData(edc.time / edc.time[..., :1], edc.times) if normalise else edc


raw = {gain: rt(curve(gain, False)) for gain in (1.0, 0.1, 0.01)}
right = {gain: rt(curve(gain, True)) for gain in (1.0, 0.1, 0.01)}
print("pyrato", pyrato.__version__, "true 0.5 s; as chained:", {g: round(v, 2) for g, v in raw.items()},
      "normalised:", {g: round(v, 2) for g, v in right.items()})
late = np.concatenate([np.zeros(int(0.1 * FS)), h])
edc = schroeder_integration(pyfar.Signal(late, FS))
c50 = float(np.squeeze(clarity(edc, 50)))
print("C50 with 100 ms of silence before:", c50)
assert raw[1.0] > 2 and max(right.values()) - min(right.values()) < 0.02, "the behaviour has changed"
assert c50 == -np.inf, "the behaviour has changed"
PY
