"""The device that models run on, and how much memory it has.

Notebook: 00_start_here.
"""

from __future__ import annotations

from collections.abc import Iterable

from see2sound_nb.models.table import PRESETS


def memory_gb(device: str) -> float:
    """Memory of a device in GB (10^9 bytes): a GPU's own, else the machine's."""
    import psutil
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_properties(device).total_memory / 1e9
    return psutil.virtual_memory().total / 1e9


def is_small(device: str, names: Iterable[str]) -> bool:
    """Whether large models, such as the preset ``"paper"`` has, share a small memory on this device."""
    large = set(names) & set(PRESETS["paper"].values())
    return bool(large) and memory_gb(device) < (14 if device.startswith("cuda") else 24)


def find_device(device: str, preset: str) -> str:
    """The device itself, or for ``"auto"`` the one that suits the preset."""
    if device != "auto":
        return device
    if preset == "tiny":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
