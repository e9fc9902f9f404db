"""Checks of notebook 00: sides by ear, azimuths, the journey of a sound, and what two ears compare.

Notebook: 00_start_here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from see2sound_nb.measure.interaural import ild_db, itd_s
from see2sound_nb.notebook.check._compare import SAMPLE_RATE, function, in_order, right, same
from see2sound_nb.notebook.players import Player
from see2sound_nb.places.frames import directions, unit_vectors
from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S
from see2sound_nb.room.shoebox import room_around

if TYPE_CHECKING:
    from see2sound_nb.scene import Scene

#: Where the bursts of noise come from, as azimuths in degrees.
SIDES_DEG = {"left": 70.0, "front": 0.0, "right": -70.0}
#: The azimuths of the last exercise, in degrees.
AZIMUTHS_DEG = (0.0, 30.0, 90.0, 150.0)


def bursts() -> Player:
    """Three bursts of noise, one from the left, one from the front, one from the right, in an order to be heard.

    Returns
    -------
    Player
        Two channels, headphones; each burst has one second.

    Notes
    -----
    Notebook: 00_start_here.
    """
    rng = np.random.default_rng(7)
    noise = 0.05 * rng.standard_normal((1, SAMPLE_RATE // 2))
    ears = np.zeros((2, 3 * SAMPLE_RATE))
    for k, side in enumerate(_order()):
        heard = render_channels(noise, _in_the_open(SIDES_DEG[side]))
        ears[:, k * SAMPLE_RATE : k * SAMPLE_RATE + heard.shape[1]] = heard
    return Player(0.5 * ears / np.abs(ears).max(), SAMPLE_RATE, "three bursts of noise")


def order_of_bursts(yours: list[str]) -> None:
    """Check in which order the bursts of `bursts` come.

    Parameters
    ----------
    yours : list of str
        Three words, each ``"left"``, ``"front"`` or ``"right"``.

    Raises
    ------
    AssertionError
        If there is no answer, not each word once, or one is in a wrong place: the first one, with its index.

    Notes
    -----
    Notebook: 00_start_here.
    """
    in_order(yours, _order(), "order of the bursts")
    right("each burst is where its time and level differences put it")


def azimuth_deg(yours: Callable[[np.ndarray], np.ndarray]) -> None:
    """Check a function that tells azimuths from positions.

    Parameters
    ----------
    yours : callable
        Takes positions (N, 3) float64 in metres, listener's frame; returns (N,) azimuths in degrees, positive to the
        left.

    Raises
    ------
    AssertionError
        If there is no function, or an azimuth is wrong: the first one, with its index.

    Notes
    -----
    Notebook: 00_start_here.
    """
    function(yours, "azimuth_deg")
    axes = np.array([[0.0, 2, 0], [-1, 1, 0], [1, 1, 0], [-3, 0, 0], [-1, -1, 0], [2, -2, 1]])
    drawn = np.random.default_rng(0).uniform(-5, 5, (50, 3))
    for case, positions in (("six positions on axes and diagonals", axes), ("50 positions drawn at random", drawn)):
        expected = directions(positions)[0] + 0.0  # never "-0"
        same(yours(positions.copy()), expected, f"azimuths of {case}", "degrees", rtol=0, atol=1e-6)
    right("56 azimuths, in front and behind, to a millionth of a degree")


def travel_s(yours: np.ndarray, scene: Scene) -> None:
    """Check for how long the sound of each source travels to the listener of a scene.

    Parameters
    ----------
    yours : array_like
        (N,) seconds.
    scene : Scene
        The scene of N sources that they were measured in.

    Raises
    ------
    AssertionError
        If there is no answer, or a time is wrong: the first one, with its index.

    Notes
    -----
    Notebook: 00_start_here.
    """
    expected = directions(scene.positions_m)[2] / SPEED_OF_SOUND_M_S
    same(yours, expected, f"travel of the {len(expected)} sources", "seconds", rtol=2e-3)
    below_db = 20 * np.log10(directions(scene.positions_m)[2].min())
    right(
        f"the first sound arrives after {expected.min():.1f} seconds, {below_db:.0f} dB below its level at 1 m; "
        "in a living room it needs a hundredth of a second"
    )


def itds_ms(yours: np.ndarray) -> None:
    """Check the interaural time differences of a source 2 m away, in the open, at `AZIMUTHS_DEG`.

    Parameters
    ----------
    yours : array_like
        (4,) milliseconds, positive where the left ear hears it first.

    Raises
    ------
    AssertionError
        If there is no answer, or one is off by more than 0.03 ms: the first one, with its index.

    Notes
    -----
    Notebook: 00_start_here.
    """
    ears = [_in_the_open(azimuth)[0] for azimuth in AZIMUTHS_DEG]
    expected = [round(1e3 * itd_s(h, SAMPLE_RATE), 4) + 0.0 for h in ears]  # + 0.0: never "-0.0"
    same(yours, expected, f"time differences at the azimuths {AZIMUTHS_DEG} degrees", "ms", rtol=0, atol=0.03)
    front_db, back_db = ild_db(ears[1]), ild_db(ears[3])
    right(
        "30 and 150 degrees give the same time difference: this cue cannot tell front from back. Their level "
        f"differences, {front_db:.0f} and {back_db:.0f} dB, are a hint and no proof: "
        "other directions have those, too. What tells is the spectrum, which the outer ear filters for each direction, "
        "and turning the head; a mannequin's ears, and a head that nobody follows, weaken both"
    )


def _order() -> list[str]:
    return [list(SIDES_DEG)[k] for k in np.random.default_rng(11).permutation(3)]


def _in_the_open(azimuth: float) -> np.ndarray:
    """Responses (1, 2, L) of the ears to a source 2 m away."""
    position_m = 2.0 * unit_vectors(np.array([azimuth]))
    return impulse_responses(room_around(position_m, max_order=0), position_m, "binaural", sample_rate=SAMPLE_RATE)
