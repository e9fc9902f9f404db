"""Checks of notebook 09: reverberation by ear, FuMa from AmbiX, a file read the wrong way, and what rounding costs.

Notebook: 09_your_own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from see2sound_nb.notebook.check._compare import SAMPLE_RATE, chosen, function, right, same, within


def lasts_longer(yours: str | None, first: np.ndarray, second: np.ndarray, sample_rate: int) -> None:
    """Which of two sounds dies away more slowly.

    Parameters
    ----------
    yours : str
        ``"first"`` or ``"second"``.
    first, second : np.ndarray
        (n_ch, T) float, the same claps in two rooms.
    sample_rate : int
        In Hz.

    Raises
    ------
    AssertionError
        If it is the other one. Measured is the time after the last peak in which the energy falls by 20 dB.

    Notes
    -----
    Notebook: 09_your_own.
    """
    falls_s = [_fall_s(sound, sample_rate) for sound in (first, second)]
    chosen(yours, ("first", "second")[int(np.argmax(falls_s))], ("first", "second"), "the room that lasts longer")
    right(f"after the last clap it falls by 20 dB in {max(falls_s):.2f} s, in the other room in {min(falls_s):.2f} s")


def _fall_s(sound: np.ndarray, sample_rate: int) -> float:
    """Seconds from the peak of the last third until what is still to come has 20 dB less energy."""
    power = np.sum(np.square(sound, dtype=np.float64), axis=0)[2 * sound.shape[1] // 3 :]
    to_come = np.cumsum(power[int(np.argmax(power)) :][::-1])[::-1]
    return int(np.argmax(to_come < 0.01 * to_come[0])) / sample_rate


def fuma_from_ambix(yours: Callable[[np.ndarray], np.ndarray]) -> None:
    """Four channels of FuMa (W, X, Y, Z; W divided by the root of 2) from those of AmbiX (W, Y, Z, X).

    Parameters
    ----------
    yours : callable
        From phi (4, T) in AmbiX to (4, T) in FuMa.

    Raises
    ------
    AssertionError
        At the first sample that differs from what FuMa's definition gives for a source in a known direction.

    Notes
    -----
    Notebook: 09_your_own.
    """
    from see2sound_nb.places.frames import unit_vectors
    from see2sound_nb.room.spherical_harmonics import encode

    function(yours, "fuma_from_ambix")
    rng = np.random.default_rng(9)
    for azimuth, elevation in [(90.0, 0.0), (0.0, 0.0), (0.0, 90.0), *rng.uniform(-80, 80, (3, 2))]:
        sound, towards = rng.normal(size=5), unit_vectors(azimuth, elevation)
        ahead, left, up = towards[1], -towards[0], towards[2]
        expected = np.stack([sound * np.sqrt(0.5), sound * ahead, sound * left, sound * up])
        case = f"source at azimuth {azimuth:.0f}, elevation {elevation:.0f} degrees, channels W, X, Y, Z"
        same(yours(encode(towards[None], 1).T * sound), expected, case, "of full scale")
    right("the channels W, X, Y, Z are those of FuMa, for sources in 6 directions")


def fuma_taken_for_ambix(azimuth_deg: float | None, elevation_deg: float | None, true_azimuth_deg: float) -> None:
    """Where a source at ear height seems to be when a FuMa file is read as AmbiX.

    Parameters
    ----------
    azimuth_deg, elevation_deg : float
        Yours, in degrees; azimuth is positive to the left.
    true_azimuth_deg : float
        Where it was, in degrees.

    Raises
    ------
    AssertionError
        If an angle is farther than 1 degree off.

    Notes
    -----
    Notebook: 09_your_own.
    """
    from see2sound_nb.places.frames import directions, unit_vectors
    from see2sound_nb.room.spherical_harmonics import encode

    _, left, up, ahead = encode(unit_vectors(np.array([true_azimuth_deg])), 1)[0]
    # FuMa writes X, Y, Z (ahead, left, up) where AmbiX reads Y, Z, X (left, up, ahead).
    seems_left, seems_up, seems_ahead = ahead, left, up
    azimuth, elevation, _ = directions(np.array([-seems_left, seems_ahead, seems_up]))
    case = f"a source at {true_azimuth_deg:g} degrees, FuMa read as AmbiX"
    within(azimuth_deg, float(azimuth), 1.0, f"{case}: azimuth", "degrees")
    within(elevation_deg, float(elevation), 1.0, f"{case}: elevation", "degrees")
    right(f"it seems to be at azimuth {azimuth:.0f}, elevation {elevation:.0f} degrees")


def rounding_noise(yours: float | None, sound: np.ndarray) -> None:
    """How loud the error is that a WAV of 16 bits makes.

    Parameters
    ----------
    yours : float
        RMS of the difference in dB of full scale.
    sound : np.ndarray
        (T,) float, full scale 1, what was written.

    Raises
    ------
    AssertionError
        If it is farther than 0.5 dB from what is measured here, on a file.

    Notes
    -----
    Notebook: 09_your_own.
    """
    import pathlib
    import tempfile

    from scipy.io import wavfile

    from see2sound_nb.media.sound_files import write_wav

    with tempfile.TemporaryDirectory() as folder:
        path = write_wav(pathlib.Path(folder) / "rounded.wav", np.stack([sound, sound]), SAMPLE_RATE)
        read = wavfile.read(path)[1][:, 0] / 32767
    noise_db = float(10 * np.log10(np.mean(np.square(read - sound))))
    within(yours, noise_db, 0.5, "the error of 16 bits", "dB of full scale")
    right(f"16 bits leave an error of {noise_db:.0f} dB of full scale")
