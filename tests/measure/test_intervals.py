"""Intervals of means: scipy's, and how often they hold the truth."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from see2sound_nb.measure.intervals import Mean, bootstrap_mean


def test_an_interval_is_scipys(rng):
    x = rng.normal(3, 2, 40)
    theirs = bootstrap((x,), np.mean, method="percentile", n_resamples=4000).confidence_interval
    ours = bootstrap_mean(x)
    assert ours.mean == pytest.approx(x.mean()) and ours.n == 40
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.08)


def test_nineteen_of_twenty_hold_the_truth(rng):
    hits = [one.low <= 1 <= one.high for one in (bootstrap_mean(rng.normal(1, 1, 50), seed=k) for k in range(300))]
    assert 0.89 < np.mean(hits) < 0.98


def test_values_that_are_not_there_do_not_count_and_one_has_no_interval(rng):
    x = rng.normal(size=9)
    assert bootstrap_mean([*x, None, np.nan]) == bootstrap_mean(x)
    assert bootstrap_mean([]) == bootstrap_mean([None]) == Mean(None, None, None, 0)
    assert bootstrap_mean([2.0]) == Mean(2.0, None, None, 1)


def test_columns_are_drawn_alike(rng):
    x = rng.normal(size=30)
    one, other = bootstrap_mean(x, seed=4), bootstrap_mean(x + 5, seed=4)
    assert (other.low - one.low, other.high - one.high) == pytest.approx((5, 5))
    assert bootstrap_mean(x, seed=5).low != one.low
