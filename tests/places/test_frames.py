"""Directions in the listener's frame."""

import numpy as np
import pytest

from see2sound_nb.places.frames import directions, unit_vectors


@pytest.mark.parametrize(
    ("point", "azimuth", "elevation"),
    [((0, 1, 0), 0, 0), ((-1, 0, 0), 90, 0), ((1, 0, 0), -90, 0), ((0, 0, 2), 0, 90), ((0, -1, 0), 180, 0)],
)
def test_azimuth_is_zero_in_front_and_positive_to_the_left(point, azimuth, elevation):
    a, e, _ = directions(np.array(point, float))
    assert abs(a) == pytest.approx(abs(azimuth))
    assert azimuth in (180, pytest.approx(a))
    assert e == pytest.approx(elevation)


def test_unit_vectors_undo_directions(rng):
    points = rng.normal(size=(100, 3))
    azimuth, elevation, distance = directions(points)
    np.testing.assert_allclose(unit_vectors(azimuth, elevation) * distance[:, None], points, atol=1e-12)
