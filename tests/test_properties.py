"""What holds for every place, region, room and layout, tried on places, regions and rooms that nobody chose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import see2sound_nb as s2s
from see2sound_nb.places.frames import directions, unit_vectors
from see2sound_nb.regions.polygons import polygon_area
from see2sound_nb.render.panning import pan
from see2sound_nb.room.spherical_harmonics import encode

some = settings(max_examples=40, deadline=None, derandomize=True)
few = settings(max_examples=12, deadline=None, derandomize=True)
azimuths, elevations = st.floats(-179.9, 179.9), st.floats(-89, 89)
places = st.tuples(azimuths, st.floats(-40, 40), st.floats(0.6, 6.0))


def place(of):
    azimuth, elevation, distance = of
    return distance * unit_vectors(azimuth, elevation)


# Geometry


@some
@given(azimuths, elevations, st.floats(0.01, 1e4))
def test_angles_and_places_are_each_others_inverse(azimuth, elevation, distance):
    found = directions(distance * unit_vectors(azimuth, elevation))
    assert [float(value) for value in found] == pytest.approx([azimuth, elevation, distance], abs=1e-6, rel=1e-9)


@some
@given(st.floats(0, 639), st.floats(0, 479), st.floats(0.3, 100), st.floats(20, 120))
def test_a_lifted_point_is_seen_where_it_was(x, y, depth, fov):
    (position,) = s2s.lift(np.array([[x, y]]), np.array([depth]), (640, 480), fov_deg=fov)
    focal = 320 / np.tan(np.radians(fov / 2))
    seen = (319.5 + focal * position[0] / position[1], 239.5 - focal * position[2] / position[1])
    assert position[1] == pytest.approx(depth) and seen == pytest.approx((x, y), abs=1e-6)
    (mirrored,) = s2s.lift(np.array([[639 - x, y]]), np.array([depth]), (640, 480), fov_deg=fov)
    assert mirrored == pytest.approx(position * [-1, 1, 1], abs=1e-9)


# Masks


blobs = st.lists(
    st.tuples(st.integers(2, 50), st.integers(2, 30), st.integers(2, 12), st.integers(2, 9)), min_size=1, max_size=4
)


def mask_of(ellipses):
    y, x = np.mgrid[:36, :60]
    return np.any([((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1 for cx, cy, rx, ry in ellipses], axis=0)


@some
@given(blobs)
def test_boxes_and_polygons_hold_their_region(ellipses):
    M = mask_of(ellipses)[None]
    (contour,), (polygon,) = s2s.contours_from_masks(M), s2s.polygons_from_contours(s2s.contours_from_masks(M))
    ((x_min, x_max, y_min, y_max),) = s2s.boxes_from_contours([contour])
    height, width = M.shape[1:]
    assert 0 <= x_min <= x_max < width and 0 <= y_min <= y_max < height
    assert M[0][contour[:, 1], contour[:, 0]].all(), "a contour runs over its region"
    assert set(map(tuple, polygon)) <= set(map(tuple, contour)), "the hull's corners are points of the contour (Eq. 2)"
    assert polygon_area(polygon) >= polygon_area(contour) - 1e-9
    (centre,) = s2s.box_centres(np.array([[x_min, x_max, y_min, y_max]]))
    assert x_min <= centre[0] <= x_max and y_min <= centre[1] <= y_max


# Rooms


@few
@given(st.lists(places, min_size=1, max_size=3))
def test_a_room_is_around_its_sources_and_echoes_cost_energy(of):
    positions = np.array([place(one) for one in of])
    room = s2s.room_around(positions)
    inside = positions + room.listener_m
    assert (inside > 0).all() and (inside < room.size_m).all() and (np.array(room.listener_m) > 0).all()
    energies = []
    for absorption in (0.2, 0.5, 0.9):
        other = s2s.Room(room.size_m, room.listener_m, absorption, 3)
        energies.append(np.sum(s2s.impulse_responses(other, positions, "foa")[:, 0].astype(float) ** 2))
    assert energies[0] > energies[1] > energies[2]


@few
@given(st.tuples(*[st.floats(2.5, 9)] * 3), st.tuples(*[st.floats(0.15, 0.85)] * 6))
def test_source_and_receiver_may_change_places(size, shares):
    size = np.array(size)
    here, there = np.array(shares[:3]) * size, np.array(shares[3:]) * size
    if np.linalg.norm(here - there) < 0.5:
        return
    walls = [0.1, 0.3, 0.5, 0.2, 0.6, 0.4]
    ways = ((here, there), (there, here))
    one, other = (s2s.shoebox_rir(size, a[None], b[None], absorption=walls, max_order=4)[0, 0] for a, b in ways)
    # Images stand where single precision has them: some micrometres beside.
    np.testing.assert_allclose(one, other, atol=2e-4 * np.abs(one).max())


# Layouts


@some
@given(azimuths, elevations)
def test_every_direction_has_the_same_power(azimuth, elevation):
    vector = unit_vectors(azimuth, elevation)[None]
    for layout in ("5.1", "7.1.4"):
        gains = pan(vector, layout)
        assert (gains >= 0).all() and np.sum(gains**2) == pytest.approx(1)
    harmonics = encode(vector, 3)[0]
    assert harmonics[0] == 1
    for degree in range(4):  # SN3D: each degree has the power 1 whatever the direction
        assert np.sum(harmonics[degree**2 : (degree + 1) ** 2] ** 2) == pytest.approx(1)


@few
@given(places, places, st.sampled_from(["5.1", "7.1.4", "stereo", "binaural", "foa", "hoa2"]))
def test_a_scene_is_the_sum_of_its_sources(first, second, layout):
    positions = np.array([place(first), place(second)])
    room = s2s.room_around(positions, max_order=2)
    A = np.random.default_rng(0).normal(size=(2, 200)).astype(np.float32)
    together = s2s.render_channels(A, s2s.impulse_responses(room, positions, layout))
    each = [slice(0, 1), slice(1, 2)]
    apart = [s2s.render_channels(A[one], s2s.impulse_responses(room, positions[one], layout)) for one in each]
    length = together.shape[1]
    summed = sum(np.pad(phi[:, :length], ((0, 0), (0, max(0, length - phi.shape[1])))) for phi in apart)
    np.testing.assert_allclose(together, summed, atol=1e-5 * np.abs(together).max())
