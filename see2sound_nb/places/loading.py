"""From the name of a depth model to the loaded model and its image processor.

Notebook: 09_your_own.
"""

from __future__ import annotations

import pathlib
from typing import Any

from see2sound_nb.models.checking import REMEDY, check_size
from see2sound_nb.models.downloads import check_whole
from see2sound_nb.models.loading import chosen_card, load_card


def load_hub_depth(folder: pathlib.Path) -> tuple[Any, Any]:
    """Load a depth estimator and its image processor from a folder in transformers' format, on the CPU.

    Raises
    ------
    ValueError
        If a weight is missing: transformers would fill in random numbers.
    """
    from transformers import AutoConfig, AutoImageProcessor, AutoModelForDepthEstimation

    config = AutoConfig.from_pretrained(folder)
    check_size(folder, lambda: AutoModelForDepthEstimation.from_config(config), REMEDY)
    model, found = AutoModelForDepthEstimation.from_pretrained(folder, use_safetensors=True, output_loading_info=True)
    check_whole(found)
    return model.eval(), AutoImageProcessor.from_pretrained(folder)


def load_depth(name: str, *, device: str = "cpu") -> tuple[Any, Any]:
    """Load a depth estimator and its image processor.

    Parameters
    ----------
    name : str
        A model of `models.table.MODELS` for depth.
    device : str
        As torch names it.

    Returns
    -------
    model, processor
        As transformers has them, for `places.depth.estimate_depth`; the model's attribute ``gives`` is that of its
        card.

    Raises
    ------
    ValueError, OSError
        As `find_model` and `download`; also if the files do not hold the model.
    """
    card = chosen_card(name, "depth")
    model, processor = load_card(card, _shipped, load_hub_depth)
    model.gives = card.gives
    return model.to(device), processor


def _shipped() -> tuple[Any, Any]:
    from see2sound_nb.places.tiny_depth import build_tiny_depth

    return build_tiny_depth()
