"""An ambience: one mono sound that comes from everywhere alike, in every layout.

A diffuse field is a sound that arrives from all directions with the same power, and with nothing in common between any
two of them (Jacobsen and Roisin 2000). Here it is made of copies of one loop, a copy for each loudspeaker, or for each
of a few dozen directions evenly around the head. What makes the copies strangers to each other is time: each begins at
another place of the loop. A photo's ambience has no beginning, so nothing is lost by that, every copy is the loop
itself, and no attack is smeared. The room adds nothing: a field that is diffuse already has its reflections in it.

Notebook: 00_start_here.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb._checks import check_rate
from see2sound_nb.places.frames import even_directions
from see2sound_nb.render.hrtf import HRTF, load_hrtf
from see2sound_nb.render.layouts import AMBISONIC_ORDERS, LAYOUTS, check_layout
from see2sound_nb.room.spherical_harmonics import encode

#: The loudspeakers that play an ambience: all but the centre, where voices are, and the LFE.
SILENT_CHANNELS = ("FC", "LFE")
#: Directions evenly around the head, for ears and for Ambisonics up to order 2; each further order needs as many more,
#: so that what its beams receive is the same all around to 0.6 dB.
DIRECTIONS = 24


def ambient_channels(
    loop: np.ndarray, layout: str, *, sample_rate: int = 16000, hrtf: HRTF | None = None
) -> np.ndarray:
    """A mono loop from everywhere alike: the channels of a diffuse field.

    Parameters
    ----------
    loop : np.ndarray
        (T,) float, full scale 1, a sound that repeats without a seam.
    layout : str
        One of `LAYOUTS`.
    sample_rate : int
        In Hz.
    hrtf : HRTF, optional
        The head for ``"binaural"``, at the same sample rate; by default the shipped MIT KEMAR.

    Returns
    -------
    np.ndarray
        phi, (n_ch, T) float32; it repeats without a seam, too. At the listener, the loop has the power that it was
        given with, whatever the layout: as the sum over the loudspeakers, in W, or where the head is.

        - ``"5.1"``, ``"7.1.4"`` and ``"stereo"``: a copy of its own, of equal power, for each loudspeaker but the
          centre. The LFE is silent.
        - Ambisonics: plane waves from all around. A component of degree l has 1 / (2 l + 1) of the power of W, as
          SN3D has it in a diffuse field, and any two components are uncorrelated.
        - ``"binaural"``: the same waves at the ears, which therefore hear it with the coherence of a diffuse field:
          alike in the bass, and strangers from about 1 kHz on. A turned head hears the same.

    Raises
    ------
    ValueError
        If the layout is unknown, the loop is not (T,) or not finite, or the head is of another sample rate.

    Notes
    -----
    Gerzon, "Periphony", JAES 21(1), 1973, for the components; Borß and Martin, "An improved parametric model for
    perception-based design of virtual acoustics", AES 35th Conference, 2009, for the ears. Notebook: 00_start_here.
    """
    check_layout(layout)
    check_rate(sample_rate)
    loop = _checked(loop)
    order = AMBISONIC_ORDERS.get(layout)
    if order is not None:
        count = DIRECTIONS * max(1, order - 1)
        gains = encode(even_directions(count), order) / np.sqrt(count)
        return gains.T.astype(np.float32) @ decorrelated(loop, count)
    if layout == "binaural":
        head = hrtf or load_hrtf(sample_rate=sample_rate)
        if head.sample_rate != sample_rate:
            raise ValueError(
                f"the HRTF is at {head.sample_rate} Hz, the sound at {sample_rate} Hz; load it at that rate"
            )
        return _at_the_ears(loop, head)
    playing = [row for row, name in enumerate(LAYOUTS[layout]) if name not in SILENT_CHANNELS]
    phi = np.zeros((len(LAYOUTS[layout]), len(loop)), dtype=np.float32)
    phi[playing] = decorrelated(loop, len(playing)) / np.sqrt(len(playing), dtype=np.float32)
    return phi


def decorrelated(loop: np.ndarray, count: int) -> np.ndarray:
    """Copies of a loop that have as little as possible in common: each begins elsewhere in it.

    Parameters
    ----------
    loop : np.ndarray
        (T,) float.
    count : int
        How many, at least 1.

    Returns
    -------
    np.ndarray
        (count, T) float32, each the loop itself, turned by one of `loop_shifts`.

    Raises
    ------
    ValueError
        If the loop is not (T,) or not finite, or `count` is less than 1.

    Notes
    -----
    Of the ways that are known (Kendall, "The decorrelation of audio signals and its impact on spatial imagery",
    Computer Music Journal 19(4), 1995), turning the loop was measured to be best. The mean correlation of 24 copies of
    fourteen loops of the tiny CoDi, in the octaves around 125 Hz and 1 kHz, is 0.03 and 0.01; that by velvet noise of
    30 ms (Alary, Politis and Välimäki, "Velvet-noise decorrelator", DAFx 2017) 0.51 and 0.28, and that by a delay of
    its own for each critical band, of up to 40 ms, 0.35 and 0.12. Filters as short as those leave the bass as it is,
    and longer ones smear attacks. Notebook: 00_start_here.
    """
    loop = _checked(loop).astype(np.float32)
    return np.stack([np.roll(loop, shift) for shift in loop_shifts(loop, count)])


def loop_shifts(loop: np.ndarray, count: int) -> np.ndarray:
    """By how much the copies of a loop are turned, so that they resemble each other least.

    Parameters
    ----------
    loop : np.ndarray
        (T,) float.
    count : int
        How many, at least 1.

    Returns
    -------
    np.ndarray
        (count,) int, samples, 0 to T - 1, the first 0. They lie in the ``count`` equal parts of the loop, in no order
        of the directions, and in the first half of each where the loop's autocorrelation says that the copy resembles
        those before it least. Exactly equal distances would make the sum
        of all copies repeat ``count`` times as often as the loop.

    Raises
    ------
    ValueError
        If the loop is not (T,) or not finite, or `count` is less than 1.
    """
    from scipy.fft import irfft, rfft

    loop = _checked(loop)
    if count < 1:
        raise ValueError(f"count={count} copies; ask for at least 1")
    T = len(loop)
    alike = irfft(np.square(np.abs(rfft(loop))), T) ** 2
    shifts = [0]
    for part in range(1, count):
        candidates = part * T // count + np.arange(T // (2 * count) + 1)
        resemblance = sum(alike[(candidates - shift) % T] for shift in shifts)
        shifts.append(int(candidates[np.argmin(resemblance)]) % T)
    # Neighbours in time are no neighbours in space: nothing that is heard wanders around the listener.
    order = np.random.default_rng(count).permutation(count - 1) + 1
    return np.array(shifts)[np.concatenate([[0], order])]


def _at_the_ears(loop: np.ndarray, head: HRTF) -> np.ndarray:
    """Plane waves from `DIRECTIONS` at two ears, (2, T) float32, in one filter."""
    from scipy.fft import irfft, rfft

    T, taps = len(loop), head.responses.shape[-1]
    turns = -2j * np.pi * np.arange(T // 2 + 1) / T
    ears = np.zeros((2, T // 2 + 1), dtype=np.complex128)
    for shift, response in zip(loop_shifts(loop, DIRECTIONS), head.at(even_directions(DIRECTIONS))):
        whole = np.pad(response, ((0, 0), (0, -taps % T)))  # what a short loop has no room for comes round again
        ears += rfft(whole.reshape(2, -1, T).sum(axis=1)) * np.exp(turns * shift)
    return (irfft(rfft(loop) * ears, T) / np.sqrt(DIRECTIONS)).astype(np.float32)


def _checked(loop: np.ndarray) -> np.ndarray:
    loop = np.asarray(loop)
    if loop.ndim != 1 or not loop.size or not np.isfinite(loop).all():
        raise ValueError(f"a loop of shape {loop.shape} must be (T,), at least one sample, all finite; take one sound")
    return loop
