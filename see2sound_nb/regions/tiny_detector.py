"""The tiny detector: boxes around COCO's 80 kinds of things, with 3.8 M parameters.

NanoDet, variant "g" (RangiLyu, https://github.com/RangiLyu/nanodet, Apache-2.0): a convolutional backbone of
cross-stage partial blocks, a path aggregation neck, and a head of two convolutions for each of three strides. Every
cell of the three maps scores the 80 labels and says how far the four sides of the thing's box are from the middle of
the cell, each distance as a distribution over 11 bins. Batch normalisation is folded into the convolutions. The weights
come through ``training/make_detector.py``; see ``models/weights/tiny_detector.md``.

How it is asked, and what becomes of its answer, is in `things`.

References
----------
Li, Wang, Wu, Chen, Hu, Li, Tang and Yang, "Generalized focal loss: learning qualified and distributed bounding boxes
for dense object detection", NeurIPS 2020, arXiv 2006.04388: the distances as distributions. Liu, Qi, Qin, Shi and Jia,
"Path aggregation network for instance segmentation", CVPR 2018. Wang, Liao, Wu, Chen, Hsieh and Yeh, "CSPNet: a new
backbone that can enhance learning capability of CNN", CVPR Workshops 2020.
"""

from __future__ import annotations

import os

import torch
from torch import nn
from torch.nn import functional as F

from see2sound_nb.models.checking import read_weights
from see2sound_nb.models.trunk import WEIGHTS

#: Pixels a cell, of the head's three maps.
STRIDES = (8, 16, 32)
#: Distances are distributions over 0, 1, ..., 10 strides.
BINS = 11
#: Kinds of things: `things.COCO_LABELS`.
LABELS = 80


class _Conv(nn.Sequential):
    """A convolution that keeps the size, or divides it by its stride, and a leaky ReLU of slope 0.1."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__(nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.LeakyReLU(0.1, inplace=True))


class _HalfBlock(nn.Module):
    """Two convolutions to half the channels; both results together have as many channels as came in."""

    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = _Conv(width, width // 2), _Conv(width // 2, width // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        x = self.first(x)
        return torch.cat([self.second(x), x], dim=1)


class _Stage(nn.Module):
    """A cross-stage partial block: what the half blocks make of the input, and the input beside it."""

    def __init__(self, width: int, blocks: int, stride: int):
        super().__init__()
        self.reduce = _Conv(width, width, stride)
        self.blocks = nn.Sequential(*[_HalfBlock(width) for _ in range(blocks)])
        self.merge = _Conv(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, 2 C, H / stride, W / stride)."""
        x = self.reduce(x)
        return torch.cat([self.merge(self.blocks(x)), x], dim=1)


class Backbone(nn.Module):
    """From pixels to feature maps at strides 8, 16 and 32."""

    #: Channels of the three feature maps.
    channels = (128, 256, 512)

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(_Conv(3, 32, stride=2), nn.MaxPool2d(3, 2, padding=1))
        self.stage4 = _Stage(32, blocks=1, stride=1)
        self.stage8 = _Stage(64, blocks=2, stride=2)
        self.stage16 = _Stage(128, blocks=2, stride=2)
        self.stage32 = _Stage(256, blocks=3, stride=2)

    def forward(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        """(B, 3, H, W) -> three maps (B, `channels[i]`, H / `STRIDES[i]`, W / `STRIDES[i]`)."""
        s8 = self.stage8(self.stage4(self.stem(pixels)))
        s16 = self.stage16(s8)
        return [s8, s16, self.stage32(s16)]


class Neck(nn.Module):
    """Path aggregation: what the coarse maps know is added to the fine ones, then the other way round.

    The only weights are in the convolutions to a common number of channels; resizing is bilinear.

    Parameters
    ----------
    inputs : tuple of int
        Channels of the maps at strides 8, 16 and 32.
    width : int
        Channels of all three results.
    """

    def __init__(self, inputs: tuple[int, ...] = Backbone.channels, width: int = 128):
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(c, width, 1) for c in inputs)

    def forward(self, features: list[torch.Tensor]) -> list[torch.Tensor]:
        """Three maps (B, C_i, H_i, W_i) -> three maps (B, width, H_i, W_i)."""
        s8, s16, s32 = (lateral(f) for lateral, f in zip(self.lateral, features, strict=True))
        s16 = s16 + F.interpolate(s32, scale_factor=2.0, mode="bilinear")
        s8 = s8 + F.interpolate(s16, scale_factor=2.0, mode="bilinear")
        # Halved bilinearly between pixel middles, every new pixel is the mean of two by two old ones.
        s16 = s16 + F.avg_pool2d(s8, 2)
        s32 = s32 + F.avg_pool2d(s16, 2)
        return [s8, s16, s32]


