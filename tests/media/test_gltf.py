"""Scenes as glTF, read by the specification's words, and where the dog is then."""

import io
import json
import struct

import av
import numpy as np
import pytest
from PIL import Image

from see2sound_nb.media.gltf import MP3_RATES, _mp3, write_gltf
from see2sound_nb.places.lifting import lift

RATE = 16000
NAMES = ["dog", 'Straße "9"', "bird"]
POSITIONS_M = np.array([[-2.0, 2.0, 0.0], [1.0, 4.0, 0.5], [0.2, 0.4, 0.1]])
DTYPES = {5126: "<f4", 5123: "<u2"}
SIZES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}


class Glb:
    """A file by glTF 2.0, sections 4.4 (GLB) and 3.6 (buffers): all is checked that one can get wrong there."""

    def __init__(self, path):
        data = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON" and size % 4 == 0
        self.json = json.loads(data[20 : 20 + size])
        inside, kind = struct.unpack_from("<I4s", data, 20 + size)
        assert kind == b"BIN\0" and inside % 4 == 0 and 28 + size + inside == len(data)
        self.bytes = data[28 + size :]
        (buffer,) = self.json["buffers"]
        assert buffer["byteLength"] in range(inside - 3, inside + 1) and "uri" not in buffer
        assert self.json["asset"]["version"] == "2.0"
        ends = 0
        for view in self.json["bufferViews"]:
            assert view["byteOffset"] >= ends and view["byteOffset"] % 4 == 0
            ends = view["byteOffset"] + view["byteLength"]
        assert ends <= buffer["byteLength"]

    def view(self, number):
        view = self.json["bufferViews"][number]
        return self.bytes[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]

    def array(self, number):
        accessor = self.json["accessors"][number]
        values = np.frombuffer(self.view(accessor["bufferView"]), DTYPES[accessor["componentType"]])
        values = values.reshape(accessor["count"], SIZES[accessor["type"]])
        if "min" in accessor:
            assert (values.min(0).tolist(), values.max(0).tolist()) == (accessor["min"], accessor["max"])
        return values

    @property
    def audio(self):
        return self.json["extensions"]["KHR_audio_emitter"]

    def node(self, name):
        (found,) = [node for node in self.json["nodes"] if node["name"] == name]
        assert self.json["nodes"].index(found) in self.json["scenes"][self.json["scene"]]["nodes"]
        return found

    def source(self, emitter):
        """The audio source of an emitter, and what it sounds like (T,)."""
        (number,) = self.audio["emitters"][emitter]["sources"]
        source = self.audio["sources"][number]
        audio = self.audio["audio"][source["audio"]]
        assert audio["mimeType"] == "audio/mpeg"
        with av.open(io.BytesIO(self.view(audio["bufferView"]))) as file:
            sound = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)[0]
            assert file.streams.audio[0].rate == RATE
        return source, sound * source["gain"]


def tones(count=3, seconds=1.0, level=0.3):
    time_s = np.arange(round(seconds * RATE)) / RATE
    return level * np.sin(2 * np.pi * 250 * (1 + np.arange(count))[:, None] * time_s)


