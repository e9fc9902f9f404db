"""One item: its line, and when it need not be made again."""

import json

import pytest
from batches import fakes

from see2sound_nb.batches import making
from see2sound_nb.batches.making import Maker, is_done


@pytest.fixture
def made(tmp_path, monkeypatch):
    """An item, a maker and its line."""
    monkeypatch.setattr(making, "See2Sound", fakes.Pipeline)
    monkeypatch.setattr(making, "save_and_report", fakes.save_and_report)
    (tmp_path / "a.jpg").write_text("well")
    item = {"name": "b/a", "photo": "a.jpg", "path": str(tmp_path / "a.jpg"), "prompt": None, "seed": 0}
    (tmp_path / "out").mkdir()
    maker = Maker({**fakes.SETTINGS, "out": str(tmp_path / "out")})
    return item, maker, maker(item)


def test_a_line_is_ready_for_json_and_tells_of_the_files(made, tmp_path):
    item, _, line = made
    assert json.loads(json.dumps(line, allow_nan=False)) == line
    assert line["status"] == "done" and line["output"] == "b/a.wav" and line["seconds"] >= 0
    assert line["bytes"] == (tmp_path / "out/b/a.wav").stat().st_size and line["photo_bytes"] == 4
    assert is_done(line, item, tmp_path / "out")


@pytest.mark.parametrize("key", ["photo", "prompt", "seed"])
def test_another_item_of_the_same_name_is_made_anew(made, tmp_path, key):
    item, _, line = made
    assert not is_done(line, {**item, key: "other"}, tmp_path / "out")


def test_what_was_not_made_or_lost_is_made_again(made, tmp_path):
    item, _, line = made
    out = tmp_path / "out"
    assert not is_done(None, item, out) and not is_done({**line, "status": "failed"}, item, out)
    content = (out / "b/a.wav").read_bytes()
    (out / "b/a.wav").write_bytes(content[:-1])
    assert not is_done(line, item, out)
    (out / "b/a.wav").unlink()
    assert not is_done(line, item, out)


def test_a_photo_has_changed_if_its_content_has(made, tmp_path):
    item, _, line = made
    photo, out = tmp_path / "a.jpg", tmp_path / "out"
    photo.write_text("well")  # the same at another time
    assert is_done(line, item, out)
    photo.write_text("will")
    assert not is_done({**line, "photo_mtime_ns": 0}, item, out)
    photo.write_text("well done")
    assert not is_done(line, item, out)
    photo.unlink()  # what is gone cannot be made again, and its output is there
    assert is_done(line, item, out)


@pytest.mark.parametrize(
    ("text", "said"), [("fail it is\ntoo dark", "it is too dark in two lines"), ("odd", "KeyError: no 'x'")]
)
def test_what_fails_is_a_line_without_output(made, tmp_path, text, said):
    item, maker, _ = made
    (tmp_path / "a.jpg").write_text(text)
    line = maker({**item, "name": "c"})
    assert line == {"name": "c", "photo": "a.jpg", "prompt": None, "seed": 0, "status": "failed", "error": said}
    assert not (tmp_path / "out/c.wav").exists()


def test_an_output_never_replaces_a_photo_or_what_is_read_only(made, tmp_path):
    item, maker, _ = made
    output = tmp_path / "out/b/a.wav"
    line = maker({**item, "path": str(output)})
    assert "is the input, and would be lost" in line["error"]
    output.chmod(0o444)
    assert "read-only" in maker(item)["error"]


def test_files_that_are_not_there_are_named(made, tmp_path):
    item, maker, _ = made
    assert "no file at" in maker({**item, "path": str(tmp_path / "gone.jpg")})["error"]
    maker.out = tmp_path / "nowhere"
    assert "where all machines see them" in maker(item)["error"]


def test_another_version_is_refused(made):
    with pytest.raises(ValueError, match=r"and 0\.0\.0 asks; install that version"):
        Maker({**fakes.SETTINGS, "out": "", "version": "0.0.0"})


@pytest.mark.parametrize(("layout", "suffix"), [("dcase", ".wav"), ("gltf", ".glb"), ("adm", ".wav")])
def test_an_export_has_the_suffix_of_its_kind(made, tmp_path, layout, suffix):
    item, _, _ = made
    settings = {**fakes.SETTINGS, "subtype": None, "original": None, "out": str(tmp_path / "out")}
    line = Maker({**settings, "layout": layout})(item)
    assert line["status"] == "done" and line["output"] == f"b/a{suffix}"
    refused = Maker({**settings, "layout": layout, "subtype": "PCM_24"})(item)
    assert refused["status"] == "failed" and "is nothing that" in refused["error"]
