"""Sound in a notebook: players that change no levels, and players side by side at one level.

Notebook: 00_start_here.
"""

from __future__ import annotations

import base64
import html
import io
import math
import wave
from collections.abc import Mapping

import numpy as np

from see2sound_nb._checks import check_rate
from see2sound_nb.measure.interaural import ild_db, itd_s

#: `compare` plays at this RMS level, in dB of full scale: soft enough for the peaks of most sounds.
COMPARE_DB = -23.0


class Player:
    """A player for mono or two channels, without automatic normalisation.

    In text it is one line with duration and peak, and of two channels the ITD and the ILD: the same whenever the sound
    is the same.

    Parameters
    ----------
    audio : np.ndarray
        (T,) or (1, T) or (2, T) float, full scale 1.
    sample_rate : int
        In Hz.
    title : str
        What one hears.

    Raises
    ------
    ValueError
        If there are more than two channels or axes, a sample is NaN or beyond full scale, or the rate is not positive.

    Notes
    -----
    Notebook: 00_start_here.
    """

    def __init__(self, audio: np.ndarray, sample_rate: int, title: str = "sound"):
        self.audio = np.atleast_2d(np.asarray(audio, dtype=np.float32))
        if self.audio.ndim > 2:
            raise ValueError(f"audio of shape {self.audio.shape} must be (T,) or (channels, T); take one sound of it")
        if len(self.audio) > 2:
            raise ValueError(f"{len(self.audio)} channels; browsers play 1 or 2: render 'binaural' or 'stereo' instead")
        if not np.abs(self.audio).max(initial=0) <= 1:
            raise ValueError("the audio's peak must be a number up to 1 (full scale); scale it down first")
        check_rate(sample_rate)
        self.sample_rate = sample_rate
        self.title = title

    def __repr__(self) -> str:
        peak_db = 20 * math.log10(max(float(np.abs(self.audio).max(initial=0)), 1e-6))
        seconds = self.audio.shape[1] / self.sample_rate
        channels = "1 channel" if len(self.audio) == 1 else "2 channels"
        line = f"{self.title}: {seconds:.1f} s, {channels}, peak {round(peak_db)} dB of full scale"
        if len(self.audio) == 1 or not self.audio.any(axis=1).all():
            return line
        itd_ms = round(1e3 * itd_s(self.audio, self.sample_rate), 1) + 0.0  # + 0.0: never "-0.0"
        return f"{line}, ITD {itd_ms:+.1f} ms, ILD {round(ild_db(self.audio)) + 0:+d} dB (+: left)"

    def _repr_html_(self) -> str:
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(len(self.audio))
            file.setsampwidth(2)
            file.setframerate(self.sample_rate)
            file.writeframes(np.round(self.audio.T * 32767).astype("<i2").tobytes())
        data = base64.b64encode(buffer.getvalue()).decode()
        return (
            f"<figure style='margin:0'><figcaption>{html.escape(repr(self))}</figcaption>"
            f"<audio controls loop src='data:audio/wav;base64,{data}'></audio></figure>"
        )


class Players(list):
    """Players side by side; in text a line for each."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))

    def _repr_html_(self) -> str:
        row = "".join(player._repr_html_() for player in self)
        return f"<div style='display:flex;flex-wrap:wrap;gap:1em'>{row}</div>"


def compare(sounds: Mapping[str, np.ndarray], sample_rate: int) -> Players:
    """Play sounds side by side at one level, and say by how much each was turned up or down for it.

    What is louder seems better, so a fair comparison by ear needs one level: here all have the same RMS, -23 dB of full
    scale, or as much less as the highest peak among them needs. Where loudness itself is the point, use `Player`.

    Parameters
    ----------
    sounds : mapping of str to np.ndarray
        For each title (T,), (1, T) or (2, T) float.
    sample_rate : int
        In Hz.

    Returns
    -------
    Players
        Shown by a notebook as players in a row.

    Raises
    ------
    ValueError
        If there is none, or one is silent or not finite, or has more than two channels.

    Notes
    -----
    Notebook: 00_start_here.
    """
    if not sounds:
        raise ValueError("there are no sounds; give at least one by its title, such as {'before': A, 'after': B}")
    audio = {title: np.atleast_2d(np.asarray(sound, dtype=np.float64)) for title, sound in sounds.items()}
    rms = {title: np.sqrt(np.mean(np.square(sound))) for title, sound in audio.items()}
    for title, level in rms.items():
        if not 0 < level < np.inf:
            raise ValueError(f"{title!r} has an RMS of {level}; only what sounds can be compared: leave it out")
    highest = max(np.abs(sound).max() / rms[title] for title, sound in audio.items())
    level = min(10 ** (COMPARE_DB / 20), 0.99 / highest)
    players = Players()
    for title, sound in audio.items():
        turned_db = round(20 * np.log10(level / rms[title])) + 0
        name = f"{title} (turned by {turned_db:+d} dB to RMS {20 * np.log10(level):.0f} dB)"
        players.append(Player(sound * (level / rms[title]), sample_rate, name))
    return players
