"""How long does each part of CoDi take, and how long would it take at the device's full speed?

    python benchmarks/codi.py                 # as published on a GPU, at a reduced size on a CPU
    python benchmarks/codi.py --size full     # as published on any device
    python benchmarks/codi.py --photo         # also SAM ViT-H, Depth Anything L and the room
    python benchmarks/codi.py --compile --step-only  # only the ways to run the U-Net
    python benchmarks/codi.py --photo --dry   # everything once, as small as can be: only to see that it runs

The weights are random: the time does not depend on them. The floor of a part is the larger of its FLOPs over the rate
of a large matrix product and its weights' bytes over the rate of a large copy, both measured here in the same type. A
part that fails leaves the others: the status is then 1.
"""

from __future__ import annotations

import argparse
import copy
import datetime
import platform
import statistics
import sys
import time
import traceback
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
FAST_SOUNDS = "sounds, DPM-Solver++"


class Bench:
    """Times parts on one device and prints a row for each."""

    def __init__(self, device: str, dtype: torch.dtype, once: bool = False):
        self.device, self.dtype, self.once = torch.device(device), dtype, once
        self.taken: dict[str, float] = {}
        self.failed, self.first_s = False, 0.0
        side = 8192 if self.device.type == "cuda" else 256 if once else 1536
        a = torch.randn(side, side, device=device, dtype=dtype)
        self.flops_per_s = 2 * side**3 / self.seconds(lambda: a @ a)
        b = torch.empty(2**28 if self.device.type == "cuda" else 2**25, device=device, dtype=dtype)
        c = torch.empty_like(b)
        self.bytes_per_s = 2 * b.numel() * b.element_size() / self.seconds(lambda: c.copy_(b))

    def seconds(self, work: Callable[[], object], repeats: int = 5) -> float:
        """The median time of ``work`` after two runs that do not count; on a CPU of one run if that is long."""
        taken = []
        for _ in range(1 if self.once else repeats + 2):
            self.wait()
            start = time.perf_counter()
            work()
            self.wait()
            taken.append(time.perf_counter() - start)
            if self.device.type == "cpu" and taken[0] > 5:  # warming up matters little then
                break
        self.first_s = taken[0]
        return statistics.median(taken[2:] or taken)

    def wait(self) -> None:
        """Let the device finish."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def row(self, part: str, work: Callable[[], object], weights=None, gflop: float | None = None, repeats: int = 5):
        """Print a part's time, its floor, and their ratio; return its work in GFLOP, counted unless it is given."""
        counted_s = 0.0
        try:
            if gflop is None:
                start = time.perf_counter()
                with FlopCounterMode(display=False) as counter:
                    work()
                counted_s, gflop = time.perf_counter() - start, counter.get_total_flops() / 1e9
            taken = self.taken[part] = counted_s if self.once and counted_s else self.seconds(work, repeats)
        except Exception:  # a time on a GPU is hard to come by: the other parts are wanted all the more
            traceback.print_exc()
            print(f"{part:<44}{'failed':>14}", flush=True)
            self.failed = True
            return gflop or 0.0
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
def steps(bench: Bench, unet, sources: int, compiled: bool) -> float:
    """The rows of a step in all ways; returns its GFLOP."""
    from diffusers.models.attention_processor import AttnProcessor2_0

    device, dtype = bench.device, bench.dtype
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
    if device.type == "cuda":
        graphed_last = capture(unet, last, t, token)
        bench.row("a step, channels last, CUDA graph", lambda: graphed_last(last, t, token), unet, gflop)
    unet.to(memory_format=torch.contiguous_format)
    if device.type == "cuda":
        bench.row("capturing the CUDA graph, once a call", lambda: capture(unet, x, t, token), gflop=0)
        graphed = capture(unet, x, t, token)
        bench.row("a step, CUDA graph", lambda: graphed(x, t, token), unet, gflop)
    if compiled:
        how = dict(backend="eager") if bench.once else dict(mode="reduce-overhead") if device.type == "cuda" else {}
        fast = torch.compile(unet, **how)
        bench.row("a step, torch.compile", lambda: fast(x, t, token), unet, gflop)
        print(f"{'compiling it, once a process':<44}{1e3 * bench.first_s:>11.1f} ms")
    return gflop


