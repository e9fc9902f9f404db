"""The harmonics against the textbook, and the engine against them."""

import math

import numpy as np
import pytest
from scipy.special import lpmv

from see2sound_nb.places.frames import directions
from see2sound_nb.room.ism import shoebox_rir
from see2sound_nb.room.spherical_harmonics import encode

FRONT, LEFT, UP = np.eye(3)[[1, 0, 2]] * [[1], [-1], [1]]


def test_the_harmonics_are_those_of_the_textbook():
    v = 3 * np.random.default_rng(0).normal(size=(100, 3))
    azimuth, elevation, _ = directions(v)
    gains = encode(v, 5)
    assert gains.shape == (100, 36)
    for l in range(6):
        for m in range(-l, l + 1):
            norm = math.sqrt((2 - (m == 0)) * math.factorial(l - abs(m)) / math.factorial(l + abs(m)))
            turn = np.cos(m * np.radians(azimuth)) if m >= 0 else np.sin(-m * np.radians(azimuth))
            legendre = (-1) ** m * lpmv(abs(m), l, np.sin(np.radians(elevation)))  # without Condon and Shortley's sign
            np.testing.assert_allclose(gains[:, l * l + l + m], norm * legendre * turn, atol=1e-12)
    np.testing.assert_allclose(encode([LEFT, UP, FRONT], 1)[:, 1:], np.eye(3), atol=1e-15)
    with pytest.raises(ValueError, match="0 to 5"):
        encode(v, 6)


def test_the_engine_encodes_as_encode_does():
    size, source, ears = np.array([8.0, 7, 4]), np.array([2.0, 6, 3]), np.array([5.0, 3, 1.5])
    h = shoebox_rir(size, [source], [ears], absorption=0.5, max_order=0, ambisonic_order=5)[0, 0]
    heard = h[:, np.argmax(np.abs(h[0]))] / h[0, np.argmax(np.abs(h[0]))]
    np.testing.assert_allclose(heard, encode(source - ears, 5)[0], atol=1e-5)
