"""Train the decoder of the tiny CoDi's VAE anew on recordings; the encoder, and so all latents, stay as they are.

Loss: absolute error of the log-mel, and of its spread within patches of 4 by 4 and 8 by 8. Without the second the
decoder smooths what is noisy, and a smooth log-mel does not sound like a recording.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F
from mel_data import load_mels
from train_codi import share_gradients
from train_codi_vae import batch_of


def spread(mel: torch.Tensor, side: int) -> torch.Tensor:
    """Standard deviation of (B, 1, F, 64) within patches of ``side`` by ``side``, half overlapping."""
    mean = F.avg_pool2d(mel, side, side // 2)
    return (F.avg_pool2d(mel**2, side, side // 2) - mean**2).clamp(min=1e-6).sqrt()


def texture_loss(made: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Absolute error of the spread, mean of two sizes of patch."""
    return sum((spread(made, side) - spread(true, side)).abs().mean() for side in (4, 8)) / 2


def main() -> None:
    """Train for ``--minutes``; write ``OUT/vae.pt`` at the end and every 50 steps as ``OUT/decoder.pt``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=pathlib.Path, nargs="+", required=True, help="folders of clips")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="holds vae.pt")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--texture", type=float, default=0.5, help="weight of the texture loss")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rank = int(os.environ.get("RANK", "0"))
    if "RANK" in os.environ:
        dist.init_process_group("gloo")
    from see2sound_nb.sounds.tiny_codi import make_vae

    vae = make_vae()
    vae.load_state_dict(torch.load(args.out / "vae.pt", weights_only=True)["model"])
    parts = [vae.decoder, vae.post_quant_conv]
    vae.requires_grad_(False)
    for part in parts:
        part.requires_grad_(True)
    learned = [p for part in parts for p in part.parameters()]
    optimizer = torch.optim.AdamW(learned, 1e-3, betas=(0.9, 0.95), weight_decay=1e-3)
    mels = torch.cat([load_mels(path).half() for folder in args.clips for path in sorted(folder.glob("*.npy"))])
    rng, began, step = torch.Generator().manual_seed(rank), time.time(), 0
    while True:
        done = torch.tensor((time.time() - began) / (60 * args.minutes))
        if dist.is_initialized():
            dist.broadcast(done, 0)
        if done >= 1.0:
            break
        for group in optimizer.param_groups:
            group["lr"] = (
                1.2e-3 * min(1.0, (step + 1) / 20) * float(0.03 + 0.97 * 0.5 * (1 + torch.cos(torch.pi * done)))
            )
        x = batch_of(mels, args.batch, rng)
        with torch.no_grad():
            z = vae.encode(x).latent_dist.mean
        z = z + 0.05 * z.std() * torch.randn(z.shape, generator=rng)  # the denoiser's latents are not quite those
        made = vae.decode(z).sample
        error, texture = (made - x).abs().mean(), texture_loss(made, x)
        optimizer.zero_grad()
        (error + args.texture * texture).backward()
        share_gradients(parts)
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        step += 1
        if step % 25 == 0 and rank == 0:
            print(f"{step} error {error:.4f} texture {texture:.4f} {time.time() - began:.0f} s", flush=True)
        if rank == 0 and step % 50 == 0:
            torch.save({"model": vae.state_dict()}, args.out / "decoder.pt")
    if rank == 0:
        torch.save({"model": vae.state_dict()}, args.out / "decoder.pt")


if __name__ == "__main__":
    main()
