"""Monocular depth (section 4.1): inverse depth without scale and zero, larger is nearer.

Notebook: 00_start_here.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def estimate_depth(I: np.ndarray, model: Any, processor: Any) -> np.ndarray:
    """Estimate the inverse depth of every pixel.

    The answer is *affine-invariant inverse depth*: D = a / depth + b with a > 0 and b unknown. It orders
    pixels from far (small) to near (large), and it is not a distance; see
    `geometry.metres_from_inverse_depth` for what turns it into one.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    model, processor
        A depth estimator of transformers and its image processor, as from `models.load_depth`.

    Returns
    -------
    np.ndarray
        D, (H, W) float32, without unit, larger is nearer.

    Raises
    ------
    ValueError
        If the image is not (H, W, 3) uint8.

    Notes
    -----
    Paper: section 4.1. Depth Anything (Yang et al. 2024). Notebook: 00_start_here.
    """
    import torch

    I = np.asarray(I)
    if I.dtype != np.uint8 or I.ndim != 3 or I.shape[2] != 3:
        raise ValueError(f"image is {I.dtype} {I.shape}; it must be uint8 (H, W, 3) RGB: read it with media.read_image")
    inputs = processor(images=I, return_tensors="pt", input_data_format="channels_last").to(model.device)
    with torch.inference_mode():
        outputs = model(**inputs)
    (result,) = processor.post_process_depth_estimation(outputs, target_sizes=[I.shape[:2]])
    return result["predicted_depth"].float().cpu().numpy()
