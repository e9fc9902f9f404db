"""Spherical harmonics as scipy has them; heads turn the right way; ears hear through Ambisonics what was measured."""

import math

import numpy as np
import pytest
from scipy.special import lpmv

from see2sound_nb.ambisonics import (
    binaural_filters,
    encode,
    even_directions,
    head_rotation,
    loudspeaker_decoder,
    rotation_matrix,
)
from see2sound_nb.geometry import directions, unit_vectors
from see2sound_nb.hrtf import load_hrtf
from see2sound_nb.ism import shoebox_rir
from see2sound_nb.panning import LOUDSPEAKERS

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


@pytest.fixture(scope="module")
def heard_and_measured():
    """Spectra (n, 2, bins) through Ambisonics of order 5 and from the measurements, and the frequencies."""
    hrtf = load_hrtf()
    v = even_directions(300)
    v = v[v[:, 2] > -0.5]
    heard = np.einsum("nc,cek->nek", encode(v, 5), binaural_filters(hrtf, 5))
    measured = hrtf.at(v)
    return heard, measured, np.fft.rfftfreq(1024, 1 / 16000)


def test_at_low_frequencies_ears_hear_through_ambisonics_the_measured_waveform(heard_and_measured):
    heard, measured, frequency = heard_and_measured
    H, M = np.fft.rfft(heard, 1024), np.fft.rfft(measured, 1024)
    low = (frequency > 100) & (frequency < 800)
    assert 10 * np.log10((np.abs(H - M)[..., low] ** 2).sum() / (np.abs(M)[..., low] ** 2).sum()) < -17

    def itd_s(spectra):
        cross = np.fft.irfft(spectra[:, 1] * spectra[:, 0].conj() * (frequency < 1500), 16 * 1024)
        return np.argmax(np.roll(cross, 8 * 1024, axis=1), axis=1) / 16 / 16000

    assert np.median(np.abs(itd_s(H) - itd_s(M))) < 20e-6


def test_above_they_hear_its_magnitude_which_least_squares_alone_would_lose(heard_and_measured):
    heard, measured, frequency = heard_and_measured
    high = (frequency > 4000) & (frequency < 7000)
    v = even_directions(1000)
    plain = np.einsum("cn,nek->cek", np.linalg.pinv(encode(v, 5)), load_hrtf().at(v))
    some = even_directions(300)
    plain = np.einsum("nc,cek->nek", encode(some[some[:, 2] > -0.5], 5), plain)
    power, power_0, power_plain = (
        (np.abs(np.fft.rfft(r, 1024))[..., high] ** 2).sum() for r in (heard, measured, plain)
    )
    assert 10 * np.log10(power / power_0) == pytest.approx(0, abs=1)
    assert 10 * np.log10(power_plain / power_0) < -2
