"""The regions that `ClickToSegment` holds, and a page for readers without a kernel."""

from __future__ import annotations

import base64
import html
import io
from typing import Any, NamedTuple

import numpy as np

from see2sound_nb.notebook.plots import source_colour

#: The figure in a saved notebook: its longer side in pixels, and its size in bytes at most.
FIGURE_PX, FIGURE_BYTES = 640, 100_000

#: A click at the pixel x, y, and whether it is on the thing.
Click = tuple[float, float, bool]


class Region(NamedTuple):
    """A mask (H, W) bool that never changes, a number that no other mask has, and SAM's quality, 0 to 1."""

    number: int
    mask: np.ndarray
    quality: float

    @property
    def label_px(self) -> tuple[int, int]:
        """The pixel (x, y) that is farthest from the region's edge."""
        import cv2

        depth = cv2.distanceTransform(np.pad(self.mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        return int(x), int(y)

    def describe(self, k: int) -> dict[str, Any]:
        """The region without its mask, as number `k` of a list."""
        return {
            "number": self.number,
            "share": round(float(self.mask.mean()), 4),
            "quality": round(self.quality, 3),
            "label_px": self.label_px,
            "colour": source_colour(k),
        }


def figure_html(I: np.ndarray, kept: list[Region], title: str) -> str:
    """The photo with regions in their colours and with their numbers, for a saved notebook read without a kernel.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    kept : list of Region
    title : str
        Stands below it.
    """
    data, text = base64.b64encode(_figure(I, kept)).decode(), html.escape(title)
    image = f"<img alt='{text}' style='max-width:100%' src='data:image/jpeg;base64,{data}'>"
    said = "Clicking on the photo needs a running kernel; this is how it stood when the page was saved."
    return f"<p>{said}</p><figure style='margin:0'>{image}<figcaption>{text}</figcaption></figure>"


def jpeg(picture: np.ndarray, quality: int) -> bytes:
    """(H, W, 3) uint8 RGB as a JPEG of a quality from 1 to 95."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _figure(I: np.ndarray, kept: list[Region]) -> bytes:
    import cv2
    from matplotlib.colors import to_rgb

    colours = [[round(255 * part) for part in to_rgb(source_colour(k))] for k in range(len(kept))]
    picture = I.copy()
    for region, colour in zip(kept, colours):
        picture[region.mask] = (0.55 * picture[region.mask] + 0.45 * np.array(colour)).astype(np.uint8)
    scale = min(1.0, FIGURE_PX / max(I.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for k, (region, colour) in enumerate(zip(kept, colours)):
        x, y = (round(scale * side) for side in region.label_px)
        text = str(k + 1)
        cv2.circle(small, (x, y), 15, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(small, (x, y), 13, colour, -1, cv2.LINE_AA)
        cv2.putText(small, text, (x - 6 * len(text), y + 7), cv2.FONT_HERSHEY_SIMPLEX, 0.65, (0, 0, 0), 2, cv2.LINE_AA)
    tries = (jpeg(small, quality) for quality in (85, 70, 50, 30, 10))
    return next(found for found in tries if len(found) <= FIGURE_BYTES)
