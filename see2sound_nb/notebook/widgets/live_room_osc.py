"""A live room on real loudspeakers: what it tells a renderer by ADM-OSC, and when.

Notebook: 09_your_own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from see2sound_nb.media.adm_osc import PORT, AdmOscSender, Messages, adm_osc_messages
from see2sound_nb.notebook.widgets.live_room_clip import heard_at, places_at
from see2sound_nb.places.frames import directions

if TYPE_CHECKING:
    from see2sound_nb.notebook.widgets.live_room import LiveRoom

#: What of a live room is told to a renderer.
TOLD = ("positions", "levels_db", "muted", "soloed", "labels", "room_size", "listener", "time_s")
#: While a clip runs the browser tells its moment twice a second; it is taken to run on for so many seconds at most.
RUNS_ON_S = 1.0


class LiveRoomSender(AdmOscSender):
    """Follows the attributes of a `LiveRoom`, until it is closed.

    Parameters
    ----------
    room : LiveRoom
    host, port
        As in `AdmOscSender`.
    dmax_m : float, optional
        As in `adm_osc_messages`; by default the way to the farthest corner of the room as it is.
    """

    def __init__(self, room: LiveRoom, host: str = "127.0.0.1", port: int = PORT, *, dmax_m: float | None = None):
        self._room, self._dmax_m = room, dmax_m
        self._told_at = time.monotonic()  # when the clip's moment was told
        super().__init__(self._messages, host, port, failed=self._say)
        self.running = room.running
        room.observe(self._follow, [*TOLD, "running"])

    def close(self) -> None:
        """Send what is new, and nothing from then on."""
        if not self.closed:
            self._room.unobserve(self._follow, [*TOLD, "running"])
        super().close()

    def _follow(self, change) -> None:
        if change["name"] in ("time_s", "running"):
            self._told_at = time.monotonic()
        self.running = self._room.running  # also says that something is new

    def _messages(self) -> Messages:
        room = self._room
        positions_m, heard = np.reshape(room.positions, (-1, 3)), np.ones(len(room.positions))
        moving = room._moving
        if moving is not None:
            ran_s = min(time.monotonic() - self._told_at, RUNS_ON_S) if room.running else 0.0
            time_s = (room.time_s + ran_s) % moving.clip.end_s if ran_s else room.time_s
            positions_m = places_at(moving, time_s, np.reshape(room.offsets_m, (-1, 3)), room.room)
            heard = heard_at(moving, time_s)
        dmax_m = self._dmax_m
        if dmax_m is None:
            listener = np.array(room.listener)
            dmax_m = float(np.linalg.norm(np.maximum(listener, np.array(room.room_size) - listener)))
        return adm_osc_messages(
            room.labels,
            *directions(positions_m),
            heard * 10 ** (np.array(room.levels_db) / 20),
            [factor == 0 for factor in room._factors()],
            dmax_m=dmax_m,
        )

    def _say(self, text: str) -> None:
        self._room.message = text
