"""From images of a source to loudspeakers and ears: impulse responses h (section 4.3, Eq. 4).

Every arrival is weighted by where it comes from: panned between the loudspeakers of 5.1, 7.1.4 or stereo (`panning`),
encoded into Ambisonics of order 1 to 5 (`room.spherical_harmonics`), or filtered by a measured head (`binaural`). All
is linear: sources add, and the full scene equals the sum of its sources.

Notebook: 00_start_here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from see2sound_nb._checks import check_rate, rows_of_three
from see2sound_nb._threads import cores, run_in_threads
from see2sound_nb.render.binaural import binaural_responses
from see2sound_nb.render.hrtf import HRTF, load_hrtf
from see2sound_nb.render.layouts import AMBISONIC_ORDERS, LAYOUTS, check_layout
from see2sound_nb.render.lfe import LFE_GAIN_DB, LFE_TAIL_S, low_pass
from see2sound_nb.render.panning import pan, pan_stereo
from see2sound_nb.room.ism import arrivals, shoebox_rir, sum_of_arrivals
from see2sound_nb.room.shoebox import Room, check_not_too_near


def impulse_responses(
    room: Room,
    positions_m: np.ndarray,
    layout: str,
    *,
    sample_rate: int = 16000,
    hrtf: HRTF | None = None,
    head_yaw_deg: float = 0.0,
) -> np.ndarray:
    """Impulse responses from every source to every channel of a layout (Eq. 4).

    A source at 1 m in the open arrives with amplitude 1 at time distance / c; amplitudes fall as 1/distance.

    Parameters
    ----------
    room : Room
    positions_m : np.ndarray
        (N, 3) float, metres, listener's frame; (0, 3) for no source at all.
    layout : str
        One of `LAYOUTS`. In a room with microphones, 5.1 is what they hear.
    sample_rate : int
        In Hz.
    hrtf : HRTF, optional
        The head for ``"binaural"``, at the same sample rate; by default the shipped MIT KEMAR.
    head_yaw_deg : float
        The listener's head turned to the left, in degrees; for ``"binaural"`` alone.

    Returns
    -------
    np.ndarray
        h, (N, n_ch, L) float32; L is 1 for no source.

    Raises
    ------
    ValueError
        If the layout is unknown, a shape or the sample rate is wrong, a source is outside the room or nearer to the
        listener than `room.shoebox.LEAST_DISTANCE_M`, or a head is turned for another layout than ``"binaural"``.

    Notes
    -----
    Panning keeps the power of each arrival, wherever it comes from. In a room with walls the arrivals overlap, and the
    total over all of them varies with the place, as it does at one microphone. Paper: section 4.3, Eq. 4.
    Notebook: 00_start_here.
    """
    check_layout(layout)
    if head_yaw_deg and layout != "binaural":
        raise ValueError(f"head_yaw_deg={head_yaw_deg} turns ears, and {layout} has none; render 'binaural'")
    check_rate(sample_rate)
    if np.shape(positions_m) == (0, 3):
        return np.zeros((0, len(LAYOUTS[layout]), 1), dtype=np.float32)
    positions = rows_of_three("positions_m", positions_m)
    check_not_too_near(positions)
    sources = positions + room.listener_m
    if layout in AMBISONIC_ORDERS or (layout == "5.1" and room.microphones_m is not None):
        order = AMBISONIC_ORDERS.get(layout)
        receivers = (room.microphones_m or ()) if order is None else (room.listener_m,)
        h = shoebox_rir(
            room.size_m, sources, receivers, absorption=room.absorption, max_order=room.max_order,
            sample_rate=sample_rate, ambisonic_order=order,
        )  # fmt: skip
        return h if order is None else h[:, 0]
    if layout == "binaural":
        head = hrtf or load_hrtf(sample_rate=sample_rate)
        options: dict = dict(sample_rate=sample_rate, head_yaw_deg=head_yaw_deg)
        return stacked(each(lambda source: binaural_responses(room, source, head, **options), sources))
    responses = each(lambda source: _panned(room, source, layout, sample_rate), sources)
    if "LFE" not in LAYOUTS[layout]:
        return stacked(responses)
    lfe = LAYOUTS[layout].index("LFE")
    h = stacked(responses, int(LFE_TAIL_S * sample_rate))
    h[:, lfe] = low_pass(h[:, lfe], sample_rate) * 10 ** (LFE_GAIN_DB / 20)
    return h


def _panned(room: Room, source_m: np.ndarray, layout: str, sample_rate: int) -> np.ndarray:
    """Responses (n_ch, L) of one source; the LFE's is omnidirectional and not yet low-passed."""
    delays, amplitudes, vectors = arrivals(
        room.size_m, source_m, room.listener_m, absorption=room.absorption, max_order=room.max_order
    )
    gains = np.empty((len(LAYOUTS[layout]), len(delays)), dtype=np.float32)  # channel by channel, as they are summed
    if layout == "stereo":
        np.multiply(pan_stereo(vectors).T, amplitudes, out=gains)
    else:
        lfe = LAYOUTS[layout].index("LFE")
        full_range = pan(vectors, layout).T
        np.multiply(full_range[:lfe], amplitudes, out=gains[:lfe])
        gains[lfe] = amplitudes
        np.multiply(full_range[lfe:], amplitudes, out=gains[lfe + 1 :])
    return sum_of_arrivals(delays, gains.T, sample_rate)


def each(responses: Callable[[np.ndarray], np.ndarray], sources: np.ndarray) -> list[np.ndarray]:
    """The responses of every source; many are shared out among the cores."""
    done: list[np.ndarray] = [np.empty(0)] * len(sources)

    def some(first: int, last: int) -> None:
        done[first:last] = map(responses, sources[first:last])

    if len(sources) < 2 * cores():  # one source after the other, each on all cores
        some(0, len(sources))
    else:
        run_in_threads(some, len(sources))
    return done


def stacked(responses: list[np.ndarray], tail: int = 0) -> np.ndarray:
    """Responses (n_ch, any length) as one (N, n_ch, L) float32, with zeros to the longest and `tail` more."""
    longest = max(response.shape[1] for response in responses)
    h = np.zeros((len(responses), len(responses[0]), longest + tail), dtype=np.float32)
    for k, response in enumerate(responses):
        h[k, :, : response.shape[1]] = response
    return h
