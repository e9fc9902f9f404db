"""Whether things are still where they are thought to be: the detector looks a few times a second.

Corners say how a thing moves to a fraction of a pixel, and not whether it is one: where legs have gone by, the wall
between them is still there, and its corners rest. A detector is coarse, and knows. So a thing that the detector has
seen must be seen by it again; if it is seen elsewhere nearby, it is moved there, and if it is nowhere for a while, it
has gone when it was last seen.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb.regions.clicks import extent
from see2sound_nb.regions.shots import colour_distance, colours
from see2sound_nb.regions.thing import Record, Row
from see2sound_nb.regions.things import Things, overlaps
from see2sound_nb.regions.tracking import GONE, SEEN, joined

#: A detected box with at least this intersection over union says what a thing is, and then, that it is still there.
FIRST_MATCH, MATCH = 0.5, 0.35
#: It is moved to a box not farther away than this, in its own diagonals for each look that missed it,
REACH = 0.8
#: of an area within these factors, whose colours are no farther apart than this.
AREA, OTHER_COLOURS = (0.5, 2.0), 0.6
#: A thing that was seen so often is gone when so many looks have missed it.
LEAST_HITS, MOST_MISSED = 2, 5


def confirm(records: list[Record], things: Things, I: np.ndarray, frame: int) -> None:
    """Compare what is followed with what is detected in a frame, and correct it, in place.

    Parameters
    ----------
    records : list of Record
        Their tracks are those of this frame, their rows end before it.
    things : Things
        What the detector finds in it.
    I : np.ndarray
        (H, W, 3) uint8 RGB, the frame.
    frame : int
        Its number.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    seen = [record for record in records if record.track.state == SEEN]
    boxes = [extent(now) if (now := record.track.mask_now()).any() else None for record in seen]
    claimed: set[int] = set()
    missing: list[tuple[Record, np.ndarray]] = []
    for record, box in zip(seen, boxes):
        if box is None:
            continue
        match = _match(record, box, things)
        if match is not None:
            record.kind, record.confirmed, record.missed = things.names[match], frame, 0
            record.hits += 1
            claimed.add(match)
        elif record.kind is not None:
            missing.append((record, box))
    for record, box in missing:
        record.missed += 1
        near = [k for k in range(len(things.names)) if k not in claimed and _could_be(record, box, things, k, I)]
        if near:
            k = min(near, key=lambda k: float(np.linalg.norm(_middle(things.boxes[k]) - _middle(box))))
            claimed.add(k)
            _move(record, box, things.boxes[k], frame)
        elif record.missed >= MOST_MISSED and record.hits >= LEAST_HITS:
            record.track.state = GONE
            for later in [number for number in record.rows if number > record.confirmed]:
                del record.rows[later]


def _match(record: Record, box: np.ndarray, things: Things) -> int | None:
    if not len(things.names):
        return None
    common = overlaps(box, things.boxes)
    if record.kind is not None:
        common = common * [name == record.kind for name in things.names]
    best = int(np.argmax(common))
    return best if common[best] >= (FIRST_MATCH if record.kind is None else MATCH) else None


def _could_be(record: Record, box: np.ndarray, things: Things, k: int, I: np.ndarray) -> bool:
    other = things.boxes[k]
    size, other_size = box[2:] - box[:2], other[2:] - other[:2]
    ratio = other_size.prod() / max(size.prod(), 1e-9)
    reach = REACH * record.missed * np.linalg.norm(size)
    if things.names[k] != record.kind or not AREA[0] <= ratio <= AREA[1]:
        return False
    if np.linalg.norm(_middle(other) - _middle(box)) > reach:
        return False
    left, top = np.floor(other[:2]).astype(int).clip(0)
    right, bottom = np.ceil(other[2:]).astype(int)
    return colour_distance(colours(I[top:bottom, left:right]), record.track.hue) <= OTHER_COLOURS


def _middle(box: np.ndarray) -> np.ndarray:
    return (box[:2] + box[2:]) / 2


def _move(record: Record, box: np.ndarray, to: np.ndarray, frame: int) -> None:
    """Move a thing to a box, and its way since it was last confirmed on a straight line there."""
    scale = float(np.sqrt((to[2:] - to[:2]).prod() / (box[2:] - box[:2]).prod()))
    shift = _middle(to) - scale * _middle(box)
    track = record.track
    track.since = joined(np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]]), track.since)
    start = record.rows.get(record.confirmed)
    between = range(record.confirmed + 1, frame)
    if start is not None and start.shape is record.shape():
        track.velocity_px = (track.place_px - start.place_px) / (frame - record.confirmed)
        for number in between:
            row = record.rows.get(number)
            if row is not None:
                share = (number - record.confirmed) / (frame - record.confirmed)
                place = (1 - share) * start.place_px + share * track.place_px
                moved = (1 - share) * start.moved + share * track.since
                record.rows[number] = Row(place, SEEN, row.numbers, row.shape, moved)
    record.confirmed, record.missed, track.resting = frame, 0, 0
