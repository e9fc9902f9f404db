"""Spatial truth: what is in the channels that a scene was rendered to, measured and not read off the plan.

Each source by its *direct* sound, which says where it is; each by its whole response, which says what the room adds;
and the rendering as it is. What cannot be measured is None, with the reason beside it under ``..._why``.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from see2sound_nb.measure.direction import angle_between_deg, direction_from_foa, direction_from_loudspeakers
from see2sound_nb.measure.interaural import iacc, ild_db, itd_s
from see2sound_nb.measure.loudness import loudness_lufs, true_peak_dbtp
from see2sound_nb.measure.masking import clipped_share
from see2sound_nb.measure.reverberation import clarity_db, complete_until_s, drr_db, t20_s
from see2sound_nb.places.frames import directions
from see2sound_nb.render.layouts import AMBISONIC_ORDERS, LAYOUTS, LOUDSPEAKERS, check_layout
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import Room

#: How it was measured, in the words of the report.
METHODS = {
    "itd_ms": "highest cross-correlation of the ears' direct sound within 1 ms, all frequencies; positive: left first",
    "ild_db": "energies of the ears' direct sound, left over right; ild_below_1500_hz_db below 1.5 kHz alone",
    "direction_foa_deg": "mean intensity of the direct sound in first-order Ambisonics; azimuth, elevation",
    "direction_5_1_deg": "mean intensity of the direct sound in 5.1 where the listener sits; azimuth",
    "drr_db": "energy within 2.5 ms of the direct sound over the rest, omnidirectional",
    "c50_db": "energy within 50 ms of the direct sound over what is later, omnidirectional",
    "t20_s": "line through the decay from -5 to -25 dB, where the response holds it",
    "iacc_early": "highest cross-correlation of the ears' first 80 ms",
    "loudness_lufs": "ITU-R BS.1770-5; of Ambisonics, W alone",
    "true_peak_dbtp": "4 times oversampled",
}
ILD_BELOW_HZ = 1500.0
EARLY_S = 0.08


def measured(numbers: dict[str, Any], name: str, digits: int, measure: Callable[..., Any], *arguments: Any) -> None:
    """Put what ``measure(*arguments)`` gives under `name`, rounded; or None, and why it cannot be measured.

    Parameters
    ----------
    numbers : dict
        Is added to: ``name``, and where that is None ``name + "_why"``, the words of the measure's ValueError.
    name : str
    digits : int
        Behind the point.
    measure : callable
        Gives a number or several; raises ValueError where there is nothing to measure.
    """
    try:
        value = np.round(measure(*arguments), digits) + 0.0  # no minus before a zero
        if not np.isfinite(value).all():
            raise ValueError("it is not finite, as where an ear or a channel hears nothing at all")
        numbers[name] = value.tolist()
    except ValueError as error:
        numbers[name], numbers[f"{name}_why"] = None, str(error)


def truth_of_sources(
    room: Room, positions_m: np.ndarray, W: np.ndarray, ears: np.ndarray, sample_rate: int
) -> list[dict[str, Any]]:
    """What can be measured of each source: its direct sound in ears, FOA and 5.1, and its whole response.

    Parameters
    ----------
    room : Room
    positions_m : np.ndarray
        (N, 3) float, metres, listener's frame.
    W : np.ndarray
        (N, L) float, each source's whole omnidirectional response, as channel W of the layout ``"foa"``.
    ears : np.ndarray
        (N, 2, L) float, as the layout ``"binaural"``.
    sample_rate : int
        Of the responses, in Hz.

    Returns
    -------
    list of dict
        For each source the names of `METHODS` up to ``iacc_early``, and ``direction_foa_error_deg``,
        ``direction_5_1_error_deg``: angles from where it stands, in 5.1 in the horizontal plane.

    Raises
    ------
    ValueError
        If a position cannot be rendered; see `render.responses.impulse_responses`.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    positions_m = np.asarray(positions_m, dtype=np.float64).reshape(-1, 3)
    open_air = dataclasses.replace(room, max_order=0)
    direct = {
        layout: impulse_responses(open_air, positions_m, layout, sample_rate=sample_rate).astype(np.float64)
        for layout in ("binaural", "foa", "5.1")
    }
    truth = []
    for n, position in enumerate(positions_m):
        own: dict[str, Any] = {}
        heard, foa, speakers = (direct[layout][n] for layout in ("binaural", "foa", "5.1"))
        _direct_sound(own, heard, foa, speakers, position, sample_rate)
        measured(own, "drr_db", 1, drr_db, W[n], sample_rate)
        measured(own, "c50_db", 1, clarity_db, W[n], sample_rate)
        measured(own, "t20_s", 2, t20_s, W[n], sample_rate, complete_until_s(room, position))
        measured(own, "iacc_early", 2, iacc, ears[n], sample_rate, EARLY_S)
        truth.append(own)
    return truth


