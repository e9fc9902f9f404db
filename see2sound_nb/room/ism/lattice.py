"""A room as a lattice of mirrored rooms: its images, when and how loud they are heard (Eq. 4), their sum in samples.

`reference` computes with these functions, and the notebook derives them, in the same words.

Notebook: 05_image_sources.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from see2sound_nb.room.ism.definition import STEPS, TAPS


def on_one_axis(i: np.ndarray, D: float, x: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images of a source between two parallel walls.

    Parameters
    ----------
    i : np.ndarray
        (n,) numbers of images; 0 is the source, negative ones lie beyond the near wall.
    D : float
        Distance of the walls in metres: they stand at 0 and at D.
    x : float
        The source, 0 to D, in metres.

    Returns
    -------
    where : np.ndarray
        (n,) coordinates of the images, metres.
    near, far : np.ndarray
        (n,) how often their sound touched the wall at 0, and the wall at D.

    Notes
    -----
    Allen and Berkley (1979). Notebook: 05_image_sources.

    Examples
    --------
    >>> on_one_axis(np.array([-1, 0, 1]), 5.0, 1.0)[0].tolist()
    [-1.0, 1.0, 9.0]
    """
    where = i * D + np.where(i % 2 == 0, x, D - x)
    far = np.where(i > 0, (i + 1) // 2, -i // 2)
    return where, np.abs(i) - far, far


def diamond(n: int, reach: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
    """All points (i, j, k) of the lattice whose sound was reflected at most n times.

    Parameters
    ----------
    n : int
        Largest order |i| + |j| + |k|.
    reach : array_like, optional
        (3,) int: leave out what is farther than this on its axis.

    Returns
    -------
    np.ndarray
        (images, 3) int.

    Notes
    -----
    Notebook: 05_image_sources.

    Examples
    --------
    >>> len(diamond(1))  # the source and six walls
    7
    """
    reach = [n, n, n] if reach is None else reach
    numbers = [np.arange(-most, most + 1) for most in reach]
    points = np.stack(np.meshgrid(*numbers, indexing="ij"), axis=-1).reshape(-1, 3)
    return points[np.abs(points).sum(axis=1) <= n]


def images(points: np.ndarray, size_m: np.ndarray, source_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The images of a source at points of the lattice.

    Parameters
    ----------
    points : np.ndarray
        (n, 3), see `diamond`.
    size_m, source_m : np.ndarray
        (3,) float, metres, room frame.

    Returns
    -------
    places_m : np.ndarray
        (n, 3), s_m of Eq. 4 in metres, room frame.
    near, far : np.ndarray
        (n, 3) how often the sound touched the near and the far wall of each axis.

    Notes
    -----
    Notebook: 05_image_sources.
    """
    axes = [on_one_axis(points[:, k], size_m[k], source_m[k]) for k in range(3)]
    places_m, near, far = np.stack(axes, axis=-1)
    return places_m, near, far


def tau_and_alpha(
    vectors_m: np.ndarray, near: np.ndarray, far: np.ndarray, beta: np.ndarray, c: float
) -> tuple[np.ndarray, np.ndarray]:
    """When each image is heard, and how loud: Eq. 4.

    Parameters
    ----------
    vectors_m : np.ndarray
        (n, 3) float, metres, from the receiver to the images.
    near, far : np.ndarray
        (n, 3), see `images`.
    beta : np.ndarray
        (3, 2) float, for each axis the pressure reflection coefficients of its near and far wall, sqrt(1 - absorption).
    c : float
        Speed of sound in m/s.

    Returns
    -------
    tau : np.ndarray
        (n,) float64, seconds.
    alpha : np.ndarray
        (n,) float64, 1 at 1 m in the open.

    Notes
    -----
    Paper: section 4.3, Eq. 4. Notebook: 05_image_sources.
    """
    d = np.linalg.norm(vectors_m, axis=1)
    reflected = np.prod(beta[:, 0] ** near * beta[:, 1] ** far, axis=1)
    return d / c, reflected / d


def taps(fractions: np.ndarray) -> np.ndarray:
    """A sinc under a Hann window, read from the table `TAPS`.

    Parameters
    ----------
    fractions : np.ndarray
        (n,) float, 0 to 1: how much later than its middle sample an arrival comes, in samples.

    Returns
    -------
    np.ndarray
        (n, 81), the samples around the middle one.
    """
    step = np.float32(STEPS) * (np.float32(1) - fractions)
    row = np.floor(step).astype(int)
    between = (step - row)[:, None]
    return (1 - between) * TAPS[row] + between * TAPS[row + 1]


def sampled(times: np.ndarray, alpha: np.ndarray, length: int) -> np.ndarray:
    """The sum of arrivals, Eq. 4, as samples.

    Parameters
    ----------
    times : np.ndarray
        (n,) float, when they arrive, in samples; at least 40, because 81 taps begin 40 samples before.
    alpha : np.ndarray
        (n,) float.
    length : int
        L, beyond the last of the taps.

    Returns
    -------
    np.ndarray
        (L,) float64.

    Notes
    -----
    Paper: section 4.3, Eq. 4. Notebook: 05_image_sources.
    """
    whole = np.floor(times)
    index = whole.astype(int)[:, None] + np.arange(-40, 41)
    weights = alpha[:, None] * taps(times - whole)
    return np.bincount(index.ravel(), weights.ravel(), length)
