"""What a live room is set to: its attributes, the values they may have, and how they depend on each other."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import traitlets

from see2sound_nb.notebook.widgets._messages import check_message, said, short
from see2sound_nb.notebook.widgets.kernel_widget import KernelWidget
from see2sound_nb.places.frames import directions
from see2sound_nb.room.shoebox import Room
from see2sound_nb.scene import Scene
from see2sound_nb.sounds.ambience import SOFTEST_DB

#: Layouts that a browser can play.
LAYOUTS = ("binaural", "stereo", "5.1")
#: A source keeps this distance from the walls and from the middle of the head, in metres.
WALL_MARGIN_M, HEAD_MARGIN_M = 0.1, 0.3
#: What is outside by no more than this, in metres, is a rounding error.
ROUNDING_M = 1e-3
#: Sides of the room in metres, and reflections, that can be asked for.
SIDES_M, MOST_REFLECTIONS = (1.5, 100.0), 30
#: Levels of a source relative to the scene, and of everything, in dB.
LEVELS_DB, GAINS_DB = (-40.0, 12.0), (-80.0, 40.0)
#: Levels of the ambience relative to the sources together, in dB.
AMBIENCE_DB = (SOFTEST_DB, 0.0)

Position = tuple[float, float, float]


class RangeError(traitlets.TraitError, ValueError):
    """A value that an attribute cannot have; traitlets takes back an assignment that raises a TraitError."""


class Checked(traitlets.Any):
    """A value that its check lets pass; `traitlets.Any` would let None pass unasked."""

    allow_none = False


class Number(traitlets.Float):
    """A number; one beyond what floating point holds is a `RangeError`, as any other that cannot be.

    traitlets takes back an assignment only after a TraitError: after an OverflowError what came with it would stay.
    """

    def validate(self, obj: Any, value: Any) -> float:
        try:
            return super().validate(obj, value)
        except OverflowError as error:
            raise RangeError(f"{self.name} is {short(value)} beyond floating point; it must be smaller") from error


class RoomState(KernelWidget):
    """The attributes of `LiveRoom`, which says what they mean."""

    _scene: Scene  # as it was at first

    positions = Checked().tag(sync=True, echo_update=False)
    selected = traitlets.Int(0).tag(sync=True)
    absorption = Checked().tag(sync=True)
    room_size = Checked().tag(sync=True, echo_update=False)
    listener = Checked().tag(sync=True)
    max_order = traitlets.Int().tag(sync=True)
    channel_layout = traitlets.Unicode("binaural").tag(sync=True)
    head_yaw_deg = Number(0.0).tag(sync=True, echo_update=False)
    muted = Checked().tag(sync=True)
    soloed = Checked().tag(sync=True)
    levels_db = Checked().tag(sync=True)
    ambience = traitlets.Unicode("").tag(sync=True)
    ambience_level_db = Number().tag(sync=True)
    ambience_muted = traitlets.Bool(False).tag(sync=True)
    gain_db = Number().tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    prompts = Checked().tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    latency_ms = traitlets.Dict().tag(sync=True)
    labels = Checked().tag(sync=True)
    colours = Checked().tag(sync=True)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the front end has set; what cannot be is taken back there, and said."""
        try:
            if set(check_message(sync_data)) - {"latency_ms"}:
                self.message = ""
            super().set_state(sync_data)
        except (traitlets.TraitError, ValueError) as error:
            self.message = f"{said(error)}; it stays as it was"
            self.send_state([name for name in sync_data if name in self.keys])

    @property
    def room(self) -> Room:
        """The room as it is now."""
        return Room(self.room_size, self.listener, self.absorption, self.max_order)

    @property
    def _count(self) -> int:
        return len(self._scene.audio)

    @property
    def _most_reflections(self) -> int:
        return max(MOST_REFLECTIONS, self._scene.room.max_order)

    @traitlets.validate("positions")
    def _check_positions(self, proposal) -> tuple[Position, ...]:
        values = numbers("positions", proposal["value"])
        values = values.reshape(-1, 3) if not values.size else values  # a scene may have no source
        if values.shape != (self._count, 3):
            raise RangeError(
                f"positions of shape {values.shape} were given; the scene has {self._count} sources, each needs "
                "x, y and z in metres"
            )
        for k, position in enumerate(values):
            if not np.isfinite(position).all():
                raise RangeError(f"the position of source {k}, {position.tolist()} m, must be finite numbers")
        size = checked_size(self.room_size)
        room = Room(size, listener_in(size, self._scene.room))
        kept = tuple(settled(position, room) for position in values)
        said = []
        for k, (position, place) in enumerate(zip(values, kept)):
            if place != tuple(position.tolist()):
                at, to = (tuple(round(float(v), 2) for v in values) for values in (position, place))
                said.append(f"source {k} cannot stand at {at} m; it was put at {to} m")
                warnings.warn(said[-1], stacklevel=7)  # the line that assigns, six calls of traitlets above
        self.message = "; ".join(said)
        return kept

    @traitlets.validate("selected")
    def _check_selected(self, proposal) -> int:
        if not 0 <= proposal["value"] < max(1, self._count):
            raise RangeError(
                f"selected={short(proposal['value'])}; the sources are numbered 0 to {max(1, self._count) - 1}"
            )
        return proposal["value"]

    @traitlets.validate("absorption", "max_order")
    def _check_walls(self, proposal) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        most = self._most_reflections
        if name == "max_order" and value > most:
            raise RangeError(
                f"max_order={short(value)}; a live room has at most {most} reflections: use s2s.Room for more"
            )
        numbers(name, value)
        try:
            return getattr(dataclasses.replace(self._scene.room, **{name: value}), name)
        except ValueError as error:
            raise RangeError(str(error)) from error

    @traitlets.validate("room_size")
    def _check_room_size(self, proposal) -> Position:
        return checked_size(proposal["value"])

    @traitlets.validate("listener")
    def _check_listener(self, proposal) -> Position:
        place = listener_in(checked_size(self.room_size), self._scene.room)
        asked = numbers("listener", proposal["value"])
        if asked.shape != (3,) or not np.allclose(asked, place, atol=ROUNDING_M):
            raise RangeError(
                f"listener={short(asked.tolist())} cannot be chosen, it follows room_size; turn the head instead"
            )
        return place

    @traitlets.validate("channel_layout")
    def _check_layout(self, proposal) -> str:
        if proposal["value"] not in LAYOUTS:
            raise RangeError(
                f"channel_layout {short(proposal['value'])} cannot be played in a browser; choose one of "
                f"{', '.join(LAYOUTS)}, or render and save any other"
            )
        return proposal["value"]

    @traitlets.validate("head_yaw_deg")
    def _check_yaw(self, proposal) -> float:
        return _between("head_yaw_deg", proposal["value"], -180.0, 180.0, "degrees, positive to the left")

    @traitlets.validate("gain_db")
    def _check_gain(self, proposal) -> float:
        return _between("gain_db", proposal["value"], *GAINS_DB, "dB")

    @traitlets.validate("ambience_level_db")
    def _check_ambience_level(self, proposal) -> float:
        return _between("ambience_level_db", proposal["value"], *AMBIENCE_DB, "dB")

    @traitlets.validate("muted", "soloed", "levels_db", "prompts", "labels", "colours")
    def _check_rows(self, proposal) -> tuple:
        name, rows = proposal["trait"].name, proposal["value"]
        if not isinstance(rows, list | tuple | np.ndarray) or len(rows) != self._count:
            raise RangeError(f"{name}={short(rows)}: give a list with one entry for each of the {self._count} sources")
        if name == "levels_db":
            return tuple(_between(name, level, *LEVELS_DB, "dB") for level in numbers(name, rows).tolist())
        if name not in ("muted", "soloed"):
            return tuple(map(str, rows))
        if any(value not in (True, False) for value in rows):
            raise RangeError(f"{name}={short(rows)}: each entry must be True or False")
        return tuple(map(bool, rows))

    @traitlets.observe("room_size")
    def _follow_room_size(self, change) -> None:
        self.listener = listener_in(self.room_size, self._scene.room)
        self.positions = self.positions


