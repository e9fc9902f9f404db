"""A MovingScene: what every step found in a clip, and small methods to hear, save and report it.

One idea, a `Scene` through time; how its channels are made is in `rendering`.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any

import numpy as np

from see2sound_nb.exporting import Objects, Pictures, export, export_of
from see2sound_nb.measure.spatial_truth import truth_of_sources
from see2sound_nb.media.clip_writing import CONTAINERS, ORIGINALS, write_clip
from see2sound_nb.media.clips import Clip
from see2sound_nb.media.files import check_writable
from see2sound_nb.media.sound_files import (
    SOUND_SUFFIXES,
    check_sample_rate,
    check_sound_file,
    check_subtype,
    write_sound,
)
from see2sound_nb.moving.rendering import Course, ambience_of_shots, objects_of_shots, render_shots
from see2sound_nb.places.frames import directions
from see2sound_nb.render.channels import master_gain_db
from see2sound_nb.render.hrtf import HRTF
from see2sound_nb.render.layouts import AMBISONIC_ORDERS, check_layout
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.reporting import made_by, plan_report
from see2sound_nb.room.shoebox import Room
from see2sound_nb.scene import Scene

#: An animation that repeats is played until it has lasted so long, in seconds.
LEAST_LOOP_S = 5.0


@dataclasses.dataclass(eq=False, repr=False)
class Shot:
    """A shot of a clip: F frames without a cut, and N sources in it.

    Attributes
    ----------
    first, last : int
        Its first frame, and its last, in the clip.
    start_s, end_s : float
        Seconds in the clip.
    key_frame : int
        The frame of the clip that `key` shows.
    key : Scene
        The scene as a photo of that frame gives it: masks, boxes, labels, sounds (N, T), ambience, room. A source that
        is not in view there has the mask and the place of when it was last, or will be.
    times_s : np.ndarray
        (P,) float64, the moments of the paths, seconds from the start of the shot.
    paths_m : np.ndarray
        (P, N, 3) float64, metres, listener's frame. Change it, and the next rendering has it.
    heard : np.ndarray
        (P, N) float64, 0 to 1: how much of each source is heard, by when it is in view.
    places_px : np.ndarray
        (F, N, 2) float64, the middle of each source in each frame, (x, y) in pixels of the key scene's image; NaN where
        it is not in the picture.
    """

    first: int
    last: int
    start_s: float
    end_s: float
    key_frame: int
    key: Scene
    times_s: np.ndarray
    paths_m: np.ndarray
    heard: np.ndarray
    places_px: np.ndarray

    def speeds_m_s(self) -> np.ndarray:
        """(P, N) float64, how fast each source moves, in m/s."""
        if len(self.times_s) < 2:
            return np.zeros(self.heard.shape)
        return np.linalg.norm(np.gradient(self.paths_m, self.times_s, axis=0), axis=-1)


@dataclasses.dataclass(eq=False, repr=False)
class MovingScene:
    """The results of the five steps for a clip.

    Attributes
    ----------
    clip : Clip
        The clip itself; its frames stay in its file.
    shots : list of Shot
        In order; there is at least one.
    room : Room
        One for the whole clip.
    preset : str
    seed : int
    prompt : str, optional
    notes : list of str
        What the run decided on its own, in words.
    """

    clip: Clip
    shots: list[Shot]
    room: Room
    preset: str
    seed: int
    prompt: str | None = None
    notes: list[str] = dataclasses.field(default_factory=list)
    #: The gains in dB of the latest renderings, by layout.
    _gains: dict[str, float] = dataclasses.field(default_factory=dict, init=False)

    def __repr__(self) -> str:
        names = ", ".join(label["label"] for shot in self.shots for label in shot.key.labels)
        shots = "1 shot" if len(self.shots) == 1 else f"{len(self.shots)} shots"
        return f"MovingScene({self.duration_s:.2f} s, {shots}: {names or 'no sources'}; preset={self.preset!r})"

    @property
    def sample_rate(self) -> int:
        """Of the sounds, in Hz."""
        return self.shots[0].key.sample_rate

    @property
    def turns(self) -> int:
        """How often the clip is played for its sound: an animation that repeats, until it has lasted `LEAST_LOOP_S`."""
        return 1 if self.clip.turns == 1 else max(1, int(np.ceil(LEAST_LOOP_S / self.clip.end_s - 1e-9)))

    @property
    def duration_s(self) -> float:
        """Of the sound, in seconds: all turns."""
        return self.turns * self.clip.end_s

    def render(
        self,
        layout: str = "5.1",
        *,
        hrtf: HRTF | None = None,
        sample_rate: int | None = None,
        doppler: bool = False,
        lively: bool = True,
    ) -> np.ndarray:
        """Render the clip for a layout, with one gain for all channels and shots.

        Parameters
        ----------
        layout, hrtf, sample_rate
            As in `Scene.render`.
        doppler : bool
            Follow each image source exactly, so that what comes near sounds higher and what leaves lower; for
            ``"stereo"`` and Ambisonics, with reflections up to order 2. Never across a cut.
        lively : bool
            Whether what moves is louder than what rests (`sounds.lasting.livelier`).

        Returns
        -------
        np.ndarray
            phi, (n_ch, T) float32, its loudest sample at -1 dB of full scale; T is as long as the clip to the sample,
            or as its turns are. What repeats does so without a seam, its reverberation included.

        Raises
        ------
        ValueError
            If the layout is unknown, has no Doppler, or the sample rate is out of range.

        Notes
        -----
        Paper: section 4.3, for moving sources. Notebook: 07_moving_pictures.
        """
        return self.render_with_gain(layout, hrtf=hrtf, sample_rate=sample_rate, doppler=doppler, lively=lively)[0]

    def render_with_gain(
        self,
        layout: str = "5.1",
        *,
        hrtf: HRTF | None = None,
        sample_rate: int | None = None,
        doppler: bool = False,
        lively: bool = True,
    ) -> tuple[np.ndarray, float]:
        """What `render` returns, and the gain in dB that it applied."""
        phi = self.mix(layout, hrtf=hrtf, sample_rate=sample_rate, doppler=doppler, lively=lively)
        gain_db = self._gains[layout] = master_gain_db(phi)
        phi *= 10 ** (gain_db / 20)  # in place: a minute of six channels is 70 MB
        return phi, gain_db

    def mix(
        self,
        layout: str = "5.1",
        *,
        hrtf: HRTF | None = None,
        sample_rate: int | None = None,
        doppler: bool = False,
        lively: bool = True,
    ) -> np.ndarray:
        """What `render` returns, (n_ch, T) float32, before the master gain."""
        check_layout(layout)
        check_doppler(doppler, layout)
        course = self._course(sample_rate)
        return render_shots(self.shots, self.room, course, layout, hrtf=hrtf, doppler=doppler, lively=lively)

    def _course(self, sample_rate: int | None) -> Course:
        rate = check_sample_rate(self.sample_rate if sample_rate is None else sample_rate)
        return Course(self.clip.end_s, self.turns, self.loops, rate)

    def objects(self, sample_rate: int | None = None) -> Objects:
        """The sources of all shots as object-based formats have them: dry sounds, names, and their paths."""
        return objects_of_shots(self.shots, self._course(sample_rate))

    def free_field(self) -> MovingScene:
        """The same sources without a room around them, and without the ambiences."""
        shots = [dataclasses.replace(shot, key=shot.key.free_field()) for shot in self.shots]
        return dataclasses.replace(self, shots=shots, room=dataclasses.replace(self.room, max_order=0))

    def ambience_alone(self, sample_rate: int | None = None) -> np.ndarray | None:
        """The ambiences of all shots, (T,), as a microphone that hears from everywhere has them; None for none."""
        if all(shot.key.ambience is None for shot in self.shots):
            return None
        return ambience_of_shots(self.shots, self._course(sample_rate))

    def made_by(self) -> str:
        """What made the sound, in words: preset, seed, prompt, and what is heard where at each shot's key frame."""
        labels = [label for shot in self.shots for label in shot.key.labels]
        places = np.concatenate([shot.key.positions_m for shot in self.shots])
        around = [shot.key.ambience.label for shot in self.shots if shot.key.ambience]
        return made_by(self.preset, self.seed, self.prompt, labels, places, around)

    def gain_db(self, layout: str = "5.1") -> float:
        """The master gain in dB that the latest rendering for a layout had; without one, it is rendered first."""
        return self._gains[layout] if layout in self._gains else self.render_with_gain(layout)[1]

    @property
    def loops(self) -> bool:
        """Whether the clip is one that repeats, as animations do."""
        return self.clip.turns != 1

    def save(
        self,
        path: str | os.PathLike,
        layout: str = "5.1",
        *,
        original: str | None = None,
        subtype: str | None = None,
        sample_rate: int | None = None,
        hrtf: HRTF | None = None,
        doppler: bool = False,
        lively: bool = True,
    ) -> pathlib.Path:
        """Render, and write the clip with its new sound, or the sound alone.

        Parameters
        ----------
        path : str or path
            ``.mp4``, ``.mov``, ``.mkv`` or ``.webm``: the clip, its pictures untouched where the container takes them
            (see `media.clip_writing.write_clip`). ``.wav``: the sound alone.
        layout : str
            As in `render`. For Ambisonics a film has no sound track: it gets the binaural one, and the Ambisonics lie
            beside it in a WAV, as ``clip.foa.wav``. Or one of `exporting.EXPORTS`: ``"sa3d"`` puts first-order
            Ambisonics into an ``.mp4`` for headsets, ``"adm"`` and ``"gltf"`` have objects that move; see `Scene.save`.
        original : str, optional
            The clip's own sound is ``"replaced"``, which is the default, ``"kept"`` as a second track, or ``"mixed"``
            into ours. In ``"sa3d"`` what is kept is stereo that does not turn with the head.
        subtype, sample_rate : optional
            Of a WAV, see `media.sound_files.write_sound`.
        hrtf, doppler, lively
            As in `render`.

        Returns
        -------
        pathlib.Path
            `path`.

        Raises
        ------
        ValueError
            As `render`, `write_clip` and `write_sound`.

        Notes
        -----
        What could not be done as asked is added to `notes`. Notebook: 07_moving_pictures.
        """
        path = pathlib.Path(path)
        asked: dict[str, Any] = {"original": original, "subtype": subtype, "sample_rate": sample_rate, "hrtf": hrtf}
        asked |= {"doppler": doppler or None, "lively": None if lively else lively}
        own = [] if self.clip.path is None else [self.clip.path]
        if kind := export_of(path, layout, inputs=own, moving=True, **asked):
            key = self.shots[0].key
            seen = key.image, key.fov_deg, self.turns, len(self.shots) > 1
            pictures = Pictures(self.clip, *seen, sound_kept=original == "kept")
            return export(self, path, kind, pictures, self.notes, doppler=doppler, lively=lively)
        original, subtype = original or "replaced", subtype or "PCM_16"
        check_output(path, self.clip, layout, original)
        check_subtype(subtype)
        how: dict[str, Any] = {"doppler": doppler, "lively": lively, "hrtf": hrtf}
        rate = check_sample_rate(sample_rate or self.sample_rate)
        if path.suffix.lower() not in CONTAINERS:
            check_sound_file(path, layout, subtype)
            phi = self.render(layout, sample_rate=rate, **how)
            return write_sound(path, phi, rate, layout=layout, subtype=subtype, description=self.made_by())
        if AMBISONIC_ORDERS.get(layout):
            beside = path.with_suffix(f".{layout}.wav")  # a name that nobody else's file is likely to have
            check_writable(beside)
            phi = self.render(layout, sample_rate=rate, **how)
            write_sound(beside, phi, rate, layout=layout, subtype=subtype, description=self.made_by())
            said = (
                f"{beside.name} holds the sound as {layout}; {path.name} has it for headphones, for films take no more."
            )
            layout, how["doppler"] = "binaural", False
            self._note(said)
        phi = self.render(layout, **how)
        _, notes = write_clip(
            path, self.clip, phi, self.sample_rate, layout=layout, original=original, turns=self.turns
        )
        for note in notes:
            self._note(note)
        return path

    def _note(self, said: str) -> None:
        if said not in self.notes:
            self.notes.append(said)

    def report(self) -> dict[str, Any]:
        """The scene in plain numbers and words, ready for JSON."""
        return {
            "preset": self.preset,
            "seed": self.seed,
            "prompt": self.prompt,
            "clip": {
                "kind": self.clip.kind,
                "size_px": list(self.clip.size),
                "frames": len(self.clip),
                "frames_per_s": round(self.clip.frames_per_s, 3),
                "duration_s": round(self.clip.end_s, 3),
                "repeats": self.loops,
            },
            "room": {
                "size_m": list(self.room.size_m),
                "listener_m": list(self.room.listener_m),
                "absorption": self.room.absorption,
                "max_order": self.room.max_order,
            },
            "audio": {"sample_rate_hz": self.sample_rate, "duration_s": round(self.duration_s, 3)},
            "shots": [self._measured_shot(shot) for shot in self.shots],
            "notes": list(self.notes),
        }

    def _shot_report(self, shot: Shot) -> dict[str, Any]:
        key = plan_report(shot.key)
        for k, source in enumerate(key["sources"]):
            azimuth, _, distance = directions(shot.paths_m[:, k])
            heard = np.flatnonzero(shot.heard[:, k] > 0)
            ends = heard[[0, -1]] if len(heard) else np.array([0, 0])
            source["heard_s"] = [round(shot.start_s + float(shot.times_s[end]), 2) for end in ends]
            source["from_azimuth_deg"], source["to_azimuth_deg"] = (round(float(azimuth[end]), 1) for end in ends)
            source["nearest_m"], source["farthest_m"] = (
                round(float(edge), 2) for edge in (distance.min(), distance.max())
            )
            source["fastest_m_s"] = round(float(shot.speeds_m_s()[:, k].max(initial=0)), 2)
        return {
            "frames": [shot.first, shot.last],
            "from_s": round(shot.start_s, 3),
            "to_s": round(shot.end_s, 3),
            "key_frame": shot.key_frame,
            "sources": key["sources"],
            "ambience": key["ambience"],
        }

    def _measured_shot(self, shot: Shot) -> dict[str, Any]:
        report = self._shot_report(shot)
        for k, source in enumerate(report["sources"]):
            nearest = int(directions(shot.paths_m[:, k])[2].argmin())
            at_s = round(shot.start_s + float(shot.times_s[nearest]), 2)
            source["at_its_nearest"] = {"s": at_s, **self._measured(shot.paths_m[nearest, k])}
        return report

    def _measured(self, position_m: np.ndarray) -> dict[str, Any]:
        """What is measured of a source that stands still at a place (3,) of its path; see `measure.spatial_truth`."""
        W, ears = (
            impulse_responses(self.room, position_m[None], layout, sample_rate=self.sample_rate)
            for layout in ("foa", "binaural")
        )
        (own,) = truth_of_sources(self.room, position_m[None], W[:, 0], ears, self.sample_rate)
        return own

    def describe(self) -> str:
        """A line for each shot and source: its name, when it is heard, from where to where; and one of the ambience."""
        lines = []
        for number, shot in enumerate([self._shot_report(shot) for shot in self.shots], start=1):
            if len(self.shots) > 1:
                lines.append(f"Shot {number}, {shot['from_s']:.2f} to {shot['to_s']:.2f} s:")
            for k, source in enumerate(shot["sources"], start=1):
                start, end = source["heard_s"]
                way = " to ".join(_side(source[end]) for end in ("from_azimuth_deg", "to_azimuth_deg"))
                lines.append(
                    f"{k}. {source['label']} ({source['caption']}): {start:.1f} to {end:.1f} s; azimuth {way}; "
                    f"{source['nearest_m']:.1f} to {source['farthest_m']:.1f} m away"
                )
            if not shot["sources"]:
                lines.append("No thing here is a source.")
            if around := shot["ambience"]:
                lines.append(
                    f"All around: {around['label']} ({around['caption']}), {around['probability']:.0%} certain"
                )
        return "\n".join(lines)


