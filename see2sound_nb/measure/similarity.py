"""The measures of the paper's Table 1: how alike two clips are, as published and as they should have been.

The released code computes six measures and a weighted sum of them. `published_similarity` gives its numbers;
`similarity` gives what each measure is meant to say: the same clip is 0 (MFCC-DTW, a distance) or 1 (all others), level
does not count, and what cannot be measured is None. No measure means anything without its `controls`.

All take arrays (T,), or (n_ch, T), whose channels are averaged as the authors do: channels that cancel are silence.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import itertools
import math
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from see2sound_nb._checks import check_rate

#: The columns of Table 1 in its order, and the weighted sum that the released code adds to them.
MEASURES = ("mfcc_dtw", "zero_crossings", "rhythm", "chroma", "contrast", "stoi", "swass")
#: What the authors bring every file to, for MFCC-DTW and for the rest, in Hz.
PUBLISHED_RATES_HZ = (22050, 44100)
#: The shortest clip that the authors' code can take: pystoi needs a frame of 256 samples at 10 kHz.
PUBLISHED_LEAST_S = 0.026
#: At this rate librosa's last band has no room, in Hz.
CONTRAST_LEAST_HZ = 12800

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
#: Clips that resemble each other most at a lag of more than this are not aligned, in seconds.
ALIGNED_S = 0.005
#: For more pairs of frames than these, `dtw` keeps no matrix of their distances.
DTW_CELLS_AT_ONCE = 4_000_000

_STOI_HZ, _STOI_FRAME, _STOI_SEGMENT = 10000, 256, 30


def published_similarity(a: np.ndarray, b: np.ndarray, sample_rate: float) -> dict[str, float]:
    """A row of Table 1 by the authors' code: what its numbers are, not what their names say.

    Parameters
    ----------
    a, b : np.ndarray
        (T,) or (n_ch, T) float, the original and what is compared with it; of any lengths from 26 ms.
    sample_rate : float
        Of both, in Hz.

    Returns
    -------
    dict of str to float
        For each of `MEASURES`; NaN where the authors' code gives NaN, as for silence.

    Raises
    ------
    ValueError
        If a clip is of another shape, shorter than 26 ms or not finite, or the rate is not positive.
    ModuleNotFoundError
        If librosa or pystoi is missing: the extra ``evaluate``.

    Notes
    -----
    The definitions are those of ``see2sound`` 0.1.1, whose numbers these are to 1e-6 (librosa 0.11, pystoi 0.4.1). Each
    clip is brought to 22.05 kHz for MFCC-DTW and to 44.1 kHz for the rest, also up from 16 kHz, which leaves an empty
    band. SWASS gives the tenth of another measure to the contrast, and that of the contrast to STOI: clips that are
    identical have 0.8. Paper: section 5, Table 1, appendix C. Notebook: 08_evaluation.
    """
    check_rate(sample_rate)
    first, second = (_brought_to(x, sample_rate, PUBLISHED_RATES_HZ) for x in _pair(a, b, sample_rate))
    rate = PUBLISHED_RATES_HZ[1]
    row = {"mfcc_dtw": published_mfcc_dtw(first[0], second[0], PUBLISHED_RATES_HZ[0])}
    for name, measure in (
        ("zero_crossings", published_zero_crossings),
        ("rhythm", published_rhythm),
        ("chroma", published_chroma),
        ("contrast", published_contrast),
        ("stoi", published_stoi),
    ):
        row[name] = measure(first[1], second[1], rate)
    weights = (0.2, 0.2, 0.2, 0.1, 0.1)
    row["swass"] = sum(weight * row[name] for weight, name in zip(weights, MEASURES[1:]))
    return row


def published_mfcc_dtw(a: np.ndarray, b: np.ndarray, sample_rate: float) -> float:
    """The authors' MFCC-DTW at the rate that is given: coefficients are warped onto coefficients, not time onto time.

    Parameters
    ----------
    a, b, sample_rate
        As in `published_similarity`; nothing is resampled.

    Returns
    -------
    float
        1 / (1 + mean of the accumulated costs), above 0 and below 1, more for what is more alike; 2.5e-5 to 3e-4 for
        clips of seconds, identical ones among them.

    Raises
    ------
    ValueError, ModuleNotFoundError
        As `published_similarity`.

    Notes
    -----
    Pre-emphasis, the shorter padded with zeros, 13 MFCC. The matrix goes in transposed: 13 steps of as many features as
    there are frames. The result is of the whole 13 x 13 matrix of accumulated costs. It depends on the level, by the
    first coefficient, and on the length. Notebook: 08_evaluation.
    """
    librosa = _librosa()
    clips = [librosa.effects.preemphasis(x) for x in _pair(a, b, sample_rate)]
    longest = max(map(len, clips))
    clips = [np.pad(x, (0, longest - len(x))) for x in clips]
    with _without_warnings():
        steps = [librosa.feature.mfcc(y=x, sr=sample_rate, n_mfcc=13).T for x in clips]
    accumulated, _ = librosa.sequence.dtw(X=steps[0], Y=steps[1], metric="euclidean")
    return float(1 / (1 + np.mean(accumulated)))


def published_zero_crossings(a: np.ndarray, b: np.ndarray, sample_rate: float) -> float:
    """The authors' zero crossing rate at the rate that is given: one number for each whole clip.

    Parameters
    ----------
    a, b, sample_rate
        As in `published_similarity`; nothing is resampled.

    Returns
    -------
    float
        1 - the difference of the shares of samples before which the sign changes, 0 to 1; zero is a sign of its own.

    Raises
    ------
    ValueError
        As `published_similarity`.

    Notes
    -----
    At 44.1 kHz from 16 kHz no share exceeds 0.363, so that the least is 0.637. Notebook: 08_evaluation.

    Examples
    --------
    >>> published_zero_crossings(np.tile([1.0, -1.0], 400), np.ones(800), 16000)
    0.0
    """
    shares = [np.mean(np.diff(np.sign(x)) != 0) for x in _pair(a, b, sample_rate)]
    return float(1 - abs(shares[0] - shares[1]))


def published_rhythm(a: np.ndarray, b: np.ndarray, sample_rate: float) -> float:
    """The authors' rhythm at the rate that is given: which onsets fall on the same sample.

    Parameters
    ----------
    a, b, sample_rate
        As in `published_similarity`; nothing is resampled.

    Returns
    -------
    float
        (r + 1) / 2 with the correlation r of two series that are 1 at an onset, else 0: 0.5 for all that is unlike;
        NaN where one has no onset.

    Raises
    ------
    ValueError, ModuleNotFoundError
        As `published_similarity`.

    Notes
    -----
    Onsets are found in steps of 512 samples. Of two lengths, `b` is cut before they are looked for, `a` after.
    Notebook: 08_evaluation.
    """
    librosa = _librosa()
    first, second = _pair(a, b, sample_rate)
    length = min(len(first), len(second))
    series = []
    with _without_warnings():
        for x in (first, second[:length]):
            times_s = librosa.onset.onset_detect(y=x, sr=sample_rate, units="time")
            onsets = np.asarray(times_s, dtype=np.float64) * sample_rate
            series.append(np.zeros(len(x)))
            series[-1][onsets[onsets < len(x)].astype(int)] = 1
        return float((np.corrcoef(series[0][:length], series[1])[0, 1] + 1) / 2)


def published_chroma(a: np.ndarray, b: np.ndarray, sample_rate: float) -> float:
    """The authors' chroma at the rate that is given: the twelve pitch classes, each frame divided by its strongest.

    Parameters
    ----------
    a, b, sample_rate
        As in `published_similarity`; nothing is resampled.

    Returns
    -------
    float
        1 - the mean absolute difference, 0 to 1; 0.45 to 1 for natural sounds.

    Raises
    ------
    ValueError, ModuleNotFoundError
        As `published_similarity`.

    Notes
    -----
    The tuning is estimated for each clip, which hides a detuning, and silent frames count. Notebook: 08_evaluation.
    """
    librosa = _librosa()
    with _without_warnings():
        chroma = [librosa.feature.chroma_cqt(y=x, sr=sample_rate) for x in _pair(a, b, sample_rate)]
    frames = min(x.shape[1] for x in chroma)
    return float(1 - np.mean(np.abs(chroma[0][:, :frames] - chroma[1][:, :frames])))


def published_contrast(a: np.ndarray, b: np.ndarray, sample_rate: float) -> float:
    """The authors' spectral contrast at the rate that is given: divided by the largest contrast of the pair.

    Parameters
    ----------
    a, b, sample_rate
        As in `published_similarity`; nothing is resampled.

    Returns
    -------
    float
        1 - mean difference / largest value, 0 to 1; 0.69 to 1 for natural sounds; NaN for two silences.

    Raises
    ------
    ValueError, ModuleNotFoundError
        As `published_similarity`, or if the rate is 12.8 kHz or less: librosa's last band begins at 6.4 kHz.

    Notes
    -----
    An empty band has the largest contrast: all clips that were brought up to 44.1 kHz look alike.
    Notebook: 08_evaluation.
    """
    librosa = _librosa()
    clips = _pair(a, b, sample_rate)
    if sample_rate <= CONTRAST_LEAST_HZ:
        raise ValueError(
            f"sample_rate={sample_rate} must exceed {CONTRAST_LEAST_HZ} Hz, or the last band is none: 16000"
        )
    with _without_warnings():
        contrasts = [librosa.feature.spectral_contrast(y=x, sr=sample_rate) for x in clips]
    frames = min(x.shape[1] for x in contrasts)
    first, second = (x[:, :frames] for x in contrasts)
    with np.errstate(invalid="ignore"):
        return float(1 - np.mean(np.abs(first - second)) / np.max(np.abs([first, second])))


def published_stoi(a: np.ndarray, b: np.ndarray, sample_rate: float) -> float:
    """The authors' perceptual similarity at the rate that is given: intelligibility of speech, of any sound.

    Parameters
    ----------
    a, b, sample_rate
        As in `published_similarity`; `a` is taken for clean.

    Returns
    -------
    float
        (STOI + 1) / 2, 0 to 1; 0.5 for what is unlike, or has less than 0.4 s of sound.

    Raises
    ------
    ValueError, ModuleNotFoundError
        As `published_similarity`.

    Notes
    -----
    Both cut to the shorter, and resampled to 16 kHz by librosa, then to 10 kHz by pystoi. A delay of 10 ms ruins it.
    Notebook: 08_evaluation.
    """
    librosa, pystoi = _librosa(), _extra("pystoi")
    clips = _pair(a, b, sample_rate)
    length = min(map(len, clips))
    clean, other = (librosa.resample(y=x[:length], orig_sr=sample_rate, target_sr=16000) for x in clips)
    with _without_warnings():
        return float((pystoi.stoi(clean, other, 16000) + 1) / 2)


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
    clips = [_clip(a, "a"), _clip(b, "b")]
    length = min(map(len, clips))
    row: dict[str, float | None] = dict.fromkeys(MEASURES)
    prepared = [_prepared(x[:length], sample_rate) for x in clips]
    if prepared[0] is None or prepared[1] is None:
        return row
    (x, y), rate = (prepared[0], prepared[1]), min(sample_rate, RATE_HZ)
    size = round(FRAME_S * rate)
    if len(x) < size:
        return row
    starts = _starts(len(x), size, round(HOP_S * rate))
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
    mono = _clip(a, "a")
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
    recognition", 1978. Computed by anti-diagonals: time grows as n m, memory, beyond
    four million pairs, as n + m. Notebook: 08_evaluation.

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
    n, m = len(a), len(b)
    distances = _all_distances(a, b) if n * m <= DTW_CELLS_AT_ONCE else _distances(a, b)
    # Of the last three anti-diagonals k = i + j, at [i + 1]: cost + 1j length of the way to (i, j). The lesser of two
    # complex numbers is that with the lesser real part, and of equal ones that with the lesser imaginary part.
    ways = [np.full(n + 1, np.inf, dtype=np.complex128) for _ in range(3)]
    for k in range(n + m - 1):
        first, end = max(0, k - m + 1), min(n, k + 1)
        both, one, now = ways[(k + 1) % 3], ways[(k + 2) % 3], ways[k % 3]
        way = now[first + 1 : end + 1]
        if k == 0:
            way[0] = 0
        else:
            np.minimum(one[first:end], one[first + 1 : end + 1], out=way)
            np.minimum(way, both[first:end], out=way)
        way += distances(k, first, end)
        way += 1j
    return float(now[n].real), round(now[n].imag)


def _all_distances(a: np.ndarray, b: np.ndarray) -> Callable[[int, int, int], np.ndarray]:
    """Of the anti-diagonal k, at i from first to end: computed at once for all, for series that are not long."""
    from scipy.spatial.distance import cdist

    flat, m = cdist(a, b).reshape(-1), len(b)
    return lambda k, first, end: flat[first * (m - 1) + k : (end - 1) * (m - 1) + k + 1 : max(m - 1, 1)]


def _distances(a: np.ndarray, b: np.ndarray) -> Callable[[int, int, int], np.ndarray]:
    """The same, each anti-diagonal when it is asked for."""
    backwards, last = b[::-1], len(b) - 1
    return lambda k, first, end: np.linalg.norm(a[first:end] - backwards[last - k + first : last - k + end], axis=1)


def stoi(clean: np.ndarray, other: np.ndarray, sample_rate: float) -> float | None:
    """Short-time objective intelligibility of a clip against a clean one: do the envelopes of 15 bands go together?

    Parameters
    ----------
    clean, other : np.ndarray
        (T,) or (n_ch, T) float, of the same length.
    sample_rate : float
        In Hz.

    Returns
    -------
    float or None
        -1 to 1, at least 0.3 or so for what is of use. None where it has no meaning: for silence, below 10 kHz (its
        highest band would be empty), for less than 0.4 s of sound, and where the clips resemble each other most at a
        lag of more than 5 ms.

    Raises
    ------
    ValueError
        If a clip has no samples, is of another shape or not finite, their lengths differ, or the rate is not positive.

    Notes
    -----
    Taal et al., "An algorithm for intelligibility prediction of time-frequency weighted noisy speech", 2011: at 10 kHz,
    frames of 256 within 40 dB of the loudest, third octaves from 150 Hz, segments of 30 frames, clipped at -15 dB. At
    10 kHz it equals pystoi's. It was made for speech. Notebook: 08_evaluation.
    """
    check_rate(sample_rate)
    x, y = _clip(clean, "clean"), _clip(other, "other")
    if len(x) != len(y):
        raise ValueError(f"clips of {len(x)} and {len(y)} samples must be of the same length; cut the longer")
    if sample_rate < _STOI_HZ or not x.any() or not y.any():
        return None
    x, y = (_resampled(z / np.abs(z).max(), sample_rate, _STOI_HZ) for z in (x, y))
    # One frame less than there is room for where the last would end with the clip: so does pystoi.
    starts = np.arange(0, len(x) - _STOI_FRAME, _STOI_FRAME // 2)
    if len(starts) < _STOI_SEGMENT or abs(_lag(x, y)) > ALIGNED_S * _STOI_HZ:
        return None
    bands = _third_octaves(x, y, starts)
    if bands is None:
        return None
    return _stoi_of_bands(*bands)


def _stoi_of_bands(x: np.ndarray, y: np.ndarray) -> float:
    """The mean correlation of segments of two (15, frames) of amplitudes."""
    tiny = np.finfo(np.float64).eps
    x, y = (np.lib.stride_tricks.sliding_window_view(z, _STOI_SEGMENT, axis=1) for z in (x, y))
    length = lambda z: np.sqrt(np.einsum("bmn,bmn->bm", z, z))[..., None] + tiny  # noqa: E731
    y = np.minimum(y * ((length(x) - tiny) / length(y)), x * (1 + 10 ** (15 / 20)))
    x, y = (z - z.mean(axis=2, keepdims=True) for z in (x, y))
    together = np.einsum("bmn,bmn->bm", x, y) / (length(x) * length(y))[..., 0]
    return float(together.mean())


def _third_octaves(x: np.ndarray, y: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Amplitudes (15, frames) of both where the first sounds; None if that is in too few frames."""
    window = _hann(_STOI_FRAME)
    frames = [_frames(z, starts, _STOI_FRAME) * window for z in (x, y)]
    level_db = 20 * np.log10(np.linalg.norm(frames[0], axis=1) + np.finfo(np.float64).eps)
    sounds = level_db > level_db.max() - 40
    if np.count_nonzero(sounds) < _STOI_SEGMENT + 1:
        return None
    half = _STOI_FRAME // 2
    bands = []
    for kept in (z[sounds] for z in frames):
        joined = np.zeros((len(kept) + 1, half))  # overlapping halves, added
        joined[:-1] += kept[:, :half]
        joined[1:] += kept[:, half:]
        again = _frames(joined.reshape(-1), np.arange(len(kept) - 1) * half, _STOI_FRAME) * window
        bands.append(np.sqrt(_power(again, 2 * _STOI_FRAME) @ _third_octave_bins()).T)
    return bands[0], bands[1]


