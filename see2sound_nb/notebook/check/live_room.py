"""Checks of notebook 06: what tells front from behind, weights of a crossfade, walls taken away, and coming near.

Notebook: 06_live_room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from see2sound_nb.notebook.check._compare import answered, chosen, function, right, same, within
from see2sound_nb.room.shoebox import Room


def behind(yours: str | None, first: np.ndarray, second: np.ndarray) -> None:
    """Which of two sounds comes from behind a head that turns to the left.

    Parameters
    ----------
    yours : str
        ``"first"`` or ``"second"``.
    first, second : np.ndarray
        (2, T) float, left and right ear, while the head turns.

    Raises
    ------
    AssertionError
        If it is the other one. What lies behind comes nearer to the left ear in such a turn: that is measured.

    Notes
    -----
    Notebook: 06_live_room.
    """
    from see2sound_nb.measure.interaural import ild_db

    late = [ild_db(ears[:, 2 * ears.shape[1] // 3 :]) for ears in (first, second)]
    name = ("first", "second")[int(np.argmax(late))]
    chosen(yours, name, ("first", "second"), "the source behind a head that turns to the left")
    right(
        f"at the end of the turn the left ear hears it {max(late):.0f} dB louder, the one in front {min(late):+.0f} dB"
    )


def fade_curves(yours: Callable[[float, int], Sequence[np.ndarray]]) -> None:
    """Weights of a crossfade, for signals of any correlation.

    Parameters
    ----------
    yours : callable
        From a correlation rho, 0 to 1, and a number of points to the weights a (rising) and b, each (points,).

    Raises
    ------
    AssertionError
        At the first weight that is wrong. They are compared with what two made-up signals of that correlation need,
        mixed by sine and cosine, for their sum to have the power 1.

    Notes
    -----
    Notebook: 06_live_room.
    """
    function(yours, "fade_curves")
    rng = np.random.default_rng(6)
    for rho, points in [(0.0, 3), (1.0, 5), *zip(rng.uniform(0, 1, 4), rng.integers(7, 300, 4))]:
        new, other = np.linalg.qr(rng.normal(size=(64, 2)))[0].T  # two signals of power 1 with nothing in common
        old = rho * new + np.sqrt(1 - rho**2) * other
        angle = np.linspace(0, np.pi / 2, points)
        mixed = np.sin(angle)[:, None] * new + np.cos(angle)[:, None] * old
        rms = np.linalg.norm(mixed, axis=1)
        a, b = _two_curves(yours(float(rho), int(points)), f"correlation {rho:.2f}, {points} points")
        for name, weight, expected in (("a", a, np.sin(angle) / rms), ("b", b, np.cos(angle) / rms)):
            same(weight, expected, f"weight {name} for correlation {rho:.2f}, {points} points", "(a factor)")
    right("the sum of two signals keeps its power through the fade, for 6 correlations")


def _two_curves(curves: Any, case: str) -> tuple[Any, Any]:
    answered(curves, case)
    if not isinstance(curves, (tuple, list, np.ndarray)) or len(curves) != 2:
        raise AssertionError(f"{case}: two curves are wanted, a and b; return both of them: return a, b")
    return curves[0], curves[1]


def audible_images(yours: tuple[int, int] | None, room: Room, position_m: Sequence[float]) -> None:
    """How many images of a source there are in a room, and how many can be heard.

    Parameters
    ----------
    yours : tuple of int
        The number of images, and the number of those whose reflection factor is not 0.
    room : Room
    position_m : sequence of float
        (3,), metres, listener's frame.

    Raises
    ------
    AssertionError
        If a number is wrong; index 0 is that of all images, 1 that of those that can be heard.

    Notes
    -----
    Notebook: 06_live_room.
    """
    from see2sound_nb.room.shoebox import image_sources

    _, factors = image_sources(room, np.asarray(position_m, dtype=np.float64))
    case = f"max_order {room.max_order}, absorption {room.absorption}"
    same(yours, [len(factors), int((factors > 0).sum())], case, "images")
    right(f"{case}: images {len(factors)}, to be heard {int((factors > 0).sum())}")


def gain_of_coming_near(yours: float | None, room: Room, sound: np.ndarray) -> None:
    """How much louder a source is, at both ears together, that comes from (-1, 2, 0) to (-0.5, 1, 0) m.

    Parameters
    ----------
    yours : float
        In dB.
    room : Room
    sound : np.ndarray
        (T,) float, what the source plays.

    Raises
    ------
    AssertionError
        If it is farther than 0.06 dB from what is measured here: an answer to a tenth is near enough.

    Notes
    -----
    Notebook: 06_live_room.
    """
    from see2sound_nb.render.channels import render_channels
    from see2sound_nb.render.responses import impulse_responses

    h = impulse_responses(room, np.array([(-1.0, 2.0, 0.0), (-0.5, 1.0, 0.0)]), "binaural")
    far, near = (np.sum(np.square(render_channels(np.asarray(sound)[None], h_k[None]))) for h_k in h)
    gain_db = float(10 * np.log10(near / far))
    within(yours, gain_db, 0.06, f"half the distance at absorption {room.absorption}", "dB")
    of_walls = "; most of it comes from the walls, and that part changes from place to place, not with nearness"
    walls = of_walls if np.min(room.absorption) < 1 else ""
    right(f"half the distance is {gain_db:.1f} dB at absorption {room.absorption}{walls}")
