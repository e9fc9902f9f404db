"""A process of a batch: it reads items, a line of JSON each, and answers each with a line of JSON.

It is started as ``python -c`` by `processes`, on every system alike: nothing is inherited but the two pipes, and the
caller's script is not imported again, as `multiprocessing` would, so it needs no ``if __name__ == "__main__"``. When
the batch ends, or is killed, the pipe ends, and so does the process.

Notebook: 09_your_own.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from see2sound_nb._threads import collect_seldom
from see2sound_nb.models.checking import one_line

Make = Callable[[dict[str, Any]], dict[str, Any]]


def serve(maker: Callable[[dict[str, Any]], Make]) -> None:
    """Answer until the pipe ends.

    Parameters
    ----------
    maker : callable
        From the settings, the first line that comes, to what makes an item. Then ``{"ready": true}`` is said, or
        ``{"error": ...}`` and the process ends.
    """
    collect_seldom()
    # what libraries print goes where errors go, and not among the answers
    with contextlib.suppress(BrokenPipeError), os.fdopen(os.dup(1), "w", encoding="ascii", newline="\n") as answers:
        os.dup2(2, 1)

        def say(answer: dict[str, Any]) -> None:
            answers.write(json.dumps(answer, allow_nan=False) + "\n")
            answers.flush()

        try:
            make = maker(json.loads(sys.stdin.buffer.readline()))
        except Exception as error:
            say({"error": one_line(error)})
            return
        say({"ready": True})
        for line in sys.stdin.buffer:
            say(make(json.loads(line)))


def see2sound(settings: dict[str, Any]) -> Make:
    """The maker of a batch, its models loaded."""
    import cv2
    import torch

    from see2sound_nb.batches.making import Maker

    torch.set_num_threads(settings["threads"])
    cv2.setNumThreads(settings["threads"])
    maker = Maker(settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a licence that forbids something is said once, by the batch
        maker.load()
    return maker
