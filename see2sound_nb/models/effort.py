"""How long a photo will take on a CPU, said before it starts."""

from __future__ import annotations

import functools
import time

#: Work of one picture in GFLOP, counted on the models by torch's FlopCounterMode; SAM's is that of its image encoder.
#: Smaller ones take seconds.
GFLOP_OF_A_PICTURE = {
    "sam-vit-b": 972,
    "sam-vit-l": 2986,
    "sam-vit-h": 5961,
    "sam2.1-large": 1825,
    "depth-anything-small": 167,
    "depth-anything-base": 534,
    "depth-anything-large": 1806,
    "depth-anything-v2-small": 167,
    "depth-anything-v2-base": 534,
    "depth-anything-v2-large": 1806,
    "depth-pro": 19_247,
}
#: SAM's encoder waits for memory, and so do the 3072 masks of its 1024 points, which take as long as so many GFLOP:
#: measured, see benchmarks/RESULTS.md.
SAM_ENCODER_FACTOR, SAM_MASKS_GFLOP = 1.7, 17_000
#: Steps of CoDi's solver (DPM-Solver++) by default: they come about as close to the paper's 500 steps of DDIM as 200
#: steps of DDIM do; measured with benchmarks/solvers.py, see RESULTS.md there.
CODI_STEPS = 50
#: A run that takes longer than this, in seconds, says so before it starts.
LONG_S = 60
#: Work of one sound of CoDi in GFLOP: a step with guidance; the picture's encoding, the VAE and the vocoder.
GFLOP_OF_A_STEP, GFLOP_OF_A_SOUND = 2 * 307, 162 + 670 + 1027


def estimate_seconds(names: dict[str, str], sources: int, steps: int | None) -> float:
    """How long the models of a photo will take on this machine's CPU, at the rate of `flops_per_second`.

    Parameters
    ----------
    names : dict
        Model of each task, as `models.table.PRESETS` has them.
    sources : int
        Sounds.
    steps : int, optional
        Diffusion steps; by default those of CoDi.

    Returns
    -------
    float
        Seconds, right to a factor of about 1.5; 0 if all models are tiny.
    """
    gflop = GFLOP_OF_A_PICTURE.get(names["depth"], 0.0)
    if names["segmentation"] != "tiny-sam":
        gflop += SAM_ENCODER_FACTOR * GFLOP_OF_A_PICTURE.get(names["segmentation"], 0) + SAM_MASKS_GFLOP
    if names["audio"] == "codi":
        steps = CODI_STEPS if steps is None else steps
        gflop += sources * (steps * GFLOP_OF_A_STEP + GFLOP_OF_A_SOUND)
    return gflop * 1e9 / flops_per_second() if gflop else 0.0


@functools.cache
def flops_per_second(seconds: float = 0.5) -> float:
    """The CPU's rate on a convolution such as the denoiser is made of, in float32.

    Parameters
    ----------
    seconds : float
        How long to measure; the answer is kept for the next call.

    Returns
    -------
    float
        Floating-point operations a second.
    """
    import torch

    with torch.inference_mode():
        layer = torch.nn.Conv2d(384, 384, 3, padding=1)
        x = torch.ones(2, 384, 128, 8)
        layer(x)
        start, runs = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            layer(x)
            runs += 1
        return runs * 2 * layer.weight.numel() * x[:, 0].numel() / (time.perf_counter() - start)


def describe(seconds: float) -> str:
    """A duration in words, such as ``"about 14 minutes"``."""
    if seconds < 90:
        return f"about {round(seconds)} seconds"
    return f"about {round(seconds / 60)} minutes" if seconds < 5400 else f"about {seconds / 3600:.1f} hours"
