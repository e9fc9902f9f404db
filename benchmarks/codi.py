"""How long does each part of CoDi take, and how long would it take at the device's full speed?

    python benchmarks/codi.py                 # as published on a GPU, at a reduced size on a CPU
    python benchmarks/codi.py --size full     # as published on any device
    python benchmarks/codi.py --photo         # also SAM ViT-H, Depth Anything L and the room

The weights are random: the time does not depend on them. The floor of a part is the larger of its FLOPs over the rate
of a large matrix product and its weights' bytes over the rate of a large copy, both measured here in the same type.
"""

from __future__ import annotations

import argparse
import copy
import datetime
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from see2sound_nb.sounds.codi.published import PUBLISHED, random_codi
from see2sound_nb.sounds.codi.schedule import ddim_scheduler
from see2sound_nb.sounds.codi.unet import capture

REDUCED = copy.deepcopy(PUBLISHED)
REDUCED["unet"].update(sample_size=(32, 16), block_out_channels=(32, 64, 128, 128))
REDUCED["vae"].update(block_out_channels=(32, 64, 64))
REDUCED["vocoder"].update(upsample_initial_channel=128)
for tower in ("image_encoder", "text_encoder"):
    REDUCED[tower].update(hidden_size=256, intermediate_size=1024, num_hidden_layers=4, num_attention_heads=4)


class Bench:
    """Times parts on one device and prints a row for each."""

    def __init__(self, device: str, dtype: torch.dtype):
        self.device, self.dtype = torch.device(device), dtype
        side = 8192 if self.device.type == "cuda" else 1536
        a = torch.randn(side, side, device=device, dtype=dtype)
        self.flops_per_s = 2 * side**3 / self.seconds(lambda: a @ a)
        b = torch.empty(2**28 if self.device.type == "cuda" else 2**25, device=device, dtype=dtype)
        c = torch.empty_like(b)
        self.bytes_per_s = 2 * b.numel() * b.element_size() / self.seconds(lambda: c.copy_(b))

    def seconds(self, work: Callable[[], object], repeats: int = 5) -> float:
        """The median time of ``work`` after two runs that do not count; on a CPU of one run if that is long."""
        taken = []
        for _ in range(repeats + 2):
            self.wait()
            start = time.perf_counter()
            work()
            self.wait()
            taken.append(time.perf_counter() - start)
            if self.device.type == "cpu" and taken[0] > 5:  # warming up matters little then
                break
        return statistics.median(taken[2:] or taken)

    def wait(self) -> None:
        """Let the device finish."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def row(self, part: str, work: Callable[[], object], weights=None, gflop: float | None = None, repeats: int = 5):
        """Print a part's time, its floor, and their ratio; return its work in GFLOP, counted unless it is given."""
        if gflop is None:
            with FlopCounterMode(display=False) as counter:
                work()
            gflop = counter.get_total_flops() / 1e9
        taken = self.seconds(work, repeats)
        read = sum(p.numel() * p.element_size() for p in weights.parameters()) if weights is not None else 0
        floor = max(gflop * 1e9 / self.flops_per_s, read / self.bytes_per_s)
        rest = f"{1e3 * floor:>11.1f} ms{taken / floor:>8.1f}" if floor else ""
        print(f"{part:<44}{1e3 * taken:>11.1f} ms{rest}", flush=True)
        return gflop


def describe(bench: Bench, size: str, sources: int) -> None:
    """Print what is measured, and on what."""
    name = (
        torch.cuda.get_device_name(bench.device)
        if bench.device.type == "cuda"
        else f"CPU, {torch.get_num_threads()} threads"
    )
    print(f"{datetime.date.today()}, {name}, torch {torch.__version__}, Python {platform.python_version()}")
    print(
        f"CoDi at {size} size, random weights, sounds in a batch: {sources}, {str(bench.dtype).removeprefix('torch.')}"
    )
    print(f"measured: {bench.flops_per_s / 1e12:.2f} TFLOP/s, {bench.bytes_per_s / 1e9:.0f} GB/s\n")
    print(f"{'part':<44}{'time':>14}{'floor':>14}{'ratio':>8}")


@torch.no_grad()
def parts(bench: Bench, pipe, sources: int, compiled: bool) -> tuple[float, float]:
    """The rows of the networks; returns the GFLOP of a step, and of all that is done once."""
    from diffusers.models.attention_processor import AttnProcessor2_0

    unet, device, dtype = pipe.unet, bench.device, bench.dtype
    photos = [np.random.default_rng(k).integers(0, 255, (300, 400, 3), np.uint8) for k in range(sources)]
    once = bench.row(f"pictures to tokens, {sources}", lambda: pipe.encode_image(photos), pipe.image_encoder)
    x = torch.randn(2 * sources, unet.config.in_channels, *unet.config.sample_size, device=device, dtype=dtype)
    token = torch.randn(2 * sources, 1, unet.config.cross_attention_dim, device=device, dtype=dtype)
    t = torch.tensor(500, device=device)
    folded = unet.attn_processors
    unet.set_attn_processor(AttnProcessor2_0())
    bench.row("a step, cross-attention not folded", lambda: unet(x, t, token), unet)
    unet.set_attn_processor(folded)
    gflop = bench.row("a step", lambda: unet(x, t, token), unet)
    unet.to(memory_format=torch.channels_last)
    last = x.contiguous(memory_format=torch.channels_last)
    bench.row("a step, channels last", lambda: unet(last, t, token), unet, gflop)
    unet.to(memory_format=torch.contiguous_format)
    if device.type == "cuda":
        bench.row("capturing the CUDA graph, once a call", lambda: capture(unet, x, t, token), gflop=0)
        graphed = capture(unet, x, t, token)
        bench.row("a step, CUDA graph", lambda: graphed(x, t, token), unet, gflop)
    if compiled:
        fast = torch.compile(unet, mode="reduce-overhead" if device.type == "cuda" else "default")
        fast(x, t, token)  # minutes
        bench.row("a step, torch.compile", lambda: fast(x, t, token), unet, gflop)
    latents = x[:sources]
    each = range(sources) if device.type == "cpu" else [slice(None)]
    at = [latents[k : k + 1] if isinstance(k, int) else latents[k] for k in each]
    once += bench.row("VAE: latents to spectrograms", lambda: [pipe.vae.decode(z) for z in at], pipe.vae)
    mels = [pipe.vae.decode(z).sample[:, 0] for z in at]
    once += bench.row("vocoder: spectrograms to waves", lambda: [pipe.vocoder(mel) for mel in mels], pipe.vocoder)
    return gflop, once


