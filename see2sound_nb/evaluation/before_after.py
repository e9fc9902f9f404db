"""The authors' geometry against ours: the same photo, the same regions, the same sounds, two ways to place them.

Appendix A puts the listener into a room as many metres large as the picture has pixels, looks down the picture's rows,
and lets six omnidirectional microphones, up to 100 m apart, be 5.1. Ours puts the listener where the camera was.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from see2sound_nb.media.files import atomic_path
from see2sound_nb.places.frames import directions
from see2sound_nb.places.placing import lift_regions
from see2sound_nb.room.shoebox import room_of_scene
from see2sound_nb.scene import Scene

GEOMETRIES = ("paper", "metric")
#: A channel this much below the loudest one is called silent, in dB.
SILENT_DB = -40.0
#: What is measured of each source in each geometry, by its name in the report.
OF_SOURCES = ("itd_ms", "ild_db", "direction_5_1_deg", "direction_foa_deg", "drr_db")


def in_geometry(scene: Scene, geometry: str) -> Scene:
    """A scene with its sources placed anew; photo, masks, depth, sounds and ambience stay.

    Parameters
    ----------
    scene : Scene
        Of a photo, seen by the field of view that is assumed unless one was given.
    geometry : str
        ``"metric"`` or ``"paper"`` (appendix A).

    Returns
    -------
    Scene

    Notes
    -----
    Paper: appendix A. Notebook: 08_evaluation.
    """
    positions, _ = lift_regions(scene.masks, scene.boxes, scene.depth, metric=scene.metric_depth, geometry=geometry)
    room, _ = room_of_scene(positions, (scene.image.shape[1], scene.image.shape[0]), geometry)
    return dataclasses.replace(scene, positions_m=positions, room=room, geometry=geometry)


def before_after(scene: Scene) -> list[dict[str, Any]]:
    """One photo in the authors' geometry and in ours.

    Parameters
    ----------
    scene : Scene
        Of ``geometry="metric"``, with at least one source.

    Returns
    -------
    list of dict
        A row for each source: ``label``; ``azimuth_deg``, where it is seen from the camera; then under each geometry's
        name (``"paper"``, ``"metric"``) what is measured of it (`OF_SOURCES`, see `measure.spatial_truth`), how far its
        direction in 5.1 is from where it is seen, ``beside_deg`` (0 to 180, None where it has none), and of the whole
        5.1 rendering ``loudness_lufs`` and ``silent``, the channels 40 dB below the loudest and more.

    Raises
    ------
    ValueError
        If the scene is not metric.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    if scene.geometry != "metric":
        raise ValueError(
            f"the scene's geometry is {scene.geometry!r}; run the photo with 'metric', both are made of it"
        )
    seen = directions(scene.positions_m)[0]
    rows: list[dict[str, Any]] = [
        {"label": source["label"], "azimuth_deg": round(float(azimuth), 1)}
        for source, azimuth in zip(scene.labels, seen)
    ]
    for geometry in GEOMETRIES:
        measured = (scene if geometry == "metric" else in_geometry(scene, geometry)).report("5.1")["measured"]
        signal = measured["signal"]
        loudest = max((level for level in signal["channels_db"].values() if level is not None), default=0.0)
        silent = [n for n, level in signal["channels_db"].items() if level is None or level < loudest + SILENT_DB]
        for row, own in zip(rows, measured["sources"]):
            heard = own["direction_5_1_deg"]
            beside = None if heard is None else round(abs((heard - row["azimuth_deg"] + 180) % 360 - 180), 1)
            row[geometry] = {name: own[name] for name in OF_SOURCES} | {
                "beside_deg": beside,
                "loudness_lufs": signal["loudness_lufs"],
                "silent": silent,
            }
    return rows


def describe_before_after(rows: Sequence[dict[str, Any]]) -> str:
    """Rows of `before_after`, of any number of photos, as a table of medians in plain text."""
    if not rows:
        raise ValueError("there is no source to compare; give rows of photos with sources")
    lines = [f"{len(rows)} sources, medians{'':25}{'appendix A':>12}{'camera':>12}"]
    for name, unit, pick in (
        ("5.1: beside where it is seen", "deg", lambda of: of["beside_deg"]),
        ("ITD, size", "ms", lambda of: _size(of["itd_ms"])),
        ("ILD, size", "dB", lambda of: _size(of["ild_db"])),
        ("direct to reverberant", "dB", lambda of: of["drr_db"]),
        ("loudness of 5.1", "LUFS", lambda of: of["loudness_lufs"]),
        ("silent channels of 5.1", "", lambda of: len(of["silent"])),
    ):
        cells = [_median([pick(row[geometry]) for row in rows]) for geometry in GEOMETRIES]
        lines.append(f"{name + (', ' + unit if unit else ''):42}" + "".join(f"{cell:>12}" for cell in cells))
    sides = [[_right_side(row, geometry) for row in rows if abs(row["azimuth_deg"]) >= 5] for geometry in GEOMETRIES]
    if sides[0]:
        lines.append(
            f"{f'heard on the right side (of {len(sides[0])})':42}" + "".join(f"{np.mean(s):>12.0%}" for s in sides)
        )
    return "\n".join(lines)


def write_before_after(path: str | os.PathLike, rows: Sequence[dict[str, Any]]) -> pathlib.Path:
    """Write rows of `before_after` as CSV, a line for each source; it appears only when it is complete."""
    names = (*OF_SOURCES, "beside_deg", "loudness_lufs", "silent")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    first = [name for name in ("photo", "label", "azimuth_deg") if all(name in row for row in rows)]
    writer.writerow([*first, *(f"{geometry}_{name}" for geometry in GEOMETRIES for name in names)])
    for row in rows:
        cells = [row[geometry][name] for geometry in GEOMETRIES for name in names]
        writer.writerow(
            [*(row[name] for name in first), *(" ".join(map(str, c)) if isinstance(c, list) else c for c in cells)]
        )
    with atomic_path(path) as beside:
        beside.write_text(text.getvalue(), encoding="utf-8")
    return pathlib.Path(path)


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _median(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{np.median(known):.2f}" if known else "-"


def _right_side(row: dict[str, Any], geometry: str) -> bool:
    heard = row[geometry]["direction_5_1_deg"]
    return heard is not None and np.sign(heard) == np.sign(row["azimuth_deg"])
