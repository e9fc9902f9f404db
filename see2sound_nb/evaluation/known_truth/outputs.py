"""A system over all scenes: its score with means, numbers of scenes and intervals, apart for what it was trained on.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

from see2sound_nb.evaluation.known_truth.baselines import BASELINES
from see2sound_nb.evaluation.known_truth.positions import POSITION_MEASURES, score_positions
from see2sound_nb.evaluation.known_truth.scene import read_scene
from see2sound_nb.evaluation.known_truth.scoring import MEASURES, score
from see2sound_nb.measure.intervals import bootstrap_mean


def scenes_of(folder: str | pathlib.Path) -> list[pathlib.Path]:
    """The folders of the scenes that were built.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    found = sorted(path.parent for path in pathlib.Path(folder).glob("*/truth.json"))
    if not found:
        raise FileNotFoundError(f"{folder} holds no scene; make them with see2sound benchmark build {folder}")
    return found


def score_outputs(
    outputs: str | pathlib.Path, benchmark: str | pathlib.Path, *, layout: str | None = None, seed: int = 0
) -> dict[str, Any]:
    """Score a folder of outputs: ``NAME.wav`` for each scene, and ``NAME.csv`` with SELD metadata where there is one.

    Parameters
    ----------
    outputs : str or path
    benchmark : str or path
        The folder that was built.
    layout : str, optional
        Of all WAVs; by default what their channels are taken for.
    seed : int
        Of the baseline ``random`` and of the intervals.

    Returns
    -------
    dict
        ``scenes``, the score of each as `scoring.score` gives it, and its ``positions``; ``missing``, names of scenes
        without an output; ``groups``, for all scenes and for parts of them a list of rows ``measure``, ``of`` (``file``
        or a baseline), ``n``, ``mean``, ``low``, ``high`` (95 %).

    Raises
    ------
    FileNotFoundError
        If there is no scene or no output.
    ValueError
        If an output cannot be read.

    Notes
    -----
    A mean is over the n scenes whose output has the measure, and the baselines' over the same ones: a silent output is
    left out of both, and shows in n. The interval is a percentile bootstrap over scenes, None for one scene. ``held
    out`` are the scenes none of whose pictures trained this package's own tiny models, ``trained on`` the others.
    Notebook: 08_evaluation.
    """
    scored, missing = [], []
    for folder in scenes_of(benchmark):
        wav = pathlib.Path(outputs) / f"{folder.name}.wav"
        if not wav.is_file():
            missing.append(folder.name)
            continue
        scene = read_scene(folder)
        one = score(wav, scene, layout=layout, seed=seed)
        truth = scene.truth
        off_screen = not all(source["on_screen"] for source in truth["sources"])
        one |= dict(split=truth["split"], trained=truth["trained"], off_screen=off_screen, open=truth["room"] is None)
        if wav.with_suffix(".csv").is_file():
            one["positions"] = score_positions(wav.with_suffix(".csv"), truth)
        scored.append(one)
    if not scored:
        raise FileNotFoundError(f"{outputs} holds no output; call them 01.wav and so on, after the scenes")
    parts = {
        "all": scored,
        "dev": [one for one in scored if one["split"] == "dev"],
        "test": [one for one in scored if one["split"] == "test"],
        "held out": [one for one in scored if not one["trained"]],
        "trained on": [one for one in scored if one["trained"]],
        "in the open": [one for one in scored if one["open"]],
        "in rooms": [one for one in scored if not one["open"]],
        "all is seen": [one for one in scored if not one["off_screen"]],
    }
    groups = {name: _rows(part, seed) for name, part in parts.items() if part}
    return {"scenes": scored, "missing": missing, "groups": groups}


def _rows(scored: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    rows = []

    def add(measure: str, of: str, values: Sequence[float | None]) -> None:
        rows.append(dict(measure=measure, of=of, **bootstrap_mean(values, seed=seed)._asdict()))

    for measure, what in MEASURES.items():
        has = [one for one in scored if one["measures"][measure]["value"] is not None]
        if what.better and has:
            add(measure, "file", [one["measures"][measure]["value"] for one in has])
            for name in BASELINES:
                add(measure, name, [one["baselines"][name][measure]["value"] for one in has])
    for measure in POSITION_MEASURES:
        values = [one["positions"][measure] for one in scored if "positions" in one]
        if any(value is not None for value in values):
            add(measure, "file", values)
    return rows


def describe_outputs(result: dict[str, Any]) -> str:
    """The means in lines of text, a measure a line and a table a group."""
    lines = []
    for group, rows in result["groups"].items():
        lines += [f"{group}:", f"  {'':24}{'this system':>26}" + "".join(f"{name:>14}" for name in BASELINES)]
        for measure in dict.fromkeys(row["measure"] for row in rows):
            by = {row["of"]: row for row in rows if row["measure"] == measure}
            others = "".join(f"{_short(by[name]['mean']) if name in by else '':>14}" for name in BASELINES)
            own = by["file"]
            spread = f" [{_short(own['low'])}, {_short(own['high'])}]" if own["low"] is not None else ""
            cell = f"{_short(own['mean'])}{spread} n={own['n']}"
            lines.append(f"  {measure:24}{cell:>26}{others}")
    if result["missing"]:
        lines.append(f"No output for scenes {', '.join(result['missing'])}.")
    return "\n".join(lines)


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def write_result(result: dict[str, Any]) -> str:
    """JSON without NaN or infinity."""
    return json.dumps(result, indent=2, allow_nan=False)
