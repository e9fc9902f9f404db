"""A scene: as it is declared, and as it was built.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np

from see2sound_nb.evaluation.known_truth.reading import read_wav
from see2sound_nb.room.shoebox import Room

SCENES = pathlib.Path(__file__).with_name("scenes.json")
#: No walls: far away, and open.
OPEN = Room((400.0, 400.0, 400.0), (200.0, 200.0, 200.0), 1.0, 0)


def declaration() -> dict[str, Any]:
    """``scenes.json``: packages, files, things, surfaces, rooms and scenes."""
    return json.loads(SCENES.read_text("utf-8"))


def files_of(declared: dict[str, Any], scene: dict[str, Any]) -> set[str]:
    """Keys of the files that a scene is made of."""
    surfaces = [declared["surfaces"][scene[part]] for part in ("ground", "wall", "backdrop") if part in scene]
    things = [declared["things"][thing["thing"]] for thing in (*scene["sources"], *scene["silent"])]
    sounds = [declared["things"][source["thing"]]["sound"] for source in scene["sources"]]
    return {entry["picture"] for entry in (*surfaces, *things)} | set(sounds)


def room_of(declared: dict[str, Any], scene: dict[str, Any]) -> Room:
    """The room of a scene; for ``"open"`` one without walls."""
    room = declared["rooms"][scene["room"]]
    return Room(**room) if room else OPEN


@dataclasses.dataclass(frozen=True, eq=False)
class SceneTruth:
    """A scene as it was built.

    Attributes
    ----------
    truth : dict
        ``truth.json``.
    dry : np.ndarray
        (N, T) float32, full scale 1.
    mixes : dict of np.ndarray
        (n_ch, T) float64 for ``"foa"``, ``"binaural"`` and ``"5.1"``.
    """

    truth: dict[str, Any]
    dry: np.ndarray
    mixes: dict[str, np.ndarray]

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return self.truth["sample_rate_hz"]

    @property
    def positions_m(self) -> np.ndarray:
        """(N, 3) float64, metres, listener's frame."""
        return np.array([source["position_m"] for source in self.truth["sources"]])

    @property
    def room(self) -> Room:
        """The room; without walls for a scene in the open."""
        return Room(**self.truth["room"]) if self.truth["room"] else OPEN


def read_scene(folder: str | pathlib.Path) -> SceneTruth:
    """Read a scene that was built.

    Raises
    ------
    FileNotFoundError
        If the folder holds none.
    """
    folder = pathlib.Path(folder)
    if not (folder / "truth.json").is_file():
        raise FileNotFoundError(f"{folder} holds no truth.json; give a folder that see2sound benchmark build made")
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    dry = np.concatenate([read_wav(folder / source["dry"])[0] for source in truth["sources"]])
    mixes = {name: read_wav(folder / f"{name}.wav")[0] for name in ("foa", "binaural", "5.1")}
    return SceneTruth(truth, dry.astype(np.float32), mixes)
