"""Sound files out: WAVs that name their channels; FLAC in `flac_files`.

Notebook: 09_your_own.
"""

from __future__ import annotations

import os
import pathlib

import numpy as np

from see2sound_nb.media.files import check_suffix
from see2sound_nb.media.films import ensure_av
from see2sound_nb.media.flac_files import FLAC_LAYOUTS, write_samples
from see2sound_nb.media.riff import SUBTYPES, fmt_chunks, info_chunk, whole_samples, write_riff

#: Speaker masks of WAVE_FORMAT_EXTENSIBLE (Microsoft), 0 where channels are not speakers.
CHANNEL_MASKS = {
    "mono": 0x4,
    "stereo": 0x3, "binaural": 0x3, "5.1": 0x60F, "7.1.4": 0x2D63F,
    "foa": 0x0, "hoa2": 0x0, "hoa3": 0x0, "hoa4": 0x0, "hoa5": 0x0,
}  # fmt: skip
#: Channels of each layout.
CHANNELS = {
    "mono": 1,
    "stereo": 2, "binaural": 2, "5.1": 6, "7.1.4": 12, "foa": 4, "hoa2": 9, "hoa3": 16, "hoa4": 25, "hoa5": 36,
}  # fmt: skip
#: Lowest and highest sample rate of a WAV, in Hz.
SAMPLE_RATES = (8000, 192000)
#: What a sound can be written as.
SOUND_SUFFIXES = (".wav", ".flac")


def check_sample_rate(sample_rate: int) -> int:
    """Return `sample_rate`, or raise ValueError if it is not a whole number of Hz within `SAMPLE_RATES`."""
    lowest, highest = SAMPLE_RATES
    if not (lowest <= sample_rate <= highest and sample_rate == int(sample_rate)):
        raise ValueError(
            f"sample_rate={sample_rate} must be a whole number of Hz from {lowest} to {highest}; 48000 is usual"
        )
    return int(sample_rate)


def check_subtype(subtype: str) -> str:
    """Return `subtype`, or raise ValueError if it is not one of `SUBTYPES`."""
    if subtype not in SUBTYPES:
        raise ValueError(f"subtype {subtype!r} is unknown; choose one of {', '.join(SUBTYPES)}")
    return subtype


def write_wav(
    path: str | os.PathLike,
    audio: np.ndarray,
    sample_rate: int,
    *,
    layout: str = "stereo",
    subtype: str = "PCM_16",
    description: str | None = None,
) -> pathlib.Path:
    """Write a WAV with the channel mask of its layout.

    Parameters
    ----------
    path : str or path
        The file to write; it appears only when it is complete.
    audio : np.ndarray
        (n_ch, T) float, full scale 1.
    sample_rate : int
        In Hz, 8000 to 192000.
    layout : str
        Key of `CHANNEL_MASKS`; it says how many channels there must be.
    subtype : str
        ``"PCM_16"``, ``"PCM_24"`` or ``"FLOAT"``.
    description : str, optional
        What made the sound, in words. Players show it as a comment.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If a sample is NaN or beyond full scale, a name is unknown, the number of channels or the sample rate does not
        fit, or the file cannot be written.

    Notes
    -----
    One or two channels of 16 bit are plain PCM, which every reader knows (Python's own `wave` of before 3.12 knows no
    other). All else is WAVE_FORMAT_EXTENSIBLE, as in Microsoft's "Multiple Channel Audio Data and WAVE Files".
    libsndfile would name the surround channels of 5.1 "back"; BS.775 has them at the side, hence the mask is written
    here. Beyond 4 GB the file is RF64 (EBU Tech 3306).

    The description is a comment in a LIST of INFO, behind the samples, so that these stay where old readers expect
    them. It does not say when it was written: the same sound gives the same file. (The ``bext`` of Broadcast Wave is in
    files of `media.adm` alone: SciPy warns of it.)
    Notebook: 09_your_own.
    """
    check_suffix(path, [".wav"], "a WAV")
    audio, sample_rate = checked_sound(audio, sample_rate, layout, subtype)
    channels, frames = audio.shape
    mask = None if channels <= 2 and subtype == "PCM_16" else CHANNEL_MASKS[layout]
    before = fmt_chunks(channels, sample_rate, subtype, mask, frames)
    after = [] if description is None else [info_chunk(description)]
    return write_riff(path, before, [audio], subtype, after)


def checked_sound(audio: np.ndarray, sample_rate: int, layout: str, subtype: str) -> tuple[np.ndarray, int]:
    """A sound as (n_ch, T) and its rate, or ValueError if it is not the layout's, out of range, or not finite."""
    if layout not in CHANNEL_MASKS:
        raise ValueError(f"layout {layout!r} is unknown; choose one of {', '.join(CHANNEL_MASKS)}")
    check_subtype(subtype)
    sample_rate = check_sample_rate(sample_rate)
    audio = np.atleast_2d(np.asarray(audio))
    if len(audio) != CHANNELS[layout]:
        raise ValueError(f"the audio has {len(audio)} channels, {layout} has {CHANNELS[layout]}; choose another layout")
    check_peak(audio, "audio")
    return audio, sample_rate


def check_peak(audio: np.ndarray, name: str) -> None:
    """Raise ValueError if a sample is NaN or beyond full scale; no copy is made."""
    peak = float(np.maximum(audio.max(initial=0), -float(audio.min(initial=0))))
    if not peak <= 1.0:
        raise ValueError(f"the {name}'s peak is {peak}; it must be a number up to 1 (full scale): scale it down first")


def write_sound(
    path: str | os.PathLike,
    audio: np.ndarray,
    sample_rate: int,
    *,
    layout: str = "stereo",
    subtype: str = "PCM_16",
    description: str | None = None,
) -> pathlib.Path:
    """Write a WAV or a FLAC, as the name ends.

    Parameters
    ----------
    path, audio, sample_rate, layout, subtype, description
        As in `write_wav`. A ``.flac`` holds the same samples bit for bit; it has at most 8 channels (`FLAC_LAYOUTS`),
        of whole numbers.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        As `check_sound_file` and `write_wav`.
    ModuleNotFoundError
        For a FLAC without PyAV, the extra ``video``.

    Notes
    -----
    Notebook: 09_your_own.
    """
    check_sound_file(path, layout, subtype)
    if pathlib.Path(path).suffix.lower() == ".wav":
        return write_wav(path, audio, sample_rate, layout=layout, subtype=subtype, description=description)
    audio, sample_rate = checked_sound(audio, sample_rate, layout, subtype)
    samples = whole_samples(audio, subtype)
    bits = SUBTYPES[subtype][0]
    return write_samples(path, samples, sample_rate, layout=layout, bits=bits, description=description)


def check_sound_file(path: str | os.PathLike, layout: str, subtype: str) -> None:
    """Raise, before the work, if no sound of a layout and subtype can be written under a name.

    Raises
    ------
    ValueError
        If the name, or what is in a FLAC, does not fit.
    ModuleNotFoundError
        For a FLAC without PyAV, the extra ``video``.
    """
    check_suffix(path, SOUND_SUFFIXES, "a sound")
    check_subtype(subtype)
    if pathlib.Path(path).suffix.lower() == ".flac":
        if layout not in FLAC_LAYOUTS:
            raise ValueError(f"a FLAC has at most 8 channels and {layout} has {CHANNELS[layout]}; write a .wav")
        if subtype == "FLOAT":
            raise ValueError("a FLAC holds whole numbers; choose the subtype PCM_24, or write a .wav")
        ensure_av("writing FLAC")
