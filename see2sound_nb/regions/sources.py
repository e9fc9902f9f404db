"""Step 1 of figure 2, the regions of interest, from the photo to the sources (the rules of choice are in `choosing`).

Notebook: 01_regions.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from see2sound_nb._progress import Progress, quiet
from see2sound_nb.regions.boxes import boxes_from_contours, patches_from_boxes
from see2sound_nb.regions.choosing import candidate_sources, choose_sources, largest_sources
from see2sound_nb.regions.contours import contours_from_masks
from see2sound_nb.regions.labels import describe_patches, likelihoods_of_sound
from see2sound_nb.regions.masks import automatic_masks, without_specks
from see2sound_nb.regions.polygons import polygons_from_contours
from see2sound_nb.sounds.generation import MOST_SOURCES

T = TypeVar("T")

#: How regions are chosen: what a listener would point at, or the largest masks as in the paper's code.
WAYS_TO_SELECT = ("sounds", "area")


@dataclasses.dataclass(frozen=True, eq=False)
class Regions:
    """N regions of a photo, in all the forms that the paper gives them.

    Attributes
    ----------
    masks : np.ndarray
        M, (N, H, W) bool.
    contours, polygons : list of np.ndarray
        c_k (L_k, 2) and P_k (V_k, 2) int32, (x, y) in pixels, y down.
    boxes : np.ndarray
        R, (N, 4) int64, pixels, [x_min, x_max, y_min, y_max].
    patches : list of np.ndarray
        I_p, each (h, w, 3) uint8 RGB.
    labels : list of dict
        What each shows, as from `regions.labels.describe_patches`.
    notes : list of str
        What was decided on the way, in words.
    """

    masks: np.ndarray
    contours: list[np.ndarray]
    polygons: list[np.ndarray]
    boxes: np.ndarray
    patches: list[np.ndarray]
    labels: list[dict[str, Any]]
    notes: list[str] = dataclasses.field(default_factory=list)

    def __len__(self) -> int:
        return len(self.masks)

    def take(self, chosen: Sequence[int] | np.ndarray) -> Regions:
        """Some of the regions, in the order of the indices."""

        def pick(values: list[T]) -> list[T]:
            return [values[k] for k in chosen]

        return Regions(
            self.masks[chosen],
            pick(self.contours),
            pick(self.polygons),
            self.boxes[chosen],
            pick(self.patches),
            pick(self.labels),
            self.notes,
        )


def find_sources(
    I: np.ndarray,
    sources: int,
    sam: Any,
    options: Mapping[str, Any] | None = None,
    *,
    select: str = "sounds",
    tell: Progress = quiet,
) -> Regions:
    """Find the regions of a photo that become sources.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    sources : int
        At most this many, 1 to `MOST_SOURCES`.
    sam, options
        As from `regions.loading.load_sam`.
    select : str
        ``"sounds"`` (what a listener would choose, see `regions.choosing.choose_sources`) or ``"area"`` (the largest
        masks, as in the paper's code).
    tell : callable
        Called as ``tell("regions", done, total)``.

    Returns
    -------
    Regions
        1 to `sources` of them, best first. Where there is none at all, the whole photo is the only region: it becomes
        an ambient source.

    Warns
    -----
    UserWarning
        If no region was found.

    Notes
    -----
    Paper: section 4.1. Notebook: 01_regions.
    """
    tell("regions", 0, 2)
    M, quality = automatic_masks(I, sam, options)
    M = without_specks(M)
    tell("regions", 1, 2)
    candidates = largest_sources(M, sources) if select == "area" else candidate_sources(M, quality)
    found = regions_of_masks(I, M[candidates])
    if len(found) and select == "sounds":
        sounds, kinds = likelihoods_of_sound(I, found.masks, found.labels), [x["sound_class"] for x in found.labels]
        found = found.take(choose_sources(found.masks, quality[candidates], sounds, sources, kinds=kinds))
    if not len(found):
        found = regions_of_masks(I, np.ones((1, *I.shape[:2]), dtype=bool))
        found.notes.append("No region was found: the whole picture becomes one ambient source.")
        warnings.warn(found.notes[-1], stacklevel=3)
    elif len(found) < sources:
        found.notes.append(f"{sources} sources were asked for; {len(found)} were found that do not overlap.")
    tell("regions", 2, 2)
    return found


def regions_of_masks(I: np.ndarray, M: np.ndarray) -> Regions:
    """Outline, box, cut out and name regions: the one way from masks, however they were found.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    M : np.ndarray
        (N, H, W) bool, none of them empty.

    Returns
    -------
    Regions

    Notes
    -----
    Paper: section 4.1, Eq. 2 and 3. Notebook: 02_boxes.
    """
    C = contours_from_masks(M)
    R = boxes_from_contours(C)
    I_p = patches_from_boxes(I, R)
    return Regions(M, C, polygons_from_contours(C), R, I_p, describe_patches(I_p))


def check_masks(masks, shape: tuple[int, ...]) -> np.ndarray:
    """Regions chosen by hand as (N, H, W) bool, or ValueError if they do not fit a photo of `shape` (H, W)."""
    M = np.asarray(masks)
    if M.dtype != bool or M.ndim != 3 or M.shape[1:] != shape:
        raise ValueError(
            f"masks is {M.dtype} {M.shape}; it must be bool (N, {shape[0]}, {shape[1]}), of the size of "
            "media.read_image(photo): make the masks from that picture, and compare numbers with 0.5"
        )
    if not 1 <= len(M) <= MOST_SOURCES:
        raise ValueError(f"{len(M)} masks were given; it must be 1 to {MOST_SOURCES}: leave some out, or add one")
    empty = np.flatnonzero(~M.any(axis=(1, 2)))
    if len(empty):
        raise ValueError(f"mask {empty[0]} is empty; a region needs at least one pixel: leave the mask out")
    return M