def _between(name: str, value: float, least: float, most: float, unit: str) -> float:
    if not least <= value <= most:
        raise RangeError(f"{name}={short(value)} must lie in {least:g} to {most:g} {unit}")
    return float(value)


def numbers(name: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise RangeError(f"{name}={short(values)} must be numbers ({said(error)})") from error


def checked_size(values: Any) -> Position:
    """`values` as (width, depth, height) in metres, or RangeError."""
    sides = numbers("room_size", values).ravel()
    if sides.shape != (3,) or not ((sides >= SIDES_M[0]) & (sides <= SIDES_M[1])).all():
        raise RangeError(
            f"room_size={short(sides.tolist())} must be width, depth and height, each {SIDES_M[0]:g} to "
            f"{SIDES_M[1]:g} metres"
        )
    width, depth, height = sides.tolist()
    return width, depth, height


def listener_in(size_m: Position, first: Room) -> Position:
    """The listener in a room of another size: at the same share of width and depth, ears as high as the room allows."""
    (x, y, z), (width, depth, _) = first.listener_m, first.size_m
    return x * size_m[0] / width, y * size_m[1] / depth, min(z, 0.75 * size_m[2])


def settled(position_m: Any, room: Room) -> Position:
    """`kept_inside`, but what is outside by a rounding error stays as it is.

    The browser rounds to millimetres; sent back corrected, a place would pull at a source that is being dragged.
    """
    place = kept_inside(position_m, room)
    x, y, z = (float(value) for value in position_m)
    return (x, y, z) if max(abs(a - b) for a, b in zip((x, y, z), place)) <= ROUNDING_M else place


def kept_inside(position_m: Any, room: Room) -> Position:
    """The nearest place, listener's frame, that a source may have: inside the room and not in the listener's head."""
    listener = np.array(room.listener_m)
    inside = np.clip(position_m, WALL_MARGIN_M - listener, np.array(room.size_m) - listener - WALL_MARGIN_M)
    distance = float(directions(inside)[2])
    if distance < HEAD_MARGIN_M:
        inside = inside / distance * HEAD_MARGIN_M if distance > 1e-9 else np.array([0.0, HEAD_MARGIN_M, 0.0])
    x, y, z = inside.tolist()
    return x, y, z
