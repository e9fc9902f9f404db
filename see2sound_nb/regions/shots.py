"""The shots of a clip: where one picture is cut to another, and where one melts into another.

Two frames of one shot hold about the same colours, however things and the camera move; two frames on the two sides of
a cut do not. A flash is no cut: after it the picture is what it was. A dissolve is none either for a comparison of
neighbours; it shows itself by a picture half way that is the mean of the two around it, which no movement makes.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

#: Neighbours that are farther apart than this, as `colour_distance` has it, are two shots.
CUT = 0.2
#: A cut stands alone: what changes as much as this share of it from one of its neighbours to the next is fast movement.
ALONE = 0.5
#: So many frames a flash may last, and no shot lasts less than one more.
FLASH_FRAMES = 3
#: A dissolve takes from the first to the last of these numbers of frames.
DISSOLVE_FRAMES = (8, 12, 18, 27, 40)
#: Half way through a dissolve the picture differs from the mean of its ends by less than this share of what these
#: differ by.
DISSOLVED = 0.3
#: What changes by fewer grey levels than this (root mean square) is noise, or a light that goes on.
LEAST_CHANGE = 8.0
#: Bins of hue, saturation and value, and the size of the small pictures, (width, height) in pixels.
BINS, SMALL = (8, 4, 4), (64, 36)


def colours(I: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """How much of each colour there is in a picture, or in a part of it.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB.
    mask : np.ndarray, optional
        (H, W) bool.

    Returns
    -------
    np.ndarray
        (128,) float32, roots of the shares of 8 x 4 x 4 bins of hue, saturation and value: a vector of length 1, or
        zeros for an empty mask.
    """
    import cv2

    inside = None
    if mask is not None:
        inside = mask.astype(np.uint8)
        left, top, width, height = cv2.boundingRect(inside)
        if not width:
            return np.zeros(BINS[0] * BINS[1] * BINS[2], np.float32)
        part = np.s_[top : top + height, left : left + width]
        I, inside = I[part], inside[part]
    counts = cv2.calcHist([cv2.cvtColor(I, cv2.COLOR_RGB2HSV)], [0, 1, 2], inside, BINS, [0, 180, 0, 256, 0, 256])
    return np.sqrt(counts.ravel() / max(counts.sum(), 1.0)).astype(np.float32)


def colour_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Bhattacharyya distance of two `colours`, 0 (alike) to 1 (nothing in common): sqrt(1 - a b)."""
    return float(np.sqrt(max(0.0, 1.0 - float(a @ b))))


def find_shots(frames: Iterable[np.ndarray]) -> tuple[list[int], list[int]]:
    """Find the cuts and the dissolves of a clip.

    Parameters
    ----------
    frames : iterable of np.ndarray
        F frames, each (H, W, 3) uint8 RGB. They are looked at one after another, and not kept.

    Returns
    -------
    starts : list of int
        The first frame of each shot, the first of them 0. A dissolve ends a shot at its middle.
    dissolves : list of int
        Those of them that are in the middle of a dissolve.

    Notes
    -----
    Colour histograms are the oldest way to find cuts and still among the best (Lienhart, "Comparison of automatic shot
    boundary detection algorithms", 1999). A slow dissolve of pictures of the same colours is not found.
    Notebook: 07_moving_pictures.
    """
    import cv2

    seen, small = [], []
    for I in frames:
        reduced = cv2.resize(I, (160, 90), interpolation=cv2.INTER_AREA)
        seen.append(colours(reduced))
        small.append(cv2.resize(cv2.cvtColor(reduced, cv2.COLOR_RGB2GRAY), SMALL, interpolation=cv2.INTER_AREA))
    if not seen:
        return [], []
    H, S = np.stack(seen), np.stack(small).reshape(len(small), -1)
    dissolves = find_dissolves(H, S)
    cuts = [k for k in find_cuts(H) if not any(first <= k <= last for first, _, last in dissolves)]
    starts = [0]
    for k in sorted([*cuts, *(middle for _, middle, _ in dissolves)]):
        if k - starts[-1] > FLASH_FRAMES and len(H) - k > FLASH_FRAMES:
            starts.append(k)
    return starts, [middle for _, middle, _ in dissolves if middle in starts]


def find_cuts(H: np.ndarray) -> list[int]:
    """The frames before which there is a cut; a flash is none.

    Parameters
    ----------
    H : np.ndarray
        (F, B) float, the `colours` of all frames.

    Returns
    -------
    list of int
    """
    apart = _apart(H[:-1], H[1:])
    cuts, k = [], 1
    while k < len(H):
        around = max(apart[k - 2] if k > 1 else 0.0, apart[k] if k < len(apart) else 0.0)
        if apart[k - 1] > CUT and around < ALONE * apart[k - 1]:
            after = H[k + 1 : k + 1 + FLASH_FRAMES]
            again = np.flatnonzero(_apart(H[k - 1][None], after) <= CUT)
            if len(again):  # a flash: go on where the picture is what it was
                k += int(again[0]) + 2
                continue
            cuts.append(k)
        k += 1
    return cuts


def find_dissolves(H: np.ndarray, S: np.ndarray) -> list[tuple[int, int, int]]:
    """The first, the middle and the last frame of each dissolve.

    Parameters
    ----------
    H : np.ndarray
        (F, B) float, the `colours` of all frames.
    S : np.ndarray
        (F, P) uint8, all frames small and grey.

    Returns
    -------
    list of tuple of int
        In order. At a cut the picture half way is that of one side, so that no cut is among them.
    """
    found: list[tuple[float, int, int]] = []
    for length in DISSOLVE_FRAMES:
        first = np.arange(max(0, len(H) - length))
        for k in first[_apart(H[first], H[first + length]) > CUT]:
            start, middle, end = S[[k, k + length // 2, k + length]].astype(np.float32)
            part = (length // 2) / length
            whole = np.linalg.norm(end - start)
            rest = np.linalg.norm(middle - (1 - part) * start - part * end) / max(whole, 1e-9)
            if rest < DISSOLVED and whole > LEAST_CHANGE * np.sqrt(S.shape[1]):
                found.append((float(rest), int(k), length))
    dissolves: list[tuple[int, int, int]] = []
    for _, first_frame, length in sorted(found):
        middle_frame = first_frame + length // 2
        if all(abs(middle_frame - other) > DISSOLVE_FRAMES[-1] for _, other, _ in dissolves):
            dissolves.append((first_frame, middle_frame, first_frame + length))
    return sorted(dissolves)


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(0.0, 1.0 - (a * b).sum(axis=-1)))
