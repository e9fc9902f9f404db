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

import numpy as np

from see2sound_nb._checks import check_rate, rows_of_three
from see2sound_nb.models.trunk import WEIGHTS
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.diffuse_field import diffuse_field_equalised
from see2sound_nb.render.onsets import aligning_times
from see2sound_nb.render.panning import enclosing_facets
from see2sound_nb.render.sofa import read_sofa

KEMAR = WEIGHTS / "kemar.npz"
#: The level of a set is that of its front up to this frequency: what every sample rate from 16 kHz on can hold.
LEVEL_BELOW_HZ = 8000.0


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
    """

    directions: np.ndarray
    responses: np.ndarray
    sample_rate: int

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
                f"the {len(self.directions)} measured directions do not surround the head, so there is nothing to "
                "interpolate between; use a set measured all around"
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


def _as_loud(mean: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
    """Complex spectra with their phase and the given magnitude; 0 where they are 0."""
    own = np.abs(mean)
    return mean * np.divide(magnitude, own, out=np.zeros(own.shape), where=own > 0)


def _edges(corners: np.ndarray, count: int) -> np.ndarray:
    """Pairs (E, 2) of neighbours among the first `count` corners, each once."""
    pairs = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    return np.unique(pairs[pairs[:, 1] < count], axis=0)


@functools.lru_cache(maxsize=4)
def load_hrtf(path: str | os.PathLike | None = None, *, sample_rate: int = 16000) -> HRTF:
    """Load a set of measurements, diffuse-field equalised, at a sample rate.

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
        If it is not a SOFA file with one response for each of two ears, or the sample rate is not positive.
    """
    check_rate(sample_rate)
    if path is None:
        with np.load(KEMAR, allow_pickle=False) as kemar:
            angles, raw, rate = kemar["azimuth_elevation_deg"], kemar["responses"] / 32768.0, int(kemar["sample_rate"])
    else:
        angles, raw, rate = read_sofa(path)
    return HRTF(unit_vectors(angles[:, 0], angles[:, 1]), _prepare(angles, raw, rate, sample_rate), sample_rate)


def _prepare(angles: np.ndarray, raw: np.ndarray, rate: int, sample_rate: int) -> np.ndarray:
    from scipy.signal import resample_poly

    directions = unit_vectors(angles[:, 0], angles[:, 1])
    raw = diffuse_field_equalised(directions, raw, rate)
    front = np.argmax(directions[:, 1])
    power = np.abs(np.fft.rfft(raw[front], 4096)) ** 2
    raw = raw / np.sqrt(power[:, np.fft.rfftfreq(4096, 1 / rate) <= LEVEL_BELOW_HZ].mean())
    if rate == sample_rate:
        return raw
    divisor = np.gcd(rate, sample_rate)
    # A filter's taps at a higher rate are more and smaller.
    return resample_poly(raw, sample_rate // divisor, rate // divisor, axis=-1) * (rate / sample_rate)
