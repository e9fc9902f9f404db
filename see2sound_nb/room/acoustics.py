"""Air, walls and reverberation: the numbers that a room's sound depends on.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

#: Speed of sound in dry air of about 20 degrees Celsius, in m/s; pyroomacoustics' value.
SPEED_OF_SOUND_M_S = 343.0
#: Centre of the lowest octave band, in Hz.
LOWEST_BAND_HZ = 125.0


def speed_of_sound_m_s(temperature_c: float) -> float:
    """Speed of sound in dry air, in m/s: 331.3 sqrt(1 + T / 273.15), T in degrees Celsius.

    Raises
    ------
    ValueError
        Below -100 or above 100 degrees Celsius.
    """
    if not -100 <= temperature_c <= 100:
        raise ValueError(f"temperature_c={temperature_c} must lie in -100 to 100 degrees Celsius; a room has about 20")
    return 331.3 * math.sqrt(1 + temperature_c / 273.15)


def _walls(size_m: ArrayLike, absorption: ArrayLike) -> tuple[float, np.ndarray, np.ndarray]:
    """Volume, the areas (6,) of the walls, and the absorption (..., 6)."""
    x, y, z = (float(side) for side in np.asarray(size_m, dtype=np.float64).reshape(3))
    if not all(0 < side < math.inf for side in (x, y, z)):
        raise ValueError(f"size_m={(x, y, z)} must be three positive and finite numbers of metres")
    areas = np.array([y * z, y * z, x * z, x * z, x * y, x * y])
    alpha = np.asarray(absorption, dtype=np.float64)
    if not np.all((alpha >= 0) & (alpha <= 1)):
        raise ValueError(f"absorption={alpha.tolist()} must lie in 0 (rigid) to 1 (open); clip it")
    return x * y * z, areas, np.broadcast_to(alpha, np.broadcast_shapes(alpha.shape, (6,)))


def sabine_rt60_s(size_m: ArrayLike, absorption: ArrayLike, *, speed_m_s: float = SPEED_OF_SOUND_M_S) -> np.ndarray:
    """Reverberation time by Sabine's formula, 24 ln(10) V / (c sum of alpha S): right for small absorption.

    Parameters
    ----------
    size_m : array_like
        (3,) float, metres.
    absorption : array_like
        Energy absorption coefficients, one number, (6,) for the walls x = 0, x = L_x, y = 0, ..., or (bands, 6).
    speed_m_s : float
        Speed of sound in m/s.

    Returns
    -------
    np.ndarray
        () or (bands,) float64, seconds until the energy has fallen by 60 dB; infinite for rigid walls.

    Raises
    ------
    ValueError
        If a size is not positive or an absorption not in 0 to 1.
    """
    volume, areas, alpha = _walls(size_m, absorption)
    with np.errstate(divide="ignore"):
        return 24 * math.log(10) / speed_m_s * volume / (alpha @ areas)


def eyring_rt60_s(size_m: ArrayLike, absorption: ArrayLike, *, speed_m_s: float = SPEED_OF_SOUND_M_S) -> np.ndarray:
    """Reverberation time by Eyring's formula (1930): Sabine's with -ln(1 - mean alpha) for alpha.

    It is 0 where Sabine's is not: in the open. Parameters, results and errors as in `sabine_rt60_s`.
    """
    volume, areas, alpha = _walls(size_m, absorption)
    mean = alpha @ areas / areas.sum()
    with np.errstate(divide="ignore"):
        return 24 * math.log(10) / speed_m_s * volume / (areas.sum() * -np.log1p(-mean))


def absorption_for_rt60(
    size_m: ArrayLike, rt60_s: float, *, formula: str = "eyring", speed_m_s: float = SPEED_OF_SOUND_M_S
) -> float:
    """The absorption of equal walls that gives a reverberation time, by one of three formulas.

    Parameters
    ----------
    size_m : array_like
        (3,) float, metres.
    rt60_s : float
        Seconds.
    formula : str
        ``"eyring"``, ``"sabine"``, or ``"images"``, which is right for image sources.
    speed_m_s : float
        Speed of sound in m/s.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the time is not positive, or so short that Sabine's walls would have to absorb more than everything.

    Notes
    -----
    Eyring and Sabine take the sound for diffuse: every path soon meets every wall. In a perfect box it does not. A ray
    along the longest side meets walls so seldom that it is heard when all others have died away, and the decay of image
    sources bends: between -5 and -25 dB it is slower than Eyring's, by a tenth in a cube and by nine tenths in a room
    of 10 x 3 x 2.5 m. ``"images"`` takes the mean over all directions u of exp(-c t sum of |u_i| a / L_i), where a is
    -ln(1 - absorption): its T20 (the line through -5 to -25 dB) is proportional to 1/a, so that the formula is turned
    round at once. After Lehmann and Johansson, "Prediction of energy decay in room impulse responses simulated with an
    image-source model", J. Acoust. Soc. Am. 124, 2008. It holds above some 100 Hz. Below, all images add up in phase,
    and a T20 of everything from 0 Hz up is a third longer: high-pass a response before you measure it.
    Notebook: 09_your_own.
    """
    if not (rt60_s > 0 and math.isfinite(rt60_s)):
        raise ValueError(f"rt60_s={rt60_s} must be a positive number of seconds; a living room has about 0.4")
    if formula not in ("eyring", "sabine", "images"):
        raise ValueError(f"formula {formula!r} is unknown; choose eyring, sabine or images")
    if formula == "images":
        return -math.expm1(-_t20_of_images_s(size_m, speed_m_s) / rt60_s)
    volume, areas, _ = _walls(size_m, 0.0)
    exponent = 24 * math.log(10) / speed_m_s * volume / (areas.sum() * rt60_s)
    if formula == "eyring":
        return -math.expm1(-exponent)
    if exponent > 1:
        raise ValueError(
            f"rt60_s={rt60_s} would need an absorption of {exponent:.2f} in this room by Sabine's formula; "
            f"ask for at least {rt60_s * exponent:.3f} s, or use formula='eyring'"
        )
    return exponent


def _t20_of_images_s(size_m: ArrayLike, speed_m_s: float) -> float:
    """T20 of image sources where a = -ln(1 - absorption) is 1, in seconds; see `absorption_for_rt60`."""
    _walls(size_m, 0.0)
    x, y = (np.arange(48) + 0.5) / 48, 0.5 * np.pi * (np.arange(48) + 0.5) / 48  # an octant: sine of elevation, azimuth
    up, turned = (part.ravel() for part in np.meshgrid(x, y))
    flat = np.sqrt(1 - up**2)
    towards = np.stack([flat * np.cos(turned), flat * np.sin(turned), up])
    rate = speed_m_s * (towards / np.asarray(size_m, dtype=np.float64)[:, None]).sum(axis=0)
    t = np.linspace(0, 40 / rate.mean(), 1000)
    left = (np.exp(-np.outer(t, rate)) / rate).sum(axis=1)
    decay = 10 * np.log10(left / left[0])
    fit = (decay <= -5) & (decay >= -25)
    return float(-60 / np.polyfit(t[fit], decay[fit], 1)[0])


def air_absorption_db_m(
    frequency_hz: ArrayLike,
    *,
    temperature_c: float = 20.0,
    humidity_percent: float = 50.0,
    pressure_kpa: float = 101.325,
) -> np.ndarray:
    """How much of a sound the air swallows on each metre (ISO 9613-1, equations 3 to 5 and B.2, B.3).

    Parameters
    ----------
    frequency_hz : array_like
        In Hz.
    temperature_c : float
        In degrees Celsius.
    humidity_percent : float
        Relative humidity in percent.
    pressure_kpa : float
        Ambient pressure in kPa.

    Returns
    -------
    np.ndarray
        float64, dB/m, of the frequencies' shape.

    Raises
    ------
    ValueError
        If the humidity is not in 0 to 100 percent, or temperature or pressure impossible.

    Examples
    --------
    >>> float(air_absorption_db_m(4000.0).round(4))  # ISO 9613-1, table 1: 29.7 dB/km at 20 degrees, 50 %
    0.0297
    """
    if not 0 <= humidity_percent <= 100:
        raise ValueError(f"humidity_percent={humidity_percent} must lie in 0 to 100; a room has about 50")
    if not -100 <= temperature_c <= 100:
        raise ValueError(f"temperature_c={temperature_c} must lie in -100 to 100 degrees Celsius; a room has about 20")
    if not 0 < pressure_kpa < math.inf:
        raise ValueError(f"pressure_kpa={pressure_kpa} must be a positive number of kPa; at sea level it is 101.325")
    f = np.asarray(frequency_hz, dtype=np.float64)
    kelvin = temperature_c + 273.15
    warm, pressure = kelvin / 293.15, pressure_kpa / 101.325
    saturation = 10 ** (-6.8346 * (273.16 / kelvin) ** 1.261 + 4.6151)
    vapour = humidity_percent * saturation / pressure  # molar concentration of water vapour in percent
    oxygen_hz = pressure * (24 + 4.04e4 * vapour * (0.02 + vapour) / (0.391 + vapour))
    nitrogen_hz = pressure * warm**-0.5 * (9 + 280 * vapour * np.exp(-4.170 * (warm ** (-1 / 3) - 1)))
    relaxation = warm**-2.5 * (
        0.01275 * np.exp(-2239.1 / kelvin) * oxygen_hz / (oxygen_hz**2 + f**2)
        + 0.1068 * np.exp(-3352.0 / kelvin) * nitrogen_hz / (nitrogen_hz**2 + f**2)
    )
    return 8.686 * f**2 * (1.84e-11 / pressure * np.sqrt(warm) + relaxation)


def octave_bands_hz(sample_rate: float) -> np.ndarray:
    """Centres (bands,) of the octave bands from 125 Hz to the first one at or above half the sample rate, in Hz.

    Examples
    --------
    >>> octave_bands_hz(16000).tolist()
    [125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0]
    """
    count = max(1, math.ceil(math.log2(sample_rate / 2 / LOWEST_BAND_HZ)) + 1)
    return LOWEST_BAND_HZ * 2.0 ** np.arange(count)


def sum_of_octave_bands(bands: Iterable[np.ndarray], sample_rate: float) -> np.ndarray:
    """Take from each response its octave band, and add the bands.

    The bands cross over with the square of a cosine over one octave; the lowest takes all below it, the highest all
    above, and together they are 1 at every frequency: equal responses come out unchanged. The filters have no phase
    of their own, so that arrivals stay in place; where bands differ they ring a little before as well as after.

    Parameters
    ----------
    bands : iterable of np.ndarray
        (..., L) float32, one for each band of `octave_bands_hz`; of a generator, one is held at a time.
    sample_rate : float
        In Hz.

    Returns
    -------
    np.ndarray
        (..., L) float32.
    """
    from scipy import fft

    count, total = len(octave_bands_hz(sample_rate)), None
    for number, h in enumerate(bands):
        if total is None:
            length = h.shape[-1]
            size = fft.next_fast_len(length + int(0.05 * sample_rate), real=True)  # what rings before 0 must not wrap
            total = np.zeros((*h.shape[:-1], size // 2 + 1), dtype=np.complex64)
            with np.errstate(divide="ignore"):
                octave = np.log2(fft.rfftfreq(size, 1 / sample_rate) / LOWEST_BAND_HZ)
        rising = np.sin(np.pi / 2 * np.clip(octave - number + 1, 0, 1)) ** 2 if number else np.ones_like(octave)
        falling = np.cos(np.pi / 2 * np.clip(octave - number, 0, 1)) ** 2 if number < count - 1 else 1.0
        weight = (rising * falling).astype(np.float32)
        for index in np.ndindex(h.shape[:-1]):
            total[index] += weight * fft.rfft(h[index], size)
    if total is None:
        raise ValueError("there are no bands; give one response for each of octave_bands_hz")
    out = np.empty((*total.shape[:-1], length), dtype=np.float32)
    for index in np.ndindex(total.shape[:-1]):
        out[index] = fft.irfft(total[index], size)[:length]
    return out
