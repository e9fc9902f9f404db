"""The layouts that a scene can be rendered for: their channels, and where their loudspeakers stand.

Notebook: 00_start_here.
"""

from __future__ import annotations

#: Channels of each layout, in the order of the rows of a rendering. Ambisonics ("foa", "hoa2" ... "hoa5") is AmbiX;
#: from the second order on its channels have no names but their numbers. "mono" is what one microphone hears that hears
#: alike from everywhere: Ambisonics of order 0.
LAYOUTS = {
    "5.1": ("FL", "FR", "FC", "LFE", "SL", "SR"),
    "7.1.4": ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR", "TFL", "TFR", "TBL", "TBR"),
    "stereo": ("L", "R"),
    "binaural": ("L", "R"),
    "mono": ("W",),
    "foa": ("W", "Y", "Z", "X"),
    **{f"hoa{order}": tuple(f"ACN{n}" for n in range((order + 1) ** 2)) for order in range(2, 6)},
}
#: Order of the Ambisonics layouts.
AMBISONIC_ORDERS = {"mono": 0, "foa": 1, "hoa2": 2, "hoa3": 3, "hoa4": 4, "hoa5": 5}
#: (azimuth, elevation) in degrees of the full-range loudspeakers, azimuth positive to the left, in the order of their
#: channels: 5.1 as in ITU-R BS.775-4, 7.1.4 as system J (4+7+0) of ITU-R BS.2051-3.
LOUDSPEAKERS = {
    "5.1": {"FL": (30, 0), "FR": (-30, 0), "FC": (0, 0), "SL": (110, 0), "SR": (-110, 0)},
    "7.1.4": {
        "FL": (30, 0), "FR": (-30, 0), "FC": (0, 0), "BL": (135, 0), "BR": (-135, 0), "SL": (90, 0), "SR": (-90, 0),
        "TFL": (45, 30), "TFR": (-45, 30), "TBL": (135, 30), "TBR": (-135, 30),
    },
}  # fmt: skip
#: Azimuths in degrees (positive to the left) of the five full-range loudspeakers of 5.1.
SPEAKERS_DEG = {name: float(azimuth) for name, (azimuth, _) in LOUDSPEAKERS["5.1"].items()}


def check_layout(layout: str) -> str:
    """Return `layout`, or raise ValueError if it is not one of `LAYOUTS`."""
    if layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r} is unknown; choose one of {', '.join(LAYOUTS)}")
    return layout
