"""A photo to click on: every click is answered with the region under it, and the kept regions become sources.

This file has one class, the widget as Python holds it: clicks, the region that they find, and the list of those kept.
All that changes them, by mouse or from Python, goes the same way: it is checked, done, and told to every view.

Notebook: 06_live_room.
"""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import traitlets

from see2sound_nb.media.pictures import read_image
from see2sound_nb.models import effort, table
from see2sound_nb.notebook.widgets import _assets
from see2sound_nb.notebook.widgets import click_to_segment_checks as checks
from see2sound_nb.notebook.widgets._messages import as_message, check_message, entries, label, number, said, short
from see2sound_nb.notebook.widgets.click_to_segment_assets import Click, Region, figure_html, jpeg
from see2sound_nb.notebook.widgets.kernel_widget import KernelWidget
from see2sound_nb.notebook.widgets.live_room_assets import players_html
from see2sound_nb.notebook.widgets.live_room_state import RangeError
from see2sound_nb.pipeline import See2Sound
from see2sound_nb.regions.clicks import ClickPredictor
from see2sound_nb.scene import Scene
from see2sound_nb.sounds.generation import MOST_SOURCES

#: The steps of a run with chosen masks, in words, and the share of the progress bar at which each begins and ends.
STEPS = {"depth": ("Estimating the depth", 0.0, 0.15), "audio": ("Making the sounds", 0.15, 1.0)}


