"""The metadata of DCASE's sound event localisation and detection (SELD), so that its tools read a scene.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import functools
import json
import math
import pathlib
from typing import Any

import numpy as np

from see2sound_nb.media.seld import FRAME_S, frame_times_s, seld_rows, write_rows
from see2sound_nb.places.frames import unit_vectors


@functools.cache
def classes() -> tuple[str, ...]:
    """AudioSet's names of all that sounds, in the order of their class index."""
    declared = json.loads(pathlib.Path(__file__).with_name("scenes.json").read_text("utf-8"))
    return tuple(sorted({thing["label"] for thing in declared["things"].values() if "label" in thing}))


def rows_of_truth(truth: dict[str, Any]) -> list[tuple[int, ...]]:
    """What sounds in each frame.

    Parameters
    ----------
    truth : dict
        As in ``truth.json``.

    Returns
    -------
    list of tuple
        (frame, class, source, azimuth, elevation, distance, on screen), as `media.seld.seld_rows` has them. A source
        counts in a frame that it fills at least by half.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    sources = truth["sources"]
    start_s = frame_times_s(truth["duration_s"]) - FRAME_S / 2
    heard = np.zeros((len(start_s), len(sources)))
    for k, source in enumerate(sources):
        for event in source["events"]:
            overlap_s = np.minimum(start_s + FRAME_S, event["offset_s"]) - np.maximum(start_s, event["onset_s"])
            heard[:, k] += np.maximum(overlap_s, 0.0) / FRAME_S
    azimuth, elevation, distance = (
        np.array([source[key] for source in sources]) for key in ("azimuth_deg", "elevation_deg", "distance_m")
    )
    rows = seld_rows([classes().index(source["label"]) for source in sources], azimuth, elevation, distance, heard)
    return [(*row, int(sources[row[2]]["on_screen"])) for row in rows]


def write_seld(folder: pathlib.Path, truth: dict[str, Any]) -> None:
    """Write a scene's metadata in the formats of 2022, 2023 (and 2024), and 2025, and the names of the classes.

    Notes
    -----
    2022: frame, class, source, azimuth, elevation. 2023 and 2024: distance in centimetres besides. 2025 is of stereo:
    a head line, no elevation, what is behind folded to the front, and whether it is on the screen.
    """
    rows = rows_of_truth(truth)
    write_rows(folder / "dcase2022.csv", [row[:5] for row in rows])
    write_rows(folder / "dcase2023.csv", [row[:6] for row in rows])
    head = ("frame", "class", "source", "azimuth", "distance", "onscreen")
    write_rows(folder / "dcase2025.csv", [head, *((*row[:3], folded(row[3]), *row[5:]) for row in rows)])
    quoted = (f'"{label}"' for label in classes())
    write_rows(folder / "classes.csv", [("index", "label"), *enumerate(quoted)])


def folded(azimuth_deg: int) -> int:
    """An azimuth in whole degrees as two ears without a back hear it: -90 to 90."""
    return round(math.degrees(math.asin(math.sin(math.radians(azimuth_deg)))))


def read_sources(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """Where a file in the format of 2022, 2023 or 2024 has its sources: each class and source once, at its mean.

    Returns
    -------
    towards : np.ndarray
        (n, 3) float64, unit vectors, listener's frame; n may be 0.
    distance_m : np.ndarray
        (n,) float64, NaN where the file has no distance.

    Raises
    ------
    ValueError
        If a line is not of five or six numbers.
    """
    found: dict[tuple[int, int], list[list[float]]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            values = [float(word) for word in line.split(",")]
        except ValueError:
            values = []
        if len(values) not in (5, 6) or not np.isfinite(values).all():
            raise ValueError(
                f"line {number} of {path} is {line!r}; it must be frame,class,source,azimuth,elevation[,distance]"
            )
        found.setdefault((int(values[1]), int(values[2])), []).append([*values[3:], math.nan][:3])
    means = [np.array(rows) for rows in found.values()]
    if not means:
        return np.zeros((0, 3)), np.zeros(0)
    towards = np.array([unit_vectors(rows[:, 0], rows[:, 1]).mean(axis=0) for rows in means])
    return towards / np.linalg.norm(towards, axis=1, keepdims=True), np.array(
        [rows[:, 2].mean() / 100 for rows in means]
    )
