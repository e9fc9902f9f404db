"""The command ``see2sound models``: which models there are, and where they are kept."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from see2sound_nb.models.table import METRES, list_models


def run(words: Sequence[str]) -> int:
    """The command ``see2sound models``: print the table of models."""
    p = argparse.ArgumentParser(prog="see2sound models", description="List the models, and where they are kept.")
    p.parse_args(words)
    rows = [("name", "task", "MB", "licence", "here", "presets", "kept at")]
    for model in list_models():
        task = model["task"] + (" (metres)" if model["gives"] == METRES else "")
        licence = model["licence"] + ("" if model["commercial"] else " (non-commercial)")
        here, presets = "yes" if model["here"] else "no", ", ".join(model["presets"]) or "-"
        path = model["path"] or "in the package"
        rows.append((model["name"], task, str(model["size_mb"]), licence, here, presets, path))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.rjust(width) if k == 2 else cell.ljust(width) for k, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
    return 0
