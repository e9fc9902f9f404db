"""A photo's scene or a clip's in a file, and what is to be said of both: what the command line and batches do alike.

Notebook: 09_your_own.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable
from typing import Any

from see2sound_nb.exporting import EXPORTS, FILM_RATE, IN_FOA, export_of
from see2sound_nb.media.clip_writing import CONTAINERS, SAMPLE_RATE_HZ
from see2sound_nb.media.clips import Clip
from see2sound_nb.media.files import check_writable
from see2sound_nb.media.seld import SAMPLE_RATE
from see2sound_nb.media.sound_files import check_sample_rate, check_sound_file, check_subtype, write_sound
from see2sound_nb.moving.moving_scene import MovingScene, check_doppler, check_output
from see2sound_nb.render.layouts import LAYOUTS, check_layout
from see2sound_nb.scene import Scene

#: Rates of the exports whose sound is a rendering, in Hz.
_RATES = {"sa3d": FILM_RATE, "dcase": SAMPLE_RATE}


def check_saving(
    source: Any,
    path: pathlib.Path,
    layout: str,
    *,
    subtype: str | None = None,
    sample_rate: int | None = None,
    original: str | None = None,
    doppler: bool = False,
    geometry: str = "metric",
    inputs: Iterable[str | os.PathLike] = (),
) -> None:
    """Raise, before the work, if what comes of a photo or clip cannot be saved so.

    Parameters
    ----------
    source : photo or Clip
    path, layout, subtype, sample_rate, original, doppler
        As `save_and_report` takes them.
    geometry : str
        As in `See2Sound.run`.
    inputs : iterable of path
        What must not be written over.

    Raises
    ------
    ValueError
        As the methods ``save`` of a `Scene` and a `MovingScene`.
    ModuleNotFoundError
        If what writes the file is not installed.
    """
    moving, asked = isinstance(source, Clip), {"subtype": subtype, "sample_rate": sample_rate, "original": original}
    if layout not in EXPORTS:
        check_layout(layout)
    how: dict[str, Any] = {"moving": moving, "geometry": geometry, "doppler": doppler or None, **asked}
    if export_of(path, layout, inputs=inputs, **how):
        return
    if isinstance(source, Clip):
        check_output(path, source, layout, original or "replaced")
        check_doppler(doppler, layout)
        check_subtype(subtype or "PCM_16")
    if not moving or path.suffix.lower() not in CONTAINERS:
        check_sound_file(path, layout, subtype or "PCM_16")
    check_writable(path, inputs=inputs)
    if sample_rate is not None:
        check_sample_rate(sample_rate)


def save_and_report(
    scene: Scene | MovingScene,
    path: pathlib.Path,
    layout: str,
    *,
    subtype: str | None = None,
    sample_rate: int | None = None,
    original: str | None = None,
    doppler: bool = False,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Save a scene, and report it.

    Parameters
    ----------
    scene : Scene or MovingScene
    path : pathlib.Path
    layout, subtype, sample_rate
        As in `Scene.save`.
    original, doppler
        Of a clip, as in `MovingScene.save`.

    Returns
    -------
    written : dict
        Of the file: ``path``, ``layout``, and where its sound is a rendering ``sample_rate_hz``, ``channels`` and
        ``gain_db``.
    report : dict
        As from ``scene.report()``. What is measured of the rendering is of the one in the file, or left out if the file
        has none.
    """
    kind, rate = export_of(path, layout), sample_rate or scene.sample_rate
    if isinstance(scene, MovingScene):
        how: dict[str, Any] = {"original": original, "doppler": doppler, "sample_rate": sample_rate, "subtype": subtype}
        scene.save(path, layout, **how)
        film = path.suffix.lower() in CONTAINERS
        rate, heard = (_RATES[kind], "foa") if kind in IN_FOA else (SAMPLE_RATE_HZ if film else rate, layout)
        gain_db = None if kind and kind not in IN_FOA else scene.gain_db(heard)
        report = scene.report()
    elif kind:
        scene.save(path, layout, subtype=subtype, sample_rate=sample_rate)
        rate, heard = _RATES.get(kind, rate), "foa"
        phi, gain_db = scene.render_with_gain(heard, sample_rate=rate)
        report = scene.report(heard, sample_rate=rate, phi=phi)
        if kind not in IN_FOA:
            gain_db = None
            del report["measured"]["signal"]
    else:
        heard = layout
        phi, gain_db = scene.render_with_gain(layout, sample_rate=rate)
        file = {"layout": layout, "subtype": subtype or "PCM_16", "description": scene.made_by()}
        write_sound(path, phi, rate, **file)
        report = scene.report(layout, sample_rate=rate, phi=phi)
    written: dict[str, Any] = {"path": str(path), "layout": kind or layout}
    if gain_db is not None:
        written |= {"channels": list(LAYOUTS[heard]), "sample_rate_hz": rate, "gain_db": round(gain_db, 2)}
    return written, report
