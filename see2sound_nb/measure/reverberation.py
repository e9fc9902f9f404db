"""How long a room goes on sounding, and how its direct sound compares with what follows, measured on its responses.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb._checks import check_rate
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S
from see2sound_nb.room.shoebox import Room

#: The direct sound of a response is what lies this near to its peak, in seconds.
DIRECT_S = 0.0025
#: What arrives this soon after the direct sound is heard as one with it, in speech, in seconds.
EARLY_S = 0.05
#: A decay must have been followed so far for its T20, in dB: what is missing then no longer bends its line.
T20_NEEDS_DB = -35.0


def schroeder_db(h: np.ndarray) -> np.ndarray:
    """The energy that is yet to come, from each sample of a response on, in dB of all of it.

    Parameters
    ----------
    h : np.ndarray
        (L,) float, an impulse response.

    Returns
    -------
    np.ndarray
        (L,) float64, from 0 down; not below -120 dB.

    Raises
    ------
    ValueError
        If there is not one response, or it is silent.

    Notes
    -----
    Schroeder, "New method of measuring reverberation time", J. Acoust. Soc. Am. 37, 1965.
    Notebook: 05_image_sources.
    """
    if np.ndim(h) != 1 or not np.any(h):
        raise ValueError(f"a response of shape {np.shape(h)} must be (L,) and not silent; take one, such as h[0, 0]")
    energy = np.cumsum(np.square(h[::-1], dtype=float))[::-1]
    return 10 * np.log10(np.maximum(energy / energy[0], 1e-12))


def measured_rt60_s(h: np.ndarray, sample_rate: float) -> float:
    """Reverberation time of a response: a line through its decay from -5 to -25 dB, extended to -60 dB (T20).

    Parameters
    ----------
    h : np.ndarray
        (L,) float, an impulse response.
    sample_rate : float
        In Hz.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    ValueError
        As `schroeder_db`, or if the response does not fall from -5 to -25 dB in steps.

    Notes
    -----
    Notebook: 05_image_sources.

    Examples
    --------
    >>> round(float(measured_rt60_s(10 ** (-3 * np.arange(8000) / 8000), 16000.0)), 3)  # 60 dB in 8,000 samples
    0.5
    """
    decay = schroeder_db(h)
    fit = np.flatnonzero((decay <= -5) & (decay >= -25))
    if len(fit) < 2 or np.ptp(decay[fit]) < 1:
        raise ValueError(f"{len(fit)} samples of the decay lie from -5 to -25 dB, no line: give a longer response")
    slope_db, _ = np.polyfit(fit / sample_rate, decay[fit], 1)
    return -60 / slope_db


def t20_s(h: np.ndarray, sample_rate: float, complete_s: float = np.inf) -> float:
    """`measured_rt60_s` of a response that carries it, and a ValueError with the reason for one that does not.

    Parameters
    ----------
    h : np.ndarray
        (L,) float, an impulse response.
    sample_rate : float
        In Hz.
    complete_s : float
        Until when the response holds all that arrives, in seconds from its start: see `complete_until_s`.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    ValueError
        If nothing follows the direct sound, the decay has not fallen by 35 dB within `complete_s`, or as
        `measured_rt60_s`.

    Notes
    -----
    Image sources up to an order N end where those of order N + 1 would begin: from there on the response falls because
    they are missing, and a T20 measured on it follows the order: in the default room 0.09 s at 3, 0.25 s at 20.
    Notebook: 08_evaluation.
    """
    check_rate(sample_rate)
    decay = schroeder_db(h)
    if decay[min(len(decay) - 1, direct_at(h) + round(DIRECT_S * sample_rate))] <= T20_NEEDS_DB:
        raise ValueError("nothing follows the direct sound, as in the open: there is no decay to measure")
    last = len(decay) - 1 if np.isinf(complete_s) else min(len(decay) - 1, int(complete_s * sample_rate))
    if decay[last] > T20_NEEDS_DB:
        raise ValueError(
            f"the response is complete for {last / sample_rate:.3f} s, and has fallen by {-decay[last]:.0f} dB then; "
            f"T20 needs {-T20_NEEDS_DB:.0f} dB: raise the room's max_order"
        )
    return float(measured_rt60_s(h, sample_rate))


def complete_until_s(room: Room, position_m: np.ndarray) -> float:
    """When the first image arrives that a room's `max_order` leaves out, in seconds from the sound's start.

    Parameters
    ----------
    room : Room
    position_m : np.ndarray
        (3,) float, the source, metres, listener's frame.

    Returns
    -------
    float

    Notes
    -----
    The nearest of the images with N + 1 reflections (Allen and Berkley 1979); infinite where no wall reflects.
    Notebook: 08_evaluation.
    """
    if np.all(np.asarray(room.absorption) == 1):
        return float("inf")
    order = np.arange(room.max_order + 2)
    nearest = []
    for length, listener, beside in zip(room.size_m, room.listener_m, np.asarray(position_m, dtype=np.float64)):
        source = listener + beside
        even = np.minimum(np.abs(order * length + source - listener), np.abs(-order * length + source - listener))
        odd = np.minimum(
            np.abs((1 + order) * length - source - listener), np.abs((1 - order) * length - source - listener)
        )
        nearest.append(np.where(order % 2 == 0, even, odd) ** 2)
    x, y, z = nearest
    i, j = np.meshgrid(order, order, indexing="ij")
    k = room.max_order + 1 - i - j
    inside = k >= 0
    square = x[i[inside]] + y[j[inside]] + z[k[inside]]
    return float(np.sqrt(square.min()) / SPEED_OF_SOUND_M_S)


def drr_db(h: np.ndarray, sample_rate: float) -> float:
    """Direct-to-reverberant ratio in dB: what lies within 2.5 ms of the direct sound's peak, over all the rest.

    Parameters
    ----------
    h : np.ndarray
        (L,) float, an impulse response, or (N, L), those of several sources, whose energies are added.
    sample_rate : float
        In Hz.

    Raises
    ------
    ValueError
        If a response is silent, or nothing follows the direct sound, as in the open.

    Notes
    -----
    Zahorik, "Direct-to-reverberant energy ratio sensitivity", J. Acoust. Soc. Am. 112, 2002. A reflection that follows
    within 2.5 ms counts as direct. Notebook: 08_evaluation.

    Examples
    --------
    >>> round(drr_db(np.array([0, 1.0, 0, 0, 0, 0, 0.5]), 1000.0), 2)
    6.02
    """
    parts = [direct_and_rest(row, sample_rate) for row in _rows(h)]
    return _ratio_db(parts, "nothing follows the direct sound, as in the open: the ratio is infinite")


def clarity_db(h: np.ndarray, sample_rate: float, early_s: float = EARLY_S) -> float:
    """Clarity in dB: what arrives within 50 ms (C50) of the direct sound, over what arrives later.

    Parameters
    ----------
    h : np.ndarray
        (L,) float, an impulse response, or (N, L), those of several sources, whose energies are added.
    sample_rate : float
        In Hz.
    early_s : float
        In seconds; 0.08 gives C80, for music.

    Raises
    ------
    ValueError
        If a response is silent, or nothing arrives later.

    Notes
    -----
    ISO 3382-1, counted from the direct sound, however late in the response it is. Notebook: 08_evaluation.
    """
    parts = [direct_and_rest(row, sample_rate, np.inf, early_s) for row in _rows(h)]
    return _ratio_db(parts, f"nothing arrives more than {1e3 * early_s:.0f} ms after the direct sound: it is infinite")


def direct_at(h: np.ndarray) -> int:
    """The sample of a response's (L,) direct sound: the peak of the first rise to half its highest value."""
    loud = np.abs(h)
    first = int(np.argmax(loud >= 0.5 * loud.max()))
    while first + 1 < len(loud) and loud[first + 1] > loud[first]:
        first += 1
    return first


