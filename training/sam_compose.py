"""Compose the tiny SAM's training scenes from partitions, fills, cut-outs and photos; see `sam_scenes`."""

from __future__ import annotations

import cv2
import numpy as np
from sam_scenes import UNLABELLED, crop, fill, noise, partition


class Scene:
    """A picture under construction with its part and object labels."""

    def __init__(self, rng, photos, shape):
        self.rng, self.photos, self.shape = rng, photos, shape
        self.parts = np.zeros(shape, np.uint8)
        self.objects = np.zeros(shape, np.uint8)
        self.next = 1
        if rng.random() < 0.25:  # a real photo as it is, unlabelled
            self.picture = crop(rng, photos[rng.integers(len(photos))], shape, smallest=250)
        else:
            self.picture = np.zeros((*shape, 3), np.float32)
            regions = partition(rng, shape)
            for region in np.unique(regions):
                self.add((regions == region).astype(np.float32), fill(rng, photos, shape), split=0.25)

    def add(self, alpha, texture, split: float = 0.0):
        """Lay `texture` over the picture where `alpha` says; with probability `split` as two parts."""
        if self.next > 250 or alpha.max() < 0.5:
            return
        rng, solid = self.rng, alpha > 0.5
        self.objects[solid] = self.parts[solid] = self.next
        if rng.random() < split:
            second = solid & (noise(rng, self.shape, rng.integers(1, 4), 4, 0.4) > rng.uniform(0.35, 0.65))
            shade = rng.uniform(0.5, 1.5) if rng.random() < 0.6 else None
            other = texture * shade + rng.normal(0, 10, 3) if shade else fill(rng, self.photos, self.shape)
            texture = np.where(second[..., None], other, texture)
            self.parts[second] = self.next + 1
        if rng.random() < 0.4:  # its own light
            texture = texture * (0.6 + 0.8 * noise(rng, self.shape, 1, 2))[..., None]
        self.picture += alpha[..., None] * (np.clip(texture, 0, 255) - self.picture)
        self.next += 2

    def shadow(self, alpha):
        """Darken the ground beside an object without labelling it."""
        shift = self.rng.integers(-20, 21, 2)
        soft = cv2.GaussianBlur(np.roll(alpha, shift, (0, 1)), (0, 0), self.rng.uniform(3, 12))
        self.picture *= 1 - self.rng.uniform(0.2, 0.6) * soft[..., None]

    def stamp(self, stamps):
        """Paste one to four copies of a photographed cut-out."""
        rng = self.rng
        stamp = stamps[rng.integers(len(stamps))].astype(np.float32)
        size = np.exp(rng.uniform(np.log(50), np.log(330)))
        gain, bias = rng.uniform(0.6, 1.3), rng.normal(0, 12, 3)
        for _ in range(1 if size > 120 or rng.random() < 0.7 else rng.integers(2, 5)):
            layer = self._placed(stamp, size * rng.uniform(0.8, 1.2) / max(stamp.shape))
            alpha = np.clip(layer[..., 3] / 255, 0, 1)
            if rng.random() < 0.4:
                self.shadow(alpha)
            self.add(alpha, layer[..., :3] * gain + bias)

    def _placed(self, stamp, scale):
        rng, (height, width) = self.rng, self.shape
        stamp = stamp[:, ::-1] if rng.random() < 0.5 else stamp
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        stamp = cv2.resize(stamp, None, fx=scale, fy=scale, interpolation=how)
        h, w = stamp.shape[:2]
        turn = cv2.getRotationMatrix2D((w / 2, h / 2), rng.normal(0, 12), 1.0)
        turn[:, 2] += rng.uniform(0.1, 0.9) * width - w / 2, rng.uniform(0.1, 0.9) * height - h / 2
        return cv2.warpAffine(stamp, turn, (width, height), flags=cv2.INTER_LINEAR)

    def blob(self):
        """A star-shaped, warped or straight-sided patch, often of two parts."""
        rng, (height, width) = self.rng, self.shape
        angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 30)))
        if rng.random() < 0.5:
            angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        wobble = np.convolve(np.tile(rng.random(len(angles)), 3), np.ones(5) / 5, "same")[len(angles) : 2 * len(angles)]
        radius = np.exp(rng.uniform(np.log(18), np.log(150))) * (0.5 + wobble)
        centre = rng.uniform(0.05, 0.95, 2) * (width, height)
        stretch = np.exp(rng.normal(0, 0.4))
        outline = np.stack([np.cos(angles) * radius * stretch, np.sin(angles) * radius / stretch], 1) + centre
        alpha = np.zeros(self.shape, np.float32)
        cv2.fillPoly(alpha, [outline.astype(np.int32)], 1.0, lineType=cv2.LINE_AA)
        if rng.random() < 0.3:
            self.shadow(alpha)
        self.add(alpha, fill(rng, self.photos, self.shape), split=0.5)

    def stroke(self):
        """A thick curved line: trunk, pole, path."""
        rng, (height, width) = self.rng, self.shape
        t = np.linspace(0, 1, 30)[:, None]
        a, b, c = rng.uniform(-0.1, 1.1, (3, 2)) * (width, height)
        curve = (1 - t) ** 2 * a + 2 * t * (1 - t) * (b + 2 * a + 2 * c) / 5 + t**2 * c
        alpha = np.zeros(self.shape, np.float32)
        cv2.polylines(alpha, [curve.astype(np.int32)], False, 1.0, int(rng.integers(5, 45)), cv2.LINE_AA)
        self.add(np.clip(alpha, 0, 1), fill(rng, self.photos, self.shape))

    def groups(self) -> np.ndarray:
        """Objects merged with the object of the most similar mean colour, where one is near enough."""
        names = [n for n in np.unique(self.objects) if n]
        means = {n: self.picture[self.objects == n].mean(0) for n in names}
        merged = self.objects.copy()
        for n in names:
            others = sorted((np.abs(means[n] - means[m]).max(), m) for m in names if m != n)
            if others and others[0][0] < 25:
                merged[merged == n] = merged[self.objects == others[0][1]][0]
        return merged


