"""A live room on a page of JupyterLab, as a test plays it."""

from __future__ import annotations

import os
import pathlib
import time

import numpy as np

ROOT = ".s2s-live-room"
ENGINE = f"document.querySelector('{ROOT}').engine"
#: Pictures are left here, for the README and for eyes.
PICTURES = pathlib.Path(os.environ.get("SEE2SOUND_PICTURES", "out"))
PICTURES.mkdir(parents=True, exist_ok=True)


class Live:
    """A live room on a page of JupyterLab."""

    def __init__(self, page, notebook):
        self.page, self.notebook = page, notebook
        page.wait_for_selector(f"{ROOT}[data-ready='true']")

    def engine(self, expression):
        return self.page.evaluate(f"() => {{ const engine = {ENGINE}; return {expression}; }}")

    def wait(self, condition):
        self.page.wait_for_function(f"() => {{ const engine = {ENGINE}; return {condition}; }}")

    def control(self, name, source=None):
        row = "" if source is None else f"[data-source='{source}'] "
        return self.page.locator(f"{ROOT} {row}[data-control='{name}']").first

    def play(self):
        if not self.engine("engine.sounds"):
            self.control("play").click()
        self.wait("engine.sounds && engine.tiers.late.every(Boolean) && engine.meters().peak_db > -60")

    def at_rest(self):
        """Until the kernel's exact responses are all heard."""
        self.wait("!engine.kernel.waits && !engine.tiers.moved.size")

    def python(self, expression, expected):
        """Until an expression has a value in the kernel, which may hear of the page's changes after the question."""
        for _ in range(200):
            value = self.notebook.value(expression)
            if value == expected:
                return
            time.sleep(0.05)
        assert value == expected, expression

    def drag(self, source, to, steps=60):
        """Drag a source in the plan from above to (x, y) in metres."""
        # The handles give the scale of the plan: they are at known places.
        metres = np.array(self.engine("engine.model.get('positions')"))[:, :2]
        centres = {k: self.centre(k) for k in range(len(metres)) if self.engine(f"engine.isPresent({k})")}
        seen, there = metres[list(centres)], np.array(list(centres.values()))
        (a, b) = (np.polyfit(seen[:, axis], there[:, axis], 1) for axis in (0, 1))
        start = centres[source]
        self.page.mouse.move(*start)
        self.page.mouse.down()
        for part in np.linspace(0, 1, steps + 1)[1:]:
            target = np.array([a[0] * to[0] + a[1], b[0] * to[1] + b[1]])
            self.page.mouse.move(*(start + part * (target - start)))
            self.page.evaluate("() => new Promise(requestAnimationFrame)")
        self.page.mouse.up()

    def centre(self, k):
        box = self.page.locator(f"{ROOT} svg[data-plan='above'] g[data-handle='{k}']").first.bounding_box()
        return np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
