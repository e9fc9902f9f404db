"""Run after run in one process: does it grow, and is it still the same? `python -m hostile.growth 200` in tests/.

Ten photos in turn: resident memory after run 20 and after the last, file descriptors and threads; and whether the first
photo's sound is bit for bit what it was at first, in another process, and with another number of threads.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import warnings
from collections.abc import Callable

import numpy as np
import psutil

HASH = """
import sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
import torch
torch.set_num_threads(int(sys.argv[2]))
from hostile.growth import pipeline, photos, sound_of
print(sound_of(pipeline(), photos()[0]))
"""


def pipeline():
    import see2sound_nb as s2s

    return s2s.See2Sound(preset="tiny")


def photos() -> list[np.ndarray]:
    """Ten photos of several sizes: the shipped one, turned, cropped, mirrored, darkened."""
    import see2sound_nb as s2s

    I = s2s.read_image(s2s.demo_photo())
    crops = [I[:, 100:], I[60:, :-150], I[:-80, 50:], I[40:, 40:]]
    dark = (I * 0.6).astype(np.uint8)
    return [I, I[:, ::-1], *crops, np.ascontiguousarray(np.rot90(I)), dark, dark[:, ::-1], I[::2, ::2]]


def sound_of(model, photo: np.ndarray) -> str:
    """The hash of a photo's 5.1 and of its report's places."""
    scene = model.run(photo, sources=2, seed=5)
    phi = scene.render("5.1")
    return hashlib.sha256(phi.tobytes() + scene.positions_m.tobytes()).hexdigest()


def state() -> tuple[float, int, int]:
    """Resident memory in MB, file descriptors, threads."""
    process = psutil.Process()
    return process.memory_info().rss / 1e6, process.num_fds(), process.num_threads()


def grow(runs: int, *, settled: int = 20, tell: Callable[[str], None] = print) -> None:
    """Run and compare; AssertionError if it grows by more than 3 %, leaves files or threads, or sounds otherwise."""
    warnings.simplefilter("ignore")
    model, pictures = pipeline(), photos()
    first = sound_of(model, pictures[0])
    for number in range(1, runs):
        sound_of(model, pictures[number % len(pictures)])
        if number + 1 == settled:
            before = state()
    assert sound_of(model, pictures[0]) == first, "the first photo sounds otherwise after the others"
    after = state()
    tell(f"run {settled}: {before[0]:.0f} MB, {before[1]} files, {before[2]} threads")
    tell(
        f"run {runs + 1}: {after[0]:.0f} MB, {after[1]} files, {after[2]} threads; the first photo bit for bit the same"
    )
    assert after[0] <= 1.03 * before[0], "memory grows"
    assert after[1:] == before[1:], "files or threads grow"
    others = [other_process(threads) for threads in (1, 2)]
    assert set(others) == {first}, "another process, or another number of threads, sounds otherwise"
    tell("another process with one thread and one with two: bit for bit the same")


def drag(times: int, *, settled: int = 100, tell: Callable[[str], None] = print) -> None:
    """Drag a source of a live room, as its page asks for it; AssertionError if the kernel grows."""
    import see2sound_nb as s2s

    warnings.simplefilter("ignore")
    room = s2s.LiveRoom(pipeline().run(photos()[0], sources=2, seed=5))
    room.send = lambda content, buffers=None: None
    places = [list(place) for place in np.asarray(room.positions, dtype=float)]
    for number in range(1, times + 1):
        places[0] = [float(np.sin(number / 20)), 1.5 + 0.5 * float(np.cos(number / 20)), 0.0]
        question = dict(
            kind="exact", sequence=number, sources=[0], positions=places[:1], room_size=room.room_size,
            absorption=room.absorption, max_order=room.max_order, layout=room.channel_layout,
            head_yaw_deg=room.head_yaw_deg,
        )  # fmt: skip
        room._handle_custom_msg(question, [])
        room.positions = [list(place) for place in places]
        if number == settled:
            before = state()
    after = state()
    tell(f"drag {settled}: {before[0]:.0f} MB; drag {times}: {after[0]:.0f} MB, files and threads {after[1:]}")
    assert after[0] <= 1.03 * before[0] and after[1:] == before[1:], "a live room grows"


def other_process(threads: int) -> str:
    import pathlib

    here = str(pathlib.Path(__file__).parent.parent)
    done = subprocess.run([sys.executable, "-c", HASH, here, str(threads)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    grow(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    drag(500)
