"""The rules by which masks become sources: what a listener would point at, or the largest.

Notebook: 01_regions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from see2sound_nb.regions.overlap import share_of_smaller

#: A region this much of which lies inside another one (as a share of the smaller) is the same source.
MOST_OVERLAP = 0.3
#: What is less likely than this to sound makes no source.
LEAST_SOUNDS = 0.37
#: Size counts by the share of the photo to this power: a large thing matters more, not as much more as it is larger.
SIZE = 0.25


def largest_sources(M: np.ndarray, sources: int) -> np.ndarray:
    """Choose the largest masks, as the paper's code does (``select="area"``). Notebook: 01_regions.

    Parameters
    ----------
    M : np.ndarray
        (N, H, W) bool.
    sources : int
        How many.

    Returns
    -------
    np.ndarray
        (K,) int64 indices into `M`, largest first, K <= sources. They may be nested, and are often background.
    """
    area = np.sum(M, axis=(1, 2))
    return np.argsort(-area, kind="stable")[:sources]


def choose_sources(
    M: np.ndarray,
    sounds: Sequence[float] | np.ndarray,
    sources: int,
    *,
    kinds: Sequence[str] | None = None,
) -> np.ndarray:
    """Choose the regions that a listener would (``select="sounds"``).

    Every region has a score: how likely it is that the thing sounds, times its share of the photo to the power
    `SIZE` (size matters, but a large bus must not beat a small dog that is as certain). The best is taken; regions
    that overlap it, lie in it or hold it are passed over, and so are regions of the same kind whose boxes overlap,
    most likely two parts of one thing; and so on. What is not certain enough (`sounds` below `LEAST_SOUNDS`) is never
    taken. Notebook: 01_regions.

    Parameters
    ----------
    M : np.ndarray
        (K, H, W) bool, candidates.
    sounds : sequence of float
        (K,) how likely the region is what it is called, and sounds, 0 to 1.
    sources : int
        At most this many.
    kinds : sequence of str, optional
        (K,) the kind of sound of each region.

    Returns
    -------
    np.ndarray
        (n,) int64 indices into `M`, best first; fewer than `sources`, or none, where no more are certain.
    """
    M = np.asarray(M, dtype=bool)
    area = M.reshape(len(M), -1).mean(axis=1) if len(M) else np.zeros(0)
    score = np.asarray(sounds, dtype=np.float64) * area**SIZE
    chosen: list[int] = []
    for k in np.argsort(-score, kind="stable"):
        if sounds[k] < LEAST_SOUNDS:
            continue
        if all(_apart(M[k], M[j], kinds is not None and kinds[k] == kinds[j]) for j in chosen):
            chosen.append(int(k))
        if len(chosen) == sources:
            break
    return np.array(chosen, dtype=np.int64)


def _apart(a: np.ndarray, b: np.ndarray, same_kind: bool) -> bool:
    if share_of_smaller(a, b) > MOST_OVERLAP:
        return False
    return not same_kind or share_of_smaller(_box(a), _box(b)) <= MOST_OVERLAP


def _box(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    filled = np.zeros_like(mask)
    filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return filled
