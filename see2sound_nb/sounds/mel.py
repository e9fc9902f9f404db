"""Log-mel spectrograms of the tiny CoDi, and the seeded Griffin-Lim vocoder that turns them back into sound."""

from __future__ import annotations

import math

import torch

SAMPLE_RATE = 16000
N_FFT = 1024
HOP = 160
N_MELS = 64
FLOOR = 3e-5
#: The VAE sees (log-mel - MEL_MEAN) / MEL_SCALE; measured once over the training clips.
MEL_MEAN = -6.8
MEL_SCALE = 2.7


def mel_filters() -> torch.Tensor:
    """Triangular mel filters from 0 to 8 kHz (HTK mel scale), each of unit peak.

    Returns
    -------
    torch.Tensor
        (`N_MELS`, `N_FFT` // 2 + 1) float32.

    Notes
    -----
    Notebook: 04_audio.
    """
    top = 2595.0 * math.log10(1.0 + SAMPLE_RATE / 2 / 700.0)
    edges = 700.0 * (10.0 ** (torch.linspace(0.0, top, N_MELS + 2) / 2595.0) - 1.0)
    frequency = torch.linspace(0.0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    rise = (frequency - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - frequency) / (edges[2:] - edges[1:-1])[:, None]
    return torch.minimum(rise, fall).clamp(min=0.0)


def log_mel(wave: torch.Tensor) -> torch.Tensor:
    """Normalised log-mel spectrogram.

    Parameters
    ----------
    wave : torch.Tensor
        (B, T) float32 in [-1, 1] at `SAMPLE_RATE` Hz.

    Returns
    -------
    torch.Tensor
        (B, T // `HOP`, `N_MELS`) float32, natural logarithm of the mel amplitudes, normalised.

    Notes
    -----
    Notebook: 04_audio.
    """
    window = torch.hann_window(N_FFT)
    spectrum = torch.stft(wave, N_FFT, HOP, window=window, center=True, return_complex=True).abs()
    mel = mel_filters() @ (spectrum * (2.0 / N_FFT))
    mel = mel[..., : wave.shape[-1] // HOP].transpose(1, 2)
    return (mel.clamp(min=FLOOR).log() - MEL_MEAN) / MEL_SCALE
