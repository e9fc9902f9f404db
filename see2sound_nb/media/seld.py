"""What sounds when and where, as DCASE's sound event localisation and detection (SELD) has it: first-order Ambisonics
and a line for each source and tenth of a second.

Notebook: 09_your_own.
"""

from __future__ import annotations

import math
import os
import pathlib
from collections.abc import Iterable, Sequence

import numpy as np

from see2sound_nb.media.files import atomic_path, check_suffix, check_writable
from see2sound_nb.media.riff import fmt_chunks, write_riff
from see2sound_nb.media.sound_files import checked_sound

#: Length of a frame, in seconds.
FRAME_S = 0.1
#: Sample rate of DCASE's recordings, in Hz.
SAMPLE_RATE = 24000
#: A frame of a sound is silent if its RMS is so far below that of the sound's loudest frame, in dB.
SILENT_DB = -40.0

Row = tuple[int, int, int, int, int, int]


def frame_times_s(duration_s: float) -> np.ndarray:
    """The middle of each frame of a recording, (F,) float64, in seconds; the last frame may be a part of one."""
    return (np.arange(math.ceil(duration_s / FRAME_S - 1e-9)) + 0.5) * FRAME_S


def sounding(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """In which frames a sound is heard, and in which it pauses.

    Parameters
    ----------
    audio : np.ndarray
        (N, T) float, the dry sounds.
    sample_rate : int
        In Hz.

    Returns
    -------
    np.ndarray
        (F, N) float64, 1 where it sounds and 0 where its frame is `SILENT_DB` below its loudest.

    Notes
    -----
    As the annotations of synthetic sets of SELD, it is about the source: how long its reverberation is heard in the
    room does not count. Notebook: 09_your_own.
    """
    audio = np.atleast_2d(np.asarray(audio, dtype=np.float64))
    edges = np.round(np.arange(len(frame_times_s(audio.shape[1] / sample_rate)) + 1) * FRAME_S * sample_rate)
    starts, ends = edges[:-1].astype(int), np.minimum(edges[1:], audio.shape[1]).astype(int)
    energy = np.pad(np.cumsum(audio**2, axis=1), ((0, 0), (1, 0)))
    power = (energy[:, ends] - energy[:, starts]) / np.maximum(ends - starts, 1)
    loudest = power.max(axis=1, initial=0.0, keepdims=True)
    return ((power > loudest * 10 ** (SILENT_DB / 10)) & (power > 0)).T.astype(np.float64)


def seld_rows(
    classes: Sequence[int],
    azimuth_deg: np.ndarray,
    elevation_deg: np.ndarray,
    distance_m: np.ndarray,
    heard: np.ndarray,
) -> list[Row]:
    """A row for each source that is heard in a frame.

    Parameters
    ----------
    classes : sequence of int
        (N,), the class of each source, from 0.
    azimuth_deg, elevation_deg : np.ndarray
        (F, N) float, or (N,) for what rests: degrees, listener's frame, azimuth positive to the left.
    distance_m : np.ndarray
        (F, N) or (N,) float, metres.
    heard : np.ndarray
        (F, N) float, the share of each frame, or of its loudness, 0 to 1; from a half on it counts.

    Returns
    -------
    list of tuple
        (frame, class, source, azimuth, elevation, distance): whole degrees, whole centimetres, all from 0; by frame,
        then class.

    Raises
    ------
    ValueError
        If shapes do not fit, a place is not finite, or a class is negative.

    Notes
    -----
    Frames of 100 ms, azimuth from -180 to 180, as in STARSS22 and STARSS23 (Politis et al. 2022, Shimada et al. 2023).
    Notebook: 09_your_own.
    """
    heard = np.asarray(heard, dtype=np.float64)
    if heard.ndim != 2 or heard.shape[1] != len(classes):
        raise ValueError(f"heard has the shape {heard.shape}; it must be (frames, {len(classes)}), a column per source")
    try:
        places = [np.broadcast_to(values, heard.shape) for values in (azimuth_deg, elevation_deg, distance_m)]
    except ValueError as error:
        raise ValueError(f"places do not fit {heard.shape}, (frames, sources): {error}; give one for each") from error
    active = heard >= 0.5 - 1e-9  # half a frame is half a frame, however it was rounded
    azimuth, elevation, distance = (values[active] for values in places)
    if not (np.isfinite(azimuth).all() and np.isfinite(elevation).all() and np.isfinite(distance).all()):
        raise ValueError("a source is heard at a place that is no finite number; look at its path")
    if any(k < 0 for k in classes):
        raise ValueError(f"classes={list(classes)} must be numbers from 0; give each source one of the list of names")
    frames, sources = np.nonzero(active)
    whole = [np.rint(values).astype(int).tolist() for values in (azimuth, elevation, 100 * distance)]
    return sorted(
        (frame, int(classes[k]), k, *where) for frame, k, *where in zip(frames.tolist(), sources.tolist(), *whole)
    )


def write_seld(
    path: str | os.PathLike,
    foa: np.ndarray,
    names: Sequence[str],
    classes: Sequence[int],
    azimuth_deg: np.ndarray,
    elevation_deg: np.ndarray,
    distance_m: np.ndarray,
    heard: np.ndarray,
) -> pathlib.Path:
    """Write a recording and its metadata in the format of DCASE's task on SELD of 2023 and 2024.

    Parameters
    ----------
    path : str or path
        The WAV, ``photo.wav``. Beside it come ``photo.csv``, and ``photo.classes.txt`` with the names of the classes, a
        line each.
    foa : np.ndarray
        (4, T) float, W, Y, Z, X (AmbiX: ACN, SN3D) at `SAMPLE_RATE`, full scale 1.
    names : sequence of str
        Of all classes that there may be, the same for all recordings of a set.
    classes, azimuth_deg, elevation_deg, distance_m, heard
        As in `seld_rows`.

    Returns
    -------
    pathlib.Path
        `path`; it is there only when all is.

    Raises
    ------
    ValueError
        As `seld_rows`; if a class has no name, or a file cannot be written.

    Notes
    -----
    What the baselines of DCASE read: 24 kHz, 16 bits (the one of 2024 divides by 32768, whatever the samples are) and
    a WAV without WAVE_FORMAT_EXTENSIBLE (it asks Python's `wave`, which before 3.12 knows no other); the CSV has no
    head line, ``frame,class,source,azimuth,elevation,distance``, as `seld_rows`. It takes for the name of a recording
    what is before the first dot. Notebook: 09_your_own.
    """
    path = check_seld(path)
    rows = seld_rows(classes, azimuth_deg, elevation_deg, distance_m, heard)
    if any(k >= len(names) for k in classes):
        raise ValueError(f"class {max(classes)} has no name; the {len(names)} classes are numbered from 0")
    foa, rate = checked_sound(foa, SAMPLE_RATE, "foa", "PCM_16")
    with atomic_path(path.with_suffix(".classes.txt")) as beside:
        beside.write_bytes("".join(name + "\n" for name in names).encode("utf-8"))
    write_rows(path.with_suffix(".csv"), rows)
    return write_riff(path, fmt_chunks(4, rate, "PCM_16", None, foa.shape[1]), [foa], "PCM_16")


def check_seld(path: str | os.PathLike) -> pathlib.Path:
    """`path`; ValueError, before the work, if a recording and its metadata cannot be written there."""
    path = pathlib.Path(path)
    check_suffix(path, [".wav"], "a recording with DCASE's metadata")
    for suffix in (path.suffix, ".csv", ".classes.txt"):
        check_writable(path.with_suffix(suffix))
    return path


def write_rows(path: str | os.PathLike, rows: Iterable[Sequence[int | str]]) -> pathlib.Path:
    """Write rows as lines with commas, and return the path; no row makes an empty file."""
    path = pathlib.Path(path)
    with atomic_path(path) as beside:
        beside.write_bytes("".join(",".join(map(str, row)) + "\n" for row in rows).encode("utf-8"))
    return path
