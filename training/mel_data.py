"""The rendered clips as normalised log-mels, split by clip number: training clips first, held-out clips last."""

from __future__ import annotations

import pathlib

import numpy as np
import torch

HELD_OUT = 7  # of 32: the last clips train only the classifier that judges the generations


def load_mels(folder: pathlib.Path, first: int, last: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-mels of clips ``first`` to ``last`` - 1, as far as they are rendered.

    Returns
    -------
    tuple of torch.Tensor
        (N, 592, 64) float16 log-mels and (N,) int64 class indices in the order of `sounds.RECIPES`.
    """
    from see2sound_nb.sounds.mel import log_mel

    mels, classes = [], []
    for clip in range(first, last):
        path, cache = folder / f"{clip:04d}.npy", folder / f"{clip:04d}.mel.pt"
        if not path.exists():
            continue
        if not cache.exists():
            wave = torch.from_numpy(np.load(path).astype(np.float32) / 32767.0)
            torch.save(log_mel(wave).half(), cache)
        mel = torch.load(cache, weights_only=True)
        mels.append(mel)
        classes.append(torch.arange(len(mel)))
    return torch.cat(mels), torch.cat(classes)
