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

from see2sound_nb.media.files import atomic_path
from see2sound_nb.places.frames import unit_vectors

#: Length of a frame, in seconds.
FRAME_S = 0.1


@functools.cache
def classes() -> tuple[str, ...]:
    """AudioSet's names of all that sounds, in the order of their class index."""
    declared = json.loads(pathlib.Path(__file__).with_name("scenes.json").read_text("utf-8"))
    return tuple(sorted({thing["label"] for thing in declared["things"].values() if "label" in thing}))


def seld_rows(truth: dict[str, Any]) -> list[tuple[int, int, int, int, int, int, int]]:
    """What sounds in each frame.

    Parameters
    ----------
    truth : dict
        As in ``truth.json``.

    Returns
    -------
    list of tuple
        (frame, class, source, azimuth, elevation, distance, on screen): azimuth and elevation in whole degrees, the
        former positive to the left, distance in whole centimetres; sorted by frame. A source counts in a frame that it
        fills at least by half.

    Notes
    -----
    Frames of 100 ms, as in STARSS22 and STARSS23 (Politis et al. 2022, Shimada et al. 2023). Notebook: 08_evaluation.
    """
    rows = []
    for number, source in enumerate(truth["sources"]):
        where = (round(source["azimuth_deg"]), round(source["elevation_deg"]), round(100 * source["distance_m"]))
        for frame in range(math.ceil(truth["duration_s"] / FRAME_S - 1e-9)):
            start, end = frame * FRAME_S, (frame + 1) * FRAME_S
            heard = sum(max(0.0, min(end, e["offset_s"]) - max(start, e["onset_s"])) for e in source["events"])
            if heard >= FRAME_S / 2:
                kind = classes().index(source["label"])
                rows.append((frame, kind, number, *where, int(source["on_screen"])))
    return sorted(rows)


def write_seld(folder: pathlib.Path, truth: dict[str, Any]) -> None:
    """Write a scene's metadata in the formats of 2022, 2023 (and 2024), and 2025, and the names of the classes.

    Notes
    -----
    2022: frame, class, source, azimuth, elevation. 2023 and 2024: distance in centimetres besides. 2025 is of stereo:
    a head line, no elevation, what is behind folded to the front, and whether it is on the screen.
    """
    rows = seld_rows(truth)
    lines: dict[str, list[tuple]] = {
        "dcase2022.csv": [row[:5] for row in rows],
        "dcase2023.csv": [row[:6] for row in rows],
        "dcase2025.csv": [
            ("frame", "class", "source", "azimuth", "distance", "onscreen"),
            *((*row[:3], folded(row[3]), *row[5:]) for row in rows),
        ],
        "classes.csv": [("index", "label"), *((k, f'"{label}"') for k, label in enumerate(classes()))],
    }
    for name, entries in lines.items():
        with atomic_path(folder / name) as beside:
            beside.write_text("".join(",".join(map(str, entry)) + "\n" for entry in entries), "utf-8")


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
