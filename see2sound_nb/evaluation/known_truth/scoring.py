"""How near a rendering of a scene's photo comes to the scene's truth.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
import math
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from see2sound_nb.evaluation.known_truth.baselines import BASELINES, baseline
from see2sound_nb.evaluation.known_truth.reading import as_foa, layout_of, read_wav
from see2sound_nb.evaluation.known_truth.scene import SceneTruth, read_scene
from see2sound_nb.measure.direction import angle_between_deg, direction_from_foa
from see2sound_nb.measure.energy_maps import energy_map, map_auc, map_correlation
from see2sound_nb.measure.interaural import iacc, ild_db, itd_s
from see2sound_nb.measure.loudness import loudness_lufs, true_peak_dbtp
from see2sound_nb.media.clip_sound import resampled


@dataclasses.dataclass(frozen=True)
class Measure:
    """What is measured.

    Attributes
    ----------
    title : str
        With its unit.
    better : int
        1 where more is better, -1 where less is, 0 where it is only said.
    """

    title: str
    better: int


#: Where the truth itself errs by more than this, in degrees, the direction of the whole sound is no judge.
TRUSTED_DEG = 10.0
#: All that is measured. The direction is that of the mean intensity; its truth follows from positions and dry sounds.
MEASURES = {
    "direction_error_deg": Measure("direction, error in degrees", -1),
    "azimuth_error_deg": Measure("azimuth, error in degrees", -1),
    "map_correlation": Measure("energy map, correlation (CC)", 1),
    "map_auc": Measure("energy map, AUC", 1),
    "itd_error_us": Measure("time between the ears, error in us", -1),
    "ild_error_db": Measure("level between the ears, error in dB", -1),
    "iacc_error": Measure("likeness of the ears (IACC), error", -1),
    "azimuth_deg": Measure("azimuth in degrees, left positive", 0),
    "loudness_lufs": Measure("loudness in LUFS", 0),
    "true_peak_dbtp": Measure("true peak in dBTP", 0),
}


def measure(channels: np.ndarray, sample_rate: int, layout: str, scene: SceneTruth) -> dict[str, float | str]:
    """All measures of a rendering against a scene.

    Parameters
    ----------
    channels : np.ndarray
        (n_ch, T) float, full scale 1.
    sample_rate : int
        In Hz.
    layout : str
        Of `reading.SCORED`.
    scene : SceneTruth

    Returns
    -------
    dict
        For each of `MEASURES` a number, or in words why there is none.

    Raises
    ------
    ValueError
        If the channels are not finite or hold no sample.

    Notes
    -----
    Level and length do not count, and the sounds need not be the scene's. Maps and directions of loudspeakers are those
    of the Ambisonics that they make in the middle. Notebook: 08_evaluation.
    """
    channels = np.asarray(channels, dtype=np.float64)
    if channels.ndim != 2 or not channels.shape[1] or not np.isfinite(channels).all():
        raise ValueError(f"channels of shape {channels.shape} must be (n_ch, T) of finite numbers; render them again")
    truth = scene.truth["direction"]
    ears = scene.mixes["binaural"]

    def azimuth() -> float:
        return direction_from_foa(as_foa(channels, layout))[0] + 0.0

    def direction_error() -> float:
        found = direction_from_foa(as_foa(channels, layout))
        return angle_between_deg(found, (truth["azimuth_deg"], truth["elevation_deg"]))

    def of_maps(compare: Callable[[np.ndarray, np.ndarray], float]) -> float:
        foa = as_foa(channels, layout)
        if not foa[1:].any():
            raise ValueError("the map is the same in all directions")
        return compare(energy_map(foa), energy_map(scene.mixes["foa"]))

    def of_ears(function: Callable[..., float], *rates: bool) -> float:
        if layout != "binaural":
            raise ValueError("only two ears (binaural) have it; say --layout binaural if these are")
        if not channels.any(axis=1).all():
            raise ValueError("an ear hears nothing")
        ours = function(channels, sample_rate) if rates else function(channels)
        theirs = function(ears, scene.sample_rate) if rates else function(ears)
        return abs(ours - theirs)

    def loudness() -> float:
        at_48k = resampled(channels, sample_rate, 48000)
        if layout != "mono":
            return loudness_lufs(at_48k, 48000, layout)
        return loudness_lufs(np.concatenate([at_48k, np.zeros_like(at_48k)]), 48000, "stereo")

    functions: dict[str, Callable[[], float]] = {
        "direction_error_deg": direction_error,
        "azimuth_error_deg": lambda: abs((azimuth() - truth["azimuth_deg"] + 180) % 360 - 180),
        "map_correlation": lambda: of_maps(map_correlation),
        "map_auc": lambda: of_maps(map_auc),
        "itd_error_us": lambda: 1e6 * of_ears(itd_s, True),
        "ild_error_db": lambda: of_ears(ild_db),
        "iacc_error": lambda: of_ears(iacc, True),
        "azimuth_deg": azimuth,
        "loudness_lufs": loudness,
        "true_peak_dbtp": lambda: true_peak_dbtp(channels, sample_rate),
    }
    return {name: _number_or_reason(functions[name], channels) for name in MEASURES}


def _number_or_reason(function: Callable[[], float], channels: np.ndarray) -> float | str:
    if not channels.any():
        return "the file is silent"
    try:
        value = float(function())
    except ValueError as error:
        return str(error)
    return round(value, 6) if math.isfinite(value) else "it is not a finite number"


def score(
    path: str | pathlib.Path, scene: str | pathlib.Path | SceneTruth, *, layout: str | None = None, seed: int = 0
) -> dict[str, Any]:
    """Score one WAV of any layout against a scene, beside the baselines in the same layout.

    Parameters
    ----------
    path : str or path
        The WAV.
    scene : str, path or SceneTruth
        The scene's folder.
    layout : str, optional
        Of `reading.SCORED`; by default what its channels are taken for.
    seed : int
        Of the baseline ``random``.

    Returns
    -------
    dict
        ``file``, ``scene``, ``layout``, ``sample_rate_hz``, ``seconds``, ``measures`` (of the file) and ``baselines``
        (of each of `BASELINES`): for each measure ``{"value": number}`` or ``{"value": None, "reason": words}``.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_wav`, `read_scene` and `layout_of`.

    Notes
    -----
    In a room the intensity of all that arrives points where the walls will have it, and in 5.1 nowhere but along the
    floor: where the truth's own rendering errs by more than `TRUSTED_DEG`, there is a reason in place of that error.
    Notebook: 08_evaluation.
    """
    channels, rate, mask = read_wav(path)
    taken = layout_of(len(channels), mask, layout)
    if not isinstance(scene, SceneTruth):
        scene = read_scene(scene)
    own = measure(channels, rate, taken, scene)
    others = {
        name: measure(baseline(name, scene, taken, seed=seed), scene.sample_rate, taken, scene) for name in BASELINES
    }
    for name in ("direction_error_deg", "azimuth_error_deg"):
        error = others["truth"][name]
        if not isinstance(error, str) and error > TRUSTED_DEG:
            for values in (own, *others.values()):
                if not isinstance(values[name], str):
                    values[name] = f"the truth itself, with its walls and in this layout, errs by {error:.0f} degrees"
    return {
        "file": str(path),
        "scene": scene.truth["name"],
        "layout": taken,
        "sample_rate_hz": rate,
        "seconds": round(channels.shape[1] / rate, 4),
        "measures": _explained(own),
        "baselines": {name: _explained(values) for name, values in others.items()},
    }


def _explained(values: dict[str, float | str]) -> dict[str, dict[str, Any]]:
    return {
        name: {"value": None, "reason": value} if isinstance(value, str) else {"value": value}
        for name, value in values.items()
    }


def describe(scored: dict[str, Any]) -> str:
    """A score in lines of text: a measure a line, beside the baselines, and why what is missing is missing."""
    columns = ["this file", *BASELINES]
    cells = [scored["measures"], *(scored["baselines"][name] for name in BASELINES)]
    lines = [
        f"{scored['file']}: taken for {scored['layout']}, {scored['sample_rate_hz']} Hz, {scored['seconds']:g} s; "
        f"scene {scored['scene']}",
        f"{'':36}" + "".join(f"{column:>14}" for column in columns),
    ]
    reasons: dict[str, list[str]] = {}
    for name, what in MEASURES.items():
        values = [cell[name]["value"] for cell in cells]
        mark = {1: " (more is better)", -1: " (less is better)", 0: ""}[what.better]
        if values[0] is None:
            reasons.setdefault(scored["measures"][name]["reason"], []).append(what.title)
        if any(value is not None for value in values):
            lines.append(
                f"{what.title:36}" + "".join(f"{'-' if v is None else format(v, '.3g'):>14}" for v in values) + mark
            )
    lines += [f"Not measured, {reason}: {'; '.join(names)}" for reason, names in reasons.items()]
    return "\n".join(lines)
