"""Train the denoiser of the tiny CoDi: latents of the rendered clips, conditioned on one token of the aligned space.

The token is a random mean of sentences that describe the clip's class, so that photos and free text fall among what
was seen; a tenth of the time it is the token of "nothing", for classifier-free guidance (Ho and Salimans 2022).
Loss: the plain squared error of the velocity (Salimans and Ho 2022). Min-SNR weights (Hang et al. 2023), tried first,
leave the noisiest steps almost untrained, and these decide the level and colour of a steady sound, which is all that
tells a stream from a waterfall. The weights are averaged (EMA).
"""

from __future__ import annotations

import argparse
import pathlib
import time

import torch
import torch.nn.functional as F
from mel_data import HELD_OUT, load_mels
from train_codi_vae import learning_rate


def token_pools(folder: pathlib.Path) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Embeddings of every class's sentences, in the order of `sounds.RECIPES`, and of the empty sentence (cached)."""
    import sounds

    from see2sound_nb.sounds import sound_classes
    from see2sound_nb.sounds.tiny_encoders import embed_sentences

    if not (folder / "pools.pt").exists():
        pools = []
        for name in sounds.RECIPES:
            pools.append(embed_sentences(sound_classes.training_sentences(sound_classes.NAMES.index(name))))
        torch.save(pools, folder / "pools.pt")
        torch.save(embed_sentences(list(sound_classes.known_sentences())), folder / "known.pt")
    known = torch.load(folder / "known.pt", weights_only=True)
    return torch.load(folder / "pools.pt", weights_only=True), known[0]


def draw_tokens(pools, nothing, classes: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """(B, 1, 384) tokens for (B,) class indices."""
    rows = []
    for k in classes.tolist():
        pool = pools[k]
        pick = torch.randint(len(pool), (3,), generator=rng)
        weight = torch.rand(3, generator=rng) ** 3
        token = F.normalize((weight[:, None] * pool[pick]).sum(0), dim=0)
        if torch.rand((), generator=rng) < 0.3:  # image and text, mixed: the mean is shorter than 1
            other = pool[torch.randint(len(pool), (), generator=rng)]
            share = torch.rand((), generator=rng)
            token = share * token + (1 - share) * other
        token = token + 0.012 * torch.randn(token.shape, generator=rng)
        rows.append(nothing if torch.rand((), generator=rng) < 0.1 else token)
    return torch.stack(rows)[:, None]


@torch.no_grad()
def encode_clips(vae, mels: torch.Tensor) -> torch.Tensor:
    """(N, 8, frames / 8, 8) float32 means of the posterior, the full length of the clips."""
    return torch.cat([vae.encode(m[None, None].float()).latent_dist.mean for m in mels])


def training_batch(latents, classes, size: int, rng: torch.Generator):
    """``size`` latents, each rolled in time by a random amount, and their classes."""
    pick = torch.randint(len(latents), (size,), generator=rng)
    shift = torch.randint(latents.shape[2], (size,), generator=rng).tolist()
    rolled = [latents[i].roll(s, 1)[:, :72] for i, s in zip(pick.tolist(), shift, strict=True)]
    return torch.stack(rolled), classes[pick]


def denoising_loss(unet, scheduler, x, token, rng: torch.Generator) -> torch.Tensor:
    """Squared error of the velocity."""
    noise = torch.randn(x.shape, generator=rng)
    times = torch.randint(scheduler.config.num_train_timesteps, (len(x),), generator=rng)
    target = scheduler.get_velocity(x, noise, times)
    predicted = unet(scheduler.add_noise(x, noise, times), times, token).sample
    return F.mse_loss(predicted, target)


def main() -> None:
    """Train for ``--steps``; write ``OUT/unet.pt`` every 250 steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renders", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="holds vae.pt; unet.pt is written here")
    parser.add_argument("--steps", type=int, default=5500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--clips", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    from see2sound_nb.sounds import tiny_codi

    vae = tiny_codi.make_vae()
    vae.load_state_dict(torch.load(args.out / "vae.pt", weights_only=True)["model"])
    mels, classes = load_mels(args.renders, 0, args.clips - HELD_OUT)
    latents = encode_clips(vae.eval(), mels)
    scaling = 1.0 / latents.std().item()
    latents = latents * scaling
    pools, nothing = token_pools(args.out)
    unet, scheduler = tiny_codi.make_unet(), tiny_codi.make_scheduler()
    optimizer = torch.optim.AdamW(unet.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=1e-2)
    average = {k: v.clone() for k, v in unet.state_dict().items()}
    start = 0
    if args.resume:
        saved = torch.load(args.out / "unet.pt", weights_only=True)
        unet.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        average, start = saved["ema"], saved["step"]
    rng, began, running = torch.Generator().manual_seed(args.seed + start), time.time(), None
    for step in range(start, args.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, args.steps, 8e-4)
        x, k = training_batch(latents, classes, args.batch, rng)
        loss = denoising_loss(unet, scheduler, x, draw_tokens(pools, nothing, k, rng), rng)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        decay = min(0.998, (step + 1) / (step + 10))
        with torch.no_grad():
            for key, value in unet.state_dict().items():
                average[key].lerp_(value, 1 - decay)
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if step % 50 == 49:
            print(f"{step + 1} loss {running:.4f} {time.time() - began:.0f} s", flush=True)
        if step % 250 == 249 or step == args.steps - 1:
            state = {"model": unet.state_dict(), "ema": average, "optimizer": optimizer.state_dict()}
            torch.save(state | {"step": step + 1, "scaling_factor": scaling}, args.out / "unet.part.pt")
            (args.out / "unet.part.pt").rename(args.out / "unet.pt")


if __name__ == "__main__":
    main()
