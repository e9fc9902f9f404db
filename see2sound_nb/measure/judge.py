"""What sounds are heard as, and whether they pass for recordings, by a judge that nobody here trained: `aisfx`.

An embedding of sound effects (Ma and Lerch, "Representation learning for the automatic indexing of sound effects
libraries", ISMIR 2022), learnt from professional libraries; code MIT, weights CC BY 4.0, 23 MB in a wheel. Its pins are
of 2022, so it is installed without what it asks for: ``pip install --no-deps aisfx==0.1.2``. It is not imported; of its
files the weights are read, and no code in them is run.

It judges against recordings, which are the reader's: none are shipped. It is a blunt tool, measured on 47 recordings of
18 animals at 16 kHz: of a recording the nearest other one is of the same animal in 30 % of cases, one of the nearest
three in 51 %; of a sound of the first tiny CoDi in 13 and 44 %. What is made of its answers is in `measure.judged`.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pathlib
from typing import Any

import numpy as np

from see2sound_nb.measure.clips_in_frames import resampled_to
from see2sound_nb.measure.matching import checked_audio
from see2sound_nb.models.checking import DamagedFileError, filling
from see2sound_nb.models.checkpoints import read_checkpoint

#: Of all that is judged nothing above half this counts, as CoDi makes nothing there, in Hz.
BAND_HZ = 16000
#: What the judge was trained on: the rate in Hz, frames and their distance in samples, bands, and frames of a block.
RATE_HZ, WINDOW, HOP, BANDS, BLOCK = 44100, 2048, 1024, 96, 100
#: Of the log-mels that it was trained on.
LOUDEST = 9.457798957824707
#: Numbers of an embedding.
WIDTH = 512
INSTALL = "pip install --no-deps aisfx==0.1.2"


def load_judge(checkpoint: str | os.PathLike | None = None) -> Any:
    """Load the judge.

    Parameters
    ----------
    checkpoint : path, optional
        ``aisfx/models/checkpoint.pth``; by default that of the installed package.

    Returns
    -------
    torch.nn.Module
        For `embed`.

    Raises
    ------
    FileNotFoundError
        If it is not there; the message says how it is installed.
    ValueError
        If the file is not the judge's, or holds code.

    Notes
    -----
    Notebook: 08_evaluation.
    """

    path = _installed() if checkpoint is None else pathlib.Path(checkpoint)
    if path is None or not path.is_file():
        raise FileNotFoundError(f"no judge at {path or 'aisfx, which is not installed'}; install it: {INSTALL}")
    scalar = np.float64(0).__reduce__()[0]
    kinds = {type(np.dtype(name)) for name in ("float64", "int64")}
    old = "numpy.core.multiarray.scalar"  # as numpy 1 called it, whose file this is
    content = read_checkpoint(path, INSTALL, allowed=[(scalar, old), scalar, np.dtype, *kinds])
    if not (isinstance(content, tuple) and content and isinstance(content[0], dict)):
        raise DamagedFileError(f"{path} does not hold the judge: {INSTALL}")
    weights = content[0]
    prefix = "embedding_net."
    model = _network()
    with filling(path, INSTALL):
        model.load_state_dict({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
    return model.eval().requires_grad_(False)


def embed(judge: Any, audio: np.ndarray, sample_rate: float) -> np.ndarray:
    """What the judge makes of a clip: a direction in 512 dimensions.

    Parameters
    ----------
    judge : torch.nn.Module
        As from `load_judge`.
    audio : np.ndarray
        (T,) float; its level does not matter.
    sample_rate : float
        In Hz.

    Returns
    -------
    np.ndarray
        (512,) float64, of length 1: the mean over blocks of 2.3 s, half overlapping.

    Raises
    ------
    ValueError
        If the clip is of another shape, empty, silent or not finite, or the rate is not positive.

    Notes
    -----
    All clips are brought down to 16 kHz first: the judge would hear that a sound has an upper half, before anything
    else. Notebook: 08_evaluation.
    """
    import torch

    audio = checked_audio(audio, sample_rate)
    if not audio.any():
        raise ValueError("the clip is silent and sounds like nothing; leave it out, and count it")
    x = resampled_to(audio / np.abs(audio).max(), sample_rate, min(sample_rate, BAND_HZ))
    x = resampled_to(x, min(sample_rate, BAND_HZ), RATE_HZ)
    mels = log_mels(x / np.abs(x).max())
    mels = np.pad(mels, ((0, max(0, BLOCK - len(mels))), (0, 0)))
    blocks = np.stack([mels[first : first + BLOCK] for first in range(0, len(mels) - BLOCK + 1, BLOCK // 2)])
    with torch.inference_mode():
        mean = judge(torch.as_tensor(blocks, dtype=torch.float32)).double().mean(0).numpy()
    return mean / np.linalg.norm(mean)


def log_mels(x: np.ndarray) -> np.ndarray:
    """(frames, 96): what the judge hears of a clip (T,) at 44.1 kHz whose peak is 1."""
    from scipy.fft import rfft

    x = np.pad(np.pad(x, (0, max(0, WINDOW - len(x)))), WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(x, WINDOW)[::HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    power = np.abs(rfft(frames * window, axis=1)) ** 2
    return np.log10(1 + 10000 * power @ _filters()) / LOUDEST


def embed_recordings(judge: Any, folder: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Embed the WAVs of a folder that has a folder for each kind of sound.

    Parameters
    ----------
    judge : torch.nn.Module
        As from `load_judge`.
    folder : path
        Such as ``recordings`` with ``recordings/dog/1.wav``.

    Returns
    -------
    embeddings : np.ndarray
        (M, 512) float64.
    kinds : np.ndarray
        (M,) str, the names of the folders.

    Raises
    ------
    ValueError
        If there is no WAV in it, or one cannot be read or is silent; the message names it.

    Notes
    -----
    Channels are averaged. Notebook: 08_evaluation.
    """
    from scipy.io import wavfile

    paths = sorted(path for path in pathlib.Path(folder).glob("*/*") if path.suffix.lower() == ".wav")
    if not paths:
        raise ValueError(f"there is no recording in {folder}; give a folder with a folder of WAVs for each kind")
    embeddings = []
    for path in paths:
        try:
            rate, samples = wavfile.read(path)
            samples = np.asarray(samples, dtype=np.float64).reshape(len(samples), -1)
            embeddings.append(embed(judge, samples.mean(axis=1), rate))
        except MemoryError:
            raise
        except Exception as error:  # as above
            raise ValueError(f"{path} cannot be judged ({error}); take it out of the folder") from error
    return np.stack(embeddings), np.array([path.parent.name for path in paths])


