"""Train the decoder of the tiny depth model on rendered scenes.

    python training/train_depth.py --shards DIR/shards --val DIR/val --work DIR/run --minutes 45 --seed 0

The trunk is frozen: its features of every view and of its mirror image are computed once and kept
in ``--work``. Shards may still be arriving while this runs. ``--resume`` goes on from the last checkpoint.
"""

from __future__ import annotations

import argparse
import math
import os
import pathlib
import time

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from see2sound_nb.models.trunk import load_trunk, trunk_features
from see2sound_nb.places.tiny_depth import TinyDepthConfig, TinyDepthForDepthEstimation

OUT = pathlib.Path(__file__).parent.parent / "see2sound_nb/models/weights/tiny_depth.safetensors"
META = {
    "licence": "Apache-2.0",
    "source": "training/train_depth.py on scenes rendered by training/rooms.py; see tiny_depth.md",
}


class Bank:
    """Trunk features and targets of all shards that exist so far."""

    def __init__(self, shards: pathlib.Path, cache: pathlib.Path):
        self.shards, self.cache, self.items = shards, cache, []
        cache.mkdir(parents=True, exist_ok=True)
        self.seen = set()

    def refresh(self, most: int = 1000) -> int:
        """Take in all shards with kept features and at most `most` others; returns how many were new."""
        before = len(self.items)
        for path in sorted(self.shards.glob("*.npz")):
            kept = self.cache / f"{path.stem}.pt"
            if path.name in self.seen or (not kept.exists() and most <= 0):
                continue
            self.seen.add(path.name)
            if not kept.exists():
                most -= 1
                torch.save(self._features(path), kept.with_suffix(".part"))
                os.replace(kept.with_suffix(".part"), kept)
            self.items.append(torch.load(kept, mmap=True))
        return len(self.items) - before

    @staticmethod
    @torch.no_grad()
    def _features(path):
        data, trunk = np.load(path), load_trunk()
        image = torch.from_numpy(data["image"]).permute(0, 3, 1, 2)
        inverse = torch.from_numpy(data["inverse"])[:, 2::4, 2::4]
        both = [torch.cat([a, a.flip(-1)]) for a in (image, inverse)]
        maps = [trunk_features(trunk, b.float() / 127.5 - 1) for b in both[0].split(16)]
        features = [torch.cat([m[i] for m in maps]).clamp(-6e4, 6e4).half() for i in range(4)]
        return dict(features=features, inverse=both[1])

    def batch(self, size: int, rng):
        """A batch from one shard (all views of a shard have one shape)."""
        item = self.items[rng.integers(len(self.items))]
        rows = torch.from_numpy(rng.permutation(len(item["inverse"]))[:size])
        return [f[rows].float() for f in item["features"]], item["inverse"][rows].float()


def varied(features, rng):
    """Features as from pictures of another style, so that the decoder does not lean on how renderings look.

    Channel statistics are mixed between the pictures of a batch (Zhou, Yang, Qiao and Xiang, "Domain generalization
    with MixStyle", ICLR 2021) and a tenth of the channels is dropped.
    """
    count = len(features[0])
    order, mixed = torch.from_numpy(rng.permutation(count)), []
    share = torch.from_numpy(rng.beta(0.3, 0.3, (count, 1, 1, 1))).float()
    if rng.random() < 0.4:
        share = torch.ones_like(share)
    for f in features:
        mean, spread = f.mean((2, 3), keepdim=True), f.std((2, 3), keepdim=True) + 1e-4
        new_mean, new_spread = (share * a + (1 - share) * a[order] for a in (mean, spread))
        mixed.append(F.dropout2d((f - mean) / spread * new_spread + new_mean, 0.1))
    return mixed


def normalised(x):
    """(B, H, W) minus its median, over its mean absolute deviation (MiDaS, Eq. 5)."""
    flat = x.flatten(1)
    flat = flat - flat.median(1, keepdim=True).values
    return (flat / flat.abs().mean(1, keepdim=True).clamp(min=1e-4)).view_as(x)


def ranking_loss(predicted, inverse, rng, pairs: int = 3000):
    """Logistic loss of pairs of pixels whose depths differ by 3 % or more; `predicted` is normalised."""
    a, b = (torch.from_numpy(rng.integers(0, inverse[0].numel(), pairs)) for _ in range(2))
    p, t = predicted.flatten(1), inverse.flatten(1)
    ta, tb = t[:, a], t[:, b]
    counts = (ta - tb).abs() > 0.03 * torch.maximum(ta, tb).clamp(min=2e-3)
    loss = F.softplus(-torch.sign(ta - tb) * (p[:, a] - p[:, b]) * 3)
    return (loss * counts).sum() / counts.sum().clamp(min=1)