class ClickToSegment(KernelWidget):
    """A photo whose regions are chosen by clicks; the regions become the sources of a scene.

    A click finds the region under the pointer. With Shift, a click outside of it adds to the region, and one inside
    takes away. All that the mouse does can be done from Python, too, and shows in the widget.

    Parameters
    ----------
    image : str, path, bytes, binary file, PIL.Image.Image, np.ndarray or torch.Tensor
        As `media.pictures.read_image` takes it.
    pipeline : See2Sound, optional
        Whose models find the regions and make the sources; by default one of the preset ``"tiny"``.

    Attributes
    ----------
    image : np.ndarray
        I, (H, W, 3) uint8 RGB, as read. Read-only.
    scene : Scene or None
        What the last "Make sources" made; None before. Read-only; it can be observed: ``w.observe(f, "scene")``.

    Raises
    ------
    FileNotFoundError, ValueError
        If the photo cannot be read.
    TypeError
        If `image` or `pipeline` is something else.

    Notes
    -----
    Pixels are those of `image`: x to the right, y down. Paper: section 4.1, M. Notebook: 06_live_room.
    """

    _esm = _assets.module("click_to_segment.js")
    _css = _assets.style("theme.css", "click_to_segment.css")

    scene = traitlets.Any(None, allow_none=True)

    def __init__(self, image: Any, *, pipeline: See2Sound | None = None):
        checks.check_pipeline(pipeline)
        self._image = read_image(image)
        self._pipeline = See2Sound(preset="tiny") if pipeline is None else pipeline
        self._predictor: ClickPredictor | None = None
        self._clicks: list[Click] = []
        self._region: Region | None = None
        self._kept: list[Region] = []
        self._numbers = self._version = 0
        self._busy = False
        self._made: Scene | None = None
        self._request: dict[str, Any] = {}
        self._status = {"text": "Click on a thing that sounds.", "kind": "ok"}
        super().__init__()
        self.on_msg(self._answer)

    def __repr__(self) -> str:
        (height, width), count = self.image.shape[:2], len(self._kept)
        return f"ClickToSegment({width} x {height} px, {count} region{'' if count == 1 else 's'})"

    def _page_html(self) -> str:
        """The photo with the kept regions, and how the sources sound that were made: for readers without a kernel."""
        page = figure_html(self.image, self._kept, repr(self))
        if self.scene is None or self.scene.geometry != "metric":  # that of the paper has no head
            return page
        return page + players_html(self.scene, self.scene.render("binaural"))

    @property
    def image(self) -> np.ndarray:  # described above
        return self._image

    @image.setter
    def image(self, value: Any) -> None:
        raise ValueError(f"image would be {short(value)}; a widget keeps its photo: make another one")

    @traitlets.validate("scene")
    def _check_scene(self, proposal: Any) -> Scene | None:
        if proposal.value is not self._made:
            raise RangeError(f"scene would be {short(proposal.value)}; only make_sources sets it: call that")
        return self._made

    # What the mouse does, too ----------------------------------------------------------------------------------------

    @property
    def mask(self) -> np.ndarray:
        """(H, W) bool, the region that the last clicks found; all False before a click and after `keep`."""
        return np.zeros(self.image.shape[:2], dtype=bool) if self._region is None else self._region.mask.copy()

    @property
    def masks(self) -> np.ndarray:
        """(N, H, W) bool, the kept regions; N may be 0."""
        return np.array([region.mask for region in self._kept], dtype=bool).reshape(-1, *self.image.shape[:2])

    def click(self, x_px: float, y_px: float, extend: bool = False) -> None:
        """Find the region at a pixel. The first click encodes the photo and takes longer.

        Parameters
        ----------
        x_px, y_px : float
            Pixel of `image`, x to the right, y down.
        extend : bool
            As with Shift: change the region, which grows by what is clicked outside and loses what is clicked inside.
            Without a region it is a plain click.

        Raises
        ------
        ValueError
            If the click is outside of the photo, or no region obeys it; then all stays as it was.
        TypeError
            If a coordinate is no number.
        """
        self._check_idle()
        height, width = self.image.shape[:2]
        checks.check_pixel(x_px, y_px, width, height)
        clicks = list(self._clicks) if extend else []
        positive = not (clicks and self.mask[int(y_px), int(x_px)])
        clicks.append((x_px, y_px, positive))
        mask, quality = self._mask_of(clicks)
        # Clicks may contradict each other: then the last one counts, and not the nearest of the others.
        while mask[int(y_px), int(x_px)] != positive and (others := checks.opposed(clicks)):
            clicks.remove(min(others, key=lambda click: math.dist(click[:2], (x_px, y_px))))
            mask, quality = self._mask_of(clicks)
        if not mask.any() or mask[int(y_px), int(x_px)] != positive:
            raise ValueError(f"the click at ({x_px:g}, {y_px:g}) finds no such region; click on another part of it")
        self._numbers += 1
        self._clicks, self._region = clicks, Region(self._numbers, mask, quality)
        share = 100 * float(mask.mean())
        percent = f"{share:.0f}" if share >= 1 else f"{share:.1g}"
        self._publish(f"Region of {percent} % of the photo; SAM's own guess of its fit: {quality:.2f}.", with_mask=True)

    def keep(self) -> None:
        """Put the region on the list.

        Raises
        ------
        ValueError
            If there is no region, the list is full, or the same region is on it.
        """
        self._check_idle()
        if self._region is None:
            raise ValueError("there is no region to keep; click on a thing first")
        if len(self._kept) == MOST_SOURCES:
            raise ValueError(f"{MOST_SOURCES} regions are kept, and there cannot be more; remove one first")
        checks.check_new(self._region, self._kept)
        self._kept.append(self._region)
        self._clicks, self._region = [], None
        self._publish(f"Region {len(self._kept)} is kept. Click on the next thing, or make the sources.")
        self._renew_page()

    def remove(self, k: int) -> None:
        """Take region `k`, counted from 0, off the list; those behind it move up.

        Raises
        ------
        ValueError
            If there is no such region.
        TypeError
            If `k` is no whole number.
        """
        self._check_idle()
        checks.check_place(k, len(self._kept))
        del self._kept[k]
        self._publish(f"Region {k + 1} was removed.")
        self._renew_page()

    def clear(self) -> None:
        """Start again: no region, none kept. The scene stays."""
        self._check_idle()
        self._clicks, self._region, self._kept = [], None, []
        self._publish("All regions are gone. Click on a thing that sounds.")
        self._renew_page()

    def make_sources(self, **run_options: Any) -> Scene:
        """Make a scene of the kept regions.

        Parameters
        ----------
        **run_options
            Of `See2Sound.run`, such as ``seed`` or ``prompt``.

        Returns
        -------
        Scene
            As `scene`; source k is region k.

        Raises
        ------
        ValueError
            If no region is kept, or an option is out of range.
        """
        self._check_idle()
        if not self._kept:
            raise ValueError("no region is kept; click on a thing and keep it first")
        masks = self.masks
        also_tell = run_options.pop("progress", None)

        def tell(step: str, done: int, total: int) -> None:
            text, first, last = STEPS[step]
            self.send({"kind": "progress", "text": text, "share": first + (last - first) * done / total})
            if also_tell is not None:
                also_tell(step, done, total)

        seconds = self._pipeline.estimate_seconds(
            steps=run_options.get("steps"), masks=masks, ambience=run_options.get("ambience", True)
        )
        duration = f": this takes {effort.describe(seconds)}" if seconds >= effort.LONG_S else ""
        outcome = "The sources were not made.", "error"
        if self._pipeline.low_memory:  # which keeps one model at a time, and this one would be a second
            self._predictor = None
        self._busy = True
        self._publish(f"The sources are being made{duration}.", "busy")
        try:
            scene = cast(Scene, self._pipeline.run(self.image, masks=masks, progress=tell, **run_options))
            names = ", ".join(f"{k} {label['label']}" for k, label in enumerate(scene.labels, start=1))
            left_out = " The region in white was not kept and is not among them." if self._region else ""
            outcome = f"The scene is ready: {names}. It is the attribute `scene` of this widget.{left_out}", "ok"
        finally:
            self._busy = False
            self._publish(*outcome)
        self._made = scene
        self.scene = scene
        self._renew_page()
        return scene

    def _check_idle(self) -> None:
        if self._busy:
            raise ValueError("the sources are being made; wait until they are there")

    def _mask_of(self, clicks: list[Click]) -> tuple[np.ndarray, float]:
        if self._predictor is None:
            self._busy = True
            tiny = self._pipeline.names["segmentation"] == table.PRESETS["tiny"]["segmentation"]
            duration = "a few seconds" if tiny else "a large model on a CPU takes minutes"
            self._publish(f"Looking at the photo for the first time ({duration}).", "busy")
            try:
                self._predictor = ClickPredictor(self.image, self._pipeline.model("segmentation")[0])
            finally:
                self._busy = False
                self._publish("The first look is over.")
        return self._predictor.mask_at(
            np.array([(x, y) for x, y, _ in clicks]), np.array([positive for _, _, positive in clicks])
        )

    # The browser's requests ------------------------------------------------------------------------------------------

    def _answer(self, widget: Any, content: dict[str, Any], buffers: list) -> None:
        """Do what the front end asks for; what goes wrong is said in the widget, where the request came from."""
        answers = {
            "start": self._start,
            "masks": self._send_masks,
            "click": lambda asked: self.click(asked.get("x"), asked.get("y"), bool(asked.get("extend"))),
            "keep": lambda asked: self.keep(),
            "remove": lambda asked: self.remove(number(asked, "region", whole=True)),
            "clear": lambda asked: self.clear(),
            "make": lambda asked: self.make_sources(),
        }
        try:
            self._request = check_message(content, answers)
            if content["kind"] == "make" and content.get("version") != self._version:
                raise ValueError("something has changed since the button was pressed; look, and press it again")
            answers[content["kind"]](content)
        except ValueError as error:
            text = said(error)
            self._publish(f"{text[:1].upper()}{text[1:]}.", "error")
        except Exception as error:  # a handler of messages has no caller: its errors would end in a log
            self._publish(said(f"{type(error).__name__}: {error}"), "error")
        finally:
            self._request = {}

    def _start(self, asked: dict[str, Any]) -> None:
        told = {"kind": "photo", "size": list(self.image.shape[1::-1])}
        self.send(*as_message(told, [jpeg(self.image, 90)], bool(asked.get("as_text"))))
        self._publish(self._status["text"], self._status["kind"])

    def _send_masks(self, asked: dict[str, Any]) -> None:
        known = [*self._kept, self._region] if self._region else self._kept
        numbers = entries(asked, "numbers")
        wanted = [region for region in known if region.number in numbers]
        told = {"kind": "masks", "numbers": [region.number for region in wanted]}
        self.send(*as_message(told, [np.packbits(region.mask) for region in wanted], bool(asked.get("as_text"))))

    def _publish(self, text: str, kind: str = "ok", *, with_mask: bool = False) -> None:
        """Tell all views how things stand. Masks never change, so a view asks for those that it has not seen."""
        self._version += 1
        self._status = {"text": text, "kind": kind}
        sent = [self._region] if with_mask and self._region else []
        told = {
            "kind": "state",
            "version": self._version,
            "sequence": label(self._request, "sequence"),
            "view": label(self._request, "view"),
            "status": self._status,
            "busy": self._busy,
            "region": None if self._region is None else self._region.describe(len(self._kept)),
            "clicks": self._clicks,
            "kept": [region.describe(k) for k, region in enumerate(self._kept)],
            "numbers": [region.number for region in sent],
        }
        self.send(*as_message(told, [np.packbits(region.mask) for region in sent], bool(self._request.get("as_text"))))
