"""Train the tiny CoDi on a GPU within given seconds: the VAE anew on log-mels, then the denoiser on its latents.

Starts from a weights file (the shipped one) and from what `pack_mels` wrote, so neither the recordings nor MiniLM need
be there. Writes ``OUT/vae.safetensors``, ``OUT/unet_plain.safetensors`` (before guidance was learned) and
``OUT/unet.safetensors``, float16 each, again and again; `pack_codi` makes the weights file of them.

VAE: encoder and decoder learn from 1.3 s of log-mel at a time. Loss: absolute error of the log-mel; of its spread
within patches (`train_codi_decoder.texture_loss`); of its differences in time and frequency at three scales; of what a
small classifier of the kinds, trained first and then frozen, makes of it; and the light pull towards a unit normal.
All but the first and the last keep texture, which the absolute error alone smooths away.

Denoiser: the loss and tokens of `train_codi`, the latents encoded anew every few hundred steps from clips that are
rolled in time, louder or softer, tilted, and at times laid over another of their kind. In the first half of the time
it learns from the clips; in the second the guidance of the averaged weights is learned, too.

On a GPU a step is one CUDA graph (captured once, replayed); where that fails, the program starts itself again with
``--eager``. ``--dry`` does three steps of everything and writes the files, on any machine.
"""

from __future__ import annotations

import argparse
import copy
import os
import pathlib
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pack_mels
import torch
import torch.nn.functional as F
from mel_data import VARIANTS
from torch import nn
from train_codi_decoder import texture_loss

CROP = 128  # frames that the VAE learns from at a time
KEPT = 4  # latents of a clip that are drawn from until they are made anew
LOTS = 2**16
BETAS_VAE, BETAS_UNET = (0.9, 0.95), (0.9, 0.98)


class Mels:
    """The log-mels and sentences on the device, and how likely each clip is drawn.

    Attributes
    ----------
    mels : torch.Tensor
        (N, frames, 64) float32.
    kind : torch.Tensor
        (N,) index into ``names``, sorted.
    clips_first, clips_many : torch.Tensor
        Of each kind, where its clips begin and how many there are.
    sentences, first, many : torch.Tensor
        All embeddings (S, 384); of each kind, where its own begin and how many there are.
    nothing : torch.Tensor
        (384,) embedding of the empty sentence.
    lots : torch.Tensor
        (`LOTS`,) clips, as often as they shall be drawn; `shuffle` draws them anew in place.
    """

    def __init__(self, folder: pathlib.Path, device: torch.device, dry: bool):
        parts = [pack_mels.read(folder / f"{name}.npz") for name in ("recorded", "rendered")]
        every = [(name, k == 0) for k, (names, _) in enumerate(parts) for name in names]
        order = sorted(range(len(every)), key=lambda k: every[k][0])[:: 20 if dry else 1]
        every, mels = [every[k] for k in order], np.concatenate([mels for _, mels in parts])[order]
        pools = pack_mels.read_pools(folder / "pools.npz")
        self.names = sorted({name for name, _ in every})
        self.mels = torch.from_numpy(mels).to(device)
        self.low = self.mels.min()
        self.kind = torch.tensor([self.names.index(name) for name, _ in every], device=device)
        self.clips_many = self.kind.bincount()
        self.clips_first = self.clips_many.cumsum(0) - self.clips_many
        self.many = torch.tensor([len(pools[name]) for name in self.names], device=device)
        self.first = self.many.cumsum(0) - self.many
        self.sentences = torch.from_numpy(np.concatenate([pools[name] for name in self.names])).to(device)
        self.nothing = torch.from_numpy(pools[""][0]).to(device)
        self.chances = torch.tensor([chance(item, every) for item in every], device=device)
        self.lots = torch.zeros(LOTS, dtype=torch.long, device=device)
        self.loops = as_loops(self.mels)
        self.shuffle()

    def shuffle(self) -> None:
        """Draw the lots anew."""
        self.lots.copy_(torch.multinomial(self.chances, LOTS, replacement=True))

    def draw(self, size: int) -> torch.Tensor:
        """(size,) clips."""
        return self.lots[torch.randint(LOTS, (size,), device=self.lots.device)]

    def tokens(self, kind: torch.Tensor, none: float = 0.1) -> torch.Tensor:
        """(B, 1, 384) tokens for (B,) kinds; see `train_codi.draw_tokens`."""
        size, device = len(kind), kind.device
        pick = (torch.rand(size, 4, device=device) * self.many[kind, None]).long() + self.first[kind, None]
        said = self.sentences[pick]
        weight = torch.rand(size, 3, 1, device=device) ** 3
        token = F.normalize((weight * said[:, :3]).sum(1), dim=-1)
        share = torch.rand(size, 1, device=device)
        share = torch.where(torch.rand(size, 1, device=device) < 0.3, share, torch.ones_like(share))
        token = share * token + (1.0 - share) * said[:, 3]
        token = token + 0.012 * torch.randn_like(token)
        return torch.where(torch.rand(size, 1, device=device) < none, self.nothing, token)[:, None]


