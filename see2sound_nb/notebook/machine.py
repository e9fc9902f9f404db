"""The machine: what a notebook says of it in its first lines, and what would run on it.

Notebook: 00_start_here.
"""

from __future__ import annotations

import atexit
import gc
import platform

from see2sound_nb._threads import uncollected

#: Memory in GB (10^9 bytes) that a machine should have for each tier: for tiny and paper twice what was measured with a
#: photo of one megapixel (1.4 and 7.1 GB), for small something in between.
ENOUGH_GB = {"tiny": 3, "small": 6, "paper": 15}
#: Size of the notebooks' letters in figures, in points: read from the last row of a lecture room.
FONT_SIZE = 13


def setup(*, seed: int = 0, tier: str = "tiny") -> str:
    """Say what this notebook runs on, check the tier, make figures readable, and torchvision importable.

    Matplotlib's `font.size` becomes `FONT_SIZE`, so that figures can be read when they are projected. From here on
    ``import segment_anything`` and others that import torchvision work beside any build of torch. Python no
    longer looks through the objects of the libraries for some that nobody needs (`gc.freeze`), now or when the kernel
    ends: that would take seconds. Nothing else is changed.

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
    ModuleNotFoundError
        If matplotlib is not installed; the message names the extra.
    """
    import os

    import numpy

    with uncollected():
        import torch

        from see2sound_nb._torchvision import ensure_torchvision
    from see2sound_nb._version import __version__
    from see2sound_nb.models.table import PRESETS
    from see2sound_nb.notebook.plots.common import ensure_matplotlib

    if tier not in PRESETS:
        raise ValueError(f"tier {tier!r} is unknown; choose one of {', '.join(PRESETS)}")
    ensure_matplotlib()
    atexit.register(gc.freeze)
    import matplotlib

    matplotlib.rcParams["font.size"] = FONT_SIZE
    with uncollected():
        ensure_torchvision()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {os.cpu_count()} cores"
    print(f"see2sound_nb {__version__}, Python {platform.python_version()}, torch {torch.__version__}, "
          f"numpy {numpy.__version__}, {device}; seed {seed}")  # fmt: skip
    print(f"tier: {tier}")
    gc.freeze()  # half a million objects of libraries, which stay
    return tier


def check_machine(sources: int = 3) -> None:
    """Print what this machine has, and of each tier whether it would run here, how long, and what must be fetched.

    Parameters
    ----------
    sources : int
        Sounds of the photo whose time is estimated.

    Notes
    -----
    Notebook: 00_start_here.
    """
    import os

    import torch

    from see2sound_nb.models import devices, effort, table

    memory = devices.memory_gb("cpu")
    gpu = "no GPU that torch can use"
    if torch.cuda.is_available():
        gpu = f"{torch.cuda.get_device_name()} with {devices.memory_gb('cuda'):.0f} GB"
    print(f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {gpu}")
    for tier, names in table.PRESETS.items():
        wanted = table.missing(names.values())
        fits = "runs here" if memory >= ENOUGH_GB[tier] else f"may not fit: {ENOUGH_GB[tier]} GB of memory are advised"
        seconds = effort.estimate_seconds(names, sources, None)
        lasts = effort.describe(seconds) if seconds else "seconds"
        fetch = "nothing to fetch"
        if wanted:
            listed = ", ".join(card.name for card in wanted)
            fetch = f"{sum(card.size_mb for card in wanted) / 1e3:.1f} GB to fetch ({listed})"
        print(f"{tier}: {fits}; a photo with {sources} sources takes {lasts} on the CPU; {fetch}")
