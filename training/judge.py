"""A judge of sounds that nobody here trained: the embedding of `aisfx` (Ma and Lerch, ISMIR 2022).

Its weights (CC BY 4.0) come from PyPI's package aisfx 0.1.2, which is unpacked, not imported: its pins are old, its
librosa path cuts the mel bands into blocks where it should cut the frames, and the checkpoint is read without
unpickling code.
"""

from __future__ import annotations

import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

RATE, WINDOW, HOP, BANDS, BLOCK = 44100, 2048, 1024, 96, 100
LOUDEST = 9.457798957824707  # of the log-mels that it was trained on


class AiSfx(nn.Module):
    """Four pairs of convolutions over (N, frames, 96) log-mels; 512 numbers, the mean over bands, largest over time."""

    def __init__(self):
        super().__init__()
        widths = (1, 64, 128, 256, 512)
        for k in range(4):
            block = nn.ModuleDict(
                {
                    "conv1": nn.Conv2d(widths[k], widths[k + 1], 3, 1, 1, bias=False),
                    "conv2": nn.Conv2d(widths[k + 1], widths[k + 1], 3, 1, 1, bias=False),
                    "bn1": nn.BatchNorm2d(widths[k + 1]),
                    "bn2": nn.BatchNorm2d(widths[k + 1]),
                }
            )
            setattr(self, f"conv_block{k + 1}", block)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, frames, 96) to (N, 512)."""
        x = x[:, None]
        for k in range(1, 5):
            block = getattr(self, f"conv_block{k}")
            x = F.relu(block["bn1"](block["conv1"](x)))
            x = F.relu(block["bn2"](block["conv2"](x)))
            x = F.max_pool2d(x, 2) if k < 4 else x
        return x.mean(3).amax(2)


def load_judge(checkpoint: pathlib.Path) -> AiSfx:
    """The judge, from ``aisfx/models/checkpoint.pth`` of the unpacked package."""
    scalar = np._core.multiarray.scalar
    allowed = [(scalar, "numpy.core.multiarray.scalar"), np.dtype, type(np.dtype("float64")), type(np.dtype("int64"))]
    with torch.serialization.safe_globals(allowed):
        weights, _ = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = AiSfx()
    prefix = "embedding_net."
    model.load_state_dict({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
    return model.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def filters() -> torch.Tensor:
    """(1025, 96) triangles on the HTK mel scale from 0 to 22,050 Hz, each of unit sum."""
    top = 2595.0 * np.log10(1.0 + RATE / 2 / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(0.0, top, BANDS + 2) / 2595.0) - 1.0)
    frequency = np.linspace(0.0, RATE / 2, WINDOW // 2 + 1)[:, None]
    rise = (frequency - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - frequency) / (edges[2:] - edges[1:-1])
    bank = np.maximum(0.0, np.minimum(rise, fall))
    return torch.from_numpy(bank / np.maximum(bank.sum(0), 1e-9)).float()


BANK = filters()


@torch.no_grad()
def embed(model: AiSfx, wave: np.ndarray, rate: int = 16000) -> np.ndarray:
    """(T,) wave to 512 numbers of unit length: the mean over blocks of 2.3 s, half overlapping."""
    from scipy.signal import resample_poly

    divisor = int(np.gcd(rate, RATE))
    wave = resample_poly(wave, RATE // divisor, rate // divisor).astype(np.float32)
    wave = torch.from_numpy(wave / (np.abs(wave).max() + 1e-9))
    wave = F.pad(wave, (0, max(0, WINDOW - len(wave))))
    spectrum = torch.stft(wave, WINDOW, HOP, window=torch.hann_window(WINDOW), center=True, return_complex=True).abs()
    mel = torch.log10(1.0 + 10000.0 * (spectrum.T**2 @ BANK)) / LOUDEST
    mel = F.pad(mel, (0, 0, 0, max(0, BLOCK - len(mel))))
    blocks = mel.unfold(0, BLOCK, BLOCK // 2).transpose(1, 2)
    with torch.autocast("cpu", torch.bfloat16):  # 20 times as fast where the processor has it; cosine 0.99997
        mean = model(blocks).float().mean(0).numpy()
    return mean / np.linalg.norm(mean)
