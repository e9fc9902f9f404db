"""Figures with units, in colours that colour-blind readers can tell apart.

Functions draw on `ax` (or make one) and return it; `show` shows what was drawn, with a description.

Notebook: 00_start_here to 09_your_own.
"""

from see2sound_nb.notebook.plots.before_after import plot_before_after
from see2sound_nb.notebook.plots.common import SOURCE_COLOURS, ensure_matplotlib, show, source_colour
from see2sound_nb.notebook.plots.depth import plot_maps
from see2sound_nb.notebook.plots.lines import plot_lines
from see2sound_nb.notebook.plots.masks import plot_boxes, plot_clicks, plot_masks, plot_pictures, plot_pixels
from see2sound_nb.notebook.plots.mel import plot_mels, plot_steps
from see2sound_nb.notebook.plots.moving import plot_paths, plot_space_time
from see2sound_nb.notebook.plots.rooms import (
    plot_arrivals,
    plot_decays,
    plot_image_plan,
    plot_levels,
    plot_one_wall,
    plot_spectrograms,
)
from see2sound_nb.notebook.plots.scene import plot_channels, plot_depth, plot_plan, plot_regions, plot_story
from see2sound_nb.notebook.plots.table_1 import plot_table_1

ensure_matplotlib()  # the functions import it when they draw; here it is missed at once, and once for all

__all__ = [
    "SOURCE_COLOURS",
    "plot_arrivals",
    "plot_before_after",
    "plot_boxes",
    "plot_channels",
    "plot_clicks",
    "plot_decays",
    "plot_depth",
    "plot_image_plan",
    "plot_levels",
    "plot_lines",
    "plot_maps",
    "plot_masks",
    "plot_mels",
    "plot_one_wall",
    "plot_paths",
    "plot_pictures",
    "plot_pixels",
    "plot_plan",
    "plot_regions",
    "plot_space_time",
    "plot_spectrograms",
    "plot_steps",
    "plot_story",
    "plot_table_1",
    "show",
    "source_colour",
]
