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

from see2sound_nb.places.lifting import lift

#: Where a cut-out is at least this opaque, a pixel belongs to it.
SOLID = 0.5
#: Each pixel is the mean of so many squared rays.
_RAYS = 2
#: How brightly the planes are lit: floor, ceiling, side walls, front.
_LIGHT = (0.95, 1.0, 0.8, 0.9)


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
    floor: tuple[np.ndarray, float],
    behind: tuple[np.ndarray, float | None],
    box_m: tuple[float, float, float, float, float],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The photo, the cut-outs' masks, and the depth.

    Parameters
    ----------
    camera : Camera
    cutouts : list of Cutout
        N of them; the nearer hides the farther.
    floor : tuple
        A texture (h, w, 3) uint8 and the width in metres after which it repeats.
    behind : tuple
        The same of the walls; with None for the width, one picture that fills the front from the floor to as high as
        is seen (a backdrop).
    box_m : tuple of float
        Where the planes are in metres, listener's frame: left, right, front, floor and ceiling.

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
    photo = _surroundings(camera, floor, behind, box_m, cutouts)
    depth = _depth_of_box(camera.rays(), box_m)
    masks = np.zeros((len(cutouts), *depth.shape), dtype=np.float32)
    for k in sorted(range(len(cutouts)), key=lambda k: -cutouts[k].foot_m[1]):
        colour, alpha = _placed(camera, cutouts[k])
        photo = photo * (1 - alpha[..., None]) + colour
        masks *= 1 - alpha
        masks[k] = alpha
        depth = np.where(alpha >= SOLID, cutouts[k].foot_m[1], depth)
    return np.clip(np.round(photo), 0, 255).astype(np.uint8), masks, depth.astype(np.float32)


def _depth_of_box(rays: np.ndarray, box_m: tuple[float, float, float, float, float]) -> np.ndarray:
    return np.min(_depths(rays, box_m), axis=0)


def _depths(rays: np.ndarray, box_m: tuple[float, float, float, float, float]) -> np.ndarray:
    """(4, H, W): where each ray meets floor, ceiling, the side wall that it goes to, and front; infinite where not."""
    left, right, front, floor, ceiling = box_m
    x, z = rays[..., 0], rays[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        down = np.where(z < 0, floor / z, np.inf)
        up = np.where(z > 0, ceiling / z, np.inf)
        side = np.where(x < 0, left / x, np.where(x > 0, right / x, np.inf))
    return np.stack([down, up, side, np.full_like(x, front)])


def _surroundings(camera, floor, behind, box_m, cutouts) -> np.ndarray:
    """(H, W, 3) float64: floor, walls and what the cut-outs shade, without the cut-outs."""
    fine = Camera(camera.fov_deg, (camera.size_px[0] * _RAYS, camera.size_px[1] * _RAYS))
    rays = fine.rays()
    depths = _depths(rays, box_m)
    which, depth = np.argmin(depths, axis=0), np.min(depths, axis=0)
    points = rays * depth[..., None]
    footprint = depth**2 / (fine.focal_px * -box_m[3])  # metres of floor that a ray stands for, along the floor
    colours = np.empty_like(points)
    on_floor = which == 0
    colours[on_floor] = _texture(floor, points[on_floor][:, [0, 1]], footprint[on_floor])
    colours[on_floor] *= _shade(points[on_floor], cutouts)[:, None]
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


def _texture(surface: tuple[np.ndarray, float], places_m: np.ndarray, footprint_m: np.ndarray) -> np.ndarray:
    """Colours (n, 3) of a texture that repeats mirrored, at places (n, 2); what a ray cannot resolve becomes the mean."""
    import cv2

    picture, width_m = surface
    rows, columns = picture.shape[:2]
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


def _shade(points: np.ndarray, cutouts: list[Cutout]) -> np.ndarray:
    """(n,) how light the floor is at points (n, 3): darker where a thing stands."""
    light = np.ones(len(points))
    for cutout in cutouts:
        x, y, z = cutout.foot_m
        stands = (np.abs(points[:, 2] - z) < 0.05).astype(float)
        near = ((points[:, 0] - x) / (0.5 * cutout.width_m)) ** 2 + ((points[:, 1] - y) / 0.3) ** 2
        light *= 1 - 0.5 * stands * np.exp(-near)
    return light


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
