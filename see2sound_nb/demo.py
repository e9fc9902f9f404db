"""The main job on the shipped photo: ``python -m see2sound_nb.demo [folder]``, or ``make demo``."""

from __future__ import annotations

import pathlib
import sys
from typing import cast

from see2sound_nb._progress import progress_bars
from see2sound_nb._threads import collect_seldom
from see2sound_nb.media.files import atomic_path
from see2sound_nb.media.pictures import demo_photo
from see2sound_nb.pipeline import See2Sound
from see2sound_nb.reporting import truth_line
from see2sound_nb.scene import Scene

OUTPUTS = {"5.1": "demo_5.1.wav", "binaural": "demo_binaural.wav", "foa": "demo_foa.wav"}


def main(folder: str = "out") -> None:
    """Write 5.1, binaural and Ambisonics WAVs and one picture of the whole way into a folder."""
    from see2sound_nb.notebook.plots import plot_story

    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    with progress_bars() as tell:
        scene = cast(Scene, See2Sound(preset="tiny").run(demo_photo(), sources=3, seed=0, progress=tell))
    print(scene.describe())
    print(f"Measured: {truth_line(scene.report()['measured'])}")
    for layout, name in OUTPUTS.items():
        path = scene.save(out / name, layout=layout)
        print(f"{path}: {layout}, master gain {scene.gain_db(layout):+.1f} dB")
    from matplotlib import pyplot

    figure = plot_story(scene)
    with atomic_path(out / "demo_story.png") as beside:
        figure.savefig(beside, dpi=110)
    pyplot.close(figure)
    print(f"{out / 'demo_story.png'}: the whole way in one picture")


if __name__ == "__main__":
    collect_seldom()
    main(*sys.argv[1:2])
