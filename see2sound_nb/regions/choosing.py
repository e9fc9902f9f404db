"""The rules by which masks become sources: what a listener would point at, or the largest.

Notebook: 01_regions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from see2sound_nb.regions.overlap import non_maximum_suppression, share_of_smaller

#: A source covers at least and at most this share of the photo: less is a detail, more is the background.
LEAST_AREA, MOST_AREA = 0.005, 0.6
#: And its box at most this share: what is spread over the whole photo lies behind everything else.
MOST_BOX = 0.75
#: A region this much of which lies inside another one (as a share of the smaller) is the same source.
MOST_OVERLAP = 0.3
#: What is less likely than this to sound is silent.
LEAST_SOUNDS = 0.15
#: A region that fills more than half of each of this many of the photo's four borders is background.
BACKGROUND_BORDERS = 3


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


def candidate_sources(M: np.ndarray, quality: np.ndarray, *, most: int = 16) -> np.ndarray:
    """Leave out what no listener would point at: specks, backgrounds, and near copies. Notebook: 01_regions.

    Parameters
    ----------
    M : np.ndarray
        (N, H, W) bool.
    quality : np.ndarray
        (N,) float, 0 to 1.
    most : int
        Keep at most this many, the best by quality and size: each is looked at by a classifier afterwards.

    Returns
    -------
    np.ndarray
        (K,) int64 indices into `M`, best first.
    """
    M = np.asarray(M, dtype=bool)
    if len(M) == 0:
        return np.zeros(0, dtype=np.int64)
    area = M.reshape(len(M), -1).mean(axis=1)
    borders = sum(edge.mean(axis=1) > 0.5 for edge in (M[:, 0], M[:, -1], M[:, :, 0], M[:, :, -1]))
    box = _extent(np.any(M, axis=1)) * _extent(np.any(M, axis=2))
    usable = (area >= LEAST_AREA) & (area <= MOST_AREA) & (box <= MOST_BOX) & (borders < BACKGROUND_BORDERS)
    order = np.argsort(-np.where(usable, quality * np.sqrt(area), -1), kind="stable")[: int(usable.sum())]
    return non_maximum_suppression(M, order, most=most)


def choose_sources(
    M: np.ndarray,
    quality: np.ndarray,
    sounds: Sequence[float] | np.ndarray,
    sources: int,
    *,
    kinds: Sequence[str] | None = None,
) -> np.ndarray:
    """Choose the regions that a listener would (``select="sounds"``).

    Every region has a score: how likely it is that the thing can sound, times the mask's quality, times the
    square root of its share of the photo (size matters, but a large wall must not beat a small dog). The
    best is taken; regions that overlap it, lie in it or hold it are passed over, and so are regions of the same
    kind whose boxes overlap, most likely two parts of one thing; and so on. A region that most likely cannot
    sound (`sounds` below `LEAST_SOUNDS`) is taken only if there is no other at all. Notebook: 01_regions.

    Parameters
    ----------
    M : np.ndarray
        (K, H, W) bool, candidates.
    quality : np.ndarray
        (K,) float, 0 to 1.
    sounds : sequence of float
        (K,) likelihood that the thing in the region can sound, 0 to 1.
    sources : int
        At most this many.
    kinds : sequence of str, optional
        (K,) the kind of sound of each region.

    Returns
    -------
    np.ndarray
        Indices into `M`, best first; fewer than `sources` where the photo has no more.
    """
    M = np.asarray(M, dtype=bool)
    area = M.reshape(len(M), -1).mean(axis=1) if len(M) else np.zeros(0)
    score = np.asarray(sounds, dtype=np.float64) * quality * np.sqrt(area)
    chosen: list[int] = []
    for k in np.argsort(-score, kind="stable"):
        if chosen and sounds[k] < LEAST_SOUNDS:
            continue
        if all(_apart(M[k], M[j], kinds is not None and kinds[k] == kinds[j]) for j in chosen):
            chosen.append(int(k))
        if len(chosen) == sources:
            break
    return np.array(chosen, dtype=np.int64)


def _extent(occupied: np.ndarray) -> np.ndarray:
    """Share of the side between the first and the last True of each row."""
    side = occupied.shape[1]
    return np.where(occupied.any(axis=1), side - occupied.argmax(axis=1) - occupied[:, ::-1].argmax(axis=1), 0) / side


def _apart(a: np.ndarray, b: np.ndarray, same_kind: bool) -> bool:
    if share_of_smaller(a, b) > MOST_OVERLAP:
        return False
    return not same_kind or share_of_smaller(_box(a), _box(b)) <= MOST_OVERLAP


def _box(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    filled = np.zeros_like(mask)
    filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return filled
