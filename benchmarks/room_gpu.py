"""How long does the room take on a GPU: ours beside pyroomacoustics, our CPU and, if it is there, gpuRIR, in one run.

    pip install -e ".[test]"
    python benchmarks/room_gpu.py  # on a machine with an NVIDIA GPU; about two minutes

The work: responses at 16 kHz, absorption 0.2, images |i| + |j| + |k| <= order, all contestants the same ones. Three
times are ours: "numpy to numpy" is the whole call, rooms in main memory to responses in main memory; "launch" computes
what lies on the GPU and leaves it there; "graph" does that as a CUDA graph. The last two by CUDA events over 20 runs,
in brackets the time on the wall of one. The fastest turn of each counts; the first does not.

The floor is the larger of two: to write the responses once, and to do the arithmetic (`FLOP_PER_IMAGE`, and 81 taps
times 8 moments for each sample) at the rate that the maker states for single precision without tensor cores.

gpuRIR does other work: a box of images, cut off at a time, and every image tried at every sample. It is compared with
ours on its own images. Build it on a machine with the CUDA toolkit and CMake:

    pip install https://github.com/DavidDiazGuerra/gpuRIR/zipball/master

Without a GPU the benchmark says so and ends with status 2; with --dry it goes the same way on the CPU, in Triton's
interpreter with small rooms, and its times mean nothing. A table that fails leaves the others: the status is then 1.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import importlib.util
import math
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable

import numpy as np
import psutil
import torch

from see2sound_nb.room.ism.definition import BASIS, LEAD, Problem

SIZE_M = np.array([8.0, 6.0, 3.5])
ABSORPTION = 0.2
SAMPLE_RATE, SPEED_M_S = 16000.0, 343.0
#: Additions, multiplications and roots of `gpu_kernels.add_images` for an image without jitter and Ambisonics.
FLOP_PER_IMAGE = 100
#: Bytes and single-precision operations a second, as the maker states them.
RATES = {
    "H200": (4.8e12, 67e12),
    "H100 PCIe": (2.0e12, 51e12),
    "H100": (3.35e12, 67e12),
    "A100": (2.0e12, 19.5e12),
    "L4": (0.3e12, 30.3e12),
    "T4": (0.32e12, 8.1e12),
}
TURNS, PATIENCE_S = 10, 8.0
RUNS = 20  # between two CUDA events
DEVICE = "cuda"  # --dry: "cpu"

Work = Callable[[], object]


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry", action="store_true", help="only see that it runs: small, on the CPU")
    dry = parser.parse_args().dry
    if dry:
        global DEVICE, TURNS, RUNS
        DEVICE, TURNS, RUNS = "cpu", 0, 1
        os.environ["TRITON_INTERPRET"] = "1"  # before `ism.gpu` is imported
    elif not torch.cuda.is_available():
        print("There is no CUDA device here, so nothing was measured: run this on a machine with an NVIDIA GPU.")
        sys.exit(2)
    rates = describe()
    rng = np.random.default_rng(0)
    heads = ["", "pyroomacoustics", "our CPU", "numpy to numpy", "launch", "graph", "floor: bytes", "arithmetic"]
    print("\nMilliseconds; then how many times faster than pyroomacoustics, and how far from it.\n")
    print("| " + " | ".join([*heads, "whole call", "graph", "apart, peaks"]) + " |\n" + "|---" * 11 + "|")
    tables: list[Work] = []
    for order, sources, receivers in [(1, 1, 2)] if dry else [(3, 3, 6), (17, 3, 6), (17, 5, 6), (50, 3, 6)]:
        name, problem = f"order {order}, {sources} x {receivers}", room(rng, order, sources, receivers)
        tables.append(functools.partial(compare, name, [problem], rates))
    rooms = many_rooms(rng, 2, 1) if dry else many_rooms(rng)
    tables.append(lambda: compare(f"{len(rooms):,} rooms, 1 x 2, order {rooms[0].order}", rooms, rates))
    tables += [lambda: tune(rooms), lambda: stream(rooms), lambda: gpu_rir(rng, rates)]
    failed = False
    for table in tables:
        try:
            table()
        except Exception:  # a time on a GPU is hard to come by: the other tables are wanted all the more
            traceback.print_exc()
            failed = True
    sys.exit(int(failed))


def describe() -> tuple[float, float]:
    """Print what is measured, and on what; the rates of the floor."""
    import pyroomacoustics
    import triton

    device = torch.cuda.get_device_name() if DEVICE == "cuda" else "Triton's interpreter: the times mean nothing"
    known = next((name for name in RATES if name in device), "H100")
    per_s = RATES[known]
    with open("/proc/cpuinfo") as file:
        processor = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "processor")
    print(
        f"{datetime.date.today()}, {device}; {processor}, {os.cpu_count()} cores; Python {platform.python_version()},"
    )
    print(f"torch {torch.__version__}, triton {triton.__version__}, pyroomacoustics {pyroomacoustics.__version__}")
    print(f"Floor by the rates of {known}: {per_s[0] / 1e12:.2f} TB/s, {per_s[1] / 1e12:.1f} TFLOP/s")
    return per_s


def room(rng, order, sources, receivers, size_m=SIZE_M, reach=None, farthest_m=math.inf) -> Problem:
    """One room with places drawn at random; a box of images if a reach (3,) is given."""
    size = np.asarray(size_m)
    all_round = np.array([[1.0, 0.0, 0.0, 0.0]])
    return Problem(
        size_m=size,
        sources_m=rng.uniform(0.1, 0.9, (sources, 3)) * size,
        receivers_m=rng.uniform(0.1, 0.9, (receivers, 3)) * size,
        reflection=np.full(6, math.sqrt(1 - ABSORPTION)),
        reach=np.full(3, order, dtype=np.int64) if reach is None else reach,
        order=order if reach is None else int(reach.sum()),
        farthest_m=farthest_m,
        sample_rate=SAMPLE_RATE,
        speed_m_s=SPEED_M_S,
        air_np_m=0.0,
        source_patterns=np.repeat(all_round, sources, axis=0),
        receiver_patterns=np.repeat(all_round, receivers, axis=0),
        ambisonic_order=-1,
        jitter_m=0.0,
        seed=0,
        lead=LEAD if reach is None else 0,
    )


def many_rooms(rng, count: int = 1000, order: int = 17) -> list[Problem]:
    """Rooms of all sizes, one source and two receivers."""
    return [room(rng, order, 1, 2, rng.uniform((3, 3, 2.4), (10, 8, 4))) for _ in range(count)]


def compare(name: str, problems: list[Problem], rates: tuple[float, float]) -> None:
    """Print one row."""
    from see2sound_nb.room.ism import cpu, gpu

    theirs = pyroomacoustics(problems)
    their_ms = fastest_ms(theirs)
    cpu_ms = fastest_ms(lambda: [cpu.responses(problem) for problem in problems])
    whole_ms = fastest_ms(lambda: gpu.responses(problems))
    plan = gpu.prepare(problems, DEVICE)
    launch, graph = by_launch_and_graph(lambda: gpu.launch(plan))
    (bytes_ms, megabytes), (flop_ms, gigaflop) = floor(problems, plan.shape, rates)
    ours, rows = gpu.responses(problems[:3]), theirs()
    apart = max(
        np.abs(ours[b, s, r, 0, : len(rir)] - rir).max() / np.abs(rir).max()
        for b in range(len(ours))
        for r, of_receiver in enumerate(rows[b])
        for s, rir in enumerate(of_receiver)
    )
    print(
        f"| {name} | {their_ms:.1f} | {cpu_ms:.2f} | {whole_ms:.3f} | {launch} | {graph} | "
        f"{bytes_ms:.4f} ({megabytes:.1f} MB) | {flop_ms:.4f} ({gigaflop:.2f} GFLOP) | "
        f"{their_ms / whole_ms:.0f} | {their_ms / float(graph.split()[0]):.0f} | {apart:.1e} |"
    )


def floor(problems, shape, rates):
    """(milliseconds, MB) to write the responses (B, S, R, C, L) and (milliseconds, GFLOP) to compute them."""
    samples, pairs = math.prod(shape), shape[1] * shape[2]
    flop = FLOP_PER_IMAGE * pairs * sum(problem.images for problem in problems) + 2 * BASIS.size * samples
    return (4e3 * samples / rates[0], 4 * samples / 1e6), (1e3 * flop / rates[1], flop / 1e9)


def pyroomacoustics(problems: list[Problem]) -> Work:
    """pyroomacoustics without its high-pass; the rooms are built before the clock starts."""
    import pyroomacoustics as pra

    pra.constants.set("rir_hpf_enable", False)
    rooms = []
    for p in problems:
        built = pra.ShoeBox(p.size_m, fs=int(p.sample_rate), materials=pra.Material(ABSORPTION), max_order=p.order)
        for source in p.sources_m:
            built.add_source(source)
        built.add_microphone_array(p.receivers_m.T)
        rooms.append(built)

    def work():
        for built in rooms:
            built.image_source_model()
            built.compute_rir()
        return [built.rir for built in rooms]

    return work


def fastest_ms(work: Work) -> float:
    """The fastest of a few turns on the wall, in milliseconds, after one that does not count unless it is long."""
    times: list[float] = []
    while len(times) <= TURNS and sum(times) < PATIENCE_S:
        wait()
        start = time.perf_counter()
        work()
        wait()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times[1:] or times)


def wait() -> None:
    """Let the GPU finish."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def device_ms(work: Work) -> float:
    """Milliseconds of one run by CUDA events around `RUNS` of them; the fastest of a few turns."""
    if DEVICE != "cuda":
        return fastest_ms(work)
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    times = []
    for _ in range(TURNS):
        start.record()
        for _ in range(RUNS):
            work()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) / RUNS)
    return min(times)


