"""The layouts that a scene can be rendered for, and their channels.

Notebook: 00_start_here.
"""

from __future__ import annotations

from see2sound_nb.render.panning import LOUDSPEAKERS

#: Channels of each layout, in the order of the rows of a rendering. Ambisonics ("foa", "hoa2" ... "hoa5") is AmbiX;
#: from the second order on its channels have no names but their numbers.
LAYOUTS = {
    "5.1": ("FL", "FR", "FC", "LFE", "SL", "SR"),
    "7.1.4": ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR", "TFL", "TFR", "TBL", "TBR"),
    "stereo": ("L", "R"),
    "binaural": ("L", "R"),
    "foa": ("W", "Y", "Z", "X"),
    **{f"hoa{order}": tuple(f"ACN{n}" for n in range((order + 1) ** 2)) for order in range(2, 6)},
}
#: Order of the Ambisonics layouts.
AMBISONIC_ORDERS = {"foa": 1, "hoa2": 2, "hoa3": 3, "hoa4": 4, "hoa5": 5}
#: Azimuths in degrees (positive to the left) of the five full-range loudspeakers of 5.1.
SPEAKERS_DEG = {name: float(azimuth) for name, (azimuth, _) in LOUDSPEAKERS["5.1"].items()}


def check_layout(layout: str) -> str:
    """Return `layout`, or raise ValueError if it is not one of `LAYOUTS`."""
    if layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r} is unknown; choose one of {', '.join(LAYOUTS)}")
    return layout
