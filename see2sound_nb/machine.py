"""The machine: what a notebook says of it in its first lines, its memory; and the photo that the demo hears.

Notebook: 00_start_here.
"""

from __future__ import annotations

import pathlib
import platform


def demo_photo() -> pathlib.Path:
    """Path of the shipped photo; its origin and licence are in ``data/README.md``."""
    return pathlib.Path(__file__).parent / "data" / "demo.jpg"


def memory_gb(device: str) -> float:
    """Memory of a device in GB (10^9 bytes): a GPU's own, else the machine's."""
    import psutil
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_properties(device).total_memory / 1e9
    return psutil.virtual_memory().total / 1e9


def setup(*, seed: int = 0, tier: str = "tiny") -> str:
    """Say what this notebook runs on, and check the tier.

    Parameters
    ----------
    seed : int
        Printed, to be passed on to the calls that draw random numbers; nothing global is seeded.
    tier : str
        ``"tiny"``, ``"small"`` or ``"paper"``.

    Returns
    -------
    str
        The tier, for ``See2Sound(preset=...)``.

    Raises
    ------
    ValueError
        If the tier is unknown.
    """
    import os

    import numpy
    import torch

    from see2sound_nb import __version__
    from see2sound_nb.models import PRESETS

    if tier not in PRESETS:
        raise ValueError(f"tier {tier!r} is unknown; choose one of {', '.join(PRESETS)}")
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {os.cpu_count()} cores"
    print(f"see2sound_nb {__version__}, Python {platform.python_version()}, torch {torch.__version__}, "
          f"numpy {numpy.__version__}, {device}; seed {seed}")  # fmt: skip
    print(f"tier: {tier}")
    return tier
