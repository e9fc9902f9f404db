"""The live room: drag a source in a plan of the room, and hear it move.

The browser computes the first reflections itself while a source is dragged; this side answers with the exact response.
What is heard at rest is what `LiveRoom.render` returns.

This file has one class, the widget as Python holds it: the scene as it is heard, new sounds, the browser's questions.
What its attributes may be is in live_room_state.py, and what it answers in live_room_answers.py; what a clip has more
than a photo is in live_room_clip_state.py and live_room_clip.py; what a renderer is told, in live_room_osc.py.

Notebook: 06_live_room.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from see2sound_nb.exporting import EXPORTS
from see2sound_nb.media.adm_osc import PORT
from see2sound_nb.media.files import check_writable
from see2sound_nb.media.sound_files import check_sound_file, write_sound
from see2sound_nb.moving.moving_scene import MovingScene
from see2sound_nb.notebook.plots import source_colour
from see2sound_nb.notebook.widgets import _assets
from see2sound_nb.notebook.widgets._messages import as_message, check_message, label, number, said, short, text
from see2sound_nb.notebook.widgets.live_room_answers import (
    all_around,
    exact_message,
    known_of_text,
    renamed,
    scene_message,
    turned_responses,
)
from see2sound_nb.notebook.widgets.live_room_assets import SCENE_S, fallback_html
from see2sound_nb.notebook.widgets.live_room_clip import ambience_of, clip_html, clip_message, joined, picture_of
from see2sound_nb.notebook.widgets.live_room_clip_state import ClipState
from see2sound_nb.notebook.widgets.live_room_osc import LiveRoomSender
from see2sound_nb.notebook.widgets.live_room_state import GAINS_DB
from see2sound_nb.render import layouts
from see2sound_nb.render.convolution import DrySpectra
from see2sound_nb.scene import Scene
from see2sound_nb.sounds.generation import seed_of_source

if TYPE_CHECKING:
    from see2sound_nb._progress import Progress
    from see2sound_nb.pipeline import See2Sound

#: The sum of the sources begins so far below full scale, in dB.
HEADROOM_DB = 6.0


class LiveRoom(ClipState):
    """A scene whose sources can be dragged while it plays.

    Every attribute can be read, observed and linked (``ipywidgets.link``), and all but `listener` and `latency_ms` can
    be set; widget and kernel keep each other up to date. What observers print, JupyterLab shows in its log console.

    Parameters
    ----------
    scene : Scene or MovingScene
        As from `See2Sound.run` with ``geometry="metric"``; it is not changed. Of a clip the picture plays, and the
        sources are where the frame shows them: it can be paused, and a moment be sought, while the sound goes on.
    pipeline : See2Sound, optional
        Whose audio model makes new sounds; by default one of the scene's preset, loaded when it is first needed.

    Attributes
    ----------
    positions : tuple of tuple of float
        (N, 3), metres, listener's frame: x right, y forward, z up. Any array-like can be assigned; what is outside the
        room or in the listener's head is moved to the nearest place that is not, with a warning. Of a clip they follow
        `time_s`, the sources of all shots numbered through; setting them sets `offsets_m`.
    selected : int
        The source that the read-out is about, from 0.
    absorption : float or tuple of float
        Share of the energy that a wall swallows, 0 to 1: one number, or six, as in `Room`.
    room_size : tuple of float
        (width, depth, height) in metres. The listener keeps the same share of width and depth in front and beside.
    listener : tuple of float
        The ears in metres, room frame; follows `room_size`.
    max_order : int
        Most reflections of a path, 0 to 30.
    channel_layout : str
        ``"binaural"``, ``"stereo"`` or ``"5.1"``. (`layout` is what every widget of ipywidgets calls its style.)
    head_yaw_deg : float
        The head turned to the left, in degrees, -180 to 180; for ``"binaural"`` alone.
    muted, soloed : tuple of bool
        For each source.
    levels_db : tuple of float
        For each source, dB relative to the scene, -40 to 12.
    ambience : str
        What is heard all around, such as ``"sea"``; empty where the scene has no ambience.
    ambience_level_db : float
        How loud that is, in dB relative to the scene's sources together, -60 to 0; as in `Ambience` at first. It stays
        what it is while sources move, and is silent while a source is solo.
    ambience_muted : bool
    gain_db : float
        One gain for everything, -80 to 40. The browser lowers it, and says so, where the sum exceeds full scale.
    playing : bool
        Whether it plays. A browser starts sound only after a click into the widget.
    prompts : tuple of str
        The text of which each source's sound was made, empty for none.
    labels, colours : tuple of str
        The name and the colour (``"#rrggbb"``) of each source.
    message : str
        A line that the widget shows, such as where a source was put that could not stand where it was told to.
    latency_ms : dict
        How long it took from a movement of the hand until the new place left the loudspeaker as loud as the old one,
        as the browser measured it: ``browser`` (its first reflections) and ``exact``, each with last, median, p95 and
        count. Empty before the first drag.
    time_s : float
        Of a clip: the moment that is shown, in seconds. Set it to seek; while the picture runs, told twice a second.
    running : bool
        Of a clip: whether its picture runs.
    offsets_m : tuple of tuple of float
        Of a clip: (N, 3), metres, what dragging has added to each path; empty for a photo.
    duration_s : float
        Of the clip, in seconds; 0 for a photo.

    Raises
    ------
    TypeError
        If `scene` is no Scene or MovingScene, or `pipeline` makes no sounds.
    ValueError
        If the scene has the paper's geometry, or an attribute is given a value out of its range.

    Notes
    -----
    Paper: section 4.3. Notebooks: 06_live_room, 07_moving_pictures.
    """

    _osc: LiveRoomSender | None = None

    _esm = _assets.module("live_room.js")
    _css = _assets.style("theme.css", "live_room.css", "plans.css", "panel.css", "meters.css", "clip.css")

    def __init__(self, scene: Scene | MovingScene, *, pipeline: See2Sound | None = None):
        _check_scene(scene)
        if pipeline is not None and not hasattr(pipeline, "generate"):
            raise TypeError(f"pipeline={pipeline!r} makes no sounds; give a See2Sound, as See2Sound(preset='tiny')")
        around = None
        if isinstance(scene, MovingScene):
            shots = [dataclasses.replace(shot, paths_m=shot.paths_m.copy()) for shot in scene.shots]
            self._given, self._moving = scene, dataclasses.replace(scene, shots=shots)
            # Of the longest shot, for loudspeakers: those for ears take seconds when they are first asked for.
            gain_db = max(scene.shots, key=lambda shot: shot.end_s - shot.start_s).key.gain_db("stereo")
            around, scene = ambience_of(scene), joined(scene)
        else:
            gain_db = scene.gain_db("binaural")
            if scene.ambience is not None:
                around = scene.ambience.label, scene.ambience.level_db
        self._scene, self._pipeline = scene, pipeline
        self._audio = scene.audio.copy()
        self._around: dict[str, np.ndarray] = {}  # the ambience in each layout, as loud as the sources together
        self._film: tuple[dict[str, Any], list[bytes | np.ndarray]] | None = None  # as it was sent
        self._attempts = [0] * len(scene.audio)  # new sounds that were asked for
        self._by_text: list[dict[str, Any]] = [{} for _ in scene.audio]  # what a text made of each source
        self._generating, self._filming = threading.Lock(), threading.Lock()
        self._picturing: set[bool] = set()  # whether as text
        count = len(scene.audio)
        super().__init__(
            room_size=scene.room.size_m,
            listener=scene.room.listener_m,
            absorption=scene.room.absorption,
            max_order=scene.room.max_order,
            positions=scene.positions_m,
            muted=(False,) * count,
            soloed=(False,) * count,
            levels_db=(0.0,) * count,
            prompts=("",) * count,
            ambience=around[0] if around else "",
            ambience_level_db=around[1] if around else 0.0,
            gain_db=float(np.clip(round(gain_db - HEADROOM_DB, 1), *GAINS_DB)),
            labels=[source["label"] for source in scene.labels],
            colours=[source_colour(k) for k in range(count)],
            duration_s=self._moving.clip.end_s if self._moving else 0.0,
            offsets_m=((0.0, 0.0, 0.0),) * count if self._moving else (),
        )
        self.on_msg(self._answer)

    def __repr__(self) -> str:
        sources = f"{len(self._audio)} sources" + (f": {', '.join(self.labels)}" if self.labels else "")
        around = f"; all around: {self.ambience}" if self.ambience else ""
        return f"LiveRoom({sources}{around}; channel_layout={self.channel_layout!r})"

    def _page_html(self) -> str:
        """Photo, plan and players as they stand now: for readers without a kernel."""
        scene = self.scene
        if isinstance(scene, MovingScene):  # no more sound than the page plays, and soon: the reader waits for the clip
            return clip_html(scene, self._whole_clip("stereo", SCENE_S))
        return fallback_html(scene, self._one_turn("binaural"))

    # The scene as it is heard ----------------------------------------------------------------------------------------

    @property
    def scene(self) -> Scene | MovingScene:
        """The scene with the present places, room and sounds; levels, mutes and the head's turn are not in it.

        Sources are called as in `labels`; one that was given another sound by words, by these.

        Of a clip a `MovingScene` with the offsets in its paths: ``room.scene.save("clip.mp4")`` writes the film.
        """
        if self._moving is not None:
            return self._moved(self._moving)
        positions_m = np.reshape(self.positions, (-1, 3))
        labels = [renamed(*of_one) for of_one in zip(self._scene.labels, self._by_text, self.labels)]
        here: dict[str, Any] = {"positions_m": positions_m, "room": self.room, "labels": labels}
        return dataclasses.replace(self._scene, audio=self._audio.copy(), **here)

    def impulse_responses(self, layout: str | None = None) -> np.ndarray:
        """Impulse responses h (N, n_ch, L) float32 of the present places in the present room, before all levels.

        As `render.responses.impulse_responses`, with the head's turn if the layout is ``"binaural"``; the widget's own
        layout unless another is given.
        """
        layout = layout or self.channel_layout
        return turned_responses(self.room, self.positions, layout, self._scene.sample_rate, self.head_yaw_deg)

    def render(self, layout: str | None = None) -> np.ndarray:
        """What is heard: one turn of the sounds, which repeat for ever, with all levels and the master gain.

        Parameters
        ----------
        layout : str, optional
            One of `render.layouts.LAYOUTS`; the widget's own unless given.

        Returns
        -------
        np.ndarray
            phi, (n_ch, T) float32, full scale 1. It loops without a seam. No gain is added: what is louder than full
            scale, because `gain_db` was raised, is so in the result. Of a clip, as long as the clip, as
            `MovingScene.render` has it.

        Raises
        ------
        ValueError
            If the layout is unknown, or a clip is rendered for a head that is turned.
        """
        return self._one_turn(layout or self.channel_layout) * np.float32(10 ** (self.gain_db / 20))

    def save(self, path: str | os.PathLike, layout: str | None = None, *, subtype: str = "PCM_16") -> pathlib.Path:
        """Write what is heard as a WAV with the layout's channel mask, or as a FLAC.

        Parameters
        ----------
        path : str or path
            The file; it appears when it is whole.
        layout, subtype : str
            As in `render` and `media.sound_files.write_sound`.

        Returns
        -------
        pathlib.Path
            `path`.

        Raises
        ------
        ValueError
            As `media.sound_files.write_sound`; if a sample is beyond full scale, lower `gain_db`.
        """
        if layout in EXPORTS:
            raise ValueError(
                f"{layout} has no levels and mutes; save the scene as it stands: .scene.save(path, {layout!r})"
            )
        layout = layouts.check_layout(layout or self.channel_layout)
        check_sound_file(path, layout, subtype)
        check_writable(path)
        how = {"layout": layout, "subtype": subtype, "description": self.scene.made_by()}
        return write_sound(path, self.render(layout), self._scene.sample_rate, **how)

    def _one_turn(self, layout: str) -> np.ndarray:
        if self._moving is not None:
            if layout == "binaural" and self.head_yaw_deg:
                raise ValueError(
                    f"head_yaw_deg={self.head_yaw_deg:g}: a clip is rendered for a head that looks ahead; set it to 0"
                )
            return self._whole_clip(layout)
        h = self.impulse_responses(layout)
        phi = np.zeros((h.shape[1], self._audio.shape[1]), dtype=np.float32)
        if len(h):
            dry = DrySpectra(self._audio, h.shape[2], loop=True)
            for k, factor in enumerate(self._factors()):
                if factor:
                    phi += np.float32(factor) * dry.wet(k, h[k])
        if not self.ambience_muted and not any(self.soloed):
            around = self._all_around(layout)[:, np.arange(phi.shape[1]) % self._all_around(layout).shape[1]]
            phi += np.float32(10 ** (self.ambience_level_db / 20)) * around
        return phi

    def _all_around(self, layout: str) -> np.ndarray:
        if layout not in self._around:
            self._around[layout] = all_around(self._scene, layout)
        return self._around[layout]

    # On real loudspeakers --------------------------------------------------------------------------------------------

    def send_adm_osc(self, host: str = "127.0.0.1", port: int = PORT, *, dmax_m: float | None = None) -> LiveRoomSender:
        """Tell a renderer for real loudspeakers by ADM-OSC where the sources are, and from then on what changes.

        Parameters
        ----------
        host : str
            The renderer's name or address; this machine unless another is named.
        port : int
            Its UDP port.
        dmax_m : float, optional
            The distance in metres that is sent as 1; by default the way to the farthest corner of the room.

        Returns
        -------
        LiveRoomSender
            Its ``close()`` ends the sending; so does `close` of this widget, and another call. Its ``resend()`` tells
            everything anew to a renderer that was started later.

        Raises
        ------
        ValueError
            If the host is not known, the port not in 1 to 65535, or `dmax_m` not positive.
        OSError
            If nothing can be sent there.
        ModuleNotFoundError
            Without python-osc, the extra ``osc``.

        Notes
        -----
        ADM-OSC 1.0 over UDP. Source k is object k + 1: its name, place (azimuth positive to the left), gain
        (`levels_db`, of a clip with what fades in and out) and mute (`muted`, or another one is solo). While a source
        is dragged, or a clip runs, at most 50 places a second are sent, and always the last. The renderer makes the
        room, so ours, the ambience and `gain_db` are not sent; the dry sounds reach it as its inputs.
        Notebook: 09_your_own.
        """
        if self._osc is not None:
            self._osc.close()
        self._osc = LiveRoomSender(self, host, port, dmax_m=dmax_m)
        return self._osc

    def close(self) -> None:
        """As every widget's; ends `send_adm_osc`, too."""
        if self._osc is not None:
            self._osc.close()
        super().close()

    # Another sound ---------------------------------------------------------------------------------------------------

    def generate(self, source: int, prompt: str | None = None, *, seed: int | None = None) -> np.ndarray:
        """Make the sound of one source anew, while the others play on.

        Parameters
        ----------
        source : int
            Which one, from 0.
        prompt : str, optional
            Text beside the source's picture; without it the picture alone decides.
        seed : int, optional
            By default one that was not used before: the scene's own, and one further at each attempt.

        Returns
        -------
        np.ndarray
            The source's new sound, (T,) float32; it is in `scene` and in the widget, too.

        Raises
        ------
        ValueError
            If there is no such source.
        RuntimeError
            If a sound is being made already, or the model's sounds are of another length than the scene's.
        """
        self._check_source(source)
        if not self._generating.acquire(blocking=False):
            raise RuntimeError("a sound is being made; wait until it is there")
        try:
            self._attempts[source] += 1
            if seed is None:
                seed = seed_of_source(self._scene.seed + self._attempts[source], source)
            patches, prompts = [self._scene.patches[source]], [prompt or None]
            captions = [self._scene.labels[source]["caption"]]
            tell = self._progress(source)
            made = self._audio_model().generate(patches, prompts, [seed], captions=captions, progress=tell)[0]
            if len(made) != self._audio.shape[1]:
                raise RuntimeError(
                    f"the new sound has {len(made)} samples, the others have {self._audio.shape[1]}; make it with the "
                    "model that made them: pass its pipeline to LiveRoom"
                )
            self._by_text[source] = known_of_text(prompt) if prompt else {}
            self._audio[source] = made
        except Exception:
            self._tell_progress(source, 1, 1, "")  # nothing more will come
            raise
        finally:
            self._generating.release()
        self.prompts = tuple((prompt or "") if k == source else text for k, text in enumerate(self.prompts))
        self._send_sound(source)
        return made

    def _check_source(self, source: int) -> None:
        if not 0 <= source < len(self._audio):
            numbered = f"they are numbered 0 to {len(self._audio) - 1}" if len(self._audio) else "the scene has none"
            raise ValueError(f"there is no source {short(source)}; {numbered}")

    def _source_of(self, content: dict[str, Any]) -> int:
        source = number(content, "source", whole=True)
        self._check_source(source)
        return source

    def _audio_model(self) -> See2Sound:
        if self._pipeline is None:
            from see2sound_nb.pipeline import See2Sound

            self._pipeline = See2Sound(preset=self._scene.preset)
        return self._pipeline

    def _progress(self, source: int) -> Progress:
        def tell(step: str, done: int, total: int) -> None:
            self._tell_progress(source, min(done, total - 1), total, f"step {done} of {total}")  # then comes the sound

        return tell

    def _tell_progress(self, source: int, done: int, total: int, text: str) -> None:
        self.send({"kind": "progress", "source": source, "done": done, "total": total, "text": text})

    def _send_sound(self, source: int, *, as_text: bool = False) -> None:
        self.send(*as_message({"kind": "sound", "source": source}, [self._audio[source]], as_text))

    # The browser's questions -----------------------------------------------------------------------------------------

    def _answer(self, widget: Any, content: dict[str, Any], buffers: list) -> None:
        """Answer a question of the front end; what goes wrong is said in the widget, where the question came from."""
        answers = {"start": self._start, "exact": self._exact, "generate": self._generate, "again": self._again}
        answers["picture"] = self._picture
        try:
            answers[check_message(content, answers)["kind"]](content)
        except Exception as error:  # a handler of messages has no caller: its errors would end in a log
            self._say(content, f"{type(error).__name__}: {error}")

    def _say(self, content: Any, text: str) -> None:
        about, sequence = label(content, "kind"), label(content, "sequence")
        self.send({"kind": "error", "about": about, "sequence": sequence, "text": said(text)})

    def _start(self, content: dict[str, Any]) -> None:
        clip = None if self._moving is None else clip_message(self._moving, self._audio)
        self.send(
            *scene_message(
                content, self._scene, self._audio, self.labels, self._most_reflections, self._all_around, clip
            )
        )

    def _exact(self, content: dict[str, Any]) -> None:
        self.send(*exact_message(content, self._scene, self._most_reflections))

    def _picture(self, content: dict[str, Any]) -> None:
        """Send the clip's film beside the kernel's own work: it may have to be coded anew."""
        if self._moving is None:
            raise ValueError("a photo has no film")
        clip, as_text = self._moving.clip, bool(content.get("as_text", False))
        if as_text in self._picturing:  # it is on its way
            return
        self._picturing.add(as_text)

        def work() -> None:
            try:
                with self._filming:
                    self._film = self._film or picture_of(clip)
                self.send(*as_message(*self._film, as_text))
            except Exception as error:  # a thread has no caller
                told = said(f"The clip's picture cannot be read ({error}); the sound works.")
                self.send(*as_message({"kind": "picture", "text": told}, [], as_text))
            finally:
                self._picturing.discard(as_text)

        threading.Thread(target=work, daemon=True).start()

    def _generate(self, content: dict[str, Any]) -> None:
        """Make a sound beside the kernel's own work: it must go on answering."""
        source, prompt = self._source_of(content), text(content, "prompt").strip() or None

        def work() -> None:
            try:
                self.generate(source, prompt)
            except Exception as error:  # a thread has no caller either
                self._say(content, f"No new sound: {error}")

        threading.Thread(target=work, daemon=True).start()

    def _again(self, content: dict[str, Any]) -> None:
        """Send as text what a front end has lost."""
        what = text(content, "what")
        if what == "sound":
            self._send_sound(self._source_of(content), as_text=True)
        elif what == "picture":
            self._picture({"as_text": True})
        else:
            self._start({"sequence": None, "as_text": True})


def _check_scene(scene: Scene | MovingScene) -> None:
    if not isinstance(scene, Scene | MovingScene):
        raise TypeError(f"LiveRoom shows a Scene, and this is {type(scene).__name__}; make one with See2Sound.run")
    if scene.room.microphones_m is not None:
        raise ValueError(
            "in a scene with geometry='paper' six microphones stand in a room of hundreds of metres; a live room has "
            "a listener: run the pipeline with geometry='metric'"
        )
