"""The command ``see2sound batch``, with a pipeline that makes noise in place of the models."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from batches import fakes

from see2sound_nb import cli_batch
from see2sound_nb.batches import processes

COMMAND = f"""
import sys
sys.path[:] = sys.argv[1].split({os.pathsep!r})
from see2sound_nb import cli, cli_batch
from see2sound_nb.batches.processes import Pool
Pool.__init__.__defaults__ = ({fakes.PROGRAM!r}, *Pool.__init__.__defaults__[1:])
cli.COMMANDS = (*cli.COMMANDS, "batch")
sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    defaults = processes.Pool.__init__.__defaults__
    monkeypatch.setattr(processes.Pool.__init__, "__defaults__", (fakes.PROGRAM, *defaults[1:]))
    (tmp_path / "photos").mkdir()
    for number in range(3):
        (tmp_path / f"photos/{number}.jpg").write_text(f"well {number}")
    return tmp_path


def test_all_are_done(folder, capsys):
    assert cli_batch.run(["photos", "-o", "out", "--processes", "2"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == ["3 of 3 are done, 0 failed", os.path.join("out", "report.jsonl")]
    assert "items" in printed.err and "3/3" in printed.err
    assert cli_batch.run(["photos/*.jpg", "-o", "out"]) == 0  # nothing is left to do
    assert capsys.readouterr().out.startswith("3 of 3 are done")
    assert len((folder / "out/report.jsonl").read_text().splitlines()) == 4


def test_failures_are_listed_and_the_exit_code_says_so(folder, capsys):
    (folder / "photos/bad.jpg").write_text("fail too dark")
    assert cli_batch.run(["photos", "-o", "out", "--processes", "1"]) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines()[:2] == ["failed: bad.jpg: too dark in two lines", "3 of 4 are done, 1 failed"]
    assert "see2sound: bad.jpg failed: too dark" in printed.err
    assert cli_batch.run(["photos", "-o", "out", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["items"], told["done"]) == (4, 3)
    assert told["failed"] == [{"photo": "bad.jpg", "error": "too dark in two lines"}]


def test_options_reach_the_batch_and_a_shell_may_expand_the_glob(folder, capsys, monkeypatch):
    seen = {}
    monkeypatch.setattr(cli_batch, "batch", lambda *words, **how: seen.update(how, words=words) or [])
    words = "--layout foa --sample-rate 48000 --subtype PCM_24 --preset small --depth depth-pro --sources 2 --seed 5"
    words += " --prompt rain --select area --no-ambience --fov 70 --geometry paper --original mixed --doppler"
    assert cli_batch.run(["photos/0.jpg", "photos/1.jpg", "-o", "out", *words.split()]) == 0
    assert seen["words"] == (["photos/0.jpg", "photos/1.jpg"], "out")
    expected = {
        "layout": "foa", "sample_rate": 48000, "subtype": "PCM_24", "preset": "small", "depth": "depth-pro",
        "segmentation": None, "sources": 2, "seed": 5, "prompt": "rain", "select": "area", "ambience": False,
        "fov_deg": 70.0, "geometry": "paper", "original": "mixed", "doppler": True, "processes": None,
        "scheduler": None,
    }  # fmt: skip
    assert expected.items() <= seen.items()


def test_a_table_says_which_columns_it_does_not_read(folder, capsys):
    (folder / "photos/t.csv").write_text("photo,promt\n0.jpg,rain\n")
    assert cli_batch.run(["photos/t.csv", "-o", "out"]) == 0
    assert "not read: promt" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="a console's Control-C reaches whoever started it, too")
def test_control_c_stops_at_once_and_says_how_to_go_on(folder):
    for number in range(4):
        (folder / f"photos/s{number}.jpg").write_text(f"sleep 60 {number}")
    words = [
        sys.executable,
        "-c",
        COMMAND,
        os.pathsep.join(sys.path),
        "batch",
        "photos",
        "-o",
        "out",
        "--processes",
        "2",
    ]
    how = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen(words, cwd=folder, **how) as process:
        report = folder / "out/report.jsonl"
        while not report.exists() or report.read_text().count("\n") < 4:
            assert process.poll() is None
            time.sleep(0.02)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and time.monotonic() - began < 10
    last = f"see2sound: interrupted; {os.path.join('out', 'report.jsonl')} has what was done; the same command goes on"
    assert err.splitlines()[-1].startswith(last) and "Traceback" not in err
