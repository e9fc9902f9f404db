"""Checks of the exercises on boxes: their orders, their centres, and what spoils them.

Notebook: 02_boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from see2sound_nb.measure.interaural import ild_db
from see2sound_nb.notebook.check._compare import SAMPLE_RATE, answered, chosen, function, right, same, within
from see2sound_nb.places.frames import directions
from see2sound_nb.places.lifting import lift
from see2sound_nb.regions.boxes import box_centres, boxes_from_contours
from see2sound_nb.regions.contours import contours_from_masks
from see2sound_nb.regions.masks import without_specks
from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import room_around


def two_middles(mask: np.ndarray) -> dict[str, np.ndarray]:
    """Bursts of noise from both middles of a region: the centre of its box, and its centroid.

    Parameters
    ----------
    mask : np.ndarray
        (H, W) bool, in a photo that was taken with a field of view of 60 degrees.

    Returns
    -------
    dict of str to np.ndarray
        For each name (2, T) float, left and right ear, at 16 kHz.

    Notes
    -----
    Notebook: 02_boxes.
    """
    R = boxes_from_contours(contours_from_masks(mask[None]))
    middles_px = {"x": box_centres(R)[0], "y": np.argwhere(mask).mean(axis=0)[::-1]}
    t = np.arange(3 * SAMPLE_RATE // 2) / SAMPLE_RATE
    bursts = 0.1 * np.random.default_rng(0).standard_normal((1, len(t))) * (t % 0.5 < 0.2)
    sounds = {}
    for name, middle_px in middles_px.items():
        positions_m = lift(middle_px[None], np.array([3.0]), mask.shape[::-1], fov_deg=60.0)
        room = room_around(positions_m, max_order=0)
        sounds[name] = render_channels(
            bursts, impulse_responses(room, positions_m, "binaural", sample_rate=SAMPLE_RATE)
        )
    return sounds


def farther_left(yours: str | None, sounds: Mapping[str, np.ndarray]) -> None:
    """Exercise 1: which of two sounds comes from farther left.

    Parameters
    ----------
    yours : str
        A key of `sounds`.
    sounds : mapping of str to np.ndarray
        For each name (2, T) float, left and right ear.

    Raises
    ------
    AssertionError
        If there is no answer, or another sound has the larger ILD.

    Notes
    -----
    Notebook: 02_boxes.
    """
    found_db = {name: ild_db(ears) for name, ears in sounds.items()}
    chosen(yours, max(found_db, key=lambda name: found_db[name]), tuple(sounds), "the sound from farther left")
    said = ", ".join(f"{name} {round(db)} dB" for name, db in found_db.items())
    right(f"the left ear is louder by: {said}")


def xywh(yours: Callable[[np.ndarray], np.ndarray]) -> None:
    """Exercise 2: boxes in the order of Eq. 3 as (x, y, width, height).

    Parameters
    ----------
    yours : callable
        From R (N, 4), pixels, [x_min, x_max, y_min, y_max] with the last pixel included, to (N, 4), pixels, the
        first x and y and how many columns and rows.

    Raises
    ------
    AssertionError
        If there is no function, no answer or another one: of the first case that differs.

    Notes
    -----
    What it is compared with are masks: their first column and row, and how many they fill. Notebook: 02_boxes.
    """
    function(yours, "xywh")
    rng = np.random.default_rng(0)
    for case, count in {"one pixel": 1, "three boxes, seed 0": 3, "no box": 0}.items():
        M = np.zeros((count, 4, 6) if count == 1 else (count, 40, 60), bool)
        for mask in M:
            x, y = (int(rng.integers(side)) for side in mask.shape[::-1])
            width, height = (1, 1) if count == 1 else rng.integers(1, 12, 2)
            mask[y : y + height, x : x + width] = True
        filled = [(mask.any(axis=0), mask.any(axis=1)) for mask in M]
        expected = [(x.argmax(), y.argmax(), x.sum(), y.sum()) for x, y in filled]
        R = boxes_from_contours(contours_from_masks(M))
        same(yours(R.copy()), np.reshape(expected, (-1, 4)), f"{case}, (box, which of x, y, w, h)", "px")
    right("one pixel is 1 x 1, and no box is an array of shape (0, 4)")


def one_pixel(yours: np.ndarray | None, mask: np.ndarray) -> None:
    """Exercise 3: one pixel more, and the box is at least four times as large.

    Parameters
    ----------
    yours : np.ndarray
        (H, W) bool, `mask` and one pixel.
    mask : np.ndarray
        (H, W) bool.

    Raises
    ------
    AssertionError
        If there is no answer, not exactly one pixel was added, or the box is not large enough.

    Notes
    -----
    Notebook: 02_boxes.
    """
    answered(yours, "your mask")
    try:
        spoilt = np.asarray(yours, dtype=bool)
    except (TypeError, ValueError):
        raise AssertionError(f"your mask: it is no array of one shape; make it {mask.shape} bool") from None
    if spoilt.shape != mask.shape:
        raise AssertionError(f"your mask: your shape is {spoilt.shape}, it should be {mask.shape}")
    for y, x in np.argwhere(mask & ~spoilt):
        raise AssertionError(f"your mask: pixel (y, x) = ({y}, {x}) was taken away; add one and leave the others")
    if (added := int((spoilt & ~mask).sum())) != 1:
        raise AssertionError(f"your mask: {added} pixels were added; add one")
    before, after = (
        int((R[1] - R[0] + 1) * (R[3] - R[2] + 1))
        for R in boxes_from_contours(contours_from_masks(np.stack([mask, spoilt])))
    )
    if after < 4 * before:
        raise AssertionError(
            f"your mask: its box went from {before} px to {after} px; it should be at least {4 * before} px"
        )
    kept = np.array_equal(without_specks(spoilt[None])[0], mask)
    right(f"from {before} px to {after} px; without_specks brings the mask back: {kept}")


def pixels_of_a_degree(yours: float | None, width: int = 1024, fov_deg: float = 60.0) -> None:
    """Exercise 4: how many pixels from the middle of the photo are one degree of azimuth.

    Parameters
    ----------
    yours : float
        In pixels.
    width : int
        Of the photo in pixels.
    fov_deg : float
        The camera's horizontal field of view in degrees.

    Raises
    ------
    AssertionError
        If there is no answer, or it is more than half a pixel off.

    Notes
    -----
    Notebook: 02_boxes.
    """
    shift_px = np.arange(0, width / 2, 0.1)
    points_px = np.stack([(width - 1) / 2 - shift_px, np.zeros_like(shift_px)], axis=1)
    positions_m = lift(points_px, np.ones_like(shift_px), (width, 1), fov_deg=fov_deg)
    azimuths_deg = directions(positions_m)[0]
    measured = float(np.interp(1.0, azimuths_deg, shift_px))
    within(yours, measured, 0.5, f"one degree in {width} px and {fov_deg:g} degrees", "px")
    at_edge = shift_px[-1] - float(np.interp(azimuths_deg[-1] - 1, azimuths_deg, shift_px))
    share = 100 * measured / width
    right(
        f"one degree is {measured:.1f} px in the middle, {share:.1f} % of the width, and {at_edge:.0f} px at the edge"
    )
