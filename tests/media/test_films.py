"""Films by PyAV."""

import subprocess
import sys

from media.clips_made import film

LEFT = """
import sys
import logging
import av.logging
from see2sound_nb.media.clip_frames import read_frames
from see2sound_nb.media.clips import open_clip

logging.getLogger("libav").setLevel(logging.CRITICAL)
av.logging.set_level(av.logging.TRACE)
for _ in range(20):
    clip = open_clip(sys.argv[1])  # which decodes one frame
    next(iter(read_frames(clip)))
print(len(clip))
"""


def test_a_film_that_is_left_half_way_is_closed_while_python_has_the_log(tmp_path):
    """A thread of the decoder that waits to log, and is waited for, would never end."""
    path = film(tmp_path / "a.mp4", codec="libx264", pix_fmt="yuv420p")
    command = [sys.executable, "-c", LEFT, str(path)]
    assert subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout.strip() == "24"
