"""What is measured of two ears, and which measurements of a head are neighbours."""

import numpy as np

_LAGS_S = np.arange(-1000, 1001) * 1e-6


def neighbours(head):
    """Pairs of measurements (E, 2) that share a triangle."""
    corners = head.mesh[0]
    pairs = np.sort(np.concatenate([corners[:, :2], corners[:, 1:], corners[:, ::2]]), axis=1)
    return np.unique(pairs[pairs[:, 1] < len(head.directions)], axis=0)


def levels_db(responses, rate):
    """(..., bands): of everything, and of the octaves from 500 Hz on that the rate holds."""
    power = np.abs(np.fft.rfft(responses, 2 * responses.shape[-1])) ** 2
    f = np.linspace(0, rate / 2, power.shape[-1])
    octaves = [(f >= c / 2**0.5) & (f < c * 2**0.5) for c in 500.0 * 2 ** np.arange(6) if c * 2**0.5 <= rate / 2]
    return 10 * np.log10(np.stack([power[..., band].sum(axis=-1) for band in (f > 0, *octaves)], axis=-1))


def slow_itd_us(ears, rate):
    """By the parts below 1.5 kHz, whose cross-correlation has one crest, on a grid of a microsecond: (M,)."""
    return slow_itd_and_agreement(ears, rate)[0]


def slow_itd_and_agreement(ears, rate):
    """The same, and how high the crest is, where 1 is two ears that hear the same: (M,) and (M,)."""
    size = 4 * ears.shape[-1]
    f = np.fft.rfftfreq(size, 1 / rate)
    low = np.fft.rfft(ears, size) * np.exp(-0.5 * (f / 1500) ** 2)
    turns = np.exp(2j * np.pi * f[:, None] * _LAGS_S)
    cross = np.concatenate([((np.conj(some[:, 0]) * some[:, 1]) @ turns).real for some in _blocks(low)])
    energy = np.sqrt(np.prod(np.square(np.abs(low)).sum(axis=-1), axis=1))
    return 1e6 * _LAGS_S[cross.argmax(axis=1)], cross.max(axis=1) / energy


def _blocks(rows):
    return [rows[start : start + 500] for start in range(0, len(rows), 500)]


def outside(one, other, between):
    """By how much something lies beyond both of two others; below 0 where it does not."""
    return np.maximum(np.minimum(one, other) - between, between - np.maximum(one, other))
