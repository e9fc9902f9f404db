"""Render the training clips of the tiny CoDi: every class, as often as asked.

One file a clip number, so that training can start on the first ones:
``OUT/0007.npy`` holds clip 7 of every class, (classes, samples) int16 at 16 kHz, classes in `sounds.RECIPES`' order.
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
import sounds


def main() -> None:
    """Render ``--clips`` clips of every class, leaving out those that are there already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--clips", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for clip in range(args.clips):
        path = args.out / f"{clip:04d}.npy"
        if path.exists():
            continue
        waves = np.stack([sounds.render(name, 1000 * args.seed + clip) for name in sounds.RECIPES])
        part = path.with_suffix(".part.npy")
        np.save(part, np.round(waves * 32767).astype(np.int16))
        part.rename(path)
        print(f"clip {clip + 1} of {args.clips}", flush=True)


if __name__ == "__main__":
    main()
