"""A photo with known geometry: floor, walls or a far backdrop, and cut-outs that stand in it at known places.

A pinhole camera stands at the listener's ears and looks ahead. All of a picture follows from planes: the floor, the
walls of a box (or a backdrop far away), and one upright plane, parallel to the picture, for each cut-out. So the depth
of every pixel is known exactly, and so is the size of every cut-out.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from see2sound_nb.evaluation.known_truth.surroundings import Box, Camera, Surface, depth_of_box, surroundings

#: Where a cut-out is at least this opaque, a pixel belongs to it.
SOLID = 0.5


@dataclasses.dataclass(frozen=True, eq=False)
class Cutout:
    """A photographed thing that stands upright and parallel to the picture.

    Attributes
    ----------
    picture : np.ndarray
        (h, w, 4) uint8 RGBA, as high and wide as the thing itself.
    foot_m : np.ndarray
        (3,) float64, the middle of its lower edge in metres, listener's frame.
    height_m : float
        In metres; its width follows.
    """

    picture: np.ndarray
    foot_m: np.ndarray
    height_m: float

    @property
    def width_m(self) -> float:
        """In metres."""
        return self.height_m * self.picture.shape[1] / self.picture.shape[0]

    def corners_m(self) -> np.ndarray:
        """(2, 3) float64, the upper left and lower right corner in metres, listener's frame."""
        half, up = self.width_m / 2, self.height_m
        return self.foot_m + np.array([[-half, 0.0, up], [half, 0.0, 0.0]])


def cut_out(rgba: np.ndarray) -> np.ndarray:
    """A picture (h, w, 4) uint8 RGBA without its transparent margins.

    Raises
    ------
    ValueError
        If all of it is transparent.
    """
    solid = rgba[..., 3] >= 255 * SOLID
    if not solid.any():
        raise ValueError("the cut-out is transparent everywhere; take a picture with an alpha channel")
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    return rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def place_of(
    picture: np.ndarray,
    height_m: float,
    centre: tuple[float, float],
    azimuth_deg: float,
    distance_m: float,
    base_m: float,
) -> tuple[Cutout, np.ndarray]:
    """Stand a cut-out so that where it sounds lies at an azimuth and a distance.

    Parameters
    ----------
    picture : np.ndarray
        (h, w, 4) uint8 RGBA, without margins.
    height_m : float
        Height of the thing in metres.
    centre : tuple of float
        Where it sounds, as shares of its width from the left and of its height from the top.
    azimuth_deg : float
        In degrees, positive to the left.
    distance_m : float
        From the listener, along the floor, in metres.
    base_m : float
        Height of its lower edge in metres, listener's frame: minus the height of the ears for what stands.

    Returns
    -------
    cutout : Cutout
    position_m : np.ndarray
        (3,) float64, where it sounds, in metres, listener's frame.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    angle = math.radians(azimuth_deg)
    position = np.array(
        [-distance_m * math.sin(angle), distance_m * math.cos(angle), base_m + (1 - centre[1]) * height_m]
    )
    width_m = height_m * picture.shape[1] / picture.shape[0]
    foot = np.array([position[0] + (0.5 - centre[0]) * width_m, position[1], base_m])
    return Cutout(picture, foot, height_m), position


def compose(
    camera: Camera,
    cutouts: list[Cutout],
    *,
    floor: Surface,
    behind: Surface,
    box_m: Box,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The photo, the cut-outs' masks, and the depth.

    Parameters
    ----------
    camera : Camera
    cutouts : list of Cutout
        N of them; the nearer hides the farther.
    floor, behind, box_m
        As in `surroundings.surroundings`.

    Returns
    -------
    photo : np.ndarray
        (H, W, 3) uint8 RGB.
    masks : np.ndarray
        (N, H, W) float32, how much of each pixel is the cut-out's, 0 to 1.
    depth_m : np.ndarray
        (H, W) float32, metres along the optical axis.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    shadows = np.array([[*cutout.foot_m, cutout.width_m] for cutout in cutouts]).reshape(-1, 4)
    photo, depth = surroundings(camera, floor, behind, box_m, shadows), depth_of_box(camera.rays(), box_m)
    masks = np.zeros((len(cutouts), *depth.shape), dtype=np.float32)
    for k in sorted(range(len(cutouts)), key=lambda k: -cutouts[k].foot_m[1]):
        colour, alpha = _placed(camera, cutouts[k])
        photo = photo * (1 - alpha[..., None]) + colour
        masks *= 1 - alpha
        masks[k] = alpha
        depth = np.where(alpha >= SOLID, cutouts[k].foot_m[1], depth)
    return np.clip(np.round(photo), 0, 255).astype(np.uint8), masks, depth.astype(np.float32)


def _placed(camera: Camera, cutout: Cutout) -> tuple[np.ndarray, np.ndarray]:
    """A cut-out in the picture: its light (H, W, 3), 0 to 255, and its share of each pixel (H, W), 0 to 1."""
    import cv2

    (left, top), (right, bottom) = camera.project(cutout.corners_m())
    across, down = right - left, bottom - top
    alpha = cutout.picture[..., 3:].astype(np.float32) / 255
    light = np.concatenate([cutout.picture[..., :3].astype(np.float32) * alpha, alpha], axis=2)
    size = max(1, round(across)), max(1, round(down))
    shrinks = size[0] < light.shape[1]
    light = cv2.resize(light, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    # pixels are counted from their centres: the cut-out's first lies half a pixel inside its edge
    sx, sy = across / size[0], down / size[1]
    shift = np.array([[sx, 0, left + 0.5 * sx], [0, sy, top + 0.5 * sy]])
    placed = cv2.warpAffine(light, shift, camera.size_px, flags=cv2.INTER_LINEAR)
    return placed[..., :3].astype(np.float64), np.clip(placed[..., 3].astype(np.float64), 0, 1)
