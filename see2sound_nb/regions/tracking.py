"""Things followed from frame to frame: corners inside their masks say how they move.

Corners are followed to the next frame and back (a corner that does not come back to where it was is not believed), and
the similarity (shift, turn, scale) that most of them obey moves the mask. Dense optical flow, which looks like the
modern way, loses small things on a textured ground, because it is smooth across their border; the middle of a box
trembles when an arm is raised; and a new mask in every frame makes the middle wander by a degree or two. So the
*place* is carried by corners alone, and a new mask changes the *shape* only, where it agrees with the one that was
carried there.

Of two things that cross, the one whose colours are seen where they overlap is in front. What is hidden goes on as it
went, for a while; what has left the picture is gone.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from see2sound_nb.regions.overlap import iou
from see2sound_nb.regions.shots import colour_distance, colours

#: What a thing is in a frame.
SEEN, HIDDEN, GONE = "seen", "hidden", "gone"
#: Corners of a thing, corners of the whole picture, and how near two of them may be, in pixels.
CORNERS, GROUND_CORNERS, APART_PX = 80, 120, 4
#: Corners are looked for again in windows of this side; in things smaller than so many pixels squared, in smaller ones,
#: which hold less of what is behind.
WINDOW_PX, SMALL_WINDOW_PX, SMALL_PX = 17, 9, 50
#: A corner that is followed there and back must return to within so many pixels, and obey the similarity to so many.
RETURN_PX, OBEY_PX = 1.0, 1.5
#: Fewer corners than this say nothing; and of those followed, this share must agree.
LEAST_CORNERS, LEAST_AGREEMENT = 6, 0.4
#: What has gone along with the ground for so many seconds rests. Of another thing, corners that move on their own count
#: more than those that go with the ground, if they are this share: between the legs of a walker the wall is seen.
RESTS_S, OWN_SHARE = 0.5, 0.25
#: A thing may grow or shrink by this factor from one frame to the next.
MOST_GROWTH = 1.15
#: A thing of which less than this share can be seen behind others is hidden; in the picture, less than that is gone.
LEAST_VISIBLE, LEAST_IN_PICTURE = 0.35, 0.2
#: Where two overlap, both are followed by the rest of them, as long as that is so much of each.
ENOUGH = 0.5
#: Colours that are farther apart than this, as `shots.colour_distance` has it, are not those of one thing.
OTHER_COLOURS = 0.5
#: What is hidden goes on so long, in seconds: behind what is followed, too, and behind anything.
BEHIND_S, UNSEEN_S = 2.0, 0.5
#: A new mask changes a thing's shape if its intersection over union with the carried one is at least this, its area
#: within these factors, and its colours not farther from the thing's than by this more.
SAME_SHAPE, SHAPE_AREA, SHAPE_COLOURS = 0.7, (0.6, 1.6), 0.03


@dataclasses.dataclass(eq=False)
class Track:
    """A thing that is followed.

    Attributes
    ----------
    mask : np.ndarray
        (H, W) bool, its shape in the frame in which it was drawn.
    anchor_px : np.ndarray
        (2,) float64, the middle of its first mask there, (x, y) in pixels, y down: what its path is the path of.
    since : np.ndarray
        (2, 3) float64, the similarity from that frame to the present one.
    hue : np.ndarray
        (128,) float32, its `shots.colours`.
    state : str
        ``"seen"``, ``"hidden"`` (behind something, or not recognised) or ``"gone"``.
    velocity_px : np.ndarray
        (2,) float64, pixels a frame, of the last few frames.
    unseen : int
        Frames since it was seen.
    resting : int
        Frames in which it has gone along with the ground.
    motion_px : float
        How it moves against the ground, pixels a frame.
    """

    mask: np.ndarray
    anchor_px: np.ndarray
    since: np.ndarray
    hue: np.ndarray
    state: str = SEEN
    velocity_px: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(2))
    unseen: int = 0
    resting: int = 0
    motion_px: float = 0.0
    # The mask as it was carried last, with what it was carried from and by.
    _carried: tuple[np.ndarray, np.ndarray, np.ndarray] | None = dataclasses.field(default=None, init=False)

    @property
    def place_px(self) -> np.ndarray:
        """(2,) float64, where its middle is now, (x, y) in pixels."""
        return self.since[:, :2] @ self.anchor_px + self.since[:, 2]

    def mask_now(self) -> np.ndarray:
        """(H, W) bool, the mask carried to the present frame; what is outside of the picture is cut off."""
        if self._carried is None or self._carried[0] is not self.mask or self._carried[1] is not self.since:
            self._carried = self.mask, self.since, carried(self.mask, self.since)
        return self._carried[2]

    def in_picture(self, now: np.ndarray) -> float:
        """Which share of it is within the picture, 0 to 1, given its `mask_now`."""
        scale = abs(np.linalg.det(self.since[:, :2]))
        return min(1.0, float(now.sum()) / max(1.0, float(self.mask.sum()) * scale))


def carried(mask: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """A mask (H, W) bool, moved by a similarity (2, 3); what is outside of the picture is cut off."""
    import cv2

    size = mask.shape[1::-1]
    return cv2.warpAffine(mask.astype(np.uint8) * 255, moved, size, flags=cv2.INTER_LINEAR) > 127


def start_track(I: np.ndarray, mask: np.ndarray) -> Track:
    """Begin to follow a thing.

    Parameters
    ----------
    I : np.ndarray
        (H, W, 3) uint8 RGB, a frame.
    mask : np.ndarray
        (H, W) bool, the thing in it, not empty.

    Returns
    -------
    Track

    Raises
    ------
    ValueError
        If the mask is empty or does not fit the frame.
    """
    mask = np.asarray(mask)
    if mask.dtype != bool or mask.shape != I.shape[:2] or not mask.any():
        raise ValueError(
            f"mask is {mask.dtype} {mask.shape} with {int(mask.sum())} pixels; it must be bool {I.shape[:2]}, not empty"
        )
    return Track(mask, middle_of(mask), np.eye(2, 3), colours(I, mask))


def middle_of(mask: np.ndarray) -> np.ndarray:
    """The centroid of a mask (H, W) bool: (2,) float64, (x, y) in pixels, y down."""
    y, x = np.nonzero(mask)
    return np.array([x.mean(), y.mean()])


def follow(before: np.ndarray, after: np.ndarray, tracks: list[Track], frames_per_s: float) -> None:
    """Bring all tracks from one frame to the next, in place.

    Parameters
    ----------
    before, after : np.ndarray
        (H, W, 3) uint8 RGB, two frames, one after the other (or, to follow backwards, before it).
    tracks : list of Track
        Those that are gone stay where they are.
    frames_per_s : float
        Frames a second, to know how long a thing has not been seen.

    Notes
    -----
    Corners: Shi and Tomasi (1994). Flow: Lucas and Kanade (1981) in pyramids (Bouguet 2000), forward and backward
    (Kalal, Mikolajczyk and Matas 2010). Notebook: 07_moving_pictures.
    """
    import cv2

    alive = [track for track in tracks if track.state != GONE]
    grey = [cv2.cvtColor(I, cv2.COLOR_RGB2GRAY) for I in (before, after)]
    masks = [track.mask_now() for track in alive]
    in_front = _who_is_in_front(before, alive, masks)
    free = [_not_behind(k, masks, in_front) for k in range(len(alive))]
    points = [corners_in(grey[0], _eroded(mask), CORNERS) for mask in free]
    taken = np.any([dilated(mask) for mask in masks], axis=0) if masks else np.zeros(grey[0].shape, bool)
    points.append(corners_in(grey[0], ~taken, GROUND_CORNERS, coarse=True))
    small = [mask.sum() < SMALL_PX**2 for mask in masks] + [False]
    pairs = corner_pairs(grey[0], grey[1], points, small)
    ground = similarity(*pairs[-1])
    ground = np.eye(2, 3) if ground is None else ground
    for track, mask, seen, pair in zip(alive, masks, free, pairs):
        visible = seen.sum() / max(1, mask.sum())
        step = None
        if visible >= LEAST_VISIBLE:
            p, q = pair
            step = similarity(p, q) if track.resting > RESTS_S * frames_per_s else own_motion(p, q, ground)
        advance(track, step, ground, after, masks, behind=visible < LEAST_VISIBLE, frames_per_s=frames_per_s)


def similarity(p: np.ndarray, q: np.ndarray) -> np.ndarray | None:
    """The similarity that most pairs of points obey: shift, turn and scale.

    Parameters
    ----------
    p, q : np.ndarray
        (n, 2) float32, (x, y) in pixels, before and after.

    Returns
    -------
    np.ndarray or None
        (2, 3) float64; None where too few pairs agree, or on what no thing does from one frame to the next.
    """
    import cv2

    if len(p) < LEAST_CORNERS:
        return None
    matrix, obeys = cv2.estimateAffinePartial2D(p, q, method=cv2.RANSAC, ransacReprojThreshold=OBEY_PX)
    if matrix is None or obeys.sum() < max(LEAST_CORNERS, LEAST_AGREEMENT * len(p)):
        return None
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    return matrix if 1 / MOST_GROWTH <= scale <= MOST_GROWTH else None


def own_motion(p: np.ndarray, q: np.ndarray, ground: np.ndarray) -> np.ndarray | None:
    """The `similarity` of those corners that do not go with the ground, if they are enough; else that of all.

    Parameters
    ----------
    p, q : np.ndarray
        (n, 2) float32, (x, y) in pixels, before and after.
    ground : np.ndarray
        (2, 3) float64, how the ground moves.

    Returns
    -------
    np.ndarray or None
        As `similarity`.
    """
    own = np.linalg.norm(q - (p @ ground[:, :2].T + ground[:, 2]), axis=1) > OBEY_PX if len(p) else np.zeros(0, bool)
    if own.sum() >= OWN_SHARE * len(p):
        step = similarity(p[own], q[own])
        if step is not None:
            return step
    return similarity(p, q)


def reshape(track: Track, I: np.ndarray, mask: np.ndarray) -> bool:
    """Give a thing a new mask for the present frame, if that is the same thing; its place stays.

    Parameters
    ----------
    track : Track
    I : np.ndarray
        (H, W, 3) uint8 RGB, the present frame.
    mask : np.ndarray
        (H, W) bool.

    Returns
    -------
    bool
        Whether it was taken.
    """
    now = track.mask_now()
    ratio = mask.sum() / max(1, now.sum())
    if iou(now, mask) < SAME_SHAPE or not SHAPE_AREA[0] <= ratio <= SHAPE_AREA[1]:
        return False
    found = colours(I, mask)
    if colour_distance(found, track.hue) > colour_distance(colours(I, now), track.hue) + SHAPE_COLOURS:
        return False
    track.anchor_px, track.since, track.mask, track.hue = track.place_px, np.eye(2, 3), mask, found
    return True


def come_back(track: Track, I: np.ndarray, mask: np.ndarray) -> None:
    """Go on with a thing that was gone, where it was found again in the present frame."""
    again = start_track(I, mask)
    track.mask, track.anchor_px, track.since = again.mask, again.anchor_px, again.since
    track.state, track.unseen, track.velocity_px = SEEN, 0, np.zeros(2)


def advance(
    track: Track, step: np.ndarray | None, ground: np.ndarray, after: np.ndarray, masks: list[np.ndarray], *,
    behind: bool, frames_per_s: float,
) -> None:  # fmt: skip
    """Bring a track to the frame `after` by a similarity, or on as it went where there is none, in place."""
    before = track.place_px
    since = track.since
    if step is not None:
        track.since = joined(step, since)
        now = track.mask_now()
        if now.any() and colour_distance(colours(after, now), track.hue) > OTHER_COLOURS:
            step = None  # the corners are those of something that passes in front
    if step is None:  # on as it went
        step = np.array([[1.0, 0.0, track.velocity_px[0]], [0.0, 1.0, track.velocity_px[1]]])
        track.since = joined(step, since)
        track.unseen += 1
        track.state = HIDDEN
    else:
        track.unseen, track.state = 0, SEEN
    moved = track.place_px - before
    if track.state == SEEN:
        track.velocity_px = moved if not track.velocity_px.any() else 0.7 * track.velocity_px + 0.3 * moved
        track.motion_px = float(np.linalg.norm(track.place_px - (ground[:, :2] @ before + ground[:, 2])))
        track.resting = track.resting + 1 if track.motion_px < OBEY_PX / 2 else 0
    now = track.mask_now()
    patience = (BEHIND_S if behind else UNSEEN_S) * frames_per_s
    if track.in_picture(now) < LEAST_IN_PICTURE or track.unseen > patience:
        track.state = GONE


def joined(step: np.ndarray, since: np.ndarray) -> np.ndarray:
    """The similarity `since`, (2, 3) float64, and then `step`."""
    return np.concatenate([step[:, :2] @ since[:, :2], (step[:, :2] @ since[:, 2] + step[:, 2])[:, None]], axis=1)


def _who_is_in_front(I: np.ndarray, tracks: list[Track], masks: list[np.ndarray]) -> dict[tuple[int, int], bool]:
    """For each two (j, k) that overlap, j < k, whether j is in front: whose colours are seen there?"""
    front = {}
    for k in range(len(tracks)):
        for j in range(k):
            both = masks[j] & masks[k]
            if both.any():
                seen = colours(I, both)
                front[j, k] = colour_distance(seen, tracks[j].hue) <= colour_distance(seen, tracks[k].hue)
    return front


def _not_behind(k: int, masks: list[np.ndarray], in_front: dict[tuple[int, int], bool]) -> np.ndarray:
    """The mask k without what others cover, or what is near to their border.

    What lies in front loses what it covers, too, as long as enough of it is left: colours may err, and corners there
    are of one of the two.
    """
    free, others = masks[k].copy(), masks[k].copy()
    for (j, l), first in in_front.items():
        if k in (j, l):
            apart = ~dilated(masks[l if k == j else j])
            others &= apart
            if (k == l) == first:  # the other one is in front
                free &= apart
    return others if others.sum() >= ENOUGH * masks[k].sum() else free


def corners_in(grey: np.ndarray, where: np.ndarray, count: int, *, coarse: bool = False) -> np.ndarray:
    """(n, 2) float32 corners of a grey picture within a mask."""
    import cv2

    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    if not len(rows):
        return np.zeros((0, 2), np.float32)
    top, left = rows[0], columns[0]
    part = np.s_[top : rows[-1] + 1, left : columns[-1] + 1]
    picture, inside = grey[part], where[part].astype(np.uint8)
    scale = 2 if coarse and min(picture.shape) > 100 else 1
    if scale == 2:
        picture, inside = picture[::2, ::2], inside[::2, ::2]
    apart = 12 if coarse else APART_PX
    found = cv2.goodFeaturesToTrack(
        np.ascontiguousarray(picture), count, 0.01, apart, mask=np.ascontiguousarray(inside)
    )
    if found is None:
        return np.zeros((0, 2), np.float32)
    return found.reshape(-1, 2) * scale + np.array([left, top], np.float32)


def corner_pairs(before: np.ndarray, after: np.ndarray, points: list[np.ndarray], small: list[bool]) -> list:
    """Corners of each thing, (n, 2) float32, before and after, those that are believed; two passes do for all."""
    pairs: list[tuple[np.ndarray, np.ndarray]] = [(p, p) for p in points]
    for window in (True, False):
        members = [k for k, is_small in enumerate(small) if is_small == window]
        together = np.concatenate([points[k] for k in members]) if members else np.zeros((0, 2), np.float32)
        moved, believed = _followed(before, after, together, SMALL_WINDOW_PX if window else WINDOW_PX)
        ends = np.cumsum([len(points[k]) for k in members])[:-1]
        for k, q, ok in zip(members, np.split(moved, ends), np.split(believed, ends)):
            pairs[k] = points[k][ok], q[ok]
    return pairs


def _followed(
    before: np.ndarray, after: np.ndarray, points: np.ndarray, window_px: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where points go, (n, 2) float32, and (n,) bool which are believed: back again, these are where they were."""
    import cv2

    if not len(points):
        return points, np.zeros(0, bool)
    window: dict[str, Any] = {"winSize": (window_px, window_px), "maxLevel": 3}
    start: Any = None
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, start, **window)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(after, before, moved, start, **window)
    near = np.linalg.norm(back - points, axis=1) < RETURN_PX
    return moved, found.ravel().astype(bool) & returned.ravel().astype(bool) & near


def _eroded(mask: np.ndarray) -> np.ndarray:
    import cv2

    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(bool)
    return inner if inner.sum() >= 25 else mask


def dilated(mask: np.ndarray) -> np.ndarray:
    """A mask (H, W) bool, 4 pixels wider on all sides."""
    import cv2

    return cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
