"""What `train_codi_gpu` needs of the training clips, small enough to be carried to another machine.

``OUT/recorded.npz`` and ``OUT/rendered.npz`` hold the log-mels of the first clips of every kind, in steps of `STEP`,
as differences from frame to frame, xz-compressed (about 10 kB a clip); ``OUT/pools.npz`` the embeddings of the
sentences that describe each kind, in 8 bits (`train_codi.token_pools`; MiniLM runs here, and need not run there).
"""

from __future__ import annotations

import argparse
import json
import lzma
import pathlib

import numpy as np
import torch

STEP = 0.09  # of the log-mel: 0.045 at most is lost, 0.02 in the mean
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9, "lc": 3, "lp": 0, "pb": 0}]


def pack(mels: np.ndarray) -> tuple[bytes, float]:
    """(N, frames, bands) log-mels as bytes, and the value that is 0 there."""
    low = float(mels.min())
    levels = np.round((mels - low) / STEP).astype(np.int64)
    if levels.max() > 255:
        raise ValueError(f"{levels.max()} steps of {STEP}; at most 255 fit")
    return lzma.compress(np.diff(levels, axis=1, prepend=0).astype(np.uint8).tobytes(), filters=FILTERS), low


def unpack(packed: bytes, shape: tuple[int, int, int], low: float) -> np.ndarray:
    """The log-mels that `pack` was given, float32."""
    changes = np.frombuffer(lzma.decompress(packed), np.uint8).reshape(shape)
    return low + STEP * np.cumsum(changes, axis=1, dtype=np.uint8).astype(np.float32)


def read(path: pathlib.Path) -> tuple[list[str], np.ndarray]:
    """Kind of each clip, and their log-mels (N, frames, bands) float32, of a file that `main` wrote."""
    file = np.load(path)
    counts = json.loads(str(file["counts"]))
    names = [name for name, count in counts.items() for _ in range(count)]
    return names, unpack(file["packed"].tobytes(), tuple(file["shape"]), float(file["low"]))


def read_pools(path: pathlib.Path) -> dict[str, np.ndarray]:
    """(N, 384) float32 embeddings by kind; those of the empty sentence are at ``""``."""
    file = np.load(path)
    rows = file["rows"].astype(np.float32) * file["scale"][:, None]
    counts = json.loads(str(file["counts"]))
    return dict(zip(counts, np.split(rows, np.cumsum(list(counts.values()))[:-1]), strict=True))


def main() -> None:
    """Write the three files; print their sizes and what the steps lose."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=pathlib.Path, required=True, help="holds recorded/, rendered/ and maybe pools.pt")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--recorded", type=int, default=17, help="clips a kind")
    parser.add_argument("--rendered", type=int, default=12, help="clips of a kind without recordings")
    parser.add_argument("--both", type=int, default=2, help="rendered clips of a kind with recordings")
    args = parser.parse_args()
    torch.set_num_threads(1)
    from mel_data import Clips, load_mels
    from train_codi import token_pools

    args.out.mkdir(parents=True, exist_ok=True)
    every: set[str] = set()
    recorded = {path.stem for path in (args.run / "recorded").glob("*.npy")}
    for folder in ("recorded", "rendered"):
        counts, mels = {}, []
        for path in sorted((args.run / folder).glob("*.npy")):
            many = args.recorded if folder == "recorded" else args.both if path.stem in recorded else args.rendered
            mels.append(load_mels(path, 0, many).numpy())
            counts[path.stem] = len(mels[-1])
        stacked = np.concatenate(mels)
        packed, low = pack(stacked)
        out = args.out / f"{folder}.npz"
        np.savez(out, packed=np.frombuffer(packed, np.uint8), shape=stacked.shape, low=low, counts=json.dumps(counts))
        names, again = read(out)
        lost = np.abs(again - stacked)
        print(f"{out.name}: {len(names)} clips of {len(counts)} kinds, {out.stat().st_size / 2**20:.2f} MiB; "
              f"lost {lost.mean():.4f} in the mean, {lost.max():.4f} at most")  # fmt: skip
        every |= set(counts)
    pools, nothing = token_pools([Clips(name, None, None) for name in sorted(every)], args.run)
    parts = {"": nothing[None].numpy()} | dict(zip(sorted(every), [p.numpy() for p in pools], strict=True))
    rows = np.concatenate(list(parts.values()))
    scale = np.abs(rows).max(1) / 127.0
    out = args.out / "pools.npz"
    np.savez(out, rows=np.round(rows / scale[:, None]).astype(np.int8), scale=scale.astype(np.float32),
             counts=json.dumps({name: len(part) for name, part in parts.items()}))  # fmt: skip
    lost = np.abs(np.concatenate(list(read_pools(out).values())) - rows).max()
    print(f"{out.name}: {len(rows)} sentences, {out.stat().st_size / 2**20:.2f} MiB; lost {lost:.4f} at most")


if __name__ == "__main__":
    main()
