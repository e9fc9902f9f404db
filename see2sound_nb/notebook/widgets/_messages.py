"""Binary arrays to the front end: as buffers of a message, or as text where a front end loses those (Colab)."""

from __future__ import annotations

import base64
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
