"""Responses of a room as SOFA (AES69), so that programs for room acoustics read them.

Notebook: 09_your_own.
"""

from __future__ import annotations

import os
import pathlib
from typing import Any

import numpy as np

from see2sound_nb._checks import check_rate, rows_of_three
from see2sound_nb._version import __version__
from see2sound_nb.media.files import atomic_path, check_suffix, check_writable

#: The microphones at the listener: what each is, where the front of its figure of eight points, and what is up for it;
#: SOFA's axes, to the front, to the left, up.
MICROPHONES = (
    ("W: omnidirectional", (1, 0, 0), (0, 0, 1)),
    ("Y: figure of eight, positive to the left", (0, 1, 0), (0, 0, 1)),
    ("Z: figure of eight, positive up", (0, 0, 1), (-1, 0, 0)),
    ("X: figure of eight, positive to the front", (1, 0, 0), (0, 0, 1)),
)
#: What the convention offers and the file has not: what is not known, and arrays of text, which sofar 1.3 cannot write
#: together with netCDF4 1.7.5.
LEFT_OUT = (
    "RoomTemperature", "RoomTemperature_Units", "MeasurementDate", "ReceiverDescriptions", "EmitterDescriptions",
)  # fmt: skip


def ensure_sofar() -> Any:
    """The module sofar.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed, with the line that installs it.
    """
    try:
        import sofar
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("writing SOFA needs sofar: pip install 'see2sound_nb[sofa]'") from error
    return sofar


def write_room_sofa(
    path: str | os.PathLike,
    h: np.ndarray,
    sample_rate: int,
    *,
    positions_m: np.ndarray,
    room_size_m: tuple[float, float, float],
    listener_m: tuple[float, float, float],
    description: str = "",
) -> pathlib.Path:
    """Write the responses from every source to the microphones at the listener.

    Parameters
    ----------
    path : str or path
        A ``.sofa``; it appears when it is whole.
    h : np.ndarray
        (N, 4, L) float: first-order Ambisonics, W, Y, Z, X (AmbiX: ACN, SN3D), as ``impulse_responses("foa")``; or
        (N, 1, L), W alone.
    sample_rate : int
        In Hz.
    positions_m : np.ndarray
        (N, 3) float, metres, listener's frame.
    room_size_m : tuple of float
        (width, depth, height) in metres.
    listener_m : tuple of float
        The listener in metres, room frame.
    description : str
        Of the room, in words, such as what its walls swallow.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If there is no source, a shape does not fit, a number is not finite, or the file cannot be written.
    ModuleNotFoundError
        Without sofar, the extra ``sofa``.

    Notes
    -----
    AES69-2022, convention SingleRoomSRIR 1.0: a measurement is one place of the source. ``Data.IR`` (N, 4, L) float64
    holds the numbers of `h` as they are. SN3D's channels of first order are what an omnidirectional microphone and
    three figures of eight hear whose sensitivity on the axis is 1. So they are written, with ``ReceiverView`` and
    ``ReceiverDescription``, and not as "spherical harmonics": those the SOFA Toolbox takes for orthonormal, at other
    levels. SOFA's axes are x to the front, y to the left, z up; the origin is the room's corner at the listener's
    right, back and feet. Two files of the same responses differ in the second in which they were made
    (``DateCreated``, which AES69 asks for), and in nothing else. Notebook: 09_your_own.
    """
    path = pathlib.Path(path)
    check_suffix(path, [".sofa"], "responses of a room")
    check_writable(path)
    sofar = ensure_sofar()
    h = np.asarray(h, dtype=np.float64)
    if h.ndim != 3 or h.shape[1] not in (1, 4) or not h.size:
        raise ValueError(
            f"h has the shape {h.shape}; it must be (sources, 4, samples), or of one channel, with at least one source"
        )
    positions = rows_of_three("positions_m", positions_m)
    if len(positions) != len(h):
        raise ValueError(f"{len(positions)} places for responses of {len(h)} sources were given; give one for each")
    size, listener = (
        rows_of_three(name, v)[0] for name, v in (("room_size_m", room_size_m), ("listener_m", listener_m))
    )
    if not (np.isfinite(h).all() and (size > 0).all()):
        raise ValueError(
            f"h holds NaN or infinity, or a side of the room of {size.tolist()} m is not positive; mend it"
        )
    check_rate(sample_rate)
    names, views, ups = zip(*MICROPHONES[: h.shape[1]])
    sofa = sofar.Sofa("SingleRoomSRIR")
    for name in LEFT_OUT:
        sofa.delete(name)
    sofa.GLOBAL_Title = "Room impulse responses by the image source method"
    sofa.GLOBAL_DatabaseName = path.stem
    sofa.GLOBAL_ApplicationName, sofa.GLOBAL_ApplicationVersion = "see2sound_nb", __version__
    sofa.GLOBAL_RoomType, sofa.GLOBAL_RoomDescription = "shoebox", description
    sofa.GLOBAL_ListenerDescription = (
        "First-order Ambisonics (AmbiX: ACN, SN3D)" if len(names) == 4 else "One microphone"
    )
    sofa.GLOBAL_ReceiverDescription = "; ".join(names)
    sofa.GLOBAL_SourceDescription = "Omnidirectional; 1 at a distance of 1 m in the open"
    sofa.RoomVolume = float(np.prod(size))
    sofa.RoomCornerA, sofa.RoomCornerB = np.zeros((1, 3)), size[None, [1, 0, 2]]
    sofa.ListenerPosition = np.repeat(_in_sofa(listener[None], size), len(h), axis=0)
    sofa.SourcePosition = _in_sofa(positions + listener, size)
    sofa.ReceiverPosition_Type, sofa.ReceiverPosition_Units = "cartesian", "metre"
    sofa.ReceiverPosition = np.zeros((len(names), 3))
    sofa.ReceiverView, sofa.ReceiverUp = np.array(views, dtype=float), np.array(ups, dtype=float)
    sofa.EmitterPosition_Type, sofa.EmitterPosition_Units = "cartesian", "metre"
    sofa.EmitterPosition = np.zeros((1, 3))
    sofa.Data_IR, sofa.Data_SamplingRate, sofa.Data_Delay = h, float(sample_rate), np.zeros((1, len(names)))
    sofa.verify(mode="write")
    with atomic_path(path) as beside:
        written = beside.with_suffix(".sofa")  # sofar writes there, whatever the case of the letters was
        sofar.write_sofa(os.fspath(written), sofa)
        os.replace(written, beside)
    return path


def _in_sofa(points_m: np.ndarray, size_m: np.ndarray) -> np.ndarray:
    """Points (n, 3) of the room frame in SOFA's axes, from the corner at the listener's right, back and feet."""
    x, y, z = points_m.T
    return np.stack([y, size_m[0] - x, z], axis=1)
