"""Sound fields that turn, and loudspeakers that play them."""

import numpy as np
import pytest

from see2sound_nb.places.frames import directions, even_directions, unit_vectors
from see2sound_nb.render.ambisonics import head_rotation, loudspeaker_decoder, rotation_matrix
from see2sound_nb.render.layouts import LOUDSPEAKERS
from see2sound_nb.room.spherical_harmonics import encode

FRONT, LEFT, UP = np.eye(3)[[1, 0, 2]] * [[1], [-1], [1]]


def test_a_head_that_turns_left_has_the_front_on_its_right():
    np.testing.assert_allclose(rotation_matrix(1, 90) @ encode(FRONT, 1)[0], encode(-LEFT, 1)[0], atol=1e-12)
    np.testing.assert_allclose(LEFT @ head_rotation(90), FRONT, atol=1e-12)
    np.testing.assert_allclose(UP @ head_rotation(0, 90), FRONT, atol=1e-12)  # the nose points up
    np.testing.assert_allclose(UP @ head_rotation(0, 0, 90), LEFT, atol=1e-12)  # the right ear is down


@pytest.mark.parametrize("order", range(6))
def test_turning_the_channels_is_turning_the_directions(order):
    v = np.random.default_rng(1).normal(size=(50, 3))
    turn = (35.0, -20.0, 60.0)
    matrix = rotation_matrix(order, *turn)
    np.testing.assert_allclose(encode(v, order) @ matrix.T, encode(v @ head_rotation(*turn), order), atol=1e-12)
    degree = np.repeat(np.arange(order + 1), 2 * np.arange(order + 1) + 1)
    to_n3d = np.sqrt(2 * degree + 1)
    in_n3d = matrix * to_n3d[:, None] / to_n3d
    np.testing.assert_allclose(in_n3d @ in_n3d.T, np.eye(len(degree)), atol=1e-12)
    assert not matrix[degree[:, None] != degree].any()
    twice = rotation_matrix(order, 30) @ rotation_matrix(order, 40)
    np.testing.assert_allclose(twice, rotation_matrix(order, 70), atol=1e-12)


@pytest.mark.parametrize("layout", LOUDSPEAKERS)
def test_decoded_to_loudspeakers_a_sound_stays_where_it_was(layout):
    towards = unit_vectors(*np.array(list(LOUDSPEAKERS[layout].values()), float).T)
    azimuth = np.arange(0, 360, 5)
    power = (encode(unit_vectors(azimuth), 3) @ loudspeaker_decoder(3, layout).T) ** 2
    heard = directions(power @ towards)[0]
    off = np.abs((heard - azimuth + 180) % 360 - 180)
    assert off.max() < 26  # where loudspeakers are 80 degrees or more apart
    assert off[np.cos(np.radians(azimuth)) > np.cos(np.radians(50))].max() < 8
    assert np.ptp(10 * np.log10(power.sum(axis=1))) < 3.5
    everywhere = encode(even_directions(500), 3) @ loudspeaker_decoder(3, layout).T
    assert (everywhere**2).sum(axis=1).mean() == pytest.approx(1, rel=0.01)
    with pytest.raises(ValueError, match="order 0"):
        loudspeaker_decoder(0, layout)
