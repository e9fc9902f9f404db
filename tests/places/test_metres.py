"""From inverse depth to metres."""

import numpy as np
import pytest

from see2sound_nb.places.lifting import lift
from see2sound_nb.places.metres import FAR_M, NEAR_M, fit_scale_and_shift, metres_from_inverse_depth


def test_metric_depth_recovers_true_distances_from_any_scale_and_shift(rng):
    true = rng.uniform(2, 6, size=(60, 80))
    true[:2], true[-2:] = 1.0, 10.0  # so that the 2nd and 98th percentile are known
    for scale, shift in ((1.0, 0.0), (37.0, -5.0)):
        D = scale / true + shift
        np.testing.assert_allclose(metres_from_inverse_depth(D, near_m=1, far_m=10), true, rtol=1e-5)


def test_metric_depth_falls_as_nearness_grows(rng):
    D = rng.normal(size=(20, 20))
    depth = metres_from_inverse_depth(D)
    order = np.argsort(D, axis=None)
    assert (np.diff(depth.ravel()[order]) <= 1e-6).all()
    assert depth.min() >= NEAR_M - 1e-5
    assert depth.max() <= FAR_M + 1e-5


def test_two_places_give_scale_and_shift_exactly_and_many_average_the_noise_away(rng):
    true_m = rng.uniform(1, 10, 2000)
    D = 3 / true_m + 0.5
    for places in (slice(2), slice(None)):
        scale, shift = fit_scale_and_shift(D[places], true_m[places])
        np.testing.assert_allclose([scale, shift], [1 / 3, -0.5 / 3])
    noisy = D + 0.01 * rng.normal(size=D.shape)
    scale, shift = fit_scale_and_shift(noisy, true_m)
    np.testing.assert_allclose(1 / (scale * D + shift), true_m, rtol=0.01)


@pytest.mark.parametrize(
    ("D", "depth_m", "words"),
    [
        ([1.0], [2.0], "use two"),
        ([1.0, 1.0], [2.0, 3.0], "use two that differ"),
        ([1.0, 2.0], [2.0], "one depth for each"),
        ([1.0, 2.0], [2.0, 0.0], "finite and positive"),
        ([1.0, np.nan], [2.0, 3.0], "D finite"),
    ],
)
def test_places_that_cannot_give_a_line_are_named(D, depth_m, words):
    with pytest.raises(ValueError, match=words):
        fit_scale_and_shift(D, depth_m)


def test_bad_depth_is_named():
    with pytest.raises(ValueError, match="1 NaN"):
        metres_from_inverse_depth(np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="constant"):
        metres_from_inverse_depth(np.full((4, 4), 2.0))
    with pytest.raises(ValueError, match="near_m"):
        metres_from_inverse_depth(np.eye(4), near_m=5, far_m=2)
    with pytest.raises(ValueError, match="fov_deg=0"):
        lift([[0, 0]], [1.0], (10, 10), fov_deg=0)


def test_the_line_fits_inverse_depths_not_depths():
    # residuals are least in 1/m: (1, 1/3, 1/4) over D = 0, 1, 2
    fitted = fit_scale_and_shift(np.array([0.0, 1.0, 2.0]), np.array([1.0, 1 / 3, 1 / 4]))
    assert fitted == pytest.approx((1.5, 7 / 6))
