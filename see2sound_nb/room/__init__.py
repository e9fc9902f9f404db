"""Step 4 of figure 2 (section 4.3, Eq. 4): the room around the listener, and the sound's ways through it.

Takes positions (N, 3) in metres; gives a `Room`, and its images of each source: delays in seconds, amplitudes and
directions, or impulse responses h (N, n_ch, L) float32, by the image source method. Notebook: 05_image_sources.
"""

from see2sound_nb.room.shoebox import Room, image_sources, paper_room, room_around, room_of_scene

__all__ = ["Room", "image_sources", "paper_room", "room_around", "room_of_scene"]
