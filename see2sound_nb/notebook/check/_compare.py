"""What the checks share: the rate of their sounds; saying that all is right, or where the first difference is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

#: Of the sounds that exercises play and measure, in Hz.
SAMPLE_RATE = 16000


def right(line: str) -> None:
    """Say that an answer is right, and why it can be believed."""
    print(f"right: {line}")


def same(yours: Any, expected: Any, case: str, unit: str = "", *, rtol: float = 1e-6, atol: float = 1e-9) -> None:
    """Compare two numbers or arrays.

    Parameters
    ----------
    yours, expected : array_like
        Numbers or arrays of the same shape.
    case : str
        What was compared: "box of a mask of 4 x 6 pixels".
    unit : str
        Unit of the values, for the message.
    rtol, atol : float
        Largest difference: atol + rtol * abs(expected).

    Raises
    ------
    AssertionError
        If there is no answer, a wrong shape, or a difference: the first one, with its index and unit.
    """
    answered(yours, case)
    expected = np.asarray(expected, dtype=np.float64)
    try:
        if np.iscomplexobj(yours):
            raise AssertionError(f"{case}: your answer is complex, it should be real; look where it became so")
        given = np.asarray(yours, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError):  # torch raises the last for what is still being differentiated
        raise AssertionError(f"{case}: {_short(yours)} is no number or array of numbers") from None
    if given.shape != expected.shape:
        raise AssertionError(f"{case}: your shape is {given.shape}, it should be {expected.shape}")
    wrong = ~(np.abs(given - expected) <= atol + rtol * np.abs(expected))
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        at = f" at index {index[0] if len(index) == 1 else index}" if index else ""
        mine, theirs = (_short(values[index]) for values in (given, expected))
        more = f" ({int(wrong.sum())} of {wrong.size} differ)" if wrong.size > 1 else ""
        raise AssertionError(
            f"{case}:{at} yours is {mine} {unit}".rstrip() + f", it should be {theirs} {unit}".rstrip() + more
        )


def within(yours: Any, expected: float, tolerance: float, case: str, unit: str) -> None:
    """Compare a measured number with the library's own measurement, within a tolerance.

    Raises
    ------
    AssertionError
        If there is no answer, or it is farther off.
    """
    given = number(yours, case, unit)
    if not abs(given - expected) <= tolerance:
        said = f"yours is {_short(given)} {unit}, measured here {_short(expected)} ± {tolerance:g} {unit}"
        raise AssertionError(f"{case}: {said}")


def number(yours: Any, case: str, unit: str) -> float:
    """Take an answer as one real number: Python's, NumPy's or torch's.

    Raises
    ------
    AssertionError
        If there is no answer, or it is something else.
    """
    answered(yours, case)
    try:
        if np.iscomplexobj(yours):  # NumPy would drop the imaginary part, with no more than a warning
            raise TypeError
        given = np.asarray(yours, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError):
        given = np.zeros(0)
    if isinstance(yours, (str, bytes, bool, np.bool_)) or given.size != 1:
        raise AssertionError(f"{case}: {_short(yours)} is no number; give one, in {unit}")
    return given.item()


def function(yours: Any, case: str) -> None:
    """Raise AssertionError if an answer is no function."""
    answered(yours, case)
    if not callable(yours):
        raise AssertionError(f"{case}: {_short(yours)} is no function; give the function itself, without calling it")


def chosen(yours: Any, expected: str, choices: tuple[str, ...], case: str) -> None:
    """Compare an answer in words.

    Raises
    ------
    AssertionError
        If there is no answer, it is none of the choices, or not the right one; the right one is not told.
    """
    answered(yours, case)
    given = str(yours)
    if given not in choices:
        raise AssertionError(f"{case}: {given!r} is none of the answers {', '.join(map(repr, choices))}")
    if given != expected:
        raise AssertionError(f"{case}: {given!r} is not what was measured; listen again, then measure")


def in_order(yours: Any, expected: Sequence[str], case: str) -> None:
    """Compare a list of words that each stand in it once.

    Parameters
    ----------
    yours : list, tuple or np.ndarray of str
    expected : sequence of str
        The words in their order.
    case : str
        What was put in order: "order of the bursts".

    Raises
    ------
    AssertionError
        If there is no answer, other words, or one in a wrong place: the first one, with its index.
    """
    answered(yours, case)
    given = yours.tolist() if isinstance(yours, np.ndarray) else yours
    words = tuple(sorted(expected))
    if not isinstance(given, (list, tuple)) or tuple(sorted(map(str, given))) != words:
        wanted = ", ".join(map(repr, words))
        raise AssertionError(f"{case}: give a list with each of {wanted} once, not {_short(given)}")
    for k, (word, right_word) in enumerate(zip(given, expected)):
        chosen(word, right_word, words, f"{case}, at index {k}")


def answered(yours: Any, case: str) -> None:
    """Raise AssertionError if there is no answer yet."""
    if yours is None or yours is Ellipsis:
        raise AssertionError(f"{case}: there is no answer yet; put yours in place of None, run the cell, then this one")


def _short(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, float, np.integer, np.floating)):
        return f"{float(value):.6g}"
    return repr(value)[:60]
