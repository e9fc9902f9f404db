"""Depth models of the model hub, relative and metric."""

import numpy as np
import pytest
from checkpoints import PHOTO, a_disc, with_depth

from see2sound_nb._torchvision import ensure_torchvision
from see2sound_nb.models import table
from see2sound_nb.places.depth import estimate_depth, is_metric
from see2sound_nb.places.lifting import lift
from see2sound_nb.places.loading import load_depth
from see2sound_nb.places.placing import lift_regions
from see2sound_nb.regions.boxes import box_centres, boxes_from_contours
from see2sound_nb.regions.contours import contours_from_masks


def test_a_depth_anything_checkpoint_runs_through_the_same_call(put_depth):
    put_depth("depth-anything-small")
    model, processor = load_depth("depth-anything-small")
    assert not is_metric(model)
    D = estimate_depth(PHOTO, model, processor)
    assert D.shape == (60, 90)
    assert np.isfinite(D).all()


def test_a_metric_model_places_sources_in_true_metres(put_depth, request):
    put_depth("depth-anything-v2-indoor", metres=12.5)
    model, processor = load_depth("depth-anything-v2-indoor")
    D = estimate_depth(PHOTO, model, processor)
    np.testing.assert_allclose(D, 1 / 12.5, rtol=1e-4)
    mine = with_depth("depth-anything-v2-indoor", request.getfixturevalue("pipeline"))
    scene = mine.run(a_disc(), sources=1, steps=1, select="area")
    assert not scene.masks.all(), "a region was found"
    expected = lift(box_centres(scene.boxes), [12.5], (300, 200))
    np.testing.assert_allclose(scene.positions_m, expected, rtol=1e-3)
    assert scene.positions_m[0, 1] == pytest.approx(12.5, rel=1e-3), "beyond what a relative model is given"


def test_nothing_and_the_sky_are_moved_into_the_room():
    M = np.zeros((2, 20, 30), bool)
    M[0, :, :10], M[1, :, 20:] = True, True
    R = boxes_from_contours(contours_from_masks(M))
    D = np.where(np.arange(30) < 15, 1 / 5000, 1 / 0.01) * np.ones((20, 1))
    positions_m, notes = lift_regions(M, R, D, metric=True)
    np.testing.assert_allclose(positions_m[:, 1], [100.0, 0.3])
    assert "0.01 to 5e+03 m" in notes[0]


def test_depth_pro_gives_metres_by_its_field_of_view():
    """Its raw answer is the inverse depth of a camera of one picture's width of focal length."""
    import torch

    ensure_torchvision()
    from transformers import DepthProImageProcessor
    from transformers.models.depth_pro.modeling_depth_pro import DepthProDepthEstimatorOutput

    class Canonical:
        device = torch.device("cpu")
        gives = table.METRES

        def __call__(self, pixel_values):
            canonical = torch.full((1, *pixel_values.shape[-2:]), 0.25)
            return DepthProDepthEstimatorOutput(predicted_depth=canonical, field_of_view=torch.tensor([90.0]))

    D = estimate_depth(PHOTO, Canonical(), DepthProImageProcessor(size={"height": 64, "width": 64}))
    np.testing.assert_allclose(1 / D, 0.5 / 0.25, rtol=1e-5)  # a field of 90 degrees: half a width of focal length