def chance(item: tuple[str, bool], every: list[tuple[str, bool]]) -> float:
    """How likely a clip (kind, recorded or not) is drawn: all kinds alike, and `train_codi.recorded_share`."""
    share = (0.85 if item[1] else 0.15) if (item[0], not item[1]) in every else 1.0
    return (0.5 if item[0] in VARIANTS else 1.0) * share / every.count(item)


def add(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Log-mel of two sounds at once, of their log-mels: their powers are added."""
    from see2sound_nb.sounds.mel import MEL_SCALE

    return torch.logaddexp(a * 2 * MEL_SCALE, b * 2 * MEL_SCALE) / (2 * MEL_SCALE)


def as_loops(mels: torch.Tensor) -> torch.Tensor:
    """(N, 576, 64) of (N, 592, 64): what is over at the end is faded into the beginning, so that they may be rolled."""
    from see2sound_nb.sounds.mel import MEL_SCALE
    from see2sound_nb.sounds.tiny_codi import FRAMES

    over = mels.shape[1] - FRAMES
    rise = torch.linspace(0.0, 1.0, over + 2, device=mels.device)[1:-1, None].log() / (2 * MEL_SCALE)
    loops = mels[:, :FRAMES].clone()
    loops[:, :over] = add(loops[:, :over] + rise, mels[:, FRAMES:] + rise.flip(0))
    return loops


def varied(data: Mels, clips: torch.Tensor) -> torch.Tensor:
    """(B, 1, 576, 64) log-mels of clips, each varied at random."""
    size, device = len(clips), clips.device
    kind = data.kind[clips]
    other = data.clips_first[kind] + (torch.rand(size, device=device) * data.clips_many[kind]).long()
    rolled = []
    for which in (clips, other):
        shift = torch.randint(data.loops.shape[1], (size, 1), device=device)
        frames = (torch.arange(data.loops.shape[1], device=device) + shift) % data.loops.shape[1]
        rolled.append(data.loops[which[:, None], frames])
    layered = add(rolled[0], rolled[1] - 0.4 * torch.rand(size, 1, 1, device=device))
    mel = torch.where(torch.rand(size, 1, 1, device=device) < 0.15, layered, rolled[0])
    level, tilt = 2.0 * torch.rand(2, size, 1, 1, device=device) - 1.0
    bands = torch.linspace(-1.0, 1.0, mel.shape[2], device=device)
    return torch.maximum(mel + 0.17 * level + 0.12 * tilt * bands, data.low)[:, None]


class Listener(nn.Module):
    """A small classifier of log-mels (B, 1, frames, 64); what its layers see is what the VAE must keep."""

    def __init__(self, kinds: int):
        super().__init__()
        widths = (1, 32, 64, 96, 128)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 3, 1, 1), nn.BatchNorm2d(b), nn.ReLU()) for a, b in pairwise(widths)
        )
        self.head = nn.Linear(2 * widths[-1], kinds)

    def forward(self, mel: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """What each layer sees, and (B, kinds) logits."""
        seen = []
        for block in self.blocks:
            mel = block(mel)
            seen.append(mel)
            mel = F.avg_pool2d(mel, 2)
        return seen, self.head(torch.cat([mel.mean((2, 3)), mel.amax((2, 3))], 1))


def gradient_loss(made: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Absolute error of the differences from frame to frame and from band to band, mean of three scales."""
    error, total = made - true, 0.0
    for _ in range(3):
        total = total + error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
        error = F.avg_pool2d(error, 2)
    return total / 6


class Step:
    """One training step: a loss of nothing but what is on the device, its gradient, an AdamW step, an average.

    ``rate`` is set before each; ``losses`` holds what the last step lost.
    """

    def __init__(self, model: nn.Module, loss: Callable, betas, decay: float, weight_decay: float, bfloat16: bool):
        self.model, self.loss, self.decay, self.bfloat16 = model, loss, decay, bfloat16
        self.learned = [p for p in model.parameters() if p.requires_grad]
        self.average = [p.detach().clone() for p in self.learned]
        device = self.learned[0].device
        self.losses = None
        self.optimizer = torch.optim.AdamW(
            self.learned,
            torch.tensor(0.0, device=device),
            betas,
            weight_decay=weight_decay,
            fused=True,
            capturable=device.type == "cuda",
        )
        self.rate = self.optimizer.param_groups[0]["lr"]

    def __call__(self) -> None:
        """Do it."""
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.rate.device.type, torch.bfloat16, enabled=self.bfloat16):
            losses = self.loss()
        losses[0].backward()
        torch.nn.utils.clip_grad_norm_(self.learned, 1.0)
        self.optimizer.step()
        torch._foreach_lerp_(self.average, [p.detach() for p in self.learned], 1.0 - self.decay)
        kept = torch.stack([x.detach().float() for x in losses])
        if self.losses is None:
            self.losses = torch.zeros_like(kept)
        self.losses.copy_(kept)

    def averaged(self) -> dict[str, torch.Tensor]:
        """The averaged weights by name."""
        names = [name for name, p in self.model.named_parameters() if p.requires_grad]
        return self.model.state_dict() | dict(zip(names, self.average, strict=True))


