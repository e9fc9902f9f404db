"""The scenes, made: photo, masks, depth, sounds, responses and mixes, each in its folder.

The responses are the package's own (`render.responses`), and so are the mixes (`render.channels`). Positions and dry
sounds stand beside them, for who would render with another engine.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import io
import json
import math
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from see2sound_nb.evaluation.known_truth.composing import Camera, Cutout, compose, cut_out, place_of
from see2sound_nb.evaluation.known_truth.dcase import write_seld
from see2sound_nb.evaluation.known_truth.packages import read_files
from see2sound_nb.evaluation.known_truth.scene import declaration, files_of, room_of
from see2sound_nb.evaluation.known_truth.sounding import LEVEL_DB, decoded, sounding
from see2sound_nb.measure.reverberation import complete_until_s, drr_db, t20_s
from see2sound_nb.media.files import atomic_path
from see2sound_nb.media.films import ensure_av
from see2sound_nb.media.sound_files import write_wav
from see2sound_nb.places.frames import directions, unit_vectors
from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import Room

#: What the mixes are made in, and what their files are called.
STORED = ("foa", "binaural", "5.1")
#: Octave bands whose reverberation time is reported, in Hz.
OCTAVES_HZ = (125, 250, 500, 1000, 2000, 4000)


def build(
    folder: str | pathlib.Path,
    *,
    names: Sequence[str] | None = None,
    packages: str | pathlib.Path | None = None,
    tell: Callable[[str], None] = print,
) -> list[pathlib.Path]:
    """Make the benchmark's scenes, each in a folder of its name.

    Parameters
    ----------
    folder : str or path
        Where; it is made if it is not there.
    names : sequence of str, optional
        Scenes, such as ``["01", "05"]``; by default all 24.
    packages : str or path, optional
        Where the packages are, or are to be kept; by default ``packages`` in the folder.
    tell : callable
        Is told what is done.

    Returns
    -------
    list of pathlib.Path
        The scenes' folders.

    Raises
    ------
    ValueError
        If a scene is unknown, or a package cannot be had or is another than the declared one.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    declared = declaration()
    known = [scene["name"] for scene in declared["scenes"]]
    for name in names or ():
        if name not in known:
            raise ValueError(f"scene {name!r} is unknown; choose from {', '.join(known)}")
    ensure_av()
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [scene for scene in declared["scenes"] if names is None or scene["name"] in names]
    wanted = {key for scene in chosen for key in files_of(declared, scene)}
    contents = read_files(declared, wanted, pathlib.Path(packages or folder / "packages"), tell)
    made = []
    for scene in chosen:
        made.append(build_scene(declared, scene, contents, folder / scene["name"]))
        tell(f"{made[-1]}: {', '.join(source['thing'] for source in scene['sources'])}")
    return made


