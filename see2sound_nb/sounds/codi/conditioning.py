"""What CoDi is told: pictures as its image tower wants them, the one token that pictures and texts become (Eq. 1), and
guidance by it.

Source: Tang et al. 2023, "Any-to-Any Generation via Composable Diffusion", sections 3.1 and 3.2.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

GREY = 127  # the picture that says nothing: mid-grey, as in the authors' code


def mix_tokens(image, text, image_weight: float = 1.0, text_weight: float = 1.0) -> torch.Tensor:
    """The one conditioning token: a weighted mean, which is not brought back to unit length.

    Parameters
    ----------
    image, text : torch.Tensor or None
        (N, D) float32 embeddings of unit length; one of them may be missing.
    image_weight, text_weight : float
        Weights, zero or more. They are divided by their sum.

    Returns
    -------
    torch.Tensor
        (N, 1, D) float32.

    Raises
    ------
    ValueError
        If both are missing, or the weights are negative or sum to zero.

    Notes
    -----
    Paper: "Composable multimodal conditioning" (Tang et al. 2023, section 3.2). Notebook: 04_audio.
    """
    if image is not None and text is not None and len(image) != len(text):
        raise ValueError(f"{len(image)} images and {len(text)} prompts were given; give one prompt, or list, for each")
    pairs = [(image, image_weight), (text, text_weight)]
    given = [(token, weight) for token, weight in pairs if token is not None]
    if not given:
        raise ValueError("neither images nor prompts were given; give one of them, or both")
    total = sum(weight for _, weight in given)
    if min(weight for _, weight in given) < 0 or not 0 < total < float("inf"):
        raise ValueError(
            f"image_weight {image_weight} and text_weight {text_weight} must be finite and not negative, and "
            "those of the inputs that are given must sum to more than 0; use for example 1 and 1"
        )
    return sum(token * (weight / total) for token, weight in given)[:, None]


def guide(without: torch.Tensor, conditional: torch.Tensor, scale: float) -> torch.Tensor:
    """Classifier-free guidance: from the prediction without a condition on past the one with it.

    Parameters
    ----------
    without, conditional : torch.Tensor
        (N, 8, frames, bands) float32, what the denoiser predicts if told nothing, and if told the token.
    scale : float
        0 gives ``without``, 1 ``conditional``; more goes on in the same direction.

    Returns
    -------
    torch.Tensor
        (N, 8, frames, bands) float32.

    Notes
    -----
    The predictions are the noise of the paper's Eq. 1. Ho and Salimans 2022. Notebook: 04_audio.
    """
    return without + scale * (conditional - without)


def prompt_lists(prompts: str | Sequence[str | Sequence[str]], count: int, name: str = "prompts") -> list[list[str]]:
    """The prompts of each sound: one for all, one a sound, or several a sound.

    Parameters
    ----------
    prompts : str or sequence
        One text, or ``count`` texts, or ``count`` lists of texts.
    count : int
        Number of sounds.
    name : str
        Of the argument, for messages.

    Returns
    -------
    list of list of str

    Raises
    ------
    ValueError
        If there are not ``count`` of them, a sound has none, or one is no text.
    """
    each: list[Any] = [prompts] * count if isinstance(prompts, str) else list(prompts)
    if len(each) != count:
        raise ValueError(
            f"{len(each)} {name} and {count} seeds were given; give one seed for each, or several texts of one sound "
            "as a list in the list"
        )
    lists: list[list[str]] = [list(given) if isinstance(given, (list, tuple)) else [given] for given in each]
    if not all(lists) or not all(isinstance(text, str) for several in lists for text in several):
        raise ValueError(f"{name} {each!r} must be texts or lists of texts; use '' to say nothing")
    return lists


def check_call(images, seeds, steps, scale, most_steps: int) -> tuple[int, list[int]]:
    """The steps and seeds of a call as whole numbers, or ValueError if its arguments do not fit together."""
    try:
        numbers = [operator.index(seed) for seed in seeds]
    except TypeError:
        numbers = []
    if not numbers or min(numbers) < 0 or max(numbers) >= 2**63:
        raise ValueError(f"seeds {seeds!r} must be a list of whole numbers from 0 to 2**63 - 1; give one a sound")
    if images is not None and (isinstance(images, np.ndarray) or not isinstance(images, Sequence)):
        raise ValueError(f"images is a {type(images).__name__}; give a list, of one picture perhaps")
    if images is not None and len(images) != len(numbers):
        raise ValueError(f"{len(images)} images and {len(numbers)} seeds were given; give one seed for each")
    try:
        count = operator.index(steps)
    except TypeError:
        count = 0
    if not 1 <= count <= most_steps:
        raise ValueError(f"num_inference_steps {steps!r} must be a whole number from 1 to {most_steps}; try 50")
    if not isinstance(scale, (int, float)) or not 0 <= scale < float("inf"):
        raise ValueError(f"guidance_scale {scale!r} must be finite and not negative; use 1 for no guidance")
    return count, numbers


def square(picture, side: int):
    """The middle square of a picture, resized.

    Parameters
    ----------
    picture : PIL.Image.Image or np.ndarray
        (H, W, 3) uint8, sRGB.
    side : int
        In pixels.

    Returns
    -------
    PIL.Image.Image
        ``side`` by ``side`` pixels, RGB.

    Raises
    ------
    ValueError
        If it is no picture, or of another shape or type.
    """
    picture = _picture(picture)
    width, height = picture.size
    short = min(width, height)
    left, top = (width - short) // 2, (height - short) // 2
    return picture.crop((left, top, left + short, top + short)).resize((side, side), _bicubic())


def authors_square(picture, side: int, seed: int):
    """What the authors' code makes of a picture: a random square, perhaps mirrored, and a little darker.

    Parameters
    ----------
    picture : PIL.Image.Image or np.ndarray
        (H, W, 3) uint8, sRGB.
    side : int
        In pixels.
    seed : int
        Of the crop and the mirroring, which the authors draw anew for each call.

    Returns
    -------
    PIL.Image.Image
        ``side`` by ``side`` pixels, RGB.

    Raises
    ------
    ValueError
        If it is no picture, or of another shape or type.

    Notes
    -----
    The picture is resized to 512 pixels and brought to [-1, 1] and back in float32, then cut to whole levels: 63 of
    the 256 levels come out one lower. Source: ``regularize_image`` and ``encode_vision_noproj`` of the authors' code.
    """
    from PIL import Image, ImageOps

    picture = _picture(picture)
    generator = torch.Generator().manual_seed(seed)
    width, height = picture.size
    short = min(width, height)
    left = top = 0
    if width != height:
        top = int(torch.randint(0, height - short + 1, (1,), generator=generator))
        left = int(torch.randint(0, width - short + 1, (1,), generator=generator))
    picture = picture.crop((left, top, left + short, top + short)).resize((512, 512), _bicubic())
    if torch.rand(1, generator=generator) < 0.5:
        picture = ImageOps.mirror(picture)
    levels = torch.from_numpy(np.array(picture)).to(torch.float32) / 255
    levels = (((levels * 2 - 1) + 1) / 2 * 255).to(torch.uint8)
    return Image.fromarray(levels.numpy()).resize((side, side), _bicubic())


def _picture(picture):
    from PIL import Image

    if isinstance(picture, Image.Image):
        return picture.convert("RGB")
    if not isinstance(picture, np.ndarray):
        raise ValueError(f"a {type(picture).__name__} is no picture; give PIL images or arrays (media.read_image)")
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise ValueError(
            f"image of shape {picture.shape} and type {picture.dtype} must be (H, W, 3) uint8 "
            "from 0 to 255; scale or convert it"
        )
    return Image.fromarray(picture)


def _bicubic():
    from PIL import Image

    return Image.Resampling.BICUBIC
