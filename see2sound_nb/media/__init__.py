"""The files of the user: the only place that reads or writes them.

Takes paths; gives a photo I (H, W, 3) uint8 RGB, or writes channels (n_ch, T) float, full scale 1, as a sound file that
names them. A file is whole or not there. Notebook: 09_your_own.
"""

from see2sound_nb.media.pictures import demo_photo, read_image
from see2sound_nb.media.sound_files import write_wav

__all__ = ["demo_photo", "read_image", "write_wav"]