def sounds(bench: Bench, pipe, sources: int, ddim_steps: int, step: float, once: float) -> None:
    """The rows of whole sounds."""
    photos = [np.random.default_rng(k).integers(0, 255, (300, 400, 3), np.uint8) for k in range(sources)]
    seeds = range(sources)
    steps = pipe.config.num_inference_steps
    if bench.device.type == "cuda":
        pipe.enable_cuda_graphs()
    work = lambda: pipe(photos, seeds=seeds)  # noqa: E731
    bench.row(f"sounds, DPM-Solver++ {steps} steps", work, gflop=once + steps * step, repeats=1)
    fast, pipe.scheduler = pipe.scheduler, ddim_scheduler()
    work = lambda: pipe(photos, seeds=seeds, num_inference_steps=ddim_steps)  # noqa: E731
    bench.row(f"sounds, DDIM {ddim_steps} steps", work, gflop=once + ddim_steps * step, repeats=1)
    pipe.scheduler = fast


def photo(bench: Bench) -> None:
    """The rows of the other networks of a photo, in float32, and of the room; no labels, no outlines, no files."""
    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    from segment_anything import sam_model_registry
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config, DPTImageProcessor

    from see2sound_nb import demo_photo
    from see2sound_nb.media.pictures import read_image
    from see2sound_nb.places.depth import estimate_depth
    from see2sound_nb.regions.masks import automatic_masks
    from see2sound_nb.render.channels import render_channels
    from see2sound_nb.render.responses import impulse_responses
    from see2sound_nb.room.shoebox import room_around

    I = read_image(demo_photo())
    sam = sam_model_registry["vit_h"]().eval().requires_grad_(False).to(bench.device)
    # random weights find nothing: what is not measured is the work on the masks that a real photo has
    bench.row("SAM ViT-H, 1024 points", lambda: automatic_masks(I, sam, {}), repeats=2)
    backbone = Dinov2Config(
        hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, image_size=518, patch_size=14,
        out_indices=[21, 22, 23, 24], reshape_hidden_states=False, apply_layernorm=True,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=1024, neck_hidden_sizes=[256, 512, 1024, 1024],
        fusion_hidden_size=256,
    )  # fmt: skip
    model = DepthAnythingForDepthEstimation(config).eval().requires_grad_(False).to(bench.device)
    processor = DPTImageProcessor(
        size={"height": 518, "width": 518}, keep_aspect_ratio=True, ensure_multiple_of=14, do_pad=False
    )
    bench.row("Depth Anything L", lambda: estimate_depth(I, model, processor), repeats=2)
    positions_m = np.array([[-2.0, 3.0, 0.0], [-1.0, 4.0, 0.0], [0.0, 3.0, 0.5], [1.0, 5.0, 0.0], [2.0, 2.5, 0.0]])
    A = np.random.default_rng(0).standard_normal((5, 163840)).astype(np.float32)

    def play():
        h = impulse_responses(room_around(positions_m), positions_m, "5.1")
        render_channels(A, h)

    bench.row("the room and 5.1", play, gflop=0, repeats=2)


def main() -> None:
    cuda = torch.cuda.is_available()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if cuda else "cpu", help="default: %(default)s")
    parser.add_argument("--dtype", choices=("float16", "bfloat16", "float32"), help="default: float16 on a GPU")
    parser.add_argument("--size", choices=("full", "reduced"), help="default: full on a GPU, reduced on a CPU")
    parser.add_argument("--sources", type=int, default=5, help="sounds in one batch (default: 5)")
    parser.add_argument("--ddim-steps", type=int, default=500 if cuda else 50, help="default: 500, on a CPU 50")
    parser.add_argument("--compile", action="store_true", help="also torch.compile, which takes minutes to start")
    parser.add_argument("--photo", action="store_true", help="also the other steps from a photo to 5.1")
    arguments = parser.parse_args()
    gpu = arguments.device.startswith("cuda")
    size = arguments.size or ("full" if gpu else "reduced")
    dtype = getattr(torch, arguments.dtype or ("float16" if gpu else "float32"))
    bench = Bench(arguments.device, dtype)
    describe(bench, size, arguments.sources)
    pipe = random_codi(PUBLISHED if size == "full" else REDUCED)
    pipe = pipe.to(arguments.device, *(() if dtype == torch.float32 else (dtype,)))
    pipe.set_progress_bar_config(disable=True)
    step, once = parts(bench, pipe, arguments.sources, arguments.compile)
    if gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(bench.device)
    sounds(bench, pipe, arguments.sources, arguments.ddim_steps, step, once)
    if gpu:
        print(f"peak memory of the sounds: {torch.cuda.max_memory_allocated(bench.device) / 1e9:.1f} GB")
    if arguments.photo:
        photo(bench if dtype == torch.float32 else Bench(arguments.device, torch.float32))


if __name__ == "__main__":
    main()
