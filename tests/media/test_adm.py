"""ADM files, read by a reader of its own, from the Recommendations: BS.2088 (the file), BS.2076 (the model)."""

import functools
import itertools
import re
import struct
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from see2sound_nb.media import adm
from see2sound_nb.media.adm import write_adm
from see2sound_nb.media.riff import write_riff
from see2sound_nb.render.layouts import LOUDSPEAKERS
from see2sound_nb.render.panning import pan
from see2sound_nb.room.spherical_harmonics import encode

RATE = 48000
NS = "{urn:ebu:metadata-schema:ebuCore_2016}"
#: What the EBU's renderer, ear 2.1.0, plays an object from a direction with, in 0+5+0 and in 4+7+0 (BS.2051); all other
#: loudspeakers are silent. Printed by its GainCalc.
EAR = {
    (0, 0): ({"FC": 1}, {"FC": 1}),
    (20, 0): ({"FL": 0.8917, "FC": 0.4527}, {"FL": 0.8917, "FC": 0.4527}),
    (-70, 0): ({"FR": 0.7071, "SR": 0.7071}, {"FR": 0.4697, "SR": 0.8828}),
    (150, 0): ({"SL": 0.8374, "SR": 0.5466}, {"BL": 0.9659, "BR": 0.2588}),
    (100, 20): ({"FL": 0.1817, "SL": 0.9834}, {"SL": 0.6984, "TFL": 0.2879, "TBL": 0.6553}),
    (-35, 15): ({"FR": 0.9960, "SR": 0.0899}, {"FR": 0.6726, "FC": 0.0903, "TFR": 0.7344}),
}


class Adm:
    """A file: its form, its tracks as the chunk chna has them, its model, and its objects by name."""

    def __init__(self, path):
        data = path.read_bytes()
        self.form, kind = data[:4], data[8:12]
        assert self.form in (b"RIFF", b"BW64") and kind == b"WAVE"
        self.chunks, at, data_size = {}, 12, None
        while at < len(data):
            name, size = struct.unpack_from("<4sI", data, at)
            if name == b"ds64":
                whole, data_size, dummy, table = struct.unpack_from("<QQQI", data, at + 8)
                assert (whole, dummy, table) == (len(data) - 8, 0, 0)
            if name == b"data" and data_size is not None:
                assert size == 0xFFFFFFFF
                size = data_size
            self.chunks[name] = data[at + 8 : at + 8 + size]
            at += 8 + size + size % 2
        assert at == len(data)
        tag, self.channels, self.rate, _, self.block, self.bits = struct.unpack("<HHIIHH", self.chunks[b"fmt "])
        assert tag == 1, "ear takes floats for whole numbers"
        chna = self.chunks[b"chna"]
        tracks, uids = struct.unpack_from("<HH", chna)
        assert tracks == uids == self.channels and len(chna) == 4 + 40 * uids
        self.tracks = {}
        for index, uid, track, pack in struct.iter_unpack("<H12s14s11sx", chna[4:]):
            self.tracks[uid.decode()] = (index - 1, track.decode(), pack.decode())
        assert sorted(index for index, _, _ in self.tracks.values()) == list(range(tracks))
        self.model = ElementTree.fromstring(self.chunks[b"axml"])
        ids = [e for e in self.model.iter() for a in e.attrib if a in (e.tag.replace(NS, "") + "ID", "UID")]
        self.by_id = {e.get(e.tag.replace(NS, "") + "ID") or e.get("UID"): e for e in ids}
        assert len(self.by_id) == len(ids), "no ID twice"
        self.objects = {e.get("audioObjectName"): e for e in self.model.iter(NS + "audioObject")}

    def ref(self, element, kind):
        """The elements that an element refers to; those of the common definitions by their ID."""
        found = [e.text for e in element.findall(NS + kind)]
        return [self.by_id.get(text, text) for text in found]

    def samples(self):
        width = self.bits // 8
        bytes_ = np.frombuffer(self.chunks[b"data"], np.uint8).reshape(-1, self.channels, width).astype(np.int64)
        whole = sum(bytes_[..., k] << 8 * k for k in range(width))
        return (((whole + 2 ** (self.bits - 1)) % 2**self.bits) - 2 ** (self.bits - 1)).T / (2 ** (self.bits - 1) - 1)

    def blocks(self, name):
        """(absolute distance, blocks) of an object: begin, end (exact), azimuth, elevation, distance, gain."""
        (pack,), (uid,) = (self.ref(self.objects[name], kind) for kind in ("audioPackFormatIDRef", "audioTrackUIDRef"))
        index, track, pack_id = self.tracks[uid.get("UID")]
        assert pack.get("audioPackFormatID") == pack_id
        assert [e.text for e in uid] == [track, pack_id], "chna and the model agree"
        (stream,) = self.ref(self.by_id[track], "audioStreamFormatIDRef")
        assert self.ref(stream, "audioTrackFormatIDRef") == [self.by_id[track]]
        (channel,) = self.ref(stream, "audioChannelFormatIDRef")
        assert self.ref(pack, "audioChannelFormatIDRef") == [channel]
        for element in (pack, channel):
            assert (element.get("typeLabel"), element.get("typeDefinition")) == ("0003", "Objects")
        found = []
        for number, block in enumerate(channel, start=1):
            digits = channel.get("audioChannelFormatID")[3:]
            assert block.get("audioBlockFormatID") == f"AB_{digits}_{number:08x}"
            begin, lasts = seconds(block.get("rtime")), seconds(block.get("duration"))
            place = {e.get("coordinate"): float(e.text) for e in block.findall(NS + "position")}
            assert block.find(NS + "cartesian").text == block.find(NS + "jumpPosition").text == "0"
            gain = float(block.find(NS + "gain").text)
            found.append((begin, begin + lasts, place["azimuth"], place["elevation"], place["distance"], gain))
        return float(pack.find(NS + "absoluteDistance").text), found, index


