"""From the vocoder's wave to a sound that repeats."""

from __future__ import annotations

import numpy as np

PEAK = 0.95
#: 163,872 samples leave the published vocoder; folding the last 2 ms into the first makes 10.24 s that repeat without
#: a click.
FADE_S = 0.002


def make_loop(audio: np.ndarray, fade: int) -> np.ndarray:
    """Fold the end of a sound into its beginning, so that it repeats without a click.

    Parameters
    ----------
    audio : np.ndarray
        (..., T) float.
    fade : int
        Length of the crossfade in samples, at most T / 2. The gains are a quarter sine and cosine, whose squares
        sum to 1 (equal power): right for two stretches of sound that know nothing of each other.

    Returns
    -------
    np.ndarray
        (..., T - fade), same type. Its first sample continues its last one.

    Raises
    ------
    ValueError
        If ``fade`` is negative or longer than half the sound.
    """
    length = audio.shape[-1]
    if not 0 <= fade <= length // 2:
        raise ValueError(f"fade {fade} must lie between 0 and half of the {length} samples; shorten the fade")
    if fade == 0:
        return audio.copy()
    angle = 0.5 * np.pi * np.arange(fade) / fade
    out = audio[..., : length - fade].copy()
    out[..., :fade] = audio[..., :fade] * np.sin(angle) + audio[..., length - fade :] * np.cos(angle)
    return out.astype(audio.dtype)


def as_loop(wave: np.ndarray, fade: int) -> np.ndarray:
    """`make_loop`, then without a constant part and with a peak of at most `PEAK`.

    Parameters
    ----------
    wave : np.ndarray
        (N, T) float32.
    fade : int
        In samples.

    Returns
    -------
    np.ndarray
        (N, T - fade) float32.

    Raises
    ------
    ValueError
        As `make_loop`.
    """
    wave = make_loop(wave, fade)
    wave = wave - wave.mean(axis=-1, keepdims=True)
    return (wave * np.minimum(1.0, PEAK / (np.abs(wave).max(axis=-1, keepdims=True) + 1e-9))).astype(np.float32)
