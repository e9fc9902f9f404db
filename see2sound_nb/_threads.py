"""How many cores a stretch of work uses; what it leaves as it was; and when Python looks for what nobody needs."""

from __future__ import annotations

import atexit
import concurrent.futures
import contextlib
import functools
import gc
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

_worker = threading.local()
F = TypeVar("F", bound=Callable[..., Any])


def keeps_random_state(function: F) -> F:
    """A function that builds models, and leaves torch's random state as it was: layers draw from it when made."""

    @functools.wraps(function)
    def kept(*args, **kwargs):
        import torch

        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            return function(*args, **kwargs)

    return cast(F, kept)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Inside, Python does not look for objects that refer to each other in circles and that nobody needs.

    It would look again and again while libraries of a million objects are imported, of which not one is ever free. A
    thread that allocates meanwhile does without, too.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def collect_seldom() -> None:
    """For a process that is ours alone: look for such circles seldom, and not at the end, where all memory goes anyway.

    Figures: benchmarks/RESULTS.md, "From a word to an answer".
    """
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not tell
        return os.cpu_count() or 1


def run_in_threads(work: Callable[[int, int], object], count: int) -> None:
    """Call ``work(first, last)`` so that it covers 0 to `count`, in as many threads as there are cores.

    For work that lets go of the interpreter, as compiled loops do. Inside such a thread all goes on in that thread.
    """
    threads = 1 if getattr(_worker, "busy", False) else min(cores(), count)
    if threads <= 1:
        work(0, count)
        return
    edges = [count * part // threads for part in range(threads + 1)]
    list(_pool(threads, os.getpid()).map(work, edges[:-1], edges[1:]))


@functools.lru_cache(maxsize=4)
def _pool(threads: int, process: int) -> concurrent.futures.ThreadPoolExecutor:
    # One for each process: threads do not survive a fork.
    return concurrent.futures.ThreadPoolExecutor(threads, initializer=lambda: setattr(_worker, "busy", True))


@contextlib.contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Let torch use ``count`` CPU threads inside, and as many as before afterwards; None changes nothing.

    Layers of a few thousand numbers gain little from a second thread. Where another program shares the cores they
    lose ten times and more, because the threads wait for each other, spinning, after every layer.
    """
    with uncollected():
        import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
