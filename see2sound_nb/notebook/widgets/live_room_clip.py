"""A clip in a live room: all its shots as one scene, where its sources are when, and what the browser gets of it.

The sources of all shots are numbered through. What is not in the shot that is shown stands at the beginning of its own.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from see2sound_nb.media.clip_frames import read_frames
from see2sound_nb.media.clip_writing import browser_copy
from see2sound_nb.media.clips import Clip
from see2sound_nb.moving.moving_scene import MovingScene, Shot
from see2sound_nb.notebook.widgets.live_room_answers import all_around
from see2sound_nb.notebook.widgets.live_room_assets import PHOTO_PX, fallback_html
from see2sound_nb.notebook.widgets.live_room_state import LAYOUTS, kept_inside
from see2sound_nb.room.shoebox import Room
from see2sound_nb.scene import Scene
from see2sound_nb.sounds.lasting import livelier

#: The longest side of the clip's picture if it has to be coded anew, in pixels, and the most bytes that are sent of it.
PICTURE_PX, PICTURE_BYTES = 640, 20_000_000
#: Points of a path in a second of what a saved page plays.
DRAFT_POINTS_PER_S = 12
#: All sounds of a clip go to the browser, in so many bytes at most.
SOUND_BYTES = 200_000_000


def joined(moving: MovingScene) -> Scene:
    """The sources of all shots as one scene, whose photo is the clip's first frame.

    Parameters
    ----------
    moving : MovingScene

    Returns
    -------
    Scene
        Without masks and ambience; each source at the beginning of its shot.

    Raises
    ------
    ValueError
        If the shots' sounds differ in length, or are too many for a browser.
    """
    keys = [shot.key for shot in moving.shots]
    first, N = keys[0], sum(len(key.audio) for key in keys)
    heard = [key.audio for key in keys if len(key.audio)]
    lengths = sorted({audio.shape[1] for audio in heard})
    if len(lengths) > 1:
        raise ValueError(
            f"the shots' sounds have {lengths} samples; make them equally long to hear them in a live room"
        )
    size = sum(audio.nbytes for audio in heard)
    if size > SOUND_BYTES:
        raise ValueError(
            f"the {N} sounds of this clip are {size / 1e6:.0f} MB; a browser gets at most {SOUND_BYTES / 1e6:.0f}: cut "
            "the clip into parts"
        )
    try:
        frame = next(read_frames(moving.clip, PHOTO_PX), first.image)
    except (OSError, ValueError):  # the file is gone
        frame = first.image
    return dataclasses.replace(
        first,
        image=frame,
        masks=np.zeros((N, *frame.shape[:2]), dtype=bool),
        contours=[line for key in keys for line in key.contours],
        polygons=[line for key in keys for line in key.polygons],
        boxes=np.concatenate([key.boxes.reshape(-1, 4) for key in keys]),
        patches=[patch for key in keys for patch in key.patches],
        labels=[label for key in keys for label in key.labels],
        positions_m=np.concatenate([shot.paths_m[0].reshape(-1, 3) for shot in moving.shots]),
        audio=np.concatenate(heard) if heard else first.audio[:0],
        room=moving.room,
        ambience=None,
    )


def rows_of(moving: MovingScene) -> list[slice]:
    """The sources of each shot among all."""
    ends = np.cumsum([len(shot.key.audio) for shot in moving.shots]).tolist()
    return [slice(end - len(shot.key.audio), end) for end, shot in zip(ends, moving.shots)]


def places_at(moving: MovingScene, time_s: float, offsets_m: np.ndarray, room: Room) -> np.ndarray:
    """Where the sources are while the frame of a moment is shown.

    Parameters
    ----------
    moving : MovingScene
    time_s : float
        In seconds of the clip.
    offsets_m : np.ndarray
        (N, 3) float64, metres, what is added to each path.
    room : Room
        What would be outside is put inside, as `kept_inside` does.

    Returns
    -------
    np.ndarray
        (N, 3) float64, metres, listener's frame; (0, 3) where there is no source.
    """
    places = [
        _at(0.0 if local_s is None else local_s, shot.times_s, shot.paths_m).reshape(-1, 3)
        for shot, local_s in _moments(moving, time_s)
    ]
    return np.array([kept_inside(place, room) for place in np.concatenate(places) + offsets_m]).reshape(-1, 3)


def heard_at(moving: MovingScene, time_s: float) -> np.ndarray:
    """How much of each source is heard while the frame of a moment is shown, (N,) float64: 0 outside its shot, to 1."""
    shares = [
        np.zeros(shot.heard.shape[1]) if local_s is None else _at(local_s, shot.times_s, shot.heard)
        for shot, local_s in _moments(moving, time_s)
    ]
    return np.concatenate(shares)


def _moments(moving: MovingScene, time_s: float) -> list[tuple[Shot, float | None]]:
    """Each shot with the seconds from its start to the frame of a moment; None where that is of another shot."""
    frame = int(np.clip(np.searchsorted(moving.clip.times_s, time_s + 1e-3, side="right") - 1, 0, None))
    at_s = float(moving.clip.times_s[frame])
    return [(shot, at_s - shot.start_s if shot.first <= frame <= shot.last else None) for shot in moving.shots]


def _at(local_s: float, times_s: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What is given at moments (P,), as (P, ...), at another one: all numbers in a row."""
    return np.array([np.interp(local_s, times_s, row) for row in values.reshape(len(times_s), -1).T])


