"""Run a TensorFlow.js graph model with torch, node by node: the reference that ``tiny_detector.py`` is compared with.

    outputs = GraphRunner("package/models/nanodet.json")(pixels)

Only what the graph of nanodet needs is here; other operations raise ValueError. Nothing is fused, reordered
or simplified: every node of ``model.json`` is computed as TensorFlow's documentation defines it, in float32, data in
NHWC where the graph has them so.

The file format: ``modelTopology.node`` is a TensorFlow GraphDef as JSON (strings base64, integers as strings), and
``weightsManifest`` lists, in order, the constants that stand one after the other in the binary files. A constant with
``quantization.dtype == "float16"`` is stored as float16 and used as float32.
"""

from __future__ import annotations

import base64
import json
import pathlib
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

_STORED = {"float32": "<f4", "int32": "<i4", "bool": "|b1"}


def read_graph(path: str | pathlib.Path) -> tuple[list[dict], dict[str, np.ndarray]]:
    """Nodes (in the file's order) and constants (by name, as stored, so float16 stays float16) of a ``model.json``."""
    path = pathlib.Path(path)
    model = json.loads(path.read_text())
    constants = {}
    for group in model["weightsManifest"]:
        data, start = b"".join((path.parent / name).read_bytes() for name in group["paths"]), 0
        for entry in group["weights"]:
            stored = entry.get("quantization", {}).get("dtype", entry["dtype"])
            if stored not in ("float16", *_STORED):
                raise ValueError(f"{entry['name']} is quantised to {stored}; only float16 is read here")
            dtype = np.dtype("<f2" if stored == "float16" else _STORED[stored])
            count = int(np.prod(entry["shape"]))
            constants[entry["name"]] = np.frombuffer(data, dtype, count, start).reshape(entry["shape"])
            start += count * dtype.itemsize
        if start != len(data):
            raise ValueError(f"{group['paths']}: {len(data)} bytes, but the manifest describes {start}")
    return model["modelTopology"]["node"], constants


def _computed(stored: np.ndarray) -> np.ndarray:
    return stored.astype(np.float32 if stored.dtype == np.float16 else stored.dtype)


def _numbers(node: dict, name: str) -> list[int]:
    return [int(i) for i in node["attr"][name]["list"]["i"]]


def _conv2d(node, x, kernel):
    strides, dilations = _numbers(node, "strides"), _numbers(node, "dilations")
    if base64.b64decode(node["attr"]["padding"]["s"]) != b"VALID":
        raise ValueError("SAME padding: with stride 2 TensorFlow pads more at the end than at the start")
    y = F.conv2d(x.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1), None, strides[1:3], 0, dilations[1:3])
    return y.permute(0, 2, 3, 1)


def _max_pool(node, x):
    size, strides = _numbers(node, "ksize")[1:3], _numbers(node, "strides")[1:3]
    return F.max_pool2d(x.permute(0, 3, 1, 2), size, strides).permute(0, 2, 3, 1)


def _pad(node, x, paddings, value=0.0):
    flat = [int(i) for pair in reversed(paddings.tolist()) for i in pair]
    return F.pad(x, flat, value=float(value))


def _resize_bilinear(node, x, size):
    attr = node["attr"]
    if attr["align_corners"]["b"] or not attr["half_pixel_centers"]["b"]:
        raise ValueError("only half-pixel centres are computed here")
    return F.interpolate(x.permute(0, 3, 1, 2), size.tolist(), mode="bilinear", align_corners=False).permute(0, 2, 3, 1)


def _sparse_to_dense(node, indices, shape, values, default):
    dense = torch.full(shape.tolist(), default.item(), dtype=default.dtype)
    if len(indices):
        dense[tuple(indices.T)] = values
    return dense


OPERATIONS: dict[str, Callable] = {
    "Add": lambda node, a, b: a + b,
    "AddV2": lambda node, a, b: a + b,
    "ConcatV2": lambda node, *parts: torch.cat(parts[:-1], int(parts[-1])),
    "Conv2D": _conv2d,
    "Identity": lambda node, x: x,
    "LeakyRelu": lambda node, x: F.leaky_relu(x, node["attr"]["alpha"]["f"]),
    "MaxPool": _max_pool,
    "Pad": _pad,
    "PadV2": _pad,
    "Reshape": lambda node, x, shape: x.reshape(shape.tolist()),
    "ResizeBilinear": _resize_bilinear,
    "Sigmoid": lambda node, x: torch.sigmoid(x),
    "SparseToDense": _sparse_to_dense,
    "SplitV": lambda node, x, sizes, axis: x.split(sizes.tolist(), int(axis)),
    "Transpose": lambda node, x, perm: x.permute(perm.tolist()),
}  # fmt: skip


class GraphRunner:
    """A TensorFlow.js graph as a function.

    Parameters
    ----------
    path : str or pathlib.Path
        The model.json; its binary files lie beside it.
    """

    def __init__(self, path):
        self.nodes, constants = read_graph(path)
        self.constants = {name: torch.from_numpy(_computed(v)) for name, v in constants.items()}

    @torch.no_grad()
    def __call__(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Outputs (nodes that nobody reads) by name for the graph's one input, (1, 3, 416, 416) float32 for nanodet."""
        values: dict = dict(self.constants)
        read = {name.split(":")[0] for node in self.nodes for name in node.get("input", [])}
        waiting = [node for node in self.nodes if node["op"] != "Const"]
        while waiting:  # the nodes need not be in order
            later = []
            for node in waiting:
                names = [name.partition(":")[::2] for name in node.get("input", [])]
                if node["op"] == "Placeholder":
                    values[node["name"]] = pixels
                elif not all(name in values for name, _ in names):
                    later.append(node)
                elif node["op"] not in OPERATIONS:
                    raise ValueError(f"{node['op']} of {node['name']} is not among {sorted(OPERATIONS)}")
                else:
                    found = [values[name] for name, _ in names]
                    inputs = [v[int(i or 0)] if isinstance(v, tuple) else v for v, (_, i) in zip(found, names)]
                    values[node["name"]] = OPERATIONS[node["op"]](node, *inputs)
            if len(later) == len(waiting):
                raise ValueError(f"{later[0]['name']} reads what no node gives; is the file whole?")
            waiting = later
        return {node["name"]: values[node["name"]] for node in self.nodes if node["name"] not in read}


def nanodet_outputs(outputs: dict[str, torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Nanodet's outputs in order: for strides 8, 16, 32 the scores (1, n, 80) and the bins (1, n, 44)."""
    ordered = sorted(outputs.values(), key=lambda x: -x.shape[1])
    pairs = [sorted(ordered[i : i + 2], key=lambda x: -x.shape[2]) for i in (0, 2, 4)]
    return [(scores, bins) for scores, bins in pairs]
