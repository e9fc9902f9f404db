"""Train the denoiser of the tiny CoDi: latents of recorded and rendered clips, conditioned on one token.

The token is a random mean of sentences that describe the clip's class, so that photos and free text fall among what
was seen; a tenth of the time it is the token of "nothing", for classifier-free guidance (Ho and Salimans 2022).
Loss: the plain squared error of the velocity (Salimans and Ho 2022). Min-SNR weights (Hang et al. 2023), tried first,
leave the noisiest steps almost untrained, and these decide the level and colour of a steady sound, which is all that
tells a stream from a waterfall. The weights are averaged (EMA).

From step ``--guided-from`` on the guidance is learned, too (Tang et al. 2025, "Diffusion models without
classifier-free guidance"): what the averaged weights of that step see between a token and none, ``--guidance`` - 1
times over, is added to the velocity that is learned. Afterwards one evaluation a step does what took two.

Several processes share the batches: ``python -m torch.distributed.run --nproc_per_node 3 train_codi.py ...``.
"""

from __future__ import annotations

import argparse
import copy
import os
import pathlib
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F
from mel_data import VARIANTS, Clips, load_clips
from train_codi_vae import learning_rate

#: What is said of the variants of `person`: sentences with one of these words; the first line is for one voice.
SPOKEN = {
    "person_man": ("a person talking", "a man speaks", "somebody is talking", "a man talking"),
    "person_woman": ("a person talking", "a woman speaks", "somebody is talking", "a woman talking"),
    "person_two": ("two people talking", "two persons talking", "two people talking to each other"),
    "person_many": ("people talking", "several people talking", "a group of people talking"),
}


def sentences_of(name: str) -> list[str]:
    """The sentences that describe a class or a variant."""
    from see2sound_nb.sounds import sound_classes

    if name not in VARIANTS:
        return sound_classes.training_sentences(sound_classes.NAMES.index(name))
    framed = [frame.format(said) for said in SPOKEN[name] for frame in sound_classes.FRAMES]
    if SPOKEN[name][0] == "a person talking":
        labels = sound_classes.training_sentences(sound_classes.NAMES.index("person"))
        framed += [s for s in labels if "people" not in s and "man" not in s]
    return list(dict.fromkeys(framed))


