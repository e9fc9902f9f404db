"""Energy maps: how much sound comes from each direction, and how alike two such maps are.

First-order Ambisonics cannot see sharply: a map of one source is a hill as wide as half the sphere. So two maps
resemble each other much even when the sources do not: compare every figure with that of a sound "always ahead".

Notebook: 08_evaluation.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb._checks import checked_channels
from see2sound_nb.places.frames import even_directions, unit_vectors
from see2sound_nb.room.spherical_harmonics import encode

#: So many directions, spread evenly: each stands for as much of the sphere as any other.
DIRECTIONS = 10000
#: ViSAGe's grid, in degrees.
VISAGE_STEP_DEG = 2


def energy_map(foa: np.ndarray, *, as_visage: bool = False) -> np.ndarray:
    """How loud a first-order beam (a cardioid) hears the sound, in each of 10,000 directions.

    Parameters
    ----------
    foa : np.ndarray
        (4, T) float, W, Y, Z, X (AmbiX, SN3D).
    as_visage : bool
        As the released evaluation of ViSAGe computes it: see the notes.

    Returns
    -------
    np.ndarray
        (10000,) float64, RMS, at `places.frames.even_directions`; as ViSAGe (10312,), from its own directions, row by
        row from the top.

    Raises
    ------
    ValueError
        If there are not four channels, or a sample is not finite.

    Notes
    -----
    ViSAGe (Kim et al., "ViSAGe: Video-to-spatial audio generation", ICLR 2025) weights X and Y with the root of 2,
    which is neither SN3D nor N3D: a source at 45 degrees of elevation then peaks at 35 or so. Its grid has a row at -90
    degrees and none at +90; of each row as many values are kept as its latitude deserves, interpolated along the row.
    Notebook: 08_evaluation.
    """
    foa = checked_channels(foa, "FOA: W, Y, Z, X", least=4, most=4)
    beams = _visage_beams() if as_visage else encode(even_directions(DIRECTIONS), 1)
    covariance = foa @ foa.T / foa.shape[1]
    power = np.einsum("nc,cd,nd->n", beams, covariance, beams)
    loudness = np.sqrt(np.maximum(power, 0))
    return _visage_rows(loudness) if as_visage else loudness


def map_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation of two energy maps (CC), -1 to 1.

    Parameters
    ----------
    a, b : np.ndarray
        (n,) float, from `energy_map`.

    Raises
    ------
    ValueError
        If the maps differ in shape, or one is the same in all directions, as in silence or with nothing but W.

    Notes
    -----
    Of single sources: 10 degrees beside the truth 0.98, 30 degrees 0.85, 90 degrees 0. "Always ahead" against sources
    within a photo reaches 0.89 in the mean. Notebook: 08_evaluation.
    """
    a, b = _two_maps(a, b)
    if min(np.ptp(a), np.ptp(b)) <= 1e-9 * max(np.abs(a).max(), np.abs(b).max()):
        raise ValueError(
            "a map is the same in all directions, as in silence, and correlates with nothing; leave it out"
        )
    return float(np.corrcoef(a, b)[0, 1])


def map_auc(a: np.ndarray, truth: np.ndarray, *, as_visage: bool = False) -> float:
    """How surely a map tells the loudest directions of the truth from all others (AUC), 0.5 by chance to 1.

    Parameters
    ----------
    a, truth : np.ndarray
        (n,) float, from `energy_map`. The loudest directions are those within one standard deviation of the truth's
        maximum.
    as_visage : bool
        By the thresholds of Judd et al. as ViSAGe's code counts them, without its jitter.

    Returns
    -------
    float
        The probability that the map is larger in one of the loudest directions than in another one (ties count half).

    Raises
    ------
    ValueError
        If the maps differ in shape, or the truth is the same in all directions.

    Notes
    -----
    It is not symmetric, and sees order alone, no amounts. Judd et al., "Learning to predict where humans look", ICCV
    2009. Notebook: 08_evaluation.
    """
    a, truth = _two_maps(a, truth)
    loudest = truth > truth.max() - truth.std()
    if not loudest.any() or loudest.all():
        raise ValueError("the truth is the same in all directions; take one that has a loudest")
    from scipy.stats import rankdata

    hits, others = int(loudest.sum()), int((~loudest).sum())
    if not as_visage:
        ranks = rankdata(a)
        return float((ranks[loudest].sum() - hits * (hits + 1) / 2) / (hits * others))
    thresholds = np.sort(a[loudest])[::-1]
    above = len(a) - np.searchsorted(np.sort(a), thresholds, side="left")
    true = np.concatenate([[0], np.arange(hits) / hits, [1]])
    false = np.concatenate([[0], (above - np.arange(hits)) / others, [1]])
    return float(np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2))


def _two_maps(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape or not len(a):
        raise ValueError(f"maps of shapes {a.shape} and {b.shape} must be two (n,) of one kind; make both alike")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("a map holds values that are NaN or infinite; look at the sound that it was made of")
    return a, b


def _visage_grid() -> tuple[np.ndarray, np.ndarray]:
    """Azimuths and elevations in degrees, each (rows, columns), from the top down and from left to right."""
    azimuths = np.arange(-180, 180, VISAGE_STEP_DEG)[::-1]
    elevations = np.arange(-90, 90, VISAGE_STEP_DEG)[::-1]
    azimuth, elevation = np.meshgrid(azimuths, elevations)
    return azimuth, elevation


def _visage_beams() -> np.ndarray:
    azimuth, elevation = _visage_grid()
    beams = encode(unit_vectors(azimuth.ravel(), elevation.ravel()), 1)
    return beams * np.array([1, np.sqrt(2), 1, np.sqrt(2)])  # W, Y, Z, X


def _visage_rows(values: np.ndarray) -> np.ndarray:
    count, width = _visage_grid()[0].shape
    rows = values.reshape(count, width)
    kept = []
    for row, latitude in zip(rows, np.pi * (np.arange(count) + 0.5) / count):
        size = int(np.round(width * np.sin(latitude)))
        kept.append(np.interp(np.arange(size) * (width - 0.5 * width / size) / size, np.arange(width), row))
    return np.concatenate(kept)
