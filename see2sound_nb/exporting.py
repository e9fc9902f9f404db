"""A scene for other programs: its objects, which they render themselves, and the files that they read.

Notebook: 09_your_own.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any, NamedTuple, Protocol

import numpy as np

from see2sound_nb.media import adm, gltf, seld, sofa_room, spatial_film
from see2sound_nb.media.files import check_suffix, check_writable
from see2sound_nb.places.frames import directions
from see2sound_nb.render.channels import MASTER_PEAK_DB
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S
from see2sound_nb.room.shoebox import Room
from see2sound_nb.sounds.sound_classes import NAMES

#: What `save` takes for a layout beside those of `render.layouts`, and how the name of such a file ends.
EXPORTS = {"adm": ".wav", "sa3d": ".mp4", "dcase": ".wav", "gltf": ".glb", "sofa": ".sofa"}
#: Sample rate of ADM and of films, in Hz, and the layout of what is no object in an ADM.
FILM_RATE, BED = 48000, "hoa3"


@dataclasses.dataclass(frozen=True)
class Objects:
    """What an object-based format knows of a scene: N sounds, dry, and where they are.

    Attributes
    ----------
    names, classes : list of str
        What each is called, and its kind, one of `sounds.sound_classes.NAMES`; empty if it has none.
    sounds : np.ndarray
        (N, T) float64, as heard from 1 m away without a room, before the master gain.
    sample_rate : int
        In Hz.
    times_s : np.ndarray
        (P,) float64, seconds, increasing.
    paths_m : np.ndarray
        (P, N, 3) float64, metres, listener's frame; P is 1 for what rests.
    comes_round : bool
        Whether what would sound on beyond the end is heard at the beginning, as in a clip that repeats.
    """

    names: list[str]
    classes: list[str]
    sounds: np.ndarray
    sample_rate: int
    times_s: np.ndarray
    paths_m: np.ndarray
    comes_round: bool = False

    def places_m(self, times_s: np.ndarray) -> np.ndarray:
        """(F, N, 3): where the objects are at some moments (F,)."""
        columns = self.paths_m.reshape(len(self.times_s), -1).T
        found = [np.interp(times_s, self.times_s, column) for column in columns]
        return np.array(found).T.reshape(len(times_s), self.paths_m.shape[1], 3)


class Shown(NamedTuple):
    """What is seen: the photo (H, W, 3) uint8 or the clip, a photo that stands for it, the camera's horizontal field of
    view in degrees, and how often a clip is shown."""

    pictures: Any
    photo: np.ndarray
    fov_deg: float
    turns: int = 1


class Exported(Protocol):
    """What a `Scene` and a `moving.MovingScene` both have."""

    room: Room

    def objects(self, sample_rate: int) -> Objects:
        """The sources, dry."""

    def open_air(self) -> Exported:
        """The same without ambience and reflections."""

    def mix(self, layout: str, *, sample_rate: int) -> np.ndarray:
        """As `render`, before the master gain."""

    def ambience_alone(self, sample_rate: int) -> np.ndarray | None:
        """(T,), as a microphone that hears from everywhere has it, before the master gain; None for none."""

    def render(self, layout: str, *, sample_rate: int) -> np.ndarray:
        """phi (n_ch, T)."""

    def made_by(self) -> str:
        """What made the sound, in words."""


def export_of(path: str | os.PathLike, layout: str) -> str | None:
    """Which of `EXPORTS` a name and a layout ask for, or None: a ``.glb`` and a ``.sofa`` say it by themselves.

    Raises
    ------
    ValueError
        If the layout is of `EXPORTS` and no file of it can have that name, or be written there.
    """
    by_name = {".glb": "gltf", ".sofa": "sofa"}.get(pathlib.Path(path).suffix.lower())
    kind = by_name or (layout if layout in EXPORTS else None)
    if kind is not None:
        check_suffix(path, [EXPORTS[kind]], f"the layout {kind}")
        check_writable(path)
    return kind


def export(scene: Exported, path: str | os.PathLike, kind: str, shown: Shown, notes: list[str]) -> pathlib.Path:
    """Write a scene as one of `EXPORTS` and return the path; what is not as one would expect is added to the notes."""
    path = pathlib.Path(path)
    if kind == "adm":
        _adm(scene, path)
    elif kind == "sa3d":
        foa = scene.render("foa", sample_rate=FILM_RATE)
        _, said = spatial_film.write_spatial_film(path, shown.pictures, foa, FILM_RATE, turns=shown.turns)
        notes += [note for note in said if note not in notes]
    elif kind == "dcase":
        _dcase(scene, path)
    elif kind == "gltf":
        _gltf(scene, path, shown)
    else:
        _sofa(scene, path)
    return path


def _adm(scene: Exported, path: pathlib.Path) -> None:
    """Sources as objects; what the room and the ambience add to them as a bed, so that all together is the scene."""
    objects = scene.objects(FILM_RATE)
    bed = scene.mix(BED, sample_rate=FILM_RATE)
    loudest = np.abs(bed).max(initial=0.0)
    direct = scene.open_air().mix(BED, sample_rate=FILM_RATE)
    bed[:, : direct.shape[1]] -= direct
    loudest = max(loudest, np.abs(bed).max(initial=0.0), 1e-9)
    gain = 10 ** (MASTER_PEAK_DB / 20) / loudest
    sounds = gain * _on_their_way(objects, bed.shape[1])
    too_loud = np.maximum(np.abs(sounds).max(axis=1, initial=0.0), 1.0)  # from 1 m away
    adm.write_adm(
        path,
        sounds / too_loud[:, None],
        FILM_RATE,
        names=objects.names,
        times_s=objects.times_s,
        paths_m=objects.paths_m,
        gains_db=20 * np.log10(too_loud),
        bed=gain * bed,
        description=scene.made_by(),
    )


def _on_their_way(objects: Objects, samples: int) -> np.ndarray:
    """Sounds (N, samples) that begin when they have reached the listener, as the bed's reflections do: an ADM knows no
    time of travel. That of a source that moves is the one of its middle distance."""
    distance_m = np.median(np.linalg.norm(objects.paths_m, axis=-1), axis=0)
    out = np.zeros((len(objects.sounds), samples))
    for row, sound, late_s in zip(out, objects.sounds, distance_m / SPEED_OF_SOUND_M_S):
        start = round(late_s * objects.sample_rate)
        if objects.comes_round:
            row[:] = np.roll(sound[:samples], start)
        else:
            part = sound[: max(0, samples - start)]
            row[start : start + len(part)] = part
    return out


def _dcase(scene: Exported, path: pathlib.Path) -> None:
    seld.check_seld(path)
    objects = scene.objects(seld.SAMPLE_RATE)
    for name, kind in zip(objects.names, objects.classes):
        if kind not in NAMES:
            raise ValueError(f"{name!r} is of no class of sounds; set labels[k]['sound_class'], such as {NAMES[0]!r}")
    foa = scene.render("foa", sample_rate=seld.SAMPLE_RATE)
    times_s = seld.frame_times_s(foa.shape[1] / seld.SAMPLE_RATE)
    sounding = seld.sounding(objects.sounds, seld.SAMPLE_RATE)
    heard = np.pad(sounding, ((0, max(0, len(times_s) - len(sounding))), (0, 0)))[: len(times_s)]
    places = directions(objects.places_m(times_s))
    seld.write_seld(path, foa, NAMES, [NAMES.index(kind) for kind in objects.classes], *places, heard)


def _gltf(scene: Exported, path: pathlib.Path, shown: Shown) -> None:
    objects = scene.objects(FILM_RATE)
    moving = len(objects.times_s) > 1
    gltf.write_gltf(
        path,
        shown.photo,
        objects.sounds,
        FILM_RATE,
        objects.paths_m if moving else objects.paths_m[0],
        objects.names,
        fov_deg=shown.fov_deg,
        times_s=objects.times_s if moving else None,
        ambience=scene.ambience_alone(FILM_RATE),
    )


def _sofa(scene: Exported, path: pathlib.Path) -> None:
    objects, room = scene.objects(FILM_RATE), scene.room
    if len(objects.times_s) > 1:
        raise ValueError(
            "sources that move have no response that is theirs; save a moment instead: scene.shots[0].key.save(...)"
        )
    h = impulse_responses(room, objects.paths_m[0], "foa", sample_rate=FILM_RATE)
    sofa_room.write_room_sofa(
        path, h, FILM_RATE, positions_m=objects.paths_m[0], room_size_m=room.size_m, listener_m=room.listener_m,
        description=f"shoebox, absorption {room.absorption}, up to {room.max_order} reflections",
    )  # fmt: skip
