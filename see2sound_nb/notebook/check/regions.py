"""Checks of the exercises on masks: how much they overlap, and what a grid of clicks misses.

Notebook: 01_regions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from see2sound_nb.measure.interaural import ild_db
from see2sound_nb.notebook.check._compare import SAMPLE_RATE, answered, chosen, function, right, same, within
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.regions import overlap
from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import room_around

#: Where the two notes of each sound come from, as azimuths in degrees.
NOTES_DEG = {"x": (25.0, -30.0), "y": (25.0, 25.0)}


def two_notes() -> dict[str, np.ndarray]:
    """Two sounds of a low note and then a high one, each from its own place or both from the same.

    Returns
    -------
    dict of str to np.ndarray
        For each name (2, T) float, left and right ear, at 16 kHz; a note lasts a second.

    Notes
    -----
    Notebook: 01_regions.
    """
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    A = np.zeros((2, 2 * SAMPLE_RATE))
    A[0, :SAMPLE_RATE], A[1, SAMPLE_RATE:] = (
        0.1 * np.exp(-4 * t) * np.sign(np.sin(2 * np.pi * frequency_hz * t)) for frequency_hz in (220, 330)
    )
    sounds = {}
    for name, azimuths in NOTES_DEG.items():
        positions_m = 2.0 * unit_vectors(np.array(azimuths))
        room = room_around(positions_m, absorption=0.8, max_order=2)
        h = impulse_responses(room, positions_m, "binaural", sample_rate=SAMPLE_RATE)
        sounds[name] = render_channels(A, h)
    return sounds


def one_place(yours: str | None, sounds: Mapping[str, np.ndarray]) -> None:
    """Exercise 1: which of two sounds has both of its notes in one place.

    Parameters
    ----------
    yours : str
        A key of `sounds`.
    sounds : mapping of str to np.ndarray
        For each name (2, T) float, left and right ear: one note in each half.

    Raises
    ------
    AssertionError
        If there is no answer, or another sound's halves differ less in ILD.

    Notes
    -----
    Notebook: 01_regions.
    """
    apart_db = {}
    for name, ears in sounds.items():
        half = ears.shape[1] // 2
        apart_db[name] = abs(ild_db(ears[:, :half]) - ild_db(ears[:, half:]))
    expected = min(apart_db, key=lambda name: apart_db[name])
    chosen(yours, expected, tuple(sounds), "the sound that comes from one place")
    said = ", ".join(f"{name} {round(db)} dB" for name, db in apart_db.items())
    right(
        f"between the two notes the level difference of the ears (ILD) changes by: {said}; it depends on the pitch, "
        "too, so one place need not give 0"
    )


def share_of_smaller(yours: Callable[[np.ndarray, np.ndarray], float]) -> None:
    """Exercise 2: the share of the smaller mask that lies in the other one.

    Parameters
    ----------
    yours : callable
        From two masks (H, W) bool to a float, as `regions.overlap.share_of_smaller`.

    Raises
    ------
    AssertionError
        If there is no function, no answer or another one: of the first case that differs.

    Notes
    -----
    Notebook: 01_regions.
    """
    function(yours, "share_of_smaller")
    rng = np.random.default_rng(0)
    full = np.ones((4, 6), bool)
    corner, empty = np.zeros_like(full), np.zeros_like(full)
    corner[:2, :3] = True
    cases = {
        "a corner of a full mask": (full, corner),
        "the same two, the smaller one first": (corner, full),
        "a mask and an empty one": (full, empty),
        "a mask and what is outside of it": (corner, ~corner),
    }
    for number in range(20):
        a, b = rng.random((2, 12, 17)) < rng.random((2, 1, 1))
        cases[f"random masks, seed 0, pair {number}"] = (a, b)
    for case, (a, b) in cases.items():
        same(yours(a.copy(), b.copy()), overlap.share_of_smaller(a, b), case, "of the smaller mask")
    right(f"{len(cases)} pairs of masks, nested, apart, empty and at random")


def hidden_part(yours: Sequence[np.ndarray] | None) -> None:
    """Exercise 3: two masks that non-maximum suppression keeps although one lies in the other.

    Parameters
    ----------
    yours : sequence of np.ndarray
        Two masks (4, 6) bool, the larger one first.

    Raises
    ------
    AssertionError
        If a mask is empty or of another shape, the second sticks out of the first, or they are taken for copies.

    Notes
    -----
    Notebook: 01_regions.
    """
    answered(yours, "the two masks")
    try:
        M = np.array(yours, dtype=bool)
    except (TypeError, ValueError):
        raise AssertionError("the two masks: they are not two arrays of one shape; make both (4, 6) bool") from None
    if M.shape != (2, 4, 6):
        raise AssertionError(f"the two masks: your shape is {M.shape}, it should be (2, 4, 6)")
    for k, mask in enumerate(M):
        if not mask.any():
            raise AssertionError(f"the two masks: the {('first', 'second')[k]} is empty; both need a pixel")
    for y, x in np.argwhere(M[1] & ~M[0]):
        raise AssertionError(f"the two masks: pixel (y, x) = ({y}, {x}) is in the second and not in the first")
    if len(overlap.non_maximum_suppression(M, [0, 1])) < 2:
        raise AssertionError(f"the two masks: their IoU is {overlap.iou(*M):.2f}, and from 0.7 on one is left out")
    right(f"one lies in the other, their IoU is {overlap.iou(*M):.2f}, and both are kept")


def grid_gap(yours: float | None, side: int = 12, image_size: tuple[int, int] = (1024, 768)) -> None:
    """Exercise 4: radius of the largest disc that a grid of clicks can miss.

    Parameters
    ----------
    yours : float
        In pixels.
    side : int
        Clicks in a row and in a column.
    image_size : tuple of int
        (width, height) in pixels.

    Raises
    ------
    AssertionError
        If there is no answer, or it is more than 1.5 pixels off.

    Notes
    -----
    Notebook: 01_regions.
    """
    width, height = image_size
    share = (np.arange(side) + 0.5) / side
    # The grid is the product of its rows and columns, so the distance to the nearest click is, too.
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    to_x, to_y = (np.abs(place[:, None] - share * size).min(axis=1) for place, size in ((x, width), (y, height)))
    measured = float(np.hypot(to_x.max(), to_y.max()))
    within(yours, measured, 1.5, f"the largest disc between {side} x {side} clicks", "px")
    right(f"a disc of {2 * measured:.0f} px across can lie where nobody clicks")