def token_pools(clips: list[Clips], folder: pathlib.Path) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Embeddings of the sentences of every class or variant, and of the empty sentence (kept in ``folder``)."""
    from see2sound_nb.sounds.minilm import embed_sentences

    kept = folder / "pools.pt"
    pools = torch.load(kept, weights_only=True) if kept.exists() else {"": embed_sentences([""])}
    for item in clips:
        if item.name not in pools:
            pools[item.name] = embed_sentences(sentences_of(item.name))
    torch.save(pools, kept)
    return [pools[item.name] for item in clips], pools[""][0]


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


def recorded_share(recorded: int, rendered: int) -> float:
    """How often a clip of a class is a recording."""
    return 1.0 if rendered == 0 else 0.0 if recorded == 0 else 0.85


def training_batch(clips: list[Clips], size: int, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """``size`` latents of random classes, each rolled in time by a random amount, and their places in ``clips``."""
    rows, places = [], torch.multinomial(class_weights(clips), size, replacement=True, generator=rng)
    for place in places.tolist():
        item = clips[place]
        share = recorded_share(len(item.recorded), len(item.rendered))
        pool = item.recorded if torch.rand((), generator=rng) < share else item.rendered
        one = pool[torch.randint(len(pool), (), generator=rng)]
        shift = int(torch.randint(one.shape[1], (), generator=rng))
        rows.append(one.roll(shift, 1)[:, :72])
    return torch.stack(rows), places


def class_weights(clips: list[Clips]) -> torch.Tensor:
    """Every class is as likely as any other; `person` twice as likely, for it is what photos show most."""
    return torch.tensor([0.5 if item.name in VARIANTS else 1.0 for item in clips])


def denoising_loss(unet, scheduler, x, token, nothing, rng: torch.Generator, teacher=None, guidance=1.0):
    """Squared error of the velocity, with what a ``teacher`` knows of guidance added to it."""
    noise = torch.randn(x.shape, generator=rng)
    times = torch.randint(scheduler.config.num_train_timesteps, (len(x),), generator=rng)
    target, noisy = scheduler.get_velocity(x, noise, times), scheduler.add_noise(x, noise, times)
    if teacher is not None:
        with torch.no_grad():
            none = nothing.expand_as(token)
            both = teacher(torch.cat([noisy, noisy]), torch.cat([times, times]), torch.cat([token, none])).sample
        target = target + (guidance - 1.0) * (both[: len(x)] - both[len(x) :])
    return F.mse_loss(unet(noisy, times, token).sample, target)


def main() -> None:
    """Train for ``--steps``; write ``OUT/unet.pt`` every 50 steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recorded", type=pathlib.Path, required=True, help="folder of `record_clips`")
    parser.add_argument("--rendered", type=pathlib.Path, required=True, help="folder of `render_sounds`")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="holds vae.pt; unet.pt is written here")
    parser.add_argument("--weights", type=pathlib.Path, help="a weights file to start from")
    parser.add_argument("--steps", type=int, default=5500)
    parser.add_argument("--guided-from", type=int, default=3000, help="step from which guidance is learned")
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scaling", type=float, help="of the latents; by default it makes their deviation 1")
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rank = int(os.environ.get("RANK", "0"))
    if "RANK" in os.environ:
        dist.init_process_group("gloo")
    from safetensors.torch import load_file

    from see2sound_nb.sounds import tiny_codi

    vae = tiny_codi.make_vae()
    vae.load_state_dict(torch.load(args.out / "vae.pt", weights_only=True)["model"])
    clips = load_clips(args.recorded, args.rendered, vae.eval())
    everything = torch.cat([t.flatten() for c in clips for t in (c.recorded, c.rendered)])
    scaling = args.scaling or 1.0 / everything.std().item()
    clips = [Clips(c.name, c.recorded * scaling, c.rendered * scaling) for c in clips]
    pools, nothing = token_pools(clips, args.out)
    unet, scheduler = tiny_codi.make_unet(), tiny_codi.make_scheduler()
    if args.weights:
        state = load_file(args.weights)
        unet.load_state_dict({k.removeprefix("unet."): v.float() for k, v in state.items() if k.startswith("unet.")})
    optimizer = torch.optim.AdamW(unet.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=1e-2)
    average = {k: v.clone() for k, v in unet.state_dict().items()}
    start, teacher = 0, None
    if args.resume:
        saved = torch.load(args.out / "unet.pt", weights_only=True)
        unet.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        average, start = saved["ema"], saved["step"]
    rng, began, running = torch.Generator().manual_seed(100 * args.seed + start + 10**6 * rank), time.time(), None
    for step in range(start, args.steps):
        if step >= args.guided_from and teacher is None:
            teacher = guided_teacher(unet, average, args.out)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, args.steps, args.rate)
        x, places = training_batch(clips, args.batch, rng)
        token = draw_tokens(pools, nothing, places, rng)
        loss = denoising_loss(unet, scheduler, x, token, nothing, rng, teacher, args.guidance)
        optimizer.zero_grad()
        loss.backward()
        share_gradients([unet])
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        decay = min(0.995, (step - start + 1) / (step - start + 10))
        with torch.no_grad():
            for key, value in unet.state_dict().items():
                average[key].lerp_(value, 1 - decay)
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if step % 25 == 24 and rank == 0:
            print(f"{step + 1} loss {running:.4f} {time.time() - began:.0f} s", flush=True)
        if rank == 0 and (step % 50 == 49 or step == args.steps - 1):
            state = {"model": unet.state_dict(), "ema": average, "optimizer": optimizer.state_dict()}
            torch.save(state | {"step": step + 1, "scaling_factor": scaling}, args.out / "unet.part.pt")
            (args.out / "unet.part.pt").rename(args.out / "unet.pt")


def share_gradients(parts) -> None:
    """Take the mean of the gradients of modules over all processes."""
    if not dist.is_initialized():
        return
    gradients = [p.grad for part in parts for p in part.parameters()]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient) / dist.get_world_size())


def guided_teacher(unet, average: dict, folder: pathlib.Path):
    """A frozen copy with the averaged weights; kept in ``folder`` for a run that is resumed."""
    kept, teacher = folder / "teacher.pt", copy.deepcopy(unet)
    teacher.load_state_dict(torch.load(kept, weights_only=True) if kept.exists() else average)
    if dist.is_initialized():
        dist.barrier()
    torch.save(teacher.state_dict(), kept)
    return teacher.eval().requires_grad_(False)


if __name__ == "__main__":
    main()
