"""Convert MIT KEMAR from SOFA to the compact file that the package ships.

    python training/make_hrtf.py [MIT_KEMAR_normal_pinna.sofa]

The SOFA file is in Debian's package ``libmysofa1``. The measurements are 16-bit integers (checked), so the
conversion loses nothing. Writes ``see2sound_nb/models/weights/kemar.npz``.
"""

import os
import pathlib
import sys

import numpy as np

from see2sound_nb.render.hrtf import KEMAR
from see2sound_nb.render.sofa import read_sofa

DEBIAN = "/usr/share/libmysofa/MIT_KEMAR_normal_pinna.sofa"


def main():
    angles, responses, rate = read_sofa(sys.argv[1] if len(sys.argv) > 1 else DEBIAN)
    whole = np.round(responses * 32768)
    if np.abs(whole - responses * 32768).max() > 0:
        raise ValueError("the responses are not 16-bit integers; this is another file than MIT's")
    beside = KEMAR.with_suffix(".part.npz")
    np.savez_compressed(beside, azimuth_elevation_deg=angles, responses=whole.astype(np.int16), sample_rate=rate)
    os.replace(beside, KEMAR)
    print(f"{KEMAR.name}: {len(angles)} directions, {pathlib.Path(KEMAR).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
