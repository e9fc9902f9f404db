"""Dry sounds: decoded, and repeated at their level.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np

from see2sound_nb.media.clip_sound import resampled
from see2sound_nb.media.films import ensure_av

#: The level of a dry sound where it sounds, in dB RMS of full scale, before its own ``level_db``.
LEVEL_DB = -23.0
#: Between two times that a sound is heard, in seconds.
PAUSE_S = 0.4


def decoded(content: bytes, rate: int) -> np.ndarray:
    """A sound file as (T,) float32 at a sample rate, its channels averaged, without the silence at its ends."""
    av = ensure_av()
    packer = av.AudioResampler(format="flt", layout="mono")
    blocks = []
    with av.open(io.BytesIO(content)) as container:
        own_rate = container.streams.audio[0].rate
        for frame in container.decode(audio=0):
            blocks += [packed.to_ndarray().ravel() for packed in packer.resample(frame)]
    sound = np.concatenate(blocks).astype(np.float32)
    sound = resampled((sound - sound.mean())[None], own_rate, rate)[0]
    heard = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max())
    return sound[heard[0] : heard[-1] + 1]


def sounding(
    sound: np.ndarray, source: dict[str, Any], rate: int, samples: int
) -> tuple[np.ndarray, list[dict[str, float]]]:
    """A sound repeated with pauses from a source's onset to its offset, at its level.

    Returns
    -------
    dry : np.ndarray
        (samples,) float32; its RMS where it sounds is `LEVEL_DB` and the source's own ``level_db``.
    events : list of dict
        ``onset_s`` and ``offset_s`` of each time that it is heard.
    """
    first, last = round(source["onset_s"] * rate), round(source["offset_s"] * rate)
    fade = round(0.01 * rate)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    dry, events, start = np.zeros(samples, dtype=np.float32), [], first
    while last - start > round(0.25 * rate):
        piece = sound[: last - start].copy()
        piece[:fade] *= ramp
        piece[-fade:] *= ramp[::-1]
        dry[start : start + len(piece)] = piece
        events.append(dict(onset_s=round(start / rate, 5), offset_s=round((start + len(piece)) / rate, 5)))
        start += len(piece) + round(PAUSE_S * rate)
    active = sum(event["offset_s"] - event["onset_s"] for event in events) * rate
    rms = math.sqrt(float(np.sum(np.square(dry, dtype=float))) / active)
    return (dry / rms * 10 ** ((LEVEL_DB + source["level_db"]) / 20)).astype(np.float32), events
