#!/usr/bin/env bash
# spaudiopy 0.2.0 and sofar 1.3.0: a head whose delays stand in Data.Delay is read without its interaural time differences.
#
# A SOFA file may keep the time of arrival apart from the responses, in Data.Delay, one number for each direction and
# ear (AES69; several public sets do, with the onsets cut off and the responses short). One would guess that a loader of
# head-related impulse responses applies them: sofar gives the array beside the responses, which is all that it promises;
# spaudiopy's load_sofa_hrirs gives left and right responses for rendering and does not read it. No error and no warning:
# a source at the left is heard with the right level difference and with no time difference at all.
# What helps: look at Data.Delay, and move each response by it (whole samples and parts).
#
# Seen on 2026-11-28: "in the file: 30 samples; sofar's Data_IR: 0; spaudiopy: 0".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "spaudiopy==0.2.0" "sofar==1.3.0" "numpy==2.4.6" > /dev/null 2>&1
cat > delays.py <<'PY'
import numpy as np
import sofar
import spaudiopy

azimuth = np.arange(0, 360, 10.0)
late = np.round(15 + 15 * np.sin(np.radians(azimuth))[:, None] * [-1, 1])
head = sofar.Sofa("SimpleFreeFieldHRIR")
head.Data_IR, head.Data_SamplingRate, head.Data_Delay = np.zeros((36, 2, 64)), 48000, late
head.Data_IR[..., 10] = 1
head.SourcePosition = np.column_stack([azimuth, 0 * azimuth, 0 * azimuth + 1])
sofar.write_sofa("head.sofa", head)
left = 9  # 90 degrees


def itd(ears):
    return int(np.argmax(np.abs(ears[1])) - np.argmax(np.abs(ears[0])))


plain = itd(sofar.read_sofa("head.sofa", verbose=False).Data_IR[left])
rendered = spaudiopy.io.load_sofa_hrirs("head.sofa")
found = itd([rendered.left[left], rendered.right[left]])
print(f"in the file: {late[left, 1] - late[left, 0]:.0f} samples; sofar's Data_IR: {plain}; spaudiopy: {found}")
assert plain == 0 and found == 0, "the behaviour has changed"
PY
env/bin/python -W ignore delays.py 2> /dev/null | grep "in the file"
