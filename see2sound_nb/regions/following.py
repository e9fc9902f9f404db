"""What sounds in a shot, found on key frames and followed between them.

Every `KEY_S` seconds the things in the frame are found as in a photo. What is there already is recognised by its place;
what was gone, by its kind and colours; what is new is also followed backwards, to when it came into the picture. A
thing is named by the look at it that was surest.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from see2sound_nb._progress import Progress, quiet
from see2sound_nb.regions.choosing import SIZE
from see2sound_nb.regions.overlap import share_of_smaller
from see2sound_nb.regions.shots import colour_distance, colours
from see2sound_nb.regions.sources import Regions
from see2sound_nb.regions.tracking import GONE, HIDDEN, SEEN, Track, carried, come_back, follow, reshape, start_track

#: Seconds between key frames.
KEY_S = 2.0
#: So many things more than are asked for are followed, since which of them moves is not known before.
MORE_THINGS = 2
#: A region and a thing that is followed are the same if their intersection over union is at least the first, or so much
#: of the smaller one lies in the other.
SAME_PLACE, SAME_PART = 0.3, 0.6
#: A thing that was gone is back if its colours are no farther apart than this.
SAME_COLOURS = 0.35
#: A thing that rests counts this much, one that moves by a tenth of the picture's width a second 1 more.
RESTING, MOVING_WIDTHS_S = 0.5, 0.1


@dataclasses.dataclass(eq=False)
class Thing:
    """A thing that sounds, through the F frames of a shot.

    Attributes
    ----------
    label : dict
        As from `regions.labels.name_regions`, of the frame `key`.
    key : int
        The frame of the shot in which it was seen best.
    picture : np.ndarray
        I, (H, W, 3) uint8 RGB, that frame.
    patch : np.ndarray
        I_p, (h, w, 3) uint8 RGB, there.
    places_px : np.ndarray
        (F, 2) float64, (x, y) of its middle in pixels, y down; NaN before it came and after it left.
    states : np.ndarray
        (F,) of ``"seen"``, ``"hidden"`` and ``"gone"``.
    areas : np.ndarray
        (F,) float64, its share of the picture; 0 where it is gone.
    motion : np.ndarray
        (F,) float64, how fast it moves against the ground, in widths of the picture a second.
    inverse_depth : np.ndarray
        (F,) float64, the median of D in it, in the frames that had a D and where it was seen; else NaN.
    shapes : np.ndarray
        (S, H, W) bool, its masks as they were drawn.
    drawn : np.ndarray
        (F,) int, which of them it has in a frame; -1 where it is gone.
    moved : np.ndarray
        (F, 2, 3) float64, the similarity that brings that mask there.
    """

    label: dict[str, Any]
    key: int
    picture: np.ndarray
    patch: np.ndarray
    places_px: np.ndarray
    states: np.ndarray
    areas: np.ndarray
    motion: np.ndarray
    inverse_depth: np.ndarray
    shapes: np.ndarray
    drawn: np.ndarray
    moved: np.ndarray

    def score(self) -> float:
        """How much a listener would want it to be a source: sure, large, moving, and for how long of the shot."""
        moving = RESTING + np.clip(self.motion / MOVING_WIDTHS_S, 0, 1)
        return float(np.mean(self.label["sounds"] * self.areas**SIZE * moving * (self.states != GONE)))

    def mask_at(self, frame: int) -> np.ndarray:
        """Its mask in a frame of the shot, (H, W) bool; empty where it is gone."""
        if self.drawn[frame] < 0:
            return np.zeros_like(self.shapes[0])
        return carried(self.shapes[self.drawn[frame]], self.moved[frame])


@dataclasses.dataclass(eq=False)
class _Record:
    """A thing while it is followed: what is known of each frame by its number."""

    track: Track
    label: dict[str, Any]
    key: int
    picture: np.ndarray
    patch: np.ndarray
    rows: dict[int, tuple] = dataclasses.field(default_factory=dict)

    def write(self, frame: int, D: np.ndarray | None, speed: float) -> None:
        track = self.track
        if track.state == GONE:
            self.rows.pop(frame, None)
            return
        now = track.mask_now()
        depth = float(np.median(D[now])) if D is not None and track.state == SEEN and now.any() else np.nan
        numbers = (now.mean(), track.motion_px * speed, depth)
        self.rows[frame] = (track.place_px, track.state, numbers, track.mask, track.since)


def follow_things(
    frames: Iterable[tuple[np.ndarray, np.ndarray | None]],
    find: Callable[[np.ndarray], Regions],
    sources: int,
    frames_per_s: float,
    *,
    only_at: int | None = None,
    tell: Progress = quiet,
    total: int = 0,
) -> list[Thing]:
    """Find the things that sound in a shot, and follow them.

    Parameters
    ----------
    frames : iterable of tuple
        F pairs: a frame I, (H, W, 3) uint8 RGB, and its inverse depth D (H, W) or None. Those since the last key frame
        are kept, no others.
    find : callable
        Gives the `Regions` of a frame, best first.
    sources : int
        How many things are chosen in the end, at most.
    frames_per_s : float
        Frames a second.
    only_at : int, optional
        The only key frame, where all that `find` gives is taken, in its order, such as what was chosen by hand. The
        frames before it are kept until then.
    tell : callable
        Called as ``tell("things", done, total)``.
    total : int
        F, if it is known before.

    Returns
    -------
    list of Thing
        Best first (those of `only_at` in their order); may be empty.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    every = max(1, round(KEY_S * frames_per_s))
    records: list[_Record] = []
    recent: list[tuple[np.ndarray, np.ndarray | None]] = []  # since the last key frame
    frame, width = -1, 1
    for frame, (I, D) in enumerate(frames):
        width = I.shape[1]
        speed = frames_per_s / width
        if recent:
            follow(recent[-1][0], I, [record.track for record in records], frames_per_s)
        for record in records:
            record.write(frame, D, speed)
        recent.append((I, D))
        is_key = frame % every == 0 if only_at is None else frame == only_at
        fresh = _meet(records, find(I), I, frame, sources + MORE_THINGS) if is_key else []
        for record in fresh:
            record.write(frame, D, speed)
        _follow_back(fresh, recent, frame, frames_per_s)
        records += fresh
        if is_key or (only_at is not None and frame > only_at):
            recent = [(I, D)]
        tell("things", frame + 1, max(total, frame + 1))
    things = [_thing(record, frame + 1) for record in records]
    if only_at is None:
        things = sorted(things, key=lambda thing: -thing.score())[:sources]
    return things


