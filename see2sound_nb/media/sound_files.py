"""Sound files out: WAVs that name their channels.

Notebook: 09_your_own.
"""

from __future__ import annotations

import os
import pathlib
import struct

import numpy as np

from see2sound_nb.media.files import atomic_path

#: Speaker masks of WAVE_FORMAT_EXTENSIBLE (Microsoft), 0 where channels are not speakers.
CHANNEL_MASKS = {
    "stereo": 0x3, "binaural": 0x3, "5.1": 0x60F, "7.1.4": 0x2D63F,
    "foa": 0x0, "hoa2": 0x0, "hoa3": 0x0, "hoa4": 0x0, "hoa5": 0x0,
}  # fmt: skip
#: Channels of each layout.
CHANNELS = {
    "stereo": 2, "binaural": 2, "5.1": 6, "7.1.4": 12, "foa": 4, "hoa2": 9, "hoa3": 16, "hoa4": 25, "hoa5": 36,
}  # fmt: skip
#: Lowest and highest sample rate of a WAV, in Hz.
SAMPLE_RATES = (8000, 192000)
#: Sample formats: bits a sample, and the code of the format (1 integers, 3 floats).
SUBTYPES = {"PCM_16": (16, 1), "PCM_24": (24, 1), "FLOAT": (32, 3)}


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
    path: str | os.PathLike, audio: np.ndarray, sample_rate: int, *, layout: str = "stereo", subtype: str = "PCM_16"
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

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If a sample is NaN or beyond full scale, a name is unknown, the number of channels or the sample rate does not
        fit, or the file would be larger than 4 GB or cannot be written.

    Notes
    -----
    WAVE_FORMAT_EXTENSIBLE as in Microsoft's "Multiple Channel Audio Data and WAVE Files". libsndfile would
    name the surround channels of 5.1 "back"; BS.775 has them at the side, hence the mask is written here.
    Notebook: 09_your_own.
    """
    if layout not in CHANNEL_MASKS:
        raise ValueError(f"layout {layout!r} is unknown; choose one of {', '.join(CHANNEL_MASKS)}")
    check_subtype(subtype)
    sample_rate = check_sample_rate(sample_rate)
    audio = np.atleast_2d(np.asarray(audio))
    if len(audio) != CHANNELS[layout]:
        raise ValueError(f"the audio has {len(audio)} channels, {layout} has {CHANNELS[layout]}; choose another layout")
    bits, code = SUBTYPES[subtype]
    if audio.size * bits // 8 > 2**32 - 200:
        raise ValueError(
            f"the audio needs {audio.size * bits / 8e9:.1f} GB, a WAV holds at most 4.3 GB; cut it or choose fewer bits"
        )
    peak = float(np.abs(audio).max(initial=0.0))
    if not peak <= 1.0:
        raise ValueError(f"the audio's peak is {peak}; it must be a number up to 1 (full scale): scale it down first")
    data = _samples(audio, subtype)
    channels, block = len(audio), len(audio) * bits // 8
    subformat = struct.pack("<HHIQ", code, 0, 0x00100000, 0x719B3800AA000080)
    fmt = struct.pack("<HHIIHHHHI", 0xFFFE, channels, sample_rate, sample_rate * block, block, bits, 22, bits,
                      CHANNEL_MASKS[layout]) + subformat  # fmt: skip
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt
    if code == 3:
        chunks += b"fact" + struct.pack("<II", 4, audio.shape[1])
    chunks += b"data" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    with atomic_path(path) as beside:
        beside.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return pathlib.Path(path)


def _samples(audio: np.ndarray, subtype: str) -> bytes:
    interleaved = np.ascontiguousarray(audio.T)
    if subtype == "FLOAT":
        return interleaved.astype("<f4").tobytes()
    if subtype == "PCM_16":
        return np.round(interleaved * 32767.0).astype("<i2").tobytes()
    words = np.round(interleaved * 8388607.0).astype("<i4").view(np.uint8).reshape(-1, 4)
    return words[:, :3].tobytes()
