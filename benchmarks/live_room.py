"""How long it takes in the live room from a movement of the hand to the sound, in JupyterLab in a headless Chromium.

    python benchmarks/live_room.py [seconds]

Three sources at order 17 play while one of them is dragged to and fro. Measured in the page, to the moment at which the
new place leaves the sound output as loud as the old one, the output's own delay included.
"""

import pathlib
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests"))

from browser import chromium
from browser.conftest import ARGUMENTS
from browser.lab import start_lab
from browser.pages import open_page
from browser.test_live_room import CELL, ENGINE, Live
from playwright.sync_api import sync_playwright

FRAMES = """() => {
  window.frameTimes = [];
  const note = (time) => { window.frameTimes.push(time); requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""


def main(seconds: float = 20.0) -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=ARGUMENTS)
        with (
            start_lab(pathlib.Path(folder)) as lab,
            open_page(browser, viewport={"width": 1400, "height": 1500}) as page,
        ):
            live = Live(page, lab.open_notebook(page, lab.write_notebook("live_room", [CELL])))
            live.play()
            live.at_rest()
            page.wait_for_timeout(2000)
            page.evaluate(FRAMES)
            start, side = time.monotonic(), 1
            while time.monotonic() < start + seconds:
                live.drag(0, (1.5 * side, 1.5))
                side = -side
            frames_ms = np.diff(page.evaluate("() => window.frameTimes"))
            page.wait_for_timeout(1000)
            latency = page.evaluate(f"() => {ENGINE}.latency")
        browser.close()
    for name, what in (("browser", "the browser's first reflections"), ("exact", "the kernel's exact response")):
        row = latency[name]
        print(f"{what}: median {row['median']:.0f} ms, 95 % within {row['p95']:.0f} ms (last {row['count']} moves)")
    middle, most = np.percentile(frames_ms, [50, 95])
    print(f"frames: {1000 / np.mean(frames_ms):.0f} a second; median {middle:.1f} ms, 95 % within {most:.1f} ms")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
