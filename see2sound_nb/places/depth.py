"""Monocular depth (section 4.1): inverse depth, larger is nearer; of most models without scale and zero.

Notebook: 03_depth.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from see2sound_nb.models.table import INVERSE_DEPTH, METRES

#: Nothing is nearer than this, in metres: a metric model's 0 would be infinite inverse depth.
LEAST_DEPTH_M = 1e-3


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

    I = np.asarray(I)
    if I.dtype != np.uint8 or I.ndim != 3 or I.shape[2] != 3:
        raise ValueError(f"image is {I.dtype} {I.shape}; it must be uint8 (H, W, 3) RGB: read it with media.read_image")
    inputs = processor(images=I, return_tensors="pt", input_data_format="channels_last").to(model.device)
    with torch.no_grad():
        outputs = model(**inputs)
    (result,) = processor.post_process_depth_estimation(outputs, target_sizes=[I.shape[:2]])
    depth = result["predicted_depth"].float().cpu().numpy()
    return 1 / np.maximum(depth, np.float32(LEAST_DEPTH_M)) if is_metric(model) else depth


def is_metric(model: Any) -> bool:
    """Whether a depth model of `places.loading.load_depth` knows metres; one from elsewhere is taken for relative."""
    return getattr(model, "gives", INVERSE_DEPTH) == METRES
