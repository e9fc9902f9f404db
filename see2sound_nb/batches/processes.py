"""A batch on this machine: a few processes, each with the models loaded once, that items are shared out among.

Notebook: 09_your_own.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any

from see2sound_nb.batches.making import FAILED

#: How a process is started; its words are the folders that modules are imported from. Control-C reaches every process
#: of a terminal: the first of them decides.
PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); sys.path[:] = sys.argv[1:]; "
    "from see2sound_nb.batches import worker; worker.serve(worker.see2sound)"
)
#: How often an item is tried whose process dies.
TRIES = 2

Answer = tuple[dict[str, Any], dict[str, Any]]


class WorkerDied(ChildProcessError):
    """A process ended before it answered; says how."""

    def __init__(self, code: int):
        how = f"was killed (signal {-code}), as happens for want of memory" if code < 0 else f"ended with code {code}"
        super().__init__(f"its process {how}")
        self.killed = code < 0


class Worker:
    """A process, and the pipes to it.

    Parameters
    ----------
    settings : dict
        Ready for JSON.
    environment : dict
        What it has besides the environment of this process.
    program : str
        Python.

    Raises
    ------
    ValueError
        If it cannot do what the settings say.
    WorkerDied
    """

    def __init__(self, settings: dict[str, Any], environment: dict[str, str], program: str):
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, *sys.path], stdin=pipe, stdout=pipe, env={**os.environ, **environment}
        )
        self._ready, self._settings = False, settings

    def ask(self, item: dict[str, Any]) -> dict[str, Any]:
        """The line of an item; WorkerDied if the process ends first."""
        return self._exchange(item)

    def wait_until_ready(self) -> None:
        """Wait until the models are loaded; ValueError if they cannot be."""
        if not self._ready and "error" in (answer := self._exchange(self._settings)):
            raise ValueError(answer["error"])
        self._ready = True

    def _exchange(self, said: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(said).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
            if answer.endswith(b"\n"):
                return json.loads(answer)
        except OSError:  # a pipe whose other end is gone
            pass
        raise WorkerDied(self._process.wait())

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what could not be written to it
                    pipe.close()


class Pool:
    """Processes that share items among them.

    Parameters
    ----------
    settings : dict
    environments : sequence of dict
        One for each process.
    program : str
    warn : callable
        Called with a sentence when no process can be had in the place of one, and the others go on without it.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        environments: Sequence[dict[str, str]],
        program: str = PROGRAM,
        warn: Callable[[str], None] = lambda text: None,
    ):
        self._settings, self._environments, self._program, self._warn = settings, environments, program, warn
        self._waiting: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()
        self._workers: dict[int, Worker] = {}
        self._lock, self._closed = threading.Lock(), False

    def make(self, items: Sequence[dict[str, Any]]) -> Generator[Answer, None, None]:
        """Each item with its line, as they end.

        Parameters
        ----------
        items : sequence of dict
            Each with ``name``, ``photo``, ``prompt``, ``seed`` and what the process needs besides.

        Yields
        ------
        tuple of dict
            The item, and its line. An item whose process dies is tried once more, in a new process; if that dies too,
            its line says so.

        Raises
        ------
        ValueError, OSError, MemoryError
            If no process could start, or none is left.
        """
        for item in items:
            self._waiting.put(item)
        threads = [
            threading.Thread(target=self._drive, args=(number,), daemon=True)
            for number in range(min(len(self._environments), len(items)))
        ]
        try:
            for thread in threads:
                thread.start()
            left, driving = len(items), len(threads)
            while left:
                try:
                    answer = self._ended.get(timeout=0.5)  # on Windows, Control-C is seen only in between
                except queue.Empty:
                    continue
                if not isinstance(answer, Exception):
                    left -= 1
                    yield answer
                    continue
                driving -= 1
                if not driving:
                    raise answer
                self._warn(f"a process is given up ({answer}); {driving} go on")
        finally:
            self._close(len(threads))

    def _drive(self, number: int) -> None:
        """In a thread of its own: one process after the other, as long as there are items."""
        while (item := self._waiting.get()) is not None:
            try:
                self._ended.put((item, self._answer(number, item)))
            except Exception as error:  # no process can be had here: others may do the item
                self._waiting.put(item)
                self._ended.put(error)
                return

    def _answer(self, number: int, item: dict[str, Any]) -> dict[str, Any]:
        said = ""
        for _ in range(TRIES):
            worker = self._worker(number)
            try:
                return worker.ask(item)
            except WorkerDied as error:
                self._drop(number)
                said = str(error)
        line = {key: item[key] for key in ("name", "photo", "prompt", "seed")}
        return {**line, "status": FAILED, "error": f"{said}, {TRIES} times"}

    def _worker(self, number: int) -> Worker:
        """The process of a thread, its models loaded; a new one if the last died."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the batch has ended")
            if number not in self._workers:
                self._workers[number] = Worker(self._settings, self._environments[number], self._program)
            worker = self._workers[number]
        try:
            worker.wait_until_ready()
        except WorkerDied as error:
            self._drop(number)
            kind = MemoryError if error.killed else ChildProcessError
            raise kind(f"{error}, before its models were loaded; give fewer processes") from error
        return worker

    def _drop(self, number: int) -> None:
        with self._lock:
            worker = self._workers.pop(number, None)
        if worker is not None:
            worker.kill()

    def _close(self, threads: int) -> None:
        with self._lock:
            self._closed = True
            workers, self._workers = list(self._workers.values()), {}
        for worker in workers:
            worker.kill()
        for _ in range(threads):
            self._waiting.put(None)
