"""FLAC out: a sound without loss in half the space of a WAV. What may be written so is checked in `sound_files`.

Notebook: 09_your_own.
"""

from __future__ import annotations

import os
import pathlib

import numpy as np

from see2sound_nb.media.files import atomic_path
from see2sound_nb.media.films import ensure_av

#: FFmpeg's name of each layout that a FLAC can hold: it has at most eight channels.
FLAC_LAYOUTS = {"mono": "mono", "stereo": "stereo", "binaural": "stereo", "5.1": "5.1(side)", "foa": "ambisonic 1"}
#: So many samples are coded at a time.
_BLOCK = 1 << 16


def write_samples(
    path: str | os.PathLike,
    samples: np.ndarray,
    sample_rate: int,
    *,
    layout: str,
    bits: int,
    description: str | None = None,
) -> pathlib.Path:
    """Write samples as FLAC.

    Parameters
    ----------
    path : str or path
        The file to write; it appears only when it is complete.
    samples : np.ndarray
        (n_ch, T) int32, of `bits` bits.
    sample_rate : int
        In Hz.
    layout : str
        One of `FLAC_LAYOUTS`. The channels of 5.1 are FLAC's own; those of Ambisonics are said to be no loudspeakers.
    bits : int
        16 or 24.
    description : str, optional
        What made the sound, in words: the Vorbis comment DESCRIPTION.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ModuleNotFoundError
        Without PyAV, the extra ``video``.

    Notes
    -----
    RFC 9639, section 8.6.2, on channel masks. Notebook: 09_your_own.
    """
    av = ensure_av("writing FLAC")
    kind, dtype = ("s16", "<i2") if bits == 16 else ("s32", "<i4")
    samples = np.left_shift(samples, 0 if bits == 16 else 32 - bits).astype(dtype)
    with atomic_path(path) as beside, av.open(str(beside), "w", format="flac") as file:
        if FLAC_LAYOUTS[layout].startswith("ambisonic"):
            file.metadata["WAVEFORMATEXTENSIBLE_CHANNEL_MASK"] = "0x0"
        if description is not None:  # FFmpeg's "comment" becomes DESCRIPTION
            file.metadata["comment"] = description.replace("\0", " ")
        stream = file.add_stream("flac", rate=sample_rate)
        stream.layout, stream.format = FLAC_LAYOUTS[layout], kind
        for start in range(0, samples.shape[1], _BLOCK):
            part = np.ascontiguousarray(samples[:, start : start + _BLOCK].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(part, format=kind, layout=FLAC_LAYOUTS[layout])
            frame.sample_rate, frame.pts = sample_rate, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return pathlib.Path(path)