def _installed() -> pathlib.Path | None:
    """The weights in the installed package, which is found and not imported."""
    found = importlib.util.find_spec("aisfx")
    places = found.submodule_search_locations if found else None
    return pathlib.Path(next(iter(places)), "models", "checkpoint.pth") if places else None


@functools.lru_cache(maxsize=1)
def _filters() -> np.ndarray:
    """(1025, 96): triangles of sum 1, evenly on the mel scale (O'Shaughnessy) from 0 to 22,050 Hz."""
    top_mel = 2595 * np.log10(1 + RATE_HZ / 2 / 700)
    corners_hz = 700 * (10 ** (np.linspace(0, top_mel, BANDS + 2) / 2595) - 1)
    f = np.linspace(0, RATE_HZ / 2, WINDOW // 2 + 1)[:, None]
    low, middle, high = corners_hz[:-2], corners_hz[1:-1], corners_hz[2:]
    bank = np.maximum(0, np.minimum((f - low) / (middle - low), (high - f) / (high - middle)))
    return bank / np.maximum(bank.sum(axis=0), 1e-9)


def _network() -> Any:
    """Four pairs of convolutions over (N, frames, 96): the mean over bands, the largest over time."""
    import torch
    from torch import nn

    class Judge(nn.Module):
        def __init__(self):
            super().__init__()
            for k, (before, after) in enumerate(((1, 64), (64, 128), (128, 256), (256, WIDTH)), start=1):
                parts = {
                    "conv1": nn.Conv2d(before, after, 3, padding=1, bias=False), "bn1": nn.BatchNorm2d(after),
                    "conv2": nn.Conv2d(after, after, 3, padding=1, bias=False), "bn2": nn.BatchNorm2d(after),
                }  # fmt: skip
                setattr(self, f"conv_block{k}", nn.ModuleDict(parts))

        def forward(self, x):
            x = x[:, None]
            for k in range(1, 5):
                block = getattr(self, f"conv_block{k}")
                x = torch.relu(block["bn1"](block["conv1"](x)))
                x = torch.relu(block["bn2"](block["conv2"](x)))
                x = nn.functional.max_pool2d(x, 2) if k < 4 else x
            return x.mean(3).amax(2)

    return Judge()
