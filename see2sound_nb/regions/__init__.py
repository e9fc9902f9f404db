"""Step 1 of figure 2 (section 4.1): what in a photo sounds, and where in the picture it is.

Takes the image I (H, W, 3) uint8 RGB; gives masks M (N, H, W) bool, outlines c_k, polygons P_k (Eq. 2), boxes R (N, 4)
in pixels (Eq. 3), patches I_p (h, w, 3) uint8, and a name for each. Notebooks: 01_regions, 02_boxes.
"""

from see2sound_nb.regions.sources import Regions, find_sources, regions_of_masks

__all__ = ["Regions", "find_sources", "regions_of_masks"]
