"""First-order directivity: how loudly a source speaks, and a microphone hears, in each direction.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike


def first_order(direction: ArrayLike, p: float = 0.5) -> np.ndarray:
    """The pattern p + (1 - p) cos(angle): omnidirectional 1, cardioid 0.5, hypercardioid 0.25, figure of eight 0.

    Parameters
    ----------
    direction : array_like
        (..., 3) float, where the pattern points to, room frame, of any length.
    p : float
        Share of the pressure, 0 to 1.

    Returns
    -------
    np.ndarray
        (..., 4) float64, for `source_patterns` or `receiver_patterns` of `shoebox_rir`.

    Raises
    ------
    ValueError
        If p is not in 0 to 1 or the direction has no length.

    Examples
    --------
    >>> first_order([0, 1, 0]).tolist()  # a cardioid that looks forward
    [0.5, 0.0, 0.5, 0.0]
    """
    axis = np.asarray(direction, dtype=np.float64)
    length = np.linalg.norm(axis, axis=-1, keepdims=True)
    if not 0 <= p <= 1:
        raise ValueError(f"p={p} must lie in 0 (figure of eight) to 1 (omnidirectional)")
    if not np.all((length > 0) & np.isfinite(length)):
        raise ValueError(f"direction={axis.tolist()} must be finite and have a length; (0, 1, 0) points forward")
    return np.concatenate([np.full_like(length, p), (1 - p) * axis / length], axis=-1)


def pattern_rows(patterns: ArrayLike | None, count: int, name: str) -> np.ndarray:
    """Patterns as (count, 4) float64; all round where None."""
    if patterns is None:
        return _all_round(count)
    rows = np.asarray(patterns, dtype=np.float64)
    if rows.shape not in ((4,), (count, 4)) or not np.isfinite(rows).all():
        raise ValueError(
            f"{name} has the shape {rows.shape}; give finite numbers (4,) or ({count}, 4), see first_order"
        )
    return np.array(np.broadcast_to(rows, (count, 4)), order="C")


@functools.lru_cache(maxsize=64)
def _all_round(count: int) -> np.ndarray:
    return np.tile(np.array([1.0, 0.0, 0.0, 0.0]), (count, 1))
