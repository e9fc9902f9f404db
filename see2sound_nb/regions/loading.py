"""From the name of a Segment Anything model to the loaded model.

Notebook: 09_your_own.
"""

from __future__ import annotations

import pathlib
from typing import Any

from see2sound_nb.models.loading import chosen_card, load_card


def load_sam(name: str, *, device: str = "cpu") -> tuple[Any, dict]:
    """Load a Segment Anything model.

    Parameters
    ----------
    name : str
        A model of `models.table.MODELS` for segmentation.
    device : str
        As torch names it.

    Returns
    -------
    sam : segment_anything.modeling.Sam or see2sound_nb.regions.hub_sam.HubSam
        For `SamPredictor` and `SamAutomaticMaskGenerator`; its attribute ``generator_options`` holds the next.
    generator_options : dict
        Arguments of `SamAutomaticMaskGenerator` that suit the model.

    Raises
    ------
    ValueError, OSError
        As `find_model` and `download`; also if the file does not hold the model's tensors.
    """
    card = chosen_card(name, "segmentation")
    sam, options = load_card(card, _shipped, _checkpoint if card.source.startswith("http") else _hub)
    sam.generator_options = dict(options)  # for `masks.automatic_masks` without any
    return sam.to(device), options


def _shipped() -> tuple[Any, dict]:
    from see2sound_nb.regions.tiny_sam import TINY_AMG, build_tiny_sam

    return build_tiny_sam(), dict(TINY_AMG)


def _checkpoint(path: pathlib.Path) -> tuple[Any, dict]:
    from see2sound_nb.regions.hub_sam import load_segment_anything

    return load_segment_anything(path)


def _hub(folder: pathlib.Path) -> tuple[Any, dict]:
    from see2sound_nb.regions.hub_sam import load_hub_sam

    return load_hub_sam(folder)
