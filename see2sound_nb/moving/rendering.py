"""From the shots of a clip to channels: each source on its path, cut to cut, and a loop that closes.

All is linear: the channels are the sum over turns, shots, sources and ambiences. At a cut the dry sounds of two shots
fade into each other, and what was played rings on. In a clip that repeats, what would ring on beyond its end is added
to its beginning, so that it is what one hears in every turn but the first.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from see2sound_nb.exporting import Objects, check_tracks
from see2sound_nb.render.doppler import render_doppler
from see2sound_nb.render.hrtf import HRTF
from see2sound_nb.render.layouts import AMBISONIC_ORDERS, LAYOUTS
from see2sound_nb.render.moving import render_path
from see2sound_nb.render.panning import pan_stereo
from see2sound_nb.room.shoebox import Room
from see2sound_nb.room.spherical_harmonics import encode
from see2sound_nb.scene import resampled
from see2sound_nb.sounds.lasting import FOLD_S, folded, lasting, livelier

if TYPE_CHECKING:
    from see2sound_nb.moving.moving_scene import Shot

#: At a cut one shot's sounds fade into the next one's in so many seconds, its ambience more slowly; a clip that does
#: not repeat ends with a fade.
CUT_S, AMBIENCE_CUT_S, END_S = 0.02, 0.5, 0.05
#: A path that stays within so many metres is a place.
AT_REST_M = 0.02
#: A path is rendered some seconds at a time.
PART_S = 4.0
#: Doppler follows image sources of up to so many reflections.
DOPPLER_ORDER = 2


@dataclasses.dataclass(frozen=True)
class Course:
    """How a clip runs: a turn lasts `turn_s` seconds, there are `turns`, and it `loops` or not; `rate` is in Hz."""

    turn_s: float
    turns: int
    loops: bool
    rate: int

    @property
    def total(self) -> int:
        """All turns, in samples."""
        return round(self.turns * self.turn_s * self.rate)


def render_shots(
    shots: Sequence[Shot],
    room: Room,
    course: Course,
    layout: str,
    *,
    hrtf: HRTF | None = None,
    doppler: bool = False,
    lively: bool = True,
) -> np.ndarray:
    """The channels of all shots, in all turns.

    Parameters
    ----------
    shots : sequence of Shot
    room : Room
    course : Course
    layout, hrtf, doppler, lively
        As in `moving_scene.MovingScene.render`.

    Returns
    -------
    np.ndarray
        phi, (n_ch, course.total) float32, before the master gain.

    Notes
    -----
    Paper: section 4.3, Eq. 5, for moving sources. Notebook: 07_moving_pictures.
    """
    phi = np.zeros((len(LAYOUTS[layout]), course.total), dtype=np.float32)
    for turn in range(course.turns):
        for shot in shots:
            _add_sources(phi, shot, turn, room, course, layout, hrtf, doppler, lively)
            _add_ambience(phi, shot, turn, course, layout, hrtf, alone=course.turns * len(shots) == 1)
    return _ending(phi, course)


def objects_of_shots(shots: Sequence[Shot], course: Course) -> Objects:
    """The sources of all shots, in all turns, as objects: a track of the whole length for each, silent elsewhere.

    Parameters
    ----------
    shots : sequence of Shot
    course : Course

    Returns
    -------
    Objects
        Of the N sources of all shots, at the moments of all paths; before and after its shot a source rests.
    """
    labels = [label for shot in shots for label in shot.key.labels]
    check_tracks(len(labels), course.total)
    sounds = np.zeros((len(labels), course.total), dtype=np.float32)
    paths: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in labels]
    first = 0
    for shot in shots:
        for part in (part for turn in range(course.turns) for part in parts(shot, turn, course)):
            k = first + part.k
            add(sounds[k : k + 1], part.dry[None], part.start, course)
            paths[k].append((part.start / course.rate + part.times_s, part.path_m))
        first += len(shot.key.labels)
    end_s = course.total / course.rate
    moments = [np.clip(np.round(at_s, 5), 0, end_s) for path in paths for at_s, _ in path]
    times_s = np.unique(np.concatenate(moments)) if moments else np.zeros(1)
    places = np.zeros((len(times_s), len(labels), 3))
    for k, path in enumerate(paths):
        if path:  # else it is never heard
            at_s, points = (np.concatenate(values) for values in zip(*path))
            order = np.argsort(at_s, kind="stable")
            places[:, k] = np.stack([np.interp(times_s, at_s[order], column) for column in points[order].T], axis=-1)
        else:
            places[:, k] = [0.0, 1.0, 0.0]
    if not np.ptp(places, axis=0).any():
        times_s, places = times_s[:1], places[:1]
    names, classes = [label["label"] for label in labels], [label.get("sound_class", "") for label in labels]
    return Objects(names, classes, _ending(sounds, course), course.rate, times_s, places, loops=course.loops)


def ambience_of_shots(shots: Sequence[Shot], course: Course) -> np.ndarray:
    """The ambiences of all shots in mono, (course.total,) float32, before the master gain."""
    phi = np.zeros((1, course.total), dtype=np.float32)
    for turn in range(course.turns):
        for shot in shots:
            _add_ambience(phi, shot, turn, course, "mono", None, alone=course.turns * len(shots) == 1)
    return _ending(phi, course)[0]


def _ending(phi: np.ndarray, course: Course) -> np.ndarray:
    """Channels whose end fades away, unless the clip repeats."""
    if not course.loops:
        fade = min(course.total, round(END_S * course.rate))
        phi[:, course.total - fade :] *= np.cos(np.linspace(0, np.pi / 2, fade, dtype=phi.dtype)) ** 2
    return phi


@dataclasses.dataclass(frozen=True)
class Part:
    """What source `k` of a shot plays in one turn: `dry` (n,) from the sample `start` on, on a path (P, 3) in metres,
    listener's frame, whose moments (P,) are seconds from `start`."""

    k: int
    start: int
    dry: np.ndarray
    path_m: np.ndarray
    times_s: np.ndarray


