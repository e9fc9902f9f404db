"""The tiny depth model: relative inverse depth of a photo, behind the call of Depth Anything.

The picture goes through the frozen ImageNet trunk; a small decoder merges its four maps. At stride 16 every
place looks at every other one (three transformer layers), because depth is a matter of the whole view: where the
horizon is, what stands on what. From there the map is refined with the finer trunk maps up to stride 4, in
the manner of DPT.

References
----------
Ranftl, Lasinger, Hafner, Schindler and Koltun, "Towards robust monocular depth estimation" (MiDaS),
IEEE TPAMI 2022. Ranftl, Bochkovskiy and Koltun, "Vision transformers for dense prediction" (DPT), ICCV 2021.
"""

from __future__ import annotations

from see2sound_nb._torchvision import ensure_torchvision

ensure_torchvision()

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from transformers import PretrainedConfig, PreTrainedModel  # noqa: E402
from transformers.modeling_outputs import DepthEstimatorOutput  # noqa: E402

from see2sound_nb.models.checking import filling, read_weights  # noqa: E402
from see2sound_nb.models.trunk import FEATURE_CHANNELS, WEIGHTS, check_single, trunk_features, trunk_on  # noqa: E402

#: Pictures are resized so that their shorter side is about this, in pixels: the scale of the training views.
SIZE = 256
#: Larger inputs (very long panoramas) are reduced inside the model; attention grows with the square of this.
MAX_PIXELS = 400_000
_MULTIPLE = 32


class TinyDepthConfig(PretrainedConfig):
    """Sizes of the decoder.

    Parameters
    ----------
    widths : tuple of int
        Channels at strides 4, 8 and 16; the last is also the width of the transformer.
    layers, heads : int
        Transformer layers at stride 16 and their attention heads.
    mirror : bool
        Average the result with that of the mirrored picture: steadier, twice the time.
    """

    model_type = "see2sound_tiny_depth"

    def __init__(self, widths=(24, 48, 96), layers=3, heads=4, mirror=True, **kwargs):
        super().__init__(**kwargs)
        self.widths, self.layers, self.heads, self.mirror = tuple(widths), layers, heads, mirror


def _conv(inputs: int, outputs: int, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False), nn.GroupNorm(8, outputs), nn.GELU()
    )


class _Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.convs = nn.Sequential(_conv(width, width), nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x):
        return x + self.convs(x)


def position_code(height: int, width: int, device=None) -> torch.Tensor:
    """Sines and cosines of the place in the picture.

    Returns
    -------
    torch.Tensor
        (16, height, width) float32. Both axes run from -1 to 1, whatever the size, so that the
        code of the horizon is the same at every resolution.
    """
    y = torch.linspace(-1, 1, height, device=device)[:, None].expand(height, width)
    x = torch.linspace(-1, 1, width, device=device)[None].expand(height, width)
    waves = [f(axis * k) for axis in (x, y) for k in (0.8, 1.6, 3.2, 6.4) for f in (torch.sin, torch.cos)]
    return torch.stack(waves)


class DepthHead(nn.Module):
    """From the trunk's four maps to relative inverse depth at stride 4."""

    def __init__(self, config: TinyDepthConfig):
        super().__init__()
        fine, middle, wide = config.widths
        self.norms = nn.ModuleList(nn.BatchNorm2d(c, affine=False) for c in FEATURE_CHANNELS)
        self.from32 = nn.Conv2d(FEATURE_CHANNELS[3], wide, 1)
        self.from16 = nn.Conv2d(FEATURE_CHANNELS[2], wide, 1)
        self.from8, self.from4 = _conv(FEATURE_CHANNELS[1], middle, 1), _conv(FEATURE_CHANNELS[0], fine, 1)
        self.position = nn.Conv2d(16, wide, 1)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(wide, config.heads, 2 * wide, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(config.layers)
        )
        self.refine16, self.down16 = _Residual(wide), _conv(wide, middle, 1)
        self.refine8, self.down8 = _Residual(middle), _conv(middle, fine, 1)
        self.out = nn.Sequential(_conv(fine, fine), nn.Conv2d(fine, 1, 3, padding=1))

    def forward(self, features):
        """(B, C_i, H_i, W_i) maps at strides 4, 8, 16, 32 -> (B, H/4, W/4), larger = nearer."""
        s4, s8, s16, s32 = (norm(f) for norm, f in zip(self.norms, features, strict=True))
        height, width = s16.shape[-2:]
        x = self.from16(s16) + F.interpolate(self.from32(s32), (height, width), mode="bilinear")
        x = x + self.position(position_code(height, width, x.device)[None])
        tokens = x.flatten(2).transpose(1, 2)
        for layer in self.layers:
            tokens = layer(tokens)
        x = self.refine16(tokens.transpose(1, 2).unflatten(2, (height, width)))
        x = F.interpolate(self.down16(x), s8.shape[-2:], mode="bilinear")
        x = self.refine8(x + self.from8(s8))
        x = F.interpolate(self.down8(x), s4.shape[-2:], mode="bilinear")
        return F.softplus(self.out(x + self.from4(s4))[:, 0])


