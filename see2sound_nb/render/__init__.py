"""Step 5 of figure 2 (section 4.3, Eq. 4 and 5): what the loudspeakers or ears of a layout receive.

Takes a room, positions (N, 3) in metres and audio A (N, T); gives impulse responses h (N, n_ch, L) float32 for a layout
(5.1, 7.1.4, stereo, binaural, Ambisonics) and channels phi (n_ch, T + L - 1) float32. Notebooks: 00_start_here,
05_image_sources, 06_live_room.
"""

from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.layouts import LAYOUTS
from see2sound_nb.render.responses import impulse_responses

__all__ = ["LAYOUTS", "impulse_responses", "render_channels"]
