"""Judge the tiny CoDi by `aisfx`, which nobody here trained, on recordings that trained nothing: one table.

Three sounds of every class that has recordings in `recordings.JUDGE` are compared with these recordings:

- nearest neighbour: how often the recording nearest to a sound (or one of the nearest three) is of its class;
- Fréchet distance (Heusel et al. 2017) of the embeddings, each of unit length, of all sounds and all recordings.
  With so few it is far too large to be compared with other papers, and only comparable between the rows here;
- seeds: the mean distance (1 - cosine) of two sounds of one class, beside that of two recordings of one class, and of
  two of different classes.

Recordings against recordings (nearest: each left out in turn; Fréchet: random halves, eight times) is what to hope for.
"""

from __future__ import annotations

import argparse
import itertools
import pathlib

import numpy as np
import recordings
import torch

from see2sound_nb.measure import judge

SECONDS = 10  # of a recording; more says nothing more
SEEDS = 3


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of normal distributions that are fitted to (N, D) and (M, D) embeddings."""
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cov_b @ root), 0.0)).sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a) + np.trace(cov_b) - 2.0 * cross)


def nearest(queries: np.ndarray, names: np.ndarray, to: np.ndarray, to_names: np.ndarray, itself: bool) -> tuple:
    """Shares of queries whose nearest, and one of whose three nearest, is of their class; ``itself`` is left out."""
    likeness = queries @ to.T
    if itself:
        np.fill_diagonal(likeness, -np.inf)
    order = np.argsort(-likeness, axis=1)[:, :3]
    known = np.array([(to_names == name).sum() > itself for name in names])
    hits = to_names[order] == names[:, None]
    return hits[known, 0].mean(), hits[known].any(1).mean(), int(known.sum())


def halves(x: np.ndarray) -> float:
    """Mean Fréchet distance of random halves of (N, D) embeddings from each other."""
    rng = np.random.default_rng(0)
    parts = [np.array_split(rng.permutation(len(x)), 2) for _ in range(8)]
    return float(np.mean([frechet(x[p], x[q]) for p, q in parts]))


def spread(x: np.ndarray, names: np.ndarray) -> float:
    """Mean distance of two of one class."""
    return float(
        np.mean([1 - x[i] @ x[j] for i, j in itertools.combinations(range(len(x)), 2) if names[i] == names[j]])
    )


def embed_recordings(model, root: pathlib.Path, keep: pathlib.Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings of all recordings that judge, their classes and their sources (kept in ``keep``)."""
    if not keep.exists():
        rows = recordings.files(root, recordings.JUDGE)
        made = [
            judge.embed(model, recordings.load(path)[: SECONDS * recordings.RATE], recordings.RATE)
            for _, _, path in rows
        ]
        np.savez(keep, x=np.stack(made), names=[r[0] for r in rows], sources=[r[1] for r in rows])
    kept = np.load(keep)
    return kept["x"], kept["names"], kept["sources"]


def embed_sounds(model, pipe, names: list[str], **settings) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of `SEEDS` sounds of each class, from its plainest caption, and their classes."""
    from see2sound_nb.sounds import sound_classes

    rows = []
    for name in names:
        caption = sound_classes.CLASSES[sound_classes.NAMES.index(name)].captions[0]
        waves = pipe(None, [caption] * SEEDS, seeds=list(range(SEEDS)), **settings)
        rows += [judge.embed(model, wave, pipe.sample_rate) for wave in waves]
    return np.stack(rows), np.repeat(names, SEEDS)


def row(title: str, x, names, against, against_names, itself: bool = False) -> None:
    """Print one row of the table."""
    first, three, _ = nearest(x, names, against, against_names, itself)
    distance = halves(x) if itself else frechet(x, against)
    print(f"| {title} | {len(x)} | {first:.0%} | {three:.0%} | {distance:.3f} | {spread(x, names):.3f} |", flush=True)


def main() -> None:
    """Print the table for the recordings and for each of ``--weights``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=pathlib.Path, required=True, help="a folder with a folder a source")
    parser.add_argument("--aisfx", type=pathlib.Path, required=True, help="the unpacked package aisfx 0.1.2")
    parser.add_argument("--keep", type=pathlib.Path, required=True, help="folder for embeddings")
    parser.add_argument("--weights", type=pathlib.Path, nargs="*", default=[], help="weights files; the shipped one")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--guidance", type=float)
    args = parser.parse_args()
    torch.set_num_threads(1)
    from see2sound_nb.sounds.tiny_codi import WEIGHTS, build_tiny_codi

    model = judge.load_judge(args.aisfx / "aisfx" / "models" / "checkpoint.pth")
    args.keep.mkdir(parents=True, exist_ok=True)
    x, names, sources = embed_recordings(model, args.recordings, args.keep / "recordings.npz")
    first = np.isin(sources, recordings.FIRST_JUDGE)
    print("| sounds | number | nearest | among three | Fréchet | two of a class |\n|---|---|---|---|---|---|")
    row("all recordings", x, names, x, names, itself=True)
    row("recordings of the first judge", x[first], names[first], x[first], names[first], itself=True)
    for weights in args.weights or [WEIGHTS]:
        keep = args.keep / f"{weights.stem}-{args.steps}-{args.guidance}.npz"
        if not keep.exists():
            settings = {"num_inference_steps": args.steps, "guidance_scale": args.guidance}
            made = embed_sounds(model, build_tiny_codi(weights), sorted(set(names)), **settings)
            np.savez(keep, x=made[0], names=made[1])
        y, classes = np.load(keep)["x"], np.load(keep)["names"]
        row(f"{weights.stem}, all", y, classes, x, names)
        some = np.isin(classes, names[first])
        row(f"{weights.stem}, the first judge's classes", y[some], classes[some], x[first], names[first])


if __name__ == "__main__":
    main()