@functools.lru_cache(maxsize=1)
def _third_octave_bins() -> np.ndarray:
    """(257, 15), 1 where a bin of 512 at 10 kHz belongs to a band, whose edges are the bins next to the true ones."""
    bins_hz = np.arange(_STOI_FRAME + 1) * _STOI_HZ / (2 * _STOI_FRAME)
    edges_hz = 150 * 2 ** ((2 * np.arange(16) - 1) / 6)
    edges = np.abs(bins_hz[:, None] - edges_hz).argmin(axis=0)
    index = np.arange(len(bins_hz))[:, None]
    return ((index >= edges[:-1]) & (index < edges[1:])).astype(np.float64)


def _lag(x: np.ndarray, y: np.ndarray) -> int:
    """By how many samples y comes later than x where the two resemble each other most, upside down or not."""
    from scipy import fft

    size = fft.next_fast_len(2 * len(x), real=True)
    spectra = [fft.rfft(z.astype(np.float32), size) for z in (x, y)]
    alike = np.abs(fft.irfft(np.conj(spectra[0]) * spectra[1], size))
    best = int(alike.argmax())
    return best if best < len(x) else best - size


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
    return _resampled(x, sample_rate, RATE_HZ) if sample_rate > RATE_HZ else x


def _resampled(x: np.ndarray, from_hz: float, to_hz: float) -> np.ndarray:
    from scipy.signal import resample_poly

    if from_hz == to_hz:
        return x
    ratio = Fraction(to_hz / from_hz).limit_denominator(1000)
    return resample_poly(x, ratio.numerator, ratio.denominator)