def _begin(I: np.ndarray, found: Regions, k: int, frame: int) -> _Record:
    return _Record(start_track(I, found.masks[k]), found.labels[k], frame, I, found.patches[k])


def _meet(records: list[_Record], found: Regions, I: np.ndarray, frame: int, most: int) -> list[_Record]:
    """Recognise what is followed already among what was found in a key frame; what is new is returned."""
    alive = [record for record in records if record.track.state != GONE]
    lost = [record for record in records if record.track.state == GONE]
    now = [record.track.mask_now() for record in alive]
    fresh: list[_Record] = []
    for k in range(len(found)):
        mask, label = found.masks[k], found.labels[k]
        same = [_overlap(mask, other) for other in now]
        nearest = int(np.argmax(same)) if same else -1
        record = alive[nearest] if same and same[nearest] >= SAME_PLACE else None
        if record is None and any(share_of_smaller(mask, other) > SAME_PART for other in now):
            continue
        if record is None:
            record = _back_again(lost, I, mask, label)
            if record is not None:
                lost.remove(record)
                come_back(record.track, I, mask)
        elif record.track.state == HIDDEN:
            come_back(record.track, I, mask)
        else:
            reshape(record.track, I, mask)
        if record is None:
            fresh.append(_begin(I, found, k, frame))
        elif label["sounds"] > record.label["sounds"]:
            record.label, record.key, record.picture, record.patch = label, frame, I, found.patches[k]
    return fresh[: max(0, most - len(alive))]


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max(1, (a | b).sum()))


def _back_again(lost: list[_Record], I: np.ndarray, mask: np.ndarray, label: dict[str, Any]) -> _Record | None:
    hue = colours(I, mask)
    same = [record for record in lost if record.label["sound_class"] == label["sound_class"]]
    same = [record for record in same if colour_distance(hue, record.track.hue) <= SAME_COLOURS]
    return min(same, key=lambda record: colour_distance(hue, record.track.hue), default=None)


def _follow_back(fresh: list[_Record], recent: list, frame: int, frames_per_s: float) -> None:
    """Follow new things backwards through the frames since the last key frame, and leave their tracks as they were."""
    if not fresh:
        return
    now = [dataclasses.replace(record.track) for record in fresh]
    for back in range(1, len(recent)):
        follow(recent[-back][0], recent[-back - 1][0], [record.track for record in fresh], frames_per_s)
        for record in fresh:
            record.write(frame - back, recent[-back - 1][1], frames_per_s / recent[0][0].shape[1])
    for record, track in zip(fresh, now):
        record.track = track


def _thing(record: _Record, frames: int) -> Thing:
    places, states = np.full((frames, 2), np.nan), np.full(frames, GONE, dtype="<U6")
    numbers = np.tile([0.0, 0.0, np.nan], (frames, 1))
    drawn, moved = np.full(frames, -1), np.tile(np.eye(2, 3), (frames, 1, 1))
    shapes: list[np.ndarray] = []
    for frame in sorted(record.rows):
        places[frame], states[frame], numbers[frame], shape, moved[frame] = record.rows[frame]
        if not shapes or shapes[-1] is not shape:
            shapes.append(shape)
        drawn[frame] = len(shapes) - 1
    areas, motion, inverse_depth = np.ascontiguousarray(numbers.T)
    return Thing(
        record.label, record.key, record.picture, record.patch, places, states, areas, motion, inverse_depth,
        np.stack(shapes), drawn, moved,
    )  # fmt: skip
