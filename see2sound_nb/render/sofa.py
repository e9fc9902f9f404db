"""Heads measured by others: files in the format SOFA (AES69).

Notebook: 00_start_here.
"""

from __future__ import annotations

import importlib.util
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings
from typing import NamedTuple

import numpy as np

from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render import _sofa_child

#: Numbers in an array of a file, at most: 128 MiB of float64, of which a head then takes about eight times as much.
MOST_NUMBERS = 1 << 24
#: Reading a file takes no longer, in seconds, and no more memory, in bytes (where the system can be told so).
LONGEST_S, MOST_BYTES = 60.0, 4 << 30
#: Sampling rates of measurements, in Hz.
LOWEST_HZ, HIGHEST_HZ = 4000, 768000
#: Distances that differ by no more than this share are one; without a direction in common, by no more than the second.
SAME_SHARE, NEARLY_SAME_SHARE = 0.02, 0.5
#: Directions no farther apart than this are one, in radians.
SAME_RADIANS = 1e-3


class Measurements(NamedTuple):
    """What a SOFA file holds, of one distance, each direction once."""

    #: (M, 2) float64, azimuth (positive to the left) and elevation in degrees.
    angles: np.ndarray
    #: (M, 2, K) float64, left and right ear, each later by the file's ``Data.Delay``.
    responses: np.ndarray
    #: In Hz.
    sample_rate: int
    #: How far the loudspeaker was, in metres; None if the file does not say.
    distance_m: float | None


def read_sofa(path: str | os.PathLike, distance_m: float | None = None) -> Measurements:
    """Read the responses of a SOFA file.

    Parameters
    ----------
    path : str or path
        A SOFA file (HDF5) of the convention SimpleFreeFieldHRIR.
    distance_m : float, optional
        Of a set measured at several distances, use the one nearest to this, in metres; by default the farthest, with
        a warning that says which there are.

    Returns
    -------
    Measurements
        Angles (M, 2), responses (M, 2, K), sample rate and distance. Of a direction measured twice at one distance, the
        first measurement.

    Raises
    ------
    FileNotFoundError, ValueError, ModuleNotFoundError
        As in `load_hrtf`.

    Notes
    -----
    The first receiver is taken for the left ear, as in all public sets that were tried, even where the file's
    ``ReceiverPosition`` puts it on the right (early converters wrote it so, and the responses as they are now). The
    file is read in a process of its own, which is ended after `LONGEST_S`: a damaged one may occupy HDF5 without end.
    Notebook: 00_start_here.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no SOFA file at {path}; give the path of a SimpleFreeFieldHRIR file")
    if importlib.util.find_spec("h5py") is None:
        raise ModuleNotFoundError("reading SOFA files needs h5py: pip install 'see2sound_nb[sofa]'", name="h5py")
    if distance_m is not None and not (distance_m > 0 and math.isfinite(distance_m)):
        raise ValueError(f"distance_m={distance_m} must be a positive number of metres; leave it out for the farthest")
    found = _read_apart(path)
    responses, positions, kind = found["responses"], found["positions"], str(found["kind"])
    _check(path, responses, positions, kind)
    heard = np.abs(responses).max(axis=(1, 2)) > 0
    if not heard.all():
        warnings.warn(f"{path.name} holds silence in {(~heard).sum()} of {len(heard)} directions; they are left out",
                      stacklevel=4)  # fmt: skip
    rate = _rate(path, found["rates"])
    delays = _delays(path, found["delays"], responses.shape, rate)
    angles, radii = _spherical(positions, kind)
    rows, distance_m = _one_distance(path, angles[heard], radii[heard], distance_m)
    rows = np.flatnonzero(heard)[rows]
    responses = _delayed(responses[rows], np.broadcast_to(delays, responses.shape[:2])[rows])
    return Measurements(angles[rows], responses, rate, distance_m)


def _read_apart(path: pathlib.Path) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder, "read.npz")
        command = [sys.executable, _sofa_child.__file__, os.path.abspath(path), str(target)]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # their stacks are memory, too
        try:
            done = subprocess.run(
                [*command, str(MOST_NUMBERS), str(MOST_BYTES)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                timeout=LONGEST_S, env=environment, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ValueError(
                f"{path} could not be read within {LONGEST_S:g} s; it may be damaged: export or download it again"
            ) from None
        if done.returncode or not target.is_file():
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            why = said[-1] if said and done.returncode == _sofa_child.REFUSED else "it ended the HDF5 library"
            raise ValueError(f"{path} is no SOFA file with impulse responses ({why}); use SimpleFreeFieldHRIR")
        with np.load(target, allow_pickle=False) as read:
            return dict(read)


def _check(path: pathlib.Path, responses: np.ndarray, positions: np.ndarray, kind: str) -> None:
    if responses.ndim != 3 or responses.shape[1] != 2 or not responses.size:
        raise ValueError(f"{path} holds responses of shape {responses.shape}; (directions, 2 ears, samples) is needed")
    if positions.shape != (len(responses), 3):
        raise ValueError(
            f"{path} holds {len(responses)} responses and positions of shape {positions.shape}; each response needs "
            "one (3,): export the set again"
        )
    if not (np.isfinite(responses).all() and np.isfinite(positions).all() and responses.any()):
        raise ValueError(
            f"{path} holds only silence, or NaN among its responses or positions; leave out what was not measured"
        )
    if kind not in ("spherical", "cartesian"):
        raise ValueError(f"{path} has positions of the type {kind!r}; it must be 'spherical' or 'cartesian'")


def _rate(path: pathlib.Path, rates: np.ndarray) -> int:
    rates = np.ravel(rates)
    if rates.shape != (1,) or not (LOWEST_HZ <= rates[0] <= HIGHEST_HZ and rates[0] == int(rates[0])):
        raise ValueError(
            f"{path} has the sampling rate {rates}; it must be one whole number of Hz from {LOWEST_HZ} to {HIGHEST_HZ}"
        )
    return int(rates[0])


def _delays(path: pathlib.Path, delays: np.ndarray, shape: tuple[int, ...], rate: int) -> np.ndarray:
    if delays.shape not in ((), (2,), (1, 2), shape[:2]) or not ((delays >= 0) & (delays <= rate)).all():
        raise ValueError(
            f"{path} has delays of shape {delays.shape} from {delays.min()} to {delays.max()} samples; they must be "
            f"(1, 2) or {shape[:2]}, and 0 to 1 s long"
        )
    length = shape[2] + math.ceil(delays.max())
    if shape[0] * shape[1] * length > MOST_NUMBERS:
        raise ValueError(f"{path} has delays of up to {delays.max():g} samples; take what is common to all from them")
    return delays


def _spherical(positions: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Azimuth and elevation in degrees (M, 2), and distances in metres (M,)."""
    if kind == "spherical":
        return positions[:, :2], positions[:, 2]
    x, y, z = positions.T  # SOFA's cartesian frame: x forward, y left, z up
    angles = np.degrees([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))]).T
    return angles, np.linalg.norm(positions, axis=1)


