"""How soon the package answers, beside Python itself: ``python benchmarks/start.py``, seconds of a wall clock.

Each command is run in turn with ``python -c pass``, so that what the machine does besides meets both alike; the first
round, which warms the disk, is not counted.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 15
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import see2sound_nb": ["-c", "import see2sound_nb"],
    "see2sound --help": ["-m", "see2sound_nb", "--help"],
    "see2sound --version": ["-m", "see2sound_nb", "--version"],
    "see2sound models": ["-m", "see2sound_nb", "models"],
}


def seconds(words: list[str]) -> float:
    """Of one run of Python with these words."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    rounds = [{name: seconds(words) for name, words in COMMANDS.items()} for _ in range(ROUNDS + 1)][1:]
    bare = statistics.median(taken["python -c pass"] for taken in rounds)
    print("| command | median, s | of python -c pass |\n|---|---|---|")
    for name in COMMANDS:
        median = statistics.median(taken[name] for taken in rounds)
        print(f"| `{name}` | {median:.3f} | {median / bare:.1f} |")


if __name__ == "__main__":
    main()
