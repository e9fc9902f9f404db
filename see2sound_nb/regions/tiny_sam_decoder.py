"""The tiny SAM's mask decoder: compare every pixel with the prompt, then draw. See `see2sound_nb.regions.tiny_sam`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

#: Longest side of the picture that the network sees, px, and the stride of its masks (SAM's is 4 as well).
IMAGE_SIZE = 384
MASK_STRIDE = 4
#: The pixel embedding: `HEADS` unit vectors of `HEAD_SIZE`, then `DETAIL` free channels, then the mean colour.
HEADS, HEAD_SIZE, DETAIL = 6, 8, 16
EMBEDDING = HEADS * HEAD_SIZE
#: A prompt token: x, y (fractions of `IMAGE_SIZE`), then a flag per kind.
NEGATIVE, POSITIVE, CORNER_LOW, CORNER_HIGH, TOKEN = 2, 3, 4, 5, 6


def conv(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, size // 2)


def resized(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class TinyMaskDecoder(nn.Module):
    """Compare every pixel with the prompt, then let a small U-Net per prompt draw three masks."""

    PER_PROMPT = HEADS + 11

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(8.0))
        self.bias = nn.Parameter(torch.tensor([0.7, 0.5, 0.3]))
        self.connected = nn.Parameter(torch.tensor([0.8, 0.8, 0.5]))
        self.shared = conv(DETAIL + 3, 16)
        self.first = conv(self.PER_PROMPT, 16)
        self.down = nn.ModuleList(self._pair(a, b) for a, b in ((16, 24), (24, 32), (32, 48)))
        self.context = nn.Linear(48, 48)
        self.up = nn.ModuleList([conv(80, 32), conv(56, 24), conv(28, 12)])
        self.squeeze = nn.Conv2d(24, 12, 1)
        self.draw = nn.Conv2d(12, 3, 1)
        self.judge = nn.Sequential(
            nn.Linear(48 + 2 * 12 + 5 + 3, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)
        )

    @staticmethod
    def _pair(inputs, outputs):
        return nn.Sequential(conv(inputs, outputs), nn.ReLU(), conv(outputs, outputs), nn.ReLU())

    def forward(
        self, image_embeddings, image_pe, sparse_prompt_embeddings, dense_prompt_embeddings, multimask_output: bool
    ):
        """Masks for a batch of prompts on one picture.

        Parameters
        ----------
        image_embeddings : (1, C, h, w) float32, from `TinyImageEncoder`
        image_pe : (1, 2, 96, 96) float32
        sparse_prompt_embeddings : (B, N, `TOKEN`) float32
        dense_prompt_embeddings : (B, 1, 96, 96) float32
        multimask_output : bool
            True for three masks (part, object, whole), False for the one with the highest predicted IoU.

        Returns
        -------
        masks : (B, 3 or 1, 96, 96) float32 logits; far below 0 in the padding
        iou : (B, 3 or 1) float32, predicted IoU, 0..1
        """
        height, width = image_embeddings.shape[-2:]
        masks, iou = self.decode(
            image_embeddings,
            image_pe[..., :height, :width],
            sparse_prompt_embeddings[None],
            dense_prompt_embeddings[None, ..., :height, :width],
        )
        side = image_pe.shape[-1]
        masks = F.pad(masks[0], (0, side - width, 0, side - height), value=-20.0)
        iou = iou[0].sigmoid()
        if multimask_output:
            return masks, iou
        best = iou.argmax(1, keepdim=True)
        return masks.gather(1, best[..., None, None].expand(-1, -1, side, side)), iou.gather(1, best)

    def decode(self, embeddings, grid, tokens, earlier):
        """The same for I pictures with K prompts each, without padding; IoU as logits.

        embeddings (I, C, h, w), grid (1, 2, h, w), tokens (I, K, N, `TOKEN`), earlier (I, K, 1, h, w)
        -> masks (I, K, 3, h, w), iou (I, K, 3).
        """
        pictures, prompts = tokens.shape[:2]
        channels, likeness, reach = self._compare(embeddings, grid, tokens, earlier)
        shared = self.shared(embeddings[:, EMBEDDING:])
        x = self.first(channels.flatten(0, 1).contiguous(memory_format=torch.channels_last))
        skips = [F.relu(x + shared.repeat_interleave(prompts, 0))]
        for down in self.down:
            skips.append(down(F.avg_pool2d(skips[-1], 2)))
        mean = self.context(skips[3].mean((2, 3)))
        x = F.relu(skips.pop() + mean[..., None, None])
        for up in self.up:
            skip = skips.pop()
            x = self.squeeze(x) if not skips else x
            x = F.relu(up(torch.cat([resized(x, skip.shape[-2:]), skip], 1)))
        likeness, reach = likeness.flatten(0, 1), reach.flatten(0, 1)
        mixed = torch.lerp(likeness[:, None], reach[:, None], self.connected[:, None, None])
        guess = self.gain * (mixed - self.bias[:, None, None])
        masks = self.draw(x) + guess
        iou = self._judge(masks.detach(), x.detach(), mean.detach(), likeness.detach())
        return masks.unflatten(0, (pictures, prompts)), iou.unflatten(0, (pictures, prompts))

    def _compare(self, embeddings, grid, tokens, earlier):
        """Per-prompt channels (I, K, `PER_PROMPT`, h, w), likeness to what is wanted and its reach (I, K, h, w)."""
        inside, boxed, centre = _box_maps(grid, tokens)
        clicks = tokens[:, :, ((tokens[..., POSITIVE] + tokens[..., NEGATIVE]) > 0).any(0).any(0)]
        height, width = embeddings.shape[-2:]
        scale = tokens.new_tensor([2 * IMAGE_SIZE / MASK_STRIDE / width, 2 * IMAGE_SIZE / MASK_STRIDE / height])
        smooth = F.avg_pool2d(embeddings, 3, 1, 1, count_include_pad=False)
        points = F.grid_sample(smooth, clicks[..., :2] * scale - 1, padding_mode="border", align_corners=False)
        points = points.permute(0, 2, 3, 1)  # (I, K, N, C)
        wanted, unwanted = clicks[..., POSITIVE] > 0, clicks[..., NEGATIVE] > 0
        if boxed.any():  # the middle of a box counts as a click
            in_box = (centre.flatten(2) @ embeddings.flatten(2).transpose(1, 2))[:, :, None]
            points, wanted = torch.cat([points, in_box], 2), torch.cat([wanted, boxed[..., None]], 2)
            unwanted = F.pad(unwanted, (0, 1))
        like = _masked_max(_cosines(points, embeddings), wanted[..., None, None, None])
        unlike = _masked_max(_cosines(points, embeddings).mean(3), unwanted[..., None, None])
        colour = embeddings[:, None, None, -3:]
        offset = [(points[..., -3 + c, None, None] - colour[:, :, :, c]).pow(2) for c in range(3)]
        offset = -2 * _masked_max(-(sum(offset) + 1e-6).sqrt().clamp(max=2) / 2, wanted[..., None, None])
        near = [_nearness(grid, clicks, column, radius) for column in (POSITIVE, NEGATIVE) for radius in (0.04, 0.2)]
        flag = boxed[..., None, None]
        rest = [unlike, offset, torch.exp(-2 * offset), *near, inside * flag, (1 - inside) * flag]
        likeness = like.mean(2)
        seeds = torch.maximum(near[0], centre / centre.amax((2, 3), keepdim=True).clamp(min=1e-6) * flag)
        reach = _reach(likeness.detach(), seeds)
        return torch.cat([like, torch.stack(rest, 2), earlier, reach[:, :, None]], 2), likeness, reach

    def _judge(self, masks, features, mean, likeness):
        """Predicted IoU (as logits) of each mask from statistics of what lies in it and along its edge."""
        inside = masks.sigmoid()
        edge = inside * (1 - inside)
        area, fuzzy = inside.mean((2, 3)), edge.mean((2, 3))
        stable = (masks > 1).float().sum((2, 3)) / (masks > -1).float().sum((2, 3)).clamp(min=1)
        pooled = [
            torch.einsum("bkhw,bchw->bkc", w, features) / w.sum((2, 3)).clamp(min=1e-3)[..., None]
            for w in (inside, edge)
        ]
        alike = [(w * likeness[:, None]).sum((2, 3)) / w.sum((2, 3)).clamp(min=1e-3) for w in (inside, 1 - inside)]
        numbers = torch.stack([area.sqrt(), fuzzy / area.clamp(min=1e-4), stable, *alike], -1)
        which = torch.eye(3, device=masks.device).expand(len(masks), 3, 3)
        return self.judge(torch.cat([mean[:, None].expand(-1, 3, -1), *pooled, numbers, which], -1)).squeeze(-1)


def _cosines(points, embeddings):
    """Cosine similarity per head of points (I, K, N, C) with every pixel, (I, K, N, `HEADS`, h, w)."""
    heads = embeddings[:, :EMBEDDING].unflatten(1, (HEADS, HEAD_SIZE)).flatten(3)
    vectors = F.normalize(points[..., :EMBEDDING].unflatten(-1, (HEADS, HEAD_SIZE)), dim=-1)
    maps = vectors.flatten(1, 2).transpose(1, 2) @ heads  # (I, HEADS, K N, h w)
    return maps.transpose(1, 2).unflatten(1, points.shape[1:3]).unflatten(-1, embeddings.shape[-2:])


def _masked_max(values, mask):
    """Maximum over the points (axis 2) where `mask`; -1 where there is none."""
    if values.shape[2] == 1:
        return torch.where(mask, values, -1.0).squeeze(2)
    return (
        torch.where(mask, values, -1.0).amax(2)
        if values.shape[2]
        else values.new_full(values.shape[:2] + values.shape[3:], -1.0)
    )


def _reach(likeness, seeds, steps: int = 32):
    """How alike the least alike place is on the best way from the prompt to each pixel, (I, K, h, w).

    Grey-scale morphological reconstruction (Vincent 1993): what resembles the prompt but does not connect to it
    gets a low value. Computed at half the resolution.
    """
    low = F.avg_pool2d(likeness, 2)
    reach = torch.where(F.max_pool2d(seeds, 2) > 0.5, low, -1.0)
    for _ in range(steps):
        reach = torch.minimum(low, F.max_pool2d(reach, 3, 1, 1))
    return torch.minimum(likeness, resized(reach, likeness.shape[-2:]))


def _nearness(grid, tokens, column, radius):
    """Gaussian bumps of `radius` (fraction of the image size) at the points of one kind, (I, K, h, w)."""
    if not tokens.shape[2]:
        return grid.new_zeros(*tokens.shape[:2], *grid.shape[-2:])
    x = torch.exp(-((grid[0, 0, 0] - tokens[..., 0, None]) / radius).pow(2)) * tokens[..., column, None]
    y = torch.exp(-((grid[0, 1, :, 0] - tokens[..., 1, None]) / radius).pow(2))
    return (y[..., None] * x[..., None, :]).amax(2)


def _box_maps(grid, tokens):
    """Soft inside of each prompt's box (I, K, h, w), whether it has one (I, K), and weights of its middle."""
    low, high = tokens[..., CORNER_LOW, None], tokens[..., CORNER_HIGH, None]
    boxed = (high.sum((2, 3)) > 0) if tokens.shape[2] else tokens.new_zeros(tokens.shape[:2], dtype=torch.bool)
    low, high = (tokens[..., :2] * low).sum(2)[..., None, None], (tokens[..., :2] * high).sum(2)[..., None, None]
    margin = torch.minimum(grid - low, high - grid).amin(2)
    inside = torch.sigmoid(margin * IMAGE_SIZE / MASK_STRIDE)
    spread = ((high - low) / 4).clamp(min=0.01)
    centre = torch.exp(-((grid - (low + high) / 2) / spread).pow(2).sum(2))
    return inside, boxed, centre / centre.sum((2, 3), keepdim=True).clamp(min=1e-6)
