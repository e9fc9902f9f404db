"""A room at two ears: what comes first from exactly where it comes from, the rest through Ambisonics.

The direct sound and the first reflections are each filtered by the measured head in their own direction; they decide
where a sound is heard. Thousands of later images are summed into Ambisonics of order 5 and filtered once.

Notebook: 00_start_here.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb.render.ambisonics import head_rotation, rotation_matrix
from see2sound_nb.render.hrtf import HRTF
from see2sound_nb.render.magls import binaural_filters
from see2sound_nb.room.ism import arrivals, shoebox_rir, sum_of_arrivals
from see2sound_nb.room.shoebox import Room

#: Images of up to so many reflections (25 of them) are filtered by the head one by one.
EARLY_ORDER = 2
#: Order of the Ambisonics that carry the later ones.
LATE_AMBISONIC_ORDER = 5


def binaural_responses(
    room: Room, source_m: np.ndarray, hrtf: HRTF, *, sample_rate: int = 16000, head_yaw_deg: float = 0.0
) -> np.ndarray:
    """Impulse responses from one source to the two ears of a listener in a room.

    Parameters
    ----------
    room : Room
    source_m : np.ndarray
        (3,) float, the source in metres, room frame.
    hrtf : HRTF
        The head, at the same sample rate.
    sample_rate : int
        In Hz.
    head_yaw_deg : float
        Head turned from the room's front (+y) to the left, in degrees.

    Returns
    -------
    np.ndarray
        (2, L) float64, left and right ear. Time 0 is the emission, up to what the measurements hold before the sound
        reaches the middle of the head: 0.73 ms in the shipped KEMAR, by which all of it arrives later.

    Raises
    ------
    ValueError
        If the sample rates differ, an angle is not finite, or as `shoebox_rir`.

    Notes
    -----
    Paper: section 4.3. Notebook: 00_start_here.
    """
    if hrtf.sample_rate != sample_rate:
        raise ValueError(f"the HRTF is at {hrtf.sample_rate} Hz, the sound at {sample_rate} Hz; load it at that rate")
    source_m = np.asarray(source_m, dtype=np.float64)
    early = _early(room, source_m, hrtf, sample_rate, head_yaw_deg)
    if room.max_order <= EARLY_ORDER:
        return early
    late = _late(room, source_m, hrtf, sample_rate, head_yaw_deg)
    late[:, : early.shape[1]] += early
    return late


def _early(room: Room, source_m: np.ndarray, hrtf: HRTF, sample_rate: int, head_yaw_deg: float) -> np.ndarray:
    delays, amplitudes, vectors = arrivals(
        room.size_m, source_m, room.listener_m, absorption=room.absorption, max_order=min(room.max_order, EARLY_ORDER)
    )
    each = sum_of_arrivals(delays, np.diag(amplitudes), sample_rate)  # one response for each image
    heads = hrtf.at(vectors @ head_rotation(head_yaw_deg))
    return _filtered(each, heads)


def _late(room: Room, source_m: np.ndarray, hrtf: HRTF, sample_rate: int, head_yaw_deg: float) -> np.ndarray:
    whole, first = (
        shoebox_rir(
            room.size_m, source_m[None], [room.listener_m], absorption=room.absorption, max_order=order,
            sample_rate=sample_rate, ambisonic_order=LATE_AMBISONIC_ORDER,
        )[0, 0]
        for order in (room.max_order, EARLY_ORDER)
    )  # fmt: skip
    whole[:, : first.shape[1]] -= first
    filters = binaural_filters(hrtf, LATE_AMBISONIC_ORDER)
    turned = rotation_matrix(LATE_AMBISONIC_ORDER, head_yaw_deg)
    return _filtered(whole, np.einsum("oc,oek->cek", turned, filters))


def _filtered(channels: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Channels (C, L) through filters (C, 2, K), summed: (2, L + K - 1) float64."""
    from scipy.fft import irfft, next_fast_len, rfft

    length = channels.shape[-1] + filters.shape[-1] - 1
    size = next_fast_len(length, real=True)
    sound = rfft(channels, size)
    spectrum = np.einsum("cf,cef->ef", sound, rfft(filters.astype(sound.real.dtype), size))
    return irfft(spectrum, size)[:, :length]