@torch.no_grad()
def parts(bench: Bench, pipe, sources: int) -> float:
    """The rows of what is done once; returns its GFLOP."""
    photos = [np.random.default_rng(k).integers(0, 255, (300, 400, 3), np.uint8) for k in range(sources)]
    once = bench.row(f"pictures to tokens, {sources}", lambda: pipe.encode_image(photos), pipe.image_encoder)
    shape = (sources, pipe.unet.config.in_channels, *pipe.unet.config.sample_size)
    latents = torch.randn(shape, device=bench.device, dtype=bench.dtype)
    each = range(sources) if bench.device.type == "cpu" else [slice(None)]
    at = [latents[k : k + 1] if isinstance(k, int) else latents[k] for k in each]
    once += bench.row("VAE: latents to spectrograms", lambda: [pipe.vae.decode(z) for z in at], pipe.vae)
    mels = [pipe.vae.decode(z).sample[:, 0] for z in at]
    once += bench.row("vocoder: spectrograms to waves", lambda: [pipe.vocoder(mel) for mel in mels], pipe.vocoder)
    return once


def sounds(bench: Bench, pipe, sources: int, ddim_steps: int, step: float, once: float) -> None:
    """The rows of whole sounds."""
    photos = [np.random.default_rng(k).integers(0, 255, (300, 400, 3), np.uint8) for k in range(sources)]
    seeds = range(sources)
    fast_steps = 2 if bench.once else pipe.config.num_inference_steps
    if bench.device.type == "cuda":
        pipe.enable_cuda_graphs()
    work = lambda: pipe(photos, seeds=seeds, num_inference_steps=fast_steps)  # noqa: E731
    bench.row(f"{FAST_SOUNDS} {fast_steps} steps", work, gflop=once + fast_steps * step, repeats=1)
    fast, pipe.scheduler = pipe.scheduler, ddim_scheduler()
    work = lambda: pipe(photos, seeds=seeds, num_inference_steps=ddim_steps)  # noqa: E731
    bench.row(f"sounds, DDIM {ddim_steps} steps", work, gflop=once + ddim_steps * step, repeats=1)
    pipe.scheduler = fast


def other_networks(device: torch.device | str, full: bool) -> tuple:
    """SAM ViT-H, and Depth Anything L with its image processor, or both as small as can be, with random weights."""
    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    from segment_anything.build_sam import _build_sam, build_sam_vit_h
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config, DPTImageProcessor

    sam = (build_sam_vit_h() if full else _build_sam(64, 2, 2, [])).eval().requires_grad_(False).to(device)
    backbone = Dinov2Config(
        hidden_size=1024 if full else 64, num_hidden_layers=24 if full else 4, num_attention_heads=16 if full else 2,
        image_size=518, patch_size=14, out_indices=[21, 22, 23, 24] if full else [1, 2, 3, 4],
        reshape_hidden_states=False, apply_layernorm=True,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=backbone.hidden_size,
        neck_hidden_sizes=[256, 512, 1024, 1024] if full else [16, 32, 64, 64], fusion_hidden_size=256 if full else 16,
    )  # fmt: skip
    model = DepthAnythingForDepthEstimation(config).eval().requires_grad_(False).to(device)
    processor = DPTImageProcessor(
        size={"height": 518, "width": 518}, keep_aspect_ratio=True, ensure_multiple_of=14, do_pad=False
    )
    return sam, (model, processor)


