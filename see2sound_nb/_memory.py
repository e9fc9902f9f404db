"""What a process holds of the machine's memory."""

from __future__ import annotations

import contextlib
import ctypes


def give_back() -> None:
    """Give the machine what was freed here and the C library keeps for later, where it can be asked to (glibc).

    After networks have looked at thousands of frames that is some 200 MB, between blocks that are still in use: the
    more large blocks a process frees, the larger they must be for glibc to give them back by itself (mallopt(3),
    "dynamic mmap threshold").
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library; Windows
        ctypes.CDLL(None).malloc_trim(0)
