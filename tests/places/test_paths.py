"""Paths: what is constant stays so, what rises does so without lag, gaps are bridged, nothing is too fast."""

import numpy as np
import pytest

from see2sound_nb.places.frames import directions
from see2sound_nb.places.metres import metres_between, metres_from_inverse_depth
from see2sound_nb.places.paths import (
    COMING_S,
    LEAVING_S,
    MOST_SPEED_M_S,
    heard_curve,
    path_in_metres,
    path_times,
    smooth,
)

SIZE = (640, 360)
AT = np.arange(50) / 25


def path(places, depths, times=None, at=AT):
    times = path_times(49 / 25, 25.0) if times is None else times
    return path_in_metres(np.asarray(places, float), np.asarray(depths, float), at, times, SIZE)


def test_moments_are_even_and_at_most_thirty_a_second():
    np.testing.assert_allclose(path_times(49 / 25, 25.0), AT)
    assert len(path_times(2.0, 60.0)) == 61
    assert len(path_times(0.01, 25.0)) == 2
    np.testing.assert_array_equal(path_times(0.0, 25.0), [0.0])


def test_what_rests_rests():
    places = path(np.tile([100.0, 50.0], (50, 1)), np.full(50, 3.0))
    assert np.ptp(places, axis=0).max() < 1e-12
    assert places[0, 1] == pytest.approx(3.0)


def test_what_moves_evenly_does_not_lag():
    x = 100 + 5.0 * np.arange(50)
    found = path(np.column_stack([x, np.full(50, 180.0)]), np.full(50, 2.0), times=AT)
    true = (x - 319.5) / (320 / np.tan(np.radians(30))) * 2.0
    np.testing.assert_allclose(found[:, 0], true, atol=1e-9)  # to the very ends


def test_noise_is_smoothed_away_and_the_mean_stays():
    rng = np.random.default_rng(0)
    depths = 3.0 * np.exp(0.04 * rng.standard_normal(50))
    found = path(np.tile([320.0, 180.0], (50, 1)), depths)[:, 1]
    assert np.abs(np.diff(found) / found[:-1]).max() < 0.005
    assert found.mean() == pytest.approx(3.0, rel=0.02)


def test_gaps_are_bridged_and_ends_wait():
    places = np.tile([320.0, 180.0], (50, 1))
    places[:, 0] += 4 * np.arange(50)
    places[20:30] = np.nan
    places[:10] = np.nan
    depths = np.full(50, 2.0)
    depths[::2] = np.nan
    found = directions(path(places, depths, times=AT))[0]
    whole = directions(path(np.column_stack([320 + 4.0 * np.arange(50), np.full(50, 180.0)]), np.full(50, 2.0), AT))[0]
    np.testing.assert_allclose(found[18:40], whole[18:40], atol=0.1)
    assert np.ptp(found[:5]) < 0.05


def test_what_was_never_seen_has_no_path():
    with pytest.raises(ValueError, match="never seen"):
        path(np.full((50, 2), np.nan), np.full(50, 2.0))


def test_nothing_is_faster_than_sense():
    places = np.tile([20.0, 180.0], (50, 1))
    places[25:, 0] = 620.0
    found = path(places, np.full(50, 100.0))
    speed = np.linalg.norm(np.diff(found, axis=0), axis=1) / 0.04
    assert speed.max() <= MOST_SPEED_M_S * (1 + 1e-9)  # 115 m at once would be 2,900 m/s


def test_a_gaussian_of_nothing_and_of_one_sample():
    np.testing.assert_allclose(smooth(np.array([3.0]), 5.0), [3.0])
    np.testing.assert_allclose(smooth(np.arange(4.0), 2.0), np.arange(4.0), atol=1e-12)


def test_heard_from_the_start_and_faded_where_it_comes_and_goes():
    times = np.linspace(0, 2, 201)
    in_view = np.ones(50, bool)
    np.testing.assert_array_equal(heard_curve(in_view, AT, times), np.ones(201))
    in_view[:10] = in_view[30:] = False  # comes at 0.4 s, leaves at 1.2 s
    heard = heard_curve(in_view, AT, times)
    assert heard[times < 0.4].max() == 0
    assert heard[(times > 0.4 + COMING_S + 0.01) & (times < 1.2)].min() == pytest.approx(1)
    assert heard[times > 1.2 + LEAVING_S + 0.01].max() == 0
    assert np.abs(np.diff(heard)).max() < 0.06
    assert heard[times == 1.2] == pytest.approx(1)


def test_one_pair_of_near_and_far_for_all_frames():
    D = np.random.default_rng(0).uniform(0, 5, (40, 50))
    low, high = np.percentile(D, [2, 98])
    np.testing.assert_allclose(metres_between(D, low, high), metres_from_inverse_depth(D), rtol=1e-6)
    np.testing.assert_allclose(metres_between([low, high], low, high), [8.0, 1.5])
    assert np.isnan(metres_between(np.nan, low, high))
