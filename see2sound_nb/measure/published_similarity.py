"""The measures of the paper's Table 1 as its released code computes them.

What each is meant to say is in `similarity`. Needs the extra ``evaluate``. One idea, six measures that are computed as
they are named nowhere else; the docstrings say what is odd about each.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator

import numpy as np

from see2sound_nb._checks import check_rate
from see2sound_nb.measure.clips_in_frames import clip_of

#: The columns of Table 1 in its order, and the weighted sum that the released code adds to them.
MEASURES = ("mfcc_dtw", "zero_crossings", "rhythm", "chroma", "contrast", "stoi", "swass")
#: What the authors bring every file to, for MFCC-DTW and for the rest, in Hz.
PUBLISHED_RATES_HZ = (22050, 44100)
#: The shortest clip that the authors' code can take: pystoi needs a frame of 256 samples at 10 kHz.
PUBLISHED_LEAST_S = 0.026
#: At this rate librosa's last band has no room, in Hz.
CONTRAST_LEAST_HZ = 12800


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


def _pair(a: np.ndarray, b: np.ndarray, sample_rate: float) -> list[np.ndarray]:
    """Both as float32, as the authors' code reads files, long enough for it."""
    check_rate(sample_rate)
    clips = [clip_of(x, name, np.float32) for x, name in ((a, "a"), (b, "b"))]
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