def moved(moving: MovingScene, offsets_m: np.ndarray, room: Room, audio: np.ndarray) -> MovingScene:
    """The scene with offsets added to its paths, in a room, with sounds (N, T); nothing of `moving` is changed."""
    shots = []
    for shot, rows in zip(moving.shots, rows_of(moving)):
        paths = shot.paths_m + offsets_m[rows]
        if offsets_m[rows].any() or room.size_m != moving.room.size_m:
            paths = np.array([kept_inside(place, room) for place in paths.reshape(-1, 3)]).reshape(paths.shape)
        key = dataclasses.replace(shot.key, audio=audio[rows] if len(shot.key.audio) else shot.key.audio, room=room)
        shots.append(dataclasses.replace(shot, paths_m=paths, key=key))
    return dataclasses.replace(moving, shots=shots, room=room)


def start_of(moving: MovingScene, seconds: float) -> MovingScene:
    """The first seconds of a scene, which do not repeat, with fewer points on their paths: a draft, soon rendered."""
    clip, end_s = moving.clip, min(seconds, moving.clip.end_s)
    clip = dataclasses.replace(clip, times_s=clip.times_s[clip.times_s < end_s], end_s=end_s, turns=1)
    shots = []
    for shot in moving.shots:
        if shot.start_s < end_s:
            lasts_s = shot.end_s - shot.start_s
            few = slice(None, None, max(1, round(len(shot.times_s) / lasts_s / DRAFT_POINTS_PER_S)))
            until_s, times_s = min(shot.end_s, end_s), shot.times_s[few]
            draft = dataclasses.replace(shot, times_s=times_s, paths_m=shot.paths_m[few], heard=shot.heard[few])
            shots.append(dataclasses.replace(draft, end_s=until_s))
    return dataclasses.replace(moving, clip=clip, shots=shots)


def channels_of(
    moving: MovingScene, at_first: MovingScene, factors: list[float], around: list[float], layout: str
) -> np.ndarray:
    """The clip from its beginning to its end, before the master gain.

    Parameters
    ----------
    moving : MovingScene
        Whose sources are heard.
    at_first : MovingScene
        Whose ambience is heard: new sounds do not change how loud it is.
    factors : list of float
        How loud each source is.
    around : list of float
        How loud each shot's ambience is.
    layout : str

    Returns
    -------
    np.ndarray
        (n_ch, T) float32.
    """
    sources, beds = [], []
    for shot, first, rows, loud in zip(moving.shots, at_first.shots, rows_of(moving), around):
        by_source = np.array(factors[rows], dtype=np.float32)[:, None]
        key = dataclasses.replace(shot.key, audio=shot.key.audio * by_source, ambience=None)
        sources.append(dataclasses.replace(shot, key=key))
        # The ambience's level is relative to the sources of its shot: they stay, unheard.
        key = first.key if loud else dataclasses.replace(first.key, ambience=None)
        beds.append(dataclasses.replace(first, key=key, heard=np.zeros_like(first.heard)))
    phi, gain_db = dataclasses.replace(moving, shots=sources).render_with_gain(layout)
    phi = phi * np.float32(10 ** (-gain_db / 20))
    if any(shot.key.ambience is not None for shot in beds):
        bed, gain_db = dataclasses.replace(moving, shots=beds).render_with_gain(layout)
        phi += bed * np.float32(max(around) * 10 ** (-gain_db / 20))
    return phi


