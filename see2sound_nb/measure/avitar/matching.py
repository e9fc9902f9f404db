"""AViTAR as a matcher: any photo, any length, any rate; and, on request, with what the authors do to its input.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import zlib

import numpy as np

from see2sound_nb.measure.avitar.model import HOP, LEAST_FRAMES, AViTAR
from see2sound_nb.measure.clips_in_frames import resampled_to
from see2sound_nb.measure.matching import checked_audio
from see2sound_nb.models.checking import one_line, out_of_memory
from see2sound_nb.models.loading import chosen_card, download

#: What the model was trained at, in Hz.
RATE_HZ = 16000
#: Of every sound the authors match only the beginning, in samples: 2.56 s.
PUBLISHED_SAMPLES = 40960
#: How far below the sound the noise lies that they add, in dB, and how its spectrum falls.
PUBLISHED_SNR_DB, PUBLISHED_DECAY = (2.0, 10.0), (-2.0, 2.0)
#: A photo becomes so large, (width, height) in pixels, whatever its shape, and its middle is seen.
RESIZED_PX, SEEN_PX = (480, 270), (320, 180)
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's photos


class AViTARMatcher:
    """``(audio, image, sample_rate) -> audio``: what AViTAR makes of a sound in the place of a photo.

    Parameters
    ----------
    model : AViTAR
    as_published : bool
        As the paper's evaluation calls it: coloured noise 2 to 10 dB below the sound, a polarity at random, the first
        2.56 s alone, and no say of where in the photo a token is. (It removes the reverberation first, by another
        model, whose file its own code does not find. That is not done here.)
    seed : int
        Of noise and polarity, which differ from sound to sound.
    weights : str
        Tells these weights from others, for the name.

    Attributes
    ----------
    name : str
        What it is, and its licence, for tables.

    Notes
    -----
    Other rates are brought to 16 kHz and back. Paper: section 5. Notebook: 08_evaluation.
    """

    def __init__(self, model: AViTAR, *, as_published: bool = False, seed: int = 0, weights: str = ""):
        self.model, self.as_published, self.seed = model.eval(), as_published, seed
        self.name = " ".join(["AViTAR", *([weights] if weights else []), "(CC-BY-NC-4.0)"])
        self.name += ", with noise, as published" if as_published else ""

    def __call__(self, audio: np.ndarray, image: np.ndarray, sample_rate: float) -> np.ndarray:
        """Match a sound to a photo.

        Parameters
        ----------
        audio : np.ndarray
            (T,) float, full scale 1.
        image : np.ndarray
            (H, W, 3) uint8 RGB.
        sample_rate : float
            In Hz.

        Returns
        -------
        np.ndarray
            (T,) float64; as published, no more than 2.56 s of it.

        Raises
        ------
        ValueError
            If the audio is of another shape, empty or not finite, the image no (H, W, 3) uint8, or the rate not
            positive.
        """
        import torch

        audio = checked_audio(audio, sample_rate)
        x = resampled_to(audio, sample_rate, RATE_HZ)
        if self.as_published:
            x = x[:PUBLISHED_SAMPLES]
            x = published_noise(x, np.random.default_rng([self.seed, zlib.crc32(x.tobytes())]))
        frames = max(LEAST_FRAMES, -(-len(x) // HOP))
        like = self.model.project.weight
        sound = torch.as_tensor(np.pad(x, (0, frames * HOP - len(x))), dtype=like.dtype, device=like.device)
        with torch.inference_mode():
            tokens = self.model.tokens(torch.as_tensor(seen(image), dtype=like.dtype, device=like.device)[None])
            y = self.model(sound[None], tokens, places=not self.as_published)[0].double().cpu().numpy()
        return resampled_to(y[: len(x)], RATE_HZ, sample_rate)[: len(audio)]


def load_avitar(
    path: str | os.PathLike | None = None, *, as_published: bool = False, seed: int = 0, device: str = "cpu"
) -> AViTARMatcher:
    """Load AViTAR. Its licence, CC-BY-NC 4.0, forbids commercial use, and is said aloud.

    Parameters
    ----------
    path : path, optional
        As `convert_avitar` wrote it; by default in the folder ``avitar`` of the cache.
    as_published, seed
        As in `AViTARMatcher`.
    device : str
        As torch names it.

    Returns
    -------
    AViTARMatcher

    Raises
    ------
    FileNotFoundError
        If it is not there; the message says where the published checkpoint is, and how to convert it.
    ValueError
        If the file does not hold the model.

    Warns
    -----
    UserWarning
        Of the licence.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    card = chosen_card("avitar", "matching")
    file = download(card) / "model.safetensors" if path is None else pathlib.Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"no file at {file}; give one that convert_avitar wrote")
    model = AViTAR()
    try:
        model.load_state_dict(load_file(file))
    except (SafetensorError, RuntimeError, KeyError) as error:
        if out_of_memory(error):
            raise
        raise ValueError(f"{file} does not hold AViTAR ({one_line(error)}); convert the checkpoint again") from error
    weights = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    model.requires_grad_(False).to(device)
    return AViTARMatcher(model, as_published=as_published, seed=seed, weights=weights)


def seen(image: np.ndarray) -> np.ndarray:
    """(3, 180, 320) float64: the middle of a photo as the model takes it, 44 % of its area.

    Raises
    ------
    ValueError
        If the image is no (H, W, 3) uint8.
    """
    import cv2

    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(f"an image of shape {image.shape}, {image.dtype}, must be (H, W, 3) uint8; see read_image")
    small = cv2.resize(image, RESIZED_PX, interpolation=cv2.INTER_LINEAR)
    left, top = ((whole - part) // 2 for whole, part in zip(RESIZED_PX, SEEN_PX))
    middle = small[top : top + SEEN_PX[1], left : left + SEEN_PX[0]]
    return ((middle / 255 - _MEAN) / _SPREAD).transpose(2, 0, 1)


def published_noise(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sound (T,) at 16 kHz as the authors feed it: with coloured noise 2 to 10 dB below it, upside down or not.

    Parameters
    ----------
    x : np.ndarray
        (T,) float.
    rng : np.random.Generator

    Returns
    -------
    np.ndarray
        (T,) float64.

    Notes
    -----
    What torch-audiomentations' AddColoredNoise and PolarityInversion do, which the authors use: one second of noise,
    repeated; the amplitude of its spectrum falls as f to a power of -2 to 2, on a linear axis from 1 to the root of
    half the rate. Notebook: 08_evaluation.
    """
    snr_db, decay = rng.uniform(*PUBLISHED_SNR_DB), rng.uniform(*PUBLISHED_DECAY)
    spectrum = np.fft.rfft(rng.standard_normal(RATE_HZ))
    noise = np.fft.irfft(spectrum * np.linspace(1, np.sqrt(RATE_HZ / 2), len(spectrum)) ** -decay)
    noise = np.resize(noise / np.sqrt(np.mean(noise**2)), len(x))
    return rng.choice([-1, 1]) * (x + noise * np.sqrt(np.mean(x**2)) * 10 ** (-snr_db / 20))