def _starts(samples: int, size: int, hop: int) -> np.ndarray:
    return np.arange(0, samples - size + 1, hop)


def _frames(x: np.ndarray, starts: np.ndarray, size: int) -> np.ndarray:
    hop = int(starts[1] - starts[0]) if len(starts) > 1 else 1
    return np.lib.stride_tricks.sliding_window_view(x, size)[int(starts[0]) :: hop][: len(starts)]


@functools.lru_cache(maxsize=8)
def _hann(size: int) -> np.ndarray:
    """A window that is zero one sample beyond both its ends."""
    return np.hanning(size + 2)[1:-1]


def _power(frames: np.ndarray, size: int) -> np.ndarray:
    from scipy import fft

    spectrum = fft.rfft(frames, size, axis=1)
    power = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    return power


def _powers(x: np.ndarray, starts: np.ndarray, size: int) -> np.ndarray:
    """(frames, bins) float32, the largest 1."""
    power = _power(_frames(x, starts, size) * _hann(size).astype(np.float32), size)
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
def _mel_bands(bins: int, rate: float, count: int = 40) -> np.ndarray:
    """(bins, 40): triangles between points that stand evenly on the mel scale (O'Shaughnessy), each of area 1."""
    top_mel = 2595 * np.log10(1 + min(rate, RATE_HZ) / 2 / 700)
    corners_hz = 700 * (10 ** (np.linspace(0, top_mel, count + 2) / 2595) - 1)
    f = np.linspace(0, rate / 2, bins)[:, None]
    low, middle, high = corners_hz[:-2], corners_hz[1:-1], corners_hz[2:]
    bands = np.maximum(0, np.minimum((f - low) / (middle - low), (high - f) / (high - middle)))
    return (bands / bands.sum(axis=0)).astype(np.float32)


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
    starts = _starts(len(x), size, round(6 * HOP_S * rate))
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
def _pitch_classes(bins: int, rate: float) -> np.ndarray:
    """(bins, 12): how much of each bin, from A3 to A7, belongs to A, A sharp and so on; each pitch weighs the same."""
    f = np.linspace(0, rate / 2, bins)
    pitch = 12 * np.log2(np.maximum(f, 1e-3) / 440)
    away = (pitch[:, None] - np.arange(12) + 6) % 12 - 6
    inside = (pitch >= -12.5) & (pitch < 35.5)
    return np.where(inside[:, None], np.maximum(0, 1 - np.abs(away)), 0) / np.maximum(f, 1.0)[:, None]


