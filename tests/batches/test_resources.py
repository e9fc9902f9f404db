"""How many processes: what a container is allowed counts, and not what the machine has."""

import types

import psutil
import pytest

from see2sound_nb.batches import resources


@pytest.fixture
def group(tmp_path, monkeypatch):
    """A process in the control group /a/b of a machine with 8 cores and 64 GB free."""
    folder = tmp_path / "cgroup"
    (folder / "a/b").mkdir(parents=True)
    (tmp_path / "own").write_text("1:name=other:/x\n0::/a/b\n")
    monkeypatch.setattr(resources, "CGROUPS", folder)
    monkeypatch.setattr(resources, "OWN_CGROUP", tmp_path / "own")
    monkeypatch.setattr(resources, "cores", lambda: 8)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: types.SimpleNamespace(available=64e9))
    return folder


def test_without_limits_the_machine_counts(group):
    assert resources.allowed_cores() == 8 and resources.free_bytes() == 64e9
    (group / "a/b/cpu.max").write_text("max 100000\n")
    (group / "a/b/memory.max").write_text("max\n")
    assert resources.allowed_cores() == 8 and resources.free_bytes() == 64e9
    resources.OWN_CGROUP.unlink()  # no Linux
    assert resources.allowed_cores() == 8 and resources.free_bytes() == 64e9


def test_the_tightest_limit_of_a_group_and_those_above_it_counts(group):
    (group / "a/cpu.max").write_text("250000 100000\n")
    (group / "a/b/cpu.max").write_text("400000 100000\n")
    assert resources.allowed_cores() == 3  # 2.5, rounded up
    for folder, most, used in (("a", 10e9, 9e9), ("a/b", 8e9, 2e9)):
        (group / folder / "memory.max").write_text(f"{int(most)}\n")
        (group / folder / "memory.current").write_text(f"{int(used)}\n")
    assert resources.free_bytes() == 1e9
    (group / "a/memory.stat").write_text("anon 5000000000\ninactive_file 4000000000\n")  # given back when needed
    assert resources.free_bytes() == 5e9


@pytest.mark.parametrize(("free", "count"), [(64e9, 8), (4e9, 3), (1.4e9, 1), (0.0, 1)])
def test_as_many_as_memory_and_cores_allow(group, monkeypatch, free, count):
    monkeypatch.setattr(resources, "free_bytes", lambda: free)
    assert resources.default_processes(["tiny-sam", "tiny-depth", "tiny-codi"], "cpu") == count


def test_larger_models_need_more(group):
    tiny = resources.bytes_of_process(["tiny-sam", "tiny-depth", "tiny-codi"])
    small = resources.bytes_of_process(["sam-vit-b", "depth-anything-small", "tiny-codi"])
    paper = resources.bytes_of_process(["sam-vit-h", "depth-anything-large", "codi"])
    assert 0.95e9 < tiny < 2e9 < small < 4e9 < 7.1e9 < paper  # 0.95 and 7.1 GB were measured


@pytest.mark.parametrize(
    ("named", "found"), [(None, ["0", "1"]), ("3,5", ["3", "5"]), ("GPU-a, GPU-b", ["GPU-a", "GPU-b"])]
)
def test_a_process_for_each_gpu(group, monkeypatch, named, found):
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if named is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert resources.gpus() == found and resources.default_processes(["codi"], "cuda") == 2
