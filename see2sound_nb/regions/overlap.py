"""How much masks overlap, and which of them say the same thing twice.

Notebook: 01_regions.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union: how alike two masks are.

    Parameters
    ----------
    a, b : np.ndarray
        (H, W) bool.

    Returns
    -------
    float
        0 (nothing in common; also of two empty masks) to 1 (the same).

    Raises
    ------
    ValueError
        If the masks have different shapes.

    Notes
    -----
    Jaccard 1901. Segment Anything predicts it for its own masks (Kirillov et al. 2023, section 3).
    Notebook: 01_regions.

    Examples
    --------
    >>> iou(np.array([True, True, False]), np.array([False, True, True]))
    0.3333333333333333
    """
    _check_shapes(a, b)
    return float((a & b).sum() / max((a | b).sum(), 1))


def share_of_smaller(a: np.ndarray, b: np.ndarray) -> float:
    """Share of the smaller of two masks that lies in the other one.

    Parameters
    ----------
    a, b : np.ndarray
        (H, W) bool.

    Returns
    -------
    float
        0 (apart; also if one is empty) to 1 (one lies within the other, however different their sizes).

    Raises
    ------
    ValueError
        If the masks have different shapes.

    Notes
    -----
    Notebook: 01_regions.
    """
    _check_shapes(a, b)
    return float((a & b).sum() / max(min(a.sum(), b.sum()), 1))


def non_maximum_suppression(
    M: np.ndarray, order: Iterable[int], most_iou: float = 0.7, most: int | None = None
) -> np.ndarray:
    """Go through masks from the best to the worst, and leave out those that resemble a better one.

    Parameters
    ----------
    M : np.ndarray
        (N, H, W) bool.
    order : iterable of int
        Indices into `M`, best first; masks that are not in it are left out.
    most_iou : float
        A mask that overlaps a kept one with this `iou` or more is a copy of it.
    most : int, optional
        Stop when so many are kept.

    Returns
    -------
    np.ndarray
        (K,) int64 indices into `M`, best first.

    Notes
    -----
    Segment Anything does the same with the boxes of masks (Kirillov et al. 2023, appendix B). Notebook: 01_regions.
    """
    kept: list[int] = []
    for k in order:
        if len(kept) == most:
            break
        if all(iou(M[k], M[j]) < most_iou for j in kept):
            kept.append(int(k))
    return np.array(kept, dtype=np.int64)


def _check_shapes(a: np.ndarray, b: np.ndarray) -> None:
    """NumPy would compare a row with a picture, row by row."""
    if a.shape != b.shape:
        raise ValueError(f"masks of shape {a.shape} and {b.shape} cannot be compared; take both from one picture")
