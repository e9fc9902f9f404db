"""What a built scene holds agrees with itself."""

import json

import numpy as np
import pytest
from evaluation.known_truth.scenes_made import make_scene

from see2sound_nb.evaluation.known_truth import building
from see2sound_nb.evaluation.known_truth.dcase import folded, read_sources
from see2sound_nb.evaluation.known_truth.packages import read_files, unpacked
from see2sound_nb.evaluation.known_truth.reading import read_wav
from see2sound_nb.evaluation.known_truth.scene import read_scene
from see2sound_nb.measure.direction import direction_from_foa
from see2sound_nb.measure.interaural import ild_db, itd_s


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return make_scene(tmp_path_factory.mktemp("scene") / "99", sources=((40.0, 3.0), (-110.0, 6.0)), off_screen=(1,))


def test_responses_say_where_the_sources_are(built):
    truth = json.loads((built / "truth.json").read_text())
    for k, source in enumerate(truth["sources"]):
        foa, rate, mask = read_wav(built / f"ir/foa_{k:02d}.wav")
        assert rate == 48000 and len(foa) == 4 and not mask
        azimuth, elevation = direction_from_foa(foa)
        assert azimuth == pytest.approx(source["azimuth_deg"], abs=0.1)
        assert elevation == pytest.approx(source["elevation_deg"], abs=0.1)
        assert np.abs(foa[0]).argmax() / rate == pytest.approx(source["distance_m"] / 343, abs=2 / rate)
        assert foa[0].sum() == pytest.approx(1 / source["distance_m"], rel=0.02)
        ears, _, _ = read_wav(built / f"ir/binaural_{k:02d}.wav")
        assert np.sign(itd_s(ears, rate)) == np.sign(ild_db(ears)) == np.sign(source["azimuth_deg"])
        loudspeakers, _, mask = read_wav(built / f"ir/5.1_{k:02d}.wav")
        assert mask == 0x60F
        energy = np.sum(loudspeakers**2, axis=1)[[0, 1, 4, 5]]  # FL FR SL SR
        assert (energy[0] + energy[2] > energy[1] + energy[3]) == (source["azimuth_deg"] > 0)


def test_a_mix_is_its_sources_through_their_responses(built):
    from scipy.signal import fftconvolve

    scene = read_scene(built)
    for layout, mix in scene.mixes.items():
        ours = 0.0
        for k, dry in enumerate(scene.dry):
            h, _, _ = read_wav(built / f"ir/{layout}_{k:02d}.wav")
            ours = ours + np.stack([fftconvolve(dry, channel)[: mix.shape[1]] for channel in h])
        assert np.abs(ours - mix).max() < 1e-6  # 24 bits
    rms = [np.sqrt(np.mean(dry[dry != 0] ** 2)) for dry in scene.dry]
    assert 20 * np.log10(rms) == pytest.approx(building.LEVEL_DB, abs=0.1)


def test_picture_masks_and_depth_belong_together(built):
    from PIL import Image

    truth = json.loads((built / "truth.json").read_text())
    depth, photo = np.load(built / "depth.npy"), np.asarray(Image.open(built / "photo.png"))
    assert photo.shape == (96, 128, 3) and depth.shape == (96, 128) and depth.dtype == np.float32
    assert sorted(path.name for path in (built / "masks").iterdir()) == ["00.png"]  # one is off the screen
    mask = np.asarray(Image.open(built / truth["sources"][0]["mask"]))
    assert np.unique(depth[mask >= 128]) == pytest.approx(truth["sources"][0]["position_m"][1], abs=1e-3)
    assert "mask" not in truth["sources"][1]
    towards_left = np.nonzero(mask >= 128)[1].mean() < 63.5
    assert towards_left and truth["sources"][0]["azimuth_deg"] > 0


