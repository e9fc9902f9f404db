"""What the browser's side of a live room is answered: the scene to begin with, and exact responses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from see2sound_nb.notebook.widgets._messages import as_message, entries, label, number, short
from see2sound_nb.notebook.widgets.live_room_assets import head_mesh, tinted_photo
from see2sound_nb.notebook.widgets.live_room_state import LAYOUTS, checked_size, listener_in, numbers, settled
from see2sound_nb.render import layouts, responses
from see2sound_nb.room.shoebox import Room
from see2sound_nb.scene import Scene
from see2sound_nb.sounds.free_text import kind_of_text

#: Most responses that are computed for one question: others wait meanwhile.
MOST_ASKED = 64

Message = tuple[dict[str, Any], list[bytes]]


def scene_message(
    asked: dict[str, Any],
    scene: Scene,
    audio: np.ndarray,
    labels: Any,
    order_limit: int,
    ambience: Callable[[str], np.ndarray],
    clip: tuple[dict[str, Any], list[np.ndarray]] | None = None,
) -> Message:
    """All that the browser needs to draw the scene, and to compute first reflections.

    Parameters
    ----------
    asked : dict
        The question.
    scene : Scene
        As it was at first.
    audio : np.ndarray
        (N, T) float32, the present sounds.
    labels : sequence of str
    order_limit : int
        Most reflections that can be asked for.
    ambience : callable
        Gives the channels (n_ch, T) float32 of the ambience in a layout, as loud as the sources together. Those that
        are silent are not sent.
    clip : tuple, optional
        Of a clip what `live_room_clip.clip_message` gives.

    Returns
    -------
    content : dict
    buffers : list of bytes
        As from `as_message`.
    """
    photo, size_px, boxes = tinted_photo(scene)
    channels = {layout: ambience(layout) for layout in LAYOUTS} if scene.ambience else {}
    playing = {layout: np.flatnonzero(rows.any(axis=1)).tolist() for layout, rows in channels.items()}
    told = {
        "kind": "start",
        "sequence": label(asked, "sequence"),
        "photo_size": size_px,
        "boxes": boxes,
        "labels": labels,
        "captions": [source["caption"] for source in scene.labels],
        "sample_rate": scene.sample_rate,
        "channel_names": {layout: layouts.LAYOUTS[layout] for layout in LAYOUTS},
        "order_limit": order_limit,
        "first_room": {"size": scene.room.size_m, "listener": scene.room.listener_m},
        "ambience_rows": playing,
    }
    loops = audio if len(audio) else np.zeros((1, 1), dtype=np.float32)  # front ends may lose what is empty
    around = [channels[layout][rows] for layout, rows in playing.items()]
    if clip is not None:
        told["clip"], (loops, *around) = clip
    return as_message(told, [photo, loops, *head_mesh(scene.sample_rate), *around], bool(asked.get("as_text")))


def exact_message(asked: dict[str, Any], scene: Scene, order_limit: int) -> Message:
    """The exact responses of some sources, as the browser asks for them: its state may be ahead of the attributes.

    Parameters
    ----------
    asked : dict
        The question.
    scene : Scene
        As it was at first.
    order_limit : int
        Most reflections that can be asked for.

    Returns
    -------
    content : dict
        With the places and the room that the responses are of.
    buffers : list of bytes
        As from `as_message`.

    Raises
    ------
    ValueError
        If more than `MOST_ASKED` are asked for, a number is out of range, or a place is not finite.
    """
    sources, places = entries(asked, "sources"), entries(asked, "positions")
    if not len(sources) == len(places) <= MOST_ASKED:
        raise ValueError(
            f"{len(places)} places for {len(sources)} sources were asked for; ask for one for each, and for "
            f"{MOST_ASKED} at most"
        )
    if not all(isinstance(source, int) for source in sources):
        raise ValueError(f"sources={short(sources)} must be whole numbers, counted from 0")
    values = numbers("positions", places).reshape(-1, 3) if not places else numbers("positions", places)
    if values.shape != (len(places), 3) or not np.isfinite(values).all():
        raise ValueError(f"positions={short(places)} must each be three finite numbers, in metres")
    layout, yaw_deg = asked.get("layout"), number(asked, "head_yaw_deg")
    if layout not in LAYOUTS:
        raise ValueError(f"layout {short(layout)} cannot be played in a browser; choose one of {', '.join(LAYOUTS)}")
    size = checked_size(asked.get("room_size"))
    listener = listener_in(size, scene.room)
    numbers("absorption", asked.get("absorption"))
    room = Room(size, listener, asked["absorption"], min(number(asked, "max_order", whole=True), order_limit))
    positions = [settled(position, room) for position in values]
    h = turned_responses(room, positions, layout, scene.sample_rate, yaw_deg)
    told = {"kind": "exact", "sequence": label(asked, "sequence"), "sources": sources, "layout": layout}
    told |= {"head_yaw_deg": yaw_deg}
    told |= {"positions": positions, "room_size": size, "listener": listener}
    told |= {"absorption": room.absorption, "max_order": room.max_order}
    return as_message(told, list(h), bool(asked.get("as_text")))


def turned_responses(room: Room, positions_m: Any, layout: str, sample_rate: int, head_yaw_deg: float) -> np.ndarray:
    """`render.responses.impulse_responses`; only a head turns, loudspeakers and microphones stay where they are."""
    yaw = head_yaw_deg if layout == "binaural" else 0.0
    positions = np.reshape(positions_m, (-1, 3))
    return responses.impulse_responses(room, positions, layout, sample_rate=sample_rate, head_yaw_deg=yaw)


def all_around(scene: Scene, layout: str) -> np.ndarray:
    """The channels (n_ch, T) float32 of a scene's ambience, as loud as its sources together; zeros if it has none.

    A turned head hears them as they are: a sound from everywhere alike has no side.
    """
    loudest = dataclasses.replace(scene.ambience, level_db=0.0) if scene.ambience else None
    return dataclasses.replace(scene, ambience=loudest).ambient_channels(layout)


def known_of_text(prompt: str) -> dict[str, Any]:
    """What is known of a source whose sound is that of a text, and no longer that of its picture."""
    try:
        kind = kind_of_text(prompt).kind
    except ModuleNotFoundError:  # without the sentence model only some texts are of a known kind
        kind = ""
    return {"label": prompt, "caption": prompt, "sound_class": kind}


def renamed(seen: dict[str, Any], by_text: dict[str, Any], name: str) -> dict[str, Any]:
    """What is known of a source: what was seen, what a text made of it, and how it is called if it is otherwise."""
    return {**seen, **by_text, **({} if name == seen["label"] else {"label": name})}