def seconds(text):
    """A time of BS.2076, exactly."""
    hours, minutes, rest = re.fullmatch(r"(\d\d):(\d\d):(\d\d\.\d{5})", text).groups()
    return int(hours) * 3600 + int(minutes) * 60 + Fraction(rest)


def metres(block, absolute_distance):
    """Where a block leads to, in the listener's frame."""
    _, _, azimuth, elevation, distance, _ = block
    a, e = np.radians([azimuth, elevation])
    return distance * absolute_distance * np.array([-np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)])


def test_objects_at_rest_are_where_they_are_with_their_level(tmp_path, rng):
    positions = np.array([[-2.0, 0, 0], [1, 4, 1], [0, -0.5, 0.25], [0, 0, 3]])
    sounds = rng.uniform(-1, 1, (4, 4801))
    names = ["dog", "bird", "step", "rain"]
    file = Adm(write_adm(tmp_path / "a.wav", sounds, RATE, names=names, times_s=[0], paths_m=positions[None]))
    assert file.form == b"RIFF" and (file.rate, file.bits) == (RATE, 24)
    for name, position, sound in zip(names, positions, sounds):
        absolute, blocks, index = file.blocks(name)
        assert len(blocks) == 1
        np.testing.assert_allclose(metres(blocks[0], absolute), position, atol=1e-4)
        assert blocks[0][4] == 1, "no renderer widens it"
        np.testing.assert_allclose(blocks[0][5] * np.linalg.norm(position), 1, rtol=1e-5, err_msg="as loud as from 1 m")
        np.testing.assert_allclose(file.samples()[index], sound, atol=2.0**-23)
        assert blocks[0][0] == 0 and blocks[0][1] * RATE >= 4801 > blocks[0][1] * RATE - 1, "to the last sample"
    assert blocks[0][3] == 90, "straight above"


@pytest.mark.parametrize(("azimuth", "elevation"), EAR)
def test_the_ebu_renderer_plays_what_ours_does(tmp_path, azimuth, elevation):
    a, e = np.radians([azimuth, elevation])
    position = 2.5 * np.array([-np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)])
    file = Adm(write_adm(tmp_path / "a.wav", [[0.1]], RATE, names=["it"], times_s=[0], paths_m=position[None, None]))
    _, ((_, _, *direction, _, gain),), _ = file.blocks("it")
    np.testing.assert_allclose(direction, (azimuth, elevation), atol=1e-3)
    for layout, theirs in zip(("5.1", "7.1.4"), EAR[azimuth, elevation]):
        ours = pan(position[None], layout)[0] / np.linalg.norm(position)  # as `render.responses` has it in the open
        expected = [gain * theirs.get(name, 0) for name in LOUDSPEAKERS[layout]]
        np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_a_moving_object_is_on_its_path_at_every_time(tmp_path):
    times = np.arange(0, 2.01, 0.04)
    path = np.stack([2 * np.sin(times), 1 + times, 0.2 * times], axis=1)
    still = np.full_like(path, 2.0)
    file = Adm(
        write_adm(
            tmp_path / "a.wav", np.zeros((2, 2 * RATE)), RATE, names=["moves", "rests"], times_s=times,
            paths_m=np.stack([path, still], axis=1),
        )
    )  # fmt: skip
    absolute, blocks, _ = file.blocks("moves")
    np.testing.assert_allclose(absolute, np.linalg.norm(path, axis=1).min(), atol=1e-6)
    ends = {float(block[1]): block for block in blocks}
    for moment, place in zip(times[1:], path[1:]):
        block = ends[min(ends, key=lambda end: abs(end - moment))]
        assert abs(float(block[1]) - moment) < 1e-5, "a block ends there"
        np.testing.assert_allclose(metres(block, absolute), place, atol=2e-4)
        np.testing.assert_allclose(block[5], 1 / np.linalg.norm(place), rtol=1e-5)
        assert block[4] >= 1
    np.testing.assert_allclose(metres(blocks[0], absolute), path[0], atol=2e-4)
    assert blocks[0][0] == 0 and 0 < blocks[0][1] <= Fraction("0.005"), "it begins where the path does"
    assert all(before[1] == after[0] for before, after in itertools.pairwise(blocks)), "without a gap, exactly"
    assert blocks[-1][1] == 2
    assert len(file.blocks("rests")[1]) == 1


