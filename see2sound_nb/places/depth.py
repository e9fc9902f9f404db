"""Monocular depth (section 4.1): inverse depth, larger is nearer; of most models without scale and zero.

Notebook: 03_depth.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from see2sound_nb._checks import check_image
from see2sound_nb.models.table import INVERSE_DEPTH, METRES

#: Nothing is nearer than this, in metres: a metric model's 0 would be infinite inverse depth.
LEAST_DEPTH_M = 1e-3
#: The longer side of what a model sees is at most this many times the shorter.
MOST_ELONGATED = 8


def estimate_depth(I: np.ndarray, model: Any, processor: Any) -> np.ndarray:
    """Estimate the inverse depth of every pixel.

    Most models answer with *affine-invariant inverse depth*: D = a / depth + b with a > 0 and b unknown. It
    orders pixels from far (small) to near (large), and it is not a distance; see
    `places.metres.metres_from_inverse_depth` for what turns it into one. Metric models answer with metres, and
    D = 1 / depth, so `is_metric` says that 1 / D are metres.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    model, processor
        A depth estimator of transformers and its image processor, as from `places.loading.load_depth`.

    Returns
    -------
    np.ndarray
        D, (H, W) float32, larger is nearer; in 1/m for a metric model, else without unit.

    Raises
    ------
    ValueError
        If the image is not (H, W, 3) uint8.

    Notes
    -----
    Paper: section 4.1. Depth Anything (Yang et al. 2024). Notebook: 03_depth.
    """
    import torch

    I = check_image(I)
    inputs = processor(images=_widened(I), return_tensors="pt", input_data_format="channels_last").to(model.device)
    with torch.no_grad():
        outputs = model(**inputs)
    (result,) = processor.post_process_depth_estimation(outputs, target_sizes=[I.shape[:2]])
    depth = result["predicted_depth"].float().cpu().numpy()
    return 1 / np.maximum(depth, np.float32(LEAST_DEPTH_M)) if is_metric(model) else depth


def _widened(I: np.ndarray) -> np.ndarray:
    """`I`, or if it is longer than `MOST_ELONGATED` allows, wider: processors round to whole patches, here to none."""
    import cv2

    height, width = I.shape[:2]
    least = -(-max(height, width) // MOST_ELONGATED)
    if min(height, width) >= least:
        return I
    return cv2.resize(I, (max(width, least), max(height, least)), interpolation=cv2.INTER_LINEAR)


def is_metric(model: Any) -> bool:
    """Whether a depth model of `places.loading.load_depth` knows metres; one from elsewhere is taken for relative."""
    return getattr(model, "gives", INVERSE_DEPTH) == METRES
