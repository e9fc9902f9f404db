"""Convolution for a live scene: a moved source is recomputed, everything else is kept. Plain Eq. 5 is in `channels`.

Overlap-save (Stockham 1966): the dry sounds are cut into overlapping blocks and transformed once, and kept. A new
impulse response then costs its own transforms and one inverse transform per block and channel.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math

import numpy as np

from see2sound_nb._threads import cores, run_in_threads

#: No transform is longer than so many responses: its blocks should stay in the cache of a core.
LONGEST_TRANSFORM = 5


class DrySpectra:
    """The spectra of N dry sounds, ready to be convolved with any response of up to `longest` samples.

    The spectra take ``5 * N * T`` to ``8 * N * T`` bytes (`nbytes`); the float32 sounds themselves take 4. A longer
    response than foreseen is welcome: the spectra are then made anew, once, for responses a quarter longer than that.
    Several threads may use one object.

    Parameters
    ----------
    A : np.ndarray
        (N, T) float, dry mono sounds; they are kept as float32.
    longest : int
        Samples of the longest impulse response to expect.
    loop : bool
        True: the sounds repeat for ever without a seam, and T samples of output repeat as well. False: there is
        silence before and after them.

    Attributes
    ----------
    A : np.ndarray
        (N, T) float32.
    longest : int
        Samples of the longest impulse response that needs no new spectra.
    loop : bool

    Raises
    ------
    ValueError
        If A is not (N, T) with at least one sample, or `longest` is less than 1.

    Notes
    -----
    Paper: section 4.3, Eq. 5. Notebook: 05_image_sources.
    """

    def __init__(self, A: np.ndarray, longest: int, *, loop: bool = True):
        self.A = np.ascontiguousarray(A, dtype=np.float32)
        if self.A.ndim != 2 or not self.A.size:
            raise ValueError(f"A has shape {self.A.shape}; it must be (N, T) with at least one sample: use A[None]")
        if longest < 1:
            raise ValueError(f"longest={longest} must be at least 1: the samples of the longest impulse response")
        self.loop = loop
        self._blocks = self._transformed(int(longest))

    def _transformed(self, longest: int) -> tuple[int, int, int, list[np.ndarray]]:
        """`longest`, the size of a block, the step between two, and each source's spectra (blocks, size // 2 + 1)."""
        from scipy.fft import rfft

        samples = self.A.shape[1] if self.loop else self.A.shape[1] + longest - 1
        size = _transform_size(longest, samples)
        hop = size - longest + 1
        starts = np.arange(math.ceil(samples / hop)) * hop - (longest - 1)
        spectra = [rfft(_cut(a, starts, size, self.loop), axis=-1, workers=cores()) for a in self.A]
        return longest, size, hop, spectra

    @property
    def longest(self) -> int:
        return self._blocks[0]

    @property
    def nbytes(self) -> int:
        """Memory of the spectra in bytes."""
        return sum(spectrum.nbytes for spectrum in self._blocks[3])

    def wet(self, k: int, h: np.ndarray) -> np.ndarray:
        """Source k, convolved with its responses to all channels.

        Parameters
        ----------
        k : int
            Which source.
        h : np.ndarray
            (n_ch, L) float, impulse responses.

        Returns
        -------
        np.ndarray
            (n_ch, T) float32 if the sounds loop, else (n_ch, T + L - 1).

        Raises
        ------
        ValueError
            If there is no source k or h is not (n_ch, L).
        """
        from scipy.fft import irfft, rfft

        h = self._checked(k, h)
        blocks = self._blocks  # read once: another thread may put others in their place
        if h.shape[1] > blocks[0]:
            blocks = self._blocks = self._transformed(h.shape[1] + h.shape[1] // 4)
        longest, size, hop, spectra = blocks
        spectrum = spectra[k]
        samples = self.A.shape[1] if self.loop else self.A.shape[1] + h.shape[1] - 1
        out = np.empty((len(h), len(spectrum) * hop), dtype=np.float32)

        def channels(first: int, last: int) -> None:
            for row, response in zip(out[first:last], h[first:last]):
                wet = irfft(spectrum * rfft(response, size), size, overwrite_x=True)
                row.reshape(-1, hop)[:] = wet[:, longest - 1 :]

        run_in_threads(channels, len(h))
        return out[:, :samples]

    def block(self, k: int, h: np.ndarray, start: int, length: int) -> np.ndarray:
        """Samples ``start`` to ``start + length`` of what `wet` returns, alone and at once.

        Only the ``L - 1 + length`` dry samples that are heard in the block are used. Blocks of any length join to the
        whole. A loop has no beginning and no end: any `start` will do. Otherwise there is silence around the sound.

        Parameters
        ----------
        k : int
            Which source.
        h : np.ndarray
            (n_ch, L) float, impulse responses.
        start, length : int
            In samples.

        Returns
        -------
        np.ndarray
            (n_ch, length) float32.

        Raises
        ------
        ValueError
            If there is no source k, h is not (n_ch, L), or the length is less than 1.
        """
        from scipy.fft import irfft, next_fast_len, rfft

        h = self._checked(k, h)
        if length < 1:
            raise ValueError(f"a block of {length} samples is empty; ask for at least 1, or 0.02 s of them")
        lead = h.shape[1] - 1
        # What wraps around in a circular convolution lands in the first L - 1 samples, which are not used.
        size = next_fast_len(lead + length, real=True)
        dry = _cut(self.A[k], np.array([start - lead]), lead + length, self.loop)
        return irfft(rfft(dry, size) * rfft(h, size), size)[:, lead : lead + length]

    def _checked(self, k: int, h: np.ndarray) -> np.ndarray:
        if not 0 <= k < len(self.A):
            raise ValueError(f"there is no source {k}; the sounds are numbered 0 to {len(self.A) - 1}")
        h = np.asarray(h, dtype=np.float32)
        if h.ndim != 2 or not h.size:
            raise ValueError(f"h has shape {h.shape}; it must be (n_ch, L), the responses of one source: use h[{k}]")
        return h


class LiveMix:
    """The sound of a scene whose sources are moved one at a time; only the moved one is computed anew.

    What every source adds to every channel is kept: ``4 * N * n_ch * T`` bytes beside the spectra. While one source is
    dragged, the sum of the others is made once; each mix is that sum plus the new part, so no error builds up.

    Parameters
    ----------
    A : np.ndarray
        (N, T) float, dry mono sounds.
    h : np.ndarray
        (N, n_ch, L) float, the impulse responses to begin with.
    loop : bool
        As in `DrySpectra`.

    Attributes
    ----------
    dry : DrySpectra
    mix : np.ndarray
        phi of Eq. 5, float32 without any normalisation: (n_ch, T) if the sounds loop, else as long as the longest
        part.

    Raises
    ------
    ValueError
        If A and h do not hold the same number of sources.

    Notes
    -----
    Paper: section 4.3, Eq. 5. Notebook: 05_image_sources.
    """

    def __init__(self, A: np.ndarray, h: np.ndarray, *, loop: bool = True):
        h = np.asarray(h, dtype=np.float32)
        if h.ndim != 3 or len(h) != len(A):
            raise ValueError(f"{len(A)} sounds and responses of shape {h.shape}; h must be ({len(A)}, n_ch, L)")
        self.dry = DrySpectra(A, h.shape[2], loop=loop)
        self._parts = [self.dry.wet(k, h_k) for k, h_k in enumerate(h)]
        self._held: int | None = None  # the source that `_others` leaves out
        self.mix = _sum(self._parts)

    def move(self, k: int, h_k: np.ndarray) -> np.ndarray:
        """Give source k other responses, and return the new mix.

        Parameters
        ----------
        k : int
            Which source.
        h_k : np.ndarray
            (n_ch, L) float, its new impulse responses; L may differ from before.

        Returns
        -------
        np.ndarray
            The new `mix`; earlier ones stay as they are.

        Raises
        ------
        ValueError
            If there is no source k or h_k does not have the mix's channels.
        """
        h_k = self._checked(h_k)
        part = self.dry.wet(k, h_k)
        if self._held != k:
            self._held, self._others = k, _sum([part[:, :0], *self._parts[:k], *self._parts[k + 1 :]])
        self._parts[k] = part
        self.mix = _sum([self._others, part])
        return self.mix

    def first_block(self, k: int, h_k: np.ndarray, start: int, length: int) -> np.ndarray:
        """The block in which source k moves to h_k: play it first, then call `move` and go on with its mix.

        The old and the new response are crossfaded over the block. They carry the same sound, so the weights, a raised
        cosine, add up to 1 in amplitude. Nothing of the mix is changed.
        Where all of the new response takes too long, `h_k` may be the old one with the first 100 ms anew (`shoebox_rir`
        with ``max_time_s=0.1``): they tell where the source is.

        Parameters
        ----------
        k, h_k
            As in `move`.
        start, length : int
            Which samples of the mix, as in `DrySpectra.block`.

        Returns
        -------
        np.ndarray
            (n_ch, length) float32.
        """
        change = self.dry.block(k, self._checked(h_k), start, length)
        change -= _cut_rows(self._parts[k], start, length, self.dry.loop)
        fade = np.sin(0.5 * np.pi * (np.arange(length, dtype=np.float32) + 0.5) / length) ** 2
        return self.block(start, length) + fade * change

    def block(self, start: int, length: int) -> np.ndarray:
        """Samples ``start`` to ``start + length`` of the mix, (n_ch, length) float32; a loop goes round."""
        return _cut_rows(self.mix, start, length, self.dry.loop)

    def _checked(self, h_k: np.ndarray) -> np.ndarray:
        h_k = np.asarray(h_k, dtype=np.float32)
        if h_k.ndim != 2 or len(h_k) != len(self.mix):
            raise ValueError(f"h has shape {h_k.shape}; it must be ({len(self.mix)}, L), as the mix has its channels")
        return h_k


def _transform_size(longest: int, samples: int) -> int:
    """The FFT size that makes `samples` samples of overlap-save cheapest."""
    octave = max(longest.bit_length(), 8)
    sizes = [m << (e - 2) for e in range(octave, octave + 4) for m in (4, 5, 6)]
    sizes = [size for size in sizes if size <= max(LONGEST_TRANSFORM * longest, sizes[0])]
    return min(sizes, key=lambda size: math.ceil(samples / (size - longest + 1)) * size * math.log2(size))


def _cut(a: np.ndarray, starts: np.ndarray, length: int, loop: bool) -> np.ndarray:
    """(B, length) pieces of a (T,), which repeats if it loops and has zeros around it if not."""
    index = starts[:, None] + np.arange(length)
    if loop:
        return np.take(a, index, mode="wrap")
    return np.where((index >= 0) & (index < len(a)), np.take(a, index, mode="clip"), np.float32(0))


def _cut_rows(x: np.ndarray, start: int, length: int, loop: bool) -> np.ndarray:
    return np.concatenate([_cut(row, np.array([start]), length, loop) for row in x])


def _sum(parts: list[np.ndarray]) -> np.ndarray:
    """The sum of (n_ch, any length) parts, as long as the longest."""
    longest, *others = sorted(parts, key=lambda part: -part.shape[1])
    total = longest.copy()
    for part in others:
        total[:, : part.shape[1]] += part
    return total
