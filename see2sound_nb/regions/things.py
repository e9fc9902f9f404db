"""Things detected in a photo: what they are, and roughly where (a box, which can be SAM's prompt).

Boxes here are a detector's, [left, top, right, bottom] in pixels, x to the right and y down, measured from the outer
corner of the picture: a box around the whole picture is [0, 0, W, H], and the first pixel's middle is at (0.5, 0.5).

Notebook: 01_regions.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from see2sound_nb._threads import keeps_random_state, torch_threads

if TYPE_CHECKING:
    import torch

    from see2sound_nb.regions.tiny_detector import TinyDetector

#: The longer side of the picture in the network, in pixels; the one that it was trained at.
SIZE = 416
#: The shorter side is filled up to a multiple of this: the coarsest of the detector's strides.
STEP = 32
#: At most so many pairs of cell and label, the best ones, go into non-maximum suppression.
_CANDIDATES = 1000
#: Pixels in 0..255, in the order blue, green, red, become (pixel - MEAN) / STD.
PIXEL_MEAN = (103.53, 116.28, 123.675)
PIXEL_STD = (57.375, 57.12, 58.395)

#: Boxes of different names with more than this intersection over union are one thing with two names, and boxes of one
#: name are one thing that was found twice where more than this share of the smaller one lies in the other.
SAME_THING, FOUND_TWICE = 0.7, 0.75

#: The names of the labels 0 to 79, as COCO 2017 writes them.
COCO_LABELS = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich",
    "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed",
    "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven",
    "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip


def letterbox(I: np.ndarray, size: int = SIZE) -> tuple[np.ndarray, float]:
    """Scale a picture so that its longer side is `size`; it stays at the top left, black fills the rest.

    The shorter side is filled up to the next multiple of 32 only, which is all that the network needs.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    size : int
        In pixels, a multiple of 32.

    Returns
    -------
    canvas : np.ndarray
        (h, w, 3) uint8 RGB, the longer side `size`.
    scale : float
        Pixels of the canvas for one of `I`.

    Raises
    ------
    ValueError
        If `I` is no such picture, or `size` not a multiple of 32.
    """
    import cv2

    I = np.asarray(I)
    if I.ndim != 3 or I.shape[2] != 3 or I.dtype != np.uint8 or not I.size:
        raise ValueError(
            f"I of shape {I.shape} and type {I.dtype} must be a picture, (H, W, 3) uint8 RGB; convert it, for example "
            "with np.asarray(PIL_picture.convert('RGB'))"
        )
    if size != int(size) or size < STEP or size % STEP:
        raise ValueError(f"size={size} must be a multiple of {STEP} pixels; {SIZE} is what the detector was trained at")
    scale = int(size) / max(I.shape[:2])
    height, width = (max(round(n * scale), 1) for n in I.shape[:2])
    canvas = np.zeros((-(-height // STEP) * STEP, -(-width // STEP) * STEP, 3), np.uint8)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas[:height, :width] = cv2.resize(I, (width, height), interpolation=method)
    return canvas, scale


def normalise(canvas: np.ndarray) -> torch.Tensor:
    """Pixels as the network wants them.

    Parameters
    ----------
    canvas : np.ndarray
        (h, w, 3) uint8 RGB.

    Returns
    -------
    torch.Tensor
        (1, 3, h, w) float32, the channels in the order blue, green, red, without unit.
    """
    import torch

    pixels = (canvas[..., ::-1] - np.array(PIXEL_MEAN, np.float32)) / np.array(PIXEL_STD, np.float32)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def prepare(I: np.ndarray, size: int = SIZE) -> tuple[torch.Tensor, float]:
    """A picture as the network wants it: `letterbox`, then `normalise`.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    size : int
        The longer side in the network, in pixels, a multiple of 32.

    Returns
    -------
    pixels : torch.Tensor
        (1, 3, h, w) float32.
    scale : float
        Pixels of the network's picture for one of `I`.

    Raises
    ------
    ValueError
        As `letterbox`.
    """
    canvas, scale = letterbox(I, size)
    return normalise(canvas), scale


def cell_middles(height: int, width: int, stride: int) -> torch.Tensor:
    """Where the middles of a map's cells are in the network's picture.

    Parameters
    ----------
    height, width : int
        Of the network's picture, in pixels, multiples of `stride`.
    stride : int
        Pixels a cell.

    Returns
    -------
    torch.Tensor
        (n, 2) float32, (x, y) in pixels from the outer corner, row by row. The authors' (i + 0.5) stride - 0.5 counts
        from the first pixel's middle.
    """
    import torch

    x, y = ((torch.arange(n // stride, dtype=torch.float32) + 0.5) * stride for n in (width, height))
    return torch.stack([x.repeat(len(y)), y.repeat_interleave(len(x))], dim=1)


def decode(
    outputs: list[tuple[torch.Tensor, torch.Tensor]], height: int, width: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes of all cells from what the network says of one picture.

    Parameters
    ----------
    outputs : list of tuple of torch.Tensor
        As from `tiny_detector.TinyDetector`, with B = 1.
    height, width : int
        Of the network's picture, in pixels.

    Returns
    -------
    boxes : torch.Tensor
        (n, 4) float32, [left, top, right, bottom] in the network's pixels, the cells of stride 8, 16, 32 in turn.
    scores : torch.Tensor
        (n, 80) float32 in 0..1.

    Notes
    -----
    Li et al. 2020, Eq. 5: a distance is the expectation of its distribution over the bins, here times the stride.
    """
    import torch

    from see2sound_nb.regions.tiny_detector import BINS, STRIDES

    boxes = []
    for stride, (_, bins) in zip(STRIDES, outputs, strict=True):
        share = bins[0].unflatten(1, (4, BINS)).softmax(dim=2)
        distance = share @ torch.arange(BINS, dtype=share.dtype, device=share.device) * stride
        middle = cell_middles(height, width, stride).to(distance)
        boxes.append(torch.cat([middle - distance[:, :2], middle + distance[:, 2:]], dim=1))
    return torch.cat(boxes), torch.cat([scores[0] for scores, _ in outputs])


def overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box with others.

    Parameters
    ----------
    box : np.ndarray
        (4,), [left, top, right, bottom].
    boxes : np.ndarray
        (n, 4), likewise, in the same unit.

    Returns
    -------
    np.ndarray
        (n,) in 0..1.

    Examples
    --------
    >>> overlaps(np.array([0, 0, 2, 2]), np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]])).round(3)
    array([1.   , 0.333, 0.   ])
    """
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    common = sides.clip(min=0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).clip(min=0).prod(axis=1)
    union = (box[2:] - box[:2]).clip(min=0).prod() + areas - common
    return common / np.maximum(union, 1e-9)


def suppress(boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray, iou: float = 0.6) -> np.ndarray:
    """Non-maximum suppression, each label for itself.

    Parameters
    ----------
    boxes : np.ndarray
        (n, 4), [left, top, right, bottom].
    labels : np.ndarray
        (n,) int.
    scores : np.ndarray
        (n,).
    iou : float
        A box that has more than this intersection over union with a better one of its label is dropped.

    Returns
    -------
    np.ndarray
        (m,) int, the indices of the boxes that stay, the best first.

    Examples
    --------
    >>> same = np.array([[0, 0, 9, 9], [0, 0, 9, 8], [0, 0, 9, 9]])
    >>> suppress(same, np.array([5, 5, 7]), np.array([0.4, 0.9, 0.6]))
    array([1, 2])
    """
    waiting, kept = np.argsort(-scores, kind="stable"), []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        same = labels[waiting] == labels[best]
        waiting = waiting[~(same & (overlaps(boxes[best], boxes[waiting]) > iou))]
    return np.array(kept, dtype=np.int64)


def detect(
    model: TinyDetector,
    I: np.ndarray,
    *,
    least_score: float = 0.3,
    most: int = 100,
    iou: float = 0.6,
    size: int = SIZE,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the things in a picture.

    Parameters
    ----------
    model : TinyDetector
        As from `tiny_detector.build_tiny_detector`, on any device.
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    least_score : float
        In 0..1; weaker detections are left out.
    most : int
        At most that many detections, the best ones.
    iou : float
        In 0..1. Of two boxes of the same label with a larger intersection over union only the better one stays.
    size : int
        The longer side in the network, in pixels, a multiple of 32. Smaller is faster and loses small things.

    Returns
    -------
    boxes : np.ndarray
        (n, 4) float32, [left, top, right, bottom] in pixels of `I`, from its outer corner, inside the picture.
    labels : np.ndarray
        (n,) int64, indices of `COCO_LABELS`.
    scores : np.ndarray
        (n,) float32 in 0..1, falling.

    Raises
    ------
    ValueError
        If `I` is no such picture, or another argument is out of its range.

    Examples
    --------
    >>> boxes, labels, scores = detect(build_tiny_detector(), I)  # doctest: +SKIP
    >>> [COCO_LABELS[k] for k in labels]  # doctest: +SKIP
    ['bus', 'person', 'person', 'person']
    """
    for name, value in (("least_score", least_score), ("iou", iou)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name}={value} must be in 0..1; leave it out for what NanoDet is used with")
    if most != int(most) or most < 1:
        raise ValueError(f"most={most} must be a whole number, at least 1; 100 is usual")
    import torch

    pixels, scale = prepare(I, size)
    with torch.inference_mode():
        outputs = model(pixels.to(next(model.parameters()).device))
        all_boxes, all_scores = (x.cpu().numpy() for x in decode(outputs, *pixels.shape[2:]))
    height, width = np.shape(I)[:2]
    all_boxes = (all_boxes / scale).clip(0, [width, height] * 2).astype(np.float32)
    all_scores[(all_boxes[:, 2:] <= all_boxes[:, :2]).any(axis=1)] = -1  # boxes that lie in the filling
    cells, labels = np.nonzero(all_scores >= least_score)
    strongest = np.argsort(-all_scores[cells, labels], kind="stable")[:_CANDIDATES]
    cells, labels = cells[strongest], labels[strongest]
    boxes, scores = all_boxes[cells], all_scores[cells, labels]
    best = suppress(boxes, labels, scores, iou)[: int(most)]
    return boxes[best], labels[best], scores[best]


