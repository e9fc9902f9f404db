"""A scene for other programs: its objects, which they render themselves, and the files that they read.

Notebook: 09_your_own.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np

from see2sound_nb.media import adm, gltf, seld, sofa_room, spatial_film
from see2sound_nb.media.clip_sound import fitted, read_sound
from see2sound_nb.media.clip_writing import in_stereo
from see2sound_nb.media.files import check_suffix, check_writable
from see2sound_nb.media.films import ensure_av
from see2sound_nb.places.frames import directions
from see2sound_nb.render.channels import MASTER_PEAK_DB
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S
from see2sound_nb.room.shoebox import Room
from see2sound_nb.sounds.sound_classes import NAMES

#: What `save` takes for a layout beside those of `render.layouts`, and how the name of such a file ends.
EXPORTS = {"adm": ".wav", "sa3d": ".mp4", "dcase": ".wav", "gltf": ".glb", "sofa": ".sofa"}
#: Those whose sound is a rendering in "foa", with what can be chosen for that.
IN_FOA = ("sa3d", "dcase")
#: Sample rate of ADM and of films, in Hz, and the layout of what is no object in an ADM.
FILM_RATE, BED = 48000, "hoa3"
#: The tracks of all objects take so many bytes at most.
MOST_BYTES = 2e9


@dataclasses.dataclass(frozen=True)
class Objects:
    """What an object-based format knows of a scene: N sounds, dry, and where they are.

    Attributes
    ----------
    names, classes : list of str
        What each is called, and its kind, one of `sounds.sound_classes.NAMES`; empty if it has none.
    sounds : np.ndarray
        (N, T) float32, as heard from 1 m away without a room, before the master gain.
    sample_rate : int
        In Hz.
    times_s : np.ndarray
        (P,) float64, seconds, increasing.
    paths_m : np.ndarray
        (P, N, 3) float64, metres, listener's frame; P is 1 for what rests.
    loops : bool
        Whether what would sound on beyond the end is heard at the beginning, as in a clip that repeats.
    """

    names: list[str]
    classes: list[str]
    sounds: np.ndarray
    sample_rate: int
    times_s: np.ndarray
    paths_m: np.ndarray
    loops: bool = False

    def places_m(self, times_s: np.ndarray) -> np.ndarray:
        """(F, N, 3): where the objects are at some moments (F,)."""
        columns = self.paths_m.reshape(len(self.times_s), -1).T
        found = [np.interp(times_s, self.times_s, column) for column in columns]
        return np.array(found).T.reshape(len(times_s), self.paths_m.shape[1], 3)


class Pictures(NamedTuple):
    """What is seen: the photo (H, W, 3) uint8 or the clip, a photo that stands for it, the camera's horizontal field of
    view in degrees, how often a clip is shown, whether it has cuts, and whether its own sound is kept."""

    pictures: Any
    photo: np.ndarray
    fov_deg: float
    turns: int = 1
    cuts: bool = False
    sound_kept: bool = False


class Exported(Protocol):
    """What a `Scene` and a `moving.MovingScene` both have."""

    room: Room

    def objects(self, sample_rate: int) -> Objects:
        """The sources, dry."""

    def free_field(self) -> Exported:
        """The same without ambience and reflections."""

    def mix(self, layout: str, *, sample_rate: int) -> np.ndarray:
        """As `render`, before the master gain."""

    def ambience_alone(self, sample_rate: int) -> np.ndarray | None:
        """(T,), as a microphone that hears from everywhere has it, before the master gain; None for none."""

    def render(self, layout: str, *, sample_rate: int) -> np.ndarray:
        """phi (n_ch, T)."""

    def made_by(self) -> str:
        """What made the sound, in words."""


def export_of(
    path: str | os.PathLike,
    layout: str,
    *,
    inputs: Iterable[str | os.PathLike] = (),
    moving: bool = False,
    geometry: str = "metric",
    **options: Any,
) -> str | None:
    """Which of `EXPORTS` a name and a layout ask for, or None: a ``.glb`` and a ``.sofa`` say it by themselves.

    Parameters
    ----------
    path : str or path
    layout : str
        Of `render.layouts.LAYOUTS` (or `EXPORTS`).
    inputs : iterable of path
        What must not be written over.
    moving : bool
        Whether it is of a clip.
    geometry : str
        Of the scene.
    **options
        What else was asked for; None where it was not.

    Returns
    -------
    str or None

    Raises
    ------
    ValueError
        If no such file can have that name, be written there, be of such a scene, or know such an option.
    ModuleNotFoundError
        If what writes it is not installed.
    """
    by_name = {".glb": "gltf", ".sofa": "sofa"}.get(pathlib.Path(path).suffix.lower())
    kind = layout if layout in EXPORTS else by_name
    if kind is None:
        return None
    check_suffix(path, [EXPORTS[kind]], f"the layout {kind}")
    check_writable(path, inputs=inputs)
    for name, value in options.items():
        known = kind in IN_FOA and name in ("doppler", "lively")
        known |= kind == "sa3d" and moving and name == "original" and value in ("replaced", "kept")
        if value is not None and not known:
            said = f"{name}={value!r}" if isinstance(value, str | int | float) else name
            raise ValueError(f"{said} is nothing that {kind} knows, which has its own; leave it out")
    if kind == "sofa" and moving:
        raise ValueError(f"{path} would hold responses of sources that rest, and a clip's move; give a photo")
    if kind == "dcase" and geometry != "metric":
        raise ValueError(
            f"geometry={geometry!r} has no metres, so sounds come seconds after their labels; use 'metric'"
        )
    if kind == "dcase":
        seld.check_seld(path)
    elif kind == "sofa":
        sofa_room.ensure_sofar()
    elif kind != "adm":
        ensure_av("writing MP3" if kind == "gltf" else "writing films")
    return kind


def export(
    scene: Exported, path: str | os.PathLike, kind: str, pictures: Pictures, notes: list[str], **how: Any
) -> pathlib.Path:
    """Write a scene as one of `EXPORTS`, as `export_of` allowed.

    Parameters
    ----------
    scene : Scene or MovingScene
    path : str or path
    kind : str
    pictures : Pictures
    notes : list of str
        What is not as one would expect is added, in sentences.
    **how
        For the rendering, of those `IN_FOA`.

    Returns
    -------
    pathlib.Path
        `path`.
    """
    path = pathlib.Path(path)
    said: list[str] = []
    if kind == "adm":
        _adm(scene, path)
    elif kind == "sa3d":
        said = _sa3d(path, pictures, scene.render("foa", sample_rate=FILM_RATE, **how))
    elif kind == "dcase":
        _dcase(scene, path, how)
    elif kind == "gltf":
        _gltf(scene, path, pictures)
        said = ["The picture in the glTF is the key frame of the first shot."] * pictures.cuts
    else:
        _sofa(scene, path)
    notes += [note for note in said if note not in notes]
    return path


def check_tracks(objects: int, samples: int) -> None:
    """Raise ValueError if the tracks of so many objects, of so many samples each, are more than `MOST_BYTES`."""
    if 4.0 * objects * samples > MOST_BYTES:
        raise ValueError(
            f"the tracks of {objects} sources take {4e-9 * objects * samples:.1f} GB, more than {MOST_BYTES / 1e9:g}; "
            "cut the clip into shorter ones"
        )


def _adm(scene: Exported, path: pathlib.Path) -> None:
    """Sources as objects; what the room and the ambience add to them as a bed, so that all together is the scene."""
    objects = scene.objects(FILM_RATE)
    bed = scene.mix(BED, sample_rate=FILM_RATE)
    loudest = _peak(bed)
    direct = scene.free_field().mix(BED, sample_rate=FILM_RATE)
    bed[:, : direct.shape[1]] -= direct
    del direct
    gain = 10 ** (MASTER_PEAK_DB / 20) / max(loudest, _peak(bed), 1e-9)
    sounds = _delayed(objects, bed.shape[1])
    too_loud = np.array([max(1.0, gain * _peak(sound)) for sound in sounds])  # from 1 m away
    sounds *= (gain / too_loud)[:, None].astype(np.float32)
    bed *= np.float32(gain)
    adm.write_adm(
        path,
        sounds,
        FILM_RATE,
        names=objects.names,
        times_s=objects.times_s,
        paths_m=objects.paths_m,
        gains_db=20 * np.log10(too_loud),
        bed=bed,
        description=scene.made_by(),
    )


def _peak(sound: np.ndarray) -> float:
    return max(float(sound.max(initial=0.0)), -float(sound.min(initial=0.0)))


def _delayed(objects: Objects, samples: int) -> np.ndarray:
    """Sounds (N, samples) float32 that begin when they have reached the listener, as the bed's reflections do: an ADM
    knows no time of travel. That of a source that moves is the one of its middle distance while it sounds."""
    out = np.zeros((len(objects.sounds), samples), dtype=np.float32)
    for k, (row, sound) in enumerate(zip(out, objects.sounds)):
        first, last = np.flatnonzero(sound)[[0, -1]] if sound.any() else (0, 0)
        places_m = objects.places_m(np.linspace(first, last, 101) / objects.sample_rate)[:, k]
        late_s = np.median(np.linalg.norm(places_m, axis=-1)) / SPEED_OF_SOUND_M_S
        start = round(float(late_s) * objects.sample_rate)
        if objects.loops:
            row[:] = np.roll(sound[:samples], start)
        else:
            part = sound[: max(0, samples - start)]
            row[start : start + len(part)] = part
    return out


def _sa3d(path: pathlib.Path, pictures: Pictures, foa: np.ndarray) -> list[str]:
    """A film with Ambisonics; a clip's own sound, if it is kept, stays with the head."""
    clip, turns = pictures.pictures, pictures.turns
    own, said = None, []
    if pictures.sound_kept and clip.sound is None:
        said = ["The clip has no sound track of its own, so none is kept."]
    elif pictures.sound_kept:
        own = fitted(in_stereo(np.tile(read_sound(clip, FILM_RATE), turns)), foa.shape[1])
    _, notes = spatial_film.write_spatial_film(path, clip, foa, FILM_RATE, head_locked=own, turns=turns)
    return said + notes