def parts(shot: Shot, turn: int, course: Course, *, lively: bool = True) -> Iterator[Part]:
    """What the sources of a shot play in a turn: those that are heard, from when on, and where."""
    start, weight = _stretch(shot, turn, course, CUT_S)
    at_s = (start + np.arange(len(weight))) / course.rate - turn * course.turn_s - shot.start_s
    gains = shot.heard * (livelier(shot.speeds_m_s()) if lively else 1.0)
    for k, sound in enumerate(shot.key.audio):
        envelope = weight * np.interp(at_s, shot.times_s, gains[:, k])
        heard = np.flatnonzero(envelope)
        if not len(heard):
            continue
        first, last = int(heard[0]), int(heard[-1]) + 1
        loop = _fitting(resampled(sound, shot.key.sample_rate, course.rate), course)
        dry = lasting(loop, last - first, start + first) * envelope[first:last]
        path, times_s = shot.paths_m[:, k], shot.times_s - at_s[first]
        if np.ptp(path, axis=0).max() < AT_REST_M:
            path, times_s = path[:1], times_s[:1]
        yield Part(k, start + first, dry, path, times_s)


def _add_sources(
    phi: np.ndarray, shot: Shot, turn: int, room: Room, course: Course, layout: str, hrtf: HRTF | None,
    doppler: bool, lively: bool,
) -> None:  # fmt: skip
    for part in parts(shot, turn, course, lively=lively):
        path = part.path_m + np.asarray(room.listener_m)
        if doppler:
            add(phi, _with_doppler(part.dry, room, path, part.times_s, layout, course.rate), part.start, course)
            continue
        for start, wet in _in_parts(part.dry, room, path, part.times_s, layout, course.rate, hrtf):
            add(phi, wet, part.start + start, course)


