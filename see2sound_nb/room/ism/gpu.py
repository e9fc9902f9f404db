"""The definition on an NVIDIA GPU: what is computed there, in which portions; how, see `gpu_kernels`.

With the environment variable ``TRITON_INTERPRET=1`` set before this module is imported, the kernels run on the CPU,
one program after another in NumPy: slow, and only to check them.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import functools
import math
import os
from typing import NamedTuple

import numpy as np
import torch

from see2sound_nb._numba import loop
from see2sound_nb.room.ism.definition import BASIS, LEAD, MOMENT_TABLE, MOMENTS, Problem
from see2sound_nb.room.ism.gpu_kernels import COLUMNS, REACH, ROWS, RUN, add_images, filter_moments

#: Whether the kernels run in Triton's interpreter, on the CPU.
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
#: The moments of so many bytes are collected at a time (or of one pair of source and receiver, if they are more): what
#: a call needs on the device besides its result. About a large GPU's cache, so that the atomic operations stay in it.
SCRATCH_BYTES = 64 * 2**20
#: Images that one program of `add_images` takes, and columns that `filter_moments` takes at a time.
IMAGES, PART = 256, 64


class Plan(NamedTuple):
    """What `launch` needs, on the device.

    Attributes
    ----------
    pairs : torch.Tensor
        (B * S * R, COLUMNS) float64, see `pack`. Another `pack`, with things moved, may be copied into it; what then
        comes too late for the plan's length is left out.
    lattice : torch.Tensor
        (3, n) int16, the lattice points.
    table, norms, filters : torch.Tensor
        `MOMENT_TABLE`, the norms of the spherical harmonics, and `BASIS` as `filter_moments` wants it, float32.
    shape : tuple of int
        (B, S, R, C, L) of the responses.
    ambisonic_order, lead : int
        As in `Problem`.
    jitter : bool
        Whether any image is moved.
    """

    pairs: torch.Tensor
    lattice: torch.Tensor
    table: torch.Tensor
    norms: torch.Tensor
    filters: torch.Tensor
    shape: tuple[int, int, int, int, int]
    ambisonic_order: int
    lead: int
    jitter: bool


def responses(problems: list[Problem]) -> np.ndarray:
    """Impulse responses of several rooms.

    Parameters
    ----------
    problems : list of Problem
        One for each of B rooms, with the same numbers of sources and receivers, `ambisonic_order` and `lead`.

    Returns
    -------
    np.ndarray
        h, (B, S, R, C, L) float32, shorter responses padded with zeros; equal to `cpu.responses` up to 1e-4 of the
        peak. On CUDA the last digit may differ from run to run: the order of the atomic additions does.

    Raises
    ------
    RuntimeError
        If there is no CUDA device.
    ValueError
        If the rooms differ in what they must share.

    Notes
    -----
    Paper: section 4.3, Eq. 4. Notebook: 05_image_sources.
    """
    if INTERPRETED:
        return launch(prepare(problems, "cpu")).numpy()
    if not torch.cuda.is_available():
        raise RuntimeError("device 'cuda' needs an NVIDIA GPU and a CUDA build of torch; choose device='cpu'")
    h = launch(prepare(problems, "cuda"))
    return torch.empty(h.shape, dtype=h.dtype, pin_memory=True).copy_(h).numpy()


def prepare(problems: list[Problem], device: str) -> Plan:
    """Put rooms onto the device; raises ValueError if they differ in what they must share, see `responses`."""
    shared = {(len(p.sources_m), len(p.receivers_m), p.ambisonic_order, p.lead) for p in problems}
    if len(shared) != 1:
        raise ValueError(
            f"(sources, receivers, ambisonic_order, lead) must be the same in all rooms and are {sorted(shared)}; "
            "compute those of each kind in a call of their own"
        )
    sources, receivers, order, lead = shared.pop()
    pairs = pack(problems)
    reach = pairs[:, 23:26].max(axis=0).astype(int)
    most = min(int(pairs[:, 26].max()), int(reach.sum()))
    return Plan(
        torch.from_numpy(pairs).to(device),
        _lattice(*(int(n) for n in reach), most, device),
        *_tables(order, device),
        (len(problems), sources, receivers, problems[0].channels, response_length(pairs) - LEAD + lead),
        order,
        lead,
        bool((pairs[:, 32] > 0).any()),
    )


def launch(plan: Plan) -> torch.Tensor:
    """Compute the responses of a plan, (B, S, R, C, L) float32 on the device.

    Nothing in it waits for the device, and all shapes are the plan's, so that it can be captured in a CUDA graph (call
    it once before: Triton compiles on the first call). Besides result and plan it needs `SCRATCH_BYTES` of memory.
    """
    *_, channels, length = plan.shape
    device, points = plan.pairs.device, plan.lattice.shape[1]
    tiles = -(-length // (ROWS.value * RUN.value))
    rows = tiles * ROWS.value * RUN.value + 2 * LEAD
    at_once = max(1, min(len(plan.pairs), SCRATCH_BYTES // (4 * channels * rows * MOMENTS)))
    moments = torch.empty((at_once, channels, rows, MOMENTS), dtype=torch.float32, device=device)
    h = torch.empty(plan.shape, dtype=torch.float32, device=device)
    singles, pairs = plan.pairs.float(), len(plan.pairs)
    for start in range(0, pairs, at_once):
        count = min(at_once, pairs - start)
        moments[:count].zero_()
        # Without fused multiplication and addition, which would not round where the definition does.
        add_images[-(-points // IMAGES), count](
            singles, plan.pairs, start, plan.lattice, points, plan.table, plan.norms, moments, rows, plan.lead,
            plan.ambisonic_order, plan.jitter, IMAGES, enable_fp_fusion=False,
        )  # fmt: skip
        filter_moments[tiles, count * channels](
            moments, plan.filters, h, start * channels, rows, length, PART, num_stages=1
        )
    return h


def pack(problems: list[Problem]) -> np.ndarray:
    """One row of plain numbers for each pair of source and receiver, (B * S * R, COLUMNS) float64.

    Size, source, receiver (columns 0 to 8), log2 of the reflections (9 to 14), the patterns (15 to 22), reach and order
    (23 to 26), farthest (27), air (28), sample rate, 1 / speed, the 40 samples in seconds, jitter, seed and speed (29
    to 34).
    """
    column = Problem(*zip(*problems))
    rooms, sources, receivers = len(problems), len(problems[0].sources_m), len(problems[0].receivers_m)
    pairs = np.empty((rooms, sources, receivers, COLUMNS.value))
    # A wall that reflects nothing has no logarithm; 1e-30 is nothing, too.
    loss = np.log2(np.maximum(np.concatenate(column.reflection), 1e-30))
    rate, speed = np.array(column.sample_rate), np.array(column.speed_m_s)
    air = np.array(column.air_np_m) * math.log2(math.e)
    last = (column.order, column.farthest_m, air, rate, 1 / speed, LEAD / rate, column.jitter_m, column.seed, speed)
    for first, values, shape in (
        (0, np.concatenate(column.size_m), (rooms, 1, 1, 3)),
        (3, np.concatenate(column.sources_m), (rooms, sources, 1, 3)),
        (6, np.concatenate(column.receivers_m), (rooms, 1, receivers, 3)),
        (9, loss, (rooms, 1, 1, 6)),
        (15, np.concatenate(column.source_patterns), (rooms, sources, 1, 4)),
        (19, np.concatenate(column.receiver_patterns), (rooms, 1, receivers, 4)),
        (23, np.concatenate(column.reach), (rooms, 1, 1, 3)),
        (26, np.array(last).T, (rooms, 1, 1, 9)),
    ):
        pairs[..., first : first + shape[3]] = values.reshape(shape)
    return pairs.reshape(-1, COLUMNS.value)


def response_length(pairs: np.ndarray) -> int:
    """Samples of the longest response, from 40 before the emission: the largest of `cpu.response_lengths`."""
    farthest_m = np.minimum(_farthest_m(pairs) + 2 * pairs[:, 32], pairs[:, 27])
    latest = (farthest_m / pairs[:, 34] + pairs[:, 31]) * pairs[:, 29]
    return int(np.ceil(latest + LEAD + 1).max()) + 1


@loop()
def _farthest_m(pairs):
    """How far the farthest image of each pair is, in metres, if none is moved."""
    distance = np.empty(len(pairs))
    squares = np.empty((3, int(pairs[:, 23:26].max()) + 1))  # the farthest that up to n reflections on an axis get
    for p, pair in enumerate(pairs):
        for a in range(3):
            size, source = np.float32(pair[a]), np.float32(pair[3 + a])
            most = 0.0
            for n in range(int(pair[23 + a]) + 1):
                step = source if n % 2 == 0 else size - source
                right, left = np.float32(n) * size + step - pair[6 + a], np.float32(-n) * size + step - pair[6 + a]
                most = max(most, right * right, left * left)
                squares[a, n] = most
        most = 0.0
        for k in range(int(min(pair[25], pair[26])) + 1):
            for j in range(int(min(pair[24], pair[26] - k)) + 1):
                i = int(min(pair[23], pair[26] - k - j))
                most = max(most, squares[0, i] + squares[1, j] + squares[2, k])
        distance[p] = math.sqrt(most)
    return distance


@functools.lru_cache(maxsize=4)
def _lattice(x: int, y: int, z: int, order: int, device: str) -> torch.Tensor:
    """The points |i| <= x, |j| <= y, |k| <= z, |i| + |j| + |k| <= order, (3, n) int16."""
    k, j, i = np.ogrid[-z : z + 1, -y : y + 1, -x : x + 1]
    inside = np.argwhere(np.abs(k) + np.abs(j) + np.abs(i) <= order) - (z, y, x)
    return torch.from_numpy(np.ascontiguousarray(inside[:, ::-1].T, dtype=np.int16)).to(device)


@functools.lru_cache(maxsize=4)
def _tables(ambisonic_order: int, device: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`MOMENT_TABLE` (22, 8); norms (N + 1, N + 1) of degree and m; filters (REACH * 8, RUN) for `filter_moments`."""
    count = max(ambisonic_order, 0) + 1
    norms = np.zeros((count, count), dtype=np.float32)  # SN3D, times the (2m - 1)!! with which each m begins
    for n in range(count):
        for m in range(n + 1):
            share = (2 - (m == 0)) * math.factorial(n - m) / math.factorial(n + m)
            norms[n, m] = math.sqrt(share) * math.prod(range(1, 2 * m, 2))
    filters = np.zeros((REACH.value, MOMENTS, RUN.value), dtype=np.float32)
    for r in range(RUN.value):
        filters[r : r + 2 * LEAD + 1, :, r] = BASIS.T[::-1]
    table, norm, filtered = (torch.from_numpy(a).to(device) for a in (MOMENT_TABLE, norms, filters))
    return table, norm, filtered.view(-1, RUN.value)