def _direct_sound(
    own: dict[str, Any], ears: np.ndarray, foa: np.ndarray, speakers: np.ndarray, position_m: np.ndarray, rate: int
) -> None:
    place = float(directions(position_m)[0]), float(directions(position_m)[1])
    measured(own, "itd_ms", 3, _itd_ms, ears, rate)
    measured(own, "ild_db", 1, ild_db, ears)
    measured(own, "ild_below_1500_hz_db", 1, ild_db, _below(ears, ILD_BELOW_HZ, rate))
    measured(own, "direction_foa_deg", 1, direction_from_foa, foa)
    if own["direction_foa_deg"] is not None:
        own["direction_foa_error_deg"] = round(angle_between_deg(direction_from_foa(foa), place), 2)
    measured(own, "direction_5_1_deg", 1, lambda: direction_from_loudspeakers(speakers, "5.1")[0])
    if own["direction_5_1_deg"] is not None:
        azimuth = direction_from_loudspeakers(speakers, "5.1")[0]
        own["direction_5_1_error_deg"] = round(angle_between_deg((azimuth, 0), (place[0], 0)), 2)


def truth_of_room(W: np.ndarray, ears: np.ndarray, sample_rate: int) -> dict[str, Any]:
    """DRR, C50 and early IACC of all sources together, by their energies; arrays as in `truth_of_sources`."""
    own: dict[str, Any] = {}
    measured(own, "drr_db", 1, drr_db, W, sample_rate)
    measured(own, "c50_db", 1, clarity_db, W, sample_rate)
    measured(own, "iacc_early", 2, iacc, ears, sample_rate, EARLY_S)
    return own


def truth_of_signal(phi: np.ndarray, sample_rate: int, layout: str) -> dict[str, Any]:
    """What can be measured of a rendering by itself, of which nothing else is known.

    Parameters
    ----------
    phi : np.ndarray
        (n_ch, T) float, full scale 1, in the order of `LAYOUTS`.
    sample_rate : int
        In Hz.
    layout : str
        One of `LAYOUTS`.

    Returns
    -------
    dict
        ``layout``; ``channels``: the level of each by name, in dB of full scale (RMS), None where it is silent;
        ``silent_channels``; ``loudness_lufs``, ``true_peak_dbtp``, ``clipped_share``; and ``direction_deg``, azimuth
        and elevation of the whole, or of two channels ``ild_db`` and, of ears, ``itd_ms`` and ``iacc``.

    Raises
    ------
    ValueError
        If the layout is unknown.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    names = LAYOUTS[check_layout(layout)]
    power = np.mean(np.square(phi, dtype=np.float64), axis=1)
    levels = {name: round(float(10 * np.log10(p)), 1) if p > 0 else None for name, p in zip(names, power)}
    own: dict[str, Any] = {
        "layout": layout,
        "channels_db": levels,
        "silent_channels": [name for name, level in levels.items() if level is None],
    }
    measured(own, "loudness_lufs", 1, loudness_lufs, phi, sample_rate, layout)
    measured(own, "true_peak_dbtp", 1, true_peak_dbtp, phi, sample_rate)
    measured(own, "clipped_share", 6, clipped_share, phi)
    if AMBISONIC_ORDERS.get(layout):
        measured(own, "direction_deg", 1, direction_from_foa, phi)
    elif layout in LOUDSPEAKERS:
        measured(own, "direction_deg", 1, direction_from_loudspeakers, phi, layout)
    elif len(names) == 2:
        measured(own, "ild_db", 1, ild_db, phi)
    if layout == "binaural":
        measured(own, "itd_ms", 3, _itd_ms, phi, sample_rate)
        measured(own, "iacc", 2, iacc, phi, sample_rate)
    return own


def _itd_ms(ears: np.ndarray, sample_rate: float) -> float:
    return 1e3 * itd_s(ears, sample_rate)


def _below(ears: np.ndarray, highest_hz: float, sample_rate: float) -> np.ndarray:
    spectra = np.fft.rfft(ears, axis=1)
    spectra[:, np.fft.rfftfreq(ears.shape[1], 1 / sample_rate) > highest_hz] = 0
    return np.fft.irfft(spectra, ears.shape[1])
