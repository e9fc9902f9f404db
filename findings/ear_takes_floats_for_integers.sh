#!/usr/bin/env bash
# ear 2.1.0 (the EBU's ADM renderer): a WAV of 32-bit floats is read as one of 32-bit integers, without a word.
#
# A WAV holds integers (format 1) or floats (format 3), and ear's reader accepts both codes: `Format` in
# ear/fileio/bw64/chunks.py names WAVE_FORMAT_IEEE_FLOAT. Then it looks at the bits of a sample alone, and 32 of them are
# an integer. So 0.25 (0x3E800000) is heard as 0.488, 0 stays 0, -0.25 becomes -0.512, and all that is
# quieter than -120 dB is as loud as a whisper at -8: the sound is there, distorted beyond recognition, at full level.
# `ear-render` reads its input so, and prints nothing. A 64-bit float is refused ("bit depth not supported"), which makes
# one think that what is not refused is read. What ear is given should be PCM of 16 or 24 bits.
#
# Seen on 2026-11-28: "PCM_24: 0.25 -> 0.250, -0.25 -> -0.250", "FLOAT: 0.25 -> 0.488, -0.25 -> -0.512, 1e-6 -> 0.418".
# ear needs NumPy 1, hence Python 3.12 or older.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check ear==2.1.0 numpy==1.26.4 soundfile==0.14.0 > /dev/null 2>&1
env/bin/python -W ignore - <<'PY'
import importlib.metadata
import warnings

import numpy as np
import soundfile
from ear.fileio import openBw64

GIVEN = [0.25, -0.25, 1e-6, 0.0]


def read(subtype):
    """What ear reads of a mono file, and the warnings that it gives."""
    soundfile.write("a.wav", np.array(GIVEN), 48000, subtype=subtype)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with openBw64("a.wav") as file:
            samples = file.read(len(GIVEN))[:, 0]
    return samples, said


whole, _ = read("PCM_24")
floats, said = read("FLOAT")
for name, samples in (("PCM_24", whole), ("FLOAT", floats)):
    pairs = ", ".join(f"{given:g} -> {sample:.3f}" for given, sample in zip(GIVEN, samples))
    print(f"ear {importlib.metadata.version('ear')}, {name}: {pairs}")
assert np.allclose(whole, GIVEN, atol=1e-6), "PCM is read wrongly, too"
assert np.allclose(floats, [0.488, -0.512, 0.418, 0], atol=1e-3) and not said, "the behaviour has changed"
PY
