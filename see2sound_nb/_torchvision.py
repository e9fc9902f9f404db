"""Make ``import torchvision`` work beside a CPU build of torch.

The wheels of torchvision are compiled for one particular build of torch. Beside another one (most often
CUDA torchvision beside CPU torch) its extension does not load, and even ``import torchvision`` fails with
``operator torchvision::nms does not exist``. segment-anything, timm and transformers all import it, though
the only compiled operator that any of them needs is non-maximum suppression. Here it is in plain torch.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os
import pathlib
import tempfile
from collections.abc import Iterator


@functools.cache
def ensure_torchvision() -> bool:
    """Import torchvision, with operators in plain torch where its own cannot be loaded.

    Call it before anything that imports torchvision. Where the compiled extension loads, nothing changes.

    Returns
    -------
    bool
        True if torchvision's own compiled operators are in use, False if ours stand in.

    Raises
    ------
    ImportError
        If torchvision is not installed at all.
    """
    import torch

    native = _load_extension()
    if not native:
        _define_operators(torch)
    with _place_for_compiled_code():
        importlib.import_module("torchvision")
    if not native:
        # torchvision.ops asks this function whether its operators exist; now the one we need does.
        vars(importlib.import_module("torchvision.extension"))["_has_ops"] = lambda: True
    return native


@contextlib.contextmanager
def _place_for_compiled_code() -> Iterator[None]:
    """torchvision imports torch's compiler, which looks for a folder for its code, and fails where there is none.

    Nothing here is compiled by it, so any folder will do where nothing temporary can be written.
    """
    name = "TORCHINDUCTOR_CACHE_DIR"
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        before = os.environ.get(name)
        os.environ.setdefault(name, str(pathlib.Path(__file__).parent))
        try:
            yield
        finally:
            if before is None:
                os.environ.pop(name, None)
    else:
        yield


def _load_extension() -> bool:
    import torch

    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ImportError("torchvision is not installed; install it with `pip install torchvision`")
    for path in sorted(pathlib.Path(spec.origin).parent.glob("_C*.*")):
        if path.suffix in {".so", ".pyd", ".dylib"}:
            try:
                torch.ops.load_library(path)
                return True
            except (OSError, ImportError, RuntimeError):  # compiled for another build of torch
                continue
    return False


_LIBRARIES: list = []  # a torch Library unregisters its operators when it is collected


def _define_operators(torch) -> None:
    library = torch.library.Library("torchvision", "FRAGMENT")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.impl("nms", nms, "CompositeExplicitAutograd")
    library.impl("qnms", nms, "CompositeExplicitAutograd")
    _LIBRARIES.append(library)


def nms(boxes, scores, iou_threshold: float):
    """Greedy non-maximum suppression in plain torch.

    Parameters
    ----------
    boxes : torch.Tensor
        (N, 4) float, XYXY, in pixels.
    scores : torch.Tensor
        (N,) float, larger is better.
    iou_threshold : float
        Boxes that overlap a better one by more than this intersection over union are dropped.

    Returns
    -------
    torch.Tensor
        (K,) int64 indices of the boxes kept, best first.
    """
    import torch

    order = scores.argsort(descending=True, stable=True)
    x0, y0, x1, y1 = boxes[order].double().unbind(1)
    area = (x1 - x0) * (y1 - y0)
    kept = torch.ones(len(order), dtype=torch.bool, device=boxes.device)
    for i in range(len(order) - 1):
        if not kept[i]:
            continue
        width = (torch.minimum(x1[i], x1[i + 1 :]) - torch.maximum(x0[i], x0[i + 1 :])).clamp(min=0)
        height = (torch.minimum(y1[i], y1[i + 1 :]) - torch.maximum(y0[i], y0[i + 1 :])).clamp(min=0)
        overlap = width * height
        iou = overlap / (area[i] + area[i + 1 :] - overlap)
        kept[i + 1 :] &= ~(iou > iou_threshold)
    return order[kept]
