"""What was freed is the machine's again."""

import ctypes
import platform
import subprocess
import sys

import pytest

from see2sound_nb import _memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are not asked")
def test_what_was_freed_between_blocks_in_use_is_given_back():
    program = """
import psutil
from see2sound_nb._memory import give_back

held = lambda: psutil.Process().memory_info().rss / 1e6
blocks = [bytes(60_000) for _ in range(2_000)]  # below glibc's threshold, above which each has pages of its own
for block in blocks:
    assert block is not None
kept = blocks[::200]
del block, blocks
before = held()
give_back()
print(round(before - held()))
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(answer.stdout) > 60, answer.stdout


def test_where_there_is_no_such_call_nothing_happens(monkeypatch):
    for library in (lambda name: object(), None):
        monkeypatch.setattr(ctypes, "CDLL", library)
        _memory.give_back()
