"""Step 4 of the way: the sounds of patches, all at one level."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

#: Level of every source's mono audio: RMS in dB of full scale, as heard from 1 m away.
SOURCE_LEVEL_DB = -23.0


def sounds_of_patches(
    codi,
    patches: Sequence[np.ndarray],
    prompts: Sequence[str | None],
    seeds: Sequence[int],
    steps: int | None,
    tell: Callable[[str, int, int], None],
) -> np.ndarray:
    """What `See2Sound.generate` returns, from a loaded pipeline."""
    if isinstance(prompts, str):
        raise ValueError(f"prompts={prompts!r} is one text; give a list with a text or None for each patch")
    if not len(patches) == len(prompts) == len(seeds) or not len(seeds):
        raise ValueError(
            f"{len(patches)} patches, {len(prompts)} prompts and {len(seeds)} seeds were given; give one of each for "
            "every sound, at least one, and None where there is no text"
        )
    # A batch has a text for every sound or for none: with and without are two batches.
    with_text = [k for k, prompt in enumerate(prompts) if prompt]
    without = [k for k, prompt in enumerate(prompts) if not prompt]
    batches = [batch for batch in (with_text, without) if batch]
    sounds: dict[int, np.ndarray] = {}
    for number, batch in enumerate(batches):

        def report(pipe, step, timestep, tensors, before=number):
            tell("audio", before * pipe.num_timesteps + step + 1, len(batches) * pipe.num_timesteps)
            return tensors

        A = codi(
            images=[patches[k] for k in batch],
            prompts=[prompts[k] for k in batch] if batch is with_text else None,
            seeds=[seeds[k] for k in batch],
            **({} if steps is None else {"num_inference_steps": steps}),
            callback_on_step_end=report,
        )
        sounds.update(zip(batch, A))
    return level(np.stack([sounds[k] for k in range(len(seeds))]))


def level(A: np.ndarray) -> np.ndarray:
    """Bring every row of A (N, T) to `SOURCE_LEVEL_DB` RMS, so that distance and room alone decide what differs later.

    Notebook: 04_audio.
    """
    rms = np.sqrt(np.mean(np.square(A, dtype=np.float64), axis=1, keepdims=True))
    return (A * (10 ** (SOURCE_LEVEL_DB / 20) / np.maximum(rms, 1e-9))).astype(np.float32)
