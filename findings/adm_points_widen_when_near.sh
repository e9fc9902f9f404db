#!/usr/bin/env bash
# ear 2.1.0 (the EBU's ADM renderer, ITU-R BS.2127): an object of width 0 is 48 degrees wide at half the distance.
#
# In ADM (BS.2076) an object's `distance` is 1 where nothing is said, and a fraction of the pack's `absoluteDistance`.
# One would take it for what it is called, and divide metres by the largest distance there is, so that all lie between
# 0 and 1. A renderer of BS.2127 does not make what is near louder by it; it makes it wider. The extent is as if the
# object had 0.2 units' size at distance 1, where that is counted as none: at 0.5 a point of width, height and depth 0 is
# spread over 48 degrees, at 0.25 over 125, at 0 over all loudspeakers, height included. At 1 and beyond it is a point.
# So the distances of points must not be below 1: take the nearest for `absoluteDistance`, and put the level into `gain`.
#
# Seen on 2026-11-28, of 11 loudspeakers of 4+7+0, a point at 15 degrees: "distance 2: 2 play, 1: 2, 0.5: 6, 0.1: 11".
# ear needs NumPy 1, hence Python 3.12 or older.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check ear==2.1.0 numpy==1.26.4 > /dev/null 2>&1
env/bin/python -W ignore - <<'PY'
import importlib.metadata

import numpy as np
from ear.core import bs2051
from ear.core.metadata_input import ObjectTypeMetadata
from ear.core.objectbased.gain_calc import GainCalc
from ear.fileio.adm.elements import AudioBlockFormatObjects

renderer = GainCalc(bs2051.get_layout("4+7+0"))
playing = {}
for distance in (2, 1, 0.5, 0.1):
    position = {"azimuth": 15, "elevation": 0, "distance": distance}
    block = AudioBlockFormatObjects(position=position, width=0, height=0, depth=0)
    gains = renderer.render(ObjectTypeMetadata(block_format=block)).direct
    playing[distance] = int(np.sum(gains > 1e-3))
    width = renderer.polar_extent_panner.extent_mod(0, distance)
    power = 10 * np.log10(np.sum(gains**2))
    print(
        f"ear {importlib.metadata.version('ear')}, distance {distance}: {playing[distance]} loudspeakers play, "
        f"{width:.0f} degrees wide, level {abs(power):.1f} dB"
    )
assert playing == {2: 2, 1: 2, 0.5: 6, 0.1: 11}, "the behaviour has changed"
PY