def _dcase(scene: Exported, path: pathlib.Path, how: dict[str, Any]) -> None:
    objects = scene.objects(seld.SAMPLE_RATE)
    for name, kind in zip(objects.names, objects.classes):
        if kind not in NAMES:
            raise ValueError(f"{name!r} is of no class of sounds; give its label a 'sound_class', such as {NAMES[0]!r}")
    foa = scene.render("foa", sample_rate=seld.SAMPLE_RATE, **how)
    times_s = seld.frame_times_s(foa.shape[1] / seld.SAMPLE_RATE)
    sounding = seld.sounding(objects.sounds, seld.SAMPLE_RATE)
    heard = np.pad(sounding, ((0, max(0, len(times_s) - len(sounding))), (0, 0)))[: len(times_s)]
    places = directions(objects.places_m(times_s))
    seld.write_seld(path, foa, NAMES, [NAMES.index(kind) for kind in objects.classes], *places, heard)


def _gltf(scene: Exported, path: pathlib.Path, pictures: Pictures) -> None:
    objects = scene.objects(FILM_RATE)
    moving = len(objects.times_s) > 1
    gltf.write_gltf(
        path,
        pictures.photo,
        objects.sounds,
        FILM_RATE,
        objects.paths_m if moving else objects.paths_m[0],
        objects.names,
        fov_deg=pictures.fov_deg,
        times_s=objects.times_s if moving else None,
        ambience=scene.ambience_alone(FILM_RATE),
    )


def _sofa(scene: Exported, path: pathlib.Path) -> None:
    places_m, room = scene.objects(FILM_RATE).paths_m[0], scene.room
    if not len(places_m):
        raise ValueError("the scene has no source, so there is no response; give masks of some, or another photo")
    h = impulse_responses(room, places_m, "foa", sample_rate=FILM_RATE)
    sofa_room.write_room_sofa(
        path, h, FILM_RATE, positions_m=places_m, room_size_m=room.size_m, listener_m=room.listener_m,
        description=f"shoebox, absorption {room.absorption}, up to {room.max_order} reflections",
    )  # fmt: skip
