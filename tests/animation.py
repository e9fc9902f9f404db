"""The small animation of the README: a clip whose guitar moves, and beside it the plan in which it is heard.

``python tests/animation.py`` makes it anew.
"""

from __future__ import annotations

import pathlib

import cv2
import numpy as np
from PIL import Image

import see2sound_nb as s2s
from see2sound_nb.regions.clicks import ClickPredictor
from see2sound_nb.regions.tracking import middle_of

PICTURE = pathlib.Path(__file__).parents[1] / "notebooks" / "moving_pictures.gif"
FRAMES, RATE = 40, 20
#: Every second frame is shown, so wide in pixels, the picture and the plan together.
WIDTH = 256


def clip() -> np.ndarray:
    """(F, H, W, 3) uint8: the demo photo, over which its guitar moves from the right to the left."""
    photo = np.ascontiguousarray(s2s.read_image(s2s.demo_photo())[::2, ::2])
    model, _ = s2s.load_sam("tiny-sam")
    clicks = np.array([[370, 330], [390, 230], [330, 320], [310, 200]])
    guitar, _ = ClickPredictor(photo, model).mask_at(clicks, np.ones(4, bool))
    hole = cv2.dilate(guitar.astype(np.uint8), np.ones((9, 9)))
    ground, size = cv2.inpaint(photo, hole, 5, cv2.INPAINT_TELEA), photo.shape[1::-1]
    frames = []
    for along in np.linspace(0, 1, FRAMES):
        dx, dy = [420 - 330 * along, 270 - 30 * np.sin(np.pi * along)] - middle_of(guitar)
        shift = np.array([[1, 0, dx], [0, 1, dy]])
        cover = cv2.warpAffine(guitar.astype(np.float32), shift, size)[..., None]
        frames.append(np.round(ground * (1 - cover) + cv2.warpAffine(photo, shift, size) * cover).astype(np.uint8))
    return np.stack(frames)


def pictures(frames: np.ndarray, scene: s2s.MovingScene) -> list[np.ndarray]:
    """Every second frame with the source in it, beside the plan with the source where it is heard."""
    (shot,) = scene.shots
    path, name = shot.paths_m[:, 0], shot.key.labels[0]["label"]
    height = WIDTH * frames.shape[1] // frames.shape[2]
    shown = []
    for k in range(0, len(frames), 2):
        I = cv2.resize(frames[k], (WIDTH, height), interpolation=cv2.INTER_AREA)
        x, y = shot.places_px[k, 0] * WIDTH / frames.shape[2]
        cv2.circle(I, (round(x), round(y)), 7, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(I, (round(x), round(y)), 5, (213, 94, 0), -1, cv2.LINE_AA)
        at = np.array([np.interp(k / RATE, shot.times_s, column) for column in path.T])
        shown.append(np.concatenate([I, plan(path, at, name, height)], axis=1))
    return shown


def plan(path_m: np.ndarray, at_m: np.ndarray, name: str, side: int) -> np.ndarray:
    """The plan from above, (side, side, 3) uint8: the listener, the path, and where the source is."""
    picture = np.full((side, side, 3), 250, np.uint8)
    scale = 0.22 * side

    def pixel(place: np.ndarray) -> tuple[int, int]:
        return round(side / 2 + scale * place[0]), round(0.85 * side - scale * place[1])

    ear = pixel(np.zeros(3))
    cv2.circle(picture, ear, 9, (60, 60, 60), 2, cv2.LINE_AA)
    cv2.line(picture, (ear[0], ear[1] - 9), (ear[0], ear[1] - 15), (60, 60, 60), 2, cv2.LINE_AA)
    cv2.polylines(picture, [np.array([pixel(place) for place in path_m])], False, (213, 94, 0), 1, cv2.LINE_AA)
    cv2.line(picture, ear, pixel(at_m), (170, 170, 170), 1, cv2.LINE_AA)
    cv2.circle(picture, pixel(at_m), 6, (213, 94, 0), -1, cv2.LINE_AA)
    azimuth, _, distance = s2s.directions(at_m)
    side_name = "left" if azimuth > 0.5 else "right" if azimuth < -0.5 else "ahead"
    for row, text in enumerate((name, f"{abs(azimuth):.0f} deg {side_name}", f"{distance:.1f} m")):
        cv2.putText(picture, text, (8, 18 + 17 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (30, 30, 30), 1, cv2.LINE_AA)
    return picture


def make(path: pathlib.Path, pipeline: s2s.See2Sound) -> s2s.MovingScene:
    """Write the animation, and return the scene that it shows."""
    frames = clip()
    scene = pipeline.run(s2s.open_clip(frames, RATE), sources=1, seed=0)
    first, *others = (
        Image.fromarray(I).quantize(64, dither=Image.Dither.NONE) for I in pictures(frames, scene)
    )  # fmt: skip
    first.save(path, save_all=True, append_images=others, duration=2000 // RATE, loop=0, optimize=True)
    return scene


if __name__ == "__main__":
    print(make(PICTURE, s2s.See2Sound()).describe())
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")
