"""How fast a clip becomes a film with spatial sound, where the time goes, and how much memory it takes.

    python benchmarks/clip.py               # 20 s of 640 x 360 at 25 frames a second, from file to file
    python benchmarks/clip.py --seconds 60  # for the memory
    python benchmarks/clip.py --published   # on a GPU: SAM ViT-H, Depth Anything L and CoDi with random weights
    python benchmarks/clip.py --published --dry --seconds 1  # is that way whole? small models, on any machine

The clip is made here: the demo photo, seen by a camera that goes to and fro over it, three cut-outs of it that move on
paths of their own, and a cut in the middle. One run in a process that has loaded its models; its peak memory is that of
the process, models and libraries included.
"""

from __future__ import annotations

import argparse
import datetime
import multiprocessing
import os
import pathlib
import platform
import resource
import tempfile
import time
from collections.abc import Iterator

import numpy as np

SIZE, RATE = (640, 360), 25


def make_frames(seconds: float) -> Iterator[np.ndarray]:
    """The frames of the clip, (H, W, 3) uint8."""
    import cv2

    import see2sound_nb as s2s

    whole = cv2.resize(s2s.read_image(s2s.demo_photo()), (800, 450), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(0)
    cuts = [whole[120:240, 40 + 200 * k : 160 + 200 * k] for k in range(3)]
    frames = round(seconds * RATE)
    for k in range(frames):
        left = 80 + 60 * np.sin(2 * np.pi * k / (8 * RATE))
        shift = np.array([[1, 0, -left], [0, 1, -45]], float)
        I = cv2.warpAffine(whole, shift, SIZE, borderMode=cv2.BORDER_REFLECT)
        for j, cut in enumerate(cuts):
            x = 260 + 200 * np.sin(2 * np.pi * (k / (6 * RATE) + j / 3))
            y = 60 + 90 * j
            I[y : y + 120, int(x) : int(x) + 120] = cut
        if k >= frames // 2:
            I = np.ascontiguousarray(I[:, ::-1, ::-1])
        yield np.clip(I + rng.normal(0, 2, I.shape), 0, 255).astype(np.uint8)


def make_clip(path: pathlib.Path, seconds: float) -> None:
    """Write the clip as H.264 in MP4."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for I in make_frames(seconds):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(I, format="rgb24")))
        out.mux(stream.encode())


def with_random_weights(full: bool):
    """A pipeline of the published models' sizes, or as small as can be."""
    import torch
    from codi import REDUCED, other_networks

    import see2sound_nb as s2s
    from see2sound_nb.sounds.codi.published import PUBLISHED, random_codi

    device = "cuda" if torch.cuda.is_available() else "cpu"
    see = s2s.See2Sound("tiny", device=device)
    sam, depth = other_networks(device, full)
    codi = random_codi(PUBLISHED if full else REDUCED, seed=0)
    codi.to(device, torch.float16 if full else torch.float32)
    codi.set_progress_bar_config(disable=True)
    if device == "cuda":
        codi.enable_cuda_graphs()
    see._loaded = {"segmentation": (sam, {}), "depth": depth, "audio": codi}
    see.names = {"segmentation": "sam-vit-h", "depth": "depth-anything-large", "audio": "codi"}
    return see


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--layout", default="5.1")
    parser.add_argument("--published", action="store_true", help="the paper's models, random weights, frames to WAV")
    parser.add_argument("--dry", action="store_true", help="with --published: models as small as can be")
    arguments = parser.parse_args()
    import see2sound_nb as s2s
    from see2sound_nb.moving import run_clip

    with tempfile.TemporaryDirectory() as folder:
        path, out = pathlib.Path(folder) / "clip.mp4", pathlib.Path(folder) / "sound.mp4"
        if arguments.published:  # where PyAV may be missing: from frames to a WAV
            clip, out = s2s.open_clip(np.stack(list(make_frames(arguments.seconds))), RATE), out.with_suffix(".wav")
            see = with_random_weights(not arguments.dry)
            run_clip.fetch_missing = lambda names: None  # they are there
        else:
            make = multiprocessing.get_context("spawn").Process(target=make_clip, args=(path, arguments.seconds))
            make.start()
            make.join()
            clip, see = path, s2s.See2Sound()
        steps = 2 if arguments.dry else None
        see.run(s2s.demo_photo(), steps=steps) if not arguments.published else see.run(clip, steps=steps)
        began: dict[str, float] = {}
        ended: dict[str, float] = {}

        def tell(step: str, done: int, total: int) -> None:
            began.setdefault(step, time.perf_counter())
            ended[step] = time.perf_counter()

        start, cpu = time.perf_counter(), time.process_time()
        scene = see.run(clip, sources=3, steps=steps, progress=tell)
        ran = time.perf_counter()
        scene.save(out, arguments.layout)
        end, cpu = time.perf_counter(), time.process_time() - cpu
    frames, seconds = len(scene.clip), end - start
    print(f"{datetime.date.today()}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
          f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(f"{arguments.seconds:g} s, {frames} frames of {SIZE[0]} x {SIZE[1]}, {len(scene.shots)} shots, "
          f"{sum(len(shot.key.labels) for shot in scene.shots)} sources, {arguments.layout}")  # fmt: skip
    print("| step | seconds | frames/s |\n|---|---|---|")
    for step in began:
        taken = ended[step] - began[step]
        print(f"| {step} | {taken:.1f} | {frames / max(taken, 1e-9):.0f} |")
    print(f"| rendering and writing | {end - ran:.1f} | {frames / (end - ran):.0f} |")
    print(f"| **the whole way** | {seconds:.1f} | **{frames / seconds:.1f}** |")
    print(f"CPU {cpu:.1f} s, {1000 * cpu / frames:.0f} ms a frame; peak memory "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
