"""A thing through the frames of a shot, as it is known in the end, and as it becomes known.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from see2sound_nb.regions.choosing import SIZE
from see2sound_nb.regions.tracking import GONE, SEEN, Track, carried

#: A thing that rests counts this much, one that moves by a tenth of the picture's width a second 1 more.
RESTING, MOVING_WIDTHS_S = 0.5, 0.1
#: Depth is taken where nothing else is, if that is so much of a thing.
LEAST_ALONE = 0.25


@dataclasses.dataclass(eq=False)
class Thing:
    """A thing that sounds, through the F frames of a shot.

    Attributes
    ----------
    label : dict
        As from `regions.labels.name_regions`, of the frame `key`; ``sounds`` is the mean over all looks at the thing.
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
        (S, ceil(H W / 8)) uint8, the bits of its masks as they were drawn (`np.packbits`): those of a minute are many.
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
        size = self.picture.shape[:2]
        if self.drawn[frame] < 0:
            return np.zeros(size, dtype=bool)
        drawn = np.unpackbits(self.shapes[self.drawn[frame]], count=size[0] * size[1])
        return carried(drawn.reshape(size).astype(bool), self.moved[frame])


class Sight(NamedTuple):
    """A look at a thing that gave it a name."""

    label: dict[str, Any]
    frame: int
    picture: np.ndarray
    patch: np.ndarray


class Row(NamedTuple):
    """A thing in one frame: where, in which state, and how it looks there."""

    place_px: np.ndarray
    state: str
    numbers: tuple[float, float, float]
    shape: np.ndarray  # the bits of its mask as it was drawn
    moved: np.ndarray


@dataclasses.dataclass(eq=False)
class Record:
    """A thing while it is followed.

    Attributes
    ----------
    track : Track
    looks : int
        On how many key frames it was in view.
    votes : dict of str to float
        What it was called on them: how likely each name was, summed up.
    sights : dict of str to Sight
        The surest look of each name.
    rows : dict of int to Row
        What is known of each frame, by its number.
    kind : str or None
        What the detector calls it, of `things.COCO_LABELS`; None where the detector does not see it.
    confirmed, hits, missed : int
        The last frame in which the detector saw it, how often it did, and how often it has not since.
    """

    track: Track
    looks: int = 0
    votes: dict[str, float] = dataclasses.field(default_factory=dict)
    sights: dict[str, Sight] = dataclasses.field(default_factory=dict)
    rows: dict[int, Row] = dataclasses.field(default_factory=dict)
    kind: str | None = None
    confirmed: int = -1
    hits: int = 0
    missed: int = 0
    _packed: tuple[np.ndarray, np.ndarray] | None = None

    def shape(self) -> np.ndarray:
        """The bits of the track's mask, the same array as long as it is the same mask."""
        if self._packed is None or self._packed[0] is not self.track.mask:
            self._packed = self.track.mask, np.packbits(self.track.mask)
        return self._packed[1]

    def vote(self, sight: Sight) -> None:
        """Count a look that gave it a name."""
        name, sure = sight.label["label"], sight.label["sounds"]
        self.votes[name] = self.votes.get(name, 0.0) + sure
        if name not in self.sights or sure > self.sights[name].label["sounds"]:
            self.sights[name] = sight

    def write(self, frame: int, D: np.ndarray | None, widths_s: float, others: list[Record] | None = None) -> None:
        """Write down the track as it is in a frame; `widths_s` turns pixels a frame into widths a second.

        Its depth is that of what no one of the `others` covers, if that is enough.
        """
        track = self.track
        if track.state == GONE:
            self.rows.pop(frame, None)
            return
        now = track.mask_now()
        depth = np.nan
        if D is not None and track.state == SEEN and now.any():
            alone = now.copy()
            for other in others or ():
                if other is not self and other.track.state != GONE:
                    alone &= ~other.track.mask_now()
            depth = float(np.median(D[alone if alone.sum() >= LEAST_ALONE * now.sum() else now]))
        numbers = (float(now.mean()), track.motion_px * widths_s, depth)
        self.rows[frame] = Row(track.place_px, track.state, numbers, self.shape(), track.since)

    def thing(self, frames: int) -> Thing:
        """All that is known, as a `Thing` of so many frames, with the name that has most votes."""
        places, states = np.full((frames, 2), np.nan), np.full(frames, GONE, dtype="<U6")
        numbers = np.tile([0.0, 0.0, np.nan], (frames, 1))
        drawn, moved = np.full(frames, -1), np.tile(np.eye(2, 3), (frames, 1, 1))
        shapes: list[np.ndarray] = []
        for frame in sorted(self.rows):
            row = self.rows[frame]
            places[frame], states[frame], numbers[frame], moved[frame] = row.place_px, row.state, row.numbers, row.moved
            if not shapes or shapes[-1] is not row.shape:
                shapes.append(row.shape)
            drawn[frame] = len(shapes) - 1
        areas, motion, inverse_depth = np.ascontiguousarray(numbers.T)
        name = max(self.votes, key=lambda name: self.votes[name])
        best = self.sights[name]
        label = {**best.label, "sounds": self.votes[name] / max(1, self.looks)}
        return Thing(
            label, best.frame, best.picture, best.patch, places, states, areas, motion, inverse_depth,
            np.stack(shapes), drawn, moved,
        )  # fmt: skip
