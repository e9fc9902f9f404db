"""What needs no photo: mono, always ahead, anywhere, and the truth seen in a mirror. No score means anything without.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb.evaluation.known_truth.scene import OPEN, SceneTruth
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.layouts import AMBISONIC_ORDERS, LAYOUTS
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import Room

#: In the order that they are printed in; ``truth`` is what the best renderer of this kind gets.
BASELINES = ("mono", "always ahead", "random", "mirrored", "truth")
#: Where "always ahead" and "random" play from, without a room, in metres.
DISTANCE_M = 2.0


def baseline(name: str, scene: SceneTruth, layout: str, *, seed: int = 0) -> np.ndarray:
    """A baseline's rendering of a scene, from the scene's own dry sounds.

    Parameters
    ----------
    name : str
        Of `BASELINES`.
    scene : SceneTruth
    layout : str
        Of `LAYOUTS`, or ``"mono"``.
    seed : int
        Of ``"random"``.

    Returns
    -------
    np.ndarray
        (n_ch, T) float, T that of the scene.

    Notes
    -----
    ``mono``: all sounds alike in every channel that is heard (W alone in Ambisonics). ``always ahead``: all from the
    front. ``random``: each from a direction of its own, anywhere on the sphere. Both at 2 m without a room.
    ``mirrored``: left and right of the truth exchanged. Notebook: 08_evaluation.
    """
    if name not in BASELINES:
        raise ValueError(f"baseline {name!r} is unknown; choose one of {', '.join(BASELINES)}")
    together = scene.dry.sum(axis=0)
    if layout == "mono":
        return together[None]
    if name == "mono":
        heard = [n == "W" or n == "ACN0" if layout in AMBISONIC_ORDERS else n != "LFE" for n in LAYOUTS[layout]]
        return np.array(heard, dtype=float)[:, None] * together
    if name == "always ahead":
        return _played(scene, OPEN, np.tile([0.0, DISTANCE_M, 0.0], (len(scene.dry), 1)), layout)
    if name == "random":
        rng = np.random.default_rng([seed, *scene.truth["name"].encode()])
        azimuth = rng.uniform(-180, 180, len(scene.dry))
        elevation = np.degrees(np.arcsin(rng.uniform(-1, 1, len(scene.dry))))
        return _played(scene, OPEN, DISTANCE_M * unit_vectors(azimuth, elevation), layout)
    truth = scene.mixes.get(layout)
    if truth is None:
        truth = _played(scene, scene.room, scene.positions_m, layout)
    return mirrored(truth, layout) if name == "mirrored" else truth


def _played(scene: SceneTruth, room: Room, positions_m: np.ndarray, layout: str) -> np.ndarray:
    h = impulse_responses(room, positions_m, layout, sample_rate=scene.sample_rate)
    return render_channels(scene.dry, h)[:, : scene.dry.shape[1]]


def mirrored(channels: np.ndarray, layout: str) -> np.ndarray:
    """A rendering (n_ch, T) with left and right exchanged.

    Notes
    -----
    Loudspeakers and ears change places; of Ambisonics, the channels of negative index m, which are odd in the azimuth,
    change their sign. Notebook: 08_evaluation.
    """
    if layout == "mono":
        return channels
    names = LAYOUTS[layout]
    if layout in AMBISONIC_ORDERS:
        number = np.arange(len(names))
        degree = np.sqrt(number).astype(int)
        return np.where(number - degree * (degree + 1) < 0, -1.0, 1.0)[:, None] * channels
    other = {"L": "R", "R": "L"}
    swapped = [names.index(name[:-1] + other[name[-1]]) if name[-1] in other else k for k, name in enumerate(names)]
    return channels[swapped]
