"""Step 1 of figure 2, the regions of interest, from the photo to the sources (the rules of choice are in `choosing`).

Notebook: 01_regions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from see2sound_nb._progress import Progress, quiet
from see2sound_nb.regions.activation import label_logits, seen_things
from see2sound_nb.regions.boxes import boxes_from_contours, patches_from_boxes
from see2sound_nb.regions.choosing import choose_sources, largest_sources
from see2sound_nb.regions.clicks import ClickPredictor, extent
from see2sound_nb.regions.contours import contours_from_masks
from see2sound_nb.regions.groups import groups_of_things
from see2sound_nb.regions.labels import has_a_place, name_regions
from see2sound_nb.regions.masks import automatic_masks, without_specks
from see2sound_nb.regions.polygons import polygons_from_contours
from see2sound_nb.regions.things import Things, find_things, overlaps
from see2sound_nb.sounds import sound_classes
from see2sound_nb.sounds.generation import MOST_SOURCES

T = TypeVar("T")

#: How regions are chosen: what a listener would point at, or the largest masks as in the paper's code.
WAYS_TO_SELECT = ("sounds", "area")
#: So many groups of detected things are outlined, so many things of each, and so many kinds that the classifier sees.
MOST_PROMPTED, MOST_OUTLINED, MOST_SEEN = 8, 6, 3
#: A mask whose own box has less than this intersection over union with the detector's shows something else.
LEAST_FIT = 0.6


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
        What each shows, as from `regions.labels.name_regions`.
    logits : np.ndarray
        (h, w, 1000), what the classifier sees where in the photo, as from `regions.activation.label_logits`.
    notes : list of str
        What was decided on the way, in words.
    """

    masks: np.ndarray
    contours: list[np.ndarray]
    polygons: list[np.ndarray]
    boxes: np.ndarray
    patches: list[np.ndarray]
    labels: list[dict[str, Any]]
    logits: np.ndarray
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
            self.logits,
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
        As from `regions.loading.load_sam`; the options are those of ``"area"``.
    select : str
        ``"sounds"``: what the detector and the classifier name is outlined by SAM, and what most likely sounds is
        chosen (`regions.choosing.choose_sources`). ``"area"``: SAM's largest automatic masks, as in the paper's code.
    tell : callable
        Called as ``tell("regions", done, total)``.

    Returns
    -------
    Regions
        0 to `sources` of them, best first. With ``"sounds"`` nothing uncertain is among them, so there may be none.

    Notes
    -----
    Paper: section 4.1. Notebook: 01_regions.
    """
    tell("regions", 0, 2)
    things, logits = find_things(I), label_logits(I)
    if select == "area":
        M, _ = automatic_masks(I, sam, options)
        M = without_specks(M[largest_sources(M, sources)])
    else:
        M = prompted_masks(I, sam, things, logits)
    tell("regions", 1, 2)
    found = regions_of_masks(I, M, things, logits)
    if select == "sounds":
        sounds, kinds = ([label[key] for label in found.labels] for key in ("sounds", "sound_class"))
        found = found.take(choose_sources(found.masks, sounds, sources, kinds=kinds))
    if not len(found):
        found.notes.append("Nothing in the picture is certain enough to become a source.")
    elif len(found) < sources:
        found.notes.append(f"{sources} sources were asked for; {len(found)} {_is(found)} certain enough.")
    tell("regions", 2, 2)
    return found


def _is(found: Regions) -> str:
    return "is" if len(found) == 1 else "are"


def prompted_masks(I: np.ndarray, sam: Any, things: Things, logits: np.ndarray) -> np.ndarray:
    """SAM's masks of what was named: SAM knows where things end, the others know what they are, and roughly where.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    sam
        As from `regions.loading.load_sam`.
    things : Things
        As from `things.find_things`: their boxes are prompts. Things that belong together are one mask.
    logits : np.ndarray
        (h, w, 1000), as from `activation.label_logits`: for what the detector does not know, the place and the box of
        what the classifier sees most of are prompts.

    Returns
    -------
    np.ndarray
        M, (N, H, W) bool, none of them empty.

    Notes
    -----
    Paper: section 4.1, M. Notebook: 01_regions.
    """
    predictor = ClickPredictor(I, sam)
    masks = []
    sounding = [k for k, name in enumerate(things.names) if name in sound_classes.thing_table()]
    groups = groups_of_things(things.boxes[sounding], np.array([things.names[k] for k in sounding]))
    groups = sorted(groups, key=lambda group: -_salience(things, np.array(sounding)[group], I.shape))
    for group in groups[:MOST_PROMPTED]:
        members = np.array(sounding)[group][:MOST_OUTLINED]
        masks.append(np.any([outline_of_thing(predictor, things.boxes[k]) for k in members], axis=0))
    for seen in seen_things(I, logits, MOST_SEEN, has_a_place()):
        masks.append(predictor.mask_of(seen.point_px, seen.box_px, seen.heat)[0])
    M = np.array([mask for mask in masks if mask.any()], dtype=bool).reshape(-1, *I.shape[:2])
    return without_specks(M)


def outline_of_thing(predictor: ClickPredictor, box_px: np.ndarray) -> np.ndarray:
    """The mask of a detected thing: what SAM outlines within its box, or all of the box where SAM sees no such thing.

    Parameters
    ----------
    predictor : ClickPredictor
    box_px : np.ndarray
        (4,) float, [left, top, right, bottom] in pixels.

    Returns
    -------
    np.ndarray
        (H, W) bool, not empty.
    """
    mask, _ = predictor.mask_in(box_px)
    left, top = np.floor(box_px[:2]).astype(int).clip(0)
    right, bottom = np.ceil(box_px[2:]).astype(int)
    within = np.zeros_like(mask)
    within[top:bottom, left:right] = True
    mask = without_specks((mask & within)[None])[0]
    return mask if mask.any() and overlaps(extent(mask), box_px[None])[0] >= LEAST_FIT else within


def _salience(things: Things, members: np.ndarray, shape: tuple[int, ...]) -> float:
    """Score times size to the power 1/4, of the best thing in a group."""
    area = np.prod(things.boxes[members, 2:] - things.boxes[members, :2], axis=1) / (shape[0] * shape[1])
    return float((things.scores[members] * area**0.25).max())


def regions_of_masks(
    I: np.ndarray, M: np.ndarray, things: Things | None = None, logits: np.ndarray | None = None
) -> Regions:
    """Outline, box, cut out and name regions: the one way from masks, however they were found.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    M : np.ndarray
        (N, H, W) bool, none of them empty.
    things, logits : optional
        What was found in the photo before, as from `things.find_things` and `activation.label_logits`.

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
    things = find_things(I) if things is None else things
    logits = label_logits(I) if logits is None else logits
    names = name_regions(M, R, I_p, things, logits)
    return Regions(M, C, polygons_from_contours(C), R, I_p, names, logits)


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
