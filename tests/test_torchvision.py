"""Non-maximum suppression in plain torch, and torchvision working beside any build of torch."""

import numpy as np
import torch

from see2sound_nb._torchvision import ensure_torchvision, nms


def nms_by_the_book(boxes, scores, threshold):
    """Quadratic reference: keep a box unless a better kept one overlaps it by more than the threshold."""
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        x0, y0 = np.maximum(boxes[i, :2], boxes[kept, :2]).T
        x1, y1 = np.minimum(boxes[i, 2:], boxes[kept, 2:]).T
        inter = np.clip(x1 - x0, 0, None) * np.clip(y1 - y0, 0, None)
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        if not (inter / (area[i] + area[kept] - inter) > threshold).any():
            kept.append(i)
    return kept


def test_nms_equals_the_reference(rng):
    for count in (0, 1, 2, 50, 300):
        corner = rng.uniform(0, 50, (count, 2))
        boxes = np.concatenate([corner, corner + rng.uniform(1, 40, (count, 2))], axis=1)
        scores = rng.permutation(count).astype(float)
        ours = nms(torch.tensor(boxes), torch.tensor(scores), 0.5)
        assert ours.tolist() == nms_by_the_book(boxes, scores, 0.5)


def test_torchvision_imports_and_its_operators_work_with_ours_or_its_own():
    native = ensure_torchvision()
    import torchvision

    boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30.0]])
    kept = torchvision.ops.batched_nms(boxes, torch.tensor([0.5, 0.9, 0.1]), torch.tensor([0, 0, 0]), 0.5)
    assert kept.tolist() == [1, 2]
    assert ensure_torchvision() is native
