"""This package's own pipeline on the scenes' photos, as any other system would be run: photo in, WAV and places out.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable

import numpy as np

from see2sound_nb.evaluation.known_truth.outputs import scenes_of
from see2sound_nb.media.pictures import read_image
from see2sound_nb.media.seld import FRAME_S, seld_rows, write_rows
from see2sound_nb.pipeline import See2Sound
from see2sound_nb.places.frames import directions
from see2sound_nb.scene import Scene


def run_pipeline(
    benchmark: str | pathlib.Path,
    outputs: str | pathlib.Path,
    *,
    preset: str = "tiny",
    layout: str = "foa",
    seed: int = 0,
    tell: Callable[[str], None] = print,
) -> list[pathlib.Path]:
    """Run See2Sound on every scene's photo; it is told the camera's field of view and nothing else.

    Parameters
    ----------
    benchmark : str or path
        The folder that was built.
    outputs : str or path
        A folder for ``NAME.wav`` and ``NAME.csv``; it is made if it is not there.
    preset, seed
        As in `See2Sound`.
    layout : str
        Of `LAYOUTS`.
    tell : callable
        Is told what is done.

    Returns
    -------
    list of pathlib.Path
        The WAVs.

    Notes
    -----
    Without the ambience: the scenes have none. In the metadata every source has the class 0 and sounds from the first
    frame to the last. Notebook: 08_evaluation.
    """
    pipeline, written = See2Sound(preset=preset), []
    outputs = pathlib.Path(outputs)
    outputs.mkdir(parents=True, exist_ok=True)
    for folder in scenes_of(benchmark):
        fov_deg = json.loads((folder / "truth.json").read_text("utf-8"))["camera"]["fov_deg"]
        scene = pipeline.run(read_image(folder / "photo.png"), seed=seed, fov_deg=fov_deg, ambience=False)
        assert isinstance(scene, Scene)  # of a photo
        wav = outputs / f"{folder.name}.wav"
        scene.save(wav, layout)
        sources = len(scene.positions_m)
        heard = np.ones((int(scene.audio.shape[1] / scene.sample_rate / FRAME_S), sources))
        write_rows(wav.with_suffix(".csv"), seld_rows([0] * sources, *directions(scene.positions_m), heard))
        tell(f"{wav}: {', '.join(label['caption'] for label in scene.labels) or 'nothing that sounds'}")
        written.append(wav)
    return written
