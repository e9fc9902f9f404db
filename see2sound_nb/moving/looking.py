"""A look at a shot: what sounds in it, where it is in each frame, and how near.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from see2sound_nb._memory import give_back
from see2sound_nb._progress import Progress
from see2sound_nb._threads import torch_threads
from see2sound_nb.media.clip_frames import read_frames
from see2sound_nb.media.clips import Clip
from see2sound_nb.places.depth import estimate_depth, is_metric
from see2sound_nb.regions.activation import label_logits
from see2sound_nb.regions.following import MORE_THINGS, Follow, follow_things
from see2sound_nb.regions.sources import Regions, find_sources, regions_of_masks
from see2sound_nb.regions.thing import Thing
from see2sound_nb.regions.things import Things, find_things
from see2sound_nb.regions.tracking import follow
from see2sound_nb.sounds.generation import MOST_SOURCES

if TYPE_CHECKING:
    from see2sound_nb.pipeline import See2Sound

#: Frames are looked at with so many pixels along the longer side, at most.
LONGEST_SIDE_PX = 640
#: Depth is estimated, and things are detected, so often, in Hz.
DEPTH_HZ = 4.0
#: The depth of so many pixels a frame, evenly spread, says what is near and far in a shot.
DEPTH_SAMPLES = 1000


@dataclasses.dataclass(eq=False)
class Look:
    """What was seen in a shot of F frames.

    Attributes
    ----------
    things : list of Thing
    picture : np.ndarray
        (H, W, 3) uint8 RGB, its key frame.
    key : int
        The number of this frame within the shot.
    depth : np.ndarray
        D, (H, W) float32, of it.
    logits : np.ndarray
        (h, w, 1000) of it, as from `regions.activation.label_logits`.
    range : np.ndarray
        (2,) float64, the 2nd and the 98th percentile of D over the shot.
    metric : bool
        Whether D is in 1/m.
    """

    things: list[Thing]
    picture: np.ndarray
    key: int
    depth: np.ndarray
    logits: np.ndarray
    range: np.ndarray
    metric: bool


def read_frame(clip: Clip, frame: int) -> np.ndarray:
    """One frame of a clip as `See2Sound.run` sees it, to click in it or to draw masks on it.

    Parameters
    ----------
    clip : Clip
        As from `media.clips.open_clip`.
    frame : int
        Its number, 0 to ``len(clip) - 1``. All frames before it are read, too.

    Returns
    -------
    np.ndarray
        (H, W, 3) uint8 RGB, upright, at most `LONGEST_SIDE_PX` along the longer side.

    Raises
    ------
    ValueError
        If there is no such frame.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    I = next(itertools.islice(read_frames(clip, LONGEST_SIDE_PX), frame, None), None) if frame >= 0 else None
    if I is None:
        raise ValueError(f"frame={frame} must lie in 0 to {len(clip) - 1}, the frames of this clip")
    return I


def look_at_shot(
    see: See2Sound,
    frames: Iterable[np.ndarray],
    clip: Clip,
    sources: int,
    select: str,
    by_hand: tuple[int, np.ndarray] | None,
    tell: Progress,
) -> Look:
    """Look at the frames of a shot, one after another.

    Parameters
    ----------
    see : See2Sound
        Its models of segmentation and depth look. Where the first is a SAM 2, it follows things, too.
    frames : iterable of np.ndarray
        F frames, at least one, each (H, W, 3) uint8 RGB.
    clip : Clip
        For the frame rate.
    sources : int
        How many things at most.
    select : str
        As in `regions.sources.find_sources`.
    by_hand : tuple, optional
        A frame of the shot, and masks (N, H, W) bool in it: nothing is looked for.
    tell : callable
        Called as ``tell("things", done, total)``.

    Returns
    -------
    Look

    Notes
    -----
    Paper: section 4.1, for each frame. Notebook: 07_moving_pictures.
    """
    every = max(1, round(clip.frames_per_s / DEPTH_HZ))
    model, processor = see.model("depth")
    # One thread here and one beside it, set once: the number is one for the process, and whether it is 1 or 2 when a
    # layer is computed decides the last digits of it.
    threads = 1 if see.names["depth"] == "tiny-depth" else None

    def glance(I: np.ndarray) -> tuple[np.ndarray, Things | None]:
        return estimate_depth(I, model, processor), None if by_hand is not None or select == "area" else find_things(I)

    samples: list[np.ndarray] = []
    begin: list[tuple[np.ndarray, np.ndarray]] = []

    def seen() -> Iterator[tuple[np.ndarray, np.ndarray | None, Things | None]]:
        for block, (D, things) in _ahead(frames, every, glance, threads):
            samples.append(D.ravel()[:: max(1, D.size // DEPTH_SAMPLES)])
            if not begin:
                begin.append((block[0], D))
            yield block[0], D, things
            yield from ((I, None, None) for I in block[1:])

    def find(I: np.ndarray) -> Regions:
        if by_hand is not None:
            return regions_of_masks(I, by_hand[1])
        give_back()  # what the last look took, before this one takes as much
        return find_sources(I, min(MOST_SOURCES, sources + MORE_THINGS), *see.model("segmentation"), select=select)

    only_at = None if by_hand is None else by_hand[0]
    most = sources if by_hand is None else len(by_hand[1])
    how: dict[str, Any] = dict(only_at=only_at, follow=_tracker(see), tell=tell)
    with torch_threads(threads):
        things = follow_things(seen(), find, most, clip.frames_per_s, **how)
    (picture, D), key = begin[0], 0
    if things and things[0].key != 0:
        picture, key = things[0].picture, things[0].key
        with torch_threads(threads):
            D = estimate_depth(picture, model, processor)
    low, high = np.percentile(np.concatenate(samples), [2, 98])
    return Look(things, picture, key, D, label_logits(picture), np.array([low, high]), is_metric(model))


def _tracker(see: See2Sound) -> Follow:
    """What follows things: on a GPU a SAM 2's own video predictor, with nothing in its memory; else the corners.

    On a CPU it takes seconds a frame where corners take milliseconds.
    """
    name = see.names["segmentation"]
    if not name.startswith("sam2") or see.device == "cpu":
        return follow
    from see2sound_nb.regions.video_sam import load_video_sam

    sam, _ = see.model("segmentation")
    try:
        return load_video_sam(sam).follow
    except ValueError as error:  # somebody's own SAM 2, trained on photos
        warnings.warn(f"{name} cannot follow things ({error}); their corners are followed", stacklevel=2)
        return follow


def _ahead(
    frames: Iterable[np.ndarray], every: int, work: Callable[[np.ndarray], Any], threads: int | None
) -> Iterator[tuple]:
    """Blocks of `every` frames and what `work` gives for the first of each, done while the block before is used."""
    frames = iter(frames)

    def begin() -> None:
        if threads is not None:
            import torch

            torch.set_num_threads(threads)  # of this thread, which ends with the block

    with concurrent.futures.ThreadPoolExecutor(1, initializer=begin) as pool:
        before = None
        while block := list(itertools.islice(frames, every)):
            coming = block, pool.submit(work, block[0])
            if before is not None:
                yield before[0], before[1].result()
            before = coming
        if before is not None:
            yield before[0], before[1].result()
