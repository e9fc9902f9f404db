"""The five steps of figure 2 for a clip, shot by shot: `See2Sound.run` hands moving pictures over to `run_clip`.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from see2sound_nb._memory import give_back
from see2sound_nb._progress import Progress
from see2sound_nb.media.clip_frames import read_frames, size_within
from see2sound_nb.media.clips import Clip
from see2sound_nb.models.loading import fetch_missing
from see2sound_nb.moving.keeping import Kept
from see2sound_nb.moving.looking import LONGEST_SIDE_PX, Look, look_at_shot
from see2sound_nb.moving.moving_scene import MovingScene, Shot
from see2sound_nb.places.metres import FAR_M, NEAR_M, metres_between
from see2sound_nb.places.paths import heard_curve, path_in_metres, path_times
from see2sound_nb.places.placing import METRIC_RANGE_M
from see2sound_nb.regions.ambience import describe_ambience
from see2sound_nb.regions.boxes import boxes_from_contours
from see2sound_nb.regions.contours import contours_from_masks
from see2sound_nb.regions.polygons import polygons_from_contours
from see2sound_nb.regions.shots import find_shots
from see2sound_nb.regions.sources import Regions, check_masks
from see2sound_nb.regions.thing import Thing
from see2sound_nb.regions.tracking import GONE
from see2sound_nb.room.shoebox import room_around
from see2sound_nb.scene import Scene
from see2sound_nb.sounds.ambience import Ambience
from see2sound_nb.sounds.generation import MOST_SOURCES, seed_of_ambience, seed_of_source

if TYPE_CHECKING:
    from see2sound_nb.pipeline import See2Sound

#: The longest clip that is turned into sound, in seconds: its channels are in memory as a whole.
MOST_SECONDS = 600.0


def run_clip(
    see: See2Sound,
    clip: Clip,
    sources: int,
    prompt: str | None,
    seed: int,
    *,
    select: str,
    geometry: str,
    fov_deg: float,
    steps: int | None,
    ambience: bool,
    masks: np.ndarray | None,
    frame: int,
    keep: str | os.PathLike | None,
    tell: Progress,
) -> MovingScene:
    """Find, follow, place and sound the sources of a clip; the arguments are those of `See2Sound.run`.

    Raises
    ------
    ValueError
        If the geometry is the paper's, which knows no metres, the clip is longer than `MOST_SECONDS`, none of its
        frames can be read, or the masks or their frame do not fit it.
    """
    if geometry != "metric":
        raise ValueError(f"geometry={geometry!r} has no metres, so nothing can move in it; clips need 'metric'")
    if clip.end_s > MOST_SECONDS:
        raise ValueError(
            f"{clip.path or 'the clip'} lasts {clip.end_s:.0f} s; at most {MOST_SECONDS:.0f} s are turned into sound: "
            "cut it into parts"
        )
    size = size_within(clip.size, LONGEST_SIDE_PX)
    if masks is not None:
        masks = check_masks(masks, size[::-1])
        if not 0 <= frame < len(clip):
            raise ValueError(f"frame={frame} must lie in 0 to {len(clip) - 1}, the frames of this clip")
    fetch_missing(see.names.values())
    by_hand_at = None if masks is None else frame
    kept = Kept(keep, clip, see.names, size, sources, select, fov_deg, masks, by_hand_at)
    # 1. Shots; in each the things that sound, found on key frames and followed, with D a few times a second
    starts, dissolves, count = kept.whole("shots", lambda: _shots(clip, tell))
    clip, notes = _as_read(clip, count)
    notes += [f"At {clip.times_s[k]:.2f} s one picture melts into another; a new shot begins there." for k in dissolves]
    frames = read_frames(clip, LONGEST_SIDE_PX)
    ends = [*starts[1:], count]

    def look(number: int, first: int, end: int) -> Look:
        here = itertools.islice(frames, end - first)
        by_hand = (frame - first, masks) if masks is not None and first <= frame < end else None
        progress = _within(tell, first, count)
        return kept.look(number, lambda: look_at_shot(see, here, clip, sources, select, by_hand, progress), here)

    looks = [look(number, first, end) for number, (first, end) in enumerate(zip(starts, ends))]
    give_back()  # the sounds and the channels of a minute need as much
    # 2. Paths in metres
    paths = [_paths(look, clip, first, end, size, fov_deg) for look, first, end in zip(looks, starts, ends)]
    # 3. A sound for each thing, once, and for each ambience
    A, around = _sounds(see, looks, prompt, seed, steps, ambience, kept, tell)
    # 4. One room for all
    positions = np.concatenate([path.reshape(-1, 3) for _, path, _, _ in paths])
    room = room_around(positions)
    # 5. The scene renders it for the layout that is asked for
    shots = [
        _shot(see, look, clip, first, end, path, sounds, bed, room, prompt, seed)
        for look, first, end, path, sounds, bed in zip(looks, starts, ends, paths, A, around)
    ]
    if not any(len(shot.key.labels) for shot in shots):
        notes.append("Nothing in the clip is certain enough to become a source.")
    return MovingScene(clip, shots, room, see.preset, seed, prompt, [*notes, *see.notes_of_text(prompt)])


def _shots(clip: Clip, tell: Progress) -> tuple[list[int], list[int], int]:
    """Where shots begin, which of them in a dissolve, and how many frames can be read."""
    count = 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal count
        for I in read_frames(clip, 160):
            count += 1
            tell("shots", count, max(count, len(clip)))
            yield I

    starts, dissolves = find_shots(counted())
    tell("shots", max(1, count), max(1, count))
    return starts, dissolves, count


def _as_read(clip: Clip, count: int) -> tuple[Clip, list[str]]:
    """The clip with as many frames as could be read, and what is to be said of it."""
    notes = list(clip.notes)
    if not count:
        raise ValueError(f"{clip.path or 'the clip'}: none of its frames can be read; export it again, as MP4")
    if count < len(clip):
        end_s = float(clip.times_s[count])
        notes.append(f"{count} of {len(clip)} frames could be read; the sound ends with them, at {end_s:.2f} s.")
        clip = dataclasses.replace(clip, times_s=clip.times_s[:count], end_s=end_s)
    return clip, notes


def _within(tell: Progress, first: int, count: int) -> Progress:
    """Progress of a shot as progress of the clip."""
    return lambda step, done, _total: tell(step, first + done, count)


def _paths(look: Look, clip: Clip, first: int, end: int, size, fov_deg: float):
    """Moments (P,), paths (P, N, 3) in metres, heard (P, N), and places (F, N, 2) in pixels of a shot."""
    at_s = clip.times_s[first:end] - clip.times_s[first]
    times_s = path_times(float(at_s[-1]), clip.frames_per_s)
    low, high = look.range
    paths, heard = [], []
    for thing in look.things:
        D = thing.inverse_depth
        if look.metric:
            depth_m = np.clip(1 / D, *METRIC_RANGE_M)
        elif high - low > 1e-9 * max(1.0, abs(high)):
            depth_m = metres_between(D, low, high)
        else:  # a picture without depth, such as a blank one: half way (in ratio) between near and far
            depth_m = np.full(len(D), np.sqrt(NEAR_M * FAR_M))
        if not np.isfinite(depth_m).any():  # never seen in a frame with a D
            depth_m = np.full(len(D), np.sqrt(NEAR_M * FAR_M))
        paths.append(path_in_metres(thing.places_px, depth_m, at_s, times_s, size, fov_deg=fov_deg))
        heard.append(heard_curve(thing.states != GONE, at_s, times_s))
    N, P = len(look.things), len(times_s)
    return (
        times_s,
        np.stack(paths, axis=1) if N else np.zeros((P, 0, 3)),
        np.stack(heard, axis=1) if N else np.zeros((P, 0)),
        np.stack([thing.places_px for thing in look.things], axis=1) if N else np.zeros((end - first, 0, 2)),
    )


def _sounds(
    see: See2Sound, looks: list[Look], prompt: str | None, seed: int, steps: int | None, ambience: bool, kept: Kept,
    tell: Progress,
) -> tuple[list[np.ndarray], list[Ambience | None]]:  # fmt: skip
    """Sounds (N, T) of each shot's things, and each shot's ambience; what bears one name in two shots sounds alike."""
    wanted: dict[tuple, tuple] = {}  # patch, text, caption and seed of each sound that is made
    things: list[list[tuple]] = []
    for number, look in enumerate(looks):
        names: list[tuple] = []
        for k, thing in enumerate(look.things):
            caption = thing.label["caption"]
            name: tuple = (thing.label["label"], caption)
            if name in names:  # a second one of its kind in one shot is not the first
                name = (*name, number, k)
            wanted.setdefault(name, (thing.patch, prompt, caption, seed_in_shot(seed, number, k)))
            names.append(name)
        things.append(names)
    around = [describe_ambience(look.picture, look.logits) for look in looks] if ambience else []
    for number, seen in enumerate(around):
        its_seed = seed_of_ambience(seed) if number == 0 else seed_in_shot(seed, number, MOST_SOURCES)
        wanted.setdefault((seen["kind"],), (None, seen["caption"], seen["caption"], its_seed))
    patches, prompts, captions, seeds = zip(*wanted.values()) if wanted else ((), (), (), ())
    A = kept.array(
        "sounds",
        (prompts, captions, seeds, steps),
        lambda: see.generate(patches, prompts, seeds, captions=captions, steps=steps, progress=tell),
    )
    rows = {name: row for row, name in enumerate(wanted)}
    beds: list[Ambience | None] = [Ambience(**seen, audio=A[rows[seen["kind"],]]) for seen in around]
    return [A[[rows[name] for name in names]] for names in things], beds or [None] * len(looks)


def seed_in_shot(seed: int, shot: int, k: int) -> int:
    """The seed of source k of a shot: in the first shot that of a photo, in the others drawn from all three numbers."""
    if shot == 0:
        return seed_of_source(seed, k)
    return int(np.random.SeedSequence([seed, shot, k]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _shot(
    see: See2Sound, look: Look, clip: Clip, first: int, end: int, path, A, ambience, room, prompt, seed: int
) -> Shot:
    times_s, paths_m, heard, places_px = path
    key_s = clip.times_s[first + look.key] - clip.times_s[first]
    masks = np.array([thing.mask_at(_nearest_seen(thing, look.key)) for thing in look.things], dtype=bool)
    found = _outlined(look, masks.reshape(-1, *look.picture.shape[:2]))
    at_key = np.array([[np.interp(key_s, times_s, column) for column in one.T] for one in paths_m.transpose(1, 0, 2)])
    key = Scene(
        image=look.picture,
        masks=found.masks,
        contours=found.contours,
        polygons=found.polygons,
        boxes=found.boxes,
        patches=found.patches,
        labels=found.labels,
        depth=look.depth,
        positions_m=at_key.reshape(-1, 3),
        audio=A,
        sample_rate=see.model("audio").sample_rate,
        room=room,
        geometry="metric",
        preset=see.preset,
        seed=seed,
        metric_depth=look.metric,
        prompt=prompt,
        ambience=ambience,
    )
    end_s = float(clip.times_s[end] if end < len(clip) else clip.end_s)
    return Shot(
        first, end - 1, float(clip.times_s[first]), end_s, first + look.key, key, times_s, paths_m, heard, places_px
    )


def _nearest_seen(thing: Thing, frame: int) -> int:
    seen = np.flatnonzero(thing.states != GONE)
    return int(seen[np.argmin(np.abs(seen - frame))])


def _outlined(look: Look, masks: np.ndarray) -> Regions:
    """The regions of the key frame, with the names that their things have."""
    C = contours_from_masks(masks)
    patches = [thing.patch for thing in look.things]
    labels = [thing.label for thing in look.things]
    return Regions(masks, C, polygons_from_contours(C), boxes_from_contours(C), patches, labels, look.logits)
