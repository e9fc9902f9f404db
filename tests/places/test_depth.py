"""Depth of pictures of every shape."""

import numpy as np
import pytest

from see2sound_nb.places.depth import MOST_ELONGATED, estimate_depth


def ramp(width: int, height: int) -> np.ndarray:
    """A floor, dark and near at the bottom."""
    grey = np.linspace(230, 30, height).astype(np.uint8)[:, None, None]
    return np.broadcast_to(grey, (height, width, 3)).copy()


@pytest.mark.parametrize("size", [(1024, 32), (32, 1024), (61, 1024), (500, 500)])
def test_long_pictures_have_a_depth_too(pipeline, size):
    model, processor = pipeline.model("depth")
    D = estimate_depth(ramp(*size), model, processor)
    assert D.shape == size[::-1] and D.dtype == np.float32 and np.isfinite(D).all()
    if size[1] >= 500:
        assert D[-50:].mean() > D[:50].mean(), "the bottom is nearer"


def test_pictures_of_usual_shapes_are_seen_as_they_are():
    seen = []

    def processor(images, **_):
        seen.append(images)
        raise StopIteration

    for size in ((800, 100), (640, 480), (100, 801)):
        with pytest.raises(StopIteration):
            estimate_depth(ramp(*size), None, processor)
    assert [I.shape[1::-1] for I in seen] == [(800, 100), (640, 480), (101, 801)]
    assert MOST_ELONGATED == 8
