"""Clips whose truth is known: cut-outs that are moved along paths over a photo, which may be moved itself."""

import functools

import numpy as np
from PIL import Image

import see2sound_nb as s2s


@functools.cache
def ground(size=(640, 360)):
    """A photo somewhat larger than a frame, to move the camera over."""
    picture = Image.open(s2s.demo_photo()).convert("RGB")
    return np.asarray(picture.resize((size[0] * 5 // 4, size[1] * 5 // 4)))


@functools.cache
def disc(seed=0, radius=40):
    """A disc of blotches in colours of its own, (2 radius + 1, 2 radius + 1, 3) uint8, and its mask."""
    rng = np.random.default_rng(seed)
    side = 2 * radius + 1
    hue = rng.uniform(60, 255, 3)
    blotches = rng.normal(0, 1, (side // 6 + 1, side // 6 + 1, 1))
    texture = np.asarray(Image.fromarray(blotches[..., 0].astype(np.float32)).resize((side, side), Image.BICUBIC))
    picture = np.clip(hue + 50 * texture[..., None], 0, 255).astype(np.uint8)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return picture, x**2 + y**2 <= radius**2


def paint(I, thing, mask, place_px):
    """Put a thing into a frame, its middle at (x, y), to a fraction of a pixel; what is outside is cut off."""
    import cv2

    radius = thing.shape[0] // 2
    shift = np.array([[1, 0, place_px[0] - radius], [0, 1, place_px[1] - radius]], np.float64)
    size = I.shape[1::-1]
    cover = cv2.warpAffine(mask.astype(np.float32), shift, size)[..., None]
    return np.round(I * (1 - cover) + cv2.warpAffine(thing, shift, size).astype(np.float32) * cover).astype(np.uint8)


def camera(frames, pan_px=0.0, zoom=1.0, size=(640, 360)):
    """The ground as a camera sees it that moves `pan_px` to the right a frame, and zooms by `zoom` in all."""
    import cv2

    whole = ground(size)
    margin = (np.array(whole.shape[1::-1]) - size) / 2
    for k in range(frames):
        scale = zoom ** (k / max(1, frames - 1))
        middle = np.array(whole.shape[1::-1]) / 2 + [pan_px * (k - frames / 2), 0]
        matrix = np.array([[scale, 0, size[0] / 2 - scale * middle[0]], [0, scale, size[1] / 2 - scale * middle[1]]])
        assert (margin >= 0).all()
        yield cv2.warpAffine(whole, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def clip_of(paths_px, frames, *, pan_px=0.0, zoom=1.0, radius=40, size=(640, 360), noise=0.0):
    """Frames (F, H, W, 3) uint8 in which discs move; the last path is the one in front. And their masks in frame 0."""
    things = [disc(k, radius) for k in range(len(paths_px))]
    pictures = []
    for k, I in enumerate(camera(frames, pan_px, zoom, size)):
        for (thing, mask), path in zip(things, paths_px):
            I = paint(I, thing, mask, path[k])
        if noise:
            I = np.clip(I + np.random.default_rng(k).normal(0, noise, I.shape), 0, 255).astype(np.uint8)
        pictures.append(I)
    return np.stack(pictures), np.stack([disc_mask(path[0], radius, size) for path in paths_px])


def disc_mask(place_px, radius=40, size=(640, 360)):
    """Where a disc is, (H, W) bool."""
    y, x = np.mgrid[: size[1], : size[0]]
    return (x - place_px[0]) ** 2 + (y - place_px[1]) ** 2 <= radius**2


def azimuths_deg(path_px, width=640, fov_deg=60.0):
    """Azimuth of pixels in front of a camera, positive to the left."""
    focal = width / 2 / np.tan(np.radians(fov_deg / 2))
    return np.degrees(np.arctan2((width - 1) / 2 - np.asarray(path_px)[:, 0], focal))
