"""VBAP: a loudspeaker alone in its own direction, its neighbours in between, the same power everywhere."""

import itertools
import math

import numpy as np
import pytest

from see2sound_nb.places.frames import directions, even_directions, unit_vectors
from see2sound_nb.render.hrtf import load_hrtf
from see2sound_nb.render.layouts import LOUDSPEAKERS
from see2sound_nb.render.panning import check_loudspeakers, pan, pan_stereo
from see2sound_nb.room.spherical_harmonics import encode

CIRCLE = np.arange(-180, 180, 1)


def speakers(layout):
    return list(LOUDSPEAKERS[layout]), unit_vectors(*np.array(list(LOUDSPEAKERS[layout].values()), float).T)


@pytest.mark.parametrize("layout", LOUDSPEAKERS)
def test_a_source_at_a_loudspeaker_comes_from_it_alone(layout):
    names, towards = speakers(layout)
    np.testing.assert_allclose(pan(2.5 * towards, layout), np.eye(len(names)), atol=1e-12)


@pytest.mark.parametrize("layout", LOUDSPEAKERS)
def test_the_power_is_one_in_every_direction(layout):
    everywhere = np.concatenate([even_directions(2000), [[0, 0, 1.0], [0, 0, -1.0]], unit_vectors(CIRCLE)])
    gains = pan(everywhere, layout)
    assert (gains >= 0).all()
    np.testing.assert_allclose((gains**2).sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose((pan_stereo(everywhere) ** 2).sum(axis=1), 1, atol=1e-12)


def test_a_circling_source_goes_from_each_loudspeaker_of_5_1_to_its_neighbour():
    names, _ = speakers("5.1")
    gains = pan(unit_vectors(CIRCLE), "5.1")
    order = ["SR", "FR", "FC", "FL", "SL"]  # as the azimuth grows
    stations = [LOUDSPEAKERS["5.1"][name][0] for name in order]
    for azimuth, row in zip(CIRCLE, gains):
        after = np.searchsorted(stations, azimuth, side="right") % 5
        enclosing = {order[after], order[after - 1]}
        assert {name for name, gain in zip(names, row) if gain > 1e-9} <= enclosing
    # The tangent law, written for each pair on its own (Pulkki 1997, Eq. 9).
    for first, second in itertools.pairwise(order):
        left, right = LOUDSPEAKERS["5.1"][second][0], LOUDSPEAKERS["5.1"][first][0]
        azimuth = np.linspace(right + 1, left - 1, 9)
        g = pan(unit_vectors(azimuth), "5.1")
        g_left, g_right = g[:, names.index(second)], g[:, names.index(first)]
        half, off = np.radians(left - right) / 2, np.radians(azimuth - (left + right) / 2)
        np.testing.assert_allclose((g_left - g_right) / (g_left + g_right), np.tan(off) / np.tan(half), atol=1e-9)


def test_5_1_is_flat():
    high, low = unit_vectors([70.0], [50.0]), unit_vectors([70.0])
    np.testing.assert_allclose(pan(high, "5.1"), pan(low, "5.1"), atol=1e-12)
    overhead = dict(zip(LOUDSPEAKERS["5.1"], pan([[0.0, 0.0, 3.0]], "5.1")[0]))
    assert overhead["FC"] == 1


def test_7_1_4_points_where_the_source_is():
    _, towards = speakers("7.1.4")
    v = even_directions(3000)
    azimuth, elevation, _ = directions(v)
    v = v[(elevation > 0) & (elevation < 25) & (np.abs(azimuth) < 130)]  # three loudspeakers enclose these
    sum_of_gains = pan(v, "7.1.4") @ towards
    np.testing.assert_allclose(sum_of_gains / np.linalg.norm(sum_of_gains, axis=1, keepdims=True), v, atol=1e-9)
    assert (np.count_nonzero(pan(v, "7.1.4") > 1e-9, axis=1) <= 3).all()


def test_between_two_loudspeakers_of_7_1_4_these_two_play():
    names, towards = speakers("7.1.4")
    for pair in (("FL", "FC"), ("SL", "BL"), ("BL", "BR"), ("BR", "TBR"), ("TFL", "TFR"), ("TBL", "TBR")):
        between = towards[[names.index(name) for name in pair]].mean(axis=0)
        expected = [2**-0.5 if name in pair else 0 for name in names]
        np.testing.assert_allclose(pan([between], "7.1.4")[0], expected, atol=1e-9)


def test_7_1_4_plays_height_from_above_and_left_mirrors_right():
    names, _ = speakers("7.1.4")
    top = [name.startswith("T") for name in names]
    np.testing.assert_allclose(pan([[0, 0, 1.0]], "7.1.4")[0], np.where(top, 0.5, 0), atol=1e-12)
    below = pan([[0, 0, -1.0]], "7.1.4")[0]
    np.testing.assert_allclose(below, np.where(top, 0, 7**-0.5), atol=1e-12)
    mirrored = [names.index(n[:-1] + {"L": "R", "R": "L"}[n[-1]]) if n != "FC" else names.index(n) for n in names]
    v = even_directions(3000)
    np.testing.assert_allclose(pan(v * [-1, 1, 1], "7.1.4"), pan(v, "7.1.4")[:, mirrored], atol=1e-9)


@pytest.mark.parametrize(
    ("azimuth", "elevation", "expected"),
    [
        (-40, -15, {"FR": 0.9753, "SR": 0.2211}),
        (100, -30, {"SL": 0.9571, "BL": 0.2898}),
        (180, -10, {"BL": 0.7071, "BR": 0.7071}),
        (20, -60, dict.fromkeys(("FR", "SL", "SR", "BL", "BR"), 0.2440) | {"FL": 0.6926, "FC": 0.4718}),
        (-120, -45, dict.fromkeys(("FL", "FR", "FC", "SL", "BL"), 0.1239) | {"SR": 0.4882, "BR": 0.8276}),
        (-60, 20, {"FR": 0.0757, "SR": 0.4699, "TFR": 0.8795}),
    ],
)
def test_7_1_4_is_panned_as_by_the_ebu_renderer(azimuth, elevation, expected):
    """Printed by ear 2.1.0, the EBU's implementation of BS.2127, for 4+7+0."""
    gains = pan(unit_vectors([float(azimuth)], [float(elevation)]), "7.1.4")[0]
    np.testing.assert_allclose(gains, [expected.get(name, 0) for name in LOUDSPEAKERS["7.1.4"]], atol=1e-4)


@pytest.mark.parametrize("layout", LOUDSPEAKERS)
def test_a_small_step_of_the_source_is_a_small_step_of_the_gains(layout):
    v = even_directions(2000)
    v = v[np.abs(v[:, 2]) < 0.9]
    step = 1e-4 * np.random.default_rng(0).normal(size=v.shape)
    assert np.abs(pan(v + step, layout) - pan(v, layout)).max() < 5e-3


def test_the_top_loudspeakers_stand_30_degrees_up():
    side, up = math.cos(math.radians(30)) / math.sqrt(2), 0.5  # system J of BS.2051: 45 and 135 degrees, 30 up
    corners = [[-side, side, up], [side, side, up], [-side, -side, up], [side, -side, up]]
    np.testing.assert_allclose(pan(corners, "7.1.4"), np.eye(11)[-4:], atol=1e-12)


def test_stereo_is_fully_panned_from_30_degrees_on():
    left, right = pan_stereo([[-0.5, math.sqrt(3) / 2, 0], [1, 0, 0]])
    np.testing.assert_allclose([left, right], np.eye(2), atol=1e-7)
    assert pan_stereo(unit_vectors([29.0]))[0, 1] > 0.02


@pytest.mark.parametrize("vectors", [np.ones((3, 2)), np.ones((0, 3)), [0, np.nan, 1], [[np.inf, 0, 0]]])
def test_directions_that_are_none_are_refused(vectors):
    for panned in (lambda v: pan(v, "5.1"), pan_stereo, lambda v: encode(v, 1), load_hrtf(sample_rate=16000).at):
        with pytest.raises(ValueError, match="vectors"):
            panned(vectors)


def test_a_layout_without_loudspeakers_is_named():
    with pytest.raises(ValueError, match=r"binaural.*5\.1, 7\.1\.4"):
        check_loudspeakers("binaural")
    with pytest.raises(ValueError, match="quad"):
        pan(np.ones((1, 3)), "quad")
