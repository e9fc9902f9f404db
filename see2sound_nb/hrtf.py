"""Measured head-related transfer functions: what a head does to a sound from each direction.

Shipped: MIT KEMAR, 710 directions (Gardner and Martin, "HRTF measurements of a KEMAR dummy-head microphone",
MIT Media Lab, 1994), free for any use with citation. Any other set can be read from a SOFA file (AES69).

Notebook: 00_start_here.
"""

from __future__ import annotations

import functools
import os
import pathlib
from typing import NamedTuple

import numpy as np

from see2sound_nb.geometry import unit_vectors

KEMAR = pathlib.Path(__file__).parent / "weights" / "kemar.npz"


class HRTF(NamedTuple):
    """A set of head-related impulse responses.

    Attributes
    ----------
    directions : np.ndarray
        (M, 3) float64, unit vectors towards the measured directions, listener's frame.
    responses : np.ndarray
        (M, 2, K) float64, left and right ear. Scaled so that a source in front has mean power gain 1.
    sample_rate : int
        In Hz.
    """

    directions: np.ndarray
    responses: np.ndarray
    sample_rate: int

    def nearest(self, vectors: np.ndarray) -> np.ndarray:
        """Indices (n,) of the measured directions nearest to the vectors (n, 3), listener's frame."""
        return np.argmax(np.asarray(vectors) @ self.directions.T, axis=-1)


@functools.lru_cache(maxsize=4)
def load_hrtf(path: str | os.PathLike | None = None, *, sample_rate: int = 16000) -> HRTF:
    """Load a set of measurements at a sample rate.

    Parameters
    ----------
    path : str or path, optional
        A SOFA file of the convention SimpleFreeFieldHRIR. By default the shipped MIT KEMAR.
    sample_rate : int
        In Hz; the measurements are resampled to it.

    Returns
    -------
    HRTF

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a SOFA file with one response for each of two ears.
    """
    if path is None:
        with np.load(KEMAR, allow_pickle=False) as kemar:
            angles, raw, rate = kemar["azimuth_elevation_deg"], kemar["responses"] / 32768.0, int(kemar["sample_rate"])
    else:
        angles, raw, rate = read_sofa(path)
    return HRTF(unit_vectors(angles[:, 0], angles[:, 1]), _prepare(angles, raw, rate, sample_rate), sample_rate)


def _prepare(angles: np.ndarray, raw: np.ndarray, rate: int, sample_rate: int) -> np.ndarray:
    from scipy.signal import resample_poly

    if rate != sample_rate:
        divisor = np.gcd(rate, sample_rate)
        raw = resample_poly(raw, sample_rate // divisor, rate // divisor, axis=-1)
    front = np.argmax(unit_vectors(angles[:, 0], angles[:, 1])[:, 1])
    return raw / np.sqrt((raw[front] ** 2).sum() / 2)


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
        (M, 2, K) float64, left and right ear.
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
            rate = int(file["Data.SamplingRate"][0])
            kind = file["SourcePosition"].attrs.get("Type", b"spherical")
    except (OSError, KeyError) as error:
        raise ValueError(f"{path} is no SOFA file with impulse responses ({error}); use SimpleFreeFieldHRIR") from error
    if responses.ndim != 3 or responses.shape[1] != 2:
        raise ValueError(f"{path} holds responses of shape {responses.shape}; (directions, 2 ears, samples) is needed")
    if (kind.decode() if isinstance(kind, bytes) else str(kind)) == "cartesian":
        x, y, z = positions.T  # SOFA's cartesian frame: x forward, y left, z up
        positions = np.stack([np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))], axis=1)
    return positions[:, :2].astype(np.float64), responses.astype(np.float64), rate
