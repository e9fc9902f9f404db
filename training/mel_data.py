"""The training clips as latents: recordings (`record_clips`) and renders (`render_sounds`), one file a class each."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import torch

#: Variants of classes (`record_clips.VOICES`) and the class that they belong to.
VARIANTS = {"person_man": "person", "person_woman": "person", "person_two": "person", "person_many": "person"}


@dataclasses.dataclass
class Clips:
    """The clips of one class or variant.

    Attributes
    ----------
    name : str
        Class of `sound_classes.CLASSES`, or variant of `VARIANTS`.
    recorded, rendered : torch.Tensor
        Their latents, (N, 8, 74, 8) float32 each; one of them may be empty.
    """

    name: str
    recorded: torch.Tensor
    rendered: torch.Tensor


TRAINED = 20  # clips of a file that train; the others only train the classifier of `eval_codi`


def load_mels(path: pathlib.Path, first: int = 0, last: int | None = TRAINED) -> torch.Tensor:
    """(N, 592, 64) float32 log-mels of the clips ``first`` to ``last`` - 1 of a file."""
    from see2sound_nb.sounds.mel import log_mel

    return log_mel(torch.from_numpy(np.load(path)[first:last].astype(np.float32) / 32767.0))


@torch.no_grad()
def latents_of(path: pathlib.Path, vae) -> torch.Tensor:
    """The latents of a file of clips, means of the posterior; kept beside it, as ``dog.latents.pt``."""
    kept = path.with_suffix(".latents.pt")
    if not kept.exists():
        latents = torch.cat([vae.encode(some[:, None]).latent_dist.mean for some in load_mels(path).split(4)])
        torch.save(latents, kept)
    return torch.load(kept, weights_only=True)


def load_clips(recorded: pathlib.Path, rendered: pathlib.Path, vae) -> list[Clips]:
    """All clips that are there, by name."""
    names = sorted({p.stem for folder in (recorded, rendered) for p in folder.glob("*.npy")})
    nothing = torch.zeros(0, 8, 74, 8)
    clips = []
    for name in names:
        pair = [
            latents_of(folder / f"{name}.npy", vae) if (folder / f"{name}.npy").exists() else nothing
            for folder in (recorded, rendered)
        ]
        clips.append(Clips(name, *pair))
    return clips
