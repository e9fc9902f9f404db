"""The shoebox room and its image sources (section 4.3, Eq. 4).

Rooms are given in the room frame: origin in the corner at the listener's left, back and feet; x to the
right, y forward, z up, in metres. Sources are given in the listener's frame (see `geometry`).

Notebook: 00_start_here.
"""

from __future__ import annotations

import dataclasses

import numpy as np

#: Speed of sound in dry air of 20 degrees Celsius, in m/s.
SPEED_OF_SOUND_M_S = 343.0
#: Sources closer to the ears than this are refused: 1/d grows without bound.
LEAST_DISTANCE_M = 0.2
#: Half length in samples of the windowed sinc that places an arrival between two samples.
SINC_HALF_LENGTH = 40

Vector = tuple[float, float, float]


@dataclasses.dataclass(frozen=True)
class Room:
    """A shoebox room with a listener who faces its front wall (+y).

    Attributes
    ----------
    size_m : tuple of float
        (width, depth, height) in metres.
    listener_m : tuple of float
        The listener's ears in metres, room frame.
    absorption : float
        Share of the energy that a wall swallows, 0 (rigid) to 1 (open), the same for all walls and frequencies.
    max_order : int
        Most reflections that a path may have; 0 is the direct sound alone.
    microphones_m : tuple of tuple of float, optional
        Six omnidirectional microphones in metres, room frame, in the order FL, FR, FC, LFE, SL, SR: the
        paper's way to 5.1. None means that 5.1 is panned by direction of arrival.

    Raises
    ------
    ValueError
        If a size is not positive, the absorption not in 0 to 1, the order negative, or the listener outside.
    """

    size_m: Vector
    listener_m: Vector
    absorption: float = 0.5
    max_order: int = 10
    microphones_m: tuple[Vector, ...] | None = None

    def __post_init__(self):
        if not all(np.isfinite(side) and side > 0 for side in self.size_m):
            raise ValueError(f"room size {self.size_m} m must be three positive numbers; enlarge it")
        if not 0 <= self.absorption <= 1:
            raise ValueError(f"absorption={self.absorption} must lie in 0 (rigid) to 1 (open); clip it")
        if self.max_order < 0:
            raise ValueError(f"max_order={self.max_order} must be at least 0; 0 is the direct sound alone")
        for point in (self.listener_m, *(self.microphones_m or ())):
            _check_inside("listener or microphone", point, self.size_m)

    def rt60_s(self) -> float:
        """Reverberation time in seconds by Sabine's formula, 0.161 V / (alpha S); infinite for rigid walls."""
        width, depth, height = self.size_m
        area = 2 * (width * depth + width * height + depth * height)
        return 0.161 * width * depth * height / (self.absorption * area) if self.absorption else float("inf")


def _check_inside(what: str, point: Vector, size_m: Vector) -> None:
    if not all(0 < p < side for p, side in zip(point, size_m)):
        at, room = (tuple(round(float(v), 3) for v in values) for values in (point, size_m))
        raise ValueError(f"{what} at {at} m (room frame) is outside the room of {room} m; move it or enlarge the room")


def room_around(positions_m: np.ndarray, *, absorption: float = 0.5, max_order: int = 10) -> Room:
    """A room of believable size around a listener and the sources.

    At least 6 m wide, 6 m deep and 3 m high, with the listener's ears 1.5 m above the floor and 2 m from
    the back wall; it grows until every source is at least half a metre from the walls, so no source is moved.

    Parameters
    ----------
    positions_m : np.ndarray
        (N, 3) float, metres, listener's frame.
    absorption, max_order
        As in `Room`.

    Returns
    -------
    Room
    """
    x, y, z = np.abs(positions_m[:, 0]), positions_m[:, 1], positions_m[:, 2]
    half_width = max(3.0, x.max() + 0.5)
    back, front = max(2.0, 0.5 - y.min()), max(4.0, y.max() + 0.5)
    below, above = max(1.5, 0.5 - z.min()), max(1.5, z.max() + 0.5)
    size = (2 * half_width, back + front, below + above)
    return Room(_rounded(size), _rounded((half_width, back, below)), absorption, max_order)


def _rounded(vector) -> Vector:
    x, y, z = (round(float(v), 3) for v in vector)
    return (x, y, z)


