"""Films whose sound turns with the head: first-order Ambisonics in an MP4, as YouTube and players in headsets take it.

Notebook: 09_your_own.
"""

from __future__ import annotations

import dataclasses
import math
import os
import pathlib

import numpy as np

from see2sound_nb._checks import check_image
from see2sound_nb.media.clip_sound import fitted, resampled
from see2sound_nb.media.clip_writing import SAMPLE_RATE_HZ, Coding, write_film
from see2sound_nb.media.clips import Clip, open_clip
from see2sound_nb.media.files import check_suffix, check_writable
from see2sound_nb.media.films import ensure_av
from see2sound_nb.media.sound_files import checked_sound

#: How the sound is coded, by its channels, as YouTube takes it. FFmpeg writes the box SA3D where the track's metadata
#: name its channels. Left alone, its AAC codes pairs of channels, fills bands with noise of its own, and shares bits
#: out in a way that turns directions by some degrees: all of that is off. The fourth channel of six would be AAC's LFE;
#: so there Opus codes each channel by itself (mapping family 2, RFC 8486).
CODINGS = {
    4: Coding(
        "aac",
        "4.0",
        512_000,
        {"aac_coder": "fast", "aac_ms": "0", "aac_is": "0", "aac_pns": "0"},
        {"SA3D": "ambisonic 1"},
    ),
    6: Coding("libopus", "ambisonic 1+stereo", 768_000, {"mapping_family": "2"}, {"SA3D": "ambisonic 1+stereo"}),
}
#: A photo is shown so many times a second.
STILL_FRAMES_PER_S = 10


def write_spatial_film(
    path: str | os.PathLike,
    pictures: Clip | np.ndarray,
    foa: np.ndarray,
    sample_rate: int,
    *,
    head_locked: np.ndarray | None = None,
    turns: int = 1,
) -> tuple[pathlib.Path, list[str]]:
    """Write a film with first-order Ambisonics, and say so in it.

    Parameters
    ----------
    path : str or path
        ``.mp4``; it appears only when it is complete.
    pictures : Clip or np.ndarray
        A clip, whose pictures are copied bit for bit or coded anew where that cannot be; or (H, W, 3) uint8 RGB, which
        is shown for as long as `foa` lasts. They stay flat: no projection is written.
    foa : np.ndarray
        (4, T) float, full scale 1: W, Y, Z, X of the listener's frame (AmbiX: ACN, SN3D), as `Scene.render` gives them
        for ``"foa"``. With a clip it is cut, or filled with silence, to ``turns * clip.end_s``.
    sample_rate : int
        Of `foa`, in Hz; 48 kHz is written.
    head_locked : np.ndarray, optional
        (2, T) float, full scale 1, left and right: what does not turn with the head, such as a voice or music.
    turns : int
        How often a clip is shown.

    Returns
    -------
    path : pathlib.Path
        `path`.
    notes : list of str
        What is not as one would expect, in sentences.

    Raises
    ------
    ValueError
        If the suffix, a number of channels, a length or `turns` does not fit, a sample is NaN or beyond full scale, or
        the file cannot be written or is the clip's own.
    ModuleNotFoundError
        Without PyAV, the extra ``video``.
    OSError
        If the disk is full.

    Notes
    -----
    The box ``SA3D`` is that of Google's "Spatial Audio RFC" (github.com/google/spatial-media). Four channels are AAC of
    512 kb/s, six are Opus of 768 kb/s. A player that does not know the box plays W, Y, Z and X as if they were
    loudspeakers: for such a one, write a clip in stereo. Notebook: 09_your_own.
    """
    path = pathlib.Path(path)
    check_suffix(path, [".mp4"], "a film with Ambisonics")
    foa, sample_rate = checked_sound(foa, sample_rate, "foa", "PCM_24")
    if turns < 1 or turns != int(turns):
        raise ValueError(f"turns={turns} must be a whole number from 1 on; 1 shows the clip once")
    if not foa.shape[1]:
        raise ValueError("foa has 0 samples; render a sound first")
    sound = foa
    if head_locked is not None:
        stereo, _ = checked_sound(head_locked, sample_rate, "stereo", "PCM_24")
        if stereo.shape[1] != foa.shape[1]:
            raise ValueError(
                f"head_locked has {stereo.shape[1]} samples and foa {foa.shape[1]}; make them equally long"
            )
        sound = np.concatenate([foa, stereo])
    ensure_av()
    clip = pictures if isinstance(pictures, Clip) else _still(pictures, foa.shape[1] / sample_rate / turns)
    check_writable(path, inputs=[] if clip.path is None else [clip.path])
    length = round(turns * clip.end_s * SAMPLE_RATE_HZ)
    sound = fitted(resampled(sound, sample_rate, SAMPLE_RATE_HZ), length)
    return path, write_film(path, clip, sound, CODINGS[len(sound)], turns=turns)


def _still(image: np.ndarray, duration_s: float) -> Clip:
    """A clip that shows one picture."""
    image = check_image(image)
    frames = np.broadcast_to(image, (math.ceil(duration_s * STILL_FRAMES_PER_S), *image.shape))
    return dataclasses.replace(open_clip(frames, STILL_FRAMES_PER_S), end_s=duration_s)
