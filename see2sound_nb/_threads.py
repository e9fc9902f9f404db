"""How many cores torch may use for a stretch of work."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Let torch use ``count`` CPU threads inside, and as many as before afterwards; None changes nothing.

    Layers of a few thousand numbers gain little from a second thread. Where another program shares the cores they
    lose ten times and more, because the threads wait for each other, spinning, after every layer.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
