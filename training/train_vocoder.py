"""Train a vocoder on trial, not shipped: a network guesses the phases that Griffin-Lim begins with; compare both.

Loss: spectral convergence and absolute error of log magnitudes at four resolutions (Yamamoto et al. 2020), and the
absolute error of the log-mel.
"""

from __future__ import annotations

import argparse
import pathlib
import time
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.configuration_utils import register_to_config
from torch import nn

from see2sound_nb.sounds.mel import HOP, MEL_MEAN, MEL_SCALE, N_FFT, N_MELS, SAMPLE_RATE, log_mel
from see2sound_nb.sounds.vocoder import GriffinLimVocoder

CROP = 64  # frames


class PhaseBlock(nn.Module):
    """ConvNeXt over frames (Liu et al. 2022): depthwise convolution, norm, two linear layers."""

    def __init__(self, width: int):
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, 7, 1, 3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.expand, self.reduce = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, width) to the same."""
        y = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        return x + self.scale * self.reduce(F.gelu(self.expand(self.norm(y))))


class PhaseVocoder(GriffinLimVocoder):
    """Griffin-Lim that begins at phases which a small network guesses, and needs few rounds therefore.

    The network is that of Vocos (Siuzdak 2023), without its magnitudes: they are those of `GriffinLimVocoder`. Seeded
    noise beside the log-mel lets it draw the phases of noise-like sounds.

    Parameters
    ----------
    iterations : int
        Rounds of Griffin-Lim; 0 takes the network's phases as they are.
    seed : int
        Seed of the noise.
    width, blocks, noise : int
        Channels and blocks of the network, and channels of noise.
    """

    @register_to_config
    def __init__(
        self,
        iterations: int = 2,
        momentum: float = 0.99,
        seed: int = 0,
        sampling_rate: int = SAMPLE_RATE,
        width: int = 160,
        blocks: int = 4,
        noise: int = 16,
    ):
        super().__init__(iterations, momentum, seed, sampling_rate)
        self.enter = nn.Conv1d(N_MELS + noise, width, 5, 1, 2)
        self.body = nn.ModuleList(PhaseBlock(width) for _ in range(blocks))
        self.leave_norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, N_FFT // 2 + 1)

    def first_phase(self, spectrogram: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
        """The network's guess, (B, `N_FFT` // 2 + 1, F), from a noise of each sample's seed."""
        shape = (spectrogram.shape[1], self.config.noise)
        drawn = [torch.randn(shape, generator=torch.Generator().manual_seed(int(seed))) for seed in seeds]
        noise = torch.stack(drawn).to(spectrogram)
        x = self.enter(torch.cat([spectrogram, noise], -1).transpose(1, 2)).transpose(1, 2)
        for block in self.body:
            x = block(x)
        return self.leave(self.leave_norm(x)).float().transpose(1, 2)


def wave_of(model, mel: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
    """(B, F, 64) log-mels to (B, F * 160) waves, from the network's phases without a round of Griffin-Lim."""
    with torch.no_grad():
        magnitude = model.magnitudes((mel * MEL_SCALE + MEL_MEAN).exp().transpose(1, 2))
    with torch.autocast("cpu", torch.bfloat16):
        phase = model.first_phase(mel, seeds)
    return model._inverse_stft(torch.polar(magnitude, phase), mel.shape[1] * HOP)


def spectral_loss(made: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Spectral convergence and log magnitude error, mean of four resolutions."""
    total = 0.0
    for size in (128, 256, 512, 1024):
        window = torch.hann_window(size)
        a, b = (torch.stft(w, size, size // 4, window=window, return_complex=True).abs() for w in (made, true))
        convergence = ((a - b).pow(2).sum((1, 2)) / (b.pow(2).sum((1, 2)) + 1e-4)).clamp(max=4.0).sqrt().mean()
        total = total + convergence + ((a + 1e-3).log() - (b + 1e-3).log()).abs().mean()
    return total / 4


@torch.no_grad()
def compare(model: PhaseVocoder, waves: torch.Tensor) -> None:
    """Print `spectral_loss` and the error of the log-mel for Griffin-Lim and for the network, by rounds."""
    mel = log_mel(waves)
    for title, vocoder in [("Griffin-Lim", GriffinLimVocoder()), ("network", model)]:
        for rounds in (0, 1, 2, 4, 8, 24):
            vocoder.register_to_config(iterations=rounds)
            made = vocoder(mel)
            error = (log_mel(made) - mel).abs().mean()
            print(f"{title}, {rounds} rounds: {spectral_loss(made, waves):.3f}, log-mel {error:.3f}", flush=True)


def main() -> None:
    """Train for ``--steps``; write ``OUT/vocoder.pt`` every 100 steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=pathlib.Path, nargs="+", required=True, help="folders of clips")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    files = [p for folder in args.clips for p in sorted(folder.glob("*.npy"))]
    clips = [np.load(path, mmap_mode="r") for path in files]
    model = PhaseVocoder()
    if (args.out / "vocoder.pt").exists():
        model.load_state_dict(torch.load(args.out / "vocoder.pt", weights_only=True), strict=False)
    optimizer = torch.optim.AdamW(model.parameters(), args.rate, betas=(0.8, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.rate, args.steps, pct_start=0.05)
    began, running = time.time(), None
    for step in range(args.steps):
        waves = []
        for _ in range(args.batch):
            clip = clips[rng.integers(len(clips))]
            at = int(rng.integers(clip.shape[1] - CROP * HOP))
            waves.append(clip[rng.integers(len(clip)), at : at + CROP * HOP].astype(np.float32) / 32767.0)
        wave = torch.from_numpy(np.stack(waves) * rng.uniform(0.3, 1.0, (args.batch, 1)).astype(np.float32))
        mel = log_mel(wave)
        made = wave_of(model, mel, rng.integers(2**31, size=len(mel)))
        loss = spectral_loss(made, wave) + 0.5 * (log_mel(made) - mel).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if step % 50 == 49:
            print(f"{step + 1} loss {running:.4f} {time.time() - began:.0f} s", flush=True)
        if step % 100 == 99 or step == args.steps - 1:
            torch.save(model.state_dict(), args.out / "vocoder.part.pt")
            (args.out / "vocoder.part.pt").rename(args.out / "vocoder.pt")
    last = np.stack([clip[-1, : 3 * 16000] for clip in clips[::8]]).astype(np.float32) / 32767.0
    compare(model.eval(), torch.from_numpy(last))


if __name__ == "__main__":
    main()
