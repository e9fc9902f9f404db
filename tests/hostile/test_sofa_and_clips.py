"""Damaged heads and clips: read, or refused in one line that names the file, within a limit of time.

What reads them is outside software in part, so they are read in a process of their own. A few by default; with
SEE2SOUND_HOSTILE_S for so many seconds each.
"""

import os
import pathlib
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from media.clips_made import film
from PIL import Image
from render.heads_made import grid, head_made

from see2sound_nb.places.frames import directions

SECONDS = float(os.environ.get("SEE2SOUND_HOSTILE_S", 0))
#: Most seconds that one file may take.
LIMIT_S = 90

READ = """
import pathlib, sys, warnings
warnings.simplefilter("ignore")
path = pathlib.Path(sys.argv[2])
try:
    if sys.argv[1] == "head":
        from see2sound_nb import load_hrtf
        load_hrtf(path).at([[0.0, 1.0, 0.0]])
    else:
        import itertools
        from see2sound_nb import open_clip, read_frames
        clip = open_clip(path)
        for frame in itertools.islice(read_frames(clip), 4):
            pass
    print("read")
except (ValueError, OSError, MemoryError) as error:
    print("refused:", error)
"""


def mutants(data: bytes, count: int, rng: np.random.Generator):
    """Copies with some bytes changed, cut, doubled or emptied; `count` of them, or for `SECONDS`."""
    deadline = time.monotonic() + SECONDS
    number = 0
    while number < count or time.monotonic() < deadline:
        changed = bytearray(data)
        for _ in range(int(rng.integers(1, 6))):
            at, size = int(rng.integers(len(changed))), int(rng.integers(1, 40))
            kind = rng.integers(4)
            if kind == 0:
                changed[at : at + size] = rng.integers(0, 256, len(changed[at : at + size]), np.uint8).tobytes()
            elif kind == 1:
                del changed[at : at + size]
            elif kind == 2:
                changed[at:at] = changed[at : at + size]
            else:
                changed[at : at + size] = bytes(len(changed[at : at + size]))
        number += 1
        yield bytes(changed)


def check(kind: str, data: bytes, path: pathlib.Path):
    path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", READ, kind, str(path)], capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.returncode == 0, f"{path.name}: exit {done.returncode}: {done.stderr[-400:]}"
    told = done.stdout.strip().splitlines()
    assert len(told) == 1 and (told[0] == "read" or path.name in told[0]), told
    assert len(told[0]) < 600


@pytest.mark.slow
def test_damaged_heads(tmp_path):
    places = grid(30.0)
    azimuth, elevation, _ = directions(places)
    whole = tmp_path / "whole.sofa"
    with h5py.File(whole, "w") as file:
        file["Data.IR"], file["Data.SamplingRate"] = head_made(places, 44100), [44100.0]
        file["Data.Delay"] = np.zeros((1, 2))
        rows = np.column_stack([azimuth, elevation, np.full(len(azimuth), 1.5)])
        file.create_dataset("SourcePosition", data=rows).attrs["Type"] = "spherical"
    data, rng = whole.read_bytes(), np.random.default_rng(0)
    # What describes the data stands in the first and last kilobytes; the numbers themselves fill the middle.
    head, tail = data[:4096], data[-4096:]
    for number, changed in enumerate(mutants(head + tail, 5, rng)):
        half = len(changed) // 2
        check("head", changed[:half] + data[4096:-4096] + changed[half:], tmp_path / f"damaged-{number}.sofa")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gif", "png", "webp", "mp4"])
def test_damaged_clips(tmp_path, kind):
    whole = tmp_path / f"whole.{kind}"
    if kind == "mp4":
        film(whole, 4)
    else:
        frames = [Image.fromarray(np.full((16, 16, 3), 60 * k, np.uint8)) for k in range(4)]
        frames[0].save(whole, save_all=True, append_images=frames[1:], duration=100)
    data, rng = whole.read_bytes(), np.random.default_rng(1)
    for number, changed in enumerate(mutants(data, 3, rng)):
        check("clip", changed, tmp_path / f"damaged-{number}.{kind}")
