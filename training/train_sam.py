"""Train the tiny SAM on rendered scenes (the trunk stays frozen, its features are read from the shards).

    python training/train_sam.py --shards DIR --run FOLDER --steps 6000 --seed 7 [--resume] [--out FILE]

Writes ``FOLDER/checkpoint.pt`` and the averaged weights as ``FILE`` (safetensors, float16) every few hundred steps.
New shards are used as they appear.
"""

import argparse
import itertools
import math
import os
import pathlib
import time

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from sam_prompts import sample_prompts

from see2sound_nb.models.trunk import PIXEL_MEAN, PIXEL_STD
from see2sound_nb.regions import tiny_sam

PICTURES = 8
ORDERS = [list(itertools.combinations(range(3), n)) for n in range(4)]
METADATA = {"licence": "Apache-2.0", "source": "see2sound_nb training/train_sam.py, see tiny_sam.md"}


# ------------------------------------------------------------------------------------------ data
def load_scenes(rng, folder):
    """Random pictures of one random shard: normalised pixels, trunk features, labels (I, 3, H/2, W/2)."""
    shards = sorted(p for p in folder.glob("shard?????"))
    if not shards:
        raise ValueError(f"no shard in {folder}; render some with training/render_sam_scenes.py")
    shard = shards[rng.integers(len(shards))]
    labels = np.load(shard / "labels.npy", mmap_mode="r")
    which = np.sort(rng.choice(len(labels), PICTURES, replace=False))
    read = {
        name: torch.from_numpy(np.load(shard / f"{name}.npy", mmap_mode="r")[which])
        for name in ("picture", "f0", "f1", "f2", "f3")
    }
    pixels = (read["picture"].permute(0, 3, 1, 2).float() - PIXEL_MEAN[0]) / PIXEL_STD[0]
    return pixels, [read[f"f{i}"].float() for i in range(4)], labels[which]


# ---------------------------------------------------------------------------------------- losses
def mask_losses(masks, truth):
    """Cross-entropy and Dice of every output against every true mask, (P, truth 3, output 3)."""
    inside = masks.sigmoid()
    agree = torch.einsum("pohw,pthw->pto", masks, truth) / masks[0, 0].numel()
    entropy = F.softplus(masks).mean((2, 3))[:, None] - agree
    both = torch.einsum("pohw,pthw->pto", inside, truth)
    total = inside.sum((2, 3))[:, None] + truth.sum((2, 3))[:, :, None]
    return 2 * entropy + 1 - (2 * both + 1) / (total + 1)


def assign(losses, count):
    """Least mean loss over the order-keeping ways to give each true mask its own output."""
    total = losses.new_zeros(())
    for n in (1, 2, 3):
        rows = losses[count == n]
        if len(rows):
            ways = [torch.stack([rows[:, t, o] for t, o in enumerate(order)]).mean(0) for order in ORDERS[n]]
            spare = rows[:, :n].amin(1).mean(1)  # every output stays near some truth
            total = total + (torch.stack(ways).amin(0) + 0.05 * spare).sum()
    return total / (count > 0).sum().clamp(min=1)


def overlaps(masks, truth, count):
    """Best IoU of every output with a true mask, (P, 3)."""
    a, b = (masks > 0).float(), (truth > 0.5).float()
    both = torch.einsum("pohw,pthw->pto", a, b)
    union = a.sum((2, 3))[:, None] + b.sum((2, 3))[:, :, None] - both
    known = (torch.arange(3) < count[:, None])[..., None]
    return both / union.clamp(min=1) * known


def contrast(rng, embeddings, labels, gain=10.0, bias=0.5):
    """Pixels of one object alike, pixels of different groups unlike (parts of one group: either)."""
    height, width = embeddings.shape[-2:]
    at = torch.from_numpy(rng.integers(height * width, size=256))
    vectors = embeddings[:, : tiny_sam.EMBEDDING].flatten(2)[..., at] / math.sqrt(tiny_sam.HEADS)
    logits = gain * (torch.einsum("ica,icb->iab", vectors, vectors) - bias)
    flat = torch.from_numpy(np.ascontiguousarray(labels[:, :, ::2, ::2])).flatten(2)[..., at].long()
    same = flat[:, 1, :, None] == flat[:, 1, None]
    group = flat[:, 2, :, None] == flat[:, 2, None]
    known = (flat[:, 1] > 0)[:, :, None] | (flat[:, 1] > 0)[:, None]
    losses = F.binary_cross_entropy_with_logits(logits, same.float(), reduction="none")
    positive, negative = same & known, ~same & ~group & known
    return (losses * positive).sum() / positive.sum().clamp(min=1) + (losses * negative).sum() / negative.sum().clamp(
        min=1
    )