def gradient_loss(difference, scales: int = 4):
    """Mean absolute gradient of the difference map at several scales (MiDaS, Eq. 11)."""
    total = 0.0
    for k in range(scales):
        d = difference[:, :: 2**k, :: 2**k]
        total = total + d.diff(dim=1).abs().mean() + d.diff(dim=2).abs().mean()
    return total / scales


def target_of(inverse):
    """The nearest 2 % are clipped: something at the lens must not flatten all the rest."""
    top = inverse.flatten(1).quantile(0.98, dim=1)[:, None, None]
    return normalised(torch.minimum(inverse, top)).clamp(-6, 6)


def loss_of(predicted, inverse, rng):
    p, t = normalised(predicted), target_of(inverse)
    return (p - t).abs().mean() + ranking_loss(p, inverse, rng) + 0.5 * gradient_loss(p - t)


@torch.no_grad()
def validate(head, bank, rng_seed: int = 0):
    """Share of pixel pairs in the right order, and that of 'lower is nearer', on the validation scenes."""
    rng, right, prior = np.random.default_rng(rng_seed), [], []
    head.eval()
    for item in bank.items:
        rows = slice(0, 40)
        p = head([f[rows].float() for f in item["features"]]).flatten(1)
        t = item["inverse"][rows].float()
        y = torch.arange(t.shape[1])[:, None].expand(t.shape[1:]).reshape(-1) + torch.rand(t[0].numel()) * 1e-3
        a, b = (torch.from_numpy(rng.integers(0, y.numel(), 4000)) for _ in range(2))
        t = t.flatten(1)
        counts = (t[:, a] - t[:, b]).abs() > 0.02 * torch.maximum(t[:, a], t[:, b]).clamp(min=2e-3)
        sign = t[:, a] > t[:, b]
        right.append(((sign == (p[:, a] > p[:, b]))[counts]).float().mean())
        prior.append(((sign == (y[a] > y[b]))[counts]).float().mean())
    head.train()
    return float(np.mean(right)), float(np.mean(prior))


def save(state: dict, path: pathlib.Path):
    half = {k: v.half().contiguous() if v.is_floating_point() else v for k, v in state.items()}
    save_file(half, path.with_suffix(".part"), metadata=META)
    path.with_suffix(".part").chmod(0o644)
    os.replace(path.with_suffix(".part"), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=pathlib.Path, required=True)
    parser.add_argument("--val", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--steps", type=int, default=5000, help="length of the learning-rate schedule")
    parser.add_argument("--stop", type=int, default=2900, help="steps to take; on few scenes more of them overfit")
    parser.add_argument("--vary", action="store_true", help="mix styles of features and drop channels")
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=OUT)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train(args)


def train(args):
    bank, held_out = Bank(args.shards, args.work / "train"), Bank(args.val, args.work / "val")
    held_out.refresh()
    bank.refresh(8)
    model = TinyDepthForDepthEstimation(TinyDepthConfig())
    head, checkpoint, step, rng = model.head.train(), args.work / "last.pt", 0, np.random.default_rng(args.seed)
    slow = {k: v.clone() for k, v in head.state_dict().items()}  # moving average: what is shipped
    optimiser = torch.optim.AdamW(head.parameters(), args.rate, weight_decay=0.03)
    if args.resume and checkpoint.exists():
        kept = torch.load(checkpoint)
        head.load_state_dict(kept["head"])
        optimiser.load_state_dict(kept["optimiser"])
        slow, step = kept["slow"], kept["step"]
    judge, start, total = TinyDepthForDepthEstimation(TinyDepthConfig()).head, time.time(), []
    print(f"{sum(p.numel() for p in head.parameters())} parameters", flush=True)
    while time.time() - start < 60 * args.minutes and step < min(args.steps, args.stop):
        done = step / args.steps
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min((step + 1) / 100, 0.5 * (1 + math.cos(math.pi * done)) + 0.01)
        features, inverse = bank.batch(args.batch, rng)
        if args.vary:
            features = varied(features, rng)
        loss = loss_of(head(features), inverse, rng)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimiser.step()
        total.append(loss.item())
        step += 1
        keep = min(0.99, step / (step + 20))
        for k, v in head.state_dict().items():
            slow[k] = v.clone() if not v.is_floating_point() else slow[k] * keep + v * (1 - keep)
        if step % 50 == 0:
            bank.refresh(1)
        if step % 100 == 0:
            judge.load_state_dict(slow)
            right, prior = validate(judge, held_out)
            print(f"step {step} {time.time() - start:.0f} s shards {len(bank.items)} loss {np.mean(total):.4f} "
                  f"val {right:.4f} (prior {prior:.4f})", flush=True)  # fmt: skip
            total = []
            torch.save(dict(head=head.state_dict(), optimiser=optimiser.state_dict(), slow=slow, step=step), checkpoint)
            save(slow, args.out)
    save(slow, args.out)


if __name__ == "__main__":
    main()
