"""Step 2 of figure 2 (section 4.1): how far away what sounds is, and so where it is in space.

Takes the image I and the boxes R (N, 4) in pixels with their masks; gives inverse depth D (H, W) float32, larger is
nearer, and positions (N, 3) float64 in metres: x right, y forward, z up, from the listener. Notebook: 03_depth.
"""

from see2sound_nb.places.placing import Places, place_sources

__all__ = ["Places", "place_sources"]
