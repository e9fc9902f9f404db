"""From log-mels back to sound: a seeded Griffin-Lim."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config

from see2sound_nb.sounds.mel import HOP, MEL_MEAN, MEL_SCALE, N_FFT, SAMPLE_RATE, mel_filters


class GriffinLimVocoder(ModelMixin, ConfigMixin):
    """A vocoder without weights: fast Griffin-Lim from random phases, in float32 whatever the model's type.

    Called like transformers' ``SpeechT5HifiGan``: a log-mel in, a wave out. Each sample's phases start from a seed of
    its own, so that it does not depend on its neighbours in a batch, and two sounds of a kind have no wave in common:
    from the same phases the wind of two seeds would come out with a correlation of 0.8.
    Sources: Griffin and Lim 1984; Perraudin, Balazs and Søndergaard 2013 (the momentum).

    Parameters
    ----------
    iterations : int
        Rounds of projection; more sounds cleaner and takes longer.
    momentum : float
        0 is plain Griffin-Lim, 0.99 the fast one.
    seed : int
        Seed of the first phases where a call gives none.
    """

    @register_to_config
    def __init__(self, iterations: int = 24, momentum: float = 0.99, seed: int = 0, sampling_rate: int = SAMPLE_RATE):
        super().__init__()
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
        filters, inverse, _ = _tables(str(mel.device))
        guess = (inverse @ mel).clamp(min=1e-6)
        for _ in range(12):  # Lee and Seung 2001: keeps the sign, never increases the squared error
            guess = guess * (filters.T @ mel) / (filters.T @ (filters @ guess)).clamp(min=1e-9)
        return guess * (N_FFT / 2.0)

    @torch.no_grad()
    def forward(self, spectrogram: torch.Tensor, seeds: Sequence[int] | None = None) -> torch.Tensor:
        """Turn log-mels into waves.

        Parameters
        ----------
        spectrogram : torch.Tensor
            (B, F, `N_MELS`) float32 as from `log_mel`.
        seeds : sequence of int, optional
            B seeds of the first phases.

        Returns
        -------
        torch.Tensor
            (B, F * `HOP`) float32 at `SAMPLE_RATE` Hz.
        """
        mel = (spectrogram.float() * MEL_SCALE + MEL_MEAN).clamp(max=3.0).exp().transpose(1, 2)
        magnitude = self.magnitudes(mel)
        phase = self.first_phase(spectrogram.float(), [self.config.seed] * len(mel) if seeds is None else seeds)
        estimate = torch.polar(torch.ones_like(phase), phase).to(magnitude.device)
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

    def first_phase(self, spectrogram: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
        """The phases to begin with, (B, `N_FFT` // 2 + 1, F) float32 in radians: random, from `seeds` as in a call."""
        shape = (N_FFT // 2 + 1, spectrogram.shape[1])
        drawn = [torch.rand(shape, generator=torch.Generator().manual_seed(int(seed))) for seed in seeds]
        return torch.stack(drawn) * (2 * math.pi)

    def _stft(self, wave: torch.Tensor) -> torch.Tensor:
        return torch.stft(wave, N_FFT, HOP, window=_tables(str(wave.device))[2], return_complex=True)

    def _inverse_stft(self, spectrum: torch.Tensor, length: int) -> torch.Tensor:
        # istft needs the frame after the last sample, too; repeat the last one
        spectrum = torch.cat([spectrum, spectrum[..., -1:]], dim=-1)
        return torch.istft(spectrum, N_FFT, HOP, window=_tables(str(spectrum.device))[2], length=length)


@functools.lru_cache(maxsize=8)
def _tables(device: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The mel filters, their pseudo-inverse and the window, float32: in half precision none of them would be one."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)  # mel_filters takes it
    try:
        filters = mel_filters()
    finally:
        torch.set_default_dtype(before)
    window = torch.hann_window(N_FFT, dtype=torch.float32)
    return filters.to(device), torch.linalg.pinv(filters).to(device), window.to(device)
