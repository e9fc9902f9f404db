"""Sound in a notebook: a player that changes no levels.

Notebook: 00_start_here.
"""

from __future__ import annotations

import base64
import html
import io
import wave

import numpy as np


class Player:
    """A player for mono or two channels, without automatic normalisation.

    In text it is one line with duration and peak, the same whenever the sound is the same.

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
        If there are more than two channels, or a sample is NaN or beyond full scale.
    """

    def __init__(self, audio: np.ndarray, sample_rate: int, title: str = "sound"):
        self.audio = np.atleast_2d(np.asarray(audio, dtype=np.float32))
        if len(self.audio) > 2:
            raise ValueError(f"{len(self.audio)} channels; browsers play 1 or 2: render 'binaural' or 'stereo' instead")
        if not np.abs(self.audio).max(initial=0) <= 1:
            raise ValueError("the audio's peak must be a number up to 1 (full scale); scale it down first")
        self.sample_rate = sample_rate
        self.title = title

    def __repr__(self) -> str:
        peak = 20 * np.log10(max(float(np.abs(self.audio).max(initial=0)), 1e-6))
        seconds = self.audio.shape[1] / self.sample_rate
        return f"{self.title}: {seconds:.1f} s, {len(self.audio)} channel(s), peak {peak:.1f} dB of full scale"

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
