"""What a live room of a clip has beside what every live room has: a moment, whether it runs, offsets of its paths."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import traitlets

from see2sound_nb.moving.moving_scene import MovingScene
from see2sound_nb.notebook.widgets._messages import short
from see2sound_nb.notebook.widgets.live_room_clip import (
    ambience_of,
    channels_of,
    moved,
    places_at,
    rows_of,
    start_of,
)
from see2sound_nb.notebook.widgets.live_room_state import (
    SIDES_M,
    Checked,
    Number,
    Position,
    RangeError,
    RoomState,
    listener_in,
    numbers,
)

#: An offset reaches so far at most along each axis, in metres.
OFFSET_M = SIDES_M[1]
#: What the browser rounds: a moment may lie so far beyond the end, in seconds.
ROUNDING_S = 1e-3


class ClipState(RoomState):
    """The attributes of `LiveRoom` that move with time, which says what they mean, and what they make of a clip.

    For a photo they are fixed.
    """

    _given: MovingScene | None = None  # the scene that the room was made of, for a clip
    _moving: MovingScene | None = None  # what that was at first
    _audio: np.ndarray  # (N, T) float32, the present sounds
    _following = False  # positions are being set by the clip, not by a person

    duration_s = Number(0.0).tag(sync=True)
    time_s = Number(0.0).tag(sync=True, echo_update=False)
    running = traitlets.Bool(False).tag(sync=True)
    offsets_m = Checked(()).tag(sync=True, echo_update=False)

    @traitlets.validate("duration_s")
    def _check_duration(self, proposal) -> float:
        actual = 0.0 if self._moving is None else self._moving.clip.end_s
        if abs(proposal["value"] - actual) > ROUNDING_S:
            raise RangeError(f"duration_s={short(proposal['value'])} cannot be chosen, the clip lasts {actual:.3f} s")
        return actual

    @traitlets.validate("time_s")
    def _check_time(self, proposal) -> float:
        value, end_s = proposal["value"], self.duration_s
        if not -ROUNDING_S <= value <= end_s + ROUNDING_S:
            raise RangeError(
                f"time_s={short(value)} must lie in 0 to {end_s:g} s, the length of the clip (0 for a photo)"
            )
        return float(np.clip(value, 0.0, end_s))

    @traitlets.validate("running")
    def _check_running(self, proposal) -> bool:
        if proposal["value"] and self._moving is None:
            raise RangeError("running=True: a photo does not move; set playing to hear it")
        return proposal["value"]

    @traitlets.validate("offsets_m")
    def _check_offsets(self, proposal) -> tuple[Position, ...]:
        values = numbers("offsets_m", proposal["value"])
        if self._moving is None:
            if values.any():
                raise RangeError("offsets_m: a photo has no paths; set positions to move its sources")
            return ()
        values = values.reshape(-1, 3) if not values.size else values
        if values.shape != (self._count, 3):
            raise RangeError(
                f"offsets_m of shape {values.shape} were given; the clip has {self._count} sources, each needs x, y, z "
                "in metres"
            )
        if not (np.abs(values) <= OFFSET_M).all():
            raise RangeError(f"offsets_m={short(values.tolist())} must be numbers from {-OFFSET_M:g} to {OFFSET_M:g} m")
        return tuple((x, y, z) for x, y, z in values.tolist())

    # Places follow the moment ---------------------------------------------------------------------------------------

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the front end has set; its clock's ticks leave what was said standing."""
        if set(sync_data) <= {"time_s", "running"}:
            said = self.message
            super().set_state(sync_data)
            self.message = self.message or said
        else:
            super().set_state(sync_data)

    @traitlets.observe("room_size")
    def _follow_room_size(self, change) -> None:
        if self._moving is None:
            super()._follow_room_size(change)
        else:
            self.listener = listener_in(self.room_size, self._scene.room)

    @traitlets.observe("time_s", "offsets_m", "room_size", "listener")
    def _follow_moment(self, change) -> None:
        if self._moving is None:
            return
        with self._led():
            self.positions = self._places()

    @traitlets.observe("positions")
    def _follow_places(self, change) -> None:
        """Places that were set by hand are offsets of the paths, at every moment."""
        if self._moving is None or self._following or change["old"] is traitlets.Undefined or not change["old"]:
            return
        offsets = np.reshape(self.offsets_m, (-1, 3)) + np.reshape(change["new"], (-1, 3)) - self._places()
        self.offsets_m = np.round(offsets, 3)

    def _places(self) -> np.ndarray:
        assert self._moving is not None
        return places_at(self._moving, self.time_s, np.reshape(self.offsets_m, (-1, 3)), self.room)

    @contextlib.contextmanager
    def _led(self) -> Iterator[None]:
        before, self._following = self._following, True
        try:
            yield
        finally:
            self._following = before

    # The scene as it is heard ----------------------------------------------------------------------------------------

    def apply_offsets(self) -> MovingScene:
        """Write the paths as they are here, offsets and all, into the scene that the room was made of.

        Returns
        -------
        MovingScene
            That scene, whose shots' ``paths_m`` are now those of `scene`.

        Raises
        ------
        ValueError
            If the room was made of a photo.
        """
        if self._given is None or self._moving is None:
            raise ValueError("a photo has no paths; take room.scene, whose positions_m are the present ones")
        for given, now in zip(self._given.shots, self._moved(self._moving).shots):
            given.paths_m = now.paths_m
        self._given._gains.clear()
        return self._given

    def _moved(self, moving: MovingScene) -> MovingScene:
        return moved(moving, np.reshape(self.offsets_m, (-1, 3)), self.room, self._audio)

    def _whole_clip(self, layout: str, seconds: float | None = None) -> np.ndarray:
        moving = self._moving
        assert moving is not None
        silent = [self.ambience_muted or any(self.soloed[rows]) for rows in rows_of(moving)]
        louder_db = self.ambience_level_db - ambience_of(moving)[1]
        around = [0.0 if mute else 10 ** (louder_db / 20) for mute in silent]
        now = self._moved(moving)
        if seconds is not None:
            moving, now = start_of(moving, seconds), start_of(now, seconds)
        return channels_of(now, moving, self._factors(), around, layout)

    def _factors(self) -> list[float]:
        """How loud each source is, as a factor: its level, or 0 if it is muted or another one is solo."""
        heard = [not muted for muted in self.muted]
        for rows in [slice(None)] if self._moving is None else rows_of(self._moving):  # solo is within a shot
            if any(self.soloed[rows]):
                heard[rows] = self.soloed[rows]
        return [10 ** (db / 20) * (on and not muted) for db, on, muted in zip(self.levels_db, heard, self.muted)]
