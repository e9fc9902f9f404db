"""From Ambisonics to two ears: filters by magnitude least squares (MagLS).

Notebook: 00_start_here.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from see2sound_nb.places.frames import even_directions
from see2sound_nb.render.hrtf import HRTF
from see2sound_nb.render.onsets import arrival_times
from see2sound_nb.room.spherical_harmonics import check_order, encode

#: Up to so many hertz times the order, filters for ears keep the phase; above, only the magnitude (MagLS).
PHASE_HZ_PER_ORDER = 500.0


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
