"""Sounds that tell headphones from loudspeakers, and the left ear from the right.

Two tests that loudspeakers fail, because there both ears hear both channels; and a third, for which the other two are
blind: with headphones the wrong way round, both are passed. They must reach the ears as they are: no MP3 or Opus (which
join the channels), no "mono" or "spatialise" in the system's settings.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import itertools

import numpy as np

#: RMS of a tone or of noise while it lasts, dB of full scale.
LEVEL_DB = -23.0
#: Of a trial: three intervals of this length with pauses between them, and how long each fades in and out; seconds.
INTERVAL_S, PAUSE_S, FADE_S = 1.0, 0.5, 0.1
#: Woods: frequency of the tones in Hz, and by how much one is softer, in dB.
TONE_HZ, SOFTER_DB = 200.0, 6.0
#: Huggins: middle of the band in Hz, and how far it reaches to both sides, as a share of it.
BAND_HZ, BAND_SHARE = 600.0, 0.06
NUMBERS = ("first", "second", "third")


def antiphase_trials(rng: np.random.Generator, sample_rate: int = 16000) -> list[tuple[np.ndarray, str]]:
    """Which of three tones is the softest? Six trials, all orders once.

    One tone is 6 dB softer, and one is in antiphase at the two ears. Between loudspeakers that one cancels, and seems
    the softest; with headphones it is as loud as the third.

    Parameters
    ----------
    rng : np.random.Generator
        For the order of the trials.
    sample_rate : int
        In Hz.

    Returns
    -------
    list of (np.ndarray, str)
        The sound (2, T) float32, full scale 1, left and right; and ``"first"``, ``"second"`` or ``"third"``.

    Notes
    -----
    Woods, Siegel, Traer and McDermott (2017). To pass: 5 of 6; guessing passes in 1.8 % of cases. Notebook:
    08_evaluation.
    """
    t = np.arange(round(INTERVAL_S * sample_rate)) / sample_rate
    tone = _faded(np.sqrt(2) * np.sin(2 * np.pi * TONE_HZ * t), sample_rate)
    tones = {
        "loud": np.stack([tone, tone]),
        "antiphase": np.stack([tone, -tone]),
        "soft": np.stack([tone, tone]) * 10 ** (-SOFTER_DB / 20),
    }
    orders = list(itertools.permutations(tones))
    return [
        (_row([tones[name] for name in orders[k]], sample_rate), NUMBERS[orders[k].index("soft")])
        for k in rng.permutation(len(orders))
    ]


def huggins_trials(rng: np.random.Generator, sample_rate: int = 16000) -> list[tuple[np.ndarray, str]]:
    """In which of three noises is a faint tone hidden? Six trials, each place twice.

    The noise is the same at both ears, but for a narrow band that is turned by 180 degrees at the right ear. Neither
    ear alone hears anything in it; both together hear a tone of 600 Hz. Loudspeakers mix the channels before the ears.

    Parameters
    ----------
    rng : np.random.Generator
        For the noise and the order.
    sample_rate : int
        In Hz.

    Returns
    -------
    list of (np.ndarray, str)
        As `antiphase_trials`.

    Notes
    -----
    Milne et al. (2020), after Cramer and Huggins (1958). To pass: 6 of 6; guessing passes in 0.14 % of cases.
    Notebook: 08_evaluation.
    """
    trials = []
    for place in rng.permutation([0, 1, 2, 0, 1, 2]):
        noises = []
        for k in range(3):
            noise = rng.standard_normal(round(INTERVAL_S * sample_rate))
            right = turned_band(noise, sample_rate) if k == place else noise
            noises.append(np.stack([_faded(noise, sample_rate), _faded(right, sample_rate)]))
        trials.append((_row(noises, sample_rate), NUMBERS[place]))
    return trials


def ear_trials(rng: np.random.Generator, sample_rate: int = 16000) -> list[tuple[np.ndarray, str]]:
    """On which side is the noise? Four trials: left, right, both ears, and one of the sides again.

    Parameters
    ----------
    rng : np.random.Generator
        For the noise and the order.
    sample_rate : int
        In Hz.

    Returns
    -------
    list of (np.ndarray, str)
        The sound (2, T) float32, full scale 1; and ``"left"``, ``"right"`` or ``"both"``.

    Notes
    -----
    "Both" is what a device that plays in mono makes of all four. Notebook: 08_evaluation.
    """
    sides = ["left", "right", "both", ("left", "right")[rng.integers(2)]]
    gains = {"left": (1, 0), "right": (0, 1), "both": (1, 1)}
    trials = []
    for k in rng.permutation(len(sides)):
        noise = _faded(rng.standard_normal(round(0.6 * sample_rate)), sample_rate)
        trials.append((_row([np.outer(gains[sides[k]], noise)], sample_rate), sides[k]))
    return trials


def sides(rng: np.random.Generator, sample_rate: int = 16000) -> dict[str, np.ndarray]:
    """Noise on the left and on the right, to set the volume and to turn the headphones round by.

    Parameters
    ----------
    rng : np.random.Generator
        For the noise.
    sample_rate : int
        In Hz.

    Returns
    -------
    dict of str to np.ndarray
        ``"left"`` and ``"right"``, each (2, T) float32, full scale 1.
    """
    noise = _faded(rng.standard_normal(round(INTERVAL_S * sample_rate)), sample_rate)
    return {side: _row([np.outer(gains, noise)], sample_rate) for side, gains in (("left", (1, 0)), ("right", (0, 1)))}


def turned_band(noise: np.ndarray, sample_rate: int) -> np.ndarray:
    """Noise (T,) whose band around 600 Hz is turned by 180 degrees."""
    spectrum = np.fft.rfft(noise)
    hz = np.fft.rfftfreq(len(noise), 1 / sample_rate)
    spectrum[np.abs(hz - BAND_HZ) <= BAND_SHARE * BAND_HZ] *= -1
    return np.fft.irfft(spectrum, len(noise))


def _faded(sound: np.ndarray, sample_rate: int) -> np.ndarray:
    length = round(FADE_S * sample_rate)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)
    faded = sound.copy()
    faded[:length] *= ramp
    faded[-length:] *= ramp[::-1]
    return faded


def _row(intervals: list[np.ndarray], sample_rate: int) -> np.ndarray:
    """Intervals (2, n) of unit RMS one after the other, at `LEVEL_DB`."""
    pause = np.zeros((2, round(PAUSE_S * sample_rate)))
    parts = [part for interval in intervals for part in (pause, interval)][1:]
    return (np.concatenate(parts, axis=1) * 10 ** (LEVEL_DB / 20)).astype(np.float32)