def captured(step: Step, eager: bool) -> Callable:
    """The step as a CUDA graph; as it is on the CPU or if ``eager``."""
    if eager or step.rate.device.type == "cpu":
        return step
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):  # at a rate of 0: what is allocated once, is now
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def run(step: Step, seconds: float, peak: float, title: str, args, every: Callable = lambda count: None) -> int:
    """Train for so many seconds (three steps if ``--dry``); ``every`` is called each 100 steps.

    The rate warms up over 100 steps and falls by a cosine from ``peak`` to a thirtieth of it.
    """
    began = time.time()
    do, count, shown = captured(step, args.eager), 0, time.time()
    while True:
        done = min(1.0, (time.time() - began) / seconds) if not args.dry else count / 3
        if done >= 1.0:
            break
        cosine = 0.5 * (1.0 + np.cos(np.pi * done))
        step.rate.fill_(peak * min(1.0, (count + 1) / 100) * (0.03 + 0.97 * cosine))
        if count % 100 == 0:
            every(count)
        do()
        count += 1
        if count % 25 == 0 or args.dry:
            lost = step.losses.tolist()  # waits for the device
            if not np.isfinite(lost).all():
                raise FloatingPointError(f"{title}: {lost} at step {count}")
            if time.time() - shown > 5 or args.dry:
                shown = time.time()
                print(f"{title} {count} " + " ".join(f"{x:.4f}" for x in lost) + f" {shown - began:.0f} s", flush=True)
    print(f"{title}: {count} steps in {time.time() - began:.0f} s", flush=True)
    return count


def listener_step(listener: Listener, data: Mels, size: int) -> Step:
    """The classifier's step: cross-entropy of the kind of a crop, which is louder or softer and a little noisy."""

    def loss():
        clips, mel = crops(data, size)
        mel = mel + 0.05 * torch.randn_like(mel)
        logits = listener(mel)[1]
        return F.cross_entropy(logits, data.kind[clips], label_smoothing=0.1), (
            logits.argmax(1) == data.kind[clips]
        ).float().mean()

    return Step(listener, loss, BETAS_VAE, 0.99, 1e-2, False)


