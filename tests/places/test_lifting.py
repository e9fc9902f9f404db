"""From pixels and depth to points in space."""

import numpy as np
import pytest

from see2sound_nb.places.frames import directions
from see2sound_nb.places.lifting import lift, paper_positions


def test_pixels_left_and_above_the_centre_lie_left_and_up():
    left_top = lift([[10, 10]], [3.0], (640, 480))[0]
    assert left_top[0] < 0 < left_top[2]
    assert left_top[1] == 3.0


def test_the_edge_of_the_picture_lies_at_half_the_field_of_view():
    point = lift([[639.5, 239.5]], [5.0], (640, 480), fov_deg=70)
    assert directions(point)[0][0] == pytest.approx(-35, abs=0.05)


def test_paper_positions_are_linear_in_inverse_depth():
    D = np.tile(np.linspace(0, 1, 101), (50, 1))  # nearest on the right
    listener = (50.0, 10.0, 25.0)
    points = paper_positions([[50, 25], [75, 25]], D, listener) + listener
    np.testing.assert_allclose(points[:, 1], [0.5 * 0.5 * 101, 0.25 * 0.5 * 101])
    with pytest.raises(ValueError, match="constant"):
        paper_positions([[0, 0]], np.ones((3, 3)), listener)
