"""What was rendered, in numbers (section 5).

Takes channels (n_ch, T) or impulse responses (L,), and their sample rate in Hz; gives time differences in seconds,
level differences in dB, reverberation times in seconds. Notebooks: 00_start_here, 05_image_sources.
"""

from see2sound_nb.measure.interaural import ild_db, itd_s
from see2sound_nb.measure.reverberation import measured_rt60_s, schroeder_db

__all__ = ["ild_db", "itd_s", "measured_rt60_s", "schroeder_db"]
