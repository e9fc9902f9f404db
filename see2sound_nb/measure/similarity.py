"""How alike two clips are: the measures of the paper's Table 1 as they should have been.

`similarity` gives what each measure is meant to say: the same clip is 0 (MFCC-DTW, a distance) or 1 (all others), level
does not count, and what cannot be measured is None. The numbers of the released code are those of
`published_similarity.published_similarity`. No measure means anything without its `controls`.

All take arrays (T,), or (n_ch, T), whose channels are averaged as the authors do: channels that cancel are silence.
One idea, a row of the table; the small functions below it are its columns.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from see2sound_nb._checks import check_rate
from see2sound_nb.measure.clips_in_frames import (
    clip_of,
    frame_starts,
    frames_at,
    hann,
    power_of,
    resampled_to,
    sparse_bands,
)
from see2sound_nb.measure.intelligibility import stoi
from see2sound_nb.measure.published_similarity import MEASURES

#: Compared is what lies below 8 kHz, where CoDi's sound ends: clips of higher rates are brought down to this, in Hz.
RATE_HZ = 16000
#: Below this there would be too few bands, in Hz.
LEAST_RATE_HZ = 8000
FRAME_S, HOP_S = 0.064, 0.02
#: Frames softer than the loudest by more than this say nothing; spectra are cut off at the second, in dB.
QUIET_DB, FLOOR_DB = -60.0, -80.0
#: What the authors' weights are by name. The tenth they give to an envelope's measure, which there is not, is left out.
WEIGHTS = {"zero_crossings": 0.2, "rhythm": 0.2, "chroma": 0.2, "contrast": 0.1, "stoi": 0.2}
#: A difference of contrast that counts as full, in dB.
FULL_CONTRAST_DB = 30.0


def similarity(a: np.ndarray, b: np.ndarray, sample_rate: float) -> dict[str, float | None]:
    """A row of Table 1 as it should have been: the same clip is 0 in ``mfcc_dtw`` and 1 in all else, at any level.

    Parameters
    ----------
    a, b : np.ndarray
        (T,) or (n_ch, T) float, the original and what is compared with it; of two lengths, the shorter counts.
    sample_rate : float
        Of both, in Hz, at least 8000; above 16000, both are brought down to it. Nothing is ever brought up.

    Returns
    -------
    dict of str to (float or None)
        For each of `MEASURES`; None where it cannot be measured: all of them where a clip is silent (or constant) or
        shorter than 64 ms, else those that say so. Never NaN.

        - ``mfcc_dtw``: 0 and up, in dB: how much the spectra's shapes differ along the best way through both in time.
        - ``zero_crossings``, -1 to 1: correlation of the rates of frames that sound in both; None if one is constant.
        - ``rhythm``, -1 to 1: correlation of the two series of onset strengths, in steps of 20 ms; None likewise.
        - ``chroma``, 0 to 1: 1 - mean difference of the twelve pitch classes, standard tuning, A = 440 Hz.
        - ``contrast``, 0 to 1: 1 - mean difference of peak and valley in octaves below 6.4 kHz, of at most 30 dB.
        - ``stoi``, -1 to 1: see `stoi`. None where the clips are not aligned within 5 ms.
        - ``swass``, at most 1: their mean by the authors' weights; None where one of these is.

    Raises
    ------
    ValueError
        If a clip has no samples, is of another shape or not finite, or the rate is below 8000.

    Notes
    -----
    ``mfcc_dtw``: log spectra in 40 mel bands below 8 kHz every 20 ms, c1 to c12 of their cosine transform, scaled so
    that a distance is the root of the mean squared difference over the bands (librosa's coefficients of 128 bands give
    11.3 times as much); `dtw`; cost of the path over its length. ``contrast``: fifths of the bins, Jiang et al., "Music
    type classification by spectral contrast feature", ICME 2002. Spectra end 80 dB below a clip's largest value.
    Paper: section 5, Table 1. Notebook: 08_evaluation.

    Examples
    --------
    >>> clip = np.random.default_rng(0).standard_normal(16000)
    >>> row = similarity(clip, 0.1 * clip, 16000)
    >>> {name: round(value, 6) for name, value in row.items()} == dict.fromkeys(MEASURES, 1.0) | {"mfcc_dtw": 0.0}
    True
    """
    _check_corrected_rate(sample_rate)
    clips = [clip_of(a, "a"), clip_of(b, "b")]
    length = min(map(len, clips))
    row: dict[str, float | None] = dict.fromkeys(MEASURES)
    prepared = [_prepared(x[:length], sample_rate) for x in clips]
    if prepared[0] is None or prepared[1] is None:
        return row
    (x, y), rate = (prepared[0], prepared[1]), min(sample_rate, RATE_HZ)
    size = round(FRAME_S * rate)
    if len(x) < size:
        return row
    starts = frame_starts(len(x), size, round(HOP_S * rate))
    both = _loud(x, starts, size) & _loud(y, starts, size)
    powers = [_powers(z, starts, size) for z in (x, y)]
    mels = [_mel_db(power, rate) for power in powers]
    cost, steps = dtw(*(_cepstra(mel) for mel in mels))
    row["mfcc_dtw"] = cost / steps
    row["rhythm"] = _correlation(*(_onset_strengths(mel) for mel in mels))
    row["zero_crossings"] = _correlation(*(_crossings(z, starts, size)[both] for z in (x, y)))
    if both.any():
        apart_db = np.abs(_contrasts_db(powers[0][both], rate) - _contrasts_db(powers[1][both], rate))
        row["contrast"] = float(1 - np.mean(np.minimum(apart_db, FULL_CONTRAST_DB)) / FULL_CONTRAST_DB)
    row["chroma"] = _chroma_similarity(x, y, rate)
    row["stoi"] = stoi(x, y, rate)
    if all(row[name] is not None for name in WEIGHTS):
        row["swass"] = sum(weight * (row[name] or 0.0) for name, weight in WEIGHTS.items()) / sum(WEIGHTS.values())
    return row


def controls(
    a: np.ndarray,
    other: np.ndarray,
    sample_rate: float,
    *,
    rng: np.random.Generator,
    snr_db: float | None = None,
    measure: Callable[[np.ndarray, np.ndarray, float], dict] = similarity,
) -> dict[str, dict]:
    """What the measures say of a clip and itself, of a clip and another one, and of a clip and noise.

    A measure for which these three are alike cannot say how alike two clips are.

    Parameters
    ----------
    a : np.ndarray
        (T,) or (n_ch, T) float.
    other : np.ndarray
        A clip that has nothing to do with it, in the same form.
    sample_rate : float
        Of both, in Hz.
    rng : np.random.Generator
        Draws the noise.
    snr_db : float, optional
        The noise is added to the clip, softer than it by this. Without it: noise alone, as loud as the clip.
    measure : function
        `similarity` or `published_similarity`.

    Returns
    -------
    dict of str to dict
        ``"unchanged"``, ``"another clip"``, ``"noise"``: a row each.

    Raises
    ------
    ValueError
        As `measure`, or if `snr_db` is not finite.

    Notes
    -----
    The noise is white, at the level of the average of the channels. The authors' matcher, AViTAR, adds noise 2 to 10 dB
    below the clip before it begins: ``snr_db=6`` is its middle. Notebook: 08_evaluation.
    """
    if snr_db is not None and not math.isfinite(snr_db):
        raise ValueError(f"snr_db={snr_db} must be a finite number of dB; give 6, or None for noise alone")
    mono = clip_of(a, "a")
    noise = rng.standard_normal(len(mono)) * math.sqrt(np.mean(mono**2))
    noisy = noise if snr_db is None else mono + 10 ** (-snr_db / 20) * noise
    compared = {"unchanged": mono, "another clip": other, "noise": noisy}
    return {name: measure(mono, b, sample_rate) for name, b in compared.items()}


def dtw(a: np.ndarray, b: np.ndarray) -> tuple[float, int]:
    """Dynamic time warping: the cheapest way through two series from start to end, each step one on in one or in both.

    Parameters
    ----------
    a, b : np.ndarray
        (n, features) and (m, features) float64.

    Returns
    -------
    cost : float
        Sum of the Euclidean distances of the pairs on the way.
    length : int
        How many pairs these are, max(n, m) to n + m - 1; of ways that cost the same, the shortest.

    Raises
    ------
    ValueError
        If they are not two series of as many features, of at least one frame each, or not finite.

    Notes
    -----
    Steps of equal weight ("symmetric1"): Sakoe and Chiba, "Dynamic programming algorithm optimization for spoken word
    recognition", 1978. Time grows as n m, memory as n + m. Notebook: 08_evaluation.

    Examples
    --------
    >>> dtw([[0.0], [1.0], [2.0]], [[0.0], [0.0], [1.0], [3.0]])
    (1.0, 4)
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or not len(a) or not len(b):
        raise ValueError(
            f"series of shapes {a.shape} and {b.shape} must be (n, features) and (m, features): frames in rows"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("a series holds values that are NaN or infinite; look at the sound that they were made of")
    from see2sound_nb.measure._warping import cheapest_way  # here, not above: numba takes seconds to import

    cost, length = cheapest_way(*(np.require(series, requirements=["C", "W", "A"]) for series in (a, b)))
    return float(cost), int(length)


def _prepared(x: np.ndarray, sample_rate: float) -> np.ndarray | None:
    """A clip without its mean, within -2 to 2, at no more than 16 kHz; None if it is silent or constant.

    In single precision, whose noise lies 50 dB below where spectra end.
    """
    high, low = float(x.max()), float(x.min())
    peak = max(high, -low)
    if not high - low > 1e-9 * peak:
        return None
    x = x / peak  # before the mean: sums and squares of any level stay in range
    x -= x.mean()
    x = x.astype(np.float32)
    return resampled_to(x, sample_rate, RATE_HZ) if sample_rate > RATE_HZ else x


def _powers(x: np.ndarray, starts: np.ndarray, size: int) -> np.ndarray:
    """(frames, bins) float32, the largest 1."""
    power = power_of(frames_at(x, starts, size) * hann(size).astype(np.float32), size)
    power /= power.max()
    return power


def _loud(x: np.ndarray, starts: np.ndarray, size: int) -> np.ndarray:
    """(frames,) bool: which are no softer than the loudest by 60 dB."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(x, dtype=np.float64))])
    energy = energy[starts + size] - energy[starts]
    return energy > 10 ** (QUIET_DB / 10) * energy.max()


def _crossings(x: np.ndarray, starts: np.ndarray, size: int) -> np.ndarray:
    """(frames,) how often the sign changes; zero counts as positive."""
    count = np.concatenate([[0], np.cumsum(np.diff(x >= 0))])
    return (count[starts + size - 1] - count[starts]).astype(np.float64)


def _correlation(x: np.ndarray, y: np.ndarray) -> float | None:
    """Pearson's; None where one does not vary."""
    if len(x) < 2:
        return None
    x, y = x - x.mean(), y - y.mean()
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return max(-1.0, min(1.0, float(x @ y) / scale)) if scale > 1e-12 else None


def _onset_strengths(mel_db: np.ndarray) -> np.ndarray:
    """(frames - 1,): how much the bands rise, on average."""
    return np.maximum(np.diff(mel_db, axis=0), 0).mean(axis=1)


def _db(power: np.ndarray) -> np.ndarray:
    """Of the largest value, no less than -80."""
    floor = 10 ** (FLOOR_DB / 10)
    return 10 * np.log10(np.maximum(power / max(float(power.max(initial=0.0)), 1e-300), floor))


def _mel_db(power: np.ndarray, rate: float) -> np.ndarray:
    return _db(power @ _mel_bands(power.shape[1], rate))


@functools.lru_cache(maxsize=8)
def _mel_bands(bins: int, rate: float, count: int = 40) -> Any:
    """(bins, 40): triangles between points that stand evenly on the mel scale (O'Shaughnessy), each of area 1."""
    top_mel = 2595 * np.log10(1 + min(rate, RATE_HZ) / 2 / 700)
    corners_hz = 700 * (10 ** (np.linspace(0, top_mel, count + 2) / 2595) - 1)
    f = np.linspace(0, rate / 2, bins)[:, None]
    low, middle, high = corners_hz[:-2], corners_hz[1:-1], corners_hz[2:]
    bands = np.maximum(0, np.minimum((f - low) / (middle - low), (high - f) / (high - middle)))
    return sparse_bands((bands / bands.sum(axis=0)).astype(np.float32))


def _cepstra(mel_db: np.ndarray) -> np.ndarray:
    """(frames, 12): c1 to c12; a distance of two is the root of the mean squared difference over bands, in dB."""
    count = mel_db.shape[1]
    k = np.arange(1, 13)
    return mel_db @ (math.sqrt(2) / count * np.cos(math.pi / count * (np.arange(count)[:, None] + 0.5) * k))


def _contrasts_db(power: np.ndarray, rate: float) -> np.ndarray:
    """(frames, octaves): the mean of the strongest fifth of the bins over that of the weakest."""
    bin_hz = rate / 2 / (power.shape[1] - 1)
    edges_hz = [0.0, *(200.0 * 2**k for k in range(6) if 200 * 2**k <= rate / 2)]
    contrasts = []
    for low_hz, high_hz in itertools.pairwise(edges_hz):
        band = np.sort(power[:, math.ceil(low_hz / bin_hz) : math.ceil(high_hz / bin_hz)], axis=1)
        fifth = max(1, band.shape[1] // 5)
        peak, valley = band[:, -fifth:].mean(axis=1), band[:, :fifth].mean(axis=1)
        floor = 10 ** (FLOOR_DB / 10)
        contrasts.append(10 * np.log10(np.maximum(peak, floor) / np.maximum(valley, floor)))
    return np.stack(contrasts, axis=1)


def _chroma_similarity(x: np.ndarray, y: np.ndarray, rate: float) -> float | None:
    """In frames four times as long, for the pitch of low tones."""
    size = round(4 * FRAME_S * rate)
    if len(x) < size:
        return None
    starts = frame_starts(len(x), size, round(6 * HOP_S * rate))
    both = _loud(x, starts, size) & _loud(y, starts, size)
    if not both.any():
        return None
    chroma = []
    for z in (x, y):
        power = _powers(z, starts[both] if both.all() else starts, size)
        power = power if both.all() else power[both]
        classes = power @ _pitch_classes(power.shape[1], rate)
        chroma.append(classes / np.maximum(classes.max(axis=1, keepdims=True), 1e-30))
    return float(1 - np.mean(np.abs(chroma[0] - chroma[1])))


@functools.lru_cache(maxsize=8)
def _pitch_classes(bins: int, rate: float) -> Any:
    """(bins, 12): how much of each bin, from A3 to A7, belongs to A, A sharp and so on; each pitch weighs the same."""
    f = np.linspace(0, rate / 2, bins)
    pitch = 12 * np.log2(np.maximum(f, 1e-3) / 440)
    away = (pitch[:, None] - np.arange(12) + 6) % 12 - 6
    inside = (pitch >= -12.5) & (pitch < 35.5)
    return sparse_bands(np.where(inside[:, None], np.maximum(0, 1 - np.abs(away)), 0) / np.maximum(f, 1.0)[:, None])


def _check_corrected_rate(sample_rate: float) -> None:
    check_rate(sample_rate)
    if sample_rate < LEAST_RATE_HZ:
        raise ValueError(f"sample_rate={sample_rate} must be at least {LEAST_RATE_HZ} Hz; record or render at 16000")
