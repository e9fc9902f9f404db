"""What a region shows, and whether it can be heard: names from an ImageNet classifier, in every tier.

Notebook: 00_start_here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np


@functools.cache
def _classifier():
    from see2sound_nb.tiny.encoders import TrunkImageEncoder

    return TrunkImageEncoder().eval()


def describe_patches(patches: Sequence[np.ndarray]) -> list[dict[str, Any]]:
    """Name what patches show, and say how it sounds.

    Parameters
    ----------
    patches : sequence of np.ndarray
        N patches I_p, each (h, w, 3) uint8 RGB.

    Returns
    -------
    list of dict
        Per patch: ``label`` (the ImageNet name), ``caption`` (how that sounds, in words), ``sound_class``,
        ``probability`` of that class and ``sounds``, how likely the thing can be heard at all, both 0 to 1.

    Notes
    -----
    The classifier is the embedded EfficientNet-Lite0 (``weights/trunk.md``); it knows 1000 things, and what it does
    not know it takes for one that it does. Notebook: 00_start_here.
    """
    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    named = _classifier().describe(patches) if len(patches) else []
    return [{**label, "caption": re.sub(r"\ba (?=[aeiou])", "an ", label["caption"])} for label in named]
