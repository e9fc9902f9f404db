"""How the comparisons with the authors' code are measured, and pictures for them."""

from __future__ import annotations

import numpy as np

from see2sound_nb.media.pictures import demo_photo

BOUND = 1e-4  # of the largest value of the authors' result, in float32


def ratio(ours, theirs) -> float:
    """Largest difference over the largest value of the authors' result.

    Parameters
    ----------
    ours, theirs : torch.Tensor or np.ndarray
        Of the same shape.

    Raises
    ------
    ValueError
        If the shapes differ, or the authors' result is zero or not finite: then there is nothing to compare.
    """
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if ours.shape != theirs.shape:
        raise ValueError(f"shapes differ: ours is {ours.shape}, the authors' is {theirs.shape}")
    largest = np.abs(theirs).max()
    if not 0 < largest < np.inf:
        raise ValueError(f"the authors' largest value is {largest}, which compares with nothing; change the weights")
    return float(np.abs(ours - theirs).max() / largest)


def pictures() -> dict:
    """PIL images by their form: wide, tall, square, and smaller than what the tower sees."""
    from PIL import Image

    photo = Image.open(demo_photo()).convert("RGB")
    return {
        "wide": photo,
        "tall": photo.crop((100, 0, 420, 700)),
        "square": photo.crop((0, 0, 600, 600)),
        "tiny": photo.resize((61, 45)),
    }
