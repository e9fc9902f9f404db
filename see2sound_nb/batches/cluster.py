"""A batch on a Dask cluster: each worker loads the models once, on its own GPU if it has one.

Needs the extra ``cluster``. Notebook: 09_your_own.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import threading
import time
from collections.abc import Generator
from typing import Any

from distributed import Client, Worker, WorkerPlugin, as_completed, get_worker

from see2sound_nb.batches.making import FAILED, Maker, check_version
from see2sound_nb.models.checking import one_line

#: How often the workers are counted, in seconds.
COUNT_S = 1.0


class Models(WorkerPlugin):
    """What a worker keeps from item to item: the pipeline.

    Parameters
    ----------
    settings : dict
        As `making.Maker` takes them.

    Notes
    -----
    Models are loaded by the first item and not in `setup`, which would keep the worker from answering the scheduler for
    so long. A worker of several threads makes one item at a time: a pipeline keeps the state of a call.
    """

    def __init__(self, settings: dict[str, Any]):
        self.settings = settings
        self.name = "see2sound-" + hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]

    def setup(self, worker: Worker) -> None:
        """Called by Dask on every worker, also on those that come later; another version is refused here, at once."""
        check_version(self.settings)
        self._lock = threading.Lock()
        self._maker: Maker | None = None

    def teardown(self, worker: Worker) -> None:
        """The batch has ended: the models go."""
        self._maker = None

    def make(self, item: dict[str, Any]) -> dict[str, Any]:
        """The line of an item, see `making.Maker`."""
        with self._lock:
            if self._maker is None:
                self._maker = Maker(self.settings)
            return self._maker(item)


def make(
    items: list[dict[str, Any]], settings: dict[str, Any], scheduler: str
) -> Generator[tuple[dict[str, Any], dict[str, Any]], None, None]:
    """Each item with its line, as they end.

    Parameters
    ----------
    items : list of dict
        As `processes.Pool.make` takes them.
    settings : dict
    scheduler : str
        Its address.

    Yields
    ------
    tuple of dict
        The item, and its line. What was with a worker that dies, Dask gives to another; what kills several, as its
        setting ``distributed.scheduler.allowed-failures`` says, has a line that tells so.

    Notes
    -----
    As many items are with the scheduler as there are workers: Dask blames all that a dead worker held, also what stood
    in line there behind the item that killed it.

    Raises
    ------
    OSError
        If there is no scheduler at the address.
    """
    if not items:
        return
    with Client(scheduler, set_as_default=False) as client:
        plugin = Models(settings)
        client.register_plugin(plugin)
        waiting = iter(items)
        running: dict[str, dict[str, Any]] = {}
        ended = as_completed(loop=client.loop)
        counted_s, workers = -math.inf, 1

        def submit() -> None:
            nonlocal counted_s, workers
            if time.monotonic() > counted_s + COUNT_S:
                counted_s, workers = time.monotonic(), max(1, len(client.nthreads()))
            for item in itertools.islice(waiting, max(0, workers - len(running))):
                future = client.submit(_make, plugin.name, item, pure=False)  # pure: an answer of before would do
                running[future.key] = item
                ended.add(future)

        try:
            submit()
            for future in ended:
                item = running.pop(future.key)
                yield item, _line(future, item)
                submit()
        finally:
            client.unregister_worker_plugin(plugin.name)


def _make(name: str, item: dict[str, Any]) -> dict[str, Any]:
    """On a worker."""
    models: Any = get_worker().plugins[name]
    return models.make(item)


def _line(future: Any, item: dict[str, Any]) -> dict[str, Any]:
    try:
        return future.result()
    except Exception as error:
        line = {key: item[key] for key in ("name", "photo", "prompt", "seed")}
        return {**line, "status": FAILED, "error": one_line(error)}
