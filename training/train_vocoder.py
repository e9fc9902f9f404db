"""Train a small vocoder for the tiny CoDi: log-mel in, short-time spectrum out, in the manner of Vocos (Siuzdak 2023).

Blocks of ConvNeXt over frames at 10 ms; the last layer gives log magnitude and phase of each bin, and the inverse STFT
the wave. A channel of seeded noise a frame and bin group lets it draw the phase of noise-like sounds.
Loss: spectral convergence and absolute error of log magnitudes at four resolutions (Yamamoto et al. 2020), and the
absolute error of the log-mel.
"""

from __future__ import annotations

import argparse
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from see2sound_nb.sounds.mel import HOP, N_FFT, N_MELS, log_mel

CROP = 64  # frames


class Block(nn.Module):
    """ConvNeXt over frames: depthwise convolution, norm, two linear layers."""

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


class Vocoder(nn.Module):
    """(B, F, 64) log-mels to (B, F * 160) waves."""

    def __init__(self, width: int = 160, blocks: int = 4, noise: int = 16):
        super().__init__()
        self.noise = noise
        self.enter = nn.Conv1d(N_MELS + noise, width, 5, 1, 2)
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, 2 * (N_FFT // 2 + 1))
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)

    def forward(self, mel: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """``generator`` draws the noise; by default from a fixed seed."""
        generator = generator or torch.Generator().manual_seed(0)
        noise = torch.randn(1, mel.shape[1] + 1, self.noise, generator=generator).expand(len(mel), -1, -1)
        mel = torch.cat([mel, mel[:, -1:]], 1)  # the frame after the last sample, which istft wants
        x = self.enter(torch.cat([mel, noise], -1).transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        log_magnitude, phase = self.leave(self.norm(x)).float().chunk(2, -1)
        spectrum = torch.polar((log_magnitude - 2.0).clamp(max=6.0).exp(), phase).transpose(1, 2)
        return torch.istft(spectrum, N_FFT, HOP, window=self.window, length=(mel.shape[1] - 1) * HOP)


def spectral_loss(made: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Spectral convergence and log magnitude error, mean of four resolutions."""
    total = 0.0
    for size in (128, 256, 512, 1024):
        window = torch.hann_window(size)
        a, b = (torch.stft(w, size, size // 4, window=window, return_complex=True).abs() for w in (made, true))
        convergence = ((a - b).pow(2).sum((1, 2)) / (b.pow(2).sum((1, 2)) + 1e-4)).clamp(max=4.0).sqrt().mean()
        total = total + convergence + ((a + 1e-3).log() - (b + 1e-3).log()).abs().mean()
    return total / 4


def main() -> None:
    """Train for ``--steps``; write ``OUT/vocoder.pt`` every 100 steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=pathlib.Path, nargs="+", required=True, help="folders of clips")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    files = [p for folder in args.clips for p in sorted(folder.glob("*.npy"))]
    clips = [np.load(path, mmap_mode="r") for path in files]
    model = Vocoder()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, betas=(0.8, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, args.steps, pct_start=0.05)
    began, running, draws = time.time(), None, torch.Generator().manual_seed(args.seed)
    for step in range(args.steps):
        waves = []
        for _ in range(args.batch):
            clip = clips[rng.integers(len(clips))]
            at = int(rng.integers(clip.shape[1] - CROP * HOP))
            waves.append(clip[rng.integers(len(clip)), at : at + CROP * HOP].astype(np.float32) / 32767.0)
        wave = torch.from_numpy(np.stack(waves) * rng.uniform(0.3, 1.0, (args.batch, 1)).astype(np.float32))
        mel = log_mel(wave)
        with torch.autocast("cpu", torch.bfloat16):
            made = model(mel, draws)
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


if __name__ == "__main__":
    main()
