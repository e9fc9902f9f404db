"""How close do fewer steps come to CoDi's 500 steps of DDIM?

    python benchmarks/solvers.py              # on a model whose noise prediction is known exactly
    python benchmarks/solvers.py codi         # on the published weights, once converted (a GPU, or a day)

Every row starts from the same noise; its distance is RMS(latent - latent of DDIM 500) / RMS(latent of DDIM 500).
The row to match is DDIM with 200 steps. The mean is larger than the median because now and then a small difference
early on leads to another sound.
"""

from __future__ import annotations

import argparse
import dataclasses
from types import SimpleNamespace

import torch

from see2sound_nb.sounds.codi.schedule import ddim_scheduler, fast_scheduler
from see2sound_nb.sounds.tiny_codi import build_tiny_codi

STEPS = {"DDIM": (25, 50, 100, 200), "DPM-Solver++ 2M, Karras": (10, 15, 20, 25, 30, 40, 50)}
SPREADS = (0.3, 0.7)
PER_CLASS = 6  # sounds of a class in the mixture
TRIES = 8  # noises of each class
SENTENCES = [
    "a dog barking", "rain falling", "a piano playing", "a car passing", "a clock ticking", "a church bell ringing",
    "a bird singing", "waves on a beach", "a drum kit playing", "a train passing", "a cat meowing", "wind blowing",
]  # fmt: skip


@dataclasses.dataclass
class Mixture:
    """The exact noise prediction where latents come from Gaussians around given ones.

    Stands where the U-Net stands. A context of -1 means every sound, one of k those of class k.

    Attributes
    ----------
    centres : torch.Tensor
        (classes, sounds of a class, 8, frames, bands) float32.
    spread : float
        Standard deviation around a centre.
    alphas : torch.Tensor
        (1000,) the schedule's cumulative alphas.
    """

    centres: torch.Tensor
    spread: float
    alphas: torch.Tensor

    def __call__(self, sample: torch.Tensor, time: torch.Tensor, classes: torch.Tensor) -> SimpleNamespace:
        alpha = self.alphas[int(time)]
        variance = alpha * self.spread**2 + 1 - alpha
        flat = self.centres.flatten(0, 1).flatten(1)
        of_class = torch.arange(len(self.centres)).repeat_interleave(self.centres.shape[1])
        x = sample.flatten(1)
        weight = -(torch.cdist(x.double(), (alpha.sqrt() * flat).double()) ** 2) / (2 * variance.double())
        allowed = (classes[:, None] < 0) | (classes[:, None] == of_class[None])
        weight = weight.masked_fill(~allowed, -torch.inf).softmax(-1).to(x.dtype)
        noise = (1 - alpha).sqrt() * (x - alpha.sqrt() * weight @ flat) / variance
        return SimpleNamespace(sample=noise.view_as(sample))


def solve(predict, scheduler, steps: int, noise: torch.Tensor, scale: float) -> torch.Tensor:
    """The latents of a solver with classifier-free guidance."""
    scheduler.set_timesteps(steps)
    latents = noise * scheduler.init_noise_sigma
    for time in scheduler.timesteps:
        without, conditional = predict(torch.cat([latents, latents]), time).chunk(2)
        latents = scheduler.step(without + scale * (conditional - without), time, latents).prev_sample
    return latents


def sounds_of_the_tiny_model() -> torch.Tensor:
    """Latents with the statistics of sounds, (classes, sounds of a class, 8, 72, 8), each of unit variance."""
    tiny, found = build_tiny_codi(), []

    def keep(pipe, step, time, tensors):
        if step == pipe.num_timesteps - 1:
            found.append(tensors["latents"])
        return tensors

    for sentence in SENTENCES:
        tiny(prompts=sentence, seeds=range(PER_CLASS), callback_on_step_end=keep)
    latents = torch.stack(found)
    return (latents - latents.mean()) / latents.std()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="mixture", help="mixture, or an audio model by name")
    parser.add_argument("--guidance", type=float, default=7.5, help="default: %(default)s")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="default: %(default)s")
    arguments = parser.parse_args()
    wanted = torch.arange(len(SENTENCES)).repeat(TRIES)
    generator = torch.Generator().manual_seed(0)
    if arguments.model == "mixture":
        centres = sounds_of_the_tiny_model()
        context = torch.cat([torch.full_like(wanted, -1), wanted])
        noise = torch.randn(len(wanted), *centres.shape[2:], generator=generator)
        for spread in SPREADS:
            mixture = Mixture(centres, spread, ddim_scheduler().alphas_cumprod)
            compare(f"mixture, spread {spread}", lambda x, t: mixture(x, t, context).sample, noise, arguments.guidance)  # noqa: B023
        return
    from see2sound_nb.sounds.loading import load_audio

    pipe = load_audio(arguments.model, device=arguments.device)
    with torch.no_grad():
        token = torch.cat([pipe.encode(None, [""]).expand(len(wanted), -1, -1), pipe.encode(None, SENTENCES)[wanted]])
    shape = (pipe.unet.config.in_channels, *pipe.unet.config.sample_size)
    noise = torch.randn(len(wanted), *shape, generator=generator).to(token.device)

    @torch.no_grad()
    def predict(sample, time):
        return pipe.unet(sample.to(pipe.unet.dtype), time, token.to(pipe.unet.dtype)).sample.float()

    compare(arguments.model, predict, noise, arguments.guidance)


def compare(title: str, predict, noise: torch.Tensor, scale: float) -> None:
    """Print the distance of each solver to 500 steps of DDIM."""
    reference = solve(predict, ddim_scheduler(), 500, noise, scale)
    print(f"{title}, guidance {scale:g}, {len(noise)} sounds")
    print(f"  {'solver':<26}{'steps':>5}{'median':>10}{'mean':>10}   distance to DDIM 500")
    for name, make in (("DDIM", ddim_scheduler), ("DPM-Solver++ 2M, Karras", fast_scheduler)):
        for steps in STEPS[name]:
            found = solve(predict, make(), steps, noise, scale)
            distance = 100 * (found - reference).flatten(1).norm(dim=1) / reference.flatten(1).norm(dim=1)
            print(f"  {name:<26}{steps:>5}{float(distance.median()):>8.2f} %{float(distance.mean()):>8.2f} %")


if __name__ == "__main__":
    main()
