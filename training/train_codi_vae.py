"""Train the VAE of the tiny CoDi on the log-mels of the rendered clips.

Loss: absolute error of the log-mel and a light pull of the latents towards a unit normal (Kingma and Welling 2014).
"""

from __future__ import annotations

import argparse
import pathlib
import time

import torch
from mel_data import load_mels

CROP = 128  # frames; the network is convolutional, so short crops do


def batch_of(mels: torch.Tensor, size: int, rng: torch.Generator) -> torch.Tensor:
    """``size`` random crops, (size, 1, `CROP`, 64) float32."""
    clips = torch.randint(len(mels), (size,), generator=rng).tolist()
    starts = torch.randint(mels.shape[1] - CROP, (size,), generator=rng).tolist()
    return torch.stack([mels[c, s : s + CROP] for c, s in zip(clips, starts, strict=True)]).float()[:, None]


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up over 100 steps, then a cosine to one twentieth."""
    progress = torch.tensor(min(1.0, step / steps))
    return peak * min(1.0, (step + 1) / 100) * float(0.05 + 0.95 * 0.5 * (1 + torch.cos(torch.pi * progress)))


def main() -> None:
    """Train for ``--steps``; write ``OUT/vae.pt`` every 300 steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=pathlib.Path, nargs="+", required=True, help="folders of clips")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    from see2sound_nb.sounds.tiny_codi import make_vae

    vae, start, rng = make_vae(), 0, torch.Generator().manual_seed(args.seed)
    optimizer = torch.optim.AdamW(vae.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=1e-3)
    if args.resume:
        saved = torch.load(args.out / "vae.pt", weights_only=True)
        vae.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        start = saved["step"]
    mels = torch.cat([load_mels(path).half() for folder in args.clips for path in sorted(folder.glob("*.npy"))])
    began, running = time.time(), 0.0
    for step in range(start, args.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, args.steps, 2e-3)
        x = batch_of(mels, args.batch, rng)
        posterior = vae.encode(x).latent_dist
        error = (vae.decode(posterior.sample(rng)).sample - x).abs().mean()
        loss = error + 3e-5 * posterior.kl().mean() / (x.shape[2] * x.shape[3] / 64)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        running = 0.98 * running + 0.02 * error.item() if step > start else error.item()
        if step % 50 == 49:
            std = posterior.mean.detach().std().item()
            print(
                f"{step + 1} error {running:.4f} latent std {std:.2f} clips {len(mels)} {time.time() - began:.0f} s",
                flush=True,
            )
        if step % 200 == 199 or step == args.steps - 1:
            state = {"model": vae.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            torch.save(state, args.out / "vae.part.pt")
            (args.out / "vae.part.pt").rename(args.out / "vae.pt")


if __name__ == "__main__":
    main()
