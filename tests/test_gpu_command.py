"""`make gpu`: whatever fails or hangs leaves the rest running, and the summary is whole at any time."""

import importlib.util
import json
import os
import pathlib
import signal
import sys
import threading
import time

import pytest

BENCHMARKS = pathlib.Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def gpu():
    spec = importlib.util.spec_from_file_location("gpu_command", BENCHMARKS / "gpu.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def stage(gpu):
    def make(name, code, limit_s=20.0, **options):
        return gpu.Stage(name, [sys.executable, "-c", code], limit_s, **options)

    return make


def states(out):
    summary = json.loads((out / "summary.json").read_text())
    return {row["name"]: row["state"] for row in summary["stages"]}, summary


def test_what_fails_leaves_the_rest_running(gpu, stage, tmp_path, capfd):
    no_program = gpu.Stage("missing", ["/nowhere/program"], 1)
    stages = [stage("good", "print('one')"), stage("bad", "print('two'); 1 / 0"), no_program, stage("last", "print(3)")]
    assert gpu.run_all(stages, tmp_path / "out") == 1
    found, summary = states(tmp_path / "out")
    assert found == dict(good="fine", bad="failed", missing="failed", last="fine")
    assert [row["status"] for row in summary["stages"]] == [0, 1, None, 0]
    assert summary["ended"] is True and summary["status"] == 1
    assert "ZeroDivisionError" in (tmp_path / "out" / "01_bad.txt").read_text()
    told = capfd.readouterr().out
    assert told.index("one") < told.index("two") < told.index("\n3\n") < told.index("stage       state")
    assert gpu.run_all([stage("good", "")], tmp_path / "other") == 0


def test_what_overruns_its_limit_ends_with_all_that_it_started(gpu, stage, tmp_path):
    child = "import time; time.sleep(60)"
    code = (
        "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', "
        f"'{child}']); print('child', child.pid, flush=True); time.sleep(60)"
    )
    start = time.monotonic()
    assert gpu.run_all([stage("slow", code, 2.0), stage("last", "print(3)")], tmp_path) == 1
    assert time.monotonic() - start < 10
    found, summary = states(tmp_path)
    assert found == dict(slow="overran", last="fine")
    assert summary["stages"][0]["seconds"] >= 2.0
    said = (tmp_path / "00_slow.txt").read_text()
    assert "KeyboardInterrupt" in said  # where it was
    assert not runs(int(said.split()[1]))


def runs(pid):
    """Whether a process is there and has not ended: in a container nobody may be there to bury it."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_time_that_is_left_goes_to_the_next(gpu, stage, tmp_path):
    gpu.run_all([stage("short", "", 15.0), stage("next", "", 10.0)], tmp_path)
    first, second = states(tmp_path)[1]["stages"]
    assert first["limit_s"] == pytest.approx(15, abs=0.2)
    assert second["limit_s"] == pytest.approx(25 - first["seconds"], abs=0.5)


def test_the_summary_is_whole_while_each_stage_runs(gpu, stage, tmp_path):
    look = "import json, pathlib; print([r['state'] for r in json.loads(pathlib.Path({!r}).read_text())['stages']])"
    look = look.format(str(tmp_path / "summary.json"))
    assert gpu.run_all([stage("first", look), stage("second", look)], tmp_path) == 0
    assert (tmp_path / "00_first.txt").read_text() == "['not run', 'not run']\n"
    assert (tmp_path / "01_second.txt").read_text() == "['fine', 'not run']\n"
    assert not list(tmp_path.glob("*.part"))


def test_an_interruption_ends_the_stage_and_writes_the_summary(gpu, stage, tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    try:
        assert gpu.run_all([stage("slow", "import time; time.sleep(60)"), stage("last", "")], tmp_path) == 130
    finally:
        timer.cancel()
    found, summary = states(tmp_path)
    assert found == dict(slow="interrupted", last="not run")
    assert summary["ended"] is True and summary["status"] == 130
    assert signal.getsignal(signal.SIGTERM) is before


def test_without_a_gpu_the_rest_is_not_begun(gpu, stage, tmp_path):
    stages = [stage("look", "raise SystemExit(2)", last_if=2), stage("last", "")]
    assert gpu.run_all(stages, tmp_path) == 2
    assert states(tmp_path)[0] == dict(look="failed", last="not run")


@pytest.mark.parametrize("dry", [False, True])
def test_the_limits_add_up_to_less_than_eight_minutes(gpu, dry, tmp_path):
    stages = gpu.all_stages(tmp_path, tmp_path / "site", dry=dry)
    assert sum(stage.limit_s + gpu.GRACE_S for stage in stages if stage.name != "wheels") < 8 * 60
    assert sum(stage.limit_s for stage in stages) + gpu.GRACE_S < 8 * 60
    assert [stage.name for stage in stages][:4] == ["wheels", "look", "kernels", "room"]
    assert len({stage.name for stage in stages}) == len(stages)


def test_what_the_stages_run_is_there(gpu):
    for stage in gpu.all_stages():
        for argument in stage.command[1:]:
            path, _, test = argument.partition("::")
            if path.endswith(".py"):
                text = (gpu.ROOT / path).read_text()
                assert not test or f"\ndef {test}(" in text


def test_versions_are_those_that_are_pinned_for_the_other_python(gpu):
    old, new = gpu.pinned("3.10"), gpu.pinned("3.12")
    assert set(gpu.WHEELS) <= set(new)
    assert old["scipy"] != new["scipy"]
    assert new["segment-anything"] == "1.0"


def test_wrong_input_is_named(gpu, tmp_path):
    with pytest.raises(ValueError, match=r"'3\.12\.1'.*write 3\.12"):
        gpu.collect_wheels(tmp_path, "3.12.1")
    with pytest.raises(ValueError, match="no-such-library: constraints"):
        gpu.collect_wheels(tmp_path, "3.12", ["no-such-library"])


def test_a_wheel_that_cannot_be_installed_is_told_and_one_that_is_there_is_left(gpu, tmp_path, capsys):
    (tmp_path / "numpy-0.1-py3-none-any.whl").write_bytes(b"")
    assert gpu.install(tmp_path, tmp_path / "site") == 0
    assert "numpy-0.1-py3-none-any.whl: left, this Python has" in capsys.readouterr().out
    assert gpu.install(tmp_path / "nothing", tmp_path / "site") == 1