# -------------------------------------------------------------------------------------- training
class Network(torch.nn.Module):
    """Encoder and decoder without the trunk."""

    def __init__(self):
        super().__init__()
        self.image_encoder = tiny_sam.TinyImageEncoder(trunk=torch.nn.Identity())
        self.mask_decoder = tiny_sam.TinyMaskDecoder()


def step_loss(network, grid, rng, folder, report):
    pixels, features, labels = load_scenes(rng, folder)
    prompts = [sample_prompts(rng, one) for one in labels]
    tokens, earlier, truth, meant = (torch.from_numpy(np.stack(x)) for x in zip(*prompts))
    last = torch.channels_last
    embeddings = network.image_encoder.pyramid(
        pixels.contiguous(memory_format=last), [f.contiguous(memory_format=last) for f in features]
    )
    height, width = embeddings.shape[-2:]
    masks, quality = network.mask_decoder.decode(embeddings, grid[..., :height, :width], tokens, earlier)
    keep = meant.sum(2).flatten() > 0
    masks, quality, truth, meant = (x.flatten(0, 1)[keep] for x in (masks, quality, truth, meant))
    count = (meant > 0).sum(1)
    with torch.no_grad():
        overlap = overlaps(masks, truth, count)
        target = (overlap * meant[..., None]).sum(1)
    drawn = assign(mask_losses(masks, truth), count)
    judged = F.binary_cross_entropy_with_logits(quality, target)
    alike = contrast(rng, embeddings, labels)
    known = overlap.amax(2).sum(1) / count
    chosen = target.gather(1, quality.argmax(1, keepdim=True))
    report.append(
        [
            drawn.item(),
            alike.item(),
            known.mean().item(),
            chosen.mean().item(),
            (quality.sigmoid() - target).abs().mean().item(),
        ]
    )
    return drawn + 0.5 * alike + 0.5 * judged


def export(state, path):
    half = {name: tensor.half().contiguous() for name, tensor in state.items()}
    save_file(half, path.with_suffix(".part"), metadata=METADATA)
    os.replace(path.with_suffix(".part"), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shards", type=pathlib.Path, required=True)
    parser.add_argument("--run", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", type=pathlib.Path, help="weights to begin with, new layers left as they are")
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    network = Network()
    if args.start:
        network.load_state_dict({k: v.float() for k, v in load_file(args.start).items()}, strict=False)
    train(args, network.to(memory_format=torch.channels_last))


def train(args, network):
    optimizer = torch.optim.AdamW(network.parameters(), lr=args.rate, weight_decay=1e-4)
    average = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    checkpoint, start = args.run / "checkpoint.pt", 0
    if args.resume:
        saved = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        average, start = saved["average"], saved["step"]
    grid, report, clock = tiny_sam.TinyPromptEncoder().get_dense_pe(), [], time.time()
    for step in range(start, args.steps):
        rate = args.rate * min(1, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / args.steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = step_loss(network, grid, np.random.default_rng([args.seed, step]), args.shards, report)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        keep = min(0.998, (step + 1) / (step + 10))
        for name, tensor in network.state_dict().items():
            average[name].lerp_(tensor, 1 - keep)
        if (step + 1) % 25 == 0:
            means = " ".join(
                f"{name} {value:.3f}"
                for name, value in zip(("masks", "contrast", "best", "chosen", "iou_error"), np.mean(report, 0))
            )
            print(f"step {step + 1} {means} {(time.time() - clock) / len(report):.2f} s/step", flush=True)
            report, clock = [], time.time()
        if (step + 1) % 200 == 0 or step + 1 == args.steps:
            torch.save(
                {
                    "network": network.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "average": average,
                    "step": step + 1,
                },
                checkpoint,
            )
            export(average, args.out or args.run / "tiny_sam.safetensors")


if __name__ == "__main__":
    main()
