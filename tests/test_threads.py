"""What a stretch of work leaves as it was, and how a process of ours ends."""

import contextlib
import gc
import subprocess
import sys

import pytest

from see2sound_nb._threads import uncollected


@pytest.mark.parametrize("enabled", [True, False])
def test_objects_are_collected_afterwards_if_they_were_before(enabled):
    (gc.enable if enabled else gc.disable)()
    try:
        with contextlib.suppress(ValueError), uncollected():
            assert not gc.isenabled()
            raise ValueError("on purpose")
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


def test_a_process_of_ours_still_collects_and_does_not_at_its_end():
    program = """
import gc
from see2sound_nb._threads import collect_seldom

class Circle:
    def __init__(self, name):
        self.itself, self.name = self, name

    def __del__(self):
        print(self.name)

collect_seldom()
Circle("while it runs")
kept = [[] for _ in range(60_000)]
Circle("at its end")
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "while it runs\n", answer.stderr
