"""Render synthesised training clips of the tiny CoDi: every class, as often as asked.

One file a class, so that training can start on the first ones: ``OUT/dog.npy`` holds (clips, samples) int16 at
16 kHz.
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
import sounds


def main() -> None:
    """Render ``--clips`` clips of every one of ``--classes``, leaving out the classes that are there already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--classes", nargs="*", default=list(sounds.RECIPES))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.classes:
        path = args.out / f"{name}.npy"
        if path.exists():
            continue
        waves = np.stack([sounds.render(name, 1000 * args.seed + clip) for clip in range(args.clips)])
        part = path.with_suffix(".part.npy")
        np.save(part, np.round(waves * 32767).astype(np.int16))
        part.rename(path)
        print(name, flush=True)


if __name__ == "__main__":
    main()
