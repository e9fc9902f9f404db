"""See2Sound: the five steps of the paper's figure 2, in order, and nothing else.

Notebook: 00_start_here.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from see2sound_nb import depth, effort, geometry, labels, loading, media, models, regions, room, segmentation
from see2sound_nb._arguments import MOST_SOURCES, check_masks, check_run, find_device, is_small
from see2sound_nb.audio import sounds_of_patches
from see2sound_nb.scene import Scene

#: A metric depth model may answer with nothing or with the sky; a room of ours holds depths in metres between these.
METRIC_RANGE_M = (0.3, 100.0)

Progress = Callable[[str, int, int], None]


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
        Another model of `models.MODELS` in place of the preset's.
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
        if preset not in models.PRESETS:
            raise ValueError(f"preset {preset!r} is unknown; choose one of {', '.join(models.PRESETS)}")
        chosen = {"segmentation": segmentation, "depth": depth, "audio": audio}
        names = {task: chosen[task] or name for task, name in models.PRESETS[preset].items()}
        for task, name in names.items():
            models.find_model(name, task)
        self.preset = preset
        self.names = names
        self.device = find_device(device, preset)
        self.low_memory = is_small(self.device, names) if low_memory is None else low_memory
        self._loaded: dict[str, Any] = {}

    def model(self, task: str) -> Any:
        """The loaded model of a task: what `loading.load_sam`, `load_depth` or `load_audio` returns."""
        if task not in self._loaded:
            if self.low_memory:
                self._loaded.clear()
                gc.collect()  # hooks and adapters refer to each other in circles
            if task == "audio":
                loaded = loading.load_audio(self.names[task], device=self.device, low_memory=self.low_memory)
            else:
                load = {"segmentation": loading.load_sam, "depth": loading.load_depth}[task]
                loaded = load(self.names[task], device=self.device)
            self._loaded[task] = loaded
        return self._loaded[task]

    def estimate_seconds(self, sources: int = 3, steps: int | None = None, *, masks=None) -> float:
        """About how long `run` will take, in seconds, where that is long: on a CPU, with published models; else 0."""
        if self.device != "cpu":
            return 0.0
        if masks is None:
            return effort.estimate_seconds(self.names, sources, steps)
        names = self.names | {"segmentation": models.PRESETS["tiny"]["segmentation"]}  # there is nothing to find
        return effort.estimate_seconds(names, len(masks), steps)

    def run(
        self,
        photo,
        sources: int = 3,
        prompt: str | None = None,
        seed: int = 0,
        *,
        select: str = "sounds",
        geometry: str = "metric",
        fov_deg: float = geometry.DEFAULT_FOV_DEG,
        steps: int | None = None,
        masks: np.ndarray | None = None,
        progress: Progress | None = None,
    ) -> Scene:
        """Find the sources in a photo, place them, and give each its sound.

        Parameters
        ----------
        photo : str, path, PIL.Image.Image or np.ndarray
            As `media.read_image` takes it.
        sources : int
            At most this many sources, 1 to 10.
        prompt : str, optional
            Text that conditions every source's sound beside its patch.
        seed : int
            The same seed gives the same sound.
        select : str
            ``"sounds"`` (what a listener would choose, see `segmentation.choose_sources`) or ``"area"`` (the
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
            for, and ``sources`` and ``select`` have no say.
        progress : callable, optional
            Called as ``progress(step, done, total)``.

        Returns
        -------
        Scene

        Raises
        ------
        ValueError
            If an argument is out of range, the photo cannot be read, or the masks do not fit it.

        Warns
        -----
        UserWarning
            Before it starts, if it will take longer than a minute (`estimate_seconds`).
        """
        check_run(sources, select, geometry, seed)
        tell = progress or _quiet
        notes: list[str] = []
        I = media.read_image(photo)
        if masks is not None:
            masks = check_masks(masks, I.shape[:2])
        loading.fetch_missing(name for task, name in self.names.items() if masks is None or task != "segmentation")
        self._say_how_long(sources, steps, masks)
        # 1. Regions of interest: masks M, contours c_k, polygons P_k (Eq. 2), boxes R_k (Eq. 3), patches I_p
        if masks is None:
            M, named = self._regions_of_interest(I, sources, select, tell, notes)
        else:
            M, named = masks, labels.describe_patches(_patches(I, masks))
        C = regions.contours_from_masks(M)
        P, R = regions.polygons_from_contours(C), regions.boxes_from_contours(C)
        I_p = regions.patches_from_boxes(I, R)
        # 2. Depth D: inverse; of a metric model in 1/m, else without scale and zero
        D, metric = self._inverse_depth(I, tell)
        # 3. Lifting to (x, y, z)
        positions_m, hall = _lift(M, R, D, geometry, fov_deg, notes, metric=metric)
        # 4. Mono audio A of each patch
        seeds = [seed * MOST_SOURCES + k for k in range(len(M))]
        A = self.generate(I_p, [prompt] * len(M), seeds, steps=steps, progress=progress)
        rate = self.model("audio").sample_rate
        # 5. The room and its impulse responses (Eq. 4 and 5) are computed for the layout that is asked for
        return Scene(
            I, M, C, P, R, I_p, named, D, positions_m, A, rate, hall, geometry, self.preset, seed, notes, metric, prompt
        )

    def generate(
        self,
        patches: Sequence[np.ndarray],
        prompts: Sequence[str | None],
        seeds: Sequence[int],
        *,
        steps: int | None = None,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Make the sounds of patches, as step 4 of `run` does; source k of a run has the seed ``10 * seed + k``.

        Parameters
        ----------
        patches : sequence of np.ndarray
            N patches I_p, each (h, w, 3) uint8 RGB.
        prompts : sequence of str or None
            N texts that condition the sounds beside their patches; None or ``""`` where there is none.
        seeds : sequence of int
            N seeds, 0 to 2**63 - 1. The same patch, text and seed give the same sound.
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
        sounds_alone = models.PRESETS["tiny"] | {"audio": self.names["audio"]}
        seconds = effort.estimate_seconds(sounds_alone, len(seeds), steps) if self.device == "cpu" else 0.0
        codi = self.model("audio")
        codi.set_progress_bar_config(disable=progress is not None or seconds < effort.LONG_S)
        return sounds_of_patches(codi, patches, prompts, seeds, steps, progress or _quiet)

    def _say_how_long(self, sources, steps, masks) -> None:
        seconds = self.estimate_seconds(sources, steps, masks=masks)
        if seconds >= effort.LONG_S:
            warnings.warn(f"this will take {effort.describe(seconds)} on this CPU", stacklevel=3)

    def _regions_of_interest(self, I, sources, select, tell, notes):
        tell("regions", 0, 2)
        M, quality = segmentation.automatic_masks(I, *self.model("segmentation"))
        M = segmentation.without_specks(M)
        tell("regions", 1, 2)
        if select == "area":
            M = M[segmentation.largest_sources(M, sources)]
        else:
            candidates = segmentation.candidate_sources(M, quality)
            M, quality = M[candidates], quality[candidates]
        named = labels.describe_patches(_patches(I, M))
        if select == "sounds" and len(M):
            alone = labels.describe_patches(_seen_alone(I, M))
            sounds = [labels.likelihood_of_sound(*looks) for looks in zip(named, alone)]
            kinds = [label["sound_class"] for label in named]
            chosen = segmentation.choose_sources(M, quality, sounds, sources, kinds=kinds)
            M, named = M[chosen], [named[k] for k in chosen]
        if len(M) == 0:
            notes.append("No region was found: the whole picture becomes one ambient source.")
            warnings.warn(notes[-1], stacklevel=3)
            M, named = np.ones((1, *I.shape[:2]), dtype=bool), labels.describe_patches([I])
        elif len(M) < sources:
            notes.append(f"{sources} sources were asked for; {len(M)} were found that do not overlap.")
        tell("regions", 2, 2)
        return M, named

    def _inverse_depth(self, I, tell):
        tell("depth", 0, 1)
        model, processor = self.model("depth")
        D = depth.estimate_depth(I, model, processor)
        tell("depth", 1, 1)
        return D, depth.is_metric(model)


def _quiet(step: str, done: int, total: int) -> None:
    """Progress that nobody asked for."""


def _patches(I: np.ndarray, M: np.ndarray) -> list[np.ndarray]:
    return regions.patches_from_boxes(I, regions.boxes_from_contours(regions.contours_from_masks(M)))


def _seen_alone(I: np.ndarray, M: np.ndarray) -> list[np.ndarray]:
    """Each region on a ground of its own mean colour: a flat grey would draw an outline that it does not have."""
    cut_out = [np.where(mask[..., None], I, I[mask].mean(axis=0)).astype(np.uint8) for mask in M]
    return [_patches(picture, mask[None])[0] for picture, mask in zip(cut_out, M)]


def _lift(M, R, D, kind, fov_deg, notes, *, metric=False):
    height, width = D.shape
    centres = regions.box_centres(R)
    if kind == "paper":
        shoebox, said = room.paper_room((width, height))
        notes.extend(said)
        return geometry.paper_positions(centres, D, shoebox.listener_m), shoebox
    if M.all():  # the ambient source has no place: straight ahead, half way between near and far
        positions_m = np.tile([0.0, np.sqrt(geometry.NEAR_M * geometry.FAR_M), 0.0], (len(M), 1))
    else:
        depth_m = 1 / D if metric else geometry.metres_from_inverse_depth(D)
        found_m = np.array([np.median(depth_m[mask]) for mask in M])
        depths_m = np.clip(found_m, *METRIC_RANGE_M)
        if (depths_m != found_m).any():
            least, most = METRIC_RANGE_M
            notes.append(
                f"Depths of {found_m.min():.2g} to {found_m.max():.2g} m were moved into {least:g} to {most:g} m."
            )
        positions_m = geometry.lift(centres, depths_m, (width, height), fov_deg=fov_deg)
    return positions_m, room.room_around(positions_m)
