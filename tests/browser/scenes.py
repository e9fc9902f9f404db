"""A scene of three sources with known places and sounds, made without any model."""

import dataclasses

import numpy as np

import see2sound_nb as s2s

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
