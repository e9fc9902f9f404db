"""The tiny detector against the graph that it was converted from, and weights that are not its own.

`tiny_detector.npz`: two reduced photos (scikit-image's astronaut, NASA, public domain, and coffee, CC0) and what the
original graph says of 32 cells of each, and the best score of all; see training/make_detector.py.
"""

import pathlib

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from see2sound_nb.models.trunk import WEIGHTS
from see2sound_nb.regions.things import SIZE, normalise
from see2sound_nb.regions.tiny_detector import build_tiny_detector

STORED = pathlib.Path(__file__).parent / "tiny_detector.npz"


@pytest.fixture(scope="module")
def model():
    return build_tiny_detector()


@pytest.mark.parametrize("photo", [0, 1])
def test_the_module_is_the_graph(model, photo):
    with np.load(STORED) as stored:
        picture, cells, best = (stored[f"{name}_{photo}"] for name in ("picture", "cells", "best"))
        expected = [stored[f"{name}_{photo}"] for name in ("scores", "bins")]
    twice = picture.repeat(2, axis=0).repeat(2, axis=1)
    canvas = np.pad(twice, [(0, SIZE - side) for side in twice.shape[:2]] + [(0, 0)])
    with torch.no_grad():
        pairs = model(normalise(canvas))
    scores, bins = (torch.cat([pair[k][0] for pair in pairs]).numpy() for k in (0, 1))
    assert best.max() > 0.4, "the photo shows something that it knows"
    np.testing.assert_allclose(scores[cells], expected[0], atol=1e-4)
    np.testing.assert_allclose(bins[cells], expected[1], atol=1e-4)
    np.testing.assert_allclose(scores.max(axis=1), best, atol=1e-4)


def test_smaller_pictures_need_less_of_the_canvas(model):
    with torch.no_grad():
        pairs = model(torch.zeros(1, 3, 64, 96))
    assert [tuple(scores.shape) for scores, _ in pairs] == [(1, 96, 80), (1, 24, 80), (1, 6, 80)]
    with pytest.raises(ValueError, match="multiples of 32"):
        model(torch.zeros(1, 3, 60, 96))


@pytest.mark.parametrize("spoil", ["missing", "shape", "other"])
def test_weights_of_another_network_are_refused(tmp_path, spoil):
    state = load_file(WEIGHTS / "tiny_detector.safetensors")
    if spoil == "missing":
        state.pop("head.out.0.bias")
    elif spoil == "shape":
        state["head.out.0.bias"] = state["head.out.0.bias"][:-1]
    else:
        state = load_file(WEIGHTS / "tiny_sam.safetensors")
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match=r"weights\.safetensors: .*training/make_detector\.py"):
        build_tiny_detector(tmp_path / "weights.safetensors")
