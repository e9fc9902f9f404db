"""The ambience of a scene: what the whole photo sounds like, all around the listener.

Notebook: 00_start_here.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from see2sound_nb.sounds.sound_classes import NAMES

#: How loud an ambience is beside the sources, unless told otherwise: a bed that they stand out from. In dB relative to
#: the sources together, RMS at the listener.
AMBIENCE_LEVEL_DB = -10.0
#: Softest ambience, in the same dB; for silence there is ``ambience=None``.
SOFTEST_DB = -60.0


@dataclasses.dataclass(frozen=True, eq=False)
class Ambience:
    """What a photo sounds like as a whole: the sea, a street, a room.

    Attributes
    ----------
    kind : str
        One of `sounds.sound_classes.NAMES`.
    label : str
        Its name for people, such as ``"sea"``.
    caption : str
        The sentence that its sound was made of, such as ``"waves on a beach"``.
    probability : float
        How certain it is, 0 to 1.
    audio : np.ndarray
        (T,) float32, full scale 1, at the scene's sample rate; it repeats without a seam.
    level_db : float
        How loud it is beside the sources, -60 to 0: RMS at the listener, as an omnidirectional microphone hears it, in
        dB relative to all sources together. It is never louder than they are. Where there is no source, relative to one
        at 1 m in the open (`sounds.generation.SOURCE_LEVEL_DB`).

    Raises
    ------
    ValueError
        If the kind is unknown, the sound is not (T,) or not finite, or a number is out of range.

    Notes
    -----
    Softer by 6 dB: ``scene.ambience = dataclasses.replace(scene.ambience, level_db=scene.ambience.level_db - 6)``.
    Notebook: 00_start_here.
    """

    kind: str
    label: str
    caption: str
    probability: float
    audio: np.ndarray
    level_db: float = AMBIENCE_LEVEL_DB

    def __post_init__(self):
        if self.kind not in NAMES:
            raise ValueError(f"ambience of kind {self.kind!r} is unknown; choose one of {', '.join(NAMES)}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability={self.probability} must lie in 0 to 1; give a share, not per cent")
        if not SOFTEST_DB <= self.level_db <= 0:
            raise ValueError(
                f"level_db={self.level_db} must lie in {SOFTEST_DB:g} to 0 dB, at 0 as loud as the sources together; "
                "for silence, set the scene's ambience to None"
            )
        audio = np.asarray(self.audio, dtype=np.float32)
        if audio.ndim != 1 or not audio.size or not np.isfinite(audio).all():
            raise ValueError(f"an ambience of shape {audio.shape} must be (T,), one mono sound, all finite: use A[0]")
        object.__setattr__(self, "audio", audio)

    def __repr__(self) -> str:
        return f"Ambience({self.label!r}, {self.caption!r}, {self.probability:.0%} certain, {self.level_db:+.1f} dB)"
