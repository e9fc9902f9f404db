"""Diffusers' VAE on patches: the full-size layers, which cost the most and learn the least, are left out."""

from __future__ import annotations

import torch.nn.functional as F
from diffusers import AutoencoderKL, ModelMixin  # noqa: F401  (diffusers looks for ModelMixin in this module)

PATCH = 4  # frames and mel bands of a patch


class PatchVAE(AutoencoderKL):
    """``AutoencoderKL`` that sees every patch of 4 frames by 4 bands as one position with 16 channels.

    It is called like ``AutoencoderKL``: (N, 1, frames, bands) in, (N, 1, frames, bands) out.
    """

    def encode(self, x, *args, **kwargs):
        """As `AutoencoderKL.encode`; ``x`` is (N, 1, frames, bands) float32."""
        return super().encode(F.pixel_unshuffle(x, PATCH), *args, **kwargs)

    def decode(self, z, *args, **kwargs):
        """As `AutoencoderKL.decode`; the sample is (N, 1, frames, bands) float32."""
        out = super().decode(z, *args, **kwargs)
        out.sample = F.pixel_shuffle(out.sample, PATCH)
        return out
