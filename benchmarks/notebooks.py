"""How long does each notebook take from a fresh kernel, and how much memory?

    python benchmarks/notebooks.py [name.ipynb ...]

The time is that of the whole run, the start of the kernel and all imports included; nothing is stored.
"""

from __future__ import annotations

import argparse
import datetime
import pathlib
import platform
import sys
import time

import nbformat
import psutil

NOTEBOOKS = pathlib.Path(__file__).resolve().parent.parent / "notebooks"
sys.path.insert(0, str(NOTEBOOKS / "tools"))

from execute import execute  # noqa: E402


def main() -> None:
    """Run the notebooks and print a table."""
    parser = argparse.ArgumentParser(description="Time and memory of the notebooks.")
    parser.add_argument("names", nargs="*", help="notebooks, by default all")
    names = parser.parse_args().names
    memory_gb = psutil.virtual_memory().total / 1e9
    print(
        f"{datetime.date.today()}, {platform.processor() or platform.machine()}, {psutil.cpu_count()} cores, ", end=""
    )
    print(f"{memory_gb:.0f} GB, Python {platform.python_version()}\n")
    print("| notebook | seconds | peak memory, MB |\n|---|---|---|")
    total_s, peak_mb = 0.0, 0.0
    for path in [NOTEBOOKS / name for name in names] or sorted(NOTEBOOKS.glob("*.ipynb")):
        start = time.perf_counter()
        memory_mb = execute(nbformat.read(path, as_version=4))
        taken_s = time.perf_counter() - start
        total_s, peak_mb = total_s + taken_s, max(peak_mb, memory_mb)
        print(f"| `{path.stem}` | {taken_s:.0f} | {memory_mb:.0f} |", flush=True)
    print(f"| all | {total_s:.0f} | {peak_mb:.0f} |")


if __name__ == "__main__":
    main()
