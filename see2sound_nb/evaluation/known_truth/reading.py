"""What is scored: a WAV of any layout, told by its channels.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import pathlib
import struct
import warnings

import numpy as np

from see2sound_nb.media.sound_files import CHANNELS
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.layouts import AMBISONIC_ORDERS, LAYOUTS, LOUDSPEAKERS
from see2sound_nb.room.spherical_harmonics import encode

#: Layouts that a file may be taken for: those that can be written.
SCORED = tuple(CHANNELS)
#: What so many channels are taken for where nothing else is said.
_BY_CHANNELS = {count: name for name, count in CHANNELS.items()} | {2: "binaural"}
#: Speaker masks of other layouts of as many channels, and what they are called.
_OTHER_MASKS = {0x33: "4.0", 0x107: "3.1 or 4.0 with one rear", 0x63F: "7.1"}
#: Stereo is heard from two loudspeakers here, (azimuth, elevation) in degrees.
_STEREO = {"L": (30, 0), "R": (-30, 0)}


def read_wav(path: str | pathlib.Path) -> tuple[np.ndarray, int, int | None]:
    """Read a WAV.

    Returns
    -------
    channels : np.ndarray
        (n_ch, T) float64, full scale 1.
    sample_rate : int
        In Hz.
    mask : int or None
        The speaker mask, None where the file has none.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no WAV of integers or floats, holds no sample, or one that is not finite.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    from scipy.io import wavfile

    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no sound at {path}; give the path of a WAV")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # of chunks beside the sound
            rate, data = wavfile.read(path)
    except (ValueError, struct.error, EOFError, UnboundLocalError) as error:
        raise ValueError(f"{path} cannot be read as a WAV ({error}); export it as 16, 24 or 32 bits") from error
    channels = np.atleast_2d(data.T)
    if channels.dtype == np.uint8:
        channels = channels.astype(np.float64) / 128 - 1
    elif channels.dtype.kind == "i":
        channels = channels / -float(np.iinfo(channels.dtype).min)
    channels = channels.astype(np.float64)
    if not channels.shape[1]:
        raise ValueError(f"{path} holds no sample; render it again")
    if not np.isfinite(channels).all():
        raise ValueError(f"{path} holds samples that are NaN or infinite; look at the renderer")
    return channels, int(rate), _mask(path)


def _mask(path: pathlib.Path) -> int | None:
    """The speaker mask of a WAVE_FORMAT_EXTENSIBLE file."""
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", head)
            if name == b"fmt ":
                fmt = file.read(size)
                return struct.unpack_from("<I", fmt, 20)[0] if size >= 40 and fmt[:2] == b"\xfe\xff" else None
            file.seek(size + size % 2, 1)
    return None


def layout_of(count: int, mask: int | None = None, layout: str | None = None) -> str:
    """What layout a file of so many channels is taken for.

    Parameters
    ----------
    count : int
        Channels.
    mask : int, optional
        Its speaker mask.
    layout : str, optional
        One of `SCORED`, if it is known.

    Raises
    ------
    ValueError
        If no layout has so many channels, the one that is given has not, or the mask is that of another one.

    Notes
    -----
    Two channels are taken for two ears: no mask tells them from two loudspeakers. Notebook: 08_evaluation.
    """
    if layout is not None and layout not in SCORED:
        raise ValueError(f"layout {layout!r} is unknown; choose one of {', '.join(SCORED)}")
    wanted = 1 if layout == "mono" else CHANNELS.get(layout or "")
    if layout is not None and wanted != count:
        raise ValueError(f"the file has {count} channels, {layout} has {wanted}; give another --layout")
    if layout is None and count not in _BY_CHANNELS:
        known = ", ".join(f"{n} ({name})" for n, name in sorted(_BY_CHANNELS.items()))
        raise ValueError(f"no layout of {count} channels is known; render one of {known}")
    if layout is None and mask in _OTHER_MASKS:
        raise ValueError(
            f"the file's speaker mask is that of {_OTHER_MASKS[mask]}; render another layout, or say --layout"
        )
    return layout or _BY_CHANNELS[count]


def as_foa(channels: np.ndarray, layout: str) -> np.ndarray:
    """First-order Ambisonics (4, T) of what the listener hears in the middle: W, Y, Z, X (AmbiX, SN3D).

    Parameters
    ----------
    channels : np.ndarray
        (n_ch, T) float.
    layout : str
        Of `SCORED`.

    Raises
    ------
    ValueError
        For ``"mono"`` and ``"binaural"``, with the reason.

    Notes
    -----
    Higher orders lose their higher channels. Each loudspeaker is a plane wave from its place; stereo's stand at 30
    degrees left and right, and the LFE has no direction. Notebook: 08_evaluation.
    """
    if layout == "mono":
        raise ValueError("one channel has no direction")
    if layout == "binaural":
        raise ValueError("two ears are no map of directions; time and level between them are compared")
    if layout in AMBISONIC_ORDERS:
        return channels[:4]
    places = _STEREO if layout == "stereo" else LOUDSPEAKERS[layout]
    waves = encode(unit_vectors(*np.array(list(places.values()), dtype=float).T), 1)
    return waves.T @ channels[[LAYOUTS[layout].index(name) for name in places]]
