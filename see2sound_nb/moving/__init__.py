"""Figure 2 through time, for clips and animations: shots, things that are followed, paths, sounds that last.

Takes a clip of F frames; gives a `MovingScene` of shots, each with paths (P, N, 3) float64 in metres and sounds
A (N, T), which renders channels (n_ch, T) as long as the clip. The paper's section 4 for each frame.
Notebook: 07_moving_pictures.
"""

from see2sound_nb.moving.looking import read_frame
from see2sound_nb.moving.moving_scene import MovingScene, Shot

__all__ = ["MovingScene", "Shot", "read_frame"]