def _rows(h: np.ndarray) -> np.ndarray:
    h = np.asarray(h, dtype=np.float64)
    if h.ndim not in (1, 2) or not h.size or not np.isfinite(h).all() or not np.atleast_2d(h).any(axis=1).all():
        raise ValueError(
            f"responses of shape {h.shape} must be (L,) or (N, L), finite and none of them silent; take one channel, "
            "such as h[:, 0]"
        )
    return np.atleast_2d(h)


def direct_and_rest(
    h: np.ndarray, sample_rate: float, before_s: float = DIRECT_S, after_s: float = DIRECT_S
) -> tuple[float, float]:
    """Energies of a response (L,): what lies so near to its direct sound's peak, and the rest; see `drr_db`."""
    check_rate(sample_rate)
    direct = direct_at(h)
    begin = 0 if np.isinf(before_s) else max(0, direct - round(before_s * sample_rate))
    near = float(np.sum(h[begin : direct + 1 + round(after_s * sample_rate)] ** 2))
    return near, float(np.sum(h**2)) - near


def _ratio_db(parts: list[tuple[float, float]], otherwise: str) -> float:
    near, rest = np.sum(parts, axis=0)
    if not rest > 1e-12 * near:
        raise ValueError(otherwise)
    return float(10 * np.log10(near / rest))
