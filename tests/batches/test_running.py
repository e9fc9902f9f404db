"""A batch as a whole: resumed after a kill at any point, with every output there, none twice and none broken."""

import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import time

import pytest
from batches import fakes

import see2sound_nb as s2s
from see2sound_nb.batches import processes, running
from see2sound_nb.batches.running import batch

#: A whole batch in a process of its own, to be killed.
BATCH = f"""
import sys
sys.path[:] = sys.argv[3:]
from see2sound_nb.batches import processes, running
processes.Pool.__init__.__defaults__ = ({fakes.PROGRAM!r}, *processes.Pool.__init__.__defaults__[1:])
running.batch(sys.argv[1], sys.argv[2], processes=2)
"""


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Twelve photos of a fake pipeline in three folders."""
    monkeypatch.chdir(tmp_path)
    defaults = processes.Pool.__init__.__defaults__
    monkeypatch.setattr(processes.Pool.__init__, "__defaults__", (fakes.PROGRAM, *defaults[1:]))
    for number in range(12):
        path = tmp_path / "photos" / f"{number % 3}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"sleep 0.02 {number}")
    return tmp_path / "photos"


def lines_of(out):
    first, *lines = [json.loads(line) for line in (out / "report.jsonl").read_text().splitlines()]
    return first, lines


def finished(out):
    """Outputs that have a whole line, in a file that may be growing."""
    path = out / "report.jsonl"
    content = path.read_bytes() if path.exists() else b""
    return [json.loads(line)["output"] for line in content[: content.rfind(b"\n") + 1].splitlines()[1:]]


def wavs(out):
    """The outputs, by their names; what is hidden is being written, or was."""
    paths = [path for path in sorted(out.rglob("*.wav")) if not path.name.startswith(".")]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def test_each_has_its_output_and_its_line(photos, tmp_path):
    told, out = [], tmp_path / "out"
    lines = batch("photos", "out", processes=2, prompt="rain", seed=5, tell=lambda *words: told.append(words))
    assert [line["name"] for line in lines] == [f"{k % 3}/{k}" for k in (0, 3, 6, 9, 1, 10, 4, 7, 11, 2, 5, 8)]
    assert told == [("items", done, 12) for done in range(13)]
    first, written = lines_of(out)
    assert first["made by"] == "see2sound batch" and first["version"] == s2s.__version__
    assert len(written) == 12 and all("report" in line for line in written)
    for line in lines:
        content = (out / line["output"]).read_bytes()
        assert line["bytes"] == len(content) and line["sha256"] == hashlib.sha256(content).hexdigest()
        assert (line["prompt"], line["seed"], line["status"]) == ("rain", 5, "done")
        assert "report" not in line
    assert len(set(wavs(out).values())) == 12


def test_killed_at_any_moment_it_goes_on_where_it_was(photos, tmp_path):
    """SIGKILL of the first process, at random; its helpers end by themselves, and may still write what they have."""
    whole = tmp_path / "whole"
    batch("photos", whole, processes=2)
    rng, out = random.Random(0), tmp_path / "out"
    for least in (0, 1, 3, 6, 10):  # so many lines are there, and a little later the kill comes
        words = [sys.executable, "-c", BATCH, "photos", str(out), *sys.path]
        with subprocess.Popen(words, cwd=tmp_path) as process:
            while len(finished(out)) < least and process.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.05))
            process.kill()
        there = wavs(out) if out.exists() else {}
        assert there.items() <= wavs(whole).items()  # none broken
        assert least <= len(finished(out)) and set(finished(out)) <= set(there)  # what has a line is there
    batch("photos", out, processes=2)
    assert wavs(out) == wavs(whole)
    names = [line["name"] for line in lines_of(out)[1]]
    assert len(names) == len(set(names)) == 12  # none twice
    assert not [path for path in out.rglob(".*") if path.name != running.LOCK]


def test_a_line_that_was_cut_off_is_written_again_and_no_other(photos, tmp_path):
    out = tmp_path / "out"
    batch("photos", out, processes=1)
    content = (out / "report.jsonl").read_bytes()
    ends = [number + 1 for number, byte in enumerate(content) if byte == ord("\n")]
    for cut in (3, ends[3] + 50, len(content) - 1):
        (out / "report.jsonl").write_bytes(content[:cut])
        batch("photos", out, processes=1)
        kept = content[: max([end for end in ends if end <= cut], default=0)]
        assert (out / "report.jsonl").read_bytes().startswith(kept)
        assert len({line["name"] for line in lines_of(out)[1]}) == len(lines_of(out)[1]) == 12


def test_only_what_is_missing_failed_or_changed_is_made_again(photos, tmp_path, monkeypatch):
    out = tmp_path / "out"
    (photos / "0/0.jpg").write_text("fail at first")
    said = []
    lines = batch("photos", out, processes=2, warn=said.append)
    assert lines[0]["status"] == "failed" and said == ["0/0.jpg failed: at first in two lines"]
    assert not (out / "0/0.wav").exists()
    before = wavs(out)
    (photos / "0/0.jpg").write_text("well now")  # failed
    (photos / "1/1.jpg").write_text("well again")  # changed
    (out / "2/2.wav").unlink()  # missing
    (out / "2/5.wav").write_bytes(before["2/5.wav"][:-1])  # cut off by a power cut
    os.utime(photos / "0/3.jpg", (1, 1))  # only its date
    (photos / "0/6.jpg").unlink()  # gone: not listed
    made = []
    monkeypatch.setattr(running, "_here", lambda todo, *_: made.extend(todo) or (x for x in ()))
    with pytest.raises(KeyError):  # there is no line of the new one
        batch(["photos", "photos/12.jpg"], out)
    assert [item["name"] for item in made] == ["0/0", "1/1", "2/2", "2/5", "12"]
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)


def test_another_seed_or_prompt_in_the_table_is_made_again(photos, tmp_path):
    table, out = photos / "t.csv", tmp_path / "out"
    defaults = ["0/0.jpg,rain,1", "1/1.jpg,rain,1", "1/1.jpg,rain,2"]
    table.write_text("\n".join(["photo,prompt,seed", *defaults]))
    batch(table, out, processes=1)
    before = wavs(out)
    assert list(before) == ["0/0.wav", "1/1-2.wav", "1/1.wav"] and len(set(before.values())) == 3
    table.write_text("\n".join(["photo,prompt,seed", "0/0.jpg,snow,1", *defaults[1:]]))
    batch(table, out, processes=1)
    changed = {name for name, content in wavs(out).items() if content != before[name]}
    assert changed == {"0/0.wav"} and len(lines_of(out)[1]) == 4


def test_one_photo_without_a_table_is_the_same_with_one(photos, tmp_path):
    (photos / "t.csv").write_text("photo\n0/0.jpg\n")
    batch("photos/0/0.jpg", tmp_path / "a", processes=1)
    batch(photos / "t.csv", tmp_path / "b", processes=1)
    assert (tmp_path / "a/0.wav").read_bytes() == (tmp_path / "b/0/0.wav").read_bytes()


def test_a_licence_that_forbids_commercial_use_is_said_once(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "fetch_missing", lambda names: None)
    said = []
    batch("photos/0/0.jpg", tmp_path / "out", processes=1, depth="depth-anything-v2-large", warn=said.append)
    assert len(said) == 1 and "depth-anything-v2-large: its licence" in said[0] and "commercial" in said[0]


def test_other_settings_and_a_second_batch_are_refused(photos, tmp_path):
    out = tmp_path / "out"
    batch("photos/0/0.jpg", out, processes=1)
    with pytest.raises(ValueError, match=r"was made with layout 5\.1, not stereo; choose another output folder"):
        batch("photos", out, layout="stereo")
    with running._alone(out), pytest.raises(ValueError, match="another batch is writing"):
        batch("photos", out)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"layout": "9.1"}, "9.1"), ({"sources": 0}, "sources=0"), ({"seed": -1}, "seed=-1"),
        ({"preset": "big"}, "big"), ({"sample_rate": 7}, "sample_rate=7"), ({"subtype": "MP3"}, "MP3"),
        ({"fov_deg": 0.0}, "fov_deg=0"), ({"original": "loud"}, "loud"), ({"doppler": True}, "no Doppler"),
        ({"processes": 0}, "processes=0"), ({"processes": 2, "scheduler": "tcp://x:1"}, "processes=2"),
        ({"select": "all"}, "all"), ({"geometry": "flat"}, "flat"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_the_work(photos, tmp_path, how, said):
    with pytest.raises(ValueError, match=said):
        batch("photos", tmp_path / "out", **how)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_real_photos_and_clips_sound_as_they_do_one_by_one(tmp_path, pipeline):
    """Two processes with the shipped models, and this one: byte for byte the same files."""
    from PIL import Image

    I = s2s.read_image(s2s.demo_photo())
    photo, other = Image.fromarray(I).resize((480, 360)), Image.fromarray(I[:, ::-1]).resize((240, 180))
    (tmp_path / "photos").mkdir()
    photo.save(tmp_path / "photos/photo.png")
    frames = [other.rotate(0, translate=(3 * k, 0)) for k in range(3)]
    frames[0].save(tmp_path / "photos/clip.gif", save_all=True, append_images=frames[1:], duration=100, loop=0)
    (tmp_path / "photos/t.csv").write_text("photo,prompt,seed\nphoto.png,rain,3\nclip.gif,,\nnone.png,,\n")
    lines = batch(tmp_path / "photos/t.csv", tmp_path / "out", processes=2, sources=2, layout="stereo", seed=1)
    assert [line["status"] for line in lines] == ["done", "done", "failed"]
    assert [line.get("output") for line in lines] == ["photo.wav", "clip.sound.mp4", None]
    for line, how in zip(lines, [{"prompt": "rain", "seed": 3}, {"seed": 1}]):
        alone = tmp_path / "alone" / line["output"]
        alone.parent.mkdir(exist_ok=True)
        pipeline.run(tmp_path / "photos" / line["photo"], sources=2, **how).save(alone, "stereo")
        assert alone.read_bytes() == (tmp_path / "out" / line["output"]).read_bytes(), line["output"]
    reports = {line["name"]: line.get("report") for line in lines_of(tmp_path / "out")[1]}
    assert reports["photo"]["prompt"] == "rain" and reports["photo"]["measured"]["signal"]["layout"] == "stereo"
    assert len(reports["clip"]["shots"]) == 1
    assert not [path for path in pathlib.Path(tmp_path / "out").glob(".*") if path.name != running.LOCK]
