"""Photos and clips of the user by the thousand: each to its sound, on all cores of a machine or on many machines.

Takes a folder, a glob, a list or a table of photos and clips; gives for each an output file, and a line of
``report.jsonl`` as soon as it is there. What was killed goes on where it was. `items` finds what is to be done,
`making` does one, `processes` shares them out on this machine and `cluster` on others; `running` is `batch`.

What ten million photos cost, and what breaks first, is in `README.md`. Notebook: 09_your_own.
"""

from see2sound_nb.batches.running import batch

__all__ = ["batch"]
