"""Two processes on one cold cache of compiled code, again and again: `python -m hostile.cold_caches 20` in tests/."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable

ROOM = """
import hashlib, numpy as np, see2sound_nb as s2s
room = s2s.room_around(np.array([[-1.0, 2.0, 0.0]]))
h = [s2s.impulse_responses(room, [[-1.0, 2.0, 0.0]], layout) for layout in ("5.1", "binaural", "foa")]
print(hashlib.sha256(b"".join(part.tobytes() for part in h)).hexdigest())
"""


def start_together(times: int, *, tell: Callable[[str], None] = print) -> None:
    """Start two processes at once on an empty cache; AssertionError if one fails or they differ."""
    results = set()
    for _ in range(times):
        with tempfile.TemporaryDirectory() as cache:
            both = [
                subprocess.Popen([sys.executable, "-c", ROOM], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, env={**os.environ, "NUMBA_CACHE_DIR": cache})
                for _ in range(2)
            ]  # fmt: skip
            for process in both:
                out, error = process.communicate()
                assert process.returncode == 0, error[-500:]
                results.add(out.strip())
    assert len(results) == 1, "two processes on one cold cache differ"
    tell(f"{times} times two processes on one cold cache: no failure, the same responses bit for bit")


if __name__ == "__main__":
    start_together(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