def make_scene(rng: np.random.Generator, photos, stamps, shape) -> tuple[np.ndarray, np.ndarray]:
    """Compose one scene.

    Parameters
    ----------
    rng : numpy.random.Generator
    photos, stamps : list of numpy.ndarray
        As from `sam_scenes.load_photos` and `sam_scenes.load_stamps`.
    shape : (int, int)
        Height and width, px.

    Returns
    -------
    picture : (H, W, 3) uint8 RGB
    labels : (3, H, W) uint8
        Parts, objects, groups; `UNLABELLED` where nothing is known.
    """
    if rng.random() < 0.2:
        return photo_scene(rng, photos, shape)
    scene = Scene(rng, photos, shape)
    if rng.random() < 0.3:  # the background out of focus
        scene.picture = cv2.GaussianBlur(scene.picture, (0, 0), rng.uniform(0.7, 4))
    for _ in range(rng.integers(0, 6)):
        kind = rng.random()
        if kind < 0.6:
            scene.stamp(stamps)
        elif kind < 0.85:
            scene.blob()
        else:
            scene.stroke()
    labels = np.stack([scene.parts, scene.objects, scene.groups()])
    return finish(rng, scene.picture), labels


def photo_scene(rng, photos, shape):
    """A crop of a photo with felzenszwalb's regions at three scales."""
    from skimage.segmentation import felzenszwalb

    picture = finish(rng, crop(rng, photos[rng.integers(len(photos))], shape, smallest=200))
    small = cv2.resize(picture, (shape[1] // 2, shape[0] // 2), interpolation=cv2.INTER_AREA)
    labels = []
    for scale in rng.uniform(0.7, 1.4) * np.array([60, 180, 540]):
        regions = felzenszwalb(small, scale=scale, sigma=0.6, min_size=int(scale / 2)) + 1
        regions = np.where(regions < 255, regions, UNLABELLED).astype(np.uint8)
        labels.append(cv2.resize(regions, shape[::-1], interpolation=cv2.INTER_NEAREST))
    return picture, np.stack(labels)


def finish(rng, picture) -> np.ndarray:
    """What a camera adds: common light, colour cast, blur, noise, compression; (H, W, 3) uint8."""
    shape = picture.shape[:2]
    if rng.random() < 0.5:
        picture = picture * (0.6 + 0.8 * noise(rng, shape, 1, 2))[..., None]
    picture = np.clip(picture / 255, 0, 1) ** np.exp(rng.normal(0, 0.2)) * 255 * np.exp(rng.normal(0, 0.06, 3))
    if rng.random() < 0.05:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, 2)
    picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), rng.uniform(0.3, 1.0))
    picture = picture + rng.standard_normal(picture.shape, np.float32) * abs(rng.normal(0, 5))
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
        picture = cv2.imdecode(cv2.imencode(".jpg", picture[..., ::-1], quality)[1], cv2.IMREAD_COLOR)[..., ::-1]
    return np.ascontiguousarray(picture)
