"""How far a mean may be off, by drawing anew from what it is a mean of.

Notebook: 08_evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

#: So many times the values are drawn anew.
RESAMPLES = 2000
#: Ends of an interval of 95 %, in per cent.
ENDS = (2.5, 97.5)


class Mean(NamedTuple):
    """A mean, the ends of its interval, and of how many values; None where there are none."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


def bootstrap_mean(values: ArrayLike | Sequence[float | None], *, seed: int = 0) -> Mean:
    """Mean and 95 % interval of the values that are there.

    Parameters
    ----------
    values : array_like
        (N,) float; NaN (or None) where there is no value.
    seed : int
        The same for columns of one table: then the same rows are drawn for columns that have them all.

    Returns
    -------
    Mean
        Percentiles of the means of as many values, drawn with replacement. Of a single value the interval is None.

    Notes
    -----
    Efron, "Bootstrap methods: another look at the jackknife", Ann. Statist. 7, 1979. Notebook: 08_evaluation.

    Examples
    --------
    >>> bootstrap_mean([1.0, 1.0, None])
    Mean(mean=1.0, low=1.0, high=1.0, n=2)
    """
    x = np.asarray(values, dtype=np.float64)
    x = x[np.isfinite(x)]
    if not len(x):
        return Mean(None, None, None, 0)
    if len(x) == 1:
        return Mean(float(x[0]), None, None, 1)
    drawn = np.random.default_rng(seed).integers(len(x), size=(RESAMPLES, len(x)))
    low, high = np.percentile(x[drawn].mean(axis=1), ENDS)
    return Mean(float(x.mean()), float(low), float(high), len(x))