def image_sources(room: Room, position_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mirror a source in the walls, up to the room's order.

    Parameters
    ----------
    room : Room
    position_m : np.ndarray
        (3,) float, the source in metres, listener's frame.

    Returns
    -------
    images_m : np.ndarray
        (n, 3) float64, s_m of Eq. 4 in metres, listener's frame; all images of up to `max_order` reflections.
    reflection : np.ndarray
        (n,) float64, the product of the walls' pressure reflection coefficients, each sqrt(1 - absorption).

    Raises
    ------
    ValueError
        If the source is outside the room or nearer to the listener than `LEAST_DISTANCE_M`.

    Notes
    -----
    Paper: section 4.3, Eq. 4. Allen and Berkley (1979). The images are pyroomacoustics' (Scheibler 2018).
    Notebook: 00_start_here.
    """
    import pyroomacoustics as pra

    position = np.asarray(position_m, dtype=np.float64) + room.listener_m
    _check_inside("source", tuple(position), room.size_m)
    distance = float(np.linalg.norm(position_m))
    if distance < LEAST_DISTANCE_M:
        raise ValueError(f"source at {distance:.3f} m from the listener; it must be at least {LEAST_DISTANCE_M} m away")
    shoebox = pra.ShoeBox(room.size_m, materials=pra.Material(room.absorption), max_order=room.max_order)
    shoebox.add_source(position)
    shoebox.add_microphone(room.listener_m)
    shoebox.image_source_model()
    source = shoebox.sources[0]
    return source.images.T.astype(np.float64) - room.listener_m, source.damping[0].astype(np.float64)


def sum_of_arrivals(delays_s: np.ndarray, amplitudes: np.ndarray, sample_rate: int) -> np.ndarray:
    """h(t) = sum over m of alpha_m delta(t - tau_m), sampled (Eq. 4).

    An arrival between two samples becomes a sinc under a Hann window of 81 samples, centred at the true
    delay; time 0 is the moment of emission.

    Parameters
    ----------
    delays_s : np.ndarray
        (n,) float, tau_m in seconds.
    amplitudes : np.ndarray
        (n, C) float, alpha_m for each of C responses.
    sample_rate : int
        In Hz.

    Returns
    -------
    np.ndarray
        (C, L) float64, just long enough for the latest arrival.
    """
    delays = np.asarray(delays_s) * sample_rate
    whole = np.floor(delays).astype(np.int64)
    length = int(np.max(whole)) + SINC_HALF_LENGTH + 2
    taps = np.arange(-SINC_HALF_LENGTH, SINC_HALF_LENGTH + 1)
    offset = taps - (delays - whole)[:, None]  # (n, 81), in samples from the true delay
    kernel = np.sinc(offset) * (0.5 + 0.5 * np.cos(np.pi * offset / (SINC_HALF_LENGTH + 1)))
    index = whole[:, None] + taps
    early = index >= 0  # the window's first half would begin before the emission for a very near source
    responses = [
        np.bincount(index[early], weights=(kernel * alpha[:, None])[early], minlength=length)
        for alpha in np.asarray(amplitudes).T
    ]
    return np.stack(responses)


def paper_room(image_size: tuple[int, int]) -> tuple[Room, list[str]]:
    """The room of appendix A: as many metres as the picture has pixels, and six omnidirectional microphones.

    Parameters
    ----------
    image_size : tuple of int
        (width, height) in pixels.

    Returns
    -------
    room : Room
        Width, height and half the width as depth, in metres; walls that reflect everything, first order, as
        in the released code.
    notes : list of str
        What of the appendix cannot be simulated, and what is done instead.

    Notes
    -----
    Paper: appendix A. Its axes are (x right, y down, z away from the viewer); here they become the room
    frame. Notebook: 00_start_here.
    """
    width, height = (float(side) for side in image_size)
    depth = 0.5 * width
    reach = min(100.0, 0.45 * width, 0.45 * height, 0.45 * depth)
    notes = [
        "geometry='paper': the room is as many metres large as the picture has pixels, and sounds arrive seconds late; "
        "the silence before the first arrival is cut."
    ]
    if reach < 100:
        notes.append(
            f"The microphones' distance of 100 m does not fit into the room; they stand {reach:.0f} m away instead."
        )
    notes.append(
        "Appendix A puts the listener into the wall at depth 0 and microphone FR 100 m behind it, outside the room; "
        f"here the listener and all microphones stand {reach * 1.01:.0f} m further forward."
    )
    listener = np.array([width / 2, reach * 1.01, height / 2])
    # The appendix' list (x, y, z) in our order FL, FR, FC, LFE, SL, SR; y is down there, and z forward.
    appendix = np.array([[0, 0, 1], [0, 0, -1], [1, 0, 0], [0, -1, 0], [-1, 0, 0], [0, 1, 0]], dtype=float) * reach
    offsets = appendix[:, [0, 2, 1]] * [1, 1, -1]
    microphones = tuple(_rounded(listener + offset) for offset in offsets)
    return Room((width, depth, height), _rounded(listener), 0.0, 1, microphones), notes
