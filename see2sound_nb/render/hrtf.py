"""Measured head-related transfer functions: what a head does to a sound from each direction.

Shipped: MIT KEMAR, 710 directions (Gardner and Martin, "HRTF measurements of a KEMAR dummy-head microphone",
MIT Media Lab, 1994), free for any use with citation. Any other set can be read from a SOFA file (AES69).
Between the measured directions, when a sound arrives and how loud each frequency is are interpolated each for itself.

A set is diffuse-field equalised as it is loaded (`diffuse_field`).

Notebook: 00_start_here.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import warnings

import numpy as np

from see2sound_nb._checks import check_rate, rows_of_three
from see2sound_nb.models.trunk import WEIGHTS
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.diffuse_field import diffuse_field_equalised
from see2sound_nb.render.one_plane import completed, is_flat
from see2sound_nb.render.onsets import aligning_times
from see2sound_nb.render.panning import enclosing_facets
from see2sound_nb.render.sofa import read_sofa

KEMAR = WEIGHTS / "kemar.npz"
#: The level of a set is that of its front up to this frequency: what every sample rate from 16 kHz on can hold.
LEVEL_BELOW_HZ = 8000.0
#: How far the loudspeaker stood that measured KEMAR.
KEMAR_DISTANCE_M = 1.4
#: Sounds from the side are this much louder at the far ear, in dB: then the ears are swapped.
SWAPPED_DB = 3.0
#: Longer responses, in seconds, are not of a head alone.
LONGEST_HEAD_S = 0.1


@dataclasses.dataclass(frozen=True, eq=False)
class HRTF:
    """A set of head-related impulse responses.

    Attributes
    ----------
    directions : np.ndarray
        (M, 3) float64, unit vectors towards the measured directions, listener's frame.
    responses : np.ndarray
        (M, 2, K) float64, left and right ear. From `load_hrtf` diffuse-field equalised, and scaled so that a source in
        front has, up to 8 kHz, the mean power gain 1, whatever the sample rate.
    sample_rate : int
        In Hz.
    distance_m : float, optional
        How far away the measuring loudspeaker was, in metres, where that is known.
    """

    directions: np.ndarray
    responses: np.ndarray
    sample_rate: int
    distance_m: float | None = None

    def nearest(self, vectors: np.ndarray) -> np.ndarray:
        """Indices (n,) of the measured directions nearest to the vectors (n, 3), listener's frame."""
        return np.argmax(np.asarray(vectors) @ self.directions.T, axis=-1)

    def at(self, vectors: np.ndarray) -> np.ndarray:
        """Responses for any directions: the measurements, and between them the barycentric mean of three.

        The spherical triangle of measured directions around a direction gives three weights. The times of its corners
        are averaged; their responses are averaged once they are moved to that time, so that no comb filter arises. What
        the corners do not have in common would still be lost from the mean: so its magnitudes are the mean of theirs.
        At a measured direction the result is the measurement.

        Parameters
        ----------
        vectors : np.ndarray
            (n, 3) float, towards the sounds, listener's frame, of any length but zero.

        Returns
        -------
        np.ndarray
            (n, 2, K) float64, left and right ear.

        Raises
        ------
        ValueError
            If the measured directions do not surround the head, or the vectors are not (n, 3) or not finite.

        Notes
        -----
        Where nothing was measured within 30 degrees of the nadir (or zenith), as below KEMAR's -40 degrees, the mean
        of the lowest (highest) measurements, aligned in time, stands there. Times and magnitudes that are interpolated
        each for itself: Arend, Poerschmann, Weinzierl and Brinkmann, "Magnitude-corrected and time-aligned
        interpolation of head-related transfer functions", IEEE/ACM TASLP 31, 2023 (here in each bin, for all
        directions). Notebook: 00_start_here.
        """
        from scipy.fft import irfft

        corners, inverses, spectra, times, size = self.mesh
        facets, weights = enclosing_facets(rows_of_three("vectors", vectors), inverses)
        weights /= weights.sum(axis=1, keepdims=True)
        chosen = corners[facets]  # (n, 3)
        time = np.einsum("nc,nce->ne", weights, times[chosen])
        step = -2j * np.pi * np.arange(spectra.shape[-1]) / size
        mean = np.zeros((len(chosen), *spectra.shape[1:]), dtype=np.complex128)
        magnitude = np.zeros(mean.shape)
        for corner, weight in zip(chosen.T, weights.T):
            late = time - times[corner]
            mean += weight[:, None, None] * spectra[corner] * np.exp(late[..., None] * step)
            magnitude += weight[:, None, None] * np.abs(spectra[corner])
        return irfft(_as_loud(mean, magnitude), size)[..., : self.responses.shape[-1]]

    @functools.cached_property
    def mesh(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        """What `at` interpolates: triangles of measured directions, and what belongs to their corners.

        Returns
        -------
        corners : np.ndarray
            (F, 3) int, indices of measurements; after the M measured ones come those that stand for an unmeasured pole.
        inverses : np.ndarray
            (F, 3, 3) float64: a vector times the inverse is its weights of the corners.
        spectra : np.ndarray
            (M or more, 2, bins) complex128, of the responses.
        times : np.ndarray
            (M or more, 2) float64, when a sound arrives at the ears, in samples.
        size : int
            Of the transform, a power of two: the live room's browser side takes the same.
        """
        from scipy.fft import irfft, rfft
        from scipy.spatial import ConvexHull, QhullError

        size = 1 << (2 * self.responses.shape[-1] - 1).bit_length()
        spectra = rfft(self.responses, size)
        heights = self.directions[:, 2]
        poles = [pole for pole in (-1.0, 1.0) if (pole * heights).max() < np.cos(np.radians(30))]
        directions = np.concatenate([self.directions, *([[0.0, 0.0, pole]] for pole in poles)])
        try:
            hull = ConvexHull(directions)
            surrounded = bool((hull.equations[:, 3] < -1e-3).all())
        except QhullError:
            surrounded = False
        if not surrounded:
            raise ValueError(
                f"the {len(self.directions)} measured directions do not surround the head{_gap(self.directions)}, so "
                "there is nothing to interpolate between; use a set measured all around"
            )
        corners = hull.simplices[np.abs(np.linalg.det(directions[hull.simplices])) > 1e-9]
        times = aligning_times(self.directions, self.responses, _edges(corners, len(heights)), self.sample_rate)
        step = -2j * np.pi * np.arange(spectra.shape[-1]) / size
        for pole in poles:
            rim = np.flatnonzero(pole * heights > (pole * heights).max() - 0.05)
            time = times[rim].mean(axis=0)
            mean = (spectra[rim] * np.exp((time - times[rim])[..., None] * step)).mean(axis=0)
            whole = irfft(_as_loud(mean, np.abs(spectra[rim]).mean(axis=0)), size)
            spectra = np.concatenate([spectra, rfft(whole[None, :, : self.responses.shape[-1]], size)])
            times = np.concatenate([times, [time]])
        return corners, np.linalg.inv(directions[corners]), spectra, times, size


def _gap(directions: np.ndarray) -> str:
    """Where the widest gap is, not too far above or below."""
    azimuth = np.arange(180.0, -180.0, -5.0)
    around = unit_vectors(azimuth, 0 * azimuth)
    away = np.degrees(np.arccos(np.clip((around @ directions.T).max(axis=1), -1, 1)))
    k = int(away.round(3).argmax())
    return f" (none is within {away[k]:.0f} degrees of azimuth {azimuth[k]:.0f})" if away[k] > 30 else ""


def _as_loud(mean: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
    """Complex spectra with their phase and the given magnitude; 0 where they are 0."""
    own = np.abs(mean)
    return mean * np.divide(magnitude, own, out=np.zeros(own.shape), where=own > 0)


def _edges(corners: np.ndarray, count: int) -> np.ndarray:
    """Pairs (E, 2) of neighbours among the first `count` corners, each once."""
    pairs = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    return np.unique(pairs[pairs[:, 1] < count], axis=0)


def load_hrtf(
    path: str | os.PathLike | None = None, *, sample_rate: int = 16000, distance_m: float | None = None
) -> HRTF:
    """Load a set of measurements, diffuse-field equalised, at a sample rate.

    Parameters
    ----------
    path : str or path, optional
        A SOFA file of the convention SimpleFreeFieldHRIR. By default the shipped MIT KEMAR.
    sample_rate : int
        In Hz; the measurements are resampled to it.
    distance_m : float, optional
        Of a set measured at several distances, use the one nearest to this, in metres; by default the farthest, with
        a warning. ``HRTF.distance_m`` says which.

    Returns
    -------
    HRTF
        The same object for the same file, as long as the file does not change.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModuleNotFoundError
        If h5py is not installed; the message names the extra.
    ValueError
        If it is not a SOFA file with one response for each of two ears, is damaged, or too large to be a head; or the
        sample rate or the distance is not positive.

    Notes
    -----
    A set of the horizontal plane alone is completed (`one_plane`). Warns of that, and of ears that seem to be swapped.
    Notebook: 09_your_own.
    """
    check_rate(sample_rate)
    if path is None:
        return _loaded(None, None, sample_rate, None)
    path = os.path.abspath(path)
    return _loaded(path, _version(path), sample_rate, distance_m)


def _version(path: str) -> tuple[int, ...] | None:
    """What changes when a file does."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


@functools.lru_cache(maxsize=4)
def _loaded(path: str | None, version: tuple[int, ...] | None, sample_rate: int, distance_m: float | None) -> HRTF:
    if path is None:
        with np.load(KEMAR, allow_pickle=False) as kemar:
            angles, raw, rate = kemar["azimuth_elevation_deg"], kemar["responses"] / 32768.0, int(kemar["sample_rate"])
        distance_m = KEMAR_DISTANCE_M
    else:
        angles, raw, rate, distance_m = read_sofa(path, distance_m)
    directions = unit_vectors(angles[:, 0], angles[:, 1])
    head = HRTF(directions, _prepare(directions, raw, rate, sample_rate), sample_rate, distance_m)
    if not np.isfinite(head.responses).all():
        raise ValueError(f"{path} gives responses that are not finite at {sample_rate} Hz; export it again")
    name = os.path.basename(path or "")
    if _nearer_ear_db(head) < -SWAPPED_DB:
        warnings.warn(
            f"{name} has sounds from the left louder at the right ear: its ears or its azimuths are swapped, export it "
            "again (azimuth is positive to the left, the left ear comes first)",
            stacklevel=3,
        )
    if head.responses.shape[-1] > LONGEST_HEAD_S * sample_rate:
        warnings.warn(
            f"{name} has responses of {head.responses.shape[-1] / sample_rate:.2g} s: the room it was measured in is "
            "heard beside the scene's own; for that alone use a set measured without echoes",
            stacklevel=3,
        )
    if is_flat(directions):
        head = completed(head)
        warnings.warn(
            f"{name} was measured in the horizontal plane alone; a sound above or below it is heard as far to the side "
            "as it is, without what height does to its colour",
            stacklevel=3,
        )
    return head


def _nearer_ear_db(head: HRTF) -> float:
    """By how much the nearer ear is louder, on average over the directions more than 30 degrees aside."""
    aside = head.directions[:, 0]
    sides = np.abs(aside) > 0.5
    if not sides.any():
        return 0.0
    left, right = np.square(head.responses[sides]).sum(axis=-1).T + np.finfo(float).tiny
    return float((-np.sign(aside[sides]) * 10 * np.log10(left / right)).mean())


def _prepare(directions: np.ndarray, raw: np.ndarray, rate: int, sample_rate: int) -> np.ndarray:
    from scipy.signal import resample_poly

    raw = diffuse_field_equalised(directions, raw / np.abs(raw).max(), rate)
    front = np.argmax(directions[:, 1])
    size = max(4096, raw.shape[-1])
    power = np.abs(np.fft.rfft(raw[front], size)) ** 2
    raw = raw / np.sqrt(power[:, np.fft.rfftfreq(size, 1 / rate) <= LEVEL_BELOW_HZ].mean())
    if rate == sample_rate:
        return raw
    divisor = np.gcd(rate, sample_rate)
    # A filter's taps at a higher rate are more and smaller.
    return resample_poly(raw, sample_rate // divisor, rate // divisor, axis=-1) * (rate / sample_rate)
