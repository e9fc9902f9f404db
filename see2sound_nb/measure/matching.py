"""Acoustic matchers: a sound as it would be heard in the place that a picture shows.

A matcher is a function ``(audio, image, sample_rate) -> audio``: (T,) float, (H, W, 3) uint8 and Hz to (T,) float. The
paper's is AViTAR (`measure.avitar`); `room_matcher` makes one without a model.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from see2sound_nb._checks import check_rate
from see2sound_nb.measure.reverberation import DIRECT_S, direct_and_rest
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import Room

#: What every matcher is.
Matcher = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
#: Where the sound of a whole picture is taken to be that has no source, in metres, listener's frame.
AHEAD_M = (0.0, 2.0, 0.0)
#: No tail is longer than this, in seconds.
LONGEST_S = 5.0


def room_matcher(room: Room, positions_m: np.ndarray, *, seed: int = 0) -> Matcher:
    """A matcher without a model: the sound, and behind it the reverberation of a room that is known already.

    Parameters
    ----------
    room : Room
        Such as a scene's.
    positions_m : np.ndarray
        (N, 3) float, metres, listener's frame: how loud the reverberation is, is the mean over these. None of them:
        2 m ahead.
    seed : int
        Of the noise that the tail is made of.

    Returns
    -------
    callable
        ``(audio, image, sample_rate) -> audio``. It does not look at the picture. What rings on after the end is cut.

    Raises
    ------
    ValueError
        If the walls are rigid, or as `render.responses.impulse_responses`.

    Notes
    -----
    The response is one sample of 1, and from 2.5 ms on Gaussian noise that falls by 60 dB in the room's reverberation
    time (Eyring's), with the direct-to-reverberant ratio of the omnidirectional channel W of the room's own response
    (Eq. 4). So it knows of the room what two numbers say: it is no judge of whether the room is that of the picture,
    and by design a sound that has been in this room comes out with more of the same. Polack (1988) for the noise.
    Paper: section 5, in place of AViTAR. Notebook: 08_evaluation.
    """
    rt60_s = room.rt60_s()
    if not math.isfinite(rt60_s):
        raise ValueError("a room of rigid walls never falls silent; give it an absorption above 0")
    places = np.asarray(positions_m, dtype=np.float64)
    if places.shape == (0, 3):
        places = np.array([AHEAD_M])

    def match(audio: np.ndarray, image: np.ndarray, sample_rate: float) -> np.ndarray:
        from scipy.signal import fftconvolve

        audio = checked_audio(audio, sample_rate)
        W = impulse_responses(room, places, "foa", sample_rate=round(sample_rate))[:, 0]
        late = np.mean([rest / direct for direct, rest in (direct_and_rest(h, sample_rate) for h in W)])
        tail = reverberation(rt60_s, sample_rate, rng=np.random.default_rng(seed))
        return audio + math.sqrt(late) * fftconvolve(audio, tail)[: len(audio)]

    return match


def reverberation(rt60_s: float, sample_rate: float, *, rng: np.random.Generator) -> np.ndarray:
    """A tail of energy 1: Gaussian noise that begins 2.5 ms late and falls by 60 dB in `rt60_s`.

    Parameters
    ----------
    rt60_s : float
        In seconds, above 0; of tails of more than 5 s the beginning.
    sample_rate : float
        In Hz.
    rng : np.random.Generator

    Returns
    -------
    np.ndarray
        (L,) float64.

    Raises
    ------
    ValueError
        If a number is not positive.

    Notes
    -----
    Polack, "La transmission de l'energie sonore dans les salles", 1988. Notebook: 08_evaluation.
    """
    check_rate(sample_rate)
    if not (rt60_s > 0 and math.isfinite(rt60_s)):
        raise ValueError(f"rt60_s={rt60_s} must be a positive number of seconds; a living room has 0.5")
    first = int(DIRECT_S * sample_rate) + 1
    t_s = np.arange(max(1, round(min(rt60_s, LONGEST_S) * sample_rate))) / sample_rate
    noise = rng.standard_normal(len(t_s)) * 10 ** (-3 * t_s / rt60_s)
    return np.concatenate([np.zeros(first), noise / np.linalg.norm(noise)])


def checked_audio(audio: np.ndarray, sample_rate: float) -> np.ndarray:
    """(T,) float64, or ValueError if it is of another shape, empty or not finite, or the rate not positive."""
    check_rate(sample_rate)
    audio = np.asarray(audio, dtype=np.float64)
    if audio.ndim != 1 or not len(audio):
        raise ValueError(f"the audio has the shape {audio.shape}; it must be (T,): average the channels")
    if not np.isfinite(audio).all():
        raise ValueError("the audio holds samples that are NaN or infinite; look at the sound that was rendered")
    return audio
