"""What a head does to a sound from all directions alike, taken out of its measurements.

The ear canal and the measuring loudspeaker with its weak bass say nothing of a direction, and headphones are built to
give the ear canal's part themselves. So a set is *diffuse-field equalised*: over all directions its mean power is the
same at all frequencies. Differences between ears and between directions stay.

Notebook: 00_start_here.
"""

from __future__ import annotations

import numpy as np

#: What lies farther below the median up to 8 kHz is taken for noise, and raised no more than if it lay here.
DIFFUSE_FLOOR_DB = -20.0


def diffuse_field_equalised(directions: np.ndarray, responses: np.ndarray, sample_rate: int) -> np.ndarray:
    """Responses without what is the same from all directions.

    Parameters
    ----------
    directions : np.ndarray
        (M, 3) float, unit vectors, listener's frame.
    responses : np.ndarray
        (M, 2, K) float.
    sample_rate : int
        In Hz.

    Returns
    -------
    np.ndarray
        (M, 2, K) float64, all through one filter of minimum phase. Its gain is the inverse of the root of the mean
        power over the sphere and both ears, relative to its mean over frequency; what was measured more than 20 dB
        below the median up to 8 kHz is raised as if it lay 20 dB below. Filter and result are cut to K samples.

    Raises
    ------
    ValueError
        If all responses are silent.

    Notes
    -----
    Source: Møller, "Fundamentals of binaural technology", Applied Acoustics 36, 1992; the filter of minimum phase is
    computed from the real cepstrum (Oppenheim and Schafer, *Discrete-Time Signal Processing*). Notebook: 00_start_here.
    """
    from scipy.fft import fft, ifft, irfft, rfft
    from scipy.spatial import KDTree

    from see2sound_nb.places.frames import even_directions

    length = responses.shape[-1]
    size = 1 << (4 * length - 1).bit_length()
    # Measurements may be denser in places: each counts as the even directions do to which it is the nearest.
    nearest = KDTree(directions).query(even_directions(2000))[1]
    power = np.zeros(size // 2 + 1)
    for index, count in zip(*np.unique(nearest, return_counts=True)):  # one at a time: sets may be large
        power += count * np.square(np.abs(rfft(responses[index], size))).sum(axis=0)
    if not power.any():
        raise ValueError("all responses of the head are silent; look at the file that they come from")
    power = np.maximum(power, np.median(power[: size * 8000 // sample_rate]) * 10 ** (DIFFUSE_FLOOR_DB / 10))
    log_gain = -0.5 * np.log(power / power.mean())
    cepstrum = irfft(log_gain, size)
    cepstrum[1 : size // 2] *= 2  # what comes before time 0 is turned to the time after it
    cepstrum[size // 2 + 1 :] = 0
    gain = rfft(ifft(np.exp(fft(cepstrum))).real[:length], 2 * length)
    out = np.empty(responses.shape)
    for equalised, response in zip(out, responses):
        equalised[:] = irfft(rfft(response, 2 * length) * gain, 2 * length)[:, :length]
    return out
