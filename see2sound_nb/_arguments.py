"""What `See2Sound` is given: checks, and what stands in where nothing is said."""

from __future__ import annotations

import numpy as np

from see2sound_nb import machine, models

MOST_SOURCES = 10


def check_run(sources: int, select: str, kind: str, seed: int) -> None:
    """Raise ValueError if an argument of a run is out of range."""
    if not 1 <= sources <= MOST_SOURCES:
        raise ValueError(f"sources={sources} must lie in 1 to {MOST_SOURCES}; more cannot be told apart by ear")
    if not 0 <= seed < 2**59:
        raise ValueError(f"seed={seed} must lie in 0 to 2**59 - 1; choose another")
    if select not in ("sounds", "area"):
        raise ValueError(f"select={select!r} is unknown; choose 'sounds' or 'area'")
    if kind not in ("metric", "paper"):
        raise ValueError(f"geometry={kind!r} is unknown; choose 'metric' or 'paper'")


def check_masks(masks, shape: tuple[int, ...]) -> np.ndarray:
    """Regions chosen by hand as (N, H, W) bool, or ValueError if they do not fit a photo of `shape` (H, W)."""
    M = np.asarray(masks)
    if M.dtype != bool or M.ndim != 3 or M.shape[1:] != shape:
        raise ValueError(
            f"masks is {M.dtype} {M.shape}; it must be bool (N, {shape[0]}, {shape[1]}), of the size of "
            "media.read_image(photo): make the masks from that picture, and compare numbers with 0.5"
        )
    if not 1 <= len(M) <= MOST_SOURCES:
        raise ValueError(f"{len(M)} masks were given; it must be 1 to {MOST_SOURCES}: leave some out, or add one")
    empty = np.flatnonzero(~M.any(axis=(1, 2)))
    if len(empty):
        raise ValueError(f"mask {empty[0]} is empty; a region needs at least one pixel: leave the mask out")
    return M


def is_small(device: str, names: dict[str, str]) -> bool:
    """Whether large models share a small memory."""
    large = set(names.values()) & set(models.PRESETS["paper"].values())
    return bool(large) and machine.memory_gb(device) < (14 if device.startswith("cuda") else 24)


def find_device(device: str, preset: str) -> str:
    """The device itself, or for ``"auto"`` the one that suits the preset."""
    if device != "auto":
        return device
    if preset == "tiny":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