def photo(bench: Bench, full: bool, sounds_s: float | None) -> None:
    """The rows of the other networks of a photo, in float32, of the room, and of all together with the sounds.

    What is found by the detector and the classifier, labels, outlines and files are not in it.
    """
    from see2sound_nb import demo_photo
    from see2sound_nb.media.pictures import read_image
    from see2sound_nb.places.depth import estimate_depth
    from see2sound_nb.regions.clicks import ClickPredictor
    from see2sound_nb.regions.masks import automatic_masks
    from see2sound_nb.render.channels import render_channels
    from see2sound_nb.render.responses import impulse_responses
    from see2sound_nb.room.shoebox import room_around

    I = read_image(demo_photo())
    sam, (model, processor) = other_networks(bench.device, full)
    points = 32 if full else 2  # on a side
    # random weights find nothing: what is not measured is the work on the masks that a real photo has
    work = lambda: automatic_masks(I, sam, {"points_per_side": points})  # noqa: E731
    bench.row(f"SAM{' ViT-H' * full}, {points**2} points", work, repeats=2)
    bench.taken.clear()  # a run asks for automatic masks only with select="area"
    boxes = np.array([[30, 60, 300, 200], [60, 90, 200, 310]] * 4, dtype=float)

    def prompted():
        predictor = ClickPredictor(I, sam)
        return [predictor.mask_in(box) for box in boxes]

    bench.row(f"SAM{' ViT-H' * full}, {len(boxes)} boxes", prompted, repeats=2)
    bench.row(f"Depth Anything{' L' * full}", lambda: estimate_depth(I, model, processor), repeats=2)
    positions_m = np.array([[-2.0, 3.0, 0.0], [-1.0, 4.0, 0.0], [0.0, 3.0, 0.5], [1.0, 5.0, 0.0], [2.0, 2.5, 0.0]])
    A = np.random.default_rng(0).standard_normal((5, 163840)).astype(np.float32)

    def play():
        h = impulse_responses(room_around(positions_m), positions_m, "5.1")
        render_channels(A, h)

    bench.row("the room and 5.1", play, gflop=0, repeats=2)
    if sounds_s is not None and not bench.failed:
        print(f"{'from the photo to 5.1, together':<44}{1e3 * (sounds_s + sum(bench.taken.values())):>11.1f} ms")


def main() -> None:
    cuda = torch.cuda.is_available()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if cuda else "cpu", help="default: %(default)s")
    parser.add_argument("--dtype", choices=("float16", "bfloat16", "float32"), help="default: float16 on a GPU")
    parser.add_argument("--size", choices=("full", "reduced"), help="default: full on a GPU, reduced on a CPU")
    parser.add_argument("--sources", type=int, default=5, help="sounds in one batch (default: 5)")
    parser.add_argument("--ddim-steps", type=int, default=500 if cuda else 50, help="default: 500, on a CPU 50")
    parser.add_argument("--compile", action="store_true", help="also torch.compile, which takes minutes to start")
    parser.add_argument("--step-only", action="store_true", help="only the ways to run a step of the U-Net")
    parser.add_argument("--photo", action="store_true", help="also the other steps from a photo to 5.1")
    parser.add_argument("--dry", action="store_true", help="only see that it runs: once, reduced, on the CPU")
    arguments = parser.parse_args()
    if arguments.dry:
        arguments.device, arguments.dtype, arguments.size = "cpu", "float32", "reduced"
        arguments.sources, arguments.ddim_steps = 1, 2
    gpu = arguments.device.startswith("cuda")
    size = arguments.size or ("full" if gpu else "reduced")
    dtype = getattr(torch, arguments.dtype or ("float16" if gpu else "float32"))
    bench = Bench(arguments.device, dtype, arguments.dry)
    describe(bench, size, arguments.sources)
    try:
        codi(bench, size, arguments)
    except Exception:
        traceback.print_exc()
        bench.failed = True
    if arguments.photo:
        if gpu:
            torch.cuda.empty_cache()
        others = bench if dtype == torch.float32 else Bench(arguments.device, torch.float32, arguments.dry)
        of_sounds = [taken for part, taken in bench.taken.items() if part.startswith(FAST_SOUNDS)]
        others.taken = {}
        photo(others, size == "full", of_sounds[0] if of_sounds else None)
        bench.failed |= others.failed
    sys.exit(int(bench.failed))


def codi(bench: Bench, size: str, arguments: argparse.Namespace) -> None:
    """The rows of CoDi."""
    configuration = PUBLISHED if size == "full" else REDUCED
    if arguments.dry:  # fewer layers are traced sooner
        configuration["unet"]["layers_per_block"] = 1
    if arguments.step_only:  # the other networks need not be made
        configuration = {**REDUCED, "unet": configuration["unet"]}
    pipe = random_codi(configuration)
    pipe = pipe.to(arguments.device, *(() if bench.dtype == torch.float32 else (bench.dtype,)))
    pipe.set_progress_bar_config(disable=True)
    once = 0.0 if arguments.step_only else parts(bench, pipe, arguments.sources)
    step = steps(bench, pipe.unet, arguments.sources, arguments.compile)
    if arguments.step_only:
        return
    gpu = bench.device.type == "cuda"
    if gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(bench.device)
    sounds(bench, pipe, arguments.sources, arguments.ddim_steps, step, once)
    if gpu:
        print(f"peak memory of the sounds: {torch.cuda.max_memory_allocated(bench.device) / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
