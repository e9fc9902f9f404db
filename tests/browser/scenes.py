"""Scenes of three sources with known places and sounds, made without any model: a photo, and a clip."""

import dataclasses
import pathlib

import numpy as np
from media.clips_made import film, numbered

import see2sound_nb as s2s
from see2sound_nb.moving.moving_scene import Shot

RATE = 16000


def three_sources(max_order=17, ambience=False):
    """Three loops of noise; sources on the left, in front and on the right; on request noise all around."""
    rng = np.random.default_rng(0)
    image = s2s.read_image(s2s.demo_photo())
    height, width = image.shape[:2]
    masks = np.zeros((3, height, width), dtype=bool)
    for k, mask in enumerate(masks):
        mask[height // 3 : height // 2, (3 * k + 1) * width // 9 : (3 * k + 2) * width // 9] = True
    outlines = s2s.contours_from_masks(masks)
    boxes = s2s.boxes_from_contours(outlines)
    positions_m = np.array([[-1.5, 1.5, 0.0], [0.2, 2.5, 0.3], [1.5, 1.5, -0.4]])
    spectrum = rng.normal(size=(3, 16001)) + 1j * rng.normal(size=(3, 16001))
    frequency_hz = np.arange(16001) / 2
    for sound, (low, high) in zip(spectrum, [(80, 6000), (300, 3000), (150, 5000)]):
        sound[(frequency_hz < low) | (frequency_hz > high)] = 0
    audio = np.fft.irfft(spectrum)
    audio = (audio * 10 ** (-23 / 20) / audio.std(axis=1, keepdims=True)).astype(np.float32)
    around = np.roll(audio.sum(axis=0), RATE // 3)
    return s2s.Scene(
        image, masks, outlines, s2s.polygons_from_contours(outlines), boxes, s2s.patches_from_boxes(image, boxes),
        [{"label": name, "caption": f"a {name}", "sounds": 1.0} for name in ("dog", "fountain", "engine")],
        np.ones((height, width), dtype=np.float32), positions_m, audio, RATE,
        s2s.room_around(positions_m, absorption=0.4, max_order=max_order), "metric", "tiny", 0,
        ambience=s2s.Ambience("surf", "sea", "waves on a beach", 0.6, around) if ambience else None,
    )  # fmt: skip


def only_ambience():
    """A scene without any source."""
    scene = three_sources(max_order=3, ambience=True)
    nothing = np.zeros(0, dtype=int)
    return dataclasses.replace(
        scene, masks=scene.masks[nothing], contours=[], polygons=[], boxes=scene.boxes[nothing], patches=[], labels=[],
        positions_m=scene.positions_m[nothing], audio=scene.audio[nothing], room=s2s.room_around(np.zeros((0, 3))),
    )  # fmt: skip


#: Of the moving scene: size of the picture, frames in a second, the first frame after the cut, and how many frames.
CLIP_SIZE, CLIP_RATE, CLIP_CUT, CLIP_FRAMES = (320, 180), 12, 36, 60


def moving_scene(folder, frames=CLIP_FRAMES, cut=CLIP_CUT, max_order=6, codec="libvpx-vp9"):
    """A clip of numbered frames with two shots: two sources, of which one goes from left to right; then one that rests.

    The place of the first source tells the frame: it is at x = -1.5 m + 0.05 m a frame.
    """
    path = film(
        pathlib.Path(folder) / "numbered.webm", frames, rate=CLIP_RATE, size=CLIP_SIZE, codec=codec,
        options={"deadline": "realtime", "cpu-used": "8", "b": "400k"},
    )  # fmt: skip
    clip = s2s.open_clip(path)
    still = three_sources(max_order=max_order, ambience=True)

    def shot(first, last, sources, ambience):
        start_s, end_s = first / CLIP_RATE, (last + 1) / CLIP_RATE
        times_s = np.arange(first, last + 1) / CLIP_RATE - start_s
        F = len(times_s)
        paths_m = np.repeat(still.positions_m[None, sources], F, axis=0)
        places_px = np.tile([240.0, 60.0], (F, len(sources), 1))
        if 0 in sources:
            paths_m[:, 0, 0] = -1.5 + 0.05 * np.arange(F)
            places_px[:, 0] = np.stack([40 + 6 * np.arange(F), np.full(F, 50)], axis=1)
            places_px[:, 1] = np.nan  # the second one is never seen
        key = dataclasses.replace(
            still, image=numbered(first, CLIP_SIZE), masks=np.zeros((len(sources), *CLIP_SIZE[::-1]), dtype=bool),
            contours=[still.contours[k] for k in sources], polygons=[still.polygons[k] for k in sources],
            boxes=np.tile([20, 60, 30, 70], (len(sources), 1)), patches=[still.patches[k] for k in sources],
            labels=[still.labels[k] for k in sources], depth=np.ones(CLIP_SIZE[::-1], dtype=np.float32),
            positions_m=paths_m[0], audio=still.audio[sources], ambience=ambience,
        )  # fmt: skip
        return Shot(first, last, start_s, end_s, first, key, times_s, paths_m, np.ones((F, len(sources))), places_px)

    street = dataclasses.replace(still.ambience, kind="car", label="street", audio=still.ambience.audio[::-1])
    shots = [shot(0, cut - 1, [0, 1], still.ambience), shot(cut, frames - 1, [2], street)]
    return s2s.MovingScene(clip, shots, still.room, "tiny", 0)
