"""Checks of the exercises of notebook 03: lens, column, shift, and what a map turned over does to levels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from see2sound_nb.measure.interaural import itd_s
from see2sound_nb.notebook.check._compare import SAMPLE_RATE, chosen, function, number, right, same, within
from see2sound_nb.places.frames import directions
from see2sound_nb.places.lifting import lift
from see2sound_nb.places.metres import fit_scale_and_shift
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import room_around


def wrong_lens(yours: str) -> None:
    """Where sources move to when a photo of 90 degrees is lifted with 40.

    Parameters
    ----------
    yours : str
        ``"towards the middle"``, ``"outwards"`` or ``"nowhere"``.

    Raises
    ------
    AssertionError
        If that is not what two ears hear of it.

    Notes
    -----
    Notebook: 03_depth.
    """
    column, depth_m = np.array([[10.0, 50.0]]), np.array([2.0])
    wide, narrow = (abs(_itd_s(lift(column, depth_m, (101, 101), fov_deg=fov))) for fov in (90, 40))
    expected = "towards the middle" if narrow < wide else "outwards" if narrow > wide else "nowhere"
    chosen(yours, expected, ("towards the middle", "outwards", "nowhere"), "sources of a 90° photo lifted with 40°")
    right(f"the ears hear {1e3 * narrow:.2f} ms of difference where the true lens gives {1e3 * wide:.2f} ms")


def azimuth_of_column(yours: Callable) -> None:
    """A function from columns of a picture to azimuths, against `places.lifting.lift` and `places.frames.directions`.

    Parameters
    ----------
    yours : callable
        ``f(x_px, width, fov_deg)``, with x_px (N,) float in pixels, gives (N,) float in degrees, positive to the left.

    Raises
    ------
    AssertionError
        At the first column with another azimuth.

    Notes
    -----
    Notebook: 03_depth.
    """
    function(yours, "azimuth_of_column")
    rng = np.random.default_rng(3)
    for fov_deg in (40.0, 60.0, 90.0, 120.0):
        width = int(rng.integers(100, 2000))
        x_px = np.concatenate([[width / 4, -0.5, 0, (width - 1) / 2], rng.uniform(0, width, 4)])
        points = np.stack([x_px, np.full(8, 49.5)], axis=1)
        expected, _, _ = directions(lift(points, rng.uniform(1, 9, 8), (width, 100), fov_deg=fov_deg))
        case = f"columns {x_px.round(1).tolist()} px of {width}, field of view {fov_deg:.0f}°"
        same(yours(x_px, width, fov_deg), expected, case, "degrees", atol=1e-6)
    right("4 lenses, 32 columns: the same as lifting to any depth and taking the direction")


def shift_to_the_horizon(yours: float) -> None:
    """A shift that, ignored, moves a thing at 4 m beyond 100 m.

    Parameters
    ----------
    yours : float
        b of D = 1 / depth + b, in 1/m.

    Raises
    ------
    AssertionError
        If 1 / D is no distance, or one of 100 m or less.

    Notes
    -----
    Notebook: 03_depth.
    """
    case = "b of D = 1/depth + b"
    b = number(yours, case, "1/m")
    true_m = np.array([1.0, 2.0, 4.0])
    D = 1 / true_m + b
    for k, value in enumerate(D):
        if not value > 0:
            raise AssertionError(f"{case} = {b:g}: D at index {k} is {value:.4g} 1/m; 1/D is no distance any more")
    if not 1 / D[2] > 100:
        raise AssertionError(f"{case} = {b:g}: 1/D at index 2 is {1 / D[2]:.4g} m, it should be more than 100 m")
    scale, shift = fit_scale_and_shift(D, true_m)
    found = (1 / (scale * D + shift)).round(3).tolist()
    right(f"1/D puts the third thing {1 / D[2]:.0f} m away; with the shift fitted the three are at {found} m")


def turned_over_step(yours: float) -> None:
    """How much louder a thing at 2 m is than one at 4 m, where the map was turned over and stretched from 1 to 4 m.

    Parameters
    ----------
    yours : float
        In dB.

    Raises
    ------
    AssertionError
        If it is farther than 0.2 dB from what is measured here.

    Notes
    -----
    Notebook: 03_depth.
    """
    D = 1 / np.array([1.0, 2.0, 4.0])
    turned_m = 1 + (D.max() - D) / np.ptp(D) * 3
    second, third = (np.sum(_ears([[0, distance, 0]]) ** 2) for distance in turned_m[1:])
    within(yours, float(10 * np.log10(second / third)), 0.2, "the thing at 2 m over the one at 4 m", "dB")
    right(f"the map turned over has {turned_m[1]:.0f} m and {turned_m[2]:.0f} m for 2 m and 4 m")


def _ears(positions_m) -> np.ndarray:
    """Responses (2, L) of two ears in the open."""
    positions_m = np.asarray(positions_m, dtype=np.float64)
    return impulse_responses(room_around(positions_m, max_order=0), positions_m, "binaural")[0]


def _itd_s(positions_m) -> float:
    return itd_s(_ears(positions_m), SAMPLE_RATE)