def clip_message(moving: MovingScene, audio: np.ndarray) -> tuple[dict[str, Any], list[np.ndarray]]:
    """What the browser gets of a clip beside the scene: when which frame is shown, and where all things are then.

    Parameters
    ----------
    moving : MovingScene
    audio : np.ndarray
        (N, T) float32, the present sounds.

    Returns
    -------
    told : dict
        ``loop_of`` says for each source which of the loops it plays: things of one name sound alike.
    arrays : list of np.ndarray
        The loops (U, T) float32; the tracks, one after the other in one array of float32: times (F,) of all frames,
        then for each shot times (P,), paths (P, N, 3), gains (P, N) and places in the picture (F, N, 2), in shares of
        its width and height, NaN where a source is not in it; last, for each ambience and layout its loops (rows, T).
    """
    loops, loop_of = distinct(list(audio))
    beds, bed_of = distinct([shot.key.ambience.audio for shot in moving.shots if shot.key.ambience is not None])
    clip, size_px = moving.clip, moving.shots[0].key.image.shape[1::-1]
    tracks: list[np.ndarray] = [clip.times_s]
    shots: list[dict[str, Any]] = []
    around: list[dict[str, np.ndarray]] = [{} for _ in beds]
    first_db = [0.0] * len(beds)
    numbered = iter(bed_of)
    for shot, rows in zip(moving.shots, rows_of(moving)):
        tracks += [shot.times_s, shot.paths_m, shot.heard * livelier(shot.speeds_m_s()), shot.places_px / size_px]
        told: dict[str, Any] = {"first": shot.first, "last": shot.last, "start_s": shot.start_s, "end_s": shot.end_s}
        told |= {"sources": list(range(rows.start, rows.stop)), "points": len(shot.times_s), "bed": None}
        if shot.key.ambience is not None:
            told["bed"] = bed = next(numbered)
            sources_db = shot.key.ambience_level_db() - shot.key.ambience.level_db
            if not around[bed]:
                first_db[bed] = sources_db
                around[bed] = {layout: all_around(shot.key, layout) for layout in LAYOUTS}
            softer_db = shot.key.ambience.level_db - ambience_of(moving)[1]  # than the first, which the slider shows
            told["bed_gain"] = 10 ** ((sources_db - first_db[bed] + softer_db) / 20)
        shots.append(told)
    playing = [{layout: np.flatnonzero(r.any(axis=1)).tolist() for layout, r in bed.items()} for bed in around]
    content = {
        "frames": len(clip),
        "end_s": clip.end_s,
        "loop_of": loop_of,
        "shots": shots,
        "bed_rows": playing,
    }
    track = np.concatenate([np.asarray(part, dtype=np.float32).ravel() for part in tracks])
    sent = [bed[layout][rows] for bed, playing_ in zip(around, playing) for layout, rows in playing_.items()]
    # Front ends may lose what is empty.
    return content, [np.stack(loops) if loops else np.zeros((1, 1), dtype=np.float32), track, *sent]


def distinct(sounds: list[np.ndarray]) -> tuple[list[np.ndarray], list[int]]:
    """Sounds without repetitions, and for each sound which of them it is."""
    found: dict[bytes, int] = {}
    numbers = [found.setdefault(sound.tobytes(), len(found)) for sound in sounds]
    return [sounds[numbers.index(n)] for n in range(len(found))], numbers


def ambience_of(moving: MovingScene) -> tuple[str, float]:
    """What is heard all around, shot by shot, such as ``"sea, then street"``, and the first one's level in dB."""
    around = [shot.key.ambience for shot in moving.shots if shot.key.ambience is not None]
    names = list(dict.fromkeys(ambience.label for ambience in around))
    return ", then ".join(names), around[0].level_db if around else 0.0


def picture_of(clip: Clip) -> tuple[dict[str, Any], list[bytes | np.ndarray]]:
    """A film for the browser: what is told of it, and its bytes; only a sentence where it would be too large."""
    data, mime = browser_copy(clip, PICTURE_PX)
    told = {
        "kind": "picture",
        "mime": mime,
        "codec": clip.codec if mime == "video/mp4" or clip.kind == "webm" else "vp9",
        "text": "",
    }
    if len(data) <= PICTURE_BYTES:
        return told, [data]
    said = (
        f"The clip's picture has {len(data) / 1e6:.0f} MB, and a page is sent {PICTURE_BYTES / 1e6:.0f} at most; the "
        "sound works. Cut the clip to see it."
    )
    return {**told, "text": said}, []


def clip_html(moving: MovingScene, phi: np.ndarray) -> str:
    """A page for readers without a kernel: the first shot as a photo has it, and its paths in the plan.

    Parameters
    ----------
    moving : MovingScene
    phi : np.ndarray
        (2, T) float, the beginning of the clip for two loudspeakers, of any level.
    """
    shot = moving.shots[0]
    page = fallback_html(shot.key, phi, "the beginning of the clip, for two loudspeakers", shot.paths_m)
    said = f"The clip of {moving.clip.end_s:.1f} s is not in this page: its picture and all its sound need the kernel."
    return f"{page}<p>{said}</p>"
