"""A Scene: what every step found in a photo, and small methods to hear, save and report it.

Notebook: 00_start_here.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
from typing import Any

import numpy as np

from see2sound_nb.exporting import Objects, Pictures, export, export_of
from see2sound_nb.media.files import check_writable
from see2sound_nb.media.sound_files import check_sample_rate, check_sound_file, write_sound
from see2sound_nb.places.lifting import DEFAULT_FOV_DEG
from see2sound_nb.render import responses
from see2sound_nb.render.ambience import ambient_channels
from see2sound_nb.render.channels import master_gain_db, render_channels
from see2sound_nb.render.hrtf import HRTF
from see2sound_nb.render.layouts import LAYOUTS, check_layout
from see2sound_nb.reporting import description, made_by, plan_report, truth_report
from see2sound_nb.room.shoebox import Room
from see2sound_nb.sounds.ambience import Ambience
from see2sound_nb.sounds.generation import SOURCE_LEVEL_DB


@dataclasses.dataclass(eq=False, repr=False)
class Scene:
    """The results of the five steps for N sources, and what sounds all around. N may be 0.

    Attributes
    ----------
    image : np.ndarray
        I, (H, W, 3) uint8 RGB, as the models saw it.
    masks : np.ndarray
        M, (N, H, W) bool.
    contours, polygons : list of np.ndarray
        c_k (L_k, 2) and P_k (V_k, 2), (x, y) in pixels, y down.
    boxes : np.ndarray
        R, (N, 4) int, pixels, [x_min, x_max, y_min, y_max].
    patches : list of np.ndarray
        I_p, each (h, w, 3) uint8 RGB.
    labels : list of dict
        Per source: ``label`` (what a classifier sees), ``caption`` (how that sounds), ``sounds`` (0 to 1).
    depth : np.ndarray
        D, (H, W) float32, inverse depth, larger is nearer; in 1/m if ``metric_depth``, else without unit.
    positions_m : np.ndarray
        (N, 3) float64, metres, listener's frame: x right, y forward, z up.
    audio : np.ndarray
        A, (N, T) float32, full scale 1, all at the same level as heard from 1 m away; it loops without a seam.
    sample_rate : int
        In Hz.
    room : Room
    geometry, preset : str
    seed : int
    notes : list of str
        What the run decided on its own, in words.
    metric_depth : bool
        Whether the depth model knows metres.
    prompt : str, optional
        The text that the sources' sounds were made with, beside their patches.
    ambience : Ambience, optional
        What the photo sounds like as a whole, from everywhere alike: its kind, certainty, sound and level; None for
        none. Set another, or one of another level, and it is heard in the next rendering.
    fov_deg : float
        The camera's horizontal field of view in degrees.
    """

    image: np.ndarray
    masks: np.ndarray
    contours: list[np.ndarray]
    polygons: list[np.ndarray]
    boxes: np.ndarray
    patches: list[np.ndarray]
    labels: list[dict[str, Any]]
    depth: np.ndarray
    positions_m: np.ndarray
    audio: np.ndarray
    sample_rate: int
    room: Room
    geometry: str
    preset: str
    seed: int
    notes: list[str] = dataclasses.field(default_factory=list)
    metric_depth: bool = False
    prompt: str | None = None
    ambience: Ambience | None = None
    fov_deg: float = DEFAULT_FOV_DEG
    # Of each layout and rate: what the scene was then, and its responses.
    _responses: dict[tuple[str, int], tuple[tuple, np.ndarray]] = dataclasses.field(default_factory=dict, init=False)
    # The responses and the sounds that `heard` gave this for.
    _heard: tuple[np.ndarray, bytes, np.ndarray] | None = dataclasses.field(default=None, init=False)

    def __post_init__(self):
        if not len(self.audio) and self.ambience is not None:  # then it says how long the scene is
            self.audio = np.zeros((0, len(self.ambience.audio)), dtype=np.float32)

    def __repr__(self) -> str:
        names = ", ".join(source["label"] for source in self.labels)
        around = f"; all around: {self.ambience.label}" if self.ambience else ""
        sources = f"{len(self.labels)} sources: {names}" if names else "0 sources"
        return f"Scene({sources}{around}; preset={self.preset!r}, geometry={self.geometry!r})"

    def impulse_responses(
        self, layout: str = "5.1", *, hrtf: HRTF | None = None, sample_rate: int | None = None
    ) -> np.ndarray:
        """Impulse responses h (N, n_ch, L) float32 from every source to every channel (Eq. 4).

        See `render.responses.impulse_responses`; `sample_rate` is the scene's own unless given. With
        ``geometry="paper"`` the common silence at their start is cut. They are kept until the room or a position
        changes, and read-only.
        """
        rate = self._checked_rate(sample_rate)
        scene = (self.room, np.asarray(self.positions_m, dtype=np.float64).tobytes(), self.geometry)
        if hrtf is None:
            before, h = self._responses.get((layout, rate), (None, np.empty(0)))
            if before == scene:
                return h
        h = responses.impulse_responses(self.room, self.positions_m, layout, sample_rate=rate, hrtf=hrtf)
        if self.geometry == "paper" and len(h):
            peaks = np.abs(h).max(axis=(0, 1))
            h = h[..., int(np.argmax(peaks > 1e-5 * peaks.max())) :]
        h.setflags(write=False)
        if hrtf is None:
            self._responses[layout, rate] = scene, h
        return h

    def render(self, layout: str = "5.1", *, hrtf: HRTF | None = None, sample_rate: int | None = None) -> np.ndarray:
        """Render the scene for a layout, with one gain for all channels.

        The sources are played in the room (Eq. 5). The ambience is added as it is, from everywhere alike (see
        `render.ambience.ambient_channels`), and fades away while the sources' reverberation does.

        Parameters
        ----------
        layout : str
            ``"5.1"`` (FL, FR, FC, LFE, SL, SR), ``"7.1.4"``, ``"binaural"`` (left, right), ``"stereo"``, ``"mono"``
            (one microphone that hears from everywhere), ``"foa"`` (AmbiX: W, Y, Z, X) or ``"hoa2"`` to ``"hoa5"``; all
            channels are in `render.layouts.LAYOUTS`.
        hrtf : HRTF, optional
            Another head for ``"binaural"``, as from `load_hrtf`, at the sample rate of the rendering.
        sample_rate : int, optional
            In Hz, 8000 to 192000; the scene's own (16000) unless given. The dry sounds are resampled and the room is
            computed at that rate. The sounds hold nothing above half the scene's own rate, 8 kHz: no higher rate
            adds to that.

        Returns
        -------
        np.ndarray
            phi, (n_ch, T + L - 1) float32, its loudest sample at -1 dB of full scale.

        Raises
        ------
        ValueError
            If the layout is unknown or the sample rate out of range.
        """
        return self.render_with_gain(layout, hrtf=hrtf, sample_rate=sample_rate)[0]

    def gain_db(self, layout: str = "5.1", *, hrtf: HRTF | None = None, sample_rate: int | None = None) -> float:
        """The master gain in dB that `render` applies to every channel of a layout."""
        return self.render_with_gain(layout, hrtf=hrtf, sample_rate=sample_rate)[1]

    def render_with_gain(
        self, layout: str = "5.1", *, hrtf: HRTF | None = None, sample_rate: int | None = None
    ) -> tuple[np.ndarray, float]:
        """What `render` and `gain_db` return, from one rendering."""
        phi = self.mix(layout, hrtf=hrtf, sample_rate=sample_rate)
        gain_db = master_gain_db(phi)
        return (phi * 10 ** (gain_db / 20)).astype(np.float32), gain_db

    def mix(self, layout: str = "5.1", *, hrtf: HRTF | None = None, sample_rate: int | None = None) -> np.ndarray:
        """What `render` returns, (n_ch, T + L - 1) float32, before the master gain."""
        rate = self._checked_rate(sample_rate)
        h = self.impulse_responses(layout, hrtf=hrtf, sample_rate=rate)
        A = resampled(self.audio, self.sample_rate, rate)
        phi = render_channels(A, h) if len(A) else np.zeros((h.shape[1], A.shape[1]), dtype=np.float32)
        if self.ambience is not None:
            samples = np.arange(phi.shape[1])
            bed = self.ambient_channels(layout, hrtf=hrtf, sample_rate=rate)
            fading = np.clip((samples - A.shape[1]) / max(1, phi.shape[1] - A.shape[1]), 0, 1)
            phi += bed[:, samples % bed.shape[1]] * (0.5 + 0.5 * np.cos(np.pi * fading)).astype(np.float32)
        return phi

    def ambient_channels(
        self, layout: str = "5.1", *, hrtf: HRTF | None = None, sample_rate: int | None = None
    ) -> np.ndarray:
        """The ambience alone, at its level and before the master gain: a loop for each channel.

        Parameters
        ----------
        layout, hrtf, sample_rate
            As in `render`.

        Returns
        -------
        np.ndarray
            (n_ch, T) float32, full scale 1; zeros where the scene has no ambience.

        Raises
        ------
        ValueError
            As `render`.
        """
        rate = self._checked_rate(sample_rate)
        if self.ambience is None:
            return np.zeros((len(LAYOUTS[check_layout(layout)]), self.audio.shape[1]), dtype=np.float32)
        loop = self.ambience.audio.astype(np.float64)
        rms = np.sqrt(np.mean(loop**2))
        loop = resampled(loop, self.sample_rate, rate) * (10 ** (self.ambience_level_db() / 20) / max(rms, 1e-9))
        return ambient_channels(loop, layout, sample_rate=rate, hrtf=hrtf)

    def _checked_rate(self, sample_rate: int | None) -> int:
        return check_sample_rate(self.sample_rate if sample_rate is None else sample_rate)

    def save(
        self,
        path: str | os.PathLike,
        layout: str = "5.1",
        *,
        subtype: str | None = None,
        sample_rate: int | None = None,
        hrtf: HRTF | None = None,
    ) -> pathlib.Path:
        """Render and write a WAV with the layout's channel mask, a FLAC, or a file for other programs.

        Parameters
        ----------
        path : str or path
            ``.wav`` or ``.flac``; what is there is replaced, unless it is read-only or no plain file. A ``.glb`` is a
            glTF scene and a ``.sofa`` the room's responses, whatever the layout.
        layout : str
            As in `render`; or one of `exporting.EXPORTS`: ``"adm"`` (objects, in a BW64 ``.wav``), ``"sa3d"`` (the
            photo as an ``.mp4`` with first-order Ambisonics for headsets), ``"dcase"`` (a ``.wav`` with DCASE's
            metadata beside it), ``"gltf"``, ``"sofa"``. These have their own rate and bits.
        subtype : str, optional
            See `media.sound_files.write_sound`; ``"PCM_16"`` unless given.
        hrtf, sample_rate
            As in `render`.

        Returns
        -------
        pathlib.Path
            `path`.

        Raises
        ------
        ValueError
            As `render` and `media.sound_files.write_sound`; before anything is rendered where the name is the reason.
        ModuleNotFoundError
            If what writes the file is not installed; the message names the extra.
        """
        how: dict[str, Any] = {"sample_rate": sample_rate, "hrtf": hrtf}
        if kind := export_of(path, layout, geometry=self.geometry, subtype=subtype, **how):
            # With the silence that `impulse_responses` cuts off: objects and their reflections keep their times.
            whole = dataclasses.replace(self, geometry="metric") if kind == "adm" else self
            return export(whole, path, kind, Pictures(self.image, self.image, self.fov_deg), self.notes)
        check_layout(layout)
        subtype = subtype or "PCM_16"
        check_sound_file(path, layout, subtype)
        check_writable(path)
        rate = self._checked_rate(sample_rate)
        phi = self.render(layout, hrtf=hrtf, sample_rate=rate)
        return write_sound(path, phi, rate, layout=layout, subtype=subtype, description=self.made_by())

    def objects(self, sample_rate: int | None = None) -> Objects:
        """The sources as object-based formats have them: dry sounds, names, and places that rest."""
        rate = self._checked_rate(sample_rate)
        names = [source["label"] for source in self.labels]
        classes = [source.get("sound_class", "") for source in self.labels]
        sounds = resampled(self.audio, self.sample_rate, rate).astype(np.float32)
        places = np.asarray(self.positions_m, dtype=np.float64).reshape(1, -1, 3)
        return Objects(names, classes, sounds, rate, np.zeros(1), places)

    def free_field(self) -> Scene:
        """The same sources without a room around them, and without the ambience."""
        return dataclasses.replace(self, room=dataclasses.replace(self.room, max_order=0), ambience=None)

    def ambience_alone(self, sample_rate: int | None = None) -> np.ndarray | None:
        """The ambience as `ambient_channels` has it in mono, (T,), or None for none."""
        return None if self.ambience is None else self.ambient_channels("mono", sample_rate=sample_rate)[0]

    def made_by(self) -> str:
        """What made the sound, in words: preset, seed, prompt, and what is heard where."""
        around = [self.ambience.label] if self.ambience else []
        return made_by(self.preset, self.seed, self.prompt, self.labels, self.positions_m, around)

    def heard(self) -> np.ndarray:
        """What arrives of each source at the listener: its omnidirectional sound, (N, T + L - 1) float32.

        Before the master gain, which it shares with `ambient_channels`. It is kept until the room, a position or a
        sound changes, and read-only.
        """
        h = self.impulse_responses("foa")
        if not len(self.audio):
            return np.zeros((0, self.audio.shape[1]), dtype=np.float32)
        sounds = hashlib.blake2b(np.ascontiguousarray(self.audio).data).digest()
        if self._heard is not None and self._heard[0] is h and self._heard[1] == sounds:
            return self._heard[2]
        heard = np.concatenate([render_channels(a[None], W[None, :1]) for a, W in zip(self.audio, h)])
        heard.setflags(write=False)
        self._heard = h, sounds, heard
        return heard

    def levels_db(self) -> np.ndarray:
        """Level (N,) of every source at the listener: RMS of its omnidirectional sound, dB of full scale.

        Before the master gain; the sources are equally loud at 1 m, so the differences come from distance and the room.
        """
        power = np.array([np.mean(sound**2.0) for sound in self.heard()])
        return 10 * np.log10(np.maximum(power, 1e-12))

    def ambience_level_db(self) -> float:
        """Level of the ambience at the listener, RMS of its omnidirectional sound, dB of full scale as `levels_db`.

        Its own ``level_db`` below the power of all sources, or without any below `SOURCE_LEVEL_DB`; -120 without an
        ambience.
        """
        if self.ambience is None:
            return -120.0
        sources = 10 * np.log10(np.sum(10 ** (self.levels_db() / 10))) if len(self.audio) else SOURCE_LEVEL_DB
        return float(sources) + self.ambience.level_db

    def report(
        self, layout: str = "5.1", *, sample_rate: int | None = None, phi: np.ndarray | None = None
    ) -> dict[str, Any]:
        """The scene in plain numbers and words, ready for JSON: what was decided, and what is measured of its sound.

        Parameters
        ----------
        layout, sample_rate
            As in `render`: of the rendering that is measured.
        phi : np.ndarray, optional
            (n_ch, T) float, what `render` gave for them, if it is at hand: that spares rendering anew.

        Returns
        -------
        dict
            The choices of every step; under ``"measured"`` the spatial truth of each source, of the room and of the
            rendering (see `measure.spatial_truth`). What cannot be measured is None, and ``..._why`` says why.

        Raises
        ------
        ValueError
            As `render`.

        Notes
        -----
        Notebook: 08_evaluation.
        """
        rate = self._checked_rate(sample_rate)
        phi = self.render(layout, sample_rate=rate) if phi is None else phi
        return {**plan_report(self), "measured": truth_report(self, phi, rate, layout)}

    def describe(self) -> str:
        """One line per source: number, label, position, azimuth with its side, distance and level; one of the ambience.

        A scene without sources says that it is its ambience.
        """
        return description(self)


def resampled(audio: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """Sounds that loop without a seam at another sample rate, still without one.

    Parameters
    ----------
    audio : np.ndarray
        (..., T) float.
    rate, new_rate : int
        In Hz.

    Returns
    -------
    np.ndarray
        (..., T * new_rate / rate) float, its length rounded to whole samples.
    """
    if new_rate == rate:
        return audio
    from scipy.signal import resample

    return resample(audio, round(audio.shape[-1] * new_rate / rate), axis=-1)
