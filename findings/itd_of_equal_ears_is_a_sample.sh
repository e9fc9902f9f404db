#!/usr/bin/env bash
# spatialaudiometrics 0.1.0: its MAXIACCe estimator gives equal ears a time difference of minus one sample.
#
# hrtf_metrics.itd_estimator_maxiacce correlates the ears' envelopes in full and subtracts the response's length from the
# index of the highest value; the middle of a full correlation is one before that. So every ITD is one sample too small:
# 21 microseconds at 48 kHz, 62 at 16 kHz, about what a listener can just tell in front, and one ear's side reads better
# than the other's. Comparing two heads of one rate hides it, for it cancels. The sample rate must be a numpy scalar, as
# SOFA readers happen to give: with an int or a float it ends in a TypeError (a list divided by a number). What it calls
# maxiacc is not normalised, and grows with the level.
#
# Seen on 2026-11-28: "equal ears: -1 sample; 10 samples later at the right: -11; at the left: 9", "a rate of 48000:
# TypeError", "maxiacc at twice the level: 4.0 times".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
# wget: imported, and not among its requirements.
env/bin/python -m pip install --quiet --disable-pip-version-check spatialaudiometrics==0.1.0 wget==3.2 > /dev/null 2>&1
env/bin/python - <<'PY'
import numpy as np
from spatialaudiometrics.hrtf_metrics import itd_estimator_maxiacce

burst = np.random.default_rng(0).normal(size=64)
ears = np.zeros((3, 2, 512))
for place, later in enumerate((0, 10, -10)):
    ears[place, 0, 200:264], ears[place, 1, 200 + later : 264 + later] = burst, burst
_, samples, coefficient = itd_estimator_maxiacce(ears, np.float64(48000))
print(f"equal ears: {samples[0]} sample; 10 samples later at the right: {samples[1]}; at the left: {samples[2]}")
assert [int(s) for s in samples] == [-1, -11, 9], f"the behaviour has changed: {samples}"
louder = itd_estimator_maxiacce(2 * ears, np.float64(48000))[2]
print(f"maxiacc at twice the level: {louder[0] / coefficient[0]:.1f} times")
assert round(float(louder[0] / coefficient[0]), 1) == 4.0
try:
    itd_estimator_maxiacce(ears, 48000)
except TypeError as error:
    print(f"a rate of 48000: {type(error).__name__}")
else:
    raise SystemExit("the behaviour has changed: an int is taken as a rate")
PY
