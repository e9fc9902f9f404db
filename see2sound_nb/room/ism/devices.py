"""Who computes a response: the reference, the CPU or a GPU.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import functools
import importlib.util
import pathlib
import sys
from collections.abc import Callable

import numpy as np

from see2sound_nb.room.ism import reference
from see2sound_nb.room.ism.definition import LEAD, Problem

#: Fewer arrivals than this are computed sooner than a GPU is reached.
GPU_WORTH = 2_000_000
DEVICES = ("auto", "cpu", "cuda", "reference")


def implementation(device: str, problems: list[Problem]) -> Callable[[list[Problem]], np.ndarray]:
    """The function that computes a list of problems, one for each room, as (B, S, R, C, L)."""
    p = problems[0]
    if device == "auto":
        work = len(problems) * len(p.sources_m) * len(p.receivers_m) * p.channels * p.images
        device = "cuda" if work > GPU_WORTH and cuda_is_there() else "cpu"
    if device == "cuda":
        from see2sound_nb.room.ism import gpu

        return gpu.responses
    from see2sound_nb.room.ism import cpu

    return functools.partial(_one_by_one, cpu.responses if device == "cpu" else reference.responses)


def response_samples(problem: Problem) -> int:
    """Samples of the longest response of one room, as it is returned."""
    from see2sound_nb.room.ism import cpu

    return int(cpu.response_lengths(problem).max()) - LEAD + problem.lead


def _one_by_one(compute: Callable[[Problem], np.ndarray], problems: list[Problem]) -> np.ndarray:
    if len(problems) == 1:
        return compute(problems[0])[None]
    p, longest = problems[0], max(map(response_samples, problems))
    h = np.zeros((len(problems), len(p.sources_m), len(p.receivers_m), p.channels, longest), dtype=np.float32)
    for room, problem in zip(h, problems):
        computed = compute(problem)
        room[..., : computed.shape[-1]] = computed
    return h


@functools.lru_cache(maxsize=1)
def cuda_is_there() -> bool:
    """Whether torch finds an NVIDIA GPU, and Triton is there; torch is only imported where a driver is: it is slow."""
    driver = any(pathlib.Path(device).exists() for device in ("/dev/nvidiactl", "/dev/dxg"))
    if not (driver or "torch" in sys.modules):
        return False
    import torch

    return torch.cuda.is_available() and importlib.util.find_spec("triton") is not None
