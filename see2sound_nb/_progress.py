"""How a step says how far it is."""

from __future__ import annotations

from collections.abc import Callable

#: Called as ``tell(step, done, total)``: the name of the step, and how much of it is done.
Progress = Callable[[str, int, int], None]


def quiet(step: str, done: int, total: int) -> None:
    """Progress that nobody asked for."""
