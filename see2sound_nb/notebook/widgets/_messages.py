"""Messages from and to the front end.

What comes in is bounded and of plain kinds, or it is refused in one short line: a page may be another program's, an old
one, or broken, and what is wrong with a message must not end in the kernel's log, or fill it.

Arrays go out as buffers of a message, or as text where a front end loses those (Colab).
"""

from __future__ import annotations

import base64
import math
from collections.abc import Collection
from typing import Any

import numpy as np


def as_message(
    content: dict[str, Any], arrays: list[bytes | np.ndarray], as_text: bool
) -> tuple[dict[str, Any], list[bytes]]:
    """A message and its buffers.

    Parameters
    ----------
    content : dict
        What goes as JSON.
    arrays : list of bytes or np.ndarray
        What goes as bytes, in this order.
    as_text : bool
        Whether to write the bytes as base64 into the message.

    Returns
    -------
    content : dict
        With the key ``arrays``, one entry for each array, so that the front end sees when some are lost.
    buffers : list of bytes
    """
    raw = [array if isinstance(array, bytes) else np.ascontiguousarray(array).tobytes() for array in arrays]
    if as_text:
        text = [{"text": base64.b64encode(part).decode()} for part in raw]
        return {**content, "as_text": True, "arrays": text}, []
    return {**content, "arrays": [{"bytes": len(part)} for part in raw]}, raw


#: Of a message that comes in: entries at all depths, how deep they lie, the letters of one text, the largest number.
MOST_PARTS, DEEPEST, MOST_LETTERS, LARGEST = 20_000, 8, 2000, 1e15
#: Letters of an error that a page is sent, and of what is repeated in it.
MOST_SAID, MOST_SHOWN = 400, 60


def short(value: Any) -> str:
    """A value as a message names it: itself, or what it is if that is long, or cannot be written."""
    try:
        text = repr(value)
    except Exception:  # a number of thousands of digits, or what a class makes of it
        text = ""
    return text if 0 < len(text) <= MOST_SHOWN else f"of type {type(value).__name__}"


def said(error: BaseException | str) -> str:
    """An error in one line of at most `MOST_SAID` letters."""
    text = " ".join(str(error).split())
    return text if len(text) <= MOST_SAID else f"{text[: MOST_SAID - 3]}..."


def check_message(content: Any, kinds: Collection[str] = ()) -> dict[str, Any]:
    """A message of the front end, if it is an object of bounded size, of one of some kinds.

    Parameters
    ----------
    content : object
        As it came.
    kinds : collection of str
        What its ``kind`` may be; if none are given, it needs none.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If it is something else.
    """
    if not isinstance(content, dict):
        raise ValueError(f"the message is {short(content)}; it must be an object: run the cell again")
    _check_parts(content)
    kind = content.get("kind")
    if kinds and not (isinstance(kind, str) and kind in kinds):
        raise ValueError(f"kind is {short(kind)}; it must be one of {', '.join(kinds)}")
    return content


def _check_parts(content: Any) -> None:
    level, parts, depth = [content], 1, 0
    while level:
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += [*value, *value.values()]
            elif isinstance(value, list | tuple):
                below += value
            elif isinstance(value, str) and len(value) > MOST_LETTERS:
                raise ValueError(f"a text in the message has {len(value)} letters; it must have {MOST_LETTERS} at most")
            elif isinstance(value, int) and abs(value) > LARGEST:
                raise ValueError(f"a number in the message is beyond {LARGEST:g}; it must be smaller")
        parts, depth, level = parts + len(below), depth + 1, below
        if parts > MOST_PARTS:
            raise ValueError(f"the message has more than {MOST_PARTS} parts; send it in several")
        if depth > DEEPEST and level:
            raise ValueError(f"the message is more than {DEEPEST} lists deep; it must be flatter")


def is_message(msg: Any) -> bool:
    """Whether a message of Jupyter's is one that `ipywidgets.Widget._handle_msg` can take, without binary data."""
    data = msg["content"].get("data") if isinstance(msg, dict) and isinstance(msg.get("content"), dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("method"), str):
        return False
    return isinstance(data.get("state", {}), dict) and not data.get("buffer_paths")


def number(content: dict[str, Any], name: str, *, whole: bool = False) -> Any:
    """A finite number of a message, or ValueError."""
    value: Any = content.get(name)
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not fits or not math.isfinite(value):
        raise ValueError(f"{name} is {short(value)}; it must be a {'whole' if whole else 'finite'} number")
    return value


def text(content: dict[str, Any], name: str) -> str:
    """A text of a message, or ValueError."""
    value = content.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is {short(value)}; it must be a text")
    return value


def entries(content: dict[str, Any], name: str) -> list[Any]:
    """A list of a message, or ValueError."""
    value = content.get(name)
    if not isinstance(value, list):
        raise ValueError(f"{name} is {short(value)}; it must be a list")
    return value


def label(content: Any, name: str) -> Any:
    """What a front end knows its message by, to be sent back with the answer; None if it is no short number or text."""
    value = content.get(name) if isinstance(content, dict) else None
    plain = value is None or isinstance(value, int | float | str)
    return value if plain and not short(value).startswith("of type") else None
