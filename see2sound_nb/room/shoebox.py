"""The shoebox room and its image sources (section 4.3, Eq. 4).

Rooms are given in the room frame: origin in the corner at the listener's left, back and feet; x to the
right, y forward, z up, in metres. Sources are given in the listener's frame (see `places.frames`).

Notebook: 00_start_here.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from see2sound_nb._checks import rows_of_three
from see2sound_nb.room.acoustics import eyring_rt60_s
from see2sound_nb.room.ism import arrivals

#: Sources closer to the ears than this are refused: 1/d grows without bound.
LEAST_DISTANCE_M = 0.2
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
    absorption : float or tuple of float
        Share of the energy that a wall swallows, 0 (rigid) to 1 (open): one number for all walls, or six, for left,
        right, back, front, floor and ceiling.
    max_order : int
        Most reflections that a path may have; 0 is the direct sound alone.
    microphones_m : tuple of tuple of float, optional
        Six omnidirectional microphones in metres, room frame, in the order FL, FR, FC, LFE, SL, SR: the
        paper's way to 5.1. None means that 5.1 is panned by direction of arrival.

    Raises
    ------
    ValueError
        If a size is not positive, the absorption not in 0 to 1, the order not a whole number from 0 up, the listener or
        a microphone outside, or the microphones not six.
    """

    size_m: Vector
    listener_m: Vector
    absorption: float | tuple[float, ...] = 0.5
    max_order: int = 10
    microphones_m: tuple[Vector, ...] | None = None

    def __post_init__(self):
        # Tuples of numbers, whatever was given: rooms are compared.
        for name in ("size_m", "listener_m"):
            object.__setattr__(self, name, _vector(name, getattr(self, name)))
        if self.microphones_m is not None:
            six = tuple(_vector("microphones_m", place) for place in self.microphones_m)
            if len(six) != 6:
                raise ValueError(f"{len(six)} microphones were given; 5.1 needs six: FL, FR, FC, LFE, SL, SR")
            object.__setattr__(self, "microphones_m", six)
        if not all(np.isfinite(side) and side > 0 for side in self.size_m):
            raise ValueError(f"room size {self.size_m} m must be three positive numbers; enlarge it")
        walls = np.asarray(self.absorption, dtype=np.float64)
        if walls.shape not in ((), (6,)) or not ((walls >= 0) & (walls <= 1)).all():
            raise ValueError(
                f"absorption={self.absorption} must lie in 0 (rigid) to 1 (open), one number or one for each of 6 walls"
            )
        object.__setattr__(self, "absorption", float(walls) if walls.ndim == 0 else tuple(walls.tolist()))
        if not (0 <= self.max_order < np.inf and self.max_order == int(self.max_order)):
            raise ValueError(
                f"max_order={self.max_order} must be a whole number, at least 0; 0 is the direct sound alone"
            )
        object.__setattr__(self, "max_order", int(self.max_order))
        for point in (self.listener_m, *(self.microphones_m or ())):
            _check_inside("listener or microphone", point, self.size_m)

    def rt60_s(self) -> float:
        """Reverberation time in seconds by Eyring's formula; infinite for rigid walls."""
        return float(eyring_rt60_s(self.size_m, self.absorption))


def _vector(name: str, values) -> Vector:
    vector = tuple(np.asarray(values, dtype=np.float64).ravel().tolist())
    if len(vector) != 3:
        raise ValueError(f"{name} holds {len(vector)} numbers; a place or a size has three: x, y and z in metres")
    return vector


def check_not_too_near(positions_m: np.ndarray) -> None:
    """Raise ValueError if a source (N, 3), metres, listener's frame, is nearer than `LEAST_DISTANCE_M`."""
    near = np.linalg.norm(positions_m, axis=1) < LEAST_DISTANCE_M
    if near.any():
        raise ValueError(
            f"source at {positions_m[near][0].tolist()} m (listener's frame) is too near to the listener; "
            f"it must be at least {LEAST_DISTANCE_M} m away"
        )


def _check_inside(what: str, point: Vector, size_m: Vector) -> None:
    if not all(0 < p < side for p, side in zip(point, size_m)):
        at, room = (tuple(round(float(v), 3) for v in values) for values in (point, size_m))
        raise ValueError(f"{what} at {at} m (room frame) is outside the room of {room} m; move it or enlarge the room")


def room_around(positions_m: np.ndarray, *, absorption: float = 0.5, max_order: int = 10) -> Room:
    """A room of believable size around a listener and the sources.

    At least 6 m wide, 6 m deep and 3 m high, with the listener's ears 1.5 m above the floor and 2 m from
    the back wall; it grows until every source is at least half a metre from the walls, so no source is moved. Without
    any source it does not grow.

    Parameters
    ----------
    positions_m : np.ndarray
        (N, 3) float, metres, listener's frame; N may be 0.
    absorption, max_order
        As in `Room`.

    Returns
    -------
    Room

    Raises
    ------
    ValueError
        If the positions are not (N, 3) or not finite, or as `Room`.
    """
    x, y, z = np.zeros((3, 0)) if np.shape(positions_m) == (0, 3) else rows_of_three("positions_m", positions_m).T
    half_width = max(3.0, np.abs(x).max(initial=0) + 0.5)
    back, front = max(2.0, 0.5 - y.min(initial=0)), max(4.0, y.max(initial=0) + 0.5)
    below, above = max(1.5, 0.5 - z.min(initial=0)), max(1.5, z.max(initial=0) + 0.5)
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
    Paper: section 4.3, Eq. 4. Allen and Berkley (1979). Notebook: 05_image_sources.
    """
    seen = np.asarray(_vector("position_m", position_m))
    position = seen + room.listener_m
    _check_inside("source", tuple(position), room.size_m)
    check_not_too_near(seen[None])
    _, amplitudes, images = arrivals(
        room.size_m, position, room.listener_m, absorption=room.absorption, max_order=room.max_order
    )
    return images, amplitudes * np.linalg.norm(images, axis=1)


def room_of_scene(
    positions_m: np.ndarray, image_size: tuple[int, int], geometry: str = "metric"
) -> tuple[Room, list[str]]:
    """The room that a scene's sources are played in: `room_around` them, or with ``"paper"`` the `paper_room`.

    Parameters
    ----------
    positions_m : np.ndarray
        (N, 3) float, metres, listener's frame.
    image_size : tuple of int
        (width, height) in pixels.
    geometry : str
        ``"metric"`` or ``"paper"``.

    Returns
    -------
    room : Room
    notes : list of str
        What had to be decided on the way, in words.

    Notes
    -----
    Paper: section 4.3 and appendix A. Notebook: 00_start_here.
    """
    return paper_room(image_size) if geometry == "paper" else (room_around(positions_m), [])


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
