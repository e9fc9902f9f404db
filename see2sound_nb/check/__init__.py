"""Checks of the exercises: each takes what you made, compares it on seeded cases, and names the first difference.

``check.NAME(yours)`` prints one line if all is right, and raises an ``AssertionError`` with the case, the index and the
unit if not. What an answer is compared with is computed by the library there and then, not kept.
"""

__all__: list[str] = []
