"""Step 3 of figure 2 (section 4.2, Eq. 1): the sound of each patch, by CoDi.

Takes N patches I_p (h, w, 3) uint8 RGB, texts and seeds; gives mono audio A (N, T) float32, full scale 1, all at one
level, each repeating without a seam. Notebook: 04_audio.
"""

from see2sound_nb.sounds.generation import generate

__all__ = ["generate"]
