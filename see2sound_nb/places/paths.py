"""From the places of a thing in the frames of a shot to a smooth path in metres.

Places are noisy by a fraction of a degree, depths by some per cent from frame to frame; a rendering with either would
tremble. Both are smoothed by a Gaussian that looks as far ahead as back, so that nothing lags behind its picture: a
path that goes straight on is left exactly as it is.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb.places.lifting import DEFAULT_FOV_DEG, lift

#: Positions a second, at most.
MOST_RATE_HZ = 30.0
#: Deviation of the Gaussian, in seconds, for places in the picture and for the logarithm of the depth.
PLACE_SIGMA_S, DEPTH_SIGMA_S = 0.08, 0.3
#: A thing that comes into the picture within a shot is faded in, and one that leaves faded out, in so many seconds.
COMING_S, LEAVING_S = 0.3, 0.5
#: Nothing in a picture is heard to move faster than this, in m/s.
MOST_SPEED_M_S = 20.0


def path_times(duration_s: float, frames_per_s: float) -> np.ndarray:
    """The moments of a path, (P,) float64, seconds from the start of a shot: evenly, at most `MOST_RATE_HZ` a second.

    Parameters
    ----------
    duration_s : float
        From the first to the last frame of the shot.
    frames_per_s : float
        Of the clip.

    Returns
    -------
    np.ndarray
        The last is that of the last frame; P is 1 for one frame.
    """
    count = int(np.ceil(duration_s * min(MOST_RATE_HZ, frames_per_s) - 1e-6))
    return np.linspace(0.0, duration_s, count + 1)


def path_in_metres(
    places_px: np.ndarray,
    depths_m: np.ndarray,
    frame_times_s: np.ndarray,
    times_s: np.ndarray,
    image_size: tuple[int, int],
    *,
    fov_deg: float = DEFAULT_FOV_DEG,
) -> np.ndarray:
    """The path of a thing through the room.

    Parameters
    ----------
    places_px : np.ndarray
        (F, 2) float, (x, y) in pixels, y down; NaN where it is not in the picture.
    depths_m : np.ndarray
        (F,) float, metres along the optical axis; NaN where unknown.
    frame_times_s : np.ndarray
        (F,) float, seconds, when the frames are shown.
    times_s : np.ndarray
        (P,) float, the moments of the path, evenly spaced, on the same clock.
    image_size : tuple of int
        (width, height) in pixels.
    fov_deg : float
        The camera's horizontal field of view in degrees.

    Returns
    -------
    np.ndarray
        (P, 3) float64, metres, listener's frame. Gaps are bridged straight, and where the thing has not come yet, or
        has left, it waits where it comes or left.

    Raises
    ------
    ValueError
        If no place or no depth is known.

    Notes
    -----
    Paper: section 4.1, for each frame. Notebook: 07_moving_pictures.
    """
    depths_m = np.asarray(depths_m, dtype=np.float64)
    if not np.isfinite(depths_m).any() or not np.isfinite(places_px).any():
        raise ValueError("a path needs at least one place and one depth that are known; this thing was never seen")
    x, y = (filled(column, frame_times_s, times_s) for column in np.asarray(places_px, dtype=np.float64).T)
    log_depth = filled(np.log(depths_m), frame_times_s, times_s)
    hop_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else 1.0
    place = [smooth(column, PLACE_SIGMA_S / hop_s) for column in (x, y)]
    depth = np.exp(smooth(log_depth, DEPTH_SIGMA_S / hop_s))
    path = lift(np.stack(place, axis=1), depth, image_size, fov_deg=fov_deg)
    if len(path) > 1 and np.linalg.norm(np.diff(path, axis=0), axis=1).max() > MOST_SPEED_M_S * hop_s:
        path = (_chasing(path, MOST_SPEED_M_S * hop_s) + _chasing(path[::-1], MOST_SPEED_M_S * hop_s)[::-1]) / 2
    return path


def _chasing(path: np.ndarray, longest: float) -> np.ndarray:
    """A path (P, 3) that follows another in steps of at most `longest`."""
    slow = path.copy()
    for k in range(1, len(path)):
        step = path[k] - slow[k - 1]
        slow[k] = slow[k - 1] + step * min(1.0, longest / max(float(np.linalg.norm(step)), 1e-12))
    return slow


def filled(values: np.ndarray, at_s: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Values (F,) at moments (F,), some NaN, as values (P,) at other moments: straight between, constant outside."""
    known = np.isfinite(values)
    return np.interp(times_s, np.asarray(at_s)[known], values[known])


def smooth(values: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian of `sigma` samples over values (P,), without lag; a straight line stays as it is, to its very ends."""
    from scipy.ndimage import gaussian_filter1d

    margin = int(np.ceil(4 * sigma))
    # Turned over at the ends: what rises goes on rising.
    whole = np.pad(np.asarray(values, dtype=np.float64), margin, mode="reflect", reflect_type="odd")
    return gaussian_filter1d(whole, sigma, truncate=4.0)[margin : margin + len(values)]


def heard_curve(in_view: np.ndarray, frame_times_s: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """How much of a thing is heard, by when it is in view.

    Parameters
    ----------
    in_view : np.ndarray
        (F,) bool, whether the thing is in the picture, though perhaps hidden.
    frame_times_s : np.ndarray
        (F,) float, seconds, when the frames are shown.
    times_s : np.ndarray
        (P,) float, the moments of the path, on the same clock.

    Returns
    -------
    np.ndarray
        (P,) float64, 0 to 1: raised cosines of `COMING_S` after it has come, and of `LEAVING_S` after it has left.
        What is there from the start of a shot is heard from its start.
    """
    in_view = np.asarray(in_view, dtype=bool)
    edges = np.flatnonzero(np.diff(in_view.astype(int)))
    heard = np.full(len(times_s), float(in_view[0]) if len(in_view) else 0.0)
    for k in edges:
        since = np.asarray(times_s) - frame_times_s[k + 1]
        coming = bool(in_view[k + 1])
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.clip(since / (COMING_S if coming else LEAVING_S), 0, 1))
        target = 1.0 if coming else 0.0
        heard = np.where(since > 0, heard + (target - heard) * ramp, heard)
    return heard
