"""Ambisonics: a sound field around a point, as numbers that turn with the head and fit any loudspeakers or ears.

AmbiX throughout (Nachbar et al. 2011): channels in ACN order, l * l + l + m, spherical harmonics in SN3D.
Azimuth is positive to the left, so Y points left, Z up and X to the front.

Notebook: 00_start_here.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from see2sound_nb._checks import rows_of_three
from see2sound_nb.hrtf import HRTF, arrival_times
from see2sound_nb.panning import pan

#: Highest order offered: 36 channels.
MAX_ORDER = 5
#: Up to so many hertz times the order, filters for ears keep the phase; above, only the magnitude (MagLS).
PHASE_HZ_PER_ORDER = 500.0


def check_order(order: int) -> int:
    """Return `order`, or raise ValueError if it is not a whole number from 0 to `MAX_ORDER`."""
    if order not in range(MAX_ORDER + 1):
        raise ValueError(f"Ambisonics order {order!r} must be a whole number from 0 to {MAX_ORDER}; choose one")
    return int(order)


def degrees_of_channels(order: int) -> np.ndarray:
    """The degree l of each of the (order + 1)^2 channels, int."""
    return np.repeat(np.arange(order + 1), 2 * np.arange(order + 1) + 1)


def encode(vectors: np.ndarray, order: int) -> np.ndarray:
    """Gains of the Ambisonics channels for sounds from given directions: real spherical harmonics.

    Parameters
    ----------
    vectors : np.ndarray
        (n, 3) float, towards the sounds, listener's frame, of any length but zero.
    order : int
        N, 0 to 5.

    Returns
    -------
    np.ndarray
        (n, (N + 1)^2) float64, ACN order, SN3D: first 1, then the direction cosines to the left, up and front, ...

    Raises
    ------
    ValueError
        If the order is not 0 to 5, or the vectors are not (n, 3) or not finite.

    Notes
    -----
    Nachbar, Zotter, Deleflie and Sontacchi, "AmbiX", Ambisonics Symposium 2011. Notebook: 00_start_here.

    Examples
    --------
    >>> encode([[-2.0, 0.0, 0.0]], 1)
    array([[1., 1., 0., 0.]])
    """
    check_order(order)
    vectors = rows_of_three("vectors", vectors)
    right, x, z = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T
    y = -right
    gains = np.empty((len(vectors), (order + 1) ** 2))
    cosine, sine = np.ones_like(x), np.zeros_like(x)  # of m times the azimuth, times cos(elevation)^m
    double_factorial = 1.0
    for m in range(order + 1):
        before, legendre = np.zeros_like(z), np.full_like(z, double_factorial)  # P_l^m(z) / cos(elevation)^m
        for degree in range(m, order + 1):
            norm = math.sqrt((2 - (m == 0)) * math.factorial(degree - m) / math.factorial(degree + m))
            centre = degree * degree + degree
            gains[:, centre - m] = norm * legendre * sine
            gains[:, centre + m] = norm * legendre * cosine
            before, legendre = (
                legendre,
                ((2 * degree + 1) * z * legendre - (degree + m) * before) / (degree + 1 - m),
            )
        cosine, sine = x * cosine - y * sine, x * sine + y * cosine
        double_factorial *= 2 * m + 1
    return gains


def head_rotation(yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> np.ndarray:
    """The frame of a turned head.

    Parameters
    ----------
    yaw_deg, pitch_deg, roll_deg : float
        Head turned to the left, then nose up, then the right ear down, in degrees.

    Returns
    -------
    np.ndarray
        (3, 3) float64, its columns the head's right, front and up in the listener's frame; ``vectors @ R`` are
        vectors as the turned head sees them.

    Raises
    ------
    ValueError
        If an angle is not finite.
    """
    if not np.isfinite([yaw_deg, pitch_deg, roll_deg]).all():
        raise ValueError(f"a head turned by {yaw_deg}, {pitch_deg}, {roll_deg} degrees is nowhere; use finite angles")
    (cy, cp, cr), (sy, sp, sr) = (f(np.radians([yaw_deg, pitch_deg, roll_deg])) for f in (np.cos, np.sin))
    yaw = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, 0, sr], [0, 1, 0], [-sr, 0, cr]])
    return yaw @ pitch @ roll


def rotation_matrix(order: int, yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> np.ndarray:
    """Turn the head in a sound field: what was in front of a head that turns left is then on its right.

    Parameters
    ----------
    order : int
        N, 0 to 5.
    yaw_deg, pitch_deg, roll_deg : float
        As in `head_rotation`.

    Returns
    -------
    np.ndarray
        ((N + 1)^2, (N + 1)^2) float64, block by degree; ``matrix @ channels`` is the field as the turned head has it.

    Notes
    -----
    A rotated harmonic is a sum of harmonics of its own degree, so that the values in enough directions determine
    the matrix; the solution is exact, not an approximation. Notebook: 00_start_here.
    """
    towards, inverse = _sampled(check_order(order))
    turned = inverse @ encode(towards @ head_rotation(yaw_deg, pitch_deg, roll_deg), order)
    degree = degrees_of_channels(order)
    return np.where(degree[:, None] == degree, turned.T, 0.0)


@functools.cache
def _sampled(order: int) -> tuple[np.ndarray, np.ndarray]:
    towards = even_directions(4 * (order + 1) ** 2)
    return towards, np.linalg.pinv(encode(towards, order))


def even_directions(count: int) -> np.ndarray:
    """Directions spread evenly over the sphere, on a Fibonacci spiral: (count, 3) float64 unit vectors."""
    k = np.arange(count)
    z = 1 - (2 * k + 1) / count
    turn = k * np.pi * (3 - math.sqrt(5))
    flat = np.sqrt(1 - z * z)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)


def loudspeaker_decoder(order: int, layout: str) -> np.ndarray:
    """Play Ambisonics on a layout of loudspeakers: AllRAD with max-rE weights.

    The field is first played by 1,000 evenly spread virtual loudspeakers, each of which is panned to the real ones.

    Parameters
    ----------
    order : int
        N, 1 to 5.
    layout : str
        ``"5.1"`` or ``"7.1.4"``.

    Returns
    -------
    np.ndarray
        (S, (N + 1)^2) float64, one row for each of the layout's full-range `LOUDSPEAKERS`; the power of a sound is
        1 on average over all directions.

    Raises
    ------
    ValueError
        If the order is not 1 to 5 or the layout unknown.

    Notes
    -----
    Zotter and Frank, "All-round Ambisonic panning and decoding", JAES 60(10), 2012. Notebook: 00_start_here.
    """
    if check_order(order) == 0:
        raise ValueError("Ambisonics order 0 has no directions to decode; use order 1 or more")
    virtual = even_directions(1000)
    degree = degrees_of_channels(order)
    centre = math.cos(math.radians(137.9 / (order + 1.51)))
    weights = np.polynomial.legendre.legvander(np.array([centre]), order)[0]
    harmonics = encode(virtual, order)
    matrix = pan(virtual, layout).T @ (harmonics * (weights * (2 * np.arange(order + 1) + 1))[degree])
    power = ((matrix @ harmonics.T) ** 2).sum(axis=0).mean()
    return matrix / math.sqrt(power)


@functools.lru_cache(maxsize=8)
def binaural_filters(hrtf: HRTF, order: int) -> np.ndarray:
    """Filters from Ambisonics to the ears: magnitude least squares (MagLS).

    Few harmonics cannot hold both the magnitude and the phase of a head at high frequencies. The ear does not need
    that phase: below 500 Hz times the order the filters approximate the measurements themselves; above, their
    magnitudes, with whatever phase continues from the frequency below.

    Parameters
    ----------
    hrtf : HRTF
        The head.
    order : int
        N, 0 to 5.

    Returns
    -------
    np.ndarray
        ((N + 1)^2, 2, K) float64, from each channel to the left and right ear; convolve and add.

    Notes
    -----
    Schoerkhuber, Zaunschirm and Hoeldrich, "Binaural rendering of Ambisonic signals via magnitude least squares",
    DAGA 2018. The head is taken in 1,000 evenly spread directions, interpolated. Notebook: 00_start_here.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    towards = even_directions(1000)
    harmonics = encode(towards, check_order(order))
    inverse = np.linalg.pinv(harmonics)
    taps = hrtf.responses.shape[-1]
    size = next_fast_len(2 * taps, real=True)
    responses = hrtf.at(towards)
    mean_time = arrival_times(responses, hrtf.sample_rate).mean()
    advance = np.exp(2j * np.pi * np.arange(size // 2 + 1) / size * mean_time)  # so that phases change slowly
    wanted = rfft(responses, size) * advance  # (1000, 2, bins)
    filters = (inverse @ wanted.reshape(len(towards), -1)).reshape(-1, *wanted.shape[1:])
    for k in range(math.ceil(order * PHASE_HZ_PER_ORDER * size / hrtf.sample_rate) + 1, size // 2 + 1):
        phase = np.angle(harmonics @ filters[..., k - 1])
        filters[..., k] = inverse @ (np.abs(wanted[..., k]) * np.exp(1j * phase))
    response = irfft(filters / advance, size)[..., :taps]
    fade = taps // 8
    response[..., -fade:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 1) / (fade + 1))
    return response