class Head(nn.Module):
    """Scores and distances of every cell; each stride has its own convolutions."""

    def __init__(self, width: int = 128, labels: int = LABELS):
        super().__init__()
        self.labels = labels
        self.hidden = nn.ModuleList(_Conv(width, width) for _ in STRIDES)
        self.out = nn.ModuleList(nn.Conv2d(width, labels + 4 * BINS, 1) for _ in STRIDES)

    def forward(self, features: list[torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Three maps (B, width, H_i, W_i) -> three pairs (B, H_i W_i, labels), (B, H_i W_i, 4 `BINS`)."""
        pairs = []
        for hidden, out, x in zip(self.hidden, self.out, features, strict=True):
            cells = out(hidden(x)).flatten(2).transpose(1, 2)
            pairs.append((cells[..., : self.labels].sigmoid(), cells[..., self.labels :]))
        return pairs


class TinyDetector(nn.Module):
    """NanoDet-g: scores of COCO's 80 labels and distances to the box's sides for the cells of three maps.

    Notes
    -----
    Source: RangiLyu/nanodet, Apache-2.0; the distances after Generalized Focal Loss (Li et al. 2020).
    """

    def __init__(self):
        super().__init__()
        self.backbone, self.neck, self.head = Backbone(), Neck(), Head()

    def forward(self, pixels: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Look at pictures.

        Parameters
        ----------
        pixels : torch.Tensor
            (B, 3, H, W) float32, as `things.prepare` makes them; H and W multiples of 32.

        Returns
        -------
        list of tuple of torch.Tensor
            For strides 8, 16 and 32, with n = H W / stride^2 cells, row by row: scores (B, n, 80) float32 in 0..1,
            and bins (B, n, 44) float32, the logits of the distances left, top, right, bottom, 11 each.

        Raises
        ------
        ValueError
            If the pictures' sides are not multiples of 32.
        """
        if pixels.ndim != 4 or pixels.shape[1] != 3 or not all(n and n % STRIDES[-1] == 0 for n in pixels.shape[2:]):
            raise ValueError(
                f"pixels of shape {tuple(pixels.shape)} must be (B, 3, H, W) with H and W multiples of {STRIDES[-1]}; "
                "make them with things.prepare"
            )
        return self.head(self.neck(self.backbone(pixels)))


def build_tiny_detector(weights_path: str | os.PathLike = WEIGHTS / "tiny_detector.safetensors") -> TinyDetector:
    """The tiny detector with its weights.

    Parameters
    ----------
    weights_path : str or os.PathLike
        A safetensors file; by default the shipped one.

    Returns
    -------
    TinyDetector
        In evaluation mode, float32, on the CPU, without gradients.

    Raises
    ------
    ValueError
        If the file holds the weights of another network.
    """
    state, _ = read_weights(weights_path)
    model = TinyDetector()
    expected = model.state_dict()
    wrong = sorted(
        name for name in expected.keys() | state.keys()
        if name not in state or name not in expected or state[name].shape != expected[name].shape
    )  # fmt: skip
    if wrong:
        raise ValueError(
            f"{weights_path}: {len(wrong)} tensors, {wrong[0]} first, are missing, too many or of another shape; the "
            "file must hold the tiny detector's: make it with training/make_detector.py"
        )
    model.load_state_dict(state)
    return model.eval().requires_grad_(False).to(memory_format=torch.channels_last)
