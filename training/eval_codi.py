"""Measure the tiny CoDi: is the generated sound of the class that was asked for, by text and by photo?

A small convolutional classifier of log-mels, trained on clips from number 10 on, judges: it says that kinds differ as
the training clips do, not that they sound real (that is what `judge_codi` is for). Prints its accuracy on clips that
it has not seen, on 200 generations from captions over all kinds, and on the photos of `codi_photos`; and the level,
peak and constant part of all that was generated.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import time

import codi_photos
import numpy as np
import torch
import torch.nn.functional as F
from mel_data import TRAINED, VARIANTS, load_mels
from torch import nn

from see2sound_nb.sounds import sound_classes

NAMES = list(sound_classes.NAMES)
CROP = 256


class Classifier(nn.Module):
    """Five convolutions over (N, frames, 64) log-mels, then the mean over time."""

    def __init__(self, classes: int):
        super().__init__()
        layers, channels = [], 1
        for width in (16, 32, 48, 64, 96):
            layers += [nn.Conv2d(channels, width, 3, 2, 1), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        self.body, self.head = nn.Sequential(*layers), nn.Linear(96 * 2 * 2, classes)

    def forward(self, mel):
        """(N, frames, 64) float32 to (N, classes) logits."""
        x = self.body(mel[:, None]).flatten(2).reshape(len(mel), 96, -1, 2)
        return self.head(torch.cat([x.mean(2), x.amax(2)], 1).flatten(1))


def augment(mel: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Random crop, level, a masked band, and a little smoothing over time."""
    start = int(torch.randint(mel.shape[1] - CROP, (), generator=rng))
    mel = mel[:, start : start + CROP].float() + 0.15 * torch.randn(len(mel), 1, 1, generator=rng)
    band = int(torch.randint(60, (), generator=rng))
    mel[:, :, band : band + 4] = mel.mean()
    if torch.rand((), generator=rng) < 0.5:
        mel = F.avg_pool1d(mel.transpose(1, 2), 3, 1, 1).transpose(1, 2)
    return mel + 0.1 * torch.randn(mel.shape, generator=rng)


def train_classifier(mels, classes, steps: int, seed: int = 0) -> Classifier:
    """Train on log-mels (N, frames, 64) of held-out clips."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    model = Classifier(len(NAMES)).train()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        pick = torch.randint(len(mels), (32,), generator=rng)
        loss = F.cross_entropy(model(augment(mels[pick], rng)), classes[pick], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def classify(model: Classifier, mels: torch.Tensor) -> list[str]:
    """Class names of (N, frames, 64) log-mels: the mean over three crops."""
    starts = np.linspace(0, mels.shape[1] - CROP, 3).astype(int)
    logits = sum(model(mels[:, s : s + CROP].float()).softmax(-1) for s in starts)
    return [NAMES[k] for k in logits.argmax(-1).tolist()]


def judge(title: str, model, waves: np.ndarray, expected: list[str]) -> None:
    """Print the share of (N, T) waves that are heard as the class expected, and which are not."""
    from see2sound_nb.sounds.mel import log_mel

    heard = classify(model, log_mel(torch.from_numpy(waves)))
    right = np.mean([a == b for a, b in zip(heard, expected, strict=True)])
    print(f"{title}: {right:.1%} of {len(expected)} over {len(set(expected))} classes")
    wrong = collections.Counter(f"{b} -> {a}" for a, b in zip(heard, expected, strict=True) if a != b)
    print("  wrong:", ", ".join(f"{k} ({n})" for k, n in wrong.most_common(30)))
    rms, peak = np.sqrt((waves**2).mean(1)), np.abs(waves).max(1)
    print(f"  rms {rms.min():.3f} to {rms.max():.3f}, peak at most {peak.max():.3f}, "
          f"constant part at most {np.abs(waves.mean(1)).max():.1e}", flush=True)  # fmt: skip


def generate(pipe, images, prompts, seed: int, **settings) -> np.ndarray:
    """Generate in batches of four."""
    count, out = len(images or prompts), []
    for i in range(0, count, 4):
        part = slice(i, i + 4)
        seeds = list(range(seed + i, seed + min(i + 4, count)))
        out.append(pipe(images and images[part], prompts and prompts[part], seeds=seeds, **settings))
    return np.concatenate(out)


def load_clips(folders: list[pathlib.Path], first: int, last: int | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-mels (N, 592, 64) of clips ``first`` to ``last`` - 1 of every file, and their kinds, places in `NAMES`."""
    paths = [path for folder in folders for path in sorted(folder.glob("*.npy"))]
    begins = [min(first, len(np.load(path, mmap_mode="r")) - 3) for path in paths]  # some were rendered ten times
    mels = [load_mels(path, begin, last).half() for path, begin in zip(paths, begins, strict=True)]
    kinds = [NAMES.index(VARIANTS.get(path.stem, path.stem)) for path in paths]
    places = [torch.full((len(mel),), kind) for mel, kind in zip(mels, kinds, strict=True)]
    return torch.cat(mels), torch.cat(places)


def get_classifier(folders: list[pathlib.Path], run: pathlib.Path) -> Classifier:
    """The classifier, trained once and kept in ``RUN/classifier.pt``; prints how well it knows unseen clips."""
    model, path = Classifier(len(NAMES)).eval(), run / "classifier.pt"
    if path.exists():
        model.load_state_dict(torch.load(path, weights_only=True))
        return model
    model = train_classifier(*load_clips(folders, TRAINED // 2, None), steps=1200)
    torch.save(model.state_dict(), path)
    mels, classes = load_clips(folders, 0, 3)
    right = np.mean([a == NAMES[k] for a, k in zip(classify(model, mels), classes.tolist(), strict=True)])
    print(f"classifier on clips it has not seen: {right:.1%}")
    return model


def main() -> None:
    """Train or load the classifier, then judge texts and photos."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=pathlib.Path, nargs="+", required=True, help="folders of clips")
    parser.add_argument("--run", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=200, help="generations from captions")
    parser.add_argument("--guidance", type=float, help="in place of the shipped guidance scale")
    parser.add_argument("--steps", type=int, help="in place of the shipped number of steps")
    parser.add_argument("--photos", action="store_true", help="judge photos, too")
    args = parser.parse_args()
    torch.set_num_threads(1)
    from see2sound_nb.sounds.tiny_codi import build_tiny_codi

    model, pipe = get_classifier(args.clips, args.run), build_tiny_codi()
    settings = {"guidance_scale": args.guidance, "num_inference_steps": args.steps}
    if args.count:
        expected = [sound_classes.NAMES[i % len(NAMES)] for i in range(args.count)]
        captions = {c.name: c.captions for c in sound_classes.CLASSES}
        prompts = [captions[name][i // len(NAMES) % len(captions[name])] for i, name in enumerate(expected)]
        began = time.time()
        waves = generate(pipe, None, prompts, 1000, **settings)
        print(f"{(time.time() - began) / args.count:.2f} s a sound")
        judge("captions", model, waves, expected)
    if args.photos:
        photos = codi_photos.photo_list()
        images = [codi_photos.load_photo(name) for name, _ in photos]
        waves = generate(pipe, images, None, 2000, **settings)
        judge("photos", model, waves, [sound for _, sound in photos])


if __name__ == "__main__":
    main()
