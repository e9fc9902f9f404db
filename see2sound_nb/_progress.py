"""How a step says how far it is."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

#: Called as ``tell(step, done, total)``: the name of the step, and how much of it is done.
Progress = Callable[[str, int, int], None]
_BAR = "{desc} |{bar:30}| {n_fmt}/{total_fmt} {elapsed}<{remaining}"


def quiet(step: str, done: int, total: int) -> None:
    """Progress that nobody asked for."""


@contextlib.contextmanager
def progress_bars() -> Iterator[Progress]:
    """A progress bar per step on standard error, so that standard output stays clean."""
    from tqdm import tqdm

    bar: Any = None
    current = ""

    def tell(step: str, done: int, total: int) -> None:
        nonlocal bar, current
        if step != current:
            if bar is not None:
                bar.close()
            bar, current = tqdm(desc=f"{step:>8}", total=total, file=sys.stderr, bar_format=_BAR), step
        bar.update(done - bar.n)
        if done == total:
            bar.close()

    try:
        yield tell
    finally:
        if bar is not None:
            bar.close()
