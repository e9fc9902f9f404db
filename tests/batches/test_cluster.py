"""A batch on a real Dask cluster: a scheduler, workers in processes of their own, and one of them killed."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest
from batches import fakes

import see2sound_nb as s2s
from see2sound_nb import batches as package
from see2sound_nb.batches import making
from see2sound_nb.batches.running import batch

distributed = pytest.importorskip("distributed")

HERE = pathlib.Path(__file__).parent


@contextlib.contextmanager
def cluster(tmp_path, *words, workers=2):
    """The address of a scheduler, and workers without a nanny: what is killed stays dead."""
    scratch = {"n_workers": 0, "dashboard_address": None, "local_directory": str(tmp_path / "dask")}
    with distributed.LocalCluster(**scratch, host="127.0.0.1", protocol="tcp") as scheduler:
        command = [sys.executable, "-m", "dask", "worker", scheduler.scheduler_address, "--no-nanny", "--nthreads", "1"]
        command += ["--local-directory", str(tmp_path / "dask"), "--no-dashboard", *words]
        folders = [str(HERE.parent), str(HERE.parents[1]), os.environ.get("PYTHONPATH")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
        with open(tmp_path / "dask.log", "w") as log:
            started = [subprocess.Popen(command, stderr=log, stdout=log, env=environment) for _ in range(workers)]
        try:
            end = time.monotonic() + 120
            while len(scheduler.scheduler_info["workers"]) < workers:
                alive = all(worker.poll() is None for worker in started) and time.monotonic() < end
                assert alive, (tmp_path / "dask.log").read_text()
                time.sleep(0.05)
            yield scheduler.scheduler_address, started
        finally:
            for worker in started:
                worker.kill()
                worker.wait()


def table(tmp_path, rows):
    """A table of photos, none of them in another folder."""
    (tmp_path / "t.csv").write_text("\n".join(["photo,seed", *(f"{photo},{seed}" for photo, seed in rows)]))
    return tmp_path / "t.csv"


def test_a_worker_is_killed_in_the_middle_and_every_item_is_there(tmp_path):
    texts = {"well.jpg": "sleep 0.05", "fail.jpg": "fail too dark", "odd.jpg": "odd"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    photos = table(tmp_path, [*[("well.jpg", seed) for seed in range(40)], ("fail.jpg", 0), ("odd.jpg", 0)])
    out = tmp_path / "out"
    with cluster(tmp_path, "--preload", str(HERE / "preload.py")) as (address, workers):

        def tell(step, done, total):
            if done == 10:
                workers[0].kill()

        lines = batch(photos, out, scheduler=address, tell=tell)
        assert workers[0].wait() != 0 and workers[1].poll() is None
        again = batch(photos, out, scheduler=address)  # what failed, by the worker that is left
    assert [line["status"] for line in lines] == ["done"] * 40 + ["failed"] * 2
    assert [line["error"] for line in lines[40:]] == ["too dark in two lines", "KeyError: no 'x'"]
    assert again == lines
    first, *written = (out / "report.jsonl").read_text().splitlines()
    names = [json.loads(line)["name"] for line in written]
    assert len(names) == 42 + 2 and set(names[:42]) == {line["name"] for line in lines}
    assert len({line["sha256"] for line in lines[:40]}) == 40
    (tmp_path / "alone").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "See2Sound", fakes.Pipeline)
        patch.setattr(making, "save_and_report", fakes.save_and_report)
        maker = making.Maker({**json.loads(first), "out": str(tmp_path / "alone")})
        one = maker({**lines[7], "path": str(tmp_path / "well.jpg")})
    assert one["sha256"] == lines[7]["sha256"]


def test_an_item_that_kills_its_workers_is_a_line_and_the_rest_goes_on(tmp_path, monkeypatch):
    (tmp_path / "die.jpg").write_text("die")
    (tmp_path / "well.jpg").write_text("well")
    photos = table(tmp_path, [("die.jpg", 0), *[("well.jpg", seed) for seed in range(5)]])
    fewer = distributed.config["distributed"]["scheduler"] | {"allowed-failures": 1}
    monkeypatch.setitem(distributed.config["distributed"], "scheduler", fewer)
    with cluster(tmp_path, "--preload", str(HERE / "preload.py"), workers=3) as (address, _):
        lines = batch(photos, tmp_path / "out", scheduler=address)
    assert [line["status"] for line in lines] == ["failed"] + ["done"] * 5
    assert "die" in lines[0]["photo"] and "worker" in lines[0]["error"]


def test_a_scheduler_that_is_not_there_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_text("well")
    monkeypatch.setitem(distributed.config["distributed"]["comm"]["timeouts"], "connect", "1s")
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9"):
        batch(tmp_path / "a.jpg", tmp_path / "out", scheduler="tcp://127.0.0.1:9")


def test_without_dask_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_text("well")
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "see2sound_nb.batches.cluster", raising=False)
    monkeypatch.delattr(package, "cluster", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"see2sound_nb\[cluster\]"):
        batch(tmp_path / "a.jpg", tmp_path / "out", scheduler="tcp://127.0.0.1:9")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_real_photos_on_a_cluster_of_which_a_worker_is_killed_sound_as_one_by_one(tmp_path, pipeline):
    from PIL import Image

    Image.fromarray(s2s.read_image(s2s.demo_photo())).resize((480, 360)).save(tmp_path / "photo.png")
    photos = table(tmp_path, [("photo.png", seed) for seed in range(3)])
    with cluster(tmp_path) as (address, workers):

        def tell(step, done, total):
            if done == 1:
                workers[1].kill()

        lines = batch(photos, tmp_path / "out", scheduler=address, sources=1, tell=tell)
    assert [line["status"] for line in lines] == ["done"] * 3
    for line in lines:
        pipeline.run(tmp_path / "photo.png", sources=1, seed=line["seed"]).save(tmp_path / "alone.wav")
        assert (tmp_path / "alone.wav").read_bytes() == (tmp_path / "out" / line["output"]).read_bytes()
