"""What users hand to `ClickToSegment`, checked: what is wrong, the rule, and what helps."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from see2sound_nb.notebook.widgets._messages import short
from see2sound_nb.notebook.widgets.click_to_segment_assets import Click, Region
from see2sound_nb.pipeline import See2Sound

#: Two masks of a larger intersection over union are the same region.
SAME_IOU = 0.95


def check_pipeline(pipeline: Any) -> None:
    """Raise TypeError if `pipeline` is neither None nor a `See2Sound`."""
    if pipeline is not None and not isinstance(pipeline, See2Sound):
        raise TypeError(
            f"pipeline is {short(pipeline)}; it must be a See2Sound: give See2Sound(preset='tiny') or another preset"
        )


def check_pixel(x_px: Any, y_px: Any, width: int, height: int) -> None:
    """Raise TypeError or ValueError if there is no such pixel in a photo of this size."""
    for name, value in (("x_px", x_px), ("y_px", y_px)):
        if not isinstance(value, numbers.Real) or isinstance(value, bool):
            raise TypeError(f"{name} is {short(value)}; it must be a number: give pixels, x to the right and y down")
    if not (0 <= x_px < width and 0 <= y_px < height):
        at = f"({x_px:g}, {y_px:g})" if not max(abs(x_px), abs(y_px)) > 1e300 else "infinity"
        raise ValueError(f"the click at {at} is outside of the photo; x is 0 to {width - 1}, y 0 to {height - 1}")


def check_place(k: Any, count: int) -> None:
    """Raise TypeError or ValueError if a list of `count` regions has no region `k`."""
    if not isinstance(k, int | np.integer) or isinstance(k, bool):
        raise TypeError(f"the region is {short(k)}; it must be a whole number: give its place in the list, from 0")
    if not 0 <= k < count:
        raise ValueError(f"there is no region {short(k)}; {count} are kept, counted from 0")


def check_new(region: Region, kept: list[Region]) -> None:
    """Raise ValueError if a region is kept already: its sound would be there twice."""
    for number, other in enumerate(kept, start=1):
        if np.sum(region.mask & other.mask) > SAME_IOU * np.sum(region.mask | other.mask):
            raise ValueError(f"this region is kept already, as number {number}; click on another thing")


def opposed(clicks: list[Click]) -> list[Click]:
    """Clicks that say the opposite of the last one, as far as there can be a region without one of them."""
    *earlier, (_, _, positive) = clicks
    others = [click for click in earlier if click[2] != positive]
    return others if positive or len(others) > 1 else []