def build_scene(
    declared: dict[str, Any], scene: dict[str, Any], contents: dict[str, bytes], folder: pathlib.Path
) -> pathlib.Path:
    """Make one scene from the contents of its files; returns its folder."""
    from PIL import Image

    for part in ("masks", "dry", "ir", "seld"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    room = room_of(declared, scene)
    photo, masks, depth, positions = compose_scene(declared, scene, contents)
    _save(folder / "photo.png", lambda path: Image.fromarray(photo).save(path))
    _save(folder / "depth.npy", lambda path: _save_array(path, depth))
    truth = _truth(declared, scene, room, positions)
    visible = [k for k, source in enumerate(scene["sources"]) if source["on_screen"]]
    objects = [*(truth["sources"][k] for k in visible), *truth["silent"]]
    for number, (mask, entry) in enumerate(zip(masks, objects)):
        entry["mask"] = f"masks/{number:02d}.png"
        grey = np.round(255 * mask).astype(np.uint8)
        _save(folder / entry["mask"], lambda path, grey=grey: Image.fromarray(grey).save(path))  # type: ignore[misc]
    rate, duration = declared["sample_rate_hz"], round(declared["duration_s"] * declared["sample_rate_hz"])
    dry = np.zeros((len(scene["sources"]), duration), dtype=np.float32)
    for k, source in enumerate(scene["sources"]):
        sound = decoded(contents[declared["things"][source["thing"]]["sound"]], rate)
        dry[k], events = sounding(sound, source, rate, duration)
        truth["sources"][k] |= dict(events=events, dry=f"dry/{k:02d}.wav")
        write_wav(folder / f"dry/{k:02d}.wav", dry[k], rate, layout="mono", subtype="FLOAT")
    for layout in STORED:
        h = impulse_responses(room, positions, layout, sample_rate=rate)
        for k in range(len(h)):
            write_wav(folder / f"ir/{layout}_{k:02d}.wav", h[k], rate, layout=layout, subtype="FLOAT")
        mix = render_channels(dry, h)[:, :duration]
        write_wav(folder / f"{layout}.wav", mix, rate, layout=layout, subtype="PCM_24")
        if layout == "foa":
            for k, source in enumerate(truth["sources"]):
                source |= _reverberation(h[k, 0], rate, room, positions[k])
    truth["direction"] = _mean_direction(dry, positions)
    write_seld(folder / "seld", truth)
    text = json.dumps(truth, indent=1, allow_nan=False)
    _save(folder / "truth.json", lambda path: path.write_text(text + "\n", "utf-8"))
    return folder


def compose_scene(
    declared: dict[str, Any], scene: dict[str, Any], contents: dict[str, bytes]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What is seen of a scene, and where its sources are.

    Returns
    -------
    photo : np.ndarray
        (H, W, 3) uint8 RGB.
    masks : np.ndarray
        (n, H, W) float32, 0 to 1: the sources on the screen, then the silent things.
    depth_m : np.ndarray
        (H, W) float32.
    positions_m : np.ndarray
        (N, 3) float64, of all sources, metres, listener's frame.
    """
    base_m = -declared["ear_height_m"]
    cutouts: list[Cutout] = []
    positions = []
    for source in (*scene["sources"], *scene["silent"]):
        thing = declared["things"][source["thing"]]
        picture = cut_out(_picture(contents[thing["picture"]], "RGBA"))
        cutout, position = place_of(
            picture, thing["height_m"], thing["centre"], source["azimuth_deg"], source["distance_m"],
            base_m + source["raised_m"],
        )  # fmt: skip
        positions.append(position)
        if source.get("on_screen", True):
            cutouts.append(cutout)
    ground, behind = (
        declared["surfaces"][scene["ground"]],
        declared["surfaces"][scene.get("wall", scene.get("backdrop"))],
    )
    photo, masks, depth = compose(
        Camera(scene["fov_deg"], tuple(declared["picture_px"])),
        cutouts,
        floor=(_surface(ground, contents), ground["width_m"]),
        behind=(_surface(behind, contents), behind.get("width_m")),
        box_m=_box(declared, scene),
    )
    return photo, masks, depth, np.array(positions[: len(scene["sources"])])


def _box(declared: dict[str, Any], scene: dict[str, Any]) -> tuple[float, float, float, float, float]:
    """Left, right, front, floor and ceiling in metres, listener's frame."""
    room = declared["rooms"][scene["room"]]
    if room is None:
        far = 1e6
        return -far, far, declared["backdrop_m"], -declared["ear_height_m"], far
    (width, depth, height), (x, y, z) = room["size_m"], room["listener_m"]
    return -x, width - x, depth - y, -z, height - z


def _picture(content: bytes, mode: str) -> np.ndarray:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert(mode))


def _surface(surface: dict[str, Any], contents: dict[str, bytes]) -> np.ndarray:
    picture = _picture(contents[surface["picture"]], "RGB")
    if "box" in surface:
        left, top, right, bottom = surface["box"]
        picture = picture[top:bottom, left:right]
    if surface.get("turned"):
        picture = np.rot90(picture)
    tint = np.array(surface.get("tint", (1.0, 1.0, 1.0)))
    return np.ascontiguousarray(np.clip(picture * tint, 0, 255).astype(np.uint8))


def _truth(declared: dict[str, Any], scene: dict[str, Any], room: Room, positions: np.ndarray) -> dict[str, Any]:
    azimuth, elevation, distance = directions(positions)
    sources = []
    for k, source in enumerate(scene["sources"]):
        thing = declared["things"][source["thing"]]
        sources.append(
            dict(
                name=source["thing"], label=thing["label"], audioset=thing["audioset"],
                position_m=[round(float(v), 4) for v in positions[k]],
                azimuth_deg=round(float(azimuth[k]), 4), elevation_deg=round(float(elevation[k]), 4),
                distance_m=round(float(distance[k]), 4),
                level_db=LEVEL_DB + source["level_db"], on_screen=source["on_screen"],
            )
        )  # fmt: skip
    closed = declared["rooms"][scene["room"]] is not None
    return dict(
        name=scene["name"], version=declared["version"], split=scene["split"], trained=scene["trained"],
        sample_rate_hz=declared["sample_rate_hz"], duration_s=declared["duration_s"],
        camera=dict(fov_deg=scene["fov_deg"], width_px=declared["picture_px"][0], height_px=declared["picture_px"][1]),
        room=declared["rooms"][scene["room"]] if closed else None,
        hrtf=declared["hrtf"], sources=sources,
        silent=[dict(name=thing["thing"]) for thing in scene["silent"]],
        files={key: declared["files"][key] for key in sorted(files_of(declared, scene))},
    )  # fmt: skip


def _mean_direction(dry: np.ndarray, positions: np.ndarray) -> dict[str, float]:
    """The direction of the mean intensity of all direct sounds, as they reach the listener."""
    azimuth, elevation, distance = directions(positions)
    energy = np.sum(np.square(dry, dtype=float), axis=1) / distance**2
    towards = energy @ unit_vectors(azimuth, elevation)
    mean_azimuth, mean_elevation, _ = directions(towards)
    return dict(azimuth_deg=round(float(mean_azimuth), 4), elevation_deg=round(float(mean_elevation), 4))


def _reverberation(h: np.ndarray, rate: int, room: Room, position: np.ndarray) -> dict[str, Any]:
    """DRR in dB and T20 in seconds in octaves, None where there are no walls or the response does not carry it."""
    if room.max_order == 0:
        return dict(drr_db=None, t20_s=None)
    from scipy.signal import butter, sosfiltfilt

    complete = complete_until_s(room, position)
    times: dict[str, float | None] = {}
    for octave in OCTAVES_HZ:
        band = butter(4, [octave / math.sqrt(2), octave * math.sqrt(2)], "bandpass", fs=rate, output="sos")
        try:
            times[str(octave)] = round(float(t20_s(sosfiltfilt(band, h), rate, complete_s=complete)), 3)
        except ValueError:
            times[str(octave)] = None
    return dict(drr_db=round(drr_db(h, rate), 2), t20_s=times)


def _save(path: pathlib.Path, write: Callable[[pathlib.Path], Any]) -> None:
    with atomic_path(path) as beside:
        write(beside)


def _save_array(path: pathlib.Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array)
