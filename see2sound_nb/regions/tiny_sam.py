"""A small Segment Anything: our own encoder, prompt encoder and mask decoder inside SAM's container.

Segment Anything (Kirillov et al. 2023, arXiv 2304.02643, section 3) divides the work in three: a picture is encoded
once, prompts are encoded cheaply, and a decoder turns both into three candidate masks with a predicted IoU each. The
interfaces here are the same, so ``SamPredictor`` and ``SamAutomaticMaskGenerator`` run unchanged. Inside, attention is
replaced by one idea that learns quickly: a mask is where the picture resembles the clicked point and connects to it.
"""

from __future__ import annotations

import copy
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

from see2sound_nb.models.checking import filling, read_weights
from see2sound_nb.models.trunk import (
    FEATURE_CHANNELS,
    PIXEL_MEAN,
    PIXEL_STD,
    WEIGHTS,
    check_single,
    load_trunk,
    trunk_features,
)
from see2sound_nb.regions.tiny_sam_decoder import (
    CORNER_HIGH,
    CORNER_LOW,
    DETAIL,
    EMBEDDING,
    HEAD_SIZE,
    HEADS,
    IMAGE_SIZE,
    MASK_STRIDE,
    NEGATIVE,
    POSITIVE,
    TOKEN,
    TinyMaskDecoder,
    conv,
    resized,
)

#: Arguments for ``SamAutomaticMaskGenerator``, tuned for this network.
TINY_AMG = {
    "points_per_side": 12,
    "points_per_batch": 12,
    "pred_iou_thresh": 0.25,
    "stability_score_thresh": 0.3,
    "box_nms_thresh": 0.85,
    "min_mask_region_area": 0,
}


class _Refine(nn.Module):
    """A residual block that looks a little further around; at first it changes nothing."""

    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.norm = nn.GroupNorm(4, width)
        self.near = conv(width, width)
        self.far = nn.Conv2d(width, width, 3, 1, dilation, dilation)
        nn.init.zeros_(self.far.weight)
        nn.init.zeros_(self.far.bias)

    def forward(self, x):
        return x + self.far(F.relu(self.near(F.relu(self.norm(x)))))


