"""Responses at two ears along a path, a few positions at a time: what `binaural` says of one place, of hundreds.

The images, the head and the filters are those of `binaural`. The first images come each through the head in their own
direction, exactly; the triangle of measurements around one is mostly still that of the position before. The thousands
of later ones are not summed as 81 taps in each of 36 channels: a window spreads each over 8 samples of a finer grid,
and its transform, divided by the window's, is theirs (a non-uniform Fourier transform: Dutt and Rokhlin 1993; the
window is Kaiser-Bessel's, after Jackson et al. 1991). The taps and the ears' filters are then one multiplication.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from see2sound_nb.render.binaural import EARLY_ORDER, LATE_AMBISONIC_ORDER
from see2sound_nb.render.hrtf import HRTF
from see2sound_nb.render.magls import binaural_filters
from see2sound_nb.room.ism.checks import check_memory
from see2sound_nb.room.ism.definition import LEAD, STEPS
from see2sound_nb.room.ism.engine import plain_problem
from see2sound_nb.room.ism.lattice import diamond, taps
from see2sound_nb.room.shoebox import Room

#: The finer grid has so many samples for one. Above, its transform costs more; below, the window must be longer.
FINER = 1.2
#: The taps' slope is so wide that what lies as far above half the sample rate is heard below it, from this share on.
FOLD_FROM = 0.44


class PathToEars:
    """The responses of all positions of a path, computed when they are asked for.

    Parameters
    ----------
    room : Room
        Its listener's place is not used.
    sources_m, ears_m : np.ndarray
        (P, 3) float or (1, 3), metres, room frame: where the source, and where the middle of the head is; one of the
        two moves.
    hrtf : HRTF
        The head; it faces +y.

    Attributes
    ----------
    length : int
        L, of the longest response.

    Raises
    ------
    ValueError
        As `binaural.binaural_responses`.

    Notes
    -----
    Equal to `binaural.binaural_responses` to 1e-4 of a response's peak, in a hard room at 8 kHz to 2e-4: the early part
    to 1e-6, the late part to 74 dB below its level, and to 80 dB in all but the highest eighth of the band. Paper:
    section 4.3, Eq. 4. Notebook: 05_image_sources.
    """

    def __init__(self, room: Room, sources_m: np.ndarray, ears_m: np.ndarray, hrtf: HRTF):
        from scipy.fft import next_fast_len

        from see2sound_nb.room.ism.cpu_images import response_lengths

        self._hrtf = hrtf
        self._problem = plain_problem(
            room.size_m, sources_m, ears_m, absorption=room.absorption, max_order=room.max_order,
            sample_rate=hrtf.sample_rate,
        )  # fmt: skip
        self._lengths = response_lengths(self._problem).ravel() - LEAD + hrtf.responses.shape[-1] - 1
        self.length = int(self._lengths.max())
        middle = sources_m.mean(axis=0) - ears_m.mean(axis=0)
        one = self._problem._replace(sources_m=sources_m[:1], receivers_m=ears_m[:1])
        check_memory([one], per_image=200)
        lattice = np.ascontiguousarray(diamond(room.max_order), dtype=np.int64)
        order = np.abs(lattice).sum(axis=1)
        self._early, late = lattice[order <= EARLY_ORDER], lattice[order > EARLY_ORDER]
        # As they arrive, more or less: neighbours in time are neighbours in memory.
        self._late = late[np.argsort(np.linalg.norm(late * room.size_m + middle, axis=1))]
        if len(late):  # an even size; taps that begin before 0 come out at its end, and are cut off
            self._size = 2 * next_fast_len(math.ceil((self.length + 2 * LEAD) / 2))
            self._fine = next_fast_len(math.ceil(FINER * self._size), real=True)  # no 7 and no 11, which are slow
            self._decoder = _decoder(hrtf, self._size, self._fine)

    def between(self, first: int, last: int) -> np.ndarray:
        """The responses of some positions.

        Parameters
        ----------
        first, last : int
            Those from `first` to `last` - 1.

        Returns
        -------
        np.ndarray
            (last - first, 2, L) float32, as `binaural.binaural_responses`.
        """
        h = np.zeros((last - first, 2, self.length), dtype=np.float32)
        if len(self._late):
            self._add_late(h, first)
        self._add_early(h, first)
        return h

    def _add_early(self, h: np.ndarray, first: int) -> None:
        from scipy.fft import irfft

        from see2sound_nb.render import _moving_ears as loops

        corners, inverses, aligned, loud, times, size = _aligned(self._hrtf)
        moment = np.empty((len(h), len(self._early)), dtype=np.float32)
        spectra = np.empty((*moment.shape, 2, aligned.shape[2]), dtype=np.complex64)
        loops.heads_towards(
            self._problem, first, first + len(h), self._early, corners, inverses, times, aligned, loud, size,
            moment, spectra,
        )  # fmt: skip
        loops.add_arrivals(moment, irfft(spectra, size), self._hrtf.responses.shape[-1], h)

    def _add_late(self, h: np.ndarray, first: int) -> None:
        from scipy.fft import fft, irfft

        from see2sound_nb.render import _moving_ears as loops

        fine, windows = self._fine, _windows()
        whole = np.empty(fine * loops.WIDTH + 16, dtype=np.float32)
        begin = -whole.ctypes.data % 64 // 4  # at a line of the cache, lest every register lies across two
        grid = whole[begin : begin + fine * loops.WIDTH].reshape(fine, loops.WIDTH)
        ears = np.empty((2, self._size // 2 + 1), dtype=np.complex64)
        for position, row in enumerate(h, first):
            grid[:] = 0
            loops.encode_finely(
                self._problem, position, self._late, LATE_AMBISONIC_ORDER, fine / self._size, float(loops.SPREAD),
                windows, grid,
            )  # fmt: skip
            spectra = fft(grid.view(np.complex64), axis=0, overwrite_x=True)  # two channels in each
            loops.decode(spectra, *self._decoder, self._size, ears)
            length = self._lengths[position]
            row[:, :length] += irfft(ears, self._size)[:, :length]


@functools.lru_cache(maxsize=4)
def _aligned(hrtf: HRTF) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    """`HRTF.mesh` for the loops: spectra as if every sound arrived at 0 (M, 2, bins) complex64, their magnitudes."""
    corners, inverses, spectra, times, size = hrtf.mesh
    step = 2j * np.pi * np.arange(spectra.shape[-1]) / size
    aligned = (spectra * np.exp(times[..., None] * step)).astype(np.complex64)
    corners, inverses = np.ascontiguousarray(corners, dtype=np.int64), np.ascontiguousarray(inverses)
    return corners, inverses, aligned, np.abs(aligned), times, size


def _beta() -> float:
    """Of the Kaiser-Bessel window, so that it lets nothing through that would be heard from beyond the fine grid."""
    from see2sound_nb.render._moving_ears import SPREAD

    return math.pi * SPREAD * (1 - (1 - FOLD_FROM) / FINER)


@functools.cache
def _windows() -> np.ndarray:
    """(steps + 2, 16) float32: the window around a moment 0, 1/512, ... after a fine sample; its second derivative."""
    from see2sound_nb.render._moving_ears import SPREAD, SPREAD_STEPS

    late = np.arange(-1, SPREAD_STEPS + 3)[:, None] / SPREAD_STEPS
    x = (np.arange(SPREAD) - (SPREAD // 2 - 1) - late) / (SPREAD / 2)
    window = np.i0(_beta() * np.sqrt(np.clip(1 - x**2, 0, None))) / np.i0(_beta())
    bent = np.diff(window, n=2, axis=0) * SPREAD_STEPS**2
    return np.concatenate([window[1:-1], bent], axis=1).astype(np.float32)


@functools.lru_cache(maxsize=4)
def _decoder(hrtf: HRTF, size: int, fine: int) -> tuple[np.ndarray, np.ndarray]:
    """From the transform of the finer grid to the ears': filters (bins, 8, pairs) and fold (bins,) of the loops."""
    from scipy.fft import rfft

    from see2sound_nb.render._moving_ears import SPREAD, WIDTH

    bins = np.arange(size // 2 + 1)
    direct, folded = _taps_transform(size)

    def undone(k: np.ndarray) -> np.ndarray:
        root = np.sqrt(_beta() ** 2 - (np.pi * SPREAD * k / fine) ** 2)
        window = SPREAD * np.sinh(root) / root / np.i0(_beta())
        return np.exp(2j * np.pi * k / fine * SPREAD) / window

    direct = direct * undone(bins)
    fold = np.zeros(len(bins), dtype=np.complex64)
    some = np.flatnonzero(folded)
    fold[some] = folded[some] * np.conj(undone(size - some)) / direct[some]
    ears = rfft(binaural_filters(hrtf, LATE_AMBISONIC_ORDER), size) * direct  # (channels, 2, bins)
    # A complex channel z holds the real ones a and b: their spectra are (z + z') / 2 and (z - z') / 2i, with z' the
    # conjugate of its mirror image.
    a, b = 0.5 * ears[0::2], 0.5j * ears[1::2]
    upright, mirrored = a - b, a + b
    filters = np.zeros((len(bins), 2, 2, 2, WIDTH // 2), dtype=np.float32)
    for part, filter in enumerate((upright, mirrored)):
        filters[:, part, :, 0, : len(a)] = filter.real.transpose(2, 1, 0)
        filters[:, part, :, 1, : len(a)] = filter.imag.transpose(2, 1, 0)
    return filters.reshape(len(bins), 8, -1), fold


def _taps_transform(size: int) -> tuple[np.ndarray, np.ndarray]:
    """What the taps of an arrival make of its spectrum, and of what lies as far above half the sample rate, (bins,).

    The least-squares mean over all delays between two samples. What depends on the delay is known, and the loops add
    it; what is left is 4e-5 of an arrival, and 3e-4 next to half the sample rate.
    """
    from scipy.fft import rfft

    from see2sound_nb.render._moving_ears import BESIDE

    late = (np.arange(3 * STEPS)[:, None] + 0.5) / (3 * STEPS)
    between = late * STEPS % 1
    f = np.arange(size // 2 + 1) / size
    found = rfft(taps(late[:, 0].astype(np.float32)).astype(np.float64), size) * np.exp(2j * np.pi * LEAD * f)

    def delayed(f: np.ndarray) -> np.ndarray:
        bent = 1 - 0.5 * between * (1 - between) * (2 * np.pi * f / STEPS) ** 2
        return np.exp(-2j * np.pi * late * f) * bent * (1 - BESIDE * late**2)

    def mean(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x.conj() * y).mean(axis=0)

    here, beyond = delayed(f), delayed(f - 1)
    alone = mean(here, found) / mean(here, here)
    common = mean(here, beyond)
    share = mean(here, here) * mean(beyond, beyond) - np.abs(common) ** 2
    near = f >= FOLD_FROM
    share[~near] = 1
    direct = (mean(beyond, beyond) * mean(here, found) - common * mean(beyond, found)) / share
    folded = (mean(here, here) * mean(beyond, found) - common.conj() * mean(here, found)) / share
    return np.where(near, direct, alone), np.where(near, folded, 0)