def test_before_between_and_after_its_places_an_object_is_on_the_line(tmp_path):
    """The path begins before the file, and ends within; another begins within."""
    sounds, there = np.zeros((1, 3 * RATE)), np.array([[-2.0, 2, 0], [2, 2, 0]])
    one = Adm(write_adm(tmp_path / "a.wav", sounds, RATE, names=["x"], times_s=[-1, 1], paths_m=there[:, None]))
    absolute, blocks, _ = one.blocks("x")
    np.testing.assert_allclose(metres(blocks[0], absolute), [0, 2, 0], atol=1e-4)
    assert [float(block[1]) for block in blocks] == [0.005, 1, 3]
    np.testing.assert_allclose([metres(block, absolute) for block in blocks[1:]], there[[1, 1]], atol=1e-4)
    two = Adm(write_adm(tmp_path / "b.wav", sounds, RATE, names=["x"], times_s=[1, 2], paths_m=there[:, None]))
    absolute, blocks, _ = two.blocks("x")
    assert [float(block[1]) for block in blocks] == [1, 2, 3]
    np.testing.assert_allclose([metres(block, absolute) for block in blocks], there[[0, 1, 1]], atol=1e-4)


def test_gains_are_added_to_what_the_distance_makes(tmp_path):
    paths = np.tile([[0.0, 2, 0], [0, 4, 0]], (3, 1, 1))
    sounds = np.zeros((2, 2 * RATE))
    file = write_adm(
        tmp_path / "a.wav", sounds, RATE, names=["a", "b"], times_s=[0, 1, 2], paths_m=paths, gains_db=[6, -6]
    )
    gains = [Adm(file).blocks(name)[1][0][5] for name in "ab"]
    np.testing.assert_allclose(gains, [10**0.3 / 2, 10**-0.3 / 4], rtol=1e-5)
    fading = np.array([[0, 0], [-np.inf, 0], [-np.inf, 6]])
    file = write_adm(
        tmp_path / "b.wav", sounds, RATE, names=["a", "b"], times_s=[0, 1, 2], paths_m=paths, gains_db=fading
    )
    blocks = Adm(file).blocks("a")[1]
    assert [(float(block[1]), block[5]) for block in blocks] == [(0.005, 0.5), (1, 0), (2, 0)]
    assert [float(block[1]) for block in Adm(file).blocks("b")[1]] == [1, 2]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_a_bed_is_of_the_common_definitions(tmp_path, rng, order):
    waves = encode(np.array([[0.6, 0.8, 0.0]]), order).T * rng.uniform(-0.5, 0.5, 480)
    sounds = rng.uniform(-1, 1, (2, 480))
    places = [[[1, 1, 0], [2, 2, 0]]]
    how = dict(names=["a", "b"], times_s=[0], paths_m=places, bed=waves, bed_name="sea")
    file = Adm(write_adm(tmp_path / "a.wav", sounds, RATE, **how))
    sea = file.objects["sea"]
    assert file.ref(sea, "audioPackFormatIDRef") == [f"AP_0004000{order}"], "BS.2094: 3D, SN3D, ACN, of that order"
    uids = [uid.get("UID") for uid in file.ref(sea, "audioTrackUIDRef")]
    rows = [file.tracks[uid] for uid in uids]
    assert [track for _, track, _ in rows] == [f"AT_{0x00040001 + acn:08x}_01" for acn in range((order + 1) ** 2)]
    assert {pack for _, _, pack in rows} == {f"AP_0004000{order}"}
    np.testing.assert_allclose(file.samples()[[index for index, _, _ in rows]], waves, atol=2.0**-23)
    contents = {
        e.get("audioContentName"): file.ref(e, "audioObjectIDRef") for e in file.model.iter(NS + "audioContent")
    }
    assert contents == {"Sources": [file.objects["a"], file.objects["b"]], "sea": [sea]}