def _one_distance(
    path: pathlib.Path, angles: np.ndarray, radii: np.ndarray, wanted_m: float | None
) -> tuple[np.ndarray, float | None]:
    """Indices of the measurements at one distance, each direction once, and that distance in metres."""
    direction, rows = _same_direction(unit_vectors(*angles.T)), np.arange(len(radii))
    known = np.sort(radii[radii > 0])  # files that do not know it say 0
    if not len(known):
        return _first_of_each(direction, rows), None
    near, far = np.full(len(radii), np.inf), np.zeros(len(radii))
    np.minimum.at(near, direction[radii > 0], radii[radii > 0])
    np.maximum.at(far, direction[radii > 0], radii[radii > 0])
    if not ((far > (1 + SAME_SHARE) * near).any() or known[-1] > (1 + NEARLY_SAME_SHARE) * known[0]):
        return _first_of_each(direction, rows), float(np.median(known))
    shells = np.split(known, np.flatnonzero(known[1:] > (1 + SAME_SHARE) * known[:-1]) + 1)
    distances = np.array([np.median(shell) for shell in shells])
    chosen = len(shells) - 1 if wanted_m is None else int(np.abs(distances - wanted_m).argmin())
    if wanted_m is None:
        there = ", ".join(f"{distance:.3g}" for distance in distances)
        warnings.warn(
            f"{path.name} was measured at {there} m; {distances[-1]:.3g} m is used: choose another with distance_m",
            stacklevel=5,
        )
    rows = np.flatnonzero((radii >= shells[chosen][0]) & (radii <= shells[chosen][-1]))
    return _first_of_each(direction, rows), float(distances[chosen])


def _same_direction(directions: np.ndarray) -> np.ndarray:
    """(M,) int, a number for each direction, equal where directions are."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    cells, cell = np.unique(np.round(directions / (SAME_RADIANS / 2)), axis=0, return_inverse=True)
    pairs = KDTree(cells).query_pairs(2.0, output_type="ndarray")
    joined = coo_matrix((np.ones(len(pairs)), pairs.T), (len(cells), len(cells)))
    return connected_components(joined, directed=False)[1][cell.ravel()]


def _first_of_each(direction: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.sort(rows[np.unique(direction[rows], return_index=True)[1]])


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