def check_output(path: pathlib.Path, clip: Clip, layout: str, original: str) -> None:
    """Raise ValueError, before the work, if a clip's sound cannot be written so; see `MovingScene.save`."""
    check_layout(layout)
    check_writable(path, inputs=[] if clip.path is None else [clip.path])
    if original not in ORIGINALS:
        raise ValueError(f"original={original!r} is unknown; choose one of {', '.join(ORIGINALS)}")
    if path.suffix.lower() not in (*SOUND_SUFFIXES, *CONTAINERS):
        suffixes = " or ".join(SOUND_SUFFIXES)
        raise ValueError(f"{path.name} must end with {suffixes}, or for a film with {', '.join(CONTAINERS)}; rename it")
    if path.suffix.lower() in CONTAINERS and layout == "7.1.4" and path.suffix.lower() != ".mov":
        raise ValueError(f"{path.name} cannot hold 7.1.4, only a .mov can; choose that, or 5.1")
    if path.suffix.lower() in CONTAINERS and layout == "mono":
        raise ValueError(f"{path.name} is a film, whose sound has two channels or more; choose stereo, or a .wav")


def check_doppler(doppler: bool, layout: str) -> None:
    """Raise ValueError if a layout has no Doppler, and it is asked for."""
    if doppler and layout != "stereo" and layout not in AMBISONIC_ORDERS:
        raise ValueError(f"layout {layout!r} has no Doppler; choose 'stereo' or Ambisonics, or leave Doppler out")


def _side(azimuth_deg: float) -> str:
    azimuth = round(azimuth_deg)
    return f"{azimuth:+d} deg ({'left' if azimuth > 0 else 'right' if azimuth < 0 else 'ahead'})"
