"""Heads measured by others: files in the format SOFA (AES69).

Notebook: 00_start_here.
"""

from __future__ import annotations

import math
import os
import pathlib

import numpy as np


def read_sofa(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray, int]:
    """Read the responses of a SOFA file.

    Parameters
    ----------
    path : str or path
        A SOFA file (HDF5) of the convention SimpleFreeFieldHRIR.

    Returns
    -------
    angles : np.ndarray
        (M, 2) float64, azimuth (positive to the left) and elevation in degrees.
    responses : np.ndarray
        (M, 2, K) float64, left and right ear, each later by the file's ``Data.Delay``.
    sample_rate : int
        In Hz.

    Raises
    ------
    FileNotFoundError, ValueError
        As in `load_hrtf`.
    """
    import h5py

    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no SOFA file at {path}; give the path of a SimpleFreeFieldHRIR file")
    try:
        with h5py.File(path) as file:
            responses, positions = file["Data.IR"][:], file["SourcePosition"][:]
            rates = np.ravel(file["Data.SamplingRate"][()]).astype(np.float64)
            delays = np.asarray(file["Data.Delay"][()] if "Data.Delay" in file else 0.0, dtype=np.float64)
            kind = file["SourcePosition"].attrs.get("Type", b"spherical")
    except (OSError, KeyError) as error:
        raise ValueError(f"{path} is no SOFA file with impulse responses ({error}); use SimpleFreeFieldHRIR") from error
    if responses.ndim != 3 or responses.shape[1] != 2 or not responses.size:
        raise ValueError(f"{path} holds responses of shape {responses.shape}; (directions, 2 ears, samples) is needed")
    if positions.shape != (len(responses), 3):
        raise ValueError(
            f"{path} holds {len(responses)} responses and positions of shape {positions.shape}; each response needs "
            "one (3,): export the set again"
        )
    if not (np.isfinite(responses).all() and np.isfinite(positions).all() and responses.any(axis=(1, 2)).all()):
        raise ValueError(f"{path} holds silence or NaN among its responses or positions; leave these directions out")
    if rates.shape != (1,) or not (0 < rates[0] < np.inf and rates[0] == int(rates[0])):
        raise ValueError(f"{path} has the sampling rate {rates}; it must be one whole number of Hz above 0")
    rate = int(rates[0])
    if delays.shape not in ((), (2,), (1, 2), (len(responses), 2)) or not ((delays >= 0) & (delays <= rate)).all():
        raise ValueError(
            f"{path} has delays of shape {delays.shape} from {delays.min()} to {delays.max()} samples; they must be "
            f"(1, 2) or ({len(responses)}, 2), and 0 to 1 s long"
        )
    responses = _delayed(responses.astype(np.float64), np.broadcast_to(delays, responses.shape[:2]))
    if (kind.decode() if isinstance(kind, bytes) else str(kind)) == "cartesian":
        x, y, z = positions.T  # SOFA's cartesian frame: x forward, y left, z up
        positions = np.stack([np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))], axis=1)
    return positions[:, :2].astype(np.float64), responses, rate


def _delayed(responses: np.ndarray, delays: np.ndarray) -> np.ndarray:
    """Responses (M, 2, K) later by (M, 2) samples, whole and parts, and as much longer as the latest."""
    from scipy.fft import irfft, next_fast_len, rfft

    if not delays.any():
        return responses
    length = responses.shape[-1] + math.ceil(delays.max())
    size = next_fast_len(length + 64, real=True)  # what rings before a response wraps around into the end, cut off here
    step = -2j * np.pi * np.arange(size // 2 + 1) / size
    out = np.empty((*responses.shape[:2], length))
    for late, response, delay in zip(out, responses, delays):  # one direction at a time: sets may be large
        late[:] = irfft(rfft(response, size) * np.exp(delay[:, None] * step), size)[:, :length]
    return out
