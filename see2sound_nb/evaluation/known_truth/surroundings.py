"""What stands around the cut-outs: floor, walls or a far backdrop, seen by a pinhole camera.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from see2sound_nb.places.lifting import lift

#: Each pixel is the mean of so many squared rays.
_RAYS = 2
#: How brightly the planes are lit: floor, ceiling, side walls, front.
_LIGHT = (0.95, 1.0, 0.8, 0.9)


#: A picture (h, w, 3) uint8, and the width in metres after which it repeats; None for a backdrop, which does not.
Surface = tuple[np.ndarray, "float | None"]
#: Where the planes are in metres, listener's frame: left, right, front, floor and ceiling.
Box = tuple[float, float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Camera:
    """A pinhole camera at the origin of the listener's frame, looking along +y.

    Attributes
    ----------
    fov_deg : float
        Horizontal field of view in degrees.
    size_px : tuple of int
        (width, height) in pixels.
    """

    fov_deg: float
    size_px: tuple[int, int] = (1024, 768)

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return 0.5 * self.size_px[0] / math.tan(math.radians(self.fov_deg) / 2)

    def project(self, points_m: np.ndarray) -> np.ndarray:
        """Pixels (n, 2), (x, y) with y down, of points (n, 3) in metres, listener's frame: `lifting.lift` turned round.

        Raises
        ------
        ValueError
            If a point is not in front of the camera.
        """
        x, y, z = np.asarray(points_m, dtype=np.float64).reshape(-1, 3).T
        if not (y > 0).all():
            raise ValueError(f"a point at y = {y.min():g} m is not in front of the camera; y must be positive")
        width, height = self.size_px
        return np.stack([(width - 1) / 2 + self.focal_px * x / y, (height - 1) / 2 - self.focal_px * z / y], axis=1)

    def rays(self) -> np.ndarray:
        """(H, W, 3) float64: what is seen at 1 m depth, for each pixel; y is 1 everywhere."""
        width, height = self.size_px
        across, down = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
        pixels = np.stack([across.ravel(), down.ravel()], axis=1)
        return lift(pixels, np.ones(len(pixels)), self.size_px, fov_deg=self.fov_deg).reshape(height, width, 3)


def depth_of_box(rays: np.ndarray, box_m: Box) -> np.ndarray:
    """Depth (H, W) in metres of the planes that rays (H, W, 3), as of `Camera.rays`, meet first."""
    return np.min(_depths(rays, box_m), axis=0)


def _depths(rays: np.ndarray, box_m: Box) -> np.ndarray:
    """(4, H, W): where each ray meets floor, ceiling, the side wall that it goes to, and front; infinite where not."""
    left, right, front, floor, ceiling = box_m
    x, z = rays[..., 0], rays[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        down = np.where(z < 0, floor / z, np.inf)
        up = np.where(z > 0, ceiling / z, np.inf)
        side = np.where(x < 0, left / x, np.where(x > 0, right / x, np.inf))
    return np.stack([down, up, side, np.full_like(x, front)])


def surroundings(camera: Camera, floor: Surface, behind: Surface, box_m: Box, shadows: np.ndarray) -> np.ndarray:
    """What is seen of the planes.

    Parameters
    ----------
    camera : Camera
    floor, behind : tuple
        `Surface` of the floor, and of the walls or of a backdrop, which fills the front from the floor up.
    box_m : tuple of float
        `Box`: where the planes are.
    shadows : np.ndarray
        (n, 4) float, of each thing the middle of its lower edge, x, y, z, and its width, metres, listener's frame.

    Returns
    -------
    np.ndarray
        (H, W, 3) float64, 0 to 255.
    """
    fine = Camera(camera.fov_deg, (camera.size_px[0] * _RAYS, camera.size_px[1] * _RAYS))
    rays = fine.rays()
    depths = _depths(rays, box_m)
    which, depth = np.argmin(depths, axis=0), np.min(depths, axis=0)
    points = rays * depth[..., None]
    footprint = depth**2 / (fine.focal_px * -box_m[3])  # metres of floor that a ray stands for, along the floor
    colours = np.empty_like(points)
    on_floor = which == 0
    colours[on_floor] = _texture(floor, points[on_floor][:, [0, 1]], footprint[on_floor])
    colours[on_floor] *= _shade(points[on_floor], shadows)[:, None]
    colours[which == 1] = 225.0
    sideways, ahead = points[which == 2], points[which == 3]
    thickness = depth / fine.focal_px
    if behind[1] is None:
        colours[which == 3] = _backdrop(behind[0], ahead, box_m, rays)
        colours[which == 2] = 128.0  # the sides of an open scene are as far as can be and not seen
    else:
        colours[which == 2] = _texture(behind, sideways[:, [1, 2]], thickness[which == 2])
        colours[which == 3] = _texture(behind, ahead[:, [0, 2]], thickness[which == 3])
    light = np.array(_LIGHT) if behind[1] is not None else np.ones(4)
    colours *= light[which][..., None]
    height, width = camera.size_px[1], camera.size_px[0]
    return colours.reshape(height, _RAYS, width, _RAYS, 3).mean(axis=(1, 3))


def _texture(surface: Surface, places_m: np.ndarray, footprint_m: np.ndarray) -> np.ndarray:
    """Colours (n, 3) of a texture that repeats mirrored, at places (n, 2); the mean where it is too fine for a ray."""
    import cv2

    picture, width_m = surface
    rows, columns = picture.shape[:2]
    assert width_m is not None
    scale = columns / width_m
    at = [_mirrored(places_m[:, 0] * scale, columns), _mirrored(-places_m[:, 1] * scale, rows)]
    limit = 30000  # cv2.remap takes no more in one direction
    maps = [np.pad(m, (0, -len(m) % limit)).astype(np.float32).reshape(-1, limit) for m in at]
    sampled = np.concatenate(
        [cv2.remap(picture, across[None], down[None], cv2.INTER_LINEAR)[0] for across, down in zip(*maps)]
    )[: len(places_m)].astype(np.float64)
    blur = np.clip((footprint_m * scale - 2) / 14, 0, 1)[:, None]  # two texels are seen, sixteen are not
    return sampled * (1 - blur) + picture.reshape(-1, 3).mean(axis=0) * blur


def _mirrored(position: np.ndarray, size: int) -> np.ndarray:
    """Positions folded into 0 to size - 1, forth and back."""
    turn = np.mod(position, 2 * (size - 1))
    return np.minimum(turn, 2 * (size - 1) - turn)


def _backdrop(picture: np.ndarray, points: np.ndarray, box_m, rays: np.ndarray) -> np.ndarray:
    """Colours (n, 3) of one picture that fills the front plane from the floor up, stretched over what is seen of it."""
    import cv2

    rows, columns = picture.shape[:2]
    half, top = np.abs(rays[..., 0]).max() * box_m[2], rays[..., 2].max() * box_m[2]
    # fitted to the width or the height, whichever needs more, and centred
    scale = min((columns - 1) / (2 * half), (rows - 1) / (top - box_m[3]))
    across = ((columns - 1) / 2 + points[:, 0] * scale).astype(np.float32)
    down = (rows - 1 - (points[:, 2] - box_m[3]) * scale).astype(np.float32)
    out = [
        cv2.remap(picture, a[None], d[None], cv2.INTER_CUBIC)[0]
        for a, d in zip(np.array_split(across, len(across) // 30000 + 1), np.array_split(down, len(down) // 30000 + 1))
    ]
    return np.concatenate(out).astype(np.float64)


def _shade(points: np.ndarray, shadows: np.ndarray) -> np.ndarray:
    """(n,) how light the floor is at points (n, 3): darker where a thing stands."""
    light = np.ones(len(points))
    for x, y, z, width in shadows:
        stands = (np.abs(points[:, 2] - z) < 0.05).astype(float)
        near = ((points[:, 0] - x) / (0.5 * width)) ** 2 + ((points[:, 1] - y) / 0.3) ** 2
        light *= 1 - 0.5 * stands * np.exp(-near)
    return light
