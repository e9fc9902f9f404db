"""A pipeline for batches that loads nothing: a photo is a text file that says what is to happen, and then noise.

It runs inside the processes of a batch, in place of the models; all around it is the batch's own.
"""

import hashlib
import os
import pathlib
import signal
import time

import numpy as np

from see2sound_nb._version import __version__
from see2sound_nb.batches import making, worker
from see2sound_nb.media.files import atomic_path

#: What a `Maker` is told, but for the output folder.
SETTINGS = {
    "version": __version__, "preset": "tiny", "models": {}, "layout": "5.1", "sample_rate_hz": None,
    "subtype": "PCM_16", "sources": 3, "select": "sounds", "geometry": "metric", "fov_deg": 60.0, "ambience": True,
    "original": "replaced", "doppler": False,
}  # fmt: skip
#: As `processes.PROGRAM`.
PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); sys.path[:] = sys.argv[1:]; "
    "from batches import fakes; fakes.serve()"
)


class Scene:
    sample_rate = 16000

    def __init__(self, key):
        self.key = key

    def save(self, path, layout, *, subtype, sample_rate):
        """Noise, and slowly: half of it has been on the disk for a while when the rest comes."""
        content = np.random.default_rng(np.frombuffer(self.key, np.uint8)).bytes(200_000)
        with atomic_path(path) as beside, open(beside, "wb") as file:
            for half in (content[:100_000], content[100_000:]):
                file.write(half)
                file.flush()
                time.sleep(0.01)

    def report(self, layout, *, sample_rate):
        return {"key": self.key.hex()}


def save_and_report(scene, path, layout, *, subtype, sample_rate, original, doppler):
    scene.save(path, layout, subtype=subtype, sample_rate=sample_rate)
    return {}, scene.report(layout, sample_rate=sample_rate)


class Pipeline:
    """Called as See2Sound is."""

    low_memory, names = True, {}

    def __init__(self, preset, **models):
        pass

    def run(self, photo, sources, prompt, seed, **how):
        word, _, rest = pathlib.Path(photo).read_text().partition(" ")
        if word == "die" or (word == "once" and first(photo)):
            print("some library prints", flush=True)
            die()
        if word == "fail":
            raise ValueError(f"{rest}\nin two lines")
        if word == "odd":
            raise KeyError("x")
        if word == "sleep":
            time.sleep(float(rest.split()[0]))
        return Scene(hashlib.sha256(f"{word} {rest} {prompt} {seed}".encode()).digest())


def first(photo):
    """Whether a photo is looked at for the first time."""
    try:
        os.close(os.open(f"{photo}.seen", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def die():
    """As the system ends a process that wants too much memory."""
    if os.name == "nt":
        os._exit(9)
    os.kill(os.getpid(), signal.SIGKILL)


def serve():
    making.See2Sound, making.save_and_report = Pipeline, save_and_report
    worker.serve(making.Maker)


def never():
    """A process that ends while it loads its models."""
    worker.serve(lambda settings: die())


def refuse():
    """A process that cannot load its models, and says why."""

    def maker(settings):
        raise ValueError("the weights are damaged; fetch them again")

    worker.serve(maker)