class TinyDepthForDepthEstimation(PreTrainedModel):
    """Relative inverse depth of pictures, with the interface of transformers' depth models.

    The frozen trunk is shared by all tiny models and is no part of this model's state.
    """

    config_class = TinyDepthConfig
    main_input_name = "pixel_values"

    def __init__(self, config: TinyDepthConfig):
        super().__init__(config)
        self.head = DepthHead(config)
        self.post_init()

    def _init_weights(self, module):
        """Layers keep PyTorch's own start values; the shipped weights replace them."""

    def forward(self, pixel_values, return_dict: bool | None = None, **kwargs):
        """Estimate relative inverse depth.

        Parameters
        ----------
        pixel_values : torch.Tensor
            (B, 3, H, W) float32, normalised with mean 0.5 and std 0.5; H and W multiples of 32.
        return_dict : bool, optional
            False returns a tuple, as transformers' models do.

        Returns
        -------
        DepthEstimatorOutput
            ``predicted_depth`` (B, H, W) float32: inverse depth up to an unknown scale and shift,
            no unit, larger = nearer, image frame.

        Raises
        ------
        ValueError
            If the picture's sides are not multiples of 32, or the model was cast to another type than float32.
        """
        check_single(self, "the tiny depth model")
        height, width = pixel_values.shape[-2:]
        if height % _MULTIPLE or width % _MULTIPLE or not height or not width:
            raise ValueError(
                f"pixel_values of {height}x{width}: sides must be multiples of {_MULTIPLE}; "
                "prepare pictures with the image processor of build_tiny_depth()"
            )
        pixels = self._reduced(pixel_values)
        trunk = trunk_on(str(pixels.device))
        depth = self.head(trunk_features(trunk, pixels))
        if self.config.mirror:
            depth = (depth + self.head(trunk_features(trunk, pixels.flip(-1))).flip(-1)) / 2
        depth = F.interpolate(depth[:, None], (height, width), mode="bilinear")[:, 0]
        return (depth,) if return_dict is False else DepthEstimatorOutput(predicted_depth=depth)

    @staticmethod
    def _reduced(pixels):
        height, width = pixels.shape[-2:]
        if height * width <= MAX_PIXELS:
            return pixels
        share = (MAX_PIXELS / (height * width)) ** 0.5
        size = [max(round(side * share / _MULTIPLE), 1) * _MULTIPLE for side in (height, width)]
        return F.interpolate(pixels, size, mode="bilinear", antialias=True)


def build_tiny_depth():
    """The shipped tiny depth model and its image processor.

    Returns
    -------
    model : TinyDepthForDepthEstimation
        In evaluation mode, on the CPU.
    image_processor : transformers.DPTImageProcessor
        Resizes to multiples of 32 with the aspect ratio kept, normalises, and turns the output into a map of
        any size with ``post_process_depth_estimation``.

    Examples
    --------
    >>> model, processor = build_tiny_depth()                                     # doctest: +SKIP
    >>> output = model(**processor(images=rgb, return_tensors="pt"))              # doctest: +SKIP
    >>> D = processor.post_process_depth_estimation(output, [rgb.shape[:2]])[0]["predicted_depth"]  # doctest: +SKIP
    """
    from transformers import DPTImageProcessor

    model = TinyDepthForDepthEstimation(TinyDepthConfig())
    path = WEIGHTS / "tiny_depth.safetensors"
    with filling(path):
        model.head.load_state_dict(read_weights(path)[0])
    processor = DPTImageProcessor(
        size={"height": SIZE, "width": SIZE}, keep_aspect_ratio=True, ensure_multiple_of=_MULTIPLE,
        resample=2, image_mean=[0.5] * 3, image_std=[0.5] * 3,
    )  # fmt: skip
    return model.eval(), processor