def by_launch_and_graph(work: Work) -> tuple[str, str]:
    """Times of the work launched, and as a CUDA graph: by events, and on the wall in brackets."""
    work()
    wait()
    kept, replay = captured(work) if DEVICE == "cuda" else (None, work)
    launched, replayed = (f"{device_ms(way):.4f} ({fastest_ms(way):.4f})" for way in (work, replay))
    del kept  # till then, so that the graph has where to write to
    return launched, replayed


def captured(work: Work) -> tuple[object, Work]:
    """What the work gave when it was captured, and the CUDA graph's replay."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        kept = work()
    return kept, graph.replay


def tune(problems: list[Problem]) -> None:
    """Print how many rooms depend on the constants of `gpu`."""
    from see2sound_nb.room.ism import gpu

    plan = gpu.prepare(problems, DEVICE)
    print(f"\n{len(problems):,} rooms, launch, milliseconds")
    for name, values in (
        ("SCRATCH_BYTES", [n * 2**20 for n in (16, 32, 64, 128, 512)]),
        ("IMAGES", [128, 256, 512]),
        ("PART", [32, 64, 128]),
    ):
        usual = getattr(gpu, name)
        times = []
        for value in values:
            setattr(gpu, name, value)
            try:
                times.append(f"{value:,}: {device_ms(lambda: gpu.launch(plan)):.3f}")
            except Exception as error:  # does not fit this GPU, say
                times.append(f"{value:,}: {type(error).__name__}")
        setattr(gpu, name, usual)
        print(f"{name} (is {usual:,}) " + "; ".join(times))
    start = time.perf_counter()
    gpu.prepare(problems, DEVICE)
    print(f"Of the whole call, to prepare them: {1e3 * (time.perf_counter() - start):.2f} ms")


def stream(rooms: list[Problem]) -> None:
    """Print whether the memory grows while rooms stream through."""
    from see2sound_nb.room.ism import gpu

    for turn in range(2):  # the first fills the caches
        host, device = psutil.Process().memory_info().rss, torch.cuda.memory_allocated()
        if DEVICE == "cuda":
            torch.cuda.reset_peak_memory_stats()
        for first in range(0, len(rooms), 20):
            gpu.responses(rooms[first : first + 20])
        if turn:
            host = psutil.Process().memory_info().rss - host
            device, peak = torch.cuda.memory_allocated() - device, torch.cuda.max_memory_allocated()
            print(
                f"{len(rooms):,} rooms in twenties: main memory grows by {host / 1e6:.1f} MB, the GPU's by {device} "
                f"bytes; at most {peak / 1e6:.0f} MB in use there"
            )


def gpu_rir(rng, rates) -> None:
    """Print gpuRIR's own work beside ours on the same box of images."""
    if DEVICE != "cuda":
        print("\ngpuRIR needs a GPU.")
        return
    if importlib.util.find_spec("gpuRIR") is None:
        print("\ngpuRIR is not installed; how to build it says the head of this file.")
        return
    import gpuRIR

    from see2sound_nb.room.ism import gpu

    heads = ["gpuRIR's box, to a time limit", "images", "gpuRIR", "numpy to numpy", "launch", "graph", "faster"]
    print("\n| " + " | ".join([*heads, "floor", "apart"]) + " |\n" + "|---" * 9 + "|")
    for seconds, sources, receivers in ((0.3, 5, 6), (0.7, 5, 6)):
        reach = np.ceil(seconds * SPEED_M_S / SIZE_M).astype(np.int64)
        p = room(rng, 0, sources, receivers, reach=reach, farthest_m=seconds * SPEED_M_S)
        # gpuRIR turns the sign at every reflection: negative coefficients undo that. Its amplitude is 1 / (4 pi d).
        given = (p.size_m, -p.reflection, p.sources_m, p.receivers_m, [int(2 * n + 1) for n in reach])

        def theirs(given=given, seconds=seconds):
            return gpuRIR.simulateRIR(*given, seconds, SAMPLE_RATE)

        their_ms, whole_ms = fastest_ms(theirs), fastest_ms(lambda p=p: gpu.responses([p]))
        plan = gpu.prepare([p], DEVICE)
        launch, graph = by_launch_and_graph(lambda plan=plan: gpu.launch(plan))
        (bytes_ms, _), (flop_ms, _) = floor([p], plan.shape, rates)
        h, ours = np.asarray(theirs()) * 4 * math.pi, gpu.responses([p])[0, :, :, 0]
        both = min(h.shape[-1], ours.shape[-1])
        apart = np.abs(h[..., :both] - ours[..., :both]).max() / np.abs(ours).max()  # its sinc is 8 ms long
        print(
            f"| {seconds} s, {sources} x {receivers} | {p.images:,} | {their_ms:.2f} | {whole_ms:.3f} | {launch} | "
            f"{graph} | {their_ms / whole_ms:.0f} | {max(bytes_ms, flop_ms):.4f} | {apart:.1e} |"
        )


if __name__ == "__main__":
    main()