def crops(data: Mels, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(B,) clips and (B, 1, `CROP`, 64) of each, at another level each time."""
    clips, device = data.draw(size), data.mels.device
    start = torch.randint(data.mels.shape[1] - CROP, (size, 1), device=device)
    mel = data.mels[clips[:, None], start + torch.arange(CROP, device=device)]
    return clips, torch.maximum(mel + 0.4 * torch.rand(size, 1, 1, device=device) - 0.2, data.low)[:, None]


def vae_step(vae, listener: Listener, data: Mels, size: int, args) -> Step:
    """The VAE's step."""

    def loss():
        _, mel = crops(data, size)
        posterior = vae.encode(mel).latent_dist
        z = posterior.mean + posterior.std * torch.randn_like(posterior.mean)
        z = z + 0.05 * posterior.mean.std().detach() * torch.randn_like(z)  # the denoiser's are not quite those
        made = vae.decode(z).sample
        error, texture, gradient = (made - mel).abs().mean(), texture_loss(made, mel), gradient_loss(made, mel)
        with torch.no_grad():
            true = listener(mel)[0]
        pairs = zip(listener(made)[0], true, strict=True)
        features = sum((a - b).abs().mean() / b.abs().mean() for a, b in pairs) / len(true)
        pull = posterior.kl().mean() / (mel.shape[2] * mel.shape[3] / 64)
        total = error + args.texture * texture + args.gradient * gradient + args.features * features + 3e-5 * pull
        return total, error, texture, gradient, features

    return Step(vae, loss, BETAS_VAE, 0.998, 1e-3, False)


class Bank:
    """Latents of all clips, `KEPT` of each, varied anew by `fill`."""

    def __init__(self, vae, data: Mels):
        self.vae, self.data, self.scaling = vae, data, 1.0
        self.latents = torch.zeros(len(data.kind), KEPT, 8, 72, 8, device=data.mels.device)

    @torch.no_grad()
    def fill(self, step: int = 0) -> None:
        """Make all latents anew at step 0, a quarter of them at the others."""
        clips = torch.arange(len(self.latents), device=self.latents.device)
        for k in range(KEPT) if step == 0 else [step // 100 % KEPT]:
            for some in clips.split(128):
                mean = self.vae.encode(varied(self.data, some)).latent_dist.mean
                self.latents[some, k] = self.scaling * mean
        self.data.shuffle()

    def measure(self) -> None:
        """Scale the latents to a deviation of 1."""
        self.fill()
        self.scaling = 1.0 / self.latents.std().item()
        self.latents *= self.scaling


def denoiser_step(unet, teacher, bank: Bank, data: Mels, size: int, guidance: float) -> Step:
    """The denoiser's step: squared error of the velocity, with what a ``teacher`` knows of guidance added to it."""
    from see2sound_nb.sounds.tiny_codi import make_scheduler

    kept = make_scheduler().alphas_cumprod.to(data.mels.device)
    signal, hiss = kept.sqrt()[:, None, None, None], (1.0 - kept).sqrt()[:, None, None, None]

    def loss():
        clips = data.draw(size)
        device = clips.device
        x = bank.latents[clips, torch.randint(KEPT, (size,), device=device)]
        token = data.tokens(data.kind[clips])
        noise, times = torch.randn_like(x), torch.randint(len(kept), (size,), device=device)
        noisy = signal[times] * x + hiss[times] * noise
        target = signal[times] * noise - hiss[times] * x
        if teacher is not None:
            with torch.no_grad():
                none = data.nothing.expand_as(token)
                both = teacher(torch.cat([noisy, noisy]), torch.cat([times, times]), torch.cat([token, none])).sample
            target = target + (guidance - 1.0) * (both[:size].float() - both[size:].float())
        return (F.mse_loss(unet(noisy, times, token).sample.float(), target),)

    return Step(unet, loss, BETAS_UNET, 0.998, 1e-2, True)


def save(path: pathlib.Path, state: dict[str, torch.Tensor], **about) -> None:
    """Write float16 safetensors; what stands there stays whole until then."""
    from safetensors.torch import save_file

    part = path.with_suffix(".part")
    half = {k: v.detach().half().cpu().contiguous() for k, v in state.items()}
    save_file(half, part, metadata={k: str(v) for k, v in about.items()})
    part.chmod(0o644)
    part.rename(path)


@torch.no_grad()
def named(
    unet, vae, listener: Listener, data: Mels, scaling: float, guidance: float, limit=None, each: int = 3
) -> float:
    """How often the classifier names the kind of a sound that is generated in 8 steps from a sentence of it."""
    from see2sound_nb.sounds.tiny_codi import make_scheduler

    scheduler, device = make_scheduler(), data.mels.device
    scheduler.set_timesteps(8)
    kind = torch.arange(len(data.names), device=device)[:limit].repeat_interleave(each)
    token, x = data.sentences[data.first[kind]][:, None], torch.randn(len(kind), 8, 72, 8, device=device)
    none = data.nothing.expand_as(token)
    for t in scheduler.timesteps.tolist():
        velocity = unet(x, torch.full((len(x),), t, device=device), token).sample
        if guidance != 1.0:
            without = unet(x, torch.full((len(x),), t, device=device), none).sample
            velocity = without + guidance * (velocity - without)
        x = scheduler.step(velocity, t, x).prev_sample
    found = torch.cat([listener(vae.decode(some / scaling).sample)[1].argmax(1) for some in x.split(64)])
    return (found == kind).float().mean().item()


@torch.no_grad()
def vae_error(vae, data: Mels) -> float:
    """Absolute error of the log-mel over every fortieth clip, whole."""
    some = data.mels[::40, None]
    return (vae.decode(vae.encode(some).latent_dist.mean).sample - some).abs().mean().item()


def train(data: Mels, vae, unet, args) -> None:
    """All of it: the classifier, the VAE, the denoiser without guidance and with it."""
    device = data.mels.device
    listener = Listener(len(data.names)).to(device)
    heard = listener_step(listener, data, args.vae_batch)
    run(heard, args.classifier_s, 2e-3, "classifier", args)
    listener.eval().requires_grad_(False)
    print(f"the VAE's error before: {vae_error(vae, data):.4f}", flush=True)
    if args.vae_s:
        step = vae_step(vae, listener, data, args.vae_batch, args)
        out = args.out / "vae.safetensors"
        run(step, args.vae_s, args.vae_rate, "VAE", args,
            lambda k: k and k % 2000 == 0 and save(out, step.averaged(), step=k))  # fmt: skip
        vae.load_state_dict(step.averaged())
        del step
    save(args.out / "vae.safetensors", vae.state_dict())
    vae.load_state_dict({k: v.half().float() for k, v in vae.state_dict().items()})
    vae.eval().requires_grad_(False)
    print(f"the VAE's error afterwards: {vae_error(vae, data):.4f}", flush=True)
    if not args.unet_s:
        return
    bank = Bank(vae, data)
    bank.measure()
    print(f"scaling {bank.scaling:.5f}", flush=True)
    teacher, total, plain_s = None, 0, args.unet_s * args.plain_share
    for title, seconds, peak in (
        ("unet_plain", plain_s, args.rate),
        ("unet", args.unet_s - plain_s, args.rate / 2),
    ):
        if title == "unet":
            teacher = copy.deepcopy(unet).eval().requires_grad_(False)
        out = args.out / f"{title}.safetensors"
        if seconds:
            step = denoiser_step(unet, teacher, bank, data, args.batch, args.guidance)

            def every(count, step=step, out=out, total=total):
                if count:
                    bank.fill(count)
                    if count % 1000 == 0:
                        save(out, step.averaged(), step=total + count, scaling_factor=bank.scaling)

            total += run(step, seconds, peak, title, args, every)
            unet.load_state_dict(step.averaged())
            del step
        save(out, unet.state_dict(), step=total, scaling_factor=bank.scaling)
        scale = args.guidance if title == "unet_plain" else 1.0
        share = named(unet, vae, listener, data, bank.scaling, scale, 2 if args.dry else None)
        print(f"{title}: the classifier names {share:.0%} (guidance {scale})", flush=True)


def main() -> None:
    """Load everything, rehearse every kind of step on copies, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payload", type=pathlib.Path, required=True, help="folder of `pack_mels`")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--weights", type=pathlib.Path, help="a weights file to start from; the shipped one")
    parser.add_argument("--vae", type=pathlib.Path, help="a vae.safetensors to start from instead")
    parser.add_argument("--unet", type=pathlib.Path, help="a unet*.safetensors to start from instead")
    parser.add_argument("--classifier-s", type=float, default=8.0, help="seconds for the classifier")
    parser.add_argument("--vae-s", type=float, default=60.0, help="seconds for the VAE; 0: as it is")
    parser.add_argument("--unet-s", type=float, default=150.0, help="seconds for the denoiser; 0: the VAE alone")
    parser.add_argument("--plain-share", type=float, default=0.5, help="of these, without learning guidance")
    parser.add_argument("--vae-batch", type=int, default=128)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--vae-rate", type=float, default=1.5e-3)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--texture", type=float, default=0.5)
    parser.add_argument("--gradient", type=float, default=0.5)
    parser.add_argument("--features", type=float, default=0.1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--eager", action="store_true", help="no CUDA graphs")
    parser.add_argument("--dry", action="store_true", help="three steps of everything, small batches")
    args = parser.parse_args()
    began = time.time()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    if args.dry:
        args.vae_batch, args.batch = 4, 4
    from safetensors.torch import load_file

    from see2sound_nb.sounds import tiny_codi

    args.out.mkdir(parents=True, exist_ok=True)
    device = torch.device(args.device)
    state = load_file(args.weights or tiny_codi.WEIGHTS)
    models = []
    for name, model, path in (("vae", tiny_codi.make_vae(), args.vae), ("unet", tiny_codi.make_unet(), args.unet)):
        mine = {k.removeprefix(name + "."): v for k, v in state.items() if k.startswith(name + ".")}
        model.load_state_dict({k: v.float() for k, v in (load_file(path) if path else mine).items()})
        if set(model.state_dict()) != {k for k, _ in model.named_parameters()}:
            raise RuntimeError(f"{name} has buffers, which Step.average leaves out")
        models.append(model.to(device))
    vae, unet = models
    data = Mels(args.payload, device, args.dry)
    print(f"{len(data.kind)} clips of {len(data.names)} kinds and variants on {device}, {time.time() - began:.0f} s")
    if device.type == "cuda" and not args.eager:
        try:
            rehearse(data, vae, unet, args)
        except RuntimeError as error:
            print(f"no CUDA graphs: {error}", flush=True)
            os.execv(sys.executable, [sys.executable, *sys.argv, "--eager"])
        print(f"rehearsed, {time.time() - began:.0f} s", flush=True)
    train(data, vae, unet, args)
    print(f"all of it took {time.time() - began:.0f} s", flush=True)


def rehearse(data: Mels, vae, unet, args) -> None:
    """Capture and replay every kind of step on copies; say what each takes."""
    device = data.mels.device
    listener, bank = Listener(len(data.names)).to(device), Bank(vae, data)
    vae, unet = copy.deepcopy(vae), copy.deepcopy(unet)
    teacher = copy.deepcopy(unet).requires_grad_(False)
    steps = {"classifier": listener_step(listener, data, args.vae_batch)}
    bank.measure()
    quiet = copy.deepcopy(listener).eval().requires_grad_(False)
    steps["VAE"] = vae_step(vae, quiet, data, args.vae_batch, args)
    steps["unet_plain"] = denoiser_step(unet, None, bank, data, args.batch, args.guidance)
    steps["unet"] = denoiser_step(copy.deepcopy(unet), teacher, bank, data, args.batch, args.guidance)
    for title, step in steps.items():
        do = captured(step, False)
        do()
        torch.cuda.synchronize()
        began = time.time()
        for _ in range(5):
            do()
        torch.cuda.synchronize()
        lost = step.losses.tolist()
        print(f"{title}: {(time.time() - began) / 5 * 1e3:.1f} ms a step, losses {lost}", flush=True)
        if not np.isfinite(lost).all():
            raise RuntimeError(f"{title}: losses {lost}")
        del do
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
