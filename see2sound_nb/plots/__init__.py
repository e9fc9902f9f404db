"""Figures with units, in colours that colour-blind readers can tell apart.

Functions draw on `ax` (or make one) and return it; `show` shows what was drawn, with a description.

Notebook: 00_start_here, 05_image_sources.
"""

from see2sound_nb.plots.common import SOURCE_COLOURS, show, source_colour
from see2sound_nb.plots.lines import plot_lines
from see2sound_nb.plots.rooms import plot_image_plan, plot_spectrogram, plot_times
from see2sound_nb.plots.scene import plot_channels, plot_depth, plot_plan, plot_regions, plot_story

__all__ = [
    "SOURCE_COLOURS",
    "plot_channels",
    "plot_depth",
    "plot_image_plan",
    "plot_lines",
    "plot_plan",
    "plot_regions",
    "plot_spectrogram",
    "plot_story",
    "plot_times",
    "show",
    "source_colour",
]