def _add_ambience(
    phi: np.ndarray, shot: Shot, turn: int, course: Course, layout: str, hrtf: HRTF | None, *, alone: bool
) -> None:
    if shot.key.ambience is None:
        return
    # Where there is but one shot that comes round, its ambience comes round by itself.
    start, weight = _stretch(shot, turn, course, 0.0 if alone and course.loops else AMBIENCE_CUT_S)
    bed = shot.key.ambient_channels(layout, hrtf=hrtf, sample_rate=course.rate)
    weight = weight.astype(np.float32)
    for channel, row in zip(phi, bed):
        add(channel[None], (lasting(_fitting(row, course), len(weight), start) * weight)[None], start, course)


def _fitting(loop: np.ndarray, course: Course) -> np.ndarray:
    """A sound that repeats, made as long as the clip if that repeats, too."""
    return folded(loop, course.total, min(course.total, round(FOLD_S * course.rate))) if course.loops else loop


def _stretch(shot: Shot, turn: int, course: Course, cut_s: float) -> tuple[int, np.ndarray]:
    """The first sample of a shot, and a weight for each of its samples, (n,) float64.

    At a cut the weights of the two shots add up to 1 over `cut_s` around it; at an end of the clip there is none. In a
    clip that repeats a shot may reach over its ends.
    """
    half = round(cut_s * course.rate / 2)
    start, end = (round((turn * course.turn_s + edge) * course.rate) for edge in (shot.start_s, shot.end_s))
    before = half if course.loops or start > 0 else 0
    after = half if course.loops or end < course.total else 0
    weight = np.ones(end - start + before + after)
    for side, reach in ((weight, before), (weight[::-1], after)):
        if reach:
            ramp = min(2 * reach, len(weight))
            side[:ramp] *= 0.5 - 0.5 * np.cos(np.pi * (np.arange(ramp) + 0.5) / (2 * reach))
    return start - before, weight


def _in_parts(
    dry: np.ndarray, room: Room, path: np.ndarray, times_s: np.ndarray, layout: str, rate: int, hrtf: HRTF | None
) -> Iterator[tuple[int, np.ndarray]]:
    """`render_path`, some seconds at a time, each with its first sample: a long path would not fit into memory."""
    part = round(PART_S * rate)
    for start in range(0, len(dry), part):
        some = dry[start : start + part]
        first = min(max(0, int(np.searchsorted(times_s, start / rate, side="right")) - 1), len(times_s) - 1)
        last = max(int(np.searchsorted(times_s, (start + len(some)) / rate)) + 1, first + 1)
        here = slice(first, last)
        at_s = times_s[here] - start / rate
        yield start, render_path(some, room, path[here], at_s, layout, sample_rate=rate, hrtf=hrtf)


def _with_doppler(
    dry: np.ndarray, room: Room, path: np.ndarray, times_s: np.ndarray, layout: str, rate: int
) -> np.ndarray:
    order = AMBISONIC_ORDERS.get(layout)
    return render_doppler(
        dry,
        path,
        np.asarray(room.listener_m),
        times_s,
        size_m=np.asarray(room.size_m),
        absorption=np.asarray(room.absorption),
        max_order=min(DOPPLER_ORDER, room.max_order),
        sample_rate=rate,
        gains=pan_stereo if order is None else lambda vectors: encode(vectors, order),
    )


def add(phi: np.ndarray, wet: np.ndarray, start: int, course: Course) -> None:
    """Add channels from a sample on: what is beyond the end comes round in a clip that repeats, else it is cut."""
    total = phi.shape[1]
    if not course.loops:
        skip = max(0, -start)
        part = wet[:, skip : max(skip, total - start)]
        phi[:, start + skip : start + skip + part.shape[1]] += part
        return
    for begin in range(0, wet.shape[1], total):
        part = wet[:, begin : begin + total]
        at = (start + begin) % total
        head = min(part.shape[1], total - at)
        phi[:, at : at + head] += part[:, :head]
        phi[:, : part.shape[1] - head] += part[:, head:]
