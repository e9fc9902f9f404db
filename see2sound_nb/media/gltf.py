"""A scene for games and the web: glTF 2.0 with the photo as a plane, a camera, and an audio emitter for each source.

Notebook: 09_your_own.
"""

from __future__ import annotations

import io
import json
import math
import os
import pathlib
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from see2sound_nb._checks import check_image
from see2sound_nb._version import __version__
from see2sound_nb.media.files import atomic_path, check_suffix, check_writable
from see2sound_nb.media.films import ensure_av

#: The audio extension. None is ratified (November 2026); this is the draft that Khronos discusses, as the Open
#: Metaverse Interoperability Group keeps it.
EXTENSION = "KHR_audio_emitter"
#: Sample rates of MP3, in Hz: the only coding that the extension knows by itself.
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
#: Bits a second of each sound. At this rate LAME makes all sounds quieter by a factor, which is undone; at a variable
#: rate there is none, but tones come out up to 0.3 dB too loud.
MP3_BIT_RATE, LAME_SCALE = 128_000, 0.95
#: Where the photo stands if there is no source to say how far, in metres; and the least distance of it.
PHOTO_M, LEAST_PHOTO_M = 3.0, 0.5
#: Numbers of glTF: floats, 16 bit indices, and what a buffer view of a mesh is for.
FLOAT, UNSIGNED_SHORT, ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 5126, 5123, 34962, 34963
#: Quality of the photo as JPEG.
JPEG_QUALITY = 92


def write_gltf(
    path: str | os.PathLike,
    image: np.ndarray,
    sounds: np.ndarray,
    sample_rate: int,
    positions_m: np.ndarray,
    names: Sequence[str],
    *,
    fov_deg: float,
    times_s: np.ndarray | None = None,
    ambience: np.ndarray | None = None,
    photo_m: float | None = None,
) -> pathlib.Path:
    """Write a scene as binary glTF.

    Parameters
    ----------
    path : str or path
        ``.glb``; it appears only when it is complete.
    image : np.ndarray
        (H, W, 3) uint8 RGB, the photo.
    sounds : np.ndarray
        (N, T) float, full scale 1, dry, as heard from 1 m away; each loops. N may be 0.
    sample_rate : int
        In Hz, one of `MP3_RATES`.
    positions_m : np.ndarray
        (N, 3) float, metres, listener's frame (x right, y forward, z up); for sources that move (P, N, 3), their places
        at `times_s`, straight from one to the next.
    names : sequence of str
        What each source is called.
    fov_deg : float
        The camera's horizontal field of view in degrees.
    times_s : np.ndarray, optional
        (P,) float, seconds, from 0 on and increasing: the moments of the paths. Paths that end before the sounds rest
        there until those do.
    ambience : np.ndarray, optional
        (T,) float: what sounds from everywhere alike, at its level; it loops.
    photo_m : float, optional
        How far in front of the camera the photo stands, in metres; the sources' median unless given.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If a shape, a name, the sample rate, a time or an angle does not fit, a number is not finite, or the file cannot
        be written.
    ModuleNotFoundError
        Without PyAV, the extra ``video``.

    Notes
    -----
    glTF 2.0 (ISO/IEC 12113), its frame: x right, y up, -z forward; so the camera looks along -z, and is the listener.
    The emitters are those of ``KHR_audio_emitter``, a draft (github.com/KhronosGroup/glTF/pull/2137, kept in
    github.com/omigroup/gltf-extensions): positional and omnidirectional, by its inverse distance model 1/r from 1 m on,
    as our direct sound; nearer than that they grow no louder. The room is not in the file. `gltf_audio.js`, beside this
    file, makes three.js's GLTFLoader play them. Notebook: 09_your_own.
    """
    check_suffix(path, [".glb"], "a glTF scene")
    image = check_image(image)
    sounds, places, times = _checked(sounds, sample_rate, positions_m, names, times_s)
    if not 1 <= fov_deg <= 179:
        raise ValueError(f"fov_deg={fov_deg} must lie between 1 and 179 degrees; a phone has about 60")
    if photo_m is None:
        ahead = places[..., 1]
        photo_m = max(LEAST_PHOTO_M, float(np.median(ahead))) if ahead.size else PHOTO_M
    if not (photo_m > 0 and math.isfinite(photo_m)):
        raise ValueError(f"photo_m={photo_m} must be a number of metres above 0; {PHOTO_M} is usual")
    check_writable(path)
    scene = _Glb()
    scene.add_camera(image.shape[1] / image.shape[0], math.radians(fov_deg))
    scene.add_photo(image, photo_m, math.radians(fov_deg))
    for k, name in enumerate(names):
        scene.add_emitter(str(name), _mp3(sounds[k], sample_rate), _gltf_frame(places[0, k]))
    if times is not None:
        lasts_s = sounds.shape[1] / sample_rate
        if times[-1] < lasts_s:  # so that sounds and paths begin anew together
            times, places = np.append(times, lasts_s), np.concatenate([places, places[-1:]])
        apart = np.diff(times.astype(np.float32), prepend=-1.0) > 0  # as they are stored
        scene.add_paths(times[apart], _gltf_frame(places[apart]), first_node=len(scene.nodes) - len(sounds))
    if ambience is not None and np.size(ambience):
        scene.add_emitter("ambience", _mp3(_finite("ambience", ambience, 1), sample_rate), None)
    with atomic_path(path) as beside:
        beside.write_bytes(scene.file())
    return pathlib.Path(path)


