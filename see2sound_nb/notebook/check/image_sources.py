"""Checks of notebook 05: corridors by ear, images to be counted, rounded arrivals, and whether sources add up.

Notebook: 05_image_sources.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from see2sound_nb.notebook.check._compare import SAMPLE_RATE, function, in_order, number, right, same
from see2sound_nb.notebook.players import Players, compare
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S
from see2sound_nb.room.ism import arrivals, shoebox_rir
from see2sound_nb.room.ism.lattice import diamond, sampled

#: Widths of the three corridors in metres.
WIDTHS_M = (3.0, 5.0, 8.0)
#: What a head's width is taken for, in metres.
BETWEEN_EARS_M = 0.18
#: Two sums of the same sounds differ by what single precision rounds off; measured, this is about -150 dB.
ROUNDING_DB = -120.0


def corridors() -> Players:
    """A clap in three corridors of different width, in an order to be heard, all at one level.

    Returns
    -------
    Players
        "a", "b" and "c", each a second of one channel.

    Notes
    -----
    Notebook: 05_image_sources.
    """
    clap = np.random.default_rng(0).standard_normal(80) * np.hanning(80)  # 5 ms of noise
    claps = {}
    for name, width_m in _widths().items():
        middle_m = width_m / 2
        h = shoebox_rir(
            [width_m, 9, 9], [[middle_m, 3, 4.5]], [[middle_m, 6, 4.5]],
            absorption=[0.05, 0.05, 1, 1, 1, 1], max_time_s=1.0, sample_rate=SAMPLE_RATE,
        )[0, 0]  # fmt: skip
        claps[f"corridor {name}"] = np.convolve(h, clap)[:SAMPLE_RATE]
    return compare(claps, SAMPLE_RATE)


def order_of_corridors(yours: list[str]) -> None:
    """Check the order of `corridors`, from the narrowest to the widest.

    Parameters
    ----------
    yours : list of str
        The names ``"a"``, ``"b"`` and ``"c"``.

    Raises
    ------
    AssertionError
        If there is no answer, not each name once, or a corridor is in the wrong place: the first one, with its index.

    Notes
    -----
    Notebook: 05_image_sources.
    """
    widths = _widths()
    expected = sorted(widths, key=lambda name: widths[name])
    in_order(yours, expected, "order of the corridors, from the narrowest to the widest")
    pitches = ", ".join(f"{SPEED_OF_SOUND_M_S / width:.0f} Hz" for width in sorted(widths.values()))
    right(f"their flutter echoes repeat at {pitches}: the narrower, the higher")


def images_of_order(yours: Callable[[int], int]) -> None:
    """Check a formula for the number of images that have exactly n reflections.

    Parameters
    ----------
    yours : callable
        Takes n, a whole number from 1 up; returns the number of images.

    Raises
    ------
    AssertionError
        If there is no function, or a count is wrong: the first one, with its order.

    Notes
    -----
    Notebook: 05_image_sources.
    """
    function(yours, "images_of_order")
    for n in range(1, 21):
        counted = int((np.abs(diamond(n)).sum(axis=1) == n).sum())
        same(yours(n), counted, f"images of order n = {n}", "images")
    right("counted one by one up to order 20")


def rounded_response(yours: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    """Check a response whose arrivals were rounded to the nearest sample.

    Parameters
    ----------
    yours : callable
        Takes tau (n,) in seconds and alpha (n,); returns h (L,) at 16 kHz, up to the last arrival.

    Raises
    ------
    AssertionError
        If there is no function, or a sample is wrong: the first one, with its index.

    Notes
    -----
    Notebook: 05_image_sources.
    """
    function(yours, "rounded_response")
    two = np.array([0.0101, 0.0202]), np.array([1.0, 0.25])  # samples 161.6 and 323.2
    room = arrivals([6, 5, 3], [1.5, 3.5, 1.2], [4, 2, 1.5], absorption=0.2, max_order=17)[:2]
    for case, (tau, alpha) in {"two arrivals": two, "a room of order 17": room}.items():
        expected = np.bincount(np.round(SAMPLE_RATE * tau).astype(int), alpha)
        same(yours(tau.copy(), alpha.copy()), expected, f"rounded response of {case}, by samples", "")
    tau, alpha = room
    exact = sampled(SAMPLE_RATE * tau + 40, alpha, len(expected) + 100)[40:]
    error = np.fft.rfft(exact - np.pad(expected, (0, len(exact) - len(expected))))
    heard = np.fft.rfft(exact)
    frequency = np.fft.rfftfreq(len(exact), 1 / SAMPLE_RATE)
    levels_db = []
    for centre_hz in (700, 7000):
        band = np.abs(frequency - centre_hz) < 200
        levels_db.append(20 * np.log10(np.linalg.norm(error[band]) / np.linalg.norm(heard[band])))
    half_a_sample_m = SPEED_OF_SOUND_M_S / SAMPLE_RATE / 2
    angle_deg = np.degrees(np.arcsin(half_a_sample_m / BETWEEN_EARS_M))
    right(
        f"the error is {levels_db[0]:.0f} dB of the response around 0.7 kHz, and {levels_db[1]:.0f} dB around 7 kHz; "
        f"half a sample is {100 * half_a_sample_m:.2f} cm, and that is {angle_deg:.0f} degrees between the ears"
    )


def difference_db(yours: float) -> None:
    """Check by how much a scene differs from the sum of its sources, each simulated alone.

    Parameters
    ----------
    yours : float
        Energy of the difference over the energy of the scene, in dB.

    Raises
    ------
    AssertionError
        If there is no answer, or it is more than what single precision rounds off.

    Notes
    -----
    Paper: section 4.3, last paragraph. Notebook: 05_image_sources.
    """
    case = "difference between the scene and the sum of its sources"
    given = number(yours, case, "dB")
    if not given <= ROUNDING_DB:
        raise AssertionError(
            f"{case}: yours is {given:.6g} dB, and rounding leaves less than {ROUNDING_DB:.0f} dB; is it 10 log10 "
            "of an energy over an energy, the difference on top, of the same sources in the same room?"
        )
    right("all sources together are the sum of the sources alone, down to rounding errors: the simulation is a sum")


def _widths() -> dict[str, float]:
    return dict(zip("abc", np.random.default_rng(5).permutation(WIDTHS_M).tolist()))
