"""Compile all loops now, and not in the first run: ``python -m see2sound_nb.compile_loops``; set-ups call it.

The machine code is kept beside the modules, see `_numba.loop`. Notebook: 05_image_sources.
"""

from __future__ import annotations

import importlib

#: Where the loops are that a CPU runs, but that of Doppler, which is rare; those of `room.ism.gpu` need Triton.
MODULES = (
    "measure._warping",
    "render._moving_ears",
    "render._vbap",
    "room.ism.cpu_images",
    "room.ism.cpu_rows",
    "room.ism.cpu_samples",
    "room.ism.high_pass",
)


def main() -> None:
    """Import them: each compiles its loops as it is imported."""
    for name in MODULES:
        importlib.import_module(f"see2sound_nb.{name}")


if __name__ == "__main__":
    main()
