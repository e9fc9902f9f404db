"""A small scene as the builder writes it, made of nothing that must be fetched."""

import io
import wave

import numpy as np
from PIL import Image

from see2sound_nb.evaluation.known_truth.building import build_scene
from see2sound_nb.evaluation.known_truth.scene import declaration


def contents_of(scene, declared):
    """Stand-ins of all files: grey pictures, red cut-outs, and noises of half a second at 44.1 kHz."""
    rng = np.random.default_rng(1)
    contents = {}
    for key in declared["files"]:
        file = io.BytesIO()
        if key.endswith((".png", ".gif", ".jpg")):
            rgba = np.full((48, 32, 4), (200, 30, 30, 255), np.uint8)
            Image.fromarray(rgba).resize((640, 480)).save(file, "PNG")
        else:
            with wave.open(file, "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(44100)
                out.writeframes((8000 * rng.standard_normal(22050)).clip(-32000, 32000).astype("<i2").tobytes())
        contents[key] = file.getvalue()
    return contents


def make_scene(folder, *, room="open", sources=((40.0, 3.0),), fov_deg=130, off_screen=()):
    """Build a scene with sources at (azimuth in degrees, distance in m); returns its folder."""
    declared = declaration() | {"picture_px": [128, 96]}
    if room != "open":
        declared["rooms"][room]["max_order"] = 4
    things = [name for name, thing in declared["things"].items() if "sound" in thing]
    scene = dict(
        name="99", split="dev", room=room, fov_deg=fov_deg, trained=[], silent=[], ground="lawn",
        sources=[
            dict(
                thing=things[k], azimuth_deg=azimuth, distance_m=distance, raised_m=0.0, level_db=0.0,
                onset_s=0.25 + 0.5 * k, offset_s=2.2, on_screen=k not in off_screen,
            )
            for k, (azimuth, distance) in enumerate(sources)
        ],
    ) | ({"backdrop": "trees"} if room == "open" else {"wall": "red wall"})  # fmt: skip
    declared["duration_s"] = 2.5
    return build_scene(declared, scene, contents_of(scene, declared), folder)
