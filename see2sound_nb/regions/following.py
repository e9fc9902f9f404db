"""What sounds in a shot, found on key frames and followed between them.

Every `KEY_S` seconds the things in the frame are found as in a photo. What is there already is recognised by its place;
what was gone, by its kind and colours; what is new is also followed backwards, to when it came into the picture. All
looks at a thing together decide what it is.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from see2sound_nb._progress import Progress, quiet
from see2sound_nb.regions import tracking
from see2sound_nb.regions.confirming import confirm
from see2sound_nb.regions.overlap import iou, share_of_smaller
from see2sound_nb.regions.shots import colour_distance, colours
from see2sound_nb.regions.sources import Regions
from see2sound_nb.regions.thing import Record, Sight, Thing
from see2sound_nb.regions.things import Things
from see2sound_nb.regions.tracking import GONE, HIDDEN, SEEN, Track, come_back, reshape, start_track
from see2sound_nb.sounds.generation import MOST_SOURCES

#: What brings tracks from one frame to the next, in place: `tracking.follow`, or another of its kind.
Follow = Callable[[np.ndarray, np.ndarray, list[Track], float], None]
#: Seconds between key frames.
KEY_S = 1.5
#: So many things more than are asked for are followed, since which of them moves is not known before.
MORE_THINGS = 2
#: A region and a thing that is followed are the same if their intersection over union is at least the first, or so much
#: of the smaller one lies in the other.
SAME_PLACE, SAME_PART = 0.3, 0.6
#: A thing that was gone is back if its colours are no farther apart than this.
SAME_COLOURS = 0.35
#: A thing must be this sure to sound in the mean over all key frames on which it is in view. One in which it is not
#: certain enough to be found counts as 0.
LEAST_MEAN = 0.25
#: For this share of its time a thing may be one too many.
CROWDED = 0.25


def follow_things(
    frames: Iterable[tuple[np.ndarray, np.ndarray | None, Things | None]],
    find: Callable[[np.ndarray], Regions],
    sources: int,
    frames_per_s: float,
    *,
    only_at: int | None = None,
    follow: Follow = tracking.follow,
    tell: Progress = quiet,
    total: int = 0,
) -> list[Thing]:
    """Find the things that sound in a shot, and follow them.

    Parameters
    ----------
    frames : iterable of tuple
        F frames I, (H, W, 3) uint8 RGB, each with its inverse depth D (H, W) and what the detector finds in it
        (`Things`), or None for either. Those since the last key frame are kept, no others.
    find : callable
        Gives the `Regions` of a frame, best first.
    sources : int
        How many things are chosen in the end, at most, of those that are in view together; see `choose_things`.
    frames_per_s : float
        Frames a second.
    only_at : int, optional
        The only key frame, where all that `find` gives is taken, in its order, such as what was chosen by hand. The
        frames before it are kept until then.
    follow : callable
        `tracking.follow`, or another of its kind, such as `video_sam.VideoSam.follow`. New things are followed
        backwards by it, too, as copies of their tracks.
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
    records: list[Record] = []
    recent: list[tuple[np.ndarray, np.ndarray | None]] = []  # since the last key frame
    frame = -1
    for frame, (I, D, things) in enumerate(frames):
        widths_s = frames_per_s / I.shape[1]
        if recent:
            follow(recent[-1][0], I, [record.track for record in records], frames_per_s)
        if things is not None:
            confirm(records, things, I, frame)
        for record in records:
            record.write(frame, D, widths_s, records)
        recent.append((I, D))
        is_key = frame % every == 0 if only_at is None else frame == only_at
        fresh: list[Record] = []
        if is_key:
            fresh = _meet(records, find(I), I, frame, sources + MORE_THINGS)
            if things is not None:
                confirm(fresh, things, I, frame)
            for record in (together := [*records, *fresh]):
                record.write(frame, D, widths_s, together)
            _follow_back(fresh, recent, frame, frames_per_s, follow)
            records += fresh
        if is_key or (only_at is not None and frame > only_at):
            recent = [(I, D)]
        tell("things", frame + 1, max(total, frame + 1))
    found = [record.thing(frame + 1) for record in records if record.rows]
    if only_at is not None:
        return found
    sure = [thing for thing in found if thing.label["sounds"] >= LEAST_MEAN]
    return choose_things(sure, sources)


def choose_things(things: list[Thing], sources: int) -> list[Thing]:
    """Choose the things of a shot that become sources: the best by `Thing.score`, so many at a time.

    Parameters
    ----------
    things : list of Thing
    sources : int
        So many may be in view together. One more is tolerated for `CROWDED` of a thing's time, so that who comes may
        be heard while another leaves.

    Returns
    -------
    list of Thing
        Best first, at most `sounds.generation.MOST_SOURCES`.
    """
    chosen: list[Thing] = []
    together = np.zeros(len(things[0].states) if things else 0, dtype=int)
    for thing in sorted(things, key=lambda thing: -thing.score()):
        view = thing.states != GONE
        if np.mean(together[view] >= sources) <= CROWDED and together[view].max() <= sources:
            chosen.append(thing)
            together += view
        if len(chosen) == MOST_SOURCES:
            break
    return chosen


def _begin(I: np.ndarray, found: Regions, k: int, frame: int) -> Record:
    record = Record(start_track(I, found.masks[k]), looks=1)
    record.vote(Sight(found.labels[k], frame, I, found.patches[k]))
    return record


def _meet(records: list[Record], found: Regions, I: np.ndarray, frame: int, most: int) -> list[Record]:
    """Recognise what is followed already among what was found in a key frame; what is new is returned."""
    alive = [record for record in records if record.track.state != GONE]
    lost = [record for record in records if record.track.state == GONE]
    now = [record.track.mask_now() for record in alive]
    fresh: list[Record] = []
    for record in alive:
        record.looks += record.track.state == SEEN
    for k in range(len(found)):
        mask = found.masks[k]
        same = [iou(mask, other) for other in now]
        nearest = int(np.argmax(same)) if same else -1
        known = alive[nearest] if same and same[nearest] >= SAME_PLACE else None
        if known is None and any(share_of_smaller(mask, other) > SAME_PART for other in now):
            continue
        if known is None:
            known = _back_again(lost, I, mask, found.labels[k])
            if known is None:
                fresh.append(_begin(I, found, k, frame))
                continue
            lost.remove(known)
            come_back(known.track, I, mask)
            known.looks += 1
            known.kind, known.hits, known.missed = None, 0, 0
        elif known.track.state == HIDDEN:
            come_back(known.track, I, mask)
            known.looks += 1
        else:
            reshape(known.track, I, mask)
        known.vote(Sight(found.labels[k], frame, I, found.patches[k]))
    return fresh[: max(0, most - len(alive))]


def _back_again(lost: list[Record], I: np.ndarray, mask: np.ndarray, label: dict[str, Any]) -> Record | None:
    hue = colours(I, mask)
    same = [
        record for record in lost if label["sound_class"] in {s.label["sound_class"] for s in record.sights.values()}
    ]
    same = [record for record in same if colour_distance(hue, record.track.hue) <= SAME_COLOURS]
    return min(same, key=lambda record: colour_distance(hue, record.track.hue), default=None)


def _follow_back(fresh: list[Record], recent: list, frame: int, frames_per_s: float, follow: Follow) -> None:
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