def test_seld_metadata_as_another_reader_sees_it(built):
    """Frames of 0.1 s, a line for each source that sounds; 2025's folded to the front."""
    truth = json.loads((built / "truth.json").read_text())
    assert [len(source["events"]) for source in truth["sources"]] == [2, 2]  # half a second each, with pauses
    labels = [line.split(",", 1) for line in (built / "seld/classes.csv").read_text().splitlines()[1:]]
    for name, columns in (("dcase2022.csv", 5), ("dcase2023.csv", 6)):
        rows = np.array([[int(word) for word in line.split(",")] for line in (built / "seld" / name).open()])
        assert rows.shape[1] == columns and (np.diff(rows[:, 0]) >= 0).all() and rows[:, 0].max() < 25
        for k, source in enumerate(truth["sources"]):
            own = rows[rows[:, 2] == k]
            assert {(int(a), int(e)) for a, e in own[:, 3:5]} == {
                (round(source["azimuth_deg"]), round(source["elevation_deg"]))
            }
            assert json.loads(labels[own[0, 1]][1]) == source["label"]
            seconds = sum(event["offset_s"] - event["onset_s"] for event in source["events"])
            assert len(own) / 10 == pytest.approx(seconds, abs=0.1 * len(source["events"]))
            for frame in own[:, 0]:
                assert any(e["onset_s"] < frame / 10 + 0.1 and e["offset_s"] > frame / 10 for e in source["events"])
            if columns == 6:
                assert set(own[:, 5]) == {round(100 * source["distance_m"])}
    lines = (built / "seld/dcase2025.csv").read_text().splitlines()
    assert lines[0] == "frame,class,source,azimuth,distance,onscreen"
    last = [[int(word) for word in line.split(",")] for line in lines[1:]]
    assert {(row[2], row[3], row[5]) for row in last} == {(0, 40, 1), (1, -70, 0)}
    assert [folded(a) for a in (0, 90, 110, 180, -170, -90)] == [0, 90, 70, 0, -10, -90]


def test_places_are_read_back(built, tmp_path):
    truth = json.loads((built / "truth.json").read_text())
    towards, distance = read_sources(built / "seld/dcase2023.csv")
    for k, source in enumerate(truth["sources"]):
        position = np.array(source["position_m"])
        assert towards[k] @ position / np.linalg.norm(position) > np.cos(np.radians(1))
        assert distance[k] == pytest.approx(source["distance_m"], abs=0.01)
    (tmp_path / "bad.csv").write_text("frame,class\n")
    with pytest.raises(ValueError, match="line 1 of"):
        read_sources(tmp_path / "bad.csv")
    (tmp_path / "empty.csv").write_text("")
    assert read_sources(tmp_path / "empty.csv")[0].shape == (0, 3)


def a_deb(path, files):
    """A Debian package of these files, as dpkg packs it."""
    import io
    import tarfile

    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo("./" + name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    members = [(b"debian-binary", b"2.0\n"), (b"control.tar.xz", b"odd"), (b"data.tar.xz", data.getvalue())]
    out = b"!<arch>\n"
    for name, content in members:
        out += b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name, 0, 0, 0, b"100644", len(content))
        out += content + b"\n" * (len(content) % 2)
    path.write_bytes(out)
    return path


def test_a_package_that_changed_is_refused_in_one_line(tmp_path):
    import hashlib

    archive = a_deb(tmp_path / "birds_1_all.deb", {"usr/share/birds/a.ogg": b"sound", "usr/share/other": b"-"})
    assert unpacked(archive, {"usr/share/birds/a.ogg", "nothing"}) == {"usr/share/birds/a.ogg": b"sound"}
    sha256 = lambda content: hashlib.sha256(content).hexdigest()  # noqa: E731
    package = dict(kind="deb", version="1", archive=archive.name, sha256=sha256(archive.read_bytes()), size_mb=0)
    file = dict(package="birds", path="usr/share/birds/a.ogg", sha256=sha256(b"sound"))
    declared = dict(packages={"birds": package}, files={"a": file})
    assert read_files(declared, ["a"], tmp_path, print) == {"a": b"sound"}
    file["sha256"] = sha256(b"another")
    with pytest.raises(ValueError, match=r"a\.ogg of birds_1_all\.deb is another file") as caught:
        read_files(declared, ["a"], tmp_path, print)
    assert "\n" not in str(caught.value)
    file["path"] = "usr/share/birds/b.ogg"
    with pytest.raises(ValueError, match=r"holds no usr/share/birds/b\.ogg"):
        read_files(declared, ["a"], tmp_path, print)
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(ValueError, match="another file than the declared one, or not whole"):
        read_files(declared, ["a"], tmp_path, print)
    package["sha256"] = sha256(b"torn")
    archive.write_bytes(b"torn")
    with pytest.raises(ValueError, match="cannot be unpacked"):
        read_files(declared, ["a"], tmp_path, print)


def test_a_package_that_cannot_be_had_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # no apt-get there
    package = dict(kind="deb", version="1", archive="birds_1_all.deb", sha256="0" * 64, size_mb=0)
    declared = dict(packages={"birds": package}, files={"a": dict(package="birds", path="a", sha256="0" * 64)})
    with pytest.raises(ValueError, match=r"apt-get is missing.*; put birds_1_all\.deb into") as caught:
        read_files(declared, ["a"], tmp_path, lambda text: None)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="scene '25' is unknown"):
        building.build(tmp_path / "x", names=["25"])
