"""Pictures of planes and cut-outs agree with geometry."""

import numpy as np
import pytest

from see2sound_nb.evaluation.known_truth.composing import Cutout, compose, cut_out, place_of
from see2sound_nb.evaluation.known_truth.surroundings import Camera
from see2sound_nb.places.lifting import lift

GREY = np.full((8, 8, 3), 100, np.uint8)
BOX = (-3.0, 3.0, 8.0, -1.5, 1.5)


def solid(height=40, width=20, colour=(255, 0, 0)):
    return np.dstack([np.full((height, width, 3), colour, np.uint8), np.full((height, width), 255, np.uint8)])


def test_a_camera_s_pixels_are_those_of_lifting(rng):
    camera = Camera(75.0, (320, 240))
    points = rng.uniform([-2, 2, -1], [2, 9, 1], (20, 3))
    pixels = camera.project(points)
    assert np.allclose(lift(pixels, points[:, 1], (320, 240), fov_deg=75.0), points)
    edge = np.tan(np.radians(37.5))
    assert camera.project([edge, 1.0, 0.0])[0] == pytest.approx([319.5, 119.5])
    with pytest.raises(ValueError, match="not in front"):
        camera.project([0.0, -1.0, 0.0])


def test_a_cut_out_is_as_large_as_perspective_says_and_where_it_sounds():
    camera = Camera(60.0, (400, 400))
    sizes = {}
    for distance in (3.0, 6.0):
        cutout, position = place_of(solid(), 1.6, (0.5, 0.25), 15.0, distance, -1.5)
        assert np.hypot(*position[:2]) == pytest.approx(distance)
        assert position[2] == pytest.approx(-1.5 + 0.75 * 1.6)
        assert np.degrees(np.arctan2(-position[0], position[1])) == pytest.approx(15)  # positive to the left
        _, masks, depth = compose(camera, [cutout], floor=(GREY, 1.0), behind=(GREY, 1.0), box_m=BOX)
        rows, columns = np.nonzero(masks[0] >= 0.5)
        sizes[distance] = masks[0].sum()
        tall, wide = 1.6 * camera.focal_px / position[1], 0.8 * camera.focal_px / position[1]
        assert masks[0].sum() == pytest.approx(tall * wide, rel=0.02)
        assert np.ptp(rows) + 1 == pytest.approx(tall, abs=1.5) and np.ptp(columns) + 1 == pytest.approx(wide, abs=1.5)
        x, y = camera.project(position)[0]
        assert columns.mean() == pytest.approx(x, abs=0.6)  # it sounds in the middle of its width
        assert rows.min() + 0.25 * (np.ptp(rows) + 1) == pytest.approx(y, abs=1.5)
        assert (depth[masks[0] >= 0.5] == np.float32(position[1])).all()
    assert sizes[3.0] / sizes[6.0] == pytest.approx(4, rel=0.02)


def test_depth_and_colours_are_those_of_the_planes():
    camera = Camera(75.0, (200, 150))
    floor, wall = np.full((4, 4, 3), 40, np.uint8), np.full((4, 4, 3), 200, np.uint8)
    photo, masks, depth = compose(camera, [], floor=(floor, 1.0), behind=(wall, 1.0), box_m=BOX)
    assert masks.shape == (0, 150, 200) and depth.dtype == np.float32 and photo.dtype == np.uint8
    rows, columns = np.mgrid[:150, :200]
    points = lift(np.stack([columns.ravel(), rows.ravel()], 1), depth.ravel(), (200, 150), fov_deg=75.0)
    left, right, front, bottom, top = BOX
    x, y, z = points.T
    slack = np.array([x - left, right - x, front - y, z - bottom, top - z])
    assert (slack > -1e-5).all() and (slack.min(axis=0) < 1e-5).all()  # inside the box, and on one of its planes
    assert depth[75, 100] == 8.0
    assert photo[-1, 100, 0] < 60 and photo[75, 100, 0] > 150 and photo[0, 100, 0] > 200  # floor, front, ceiling


def test_the_nearer_hides_the_farther():
    camera = Camera(60.0, (200, 150))
    far = Cutout(solid(colour=(0, 0, 255)), np.array([0.0, 6.0, -1.0]), 2.0)
    near = Cutout(solid(colour=(255, 0, 0)), np.array([0.2, 3.0, -1.0]), 1.0)
    photo, masks, depth = compose(camera, [near, far], floor=(GREY, 1.0), behind=(GREY, 1.0), box_m=BOX)
    again, swapped, _ = compose(camera, [far, near], floor=(GREY, 1.0), behind=(GREY, 1.0), box_m=BOX)
    assert (photo == again).all() and np.allclose(masks, swapped[::-1])
    assert (masks.sum(axis=0) <= 1 + 1e-6).all()
    assert (photo[masks[0] > 0.99] == [255, 0, 0]).all() and (photo[masks[1] > 0.99] == [0, 0, 255]).all()
    assert (depth[masks[0] >= 0.5] == 3).all() and (depth[masks[1] >= 0.5] == 6).all()


def test_a_cut_out_loses_its_margins_and_must_show_something():
    padded = np.zeros((30, 30, 4), np.uint8)
    padded[5:15, 8:20] = 255
    assert cut_out(padded).shape == (10, 12, 4)
    with pytest.raises(ValueError, match="transparent everywhere"):
        cut_out(np.zeros((5, 5, 4), np.uint8))


def test_a_backdrop_fills_the_front_from_the_floor_up():
    """Its lowest row stands at the far end of the floor, its middle ahead."""
    camera = Camera(75.0, (200, 150))
    picture = np.zeros((50, 100, 3), np.uint8)
    picture[..., 0], picture[..., 1] = np.linspace(0, 250, 100), np.linspace(250, 0, 50)[:, None]
    far = (-1e6, 1e6, 40.0, -1.5, 1e6)
    photo, _, depth = compose(camera, [], floor=(GREY, 1.0), behind=(picture, None), box_m=far)
    above = depth == 40.0
    assert above[:76].all() and not above[85:].any()  # the horizon, and the floor's end just below it
    photo = photo.astype(int)
    assert photo[70, 100, 0] == pytest.approx(125, abs=3)
    assert photo[70, 10, 0] < photo[70, 190, 0] and photo[75, 100, 1] < photo[5, 100, 1]
