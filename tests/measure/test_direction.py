"""Directions read from channels: plane waves whose direction is known, and loudspeakers' panning."""

import numpy as np
import pytest

import see2sound_nb as s2s
from see2sound_nb.measure.direction import angle_between_deg, direction_from_foa, direction_from_loudspeakers
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.layouts import LAYOUTS

PLACES = [(0.0, 0.0), (45.0, 0.0), (-100.0, 20.0), (170.0, -50.0), (30.0, 85.0)]


def in_the_open(azimuth, elevation, layout, *, distance_m=2.0):
    """The direct sound of a source, (n_ch, L)."""
    position = distance_m * unit_vectors(azimuth, elevation)
    room = s2s.room_around(position[None], max_order=0)
    return s2s.impulse_responses(room, position[None], layout)[0].astype(float)


@pytest.mark.parametrize("place", PLACES)
def test_the_direct_sound_in_foa_says_where_the_source_is(place):
    assert angle_between_deg(direction_from_foa(in_the_open(*place, "foa")), place) < 0.1
    assert angle_between_deg(direction_from_foa(in_the_open(*place, "hoa3")), place) < 0.1, "SN3D orders begin alike"


@pytest.mark.parametrize("azimuth", range(-180, 180, 15))
def test_the_direct_sound_in_5_1_says_the_azimuth(azimuth):
    heard, elevation = direction_from_loudspeakers(in_the_open(azimuth, 25.0, "5.1"), "5.1")
    assert abs((heard - azimuth + 180) % 360 - 180) < 0.5 and elevation == 0


@pytest.mark.parametrize("place", [(0.0, 0.0), (60.0, 15.0), (-120.0, 20.0)])
def test_the_dome_has_height(place):
    assert angle_between_deg(direction_from_loudspeakers(in_the_open(*place, "7.1.4"), "7.1.4"), place) < 0.5


def test_loudspeakers_with_nothing_in_common_follow_their_energies():
    channels = np.zeros((6, 20000))
    rng = np.random.default_rng(0)
    channels[0], channels[2] = 2 * rng.normal(size=20000), rng.normal(size=20000)  # FL has four times the energy of FC
    energy_vector = 4 * unit_vectors(30.0) + unit_vectors(0.0)
    expected = np.degrees(np.arctan2(-energy_vector[0], energy_vector[1]))
    assert direction_from_loudspeakers(channels)[0] == pytest.approx(expected, abs=0.5)


def test_the_lfe_has_no_direction():
    channels = in_the_open(40.0, 0.0, "5.1")
    louder = channels.copy()
    louder[LAYOUTS["5.1"].index("LFE")] += 10.0
    assert direction_from_loudspeakers(louder) == direction_from_loudspeakers(channels)


def test_two_equal_sources_are_heard_between_and_conventions_do_not_matter():
    foa = in_the_open(45.0, 0.0, "foa") + in_the_open(-45.0, 0.0, "foa")
    assert angle_between_deg(direction_from_foa(foa), (0.0, 0.0)) < 0.1
    left = in_the_open(45.0, 10.0, "foa")
    n3d = left * np.sqrt([[1], [3], [3], [3]])
    assert angle_between_deg(direction_from_foa(n3d), (45.0, 10.0)) < 0.1
    assert angle_between_deg(direction_from_foa(left[[0, 3, 1, 2]]), (45.0, 10.0)) > 30, "channels in FuMa's order"


@pytest.mark.parametrize(
    ("channels", "match"),
    [
        (np.zeros((4, 100)), "nowhere"),
        (np.eye(4)[:1].T * np.ones(50), "nowhere"),
        (np.zeros((4, 0)), "no sample"),
        (np.full((4, 5), np.nan), "NaN"),
        (np.zeros((3, 5)), "not"),
        (np.zeros(5), "not"),
    ],
)
def test_what_has_no_direction_says_so(channels, match):
    with pytest.raises(ValueError, match=match):
        direction_from_foa(channels)


def test_loudspeakers_must_be_those_of_the_layout():
    with pytest.raises(ValueError, match="no loudspeakers"):
        direction_from_loudspeakers(np.ones((2, 5)), "binaural")
    with pytest.raises(ValueError, match=r"7\.1\.4"):
        direction_from_loudspeakers(np.ones((6, 5)), "7.1.4")


def test_angles():
    assert angle_between_deg((10.0, 20.0), (10.0, 20.0)) == pytest.approx(0, abs=1e-6)
    assert angle_between_deg((180.0, 0.0), (0.0, 0.0)) == pytest.approx(180)
    assert angle_between_deg((77.0, 90.0), (-20.0, 0.0)) == pytest.approx(90)
    assert angle_between_deg((1e-7, 0.0), (0.0, 0.0)) == pytest.approx(1e-7, rel=1e-3), "an arccos would say 0"