class _Glb:
    """The arrays of a glTF asset, and the bytes that they point to."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.nodes: list[dict[str, Any]] = []
        self.audio: dict[str, list[dict[str, Any]]] = {"audio": [], "sources": [], "emitters": []}
        self.scene: dict[str, Any] = {"nodes": []}
        self.json: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": f"see2sound_nb {__version__}"},
            "extensionsUsed": ["KHR_materials_unlit"],
            "scene": 0, "scenes": [self.scene], "nodes": self.nodes, "bufferViews": [], "accessors": [],
        }  # fmt: skip

    def add_node(self, **node: Any) -> None:
        self.scene["nodes"].append(len(self.nodes))
        self.nodes.append(node)

    def add_view(self, data: bytes, **how: Any) -> int:
        """The index of a new buffer view; each begins at a multiple of four bytes."""
        self.bytes += bytes(-len(self.bytes) % 4)
        self.json["bufferViews"].append({"buffer": 0, "byteOffset": len(self.bytes), "byteLength": len(data), **how})
        self.bytes += data
        return len(self.json["bufferViews"]) - 1

    def add_accessor(self, values: np.ndarray, *, bounds: bool = False, target: int | None = None) -> int:
        """The index of a new accessor to (n,) or (n, k) numbers, float32 unless they are 16 bit indices."""
        how = {} if target is None else {"target": target}
        kind = "SCALAR" if values.ndim == 1 else f"VEC{values.shape[1]}"
        code = UNSIGNED_SHORT if values.dtype == np.uint16 else FLOAT
        stored = values.astype("<u2" if code == UNSIGNED_SHORT else "<f4")
        accessor: dict[str, Any] = {
            "bufferView": self.add_view(stored.tobytes(), **how),
            "componentType": code, "count": len(values), "type": kind,
        }  # fmt: skip
        if bounds:
            accessor |= {
                side: np.atleast_1d(edge).tolist() for side, edge in (("min", stored.min(0)), ("max", stored.max(0)))
            }
        self.json["accessors"].append(accessor)
        return len(self.json["accessors"]) - 1

    def add_camera(self, aspect: float, fov: float) -> None:
        """The camera that took the photo, at the origin; `fov` is its horizontal angle in radians."""
        seen = {"aspectRatio": aspect, "yfov": 2 * math.atan(math.tan(fov / 2) / aspect), "znear": 0.05}
        self.json["cameras"] = [{"name": "camera", "type": "perspective", "perspective": seen}]
        self.add_node(name="camera", camera=0)

    def add_photo(self, image: np.ndarray, distance_m: float, fov: float) -> None:
        """The photo as a plane that fills the camera's view, lit by nothing."""
        from PIL import Image

        jpeg = io.BytesIO()
        Image.fromarray(image).save(jpeg, format="JPEG", quality=JPEG_QUALITY, subsampling=0)
        x = distance_m * math.tan(fov / 2)
        y = x * image.shape[0] / image.shape[1]
        corners = np.array([[-x, y, -distance_m], [-x, -y, -distance_m], [x, -y, -distance_m], [x, y, -distance_m]])
        texels = np.array([[0, 0], [0, 1], [1, 1], [1, 0]])  # the first row of a picture is at v = 0
        attributes = {
            "POSITION": self.add_accessor(corners, bounds=True, target=ARRAY_BUFFER),
            "TEXCOORD_0": self.add_accessor(texels, target=ARRAY_BUFFER),
        }
        indices = self.add_accessor(np.array([0, 1, 2, 0, 2, 3], np.uint16), target=ELEMENT_ARRAY_BUFFER)
        self.json["images"] = [
            {"name": "photo", "mimeType": "image/jpeg", "bufferView": self.add_view(jpeg.getvalue())}
        ]
        self.json["textures"] = [{"source": 0}]
        self.json["materials"] = [
            {
                "name": "photo",
                "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0},
                "doubleSided": True,
                "extensions": {"KHR_materials_unlit": {}},
            }
        ]
        primitive = {"attributes": attributes, "indices": indices, "material": 0}
        self.json["meshes"] = [{"name": "photo", "primitives": [primitive]}]
        self.add_node(name="photo", mesh=0)

    def add_emitter(self, name: str, sound: tuple[bytes, float], position: np.ndarray | None) -> None:
        """A sound, an MP3 and its gain, at a place (3,) of glTF's frame, or everywhere."""
        mp3, gain = sound
        number = len(self.audio["emitters"])
        self.audio["audio"].append({"name": name, "mimeType": "audio/mpeg", "bufferView": self.add_view(mp3)})
        self.audio["sources"].append({"name": name, "audio": number, "gain": gain, "loop": True, "autoplay": True})
        emitter = {"name": name, "sources": [number]}
        if position is None:
            self.audio["emitters"].append({**emitter, "type": "global"})
            self.scene["extensions"] = {EXTENSION: {"emitters": [number]}}
            return
        near = {"shapeType": "omnidirectional", "distanceModel": "inverse", "refDistance": 1.0, "rolloffFactor": 1.0}
        self.audio["emitters"].append({**emitter, "type": "positional", "positional": near})
        # The draft had a single "emitter" until April 2026, and engines still read that.
        extension = {EXTENSION: {"emitters": [number], "emitter": number}}
        self.add_node(name=name, translation=position.tolist(), extensions=extension)

    def add_paths(self, times_s: np.ndarray, places: np.ndarray, *, first_node: int) -> None:
        """An animation that moves nodes from `first_node` on along `places`, (P, N, 3) in glTF's frame."""
        times = self.add_accessor(times_s, bounds=True)
        samplers, channels = [], []
        for k in range(places.shape[1]):
            channels.append({"sampler": k, "target": {"node": first_node + k, "path": "translation"}})
            samplers.append({"input": times, "output": self.add_accessor(places[:, k]), "interpolation": "LINEAR"})
        if channels:
            self.json["animations"] = [{"name": "paths", "samplers": samplers, "channels": channels}]

    def file(self) -> bytes:
        """All of it as a GLB (section 4.4 of the specification): a head, the JSON, the bytes."""
        if self.audio["emitters"]:
            self.json["extensionsUsed"].append(EXTENSION)
            self.json["extensions"] = {EXTENSION: self.audio}
        self.bytes += bytes(-len(self.bytes) % 4)
        self.json["buffers"] = [{"byteLength": len(self.bytes)}]
        text = json.dumps(self.json, allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text
        chunks += struct.pack("<I4s", len(self.bytes), b"BIN\0") + self.bytes
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _gltf_frame(positions: np.ndarray) -> np.ndarray:
    """From x right, y forward, z up to x right, y up, -z forward."""
    return np.stack([positions[..., 0], positions[..., 2], -positions[..., 1]], axis=-1)


def _finite(name: str, values: Any, dimensions: int) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != dimensions:
        raise ValueError(f"{name} has the shape {values.shape}; it must have {dimensions} dimensions: reshape it")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds numbers that are not finite; all must be: look where they come from")
    return values


def _checked(
    sounds: np.ndarray, sample_rate: int, positions_m: np.ndarray, names: Sequence[str], times_s: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Sounds (N, T), places (P, N, 3) and times (P,), or ValueError."""
    if sample_rate not in MP3_RATES:
        rates = ", ".join(map(str, MP3_RATES))
        raise ValueError(f"sample_rate={sample_rate} is none of MP3; resample the sounds to one of {rates} Hz")
    sounds = _finite("sounds", sounds, 2)
    times = None if times_s is None else _finite("times_s", times_s, 1)
    places = _finite("positions_m", positions_m, 2 if times is None else 3)
    places = places[None] if times is None else places
    if places.shape[1:] != (len(sounds), 3) or len(names) != len(sounds):
        raise ValueError(
            f"there are {len(sounds)} sounds, {len(names)} names, and positions_m of shape {np.shape(positions_m)}; "
            "give each source a sound, a name and a place of 3 numbers"
        )
    if times is not None and (
        len(times) != len(places) or not len(times) or times[0] < 0 or (np.diff(times) <= 0).any()
    ):
        raise ValueError(
            f"times_s has {len(times)} numbers for {len(places)} places; give one for each, from 0 on and increasing"
        )
    if len(sounds) and not sounds.shape[1]:
        raise ValueError("sounds have 0 samples; generate them first")
    return sounds, places, times


def _mp3(sound: np.ndarray, sample_rate: int) -> tuple[bytes, float]:
    """A sound (T,) as MP3 that loops without a gap, and the gain that is missing where it goes beyond full scale."""
    av = ensure_av("writing MP3")
    gain = max(1.0, float(np.abs(sound).max(initial=0.0)) / LAME_SCALE)
    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options={"id3v2_version": "0"}) as out:
        stream = out.add_stream("libmp3lame", rate=sample_rate, layout="mono")
        stream.bit_rate = MP3_BIT_RATE
        samples = (sound / gain / LAME_SCALE).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = sample_rate, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue(), gain
