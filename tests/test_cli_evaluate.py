"""The command ``see2sound evaluate``, with a pipeline that makes noise in place of the models."""

import types

import numpy as np
import pytest
from PIL import Image

from see2sound_nb import cli_evaluate
from see2sound_nb.room.shoebox import Room


class Noise:
    """Called as See2Sound is."""

    def __init__(self, preset, **models):
        self.names, self.device = {"audio": "noise"}, "cpu"

    def run(self, I, seed):
        phi = 0.1 * np.random.default_rng(seed).standard_normal((6, 4000))
        return types.SimpleNamespace(
            image=I, labels=[], positions_m=np.zeros((0, 3)), room=Room((6, 6, 3), (3, 2, 1.5)), sample_rate=16000,
            render=lambda layout: phi,
        )  # fmt: skip

    def generate(self, patches, prompts, seeds):
        return 0.1 * np.random.default_rng(seeds[0]).standard_normal((1, 4000))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(cli_evaluate, "See2Sound", Noise)
    monkeypatch.chdir(tmp_path)
    photos = tmp_path / "photos"
    photos.mkdir()
    for k in range(6):
        Image.new("RGB", (40, 32), (40 * k, 0, 0)).save(photos / f"{k}.png")
    (photos / "bad.png").write_bytes(b"no picture")
    return photos


def test_the_table_is_printed_and_written(folder, capsys, monkeypatch):
    assert cli_evaluate.run(["photos"]) == 0
    printed = capsys.readouterr()
    assert "photos: 6 photos, 1 left out; preset tiny, seed 0" in printed.out
    assert "matched by the scene's own room (no model)" in printed.out
    assert "left out: bad.png: " in printed.out and "bad.png was left out" in printed.err
    assert "nan" not in printed.out.lower() and "] 6" in printed.out
    output = folder.parent / "photos.evaluation"
    names = ["photos.jsonl", "summary.csv", "table.csv", "table.png", "table.svg"]
    assert sorted(path.name for path in output.iterdir()) == names
    assert all(f"photos.evaluation/{name}" in printed.out for name in names)
    with Image.open(output / "table.png") as picture:
        assert picture.size[0] > 1200
    before = {name: (output / name).read_bytes() for name in ("photos.jsonl", "summary.csv", "table.csv")}
    monkeypatch.setattr(cli_evaluate, "_figures", lambda *_: [])
    assert cli_evaluate.run(["photos", "-o", str(output)]) == 0
    assert {name: (output / name).read_bytes() for name in ("summary.csv", "table.csv")}.items() <= before.items()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "no folder"),
        (["photos", "--noise"], "--noise belongs to AViTAR"),
        (["photos", "--matcher", "nothing.ckpt"], "no file at nothing.ckpt"),
    ],
)
def test_what_cannot_be_is_said_before_the_work(folder, words, said, monkeypatch):
    monkeypatch.setenv("SEE2SOUND_CACHE", str(folder.parent / "cache"))
    monkeypatch.setattr(Noise, "run", None)
    with pytest.raises((ValueError, OSError), match=said):
        cli_evaluate.run(words)


def test_a_folder_without_photos(folder):
    (folder.parent / "empty").mkdir()
    with pytest.raises(ValueError, match="no photo in"):
        cli_evaluate.run([str(folder.parent / "empty")])


def test_another_matcher_is_named_with_its_licence(folder, capsys, monkeypatch):
    import see2sound_nb.measure.avitar as avitar

    def load(path, *, as_published, seed):
        assert (path, as_published, seed) == (None, True, 3)

        def match(audio, image, sample_rate):
            return 0.5 * audio

        match.name = "AViTAR (CC-BY-NC-4.0), with noise, as published"
        return match

    monkeypatch.setattr(avitar, "load_avitar", load)
    monkeypatch.setattr(cli_evaluate, "_figures", lambda *_: [])
    assert cli_evaluate.run(["photos", "--matcher", "avitar", "--noise", "--seed", "3"]) == 0
    assert "matched by AViTAR (CC-BY-NC-4.0), with noise, as published" in capsys.readouterr().out
