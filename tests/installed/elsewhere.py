"""What a user gets: the wheel, built and installed in an empty environment outside the repository, and tried there.

``python tests/installed/elsewhere.py`` (``make wheel``). pip fetches what is required, under the constraints; what runs
afterwards reaches no network. First the package alone, as ``pip install see2sound_nb`` gives it, then with the
extra ``lab``. The wheel is made from the sdist, so both are tried.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parent.parent.parent

#: Read by every Python of the environment: only this machine answers.
OFFLINE = """
import socket

def local(address):
    return isinstance(address, (str, bytes)) or address[0] in ("127.0.0.1", "localhost", "::1")

class Socket(socket.socket):
    def connect(self, address):
        if not local(address):
            raise OSError(f"{address} is not this machine")
        return super().connect(address)

    def connect_ex(self, address):
        return super().connect_ex(address) if local(address) else 101

socket.socket = Socket
"""

LIBRARY = """
import pathlib, sys
import numpy as np
import see2sound_nb as s2s

assert pathlib.Path(s2s.__file__).is_relative_to(sys.prefix), s2s.__file__
h = s2s.shoebox_rir([6, 5, 3], [[1, 4, 1.5]], [[3, 2, 1.6]], absorption=0.3, max_order=5)
assert h.shape[:2] == (1, 1) and np.abs(h).max() > 0
scene = s2s.See2Sound(preset="tiny").run("photo.jpg", seed=0)
left, right = scene.render("binaural")
assert len(left) == len(right) and np.abs(left).max() > 0
print(scene.describe())
"""

#: What runs without extras names the one that it lacks, in one line.
LACKING = {
    "plots": "s2s.plot_depth",
    "sofa": "s2s.load_hrtf('photo.jpg')",
    "video": "s2s.open_clip('clip.mp4').frames",
    "text": "from see2sound_nb.sounds.free_text import kind_of_text; kind_of_text('an unpaid bill')",
    "lab": "s2s.ListeningStudy",
}


class Environment:
    """A virtual environment of its own, and an empty folder to work in."""

    def __init__(self, folder: pathlib.Path):
        self.prefix, self.place = folder / "an environment", folder / "elsewhere"
        venv.create(self.prefix, with_pip=True, symlinks=os.name != "nt")
        self.programs = self.prefix / ("Scripts" if os.name == "nt" else "bin")
        self.place.mkdir()

    def run(self, *words: str | pathlib.Path, offline: bool = True) -> str:
        """What a program of the environment prints; an error if it fails."""
        program = shutil.which(str(words[0]), path=str(self.programs))
        left_out = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        environment = {name: value for name, value in os.environ.items() if name not in left_out}
        if offline:
            environment |= {"PYTHONPATH": str(self.offline), "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [str(program), *map(str, words[1:])],
            cwd=self.place, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, words))} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    @property
    def offline(self) -> pathlib.Path:
        folder = self.prefix / "offline"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(OFFLINE, encoding="utf-8")
        return folder

    def install(self, *what: str) -> None:
        options = ["--quiet", "--disable-pip-version-check", "-c", ROOT / "constraints.txt"]
        self.run(
            "python", "-m", "pip", "install", *options, *os.environ.get("PIP_ARGS", "").split(), *what, offline=False
        )

    def size(self) -> str:
        listed = json.loads(self.run("python", "-m", "pip", "list", "--format=json", "--disable-pip-version-check"))
        libraries = pathlib.Path(
            self.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        )
        size = sum(path.stat().st_size for path in libraries.rglob("*") if path.is_file())
        names = {package["name"] for package in listed} - {"pip", "setuptools"}
        return f"{len(names)} packages, {size / 1e9:.2f} GB"


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """Print what is done, and how long it took."""
    print(f"{what} ...", end=" ", flush=True)
    start = time.perf_counter()
    yield
    print(f"{time.perf_counter() - start:.0f} s", flush=True)


def build(folder: pathlib.Path) -> pathlib.Path:
    """The wheel, made from the sdist and not from the repository."""
    hatch = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run([*hatch, "--target", "sdist"], cwd=ROOT, check=True, capture_output=True)
    (sdist,) = folder.glob("*.tar.gz")
    shutil.unpack_archive(sdist, folder / "unpacked")
    (unpacked,) = (folder / "unpacked").iterdir()
    subprocess.run([*hatch, "--target", "wheel"], cwd=unpacked, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def try_alone(env: Environment, version: str) -> None:
    """The command and the library, without any extra."""
    shutil.copy(ROOT / "see2sound_nb" / "data" / "demo.jpg", env.place / "photo.jpg")
    assert env.run("see2sound", "--version").split()[-1] == version
    assert "tiny-codi" in env.run("see2sound", "models")
    report = json.loads(env.run("see2sound", "photo.jpg", "-o", "out.wav", "--prompt", "a rainy street", "--json"))
    assert (env.place / "out.wav").stat().st_size > 1e5 and report["sources"]
    print(env.run("python", "-c", LIBRARY).strip())
    for extra, expression in LACKING.items():
        tried = f"import see2sound_nb as s2s\ntry:\n    {expression}\nexcept ImportError as error:\n    print(error)"
        (env.place / "clip.mp4").write_bytes(b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(64))
        said = env.run("python", "-W", "ignore", "-c", tried)
        assert f"see2sound_nb[{extra}]" in said and len(said.splitlines()) == 1, (extra, said)


def try_lab(env: Environment) -> None:
    """A copied notebook, with its outputs, and the demo's picture."""
    shutil.copy(ROOT / "notebooks" / "00_start_here.ipynb", env.place / "my copy.ipynb")
    env.run("jupyter", "nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=600",
            "--output", "run.ipynb", "my copy.ipynb")  # fmt: skip
    cells = json.loads((env.place / "run.ipynb").read_text("utf-8"))["cells"]
    assert any(output.get("data", {}).get("image/png") for cell in cells for output in cell.get("outputs", []))
    env.run("python", "-m", "see2sound_nb.demo", "out")
    assert (env.place / "out" / "demo_story.png").stat().st_size > 1e4


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        with told("sdist and wheel"):
            wheel = build(pathlib.Path(folder))
        env = Environment(pathlib.Path(folder))
        with told("pip install see2sound_nb"):
            env.install(str(wheel))
        print(env.size())
        with told("the command and the library"):
            try_alone(env, wheel.name.split("-")[1])
        with told("pip install see2sound_nb[lab]"):
            env.install(f"{wheel}[lab]")
        with told("a notebook and the demo"):
            try_lab(env)
    print("installed elsewhere, it works")


if __name__ == "__main__":
    main()
