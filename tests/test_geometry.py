"""Frames and lifting: left is left, up is up, and inverse depth is not a distance."""

import numpy as np
import pytest

from see2sound_nb import geometry


@pytest.mark.parametrize(
    ("point", "azimuth", "elevation"),
    [((0, 1, 0), 0, 0), ((-1, 0, 0), 90, 0), ((1, 0, 0), -90, 0), ((0, 0, 2), 0, 90), ((0, -1, 0), 180, 0)],
)
def test_azimuth_is_zero_in_front_and_positive_to_the_left(point, azimuth, elevation):
    a, e, _ = geometry.directions(np.array(point, float))
    assert abs(a) == pytest.approx(abs(azimuth))
    assert azimuth in (180, pytest.approx(a))
    assert e == pytest.approx(elevation)


def test_unit_vectors_undo_directions(rng):
    points = rng.normal(size=(100, 3))
    azimuth, elevation, distance = geometry.directions(points)
    np.testing.assert_allclose(geometry.unit_vectors(azimuth, elevation) * distance[:, None], points, atol=1e-12)


def test_pixels_left_and_above_the_centre_lie_left_and_up():
    left_top = geometry.lift([[10, 10]], [3.0], (640, 480))[0]
    assert left_top[0] < 0 < left_top[2]
    assert left_top[1] == 3.0


def test_the_edge_of_the_picture_lies_at_half_the_field_of_view():
    point = geometry.lift([[639.5, 239.5]], [5.0], (640, 480), fov_deg=70)
    assert geometry.directions(point)[0][0] == pytest.approx(-35, abs=0.05)


def test_metric_depth_recovers_true_distances_from_any_scale_and_shift(rng):
    true = rng.uniform(2, 6, size=(60, 80))
    true[:2], true[-2:] = 1.0, 10.0  # so that the 2nd and 98th percentile are known
    for scale, shift in ((1.0, 0.0), (37.0, -5.0)):
        D = scale / true + shift
        np.testing.assert_allclose(geometry.metres_from_inverse_depth(D, near_m=1, far_m=10), true, rtol=1e-5)


def test_metric_depth_falls_as_nearness_grows(rng):
    D = rng.normal(size=(20, 20))
    depth = geometry.metres_from_inverse_depth(D)
    order = np.argsort(D, axis=None)
    assert (np.diff(depth.ravel()[order]) <= 1e-6).all()
    assert depth.min() >= geometry.NEAR_M - 1e-5
    assert depth.max() <= geometry.FAR_M + 1e-5


def test_two_places_give_scale_and_shift_exactly_and_many_average_the_noise_away(rng):
    true_m = rng.uniform(1, 10, 2000)
    D = 3 / true_m + 0.5
    for places in (slice(2), slice(None)):
        scale, shift = geometry.fit_scale_and_shift(D[places], true_m[places])
        np.testing.assert_allclose([scale, shift], [1 / 3, -0.5 / 3])
    noisy = D + 0.01 * rng.normal(size=D.shape)
    scale, shift = geometry.fit_scale_and_shift(noisy, true_m)
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
        geometry.fit_scale_and_shift(D, depth_m)


def test_bad_depth_is_named():
    with pytest.raises(ValueError, match="1 NaN"):
        geometry.metres_from_inverse_depth(np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="constant"):
        geometry.metres_from_inverse_depth(np.full((4, 4), 2.0))
    with pytest.raises(ValueError, match="near_m"):
        geometry.metres_from_inverse_depth(np.eye(4), near_m=5, far_m=2)
    with pytest.raises(ValueError, match="fov_deg=0"):
        geometry.lift([[0, 0]], [1.0], (10, 10), fov_deg=0)


def test_paper_positions_are_linear_in_inverse_depth():
    D = np.tile(np.linspace(0, 1, 101), (50, 1))  # nearest on the right
    listener = (50.0, 10.0, 25.0)
    points = geometry.paper_positions([[50, 25], [75, 25]], D, listener) + listener
    np.testing.assert_allclose(points[:, 1], [0.5 * 0.5 * 101, 0.25 * 0.5 * 101])
    with pytest.raises(ValueError, match="constant"):
        geometry.paper_positions([[0, 0]], np.ones((3, 3)), listener)


def test_the_line_fits_inverse_depths_not_depths():
    # residuals are least in 1/m: (1, 1/3, 1/4) over D = 0, 1, 2
    fitted = geometry.fit_scale_and_shift(np.array([0.0, 1.0, 2.0]), np.array([1.0, 1 / 3, 1 / 4]))
    assert fitted == pytest.approx((1.5, 7 / 6))
