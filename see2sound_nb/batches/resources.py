"""How many processes a batch may have here: cores, memory and GPUs, and what a container is allowed of them.

Notebook: 09_your_own.
"""

from __future__ import annotations

import math
import os
import pathlib
from collections.abc import Iterable, Iterator

from see2sound_nb._threads import cores
from see2sound_nb.models.table import MODELS

#: Memory of a process with the tiny models at its peak, in bytes: 0.95 GB measured for a photo, 1.3 for a clip of a
#: minute. The published models come on top, with as much again for what they compute.
TINY_BYTES, FACTOR = 1.2e9, 2.0
#: How much of the memory that is free a batch takes by default.
SHARE = 0.9
#: Where Linux says what a container is allowed.
CGROUPS, OWN_CGROUP = pathlib.Path("/sys/fs/cgroup"), pathlib.Path("/proc/self/cgroup")


def default_processes(names: Iterable[str], device: str) -> int:
    """As many processes as cores and free memory allow; of models on a GPU, one for each GPU.

    Parameters
    ----------
    names : iterable of str
        The models.
    device : str
        As `See2Sound.device`.

    Returns
    -------
    int
        At least 1.
    """
    if device.startswith("cuda"):
        return max(1, len(gpus()))
    return max(1, min(allowed_cores(), int(SHARE * free_bytes() / bytes_of_process(names))))


def bytes_of_process(names: Iterable[str]) -> float:
    """About how much memory a process with these models needs, in bytes."""
    return TINY_BYTES + FACTOR * 1e6 * sum(MODELS[name].size_mb for name in names if name in MODELS)


def gpus() -> list[str]:
    """What ``CUDA_VISIBLE_DEVICES`` is to be for each GPU that this process sees, so that a process has it alone."""
    import torch

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    seen = [str(number) for number in range(torch.cuda.device_count())]
    return seen if named is None else [name.strip() for name in named.split(",")][: len(seen)]


def allowed_cores() -> int:
    """How many cores this process may use; of a container with a share of their time, that share, rounded up."""
    found = cores()
    for folder in _cgroups():
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if quota.isdigit() and period.isdigit() and int(period):
            found = min(found, math.ceil(int(quota) / int(period)))
    return max(1, found)


def free_bytes() -> float:
    """Memory that may still be taken, in bytes: the machine's, or what a container has left."""
    import psutil

    free = float(psutil.virtual_memory().available)
    for folder in _cgroups():
        most, used = _read(folder / "memory.max"), _read(folder / "memory.current")
        if most.isdigit() and used.isdigit():
            stat = dict(line.split() for line in _read(folder / "memory.stat").splitlines() if len(line.split()) == 2)
            files = int(stat.get("inactive_file", 0))  # kept of files, and given back when it is needed
            free = min(free, int(most) - int(used) + files)
    return max(0.0, free)


def _cgroups() -> Iterator[pathlib.Path]:
    """The folder of this process's control group, version 2, and those above it: each may set a limit."""
    own = next((line[3:] for line in _read(OWN_CGROUP).splitlines() if line.startswith("0::")), None)
    if own is None:
        return
    folder = CGROUPS.joinpath(*pathlib.PurePosixPath(own).parts[1:])
    yield folder
    yield from (parent for parent in folder.parents if parent == CGROUPS or CGROUPS in parent.parents)


def _read(path: pathlib.Path) -> str:
    """A small file, "" if there is none."""
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