class TinyImageEncoder(nn.Module):
    """Frozen trunk, then a small feature pyramid down to stride 4 with fine detail from the pixels.

    Padding (exact zeros, which no 8-bit pixel normalises to) is cut off before the trunk, up to multiples of 32.
    """

    def __init__(self, width: int = 48, trunk=None):
        super().__init__()
        self.img_size = IMAGE_SIZE
        self.trunk = trunk if trunk is not None else copy.deepcopy(load_trunk())  # moved and cast with this model
        self.lateral = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, width, 1), nn.GroupNorm(4, width)) for c in FEATURE_CHANNELS
        )
        self.fine = nn.Sequential(
            conv(3, 16, stride=2),
            nn.ReLU(),
            conv(16, 32, stride=2),
            nn.ReLU(),
            nn.Conv2d(32, width, 1),
            nn.GroupNorm(4, width),
        )
        self.merge = nn.ModuleList(nn.Sequential(nn.ReLU(), conv(width, width)) for _ in FEATURE_CHANNELS)
        self.deepen = nn.ModuleList(
            [nn.Identity(), nn.Sequential(_Refine(width, 1), _Refine(width, 2)), _Refine(width, 2), nn.Identity()]
        )
        self.out = nn.Sequential(nn.GroupNorm(4, width), nn.ReLU(), nn.Conv2d(width, EMBEDDING + DETAIL, 1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Encode pictures.

        Parameters
        ----------
        pixels : (B, 3, 384, 384) float32, normalised, padded with zeros at the right and the bottom

        Returns
        -------
        (B, `EMBEDDING` + `DETAIL` + 3, h, w) float32
            At stride 4, h and w without the padding (rounded up to multiples of 8).

        Raises
        ------
        ValueError
            If the model was cast to another type than float32.
        """
        check_single(self, "the tiny SAM")
        used = (pixels != 0).any(1).any(0)
        height, width = (max(int(used.any(d).sum()), 1) for d in (1, 0))
        pixels = pixels[:, :, : -(-height // 32) * 32, : -(-width // 32) * 32]
        return self.pyramid(pixels, trunk_features(self.trunk, pixels))

    def pyramid(self, pixels, features):
        """The trainable half: from normalised pixels and the trunk's four maps to the embedding."""
        x = self.merge[3](self.lateral[3](features[3]))
        for level in (2, 1, 0):
            x = resized(x, features[level].shape[-2:]) + self.lateral[level](features[level])
            if level == 0:
                x = x + self.fine(pixels)
            x = self.deepen[level](x + self.merge[level](x))
        x = self.out(x)
        heads = F.normalize(x[:, :EMBEDDING].unflatten(1, (HEADS, HEAD_SIZE)), dim=2).flatten(1, 2)
        colour = F.avg_pool2d(pixels, MASK_STRIDE)
        return torch.cat([heads, x[:, EMBEDDING:], colour], 1)


class TinyPromptEncoder(nn.Module):
    """Prompts as plain tokens: nothing is learned here."""

    def __init__(self):
        super().__init__()
        side = IMAGE_SIZE // MASK_STRIDE
        centre = (torch.arange(side) + 0.5) / side
        y, x = torch.meshgrid(centre, centre, indexing="ij")
        self.register_buffer("grid", torch.stack([x, y])[None], persistent=False)

    def get_dense_pe(self) -> torch.Tensor:
        """Position of each mask pixel, (1, 2, 96, 96) float32: x and y as fractions of the image size."""
        return self.grid

    def forward(self, points, boxes, masks):
        """Encode prompts.

        Parameters
        ----------
        points : ((B, N, 2) coordinates x, y in px of the 384 px picture, (B, N) labels) or None
            1 inside the object, 0 outside, -1 no point.
        boxes : (B, 4) or (B, 2, 2) XYXY, px, or None
        masks : (B, 1, 96, 96) float32 logits of an earlier mask, or None

        Returns
        -------
        sparse : (B, N + 2 or N, `TOKEN`) float32
        dense : (B, 1, 96, 96) float32, -1 outside the earlier mask to 1 inside, 0 unknown
        """
        tokens = []
        if points is not None:
            coords, labels = points[0].to(self.grid), points[1]
            tokens.append(self._tokens(coords, {NEGATIVE: labels == 0, POSITIVE: labels == 1}))
        if boxes is not None:
            corners = boxes.to(self.grid).reshape(-1, 2, 2)
            low = torch.tensor([True, False], device=corners.device).expand(corners.shape[:2])
            tokens.append(self._tokens(corners, {CORNER_LOW: low, CORNER_HIGH: ~low}))
        batch = tokens[0].shape[0] if tokens else (1 if masks is None else masks.shape[0])
        sparse = torch.cat(tokens, 1) if tokens else self.grid.new_zeros(batch, 0, TOKEN)
        if masks is None:
            return sparse, self.grid.new_zeros(batch, 1, *self.grid.shape[-2:])
        return sparse, torch.tanh(masks.to(self.grid) / 2)

    @staticmethod
    def _tokens(coords, flags):
        tokens = coords.new_zeros(*coords.shape[:2], TOKEN)
        tokens[..., :2] = coords / IMAGE_SIZE
        for column, flag in flags.items():
            tokens[..., column] = flag.to(coords)
        return tokens


def build_tiny_sam(weights: str | pathlib.Path | None = None):
    """Build the tiny SAM with its trained weights.

    Parameters
    ----------
    weights : path-like, optional
        Safetensors file; the shipped one by default.

    Returns
    -------
    segment_anything.modeling.Sam
        In evaluation mode, on the CPU, for ``SamPredictor`` and ``SamAutomaticMaskGenerator``.

    Raises
    ------
    ValueError
        If the file does not hold exactly this network's parameters.
    """
    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    from segment_anything.modeling import Sam

    sam = Sam(TinyImageEncoder(), TinyPromptEncoder(), TinyMaskDecoder(), list(PIXEL_MEAN), list(PIXEL_STD))
    path = pathlib.Path(weights) if weights is not None else WEIGHTS / "tiny_sam.safetensors"
    with filling(path):  # shapes; names are asked for below
        missing, unknown = sam.load_state_dict(read_weights(path)[0], strict=False)
    missing = [name for name in missing if not name.startswith("image_encoder.trunk.")]
    if missing or unknown:
        raise ValueError(
            f"{path} must hold this network's parameters, but lacks {missing[:3]} and has unknown "
            f"{unknown[:3]}; train it again with training/train_sam.py"
        )
    return sam.eval().requires_grad_(False).to(memory_format=torch.channels_last)
