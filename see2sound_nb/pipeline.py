"""See2Sound: the five steps of the paper's figure 2, in order, and nothing else.

Notebook: 00_start_here.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from see2sound_nb._checks import check_text
from see2sound_nb._progress import Progress, quiet
from see2sound_nb._threads import torch_threads, uncollected
from see2sound_nb.media.clip_frames import read_frames
from see2sound_nb.media.clips import Clip, is_clip, open_clip
from see2sound_nb.media.pictures import read_image
from see2sound_nb.models import effort
from see2sound_nb.models.devices import find_device, is_small
from see2sound_nb.models.loading import fetch_missing
from see2sound_nb.models.table import PRESETS, find_model
from see2sound_nb.moving.moving_scene import MovingScene
from see2sound_nb.moving.run_clip import run_clip
from see2sound_nb.places.lifting import DEFAULT_FOV_DEG
from see2sound_nb.places.loading import load_depth
from see2sound_nb.places.placing import place_sources
from see2sound_nb.regions.ambience import describe_ambience
from see2sound_nb.regions.loading import load_sam
from see2sound_nb.regions.sources import WAYS_TO_SELECT, Regions, check_masks, find_sources, regions_of_masks
from see2sound_nb.room.shoebox import room_of_scene
from see2sound_nb.scene import Scene
from see2sound_nb.sounds import generation
from see2sound_nb.sounds.ambience import Ambience
from see2sound_nb.sounds.free_text import notes_of_text
from see2sound_nb.sounds.generation import MOST_SOURCES, seed_of_ambience, seed_of_source
from see2sound_nb.sounds.loading import load_audio

#: A scene in which nothing sounds lasts so long, in seconds.
SILENCE_S = 5.12


class See2Sound:
    """From a photo to spatial audio.

    Parameters
    ----------
    preset : str
        ``"tiny"`` (in the package, offline, any laptop), ``"small"`` (SAM ViT-B and Depth Anything S, about
        0.5 GB of downloads) or ``"paper"`` (SAM ViT-H, Depth Anything L and CoDi; a GPU).
    device : str
        As torch names it; ``"auto"`` takes a CUDA device where there is one, except for ``tiny``.
    segmentation, depth, audio : str, optional
        Another model of `models.table.MODELS` in place of the preset's.
    low_memory : bool, optional
        Keep one model at a time in memory, and of CoDi on a GPU only the layer that runs. By default so with a
        model of the preset ``"paper"`` on a GPU of less than 14 GB or a CPU of less than 24 GB.

    Raises
    ------
    ValueError
        If the preset or a model is unknown.

    Notes
    -----
    Models are loaded when a run first needs them. Paper: section 4, figure 2. Notebook: 00_start_here.
    """

    def __init__(
        self,
        preset: str = "tiny",
        *,
        device: str = "auto",
        segmentation: str | None = None,
        depth: str | None = None,
        audio: str | None = None,
        low_memory: bool | None = None,
    ):
        if preset not in PRESETS:
            raise ValueError(f"preset {preset!r} is unknown; choose one of {', '.join(PRESETS)}")
        chosen = {"segmentation": segmentation, "depth": depth, "audio": audio}
        names = {task: chosen[task] or name for task, name in PRESETS[preset].items()}
        for task, name in names.items():
            find_model(name, task)
        self.preset = preset
        self.names = names
        self.device = find_device(device, preset)
        self.low_memory = is_small(self.device, names.values()) if low_memory is None else low_memory
        self._loaded: dict[str, Any] = {}

    def model(self, task: str) -> Any:
        """The loaded model of a task: what `load_sam`, `load_depth` or `load_audio` returns."""
        if task not in self._loaded:
            if self.low_memory:
                self._loaded.clear()
                gc.collect()  # hooks and adapters refer to each other in circles
            with uncollected():
                if task == "audio":
                    loaded = load_audio(self.names[task], device=self.device, low_memory=self.low_memory)
                else:
                    load = {"segmentation": load_sam, "depth": load_depth}[task]
                    loaded = load(self.names[task], device=self.device)
            self._loaded[task] = loaded
        return self._loaded[task]

    def estimate_seconds(
        self, sources: int = 3, steps: int | None = None, *, masks=None, ambience: bool = True
    ) -> float:
        """About how long `run` will take, in seconds, where that is long: on a CPU, with published models; else 0."""
        if self.device != "cpu":
            return 0.0
        if masks is None:
            return effort.estimate_seconds(self.names, sources + ambience, steps)
        names = self.names | {"segmentation": PRESETS["tiny"]["segmentation"]}  # there is nothing to find
        return effort.estimate_seconds(names, len(masks) + ambience, steps)

    def run(
        self,
        photo,
        sources: int = 3,
        prompt: str | None = None,
        seed: int = 0,
        *,
        select: str = "sounds",
        geometry: str = "metric",
        fov_deg: float = DEFAULT_FOV_DEG,
        steps: int | None = None,
        masks: np.ndarray | None = None,
        ambience: bool = True,
        frame: int = 0,
        keep: str | os.PathLike | None = None,
        progress: Progress | None = None,
    ) -> Scene | MovingScene:
        """Find the sources in a photo or a clip, place them, and give each its sound, and the whole its ambience.

        Parameters
        ----------
        photo : str, path, bytes, binary file, PIL.Image.Image, np.ndarray, torch.Tensor or Clip
            As `media.pictures.read_image` takes it; or a film, an animation (GIF, APNG, WebP, AVIF), frames
            (F, H, W, 3) uint8 at 25 a second, or a clip as from `media.clips.open_clip`.
        sources : int
            At most this many sources, 1 to 10; of a clip, so many at a time.
        prompt : str, optional
            Text that conditions every source's sound beside its patch.
        seed : int
            The same seed gives the same sound.
        select : str
            ``"sounds"`` (what a listener would choose, see `regions.choosing.choose_sources`) or ``"area"`` (the
            largest masks, as in the paper's code).
        geometry : str
            ``"metric"`` (listener at the camera, in a room in metres) or ``"paper"`` (appendix A).
        fov_deg : float
            The camera's horizontal field of view in degrees.
        steps : int, optional
            Diffusion steps; by default the audio model's own.
        masks : np.ndarray, optional
            (N, H, W) bool, 1 to 10 regions chosen by hand, none of them empty, H and W those of
            ``media.read_image(photo)``. They become the sources as they are and in their order: no region is looked
            for, and ``sources`` and ``select`` have no say. Of a clip they are regions of `frame`, as
            `moving.read_frame` shows it, and are followed from there; other shots are as without.
        ambience : bool
            Whether the scene has what the photo sounds like as a whole (`Scene.ambience`) beside its sources.
        frame : int
            Of a clip with `masks`, the frame that they are drawn in.
        keep : str or path, optional
            Of a clip, a folder for finished parts of the work: a run that was stopped goes on from there.
        progress : callable, optional
            Called as ``progress(step, done, total)``.

        Returns
        -------
        Scene
            Or for a clip of more than one frame a `moving.MovingScene`.

        Raises
        ------
        ValueError
            If an argument is out of range, the photo or clip cannot be read, or the masks do not fit it.

        Warns
        -----
        UserWarning
            Before it starts, if it will take longer than a minute (`estimate_seconds`).
        """
        check_run(sources, select, geometry, seed, prompt)
        tell, photo = progress or quiet, clip_or_photo(photo)
        if isinstance(photo, Clip):
            how: dict = dict(select=select, geometry=geometry, fov_deg=fov_deg, steps=steps, ambience=ambience)
            return run_clip(self, photo, sources, prompt, seed, masks=masks, frame=frame, keep=keep, tell=tell, **how)
        I, masks, unusual = self._prepare(photo, sources, steps, masks, ambience)
        # 1. Regions of interest: masks M, contours c_k, polygons P_k (Eq. 2), boxes R_k (Eq. 3), patches I_p
        with torch_threads(self._threads("segmentation")):
            if masks is None:
                found = find_sources(I, sources, *self.model("segmentation"), select=select, tell=tell)
            else:
                found = regions_of_masks(I, masks)
        # 2. Depth D, and lifting to (x, y, z)
        with torch_threads(self._threads("depth")):
            places = place_sources(
                I, found.masks, found.boxes, *self.model("depth"), geometry=geometry, fov_deg=fov_deg, tell=tell
            )
        # 3. Mono audio A of each patch, and of the ambience of the whole
        around = [describe_ambience(I, found.logits)] if ambience else []
        A = self._sounds(found, around, prompt, seed, steps=steps, progress=progress)
        # 4. The room around the listener and the sources
        room, said = room_of_scene(places.positions_m, I.shape[1::-1], geometry)
        # 5. The scene renders it for the layout that is asked for (Eq. 4 and 5)
        return Scene(
            image=I,
            masks=found.masks,
            contours=found.contours,
            polygons=found.polygons,
            boxes=found.boxes,
            patches=found.patches,
            labels=found.labels,
            depth=places.depth,
            positions_m=places.positions_m,
            audio=A[: len(found)],
            sample_rate=self.model("audio").sample_rate,
            room=room,
            geometry=geometry,
            preset=self.preset,
            seed=seed,
            notes=[*unusual, *found.notes, *places.notes, *said, *self.notes_of_text(prompt)],
            metric_depth=places.metric,
            prompt=prompt,
            ambience=Ambience(**around[0], audio=A[-1]) if ambience else None,
            fov_deg=fov_deg,
        )

    def generate(
        self,
        patches: Sequence[np.ndarray | None],
        prompts: Sequence[str | None],
        seeds: Sequence[int],
        *,
        captions: Sequence[str] | None = None,
        steps: int | None = None,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Make the sounds of patches, as step 3 of `run` does; source k of a run has the seed ``10 * seed + k``.

        Parameters
        ----------
        patches : sequence of np.ndarray or None
            N patches I_p, each (h, w, 3) uint8 RGB; None where the text alone decides. N may be 0.
        prompts : sequence of str or None
            N texts that condition the sounds beside their patches; None or ``""`` where there is none.
        seeds : sequence of int
            N seeds, 0 to 2**63 - 1. The same patch, text and seed give the same sound.
        captions : sequence of str, optional
            N sentences that the patches were named with; see `sounds.generation.generate`.
        steps : int, optional
            Diffusion steps; by default the audio model's own.
        progress : callable, optional
            Called as ``progress("audio", done, total)``.

        Returns
        -------
        np.ndarray
            A, (N, T) float32, full scale 1, at ``model("audio").sample_rate`` Hz, all at `SOURCE_LEVEL_DB`
            (-23 dB RMS); each repeats seamlessly.

        Raises
        ------
        ValueError
            If there is not one prompt and one seed for each patch, or one is out of range.

        Notes
        -----
        Paper: section 4.2, A. Notebook: 00_start_here.
        """
        codi = self.model("audio")
        if not len(patches) and not len(seeds):
            return np.zeros((0, round(SILENCE_S * codi.sample_rate)), dtype=np.float32)
        sounds_alone = PRESETS["tiny"] | {"audio": self.names["audio"]}
        seconds = effort.estimate_seconds(sounds_alone, len(seeds), steps) if self.device == "cpu" else 0.0
        codi.set_progress_bar_config(disable=progress is not None or seconds < effort.LONG_S)
        return generation.generate(codi, patches, prompts, seeds, steps, captions=captions, tell=progress or quiet)

    def _sounds(self, found: Regions, around: list[dict[str, Any]], prompt: str | None, seed: int, **how) -> np.ndarray:
        """Sounds of the sources, and after them of what is heard all around, in one batch where the model can."""
        seeds = [seed_of_source(seed, k) for k in range(len(found))] + [seed_of_ambience(seed)] * len(around)
        prompts = [prompt] * len(found) + [seen["caption"] for seen in around]
        captions = [seen["caption"] for seen in (*found.labels, *around)]
        return self.generate([*found.patches, *[None] * len(around)], prompts, seeds, captions=captions, **how)

    def _threads(self, task: str) -> int | None:
        """One for a shipped model: it gains nothing from two, and its last bits would depend on their number."""
        card = find_model(self.names[task], task)
        return 1 if card.source == "package" and card.adapter is None else None

    def notes_of_text(self, prompt: str | None) -> list[str]:
        """What the tiny CoDi, which knows a few kinds of sound, makes of a text; CoDi takes any."""
        return notes_of_text(prompt) if self.names["audio"] == "tiny-codi" else []

    def _prepare(
        self, photo, sources: int, steps: int | None, masks, ambience: bool
    ) -> tuple[np.ndarray, Any, list[str]]:
        """The photo, masks that fit it, and notes; what is missing is fetched, and what takes long is said."""
        notes: list[str] = []
        I = read_image(photo, notes)
        if masks is not None:
            masks = check_masks(masks, I.shape[:2])
        fetch_missing(name for task, name in self.names.items() if masks is None or task != "segmentation")
        seconds = self.estimate_seconds(sources, steps, masks=masks, ambience=ambience)
        if seconds >= effort.LONG_S:
            warnings.warn(f"this will take {effort.describe(seconds)} on this CPU", stacklevel=3)
        return I, masks, notes


def clip_or_photo(source) -> Any:
    """A `Clip` of several frames, if that is what a source is; else a photo: of a clip of one frame, that frame."""
    if not is_clip(source):
        return source
    clip = open_clip(source)
    return clip if len(clip) > 1 else next(read_frames(clip))


def check_run(sources: int, select: str, geometry: str, seed: int, prompt: str | None = None) -> None:
    """Raise ValueError if an argument of a run is out of range."""
    if not 1 <= sources <= MOST_SOURCES:
        raise ValueError(f"sources={sources} must lie in 1 to {MOST_SOURCES}; more cannot be told apart by ear")
    if not 0 <= seed < 2**59:
        raise ValueError(f"seed={seed} must lie in 0 to 2**59 - 1; choose another")
    if select not in WAYS_TO_SELECT:
        raise ValueError(f"select={select!r} is unknown; choose 'sounds' or 'area'")
    if geometry not in ("metric", "paper"):
        raise ValueError(f"geometry={geometry!r} is unknown; choose 'metric' or 'paper'")
    check_text("prompt", prompt)
