"""Log-mel spectrograms of the tiny CoDi, and the seeded Griffin-Lim vocoder that turns them back into sound."""

from __future__ import annotations

import math

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config

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


class GriffinLimVocoder(ModelMixin, ConfigMixin):
    """A vocoder without weights: fast Griffin-Lim from a fixed random phase.

    Called like transformers' ``SpeechT5HifiGan``: a log-mel in, a wave out. The phase starts from a fixed seed
    that is the same for each sample, so that a sample does not depend on its neighbours in a batch.
    Sources: Griffin and Lim 1984; Perraudin, Balazs and Søndergaard 2013 (the momentum).

    Parameters
    ----------
    iterations : int
        Rounds of projection; more sounds cleaner and takes longer.
    momentum : float
        0 is plain Griffin-Lim, 0.99 the fast one.
    seed : int
        Seed of the first phase.
    """

    @register_to_config
    def __init__(self, iterations: int = 24, momentum: float = 0.99, seed: int = 0, sampling_rate: int = SAMPLE_RATE):
        super().__init__()
        filters = mel_filters()
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("inverse", torch.linalg.pinv(filters), persistent=False)
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)
        self.register_buffer("anchor", torch.zeros(1))  # a model needs one tensor to know its device and type by

    def magnitudes(self, mel: torch.Tensor) -> torch.Tensor:
        """Non-negative STFT magnitudes whose mel is ``mel``: the pseudo-inverse, then multiplicative updates.

        Parameters
        ----------
        mel : torch.Tensor
            (B, `N_MELS`, F) float32 mel amplitudes.

        Returns
        -------
        torch.Tensor
            (B, `N_FFT` // 2 + 1, F) float32.
        """
        guess = (self.inverse @ mel).clamp(min=1e-6)
        for _ in range(12):  # Lee and Seung 2001: keeps the sign, never increases the squared error
            guess = guess * (self.filters.T @ mel) / (self.filters.T @ (self.filters @ guess)).clamp(min=1e-9)
        return guess * (N_FFT / 2.0)

    @torch.no_grad()
    def forward(self, spectrogram: torch.Tensor) -> torch.Tensor:
        """Turn log-mels into waves.

        Parameters
        ----------
        spectrogram : torch.Tensor
            (B, F, `N_MELS`) float32 as from `log_mel`.

        Returns
        -------
        torch.Tensor
            (B, F * `HOP`) float32 at `SAMPLE_RATE` Hz.
        """
        mel = (spectrogram.float() * MEL_SCALE + MEL_MEAN).clamp(max=3.0).exp().transpose(1, 2)
        magnitude = self.magnitudes(mel)
        generator = torch.Generator().manual_seed(self.config.seed)
        phase = torch.rand(magnitude.shape[1:], generator=generator) * (2 * math.pi)
        estimate = torch.polar(torch.ones_like(phase), phase).to(magnitude.device).expand(magnitude.shape)
        previous = torch.zeros_like(estimate)
        length = spectrogram.shape[1] * HOP
        blend = self.config.momentum / (1.0 + self.config.momentum)
        for _ in range(self.config.iterations):
            wave = self._inverse_stft(magnitude * estimate, length)
            rebuilt = self._stft(wave)[..., : magnitude.shape[-1]]
            moved = rebuilt - blend * previous
            estimate = moved / moved.abs().clamp(min=1e-9)
            previous = rebuilt
        return self._inverse_stft(magnitude * estimate, length)

    def _stft(self, wave: torch.Tensor) -> torch.Tensor:
        return torch.stft(wave, N_FFT, HOP, window=self.window, return_complex=True)

    def _inverse_stft(self, spectrum: torch.Tensor, length: int) -> torch.Tensor:
        # istft needs the frame after the last sample, too; repeat the last one
        spectrum = torch.cat([spectrum, spectrum[..., -1:]], dim=-1)
        return torch.istft(spectrum, N_FFT, HOP, window=self.window, length=length)
