"""A scene in plain numbers and words: what was decided, and what is measured of the sound that came of it.

Everything here is ready for JSON: no NaN, no infinity. Notebook: 08_evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from see2sound_nb.measure.masking import masked_shares, seam
from see2sound_nb.measure.spatial_truth import METHODS, measured, truth_of_room, truth_of_signal, truth_of_sources
from see2sound_nb.places.frames import directions
from see2sound_nb.render.responses import impulse_responses

if TYPE_CHECKING:
    from see2sound_nb.scene import Scene


def plan_report(scene: Scene) -> dict[str, Any]:
    """What the steps decided: sources, places, room, ambience; see `Scene.report`."""
    azimuth, elevation, distance = directions(scene.positions_m)
    levels = scene.levels_db()
    return {
        "preset": scene.preset,
        "geometry": scene.geometry,
        "seed": scene.seed,
        "prompt": scene.prompt,
        "image_size_px": [scene.image.shape[1], scene.image.shape[0]],
        "room": {
            "size_m": list(scene.room.size_m),
            "listener_m": list(scene.room.listener_m),
            "absorption": scene.room.absorption,
            "max_order": scene.room.max_order,
        },
        "audio": {"sample_rate_hz": scene.sample_rate, "duration_s": scene.audio.shape[1] / scene.sample_rate},
        "sources": [
            {
                "label": source["label"],
                "caption": source["caption"],
                "sounds": round(float(source["sounds"]), 3),
                "box_px": [int(v) for v in scene.boxes[k]],
                "position_m": [round(float(v), 3) for v in scene.positions_m[k]],
                "azimuth_deg": round(float(azimuth[k]), 1),
                "elevation_deg": round(float(elevation[k]), 1),
                "distance_m": round(float(distance[k]), 2),
                "level_db": round(float(levels[k]), 1),
            }
            for k, source in enumerate(scene.labels)
        ],
        "ambience": _ambience_report(scene),
        "notes": list(scene.notes),
    }


def _ambience_report(scene: Scene) -> dict[str, Any] | None:
    if scene.ambience is None:
        return None
    return {
        "kind": scene.ambience.kind,
        "label": scene.ambience.label,
        "caption": scene.ambience.caption,
        "probability": round(float(scene.ambience.probability), 3),
        "level_db": round(scene.ambience_level_db(), 1),
        "below_sources_db": round(-scene.ambience.level_db, 1) if len(scene.audio) else None,
    }


def truth_report(scene: Scene, phi: np.ndarray, sample_rate: int, layout: str) -> dict[str, Any]:
    """What is measured: of each source (a list), of the room, and of the rendering; see `measure.spatial_truth`."""
    rate = scene.sample_rate
    sources, room = [], {}
    if len(scene.audio):
        # The scene's own responses, or where the silence at their start was cut off, the whole ones.
        how = (scene.room, scene.positions_m)
        cut = scene.geometry == "paper"
        foa = impulse_responses(*how, "foa", sample_rate=rate) if cut else scene.impulse_responses("foa")
        ears = impulse_responses(*how, "binaural", sample_rate=rate) if cut else scene.impulse_responses("binaural")
        sources = truth_of_sources(*how, foa[:, 0], ears, rate)
        room = truth_of_room(foa[:, 0], ears, rate)
        bed = scene.ambient_channels("foa")[0]
        heard = scene.heard()
        masked = masked_shares(heard, rate, others=np.resize(bed, heard.shape[1]))
        for own, share, audio in zip(sources, masked, scene.audio):
            measured(own, "masked_share", 2, float, share)
            measured(own, "seam", 1, seam, audio)
    return {
        "sources": sources,
        "room": room,
        "signal": {**truth_of_signal(phi, sample_rate, layout), "sample_rate_hz": sample_rate},
        "methods": METHODS,
    }


def truth_line(truth: dict[str, Any]) -> str:
    """What `truth_report` gave, in a line."""
    parts = [
        f"{number}. ITD {_number(own['itd_ms'], '+.2f', 'ms')}, ILD {_number(own['ild_db'], '+.1f', 'dB')}, direct to "
        f"reverberant {_number(own['drr_db'], '+.1f', 'dB')}, {own['masked_share']:.0%} masked"
        for number, own in enumerate(truth["sources"], start=1)
    ]
    if signal := truth.get("signal"):  # a file of objects has none
        silent = signal["silent_channels"]
        parts.append(
            f"{signal['layout']} {_number(signal['loudness_lufs'], '.1f', 'LUFS')}, true peak "
            f"{_number(signal['true_peak_dbtp'], '.1f', 'dBTP')}" + (f", silent: {', '.join(silent)}" if silent else "")
        )
    return "; ".join(parts)


def _number(value: float | None, digits: str, unit: str) -> str:
    return "none" if value is None else f"{value:{digits}} {unit}"


def made_by(
    preset: str,
    seed: int,
    prompt: str | None,
    labels: Sequence[dict[str, Any]],
    positions_m: np.ndarray,
    around: Sequence[str],
) -> str:
    """What made a sound, in a line, as it is kept in its file: settings, and what is heard where."""
    places = zip(labels, *directions(np.reshape(positions_m, (-1, 3))))
    said = [f"{label['label']} at azimuth {azimuth:+.0f} deg, {away:.1f} m" for label, azimuth, _, away in places]
    said += [f"all around {name}" for name in dict.fromkeys(around)]
    words = [f"preset {preset}", f"seed {seed}", *([f"prompt {prompt!r}"] if prompt else [])]
    line = f"see2sound_nb: {', '.join(words)}; {'; '.join(said) or 'no source'}"
    return line.encode("utf-8", "replace").decode("utf-8")  # names are whatever they were set to


def description(scene: Scene) -> str:
    """A line for each source and one of the ambience; see `Scene.describe`."""
    report, lines = plan_report(scene), []
    for k, source in enumerate(report["sources"], start=1):
        azimuth = round(source["azimuth_deg"])
        side = "left" if azimuth > 0 else "right" if azimuth < 0 else "ahead"
        x, y, z = source["position_m"]
        lines.append(
            f"{k}. {source['label']} ({source['caption']}): x {x:+.2f}, y {y:+.2f}, z {z:+.2f} m; "
            f"azimuth {azimuth:+d} deg ({side}), {source['distance_m']:.1f} m away; {source['level_db']:.1f} dB"
        )
    if not lines:
        alone = "the photo is its ambience" if scene.ambience else "nor is there an ambience, so the scene is silent"
        lines.append(f"No thing in the photo is a source; {alone}.")
    if around := report["ambience"]:
        lines.append(
            f"All around: {around['label']} ({around['caption']}), {around['probability']:.0%} certain; "
            f"{around['level_db']:.1f} dB"
        )
    return "\n".join(lines)