def _clip(x: np.ndarray, name: str, dtype: type = np.float64) -> np.ndarray:
    """(T,): a clip, its channels averaged, checked."""
    x = np.asarray(x)
    if x.ndim not in (1, 2) or x.size == 0 or (x.ndim == 2 and x.shape[0] > x.shape[1] > 1):
        raise ValueError(
            f"{name} has the shape {x.shape}; it must be (T,) or (n_ch, T), T at least 1: channels in rows"
        )
    with np.errstate(over="ignore"):  # which the next line finds
        x = x.astype(dtype)
    if not np.isfinite(x).all():
        raise ValueError(f"{name} holds samples that are NaN or infinite; look at the sound that was rendered")
    # Channels side by side, as files have them: the authors' code measures the last bit of an empty band, too.
    return x if x.ndim == 1 else np.ascontiguousarray(x.T).mean(axis=1)


def _check_corrected_rate(sample_rate: float) -> None:
    check_rate(sample_rate)
    if sample_rate < LEAST_RATE_HZ:
        raise ValueError(f"sample_rate={sample_rate} must be at least {LEAST_RATE_HZ} Hz; record or render at 16000")


def _pair(a: np.ndarray, b: np.ndarray, sample_rate: float) -> list[np.ndarray]:
    """Both as float32, as the authors' code reads files, long enough for it."""
    check_rate(sample_rate)
    clips = [_clip(x, name, np.float32) for x, name in ((a, "a"), (b, "b"))]
    for x, name in zip(clips, "ab"):
        if len(x) < PUBLISHED_LEAST_S * sample_rate:
            raise ValueError(
                f"{name} has {len(x)} samples; the authors' code needs {PUBLISHED_LEAST_S} s of {sample_rate} Hz: "
                "give a longer clip, or use similarity"
            )
    return clips


def _brought_to(x: np.ndarray, sample_rate: float, rates_hz: tuple[int, int]) -> list[np.ndarray]:
    """As librosa reads a file, at each rate."""
    librosa = _librosa()
    return [
        x if rate == sample_rate else librosa.resample(y=x, orig_sr=sample_rate, target_sr=rate) for rate in rates_hz
    ]


def _librosa():
    return _extra("librosa")


def _extra(name: str):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the published measures need {name}: pip install 'see2sound_nb[evaluate]'"
        ) from error


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Silence has no tuning, no onsets and no intelligibility: the docstrings say what is returned for it."""
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