def test_a_bed_alone(tmp_path):
    bed = np.full((4, 480), 0.1)
    nothing = np.zeros((0, 480))
    file = Adm(
        write_adm(tmp_path / "a.wav", nothing, RATE, names=[], times_s=[0], paths_m=np.zeros((1, 0, 3)), bed=bed)
    )
    assert list(file.objects) == ["Ambience and reflections"]
    (programme,) = file.model.iter(NS + "audioProgramme")
    assert len(file.ref(programme, "audioContentIDRef")) == 1
    assert seconds(programme.get("end")) == Fraction("0.01")


def test_names_of_all_kinds_are_kept(tmp_path):
    names = ["Straße & <Hund> \"laut\" 'x'", "犬", "😀", "tab\tand\0nothing\ud800"]
    paths = np.ones((1, 4, 3))
    path = write_adm(
        tmp_path / "ü b.wav", np.zeros((4, 9)), RATE, names=names, times_s=[0], paths_m=paths, programme="<&>"
    )
    file = Adm(path)
    assert list(file.objects) == [*names[:3], "tab?and?nothing?"]
    assert file.model.find(f".//{NS}audioProgramme").get("audioProgrammeName") == "<&>"


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_libsndfile_reads_the_samples(tmp_path, rng, subtype):
    sounds = rng.uniform(-1, 1, (3, 999))
    how = dict(names="abc", times_s=[0], paths_m=np.ones((1, 3, 3)), subtype=subtype)
    file = write_adm(tmp_path / "a.wav", sounds, 44100, **how, description="preset tiny, seed 3")
    back, rate = soundfile.read(file)
    assert rate == 44100
    np.testing.assert_allclose(back.T, sounds, atol=2.0 ** (1 - int(subtype[-2:]) + 1))
    assert Adm(file).chunks[b"bext"].startswith(b"preset tiny, seed 3\0")
    again = write_adm(tmp_path / "b.wav", sounds, 44100, **how, description="preset tiny, seed 3")
    assert file.read_bytes() == again.read_bytes(), "no clock, no chance"


def test_beyond_4_gb_it_is_bw64(tmp_path, rng, monkeypatch):
    sounds = rng.uniform(-1, 1, (1, 999))
    how = dict(names=["a"], times_s=[0], paths_m=np.ones((1, 1, 3)))
    small = Adm(write_adm(tmp_path / "a.wav", sounds, RATE, **how))
    monkeypatch.setattr(adm, "write_riff", functools.partial(write_riff, largest=100))
    large = Adm(write_adm(tmp_path / "b.wav", sounds, RATE, **how))
    assert (small.form, large.form) == (b"RIFF", b"BW64")
    np.testing.assert_array_equal(small.samples(), large.samples())
    assert small.chunks[b"axml"] == large.chunks[b"axml"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"sounds": np.zeros(9)}, r"shape \(9,\); it must be \(channels, samples\)"),
        ({"sounds": np.full((2, 9), 1.5)}, "peak is 1.5"),
        ({"sounds": np.full((2, 9), np.nan)}, "peak is nan"),
        ({"sounds": np.zeros((2, 0))}, "nothing to write"),
        ({"names": ["a"]}, "1 names for 2 sounds"),
        ({"times_s": [0, 1]}, r"must be \(P,\) and \(P, 2, 3\)"),
        ({"times_s": [1, 0], "paths_m": np.ones((2, 2, 3))}, "increase"),
        ({"times_s": [np.nan]}, "finite"),
        ({"paths_m": np.full((1, 2, 3), np.inf)}, "no number"),
        ({"paths_m": np.zeros((1, 2, 3))}, "of the listener"),
        ({"gains_db": [0]}, "gains_db"),
        ({"gains_db": [0, np.nan]}, "gains_db"),
        ({"bed": np.zeros((5, 9))}, "the bed has 5 channels"),
        ({"bed": np.zeros((4, 8))}, "8 samples and the sounds 9"),
        ({"subtype": "FLOAT"}, "'FLOAT' is none of an ADM file; choose one of PCM_16, PCM_24"),
        ({"sample_rate": 100}, "8000 to 192000"),
        ({"path": "a.adm"}, r"must end with \.wav"),
    ],
)
def test_what_cannot_be_written_is_named_and_leaves_no_file(tmp_path, changed, why):
    given = {
        "path": "a.wav", "sounds": np.zeros((2, 9)), "sample_rate": RATE, "names": ["a", "b"], "times_s": [0],
        "paths_m": np.ones((1, 2, 3)),
    } | changed  # fmt: skip
    given["path"] = tmp_path / given["path"]
    with pytest.raises(ValueError, match=why):
        write_adm(**given)
    assert not list(tmp_path.iterdir())
