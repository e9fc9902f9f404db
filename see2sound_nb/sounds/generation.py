"""Step 3 of figure 2: the mono sounds A of the patches, all at one level (section 4.2).

Notebook: 04_audio.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from see2sound_nb._checks import check_text
from see2sound_nb._progress import Progress, quiet

#: More sources than this cannot be told apart by ear.
MOST_SOURCES = 10
#: Level of every source's mono audio: RMS in dB of full scale, as heard from 1 m away.
SOURCE_LEVEL_DB = -23.0


def seed_of_source(seed: int, k: int) -> int:
    """The seed of the sound of source k, 0 to `MOST_SOURCES` - 1, in a run of a seed: no two runs share one."""
    return seed * MOST_SOURCES + k


def seed_of_ambience(seed: int) -> int:
    """The seed of the ambience in a run of a seed, 0 to 2**59 - 1: far above any `seed_of_source`."""
    return 2**63 - 1 - seed


def generate(
    codi,
    patches: Sequence[np.ndarray | None],
    prompts: Sequence[str | None],
    seeds: Sequence[int],
    steps: int | None = None,
    *,
    captions: Sequence[str] | None = None,
    tell: Progress = quiet,
) -> np.ndarray:
    """Make the sound of each patch; patch, text and seed decide it, and nothing that stands beside.

    On a GPU sounds are made together: those with a text in one batch, those without in another, and text without a
    patch in a third. A batch adds up in another order than a single sound, so there a sound may differ by about 1e-3 of
    its peak with what is made beside it. On a CPU they are made one by one, and are the same bit for bit, beside
    whatever else and with any number of threads.

    Parameters
    ----------
    codi : CoDi
        What `sounds.loading.load_audio` returns, or anything that is called like it.
    patches : sequence of np.ndarray or None
        N patches I_p, each (h, w, 3) uint8 RGB; None where the text alone decides.
    prompts : sequence of str or None
        N texts; None or ``""`` where there is none.
    seeds : sequence of int
        N seeds, 0 to 2**63 - 1.
    steps : int, optional
        Diffusion steps; None for the model's own.
    captions : sequence of str, optional
        N sentences of what the patches sound like, as `regions.labels` names them. A model whose picture tower is a
        classifier (the tiny CoDi's) takes them in place of a look of its own at the patches, so that what is heard is
        what was named; CoDi sees the patches themselves.
    tell : callable
        Called as ``tell("audio", done, total)`` after every step.

    Returns
    -------
    np.ndarray
        A, (N, T) float32, full scale 1, at ``codi.sample_rate`` Hz, each at `SOURCE_LEVEL_DB`.

    Raises
    ------
    ValueError
        If there is not one prompt and one seed for each patch, or a sound has neither a patch nor a text.

    Notes
    -----
    Paper: section 4.2. Notebook: 04_audio.
    """
    if isinstance(prompts, str):
        raise ValueError(f"prompts={prompts!r} is one text; give a list with a text or None for each patch")
    if not len(patches) == len(prompts) == len(seeds) or not len(seeds):
        raise ValueError(
            f"{len(patches)} patches, {len(prompts)} prompts and {len(seeds)} seeds were given; give one of each for "
            "every sound, at least one, and None where there is no text"
        )
    for k, (patch, prompt) in enumerate(zip(patches, prompts)):
        if patch is None and not prompt:
            raise ValueError(f"sound {k} has neither a patch nor a text; give one of the two")
        check_text("prompt", prompt)
    looks: Sequence = patches
    if captions is not None and getattr(getattr(codi, "image_encoder", None), "takes_sentences", False):
        looks = captions
        prompts = [None if prompt == caption else prompt for prompt, caption in zip(prompts, captions, strict=True)]
    # A batch has a text for every sound or for none, and a look likewise.
    given = [(look is not None, bool(prompt)) for look, prompt in zip(looks, prompts)]
    kinds = [kind for kind in ((True, True), (True, False), (False, True)) if kind in given]
    together = [[k for k, what in enumerate(given) if what == kind] for kind in kinds]
    if str(getattr(codi, "device", "")) == "cpu":
        kinds = [kind for kind, batch in zip(kinds, together) for _ in batch]
        together = [[k] for batch in together for k in batch]
    sounds: dict[int, np.ndarray] = {}
    for number, ((patched, said), batch) in enumerate(zip(kinds, together)):

        def report(pipe, step, timestep, tensors, before=number):
            tell("audio", before * pipe.num_timesteps + step + 1, len(together) * pipe.num_timesteps)
            return tensors

        A = codi(
            images=[looks[k] for k in batch] if patched else None,
            prompts=[prompts[k] for k in batch] if said else None,
            seeds=[seeds[k] for k in batch],
            **({} if steps is None else {"num_inference_steps": steps}),
            callback_on_step_end=report,
        )
        sounds.update(zip(batch, A))
    return level(np.stack([sounds[k] for k in range(len(seeds))]))


def level(A: np.ndarray) -> np.ndarray:
    """Bring every sound to `SOURCE_LEVEL_DB`, so that distance and room alone decide what differs later.

    Parameters
    ----------
    A : np.ndarray
        (N, T) sounds, full scale 1.

    Returns
    -------
    np.ndarray
        (N, T) float32; a silent sound stays silent. A peak may be above 1: nothing is clipped here.

    Notes
    -----
    Notebook: 04_audio.
    """
    rms = np.sqrt(np.mean(np.square(A, dtype=np.float64), axis=1, keepdims=True))
    return (A * (10 ** (SOURCE_LEVEL_DB / 20) / np.maximum(rms, 1e-9))).astype(np.float32)