class Things(NamedTuple):
    """What a detector finds in a photo.

    Attributes
    ----------
    boxes : np.ndarray
        (n, 4) float32, [left, top, right, bottom] in pixels.
    names : list of str
        Of `COCO_LABELS`.
    scores : np.ndarray
        (n,) float32, 0 to 1, falling.
    """

    boxes: np.ndarray
    names: list[str]
    scores: np.ndarray


@functools.cache
@keeps_random_state
def _detector() -> TinyDetector:
    from see2sound_nb.regions.tiny_detector import build_tiny_detector

    return build_tiny_detector()


def find_things(I: np.ndarray, least_score: float = 0.2) -> Things:
    """Find the things in a photo with the embedded detector, the same one in every tier, and none twice.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    least_score : float
        As in `detect`. Low by default: how much a score is worth is decided in `regions.certainty`.

    Returns
    -------
    Things
        Of boxes with two names for one thing, the likelier.

    Notes
    -----
    Notebook: 01_regions.
    """
    with torch_threads(1):
        boxes, labels, scores = detect(_detector(), I, least_score=least_score)
    kept = things_apart(boxes, labels, scores)
    return Things(boxes[kept], [COCO_LABELS[k] for k in labels[kept]], scores[kept])


def things_apart(boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Of several boxes for one thing keep the likeliest: a bus is no truck as well, and its front is no second bus.

    Parameters
    ----------
    boxes : np.ndarray
        (n, 4), [left, top, right, bottom].
    labels : np.ndarray
        (n,), what each is.
    scores : np.ndarray
        (n,).

    Returns
    -------
    np.ndarray
        (m,) int64, the indices of those that stay, best first.
    """
    area = (boxes[:, 2:] - boxes[:, :2]).clip(min=0).prod(axis=1)
    kept: list[int] = []
    for k in np.argsort(-scores, kind="stable"):
        sides = np.minimum(boxes[k, 2:], boxes[kept, 2:]) - np.maximum(boxes[k, :2], boxes[kept, :2])
        within = sides.clip(min=0).prod(axis=1) / np.maximum(np.minimum(area[k], area[kept]), 1e-9)
        twice = (within > FOUND_TWICE) & (labels[kept] == labels[k])
        if not twice.any() and not (overlaps(boxes[k], boxes[kept]) > SAME_THING).any():
            kept.append(int(k))
    return np.array(kept, dtype=np.int64)
