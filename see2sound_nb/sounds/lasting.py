"""Sounds that last: loops played on for as long as a clip is, and loops of another length.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import numpy as np

#: A loop of another length is crossfaded with itself in so many seconds.
FOLD_S = 0.25
#: A thing at rest is so much softer than one that moves, in dB, where movement makes things livelier,
LIVELY_DB = 3.0
#: and from this speed on it is as lively as it gets, in m/s.
LIVELY_M_S = 1.0


def lasting(A: np.ndarray, samples: int, start: int = 0) -> np.ndarray:
    """A loop played on and on: (samples,) of the sound A (T,), from sample `start` of it; there is no seam.

    Notebook: 07_moving_pictures.
    """
    return np.take(A, np.arange(start, start + samples), mode="wrap")


def folded(A: np.ndarray, samples: int, fade: int) -> np.ndarray:
    """A loop made a loop of another length.

    Parameters
    ----------
    A : np.ndarray
        (T,) float, a sound that repeats without a seam.
    samples : int
        How long it is to be.
    fade : int
        Length of the crossfade in samples, at most `samples`.

    Returns
    -------
    np.ndarray
        (samples,) float32, which repeats without a seam: its beginning is crossfaded with what would follow its end.
        The gains are a sine and a cosine, so that the power stays where the two have nothing in common.

    Raises
    ------
    ValueError
        If the fade is longer than the sound.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    if not 0 <= fade <= samples:
        raise ValueError(f"fade={fade} samples must lie in 0 to {samples}, the length of the sound; shorten it")
    if samples % len(A) == 0:
        return lasting(A, samples).astype(np.float32)  # it comes round by itself
    whole = lasting(A, samples + fade).astype(np.float32)
    turn = (np.arange(fade) + 0.5) / max(1, fade) * np.pi / 2
    sound = whole[:samples].copy()
    sound[:fade] = sound[:fade] * np.sin(turn) + whole[samples:] * np.cos(turn)
    return sound


def livelier(speeds_m_s: np.ndarray) -> np.ndarray:
    """Gains of a thing by how fast it moves: (P,) float64, 1 from `LIVELY_M_S` on, `LIVELY_DB` less at rest.

    A wheel rolls louder the faster it goes, who walks is heard and who stands is not. That the sound is louder, and by
    so much, is a convention of this package (no measurement says what a picture's thing does), and it can be left out.
    Notebook: 07_moving_pictures.
    """
    share = np.clip(np.asarray(speeds_m_s, dtype=np.float64) / LIVELY_M_S, 0, 1)
    return 10 ** (-LIVELY_DB * (1 - share) / 20)