def picture():
    I = np.zeros((40, 60, 3), np.uint8)
    I[:20, :30], I[:20, 30:], I[20:, :30] = (220, 0, 0), (0, 220, 0), (0, 0, 220)
    return I


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    path = tmp_path_factory.mktemp("gltf") / "a scene.glb"
    ambience = 0.05 * np.cos(2 * np.pi * 1500 * np.arange(RATE // 2) / RATE)
    assert write_gltf(path, picture(), tones(), RATE, POSITIONS_M, NAMES, fov_deg=70.0, ambience=ambience) == path
    return Glb(path)


def test_each_source_is_an_emitter_at_its_place(scene):
    """glTF's frame: x right, y up; a camera looks along -z (3.10.2)."""
    for number, (name, (right, ahead, up)) in enumerate(zip(NAMES, POSITIONS_M)):
        node = scene.node(name)
        np.testing.assert_allclose(node["translation"], [right, up, -ahead])
        assert node["extensions"]["KHR_audio_emitter"]["emitters"] == [number]
        emitter = scene.audio["emitters"][number]
        assert emitter["name"] == name and emitter["type"] == "positional" and emitter.get("gain", 1) == 1
        assert emitter["positional"]["shapeType"] == "omnidirectional"
    assert scene.node("dog")["translation"][0] < 0  # on the left
    assert "KHR_audio_emitter" in scene.json["extensionsUsed"] and "extensionsRequired" not in scene.json


def test_levels_fall_as_one_over_the_distance(scene):
    near = scene.audio["emitters"][0]["positional"]
    assert near["distanceModel"] == "inverse" and "maxDistance" not in near

    def gain(distance):  # the extension's formula
        ref, rolloff = near["refDistance"], near["rolloffFactor"]
        return ref / (ref + rolloff * (max(distance, ref) - ref))

    assert [gain(d) for d in (1.0, 2.0, 4.0, 10.0)] == pytest.approx([1, 1 / 2, 1 / 4, 1 / 10])
    assert gain(0.3) == 1


def test_sounds_keep_their_level_length_and_place_in_time(scene):
    for number, sound in enumerate(tones()):
        source, heard = scene.source(number)
        assert source["loop"] and source["autoplay"] and len(heard) == len(sound)
        middle = slice(1000, -1000)
        assert np.sqrt(np.mean(heard[middle] ** 2) / np.mean(sound[middle] ** 2)) == pytest.approx(1, abs=0.003)
        assert np.abs(heard - sound)[middle].max() < 0.01  # another sound, a shift or a sign would be more
    (number,) = scene.json["scenes"][0]["extensions"]["KHR_audio_emitter"]["emitters"]
    assert scene.audio["emitters"][number]["type"] == "global" and "positional" not in scene.audio["emitters"][number]
    _, heard = scene.source(number)
    assert len(heard) == RATE // 2 and np.abs(heard).max() == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("rate", MP3_RATES)
def test_each_rate_of_mp3_keeps_level_and_length(rate):
    sound = np.sin(2 * np.pi * 440 * np.arange(rate) / rate)  # up to full scale
    mp3, gain = _mp3(sound, rate)
    with av.open(io.BytesIO(mp3)) as file:
        heard = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)[0] * gain
    assert len(heard) == len(sound)
    np.testing.assert_allclose(heard[1500:-1500], sound[1500:-1500], atol=0.02)


def test_beyond_full_scale_a_gain_keeps_the_level(tmp_path):
    path = write_gltf(tmp_path / "a.glb", picture(), tones(1, level=2.5), RATE, POSITIONS_M[:1], ["x"], fov_deg=70)
    source, heard = Glb(path).source(0)
    assert 2.5 <= source["gain"] < 2.7
    assert np.abs(heard[1000:-1000]).max() == pytest.approx(2.5, rel=0.03)


def test_the_photo_fills_the_view_and_things_stand_where_they_are_seen(scene, tmp_path):
    camera = scene.json["cameras"][scene.node("camera")["camera"]]["perspective"]
    assert "translation" not in scene.node("camera") and "rotation" not in scene.node("camera")
    tall = np.tan(camera["yfov"] / 2)
    assert 2 * np.degrees(np.arctan(tall * camera["aspectRatio"])) == pytest.approx(70)

    def seen(points):  # projection by 3.10.3.3, from -1 to 1
        x, y, z = np.asarray(points, float).T
        return np.stack([x / -z / tall / camera["aspectRatio"], y / -z / tall], axis=1)

    (primitive,) = scene.json["meshes"][scene.node("photo")["mesh"]]["primitives"]
    corners, texels = (scene.array(primitive["attributes"][name]) for name in ("POSITION", "TEXCOORD_0"))
    np.testing.assert_allclose(seen(corners), 2 * texels * [1, -1] + [-1, 1], atol=1e-6)  # v goes down (3.8.1)
    np.testing.assert_allclose(corners[:, 2], -2.0)  # the median of 2, 4 and 0.4 m ahead
    triangles = corners[scene.array(primitive["indices"]).ravel()].reshape(2, 3, 3)
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    assert (normals[:, 2] > 0).all()  # its front is to the camera
    texture = scene.json["materials"][primitive["material"]]["pbrMetallicRoughness"]["baseColorTexture"]["index"]
    image = scene.json["images"][scene.json["textures"][texture]["source"]]
    I = np.asarray(Image.open(io.BytesIO(scene.view(image["bufferView"]))))
    assert I.shape == picture().shape and np.abs(I.astype(int) - picture())[10::20, 15::30].max() < 12

    pixels = np.array([[10.0, 30.0], [50.0, 5.0]])
    positions = lift(pixels, np.array([1.5, 6.0]), (60, 40), fov_deg=70.0)
    path = write_gltf(tmp_path / "a.glb", picture(), tones(2), RATE, positions, NAMES[:2], fov_deg=70, photo_m=5)
    placed = seen([Glb(path).node(name)["translation"] for name in NAMES[:2]])
    np.testing.assert_allclose((placed * [1, -1] + 1) / 2 * [60, 40], pixels + 0.5, atol=1e-6)


def test_what_moves_is_an_animation(tmp_path):
    times_s = np.array([0.2, 0.5, 0.8])
    paths = POSITIONS_M[:2] + np.array([0.0, 1.0, 3.0])[:, None, None] * np.array([[1.0, 0, 0], [0, 0, 0.5]])
    path = write_gltf(tmp_path / "a.glb", picture(), tones(2), RATE, paths, NAMES[:2], fov_deg=70, times_s=times_s)
    glb = Glb(path)
    (animation,) = glb.json["animations"]
    for k, (channel, name) in enumerate(zip(animation["channels"], NAMES)):
        assert channel["target"]["path"] == "translation"
        assert glb.json["nodes"][channel["target"]["node"]] == glb.node(name)
        sampler = animation["samplers"][channel["sampler"]]
        assert sampler["interpolation"] == "LINEAR"
        times, places = glb.array(sampler["input"])[:, 0], glb.array(sampler["output"])
        np.testing.assert_allclose(times, [0.2, 0.5, 0.8, 1.0])  # it ends with the sound
        x, y, z = places[:3].T
        np.testing.assert_allclose(np.stack([x, -z, y], 1), paths[:, k], atol=1e-6)
        np.testing.assert_allclose(places[3], places[2])
        np.testing.assert_allclose(glb.node(name)["translation"], places[0], atol=1e-6)


def test_moments_that_are_one_as_float32_are_stored_once(tmp_path):
    times_s = np.array([0.0, 0.5, 0.5 + 1e-9, 1.0 - 1e-9])
    paths = np.tile(POSITIONS_M[:1], (4, 1, 1))
    path = write_gltf(tmp_path / "a.glb", picture(), tones(1), RATE, paths, ["x"], fov_deg=70, times_s=times_s)
    glb = Glb(path)
    sampler = glb.json["animations"][0]["samplers"][0]
    assert glb.array(sampler["input"]).ravel().tolist() == [0.0, 0.5, 1.0] and len(glb.array(sampler["output"])) == 3


def test_without_sources_there_is_a_photo(tmp_path):
    path = write_gltf(tmp_path / "a.glb", picture(), np.zeros((0, 0)), RATE, np.zeros((0, 3)), [], fov_deg=70)
    glb = Glb(path)
    assert "extensions" not in glb.json and "KHR_audio_emitter" not in glb.json["extensionsUsed"]
    assert [node["name"] for node in glb.json["nodes"]] == ["camera", "photo"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (dict(path="a.gltf"), r"must end with \.glb"), (dict(names=["dog"]), "3 sounds, 1 names"),
        (dict(positions_m=POSITIONS_M[:2]), "give each source"), (dict(positions_m=POSITIONS_M * np.nan), "not finite"),
        (dict(sounds=tones() + np.inf), "not finite"), (dict(sounds=tones()[0]), "2 dimensions"),
        (dict(sounds=tones()[:, :0]), "0 samples"), (dict(sample_rate=96000), "none of MP3"),
        (dict(fov_deg=180), "fov_deg=180"), (dict(photo_m=0), "photo_m=0"),
        (dict(times_s=[0.0]), "3 dimensions"), (dict(image=picture() / 1.0), "must be uint8"),
        (dict(times_s=[0.0, 0.0], positions_m=[POSITIONS_M] * 2), "increasing"),
        (dict(times_s=[0.0], positions_m=[POSITIONS_M] * 2), "1 numbers for 2 places"),
        (dict(path="nowhere/a.glb"), "does not exist"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_named(tmp_path, change, why):
    given = dict(
        path="a.glb",
        image=picture(),
        sounds=tones(),
        sample_rate=RATE,
        positions_m=POSITIONS_M,
        names=NAMES,
        fov_deg=70,
    )
    given |= change
    with pytest.raises(ValueError, match=why):
        write_gltf(**{**given, "path": tmp_path / given["path"]})
    assert not list(tmp_path.iterdir())
