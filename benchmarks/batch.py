"""How many photos a minute a batch makes, against how many processes it has; with a figure.

    python benchmarks/batch.py                         # 1, 2, 4, ... processes, up to the cores of this machine
    python benchmarks/batch.py --processes 1 2 --rounds 10

The shipped photo, each time under another seed; 5.1, three sources, the preset tiny. All processes are started first,
with their share of threads, and make a photo that is not counted: models are loaded, loops are compiled. Then the
numbers of processes take turns in short stretches, in which each process makes as many photos as every other, so that
whatever else the machine does meets all of them; the figure of merit is the median of the ratios within a round.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import itertools
import pathlib
import statistics
import tempfile
import time

import psutil

import see2sound_nb as s2s
from see2sound_nb.batches.processes import PROGRAM, Worker
from see2sound_nb.batches.resources import allowed_cores
from see2sound_nb.batches.running import _settings

ROOT = pathlib.Path(__file__).parent.parent


SEEDS = itertools.count()


def start(count: int, folder: str) -> list[Worker]:
    """So many processes, with their share of the threads."""
    how = dict(layout="5.1", sample_rate_hz=None, subtype="PCM_16", sources=3, select="sounds", geometry="metric")
    settings = _settings(s2s.See2Sound(), **how, fov_deg=60.0, ambience=True, original="replaced", doppler=False)
    threads = max(1, allowed_cores() // count)
    told = {**settings, "out": folder, "threads": threads}
    return [Worker(told, {"OMP_NUM_THREADS": str(threads)}, PROGRAM) for _ in range(count)]


def make(worker: Worker, photos: int) -> None:
    """Let a process make so many photos."""
    worker.wait_until_ready()
    for seed in itertools.islice(SEEDS, photos):
        item = {"name": f"{seed}", "photo": "", "path": str(s2s.demo_photo()), "prompt": None, "seed": seed}
        line = worker.ask(item)
        if line["status"] != "done":
            raise RuntimeError(line["error"])


def measure(workers: list[Worker], photos: int) -> tuple[float, float]:
    """Photos a second of these processes, each of which makes `photos`; and CPU seconds of each photo."""
    began, before = time.perf_counter(), cpu_seconds()
    with concurrent.futures.ThreadPoolExecutor(len(workers)) as threads:
        list(threads.map(make, workers, [photos] * len(workers)))
    made = photos * len(workers)
    return made / (time.perf_counter() - began), (cpu_seconds() - before) / made


def cpu_seconds() -> float:
    """Of all processes that were started here."""
    return sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children())


def draw(rates: dict[int, list[float]], path: pathlib.Path) -> None:
    """Photos a minute against processes: each round a dot, their medians a line, and what as many times one is."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    counts = sorted(rates)
    middle = [60 * statistics.median(rates[count]) for count in counts]
    figure, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
    ideal = [middle[0] / counts[0] * count for count in counts]
    axes.plot(counts, ideal, "--", color="#5b6b7f", label="as many times one")
    axes.plot(counts, middle, "-", color="#0072B2", label="measured, median")
    for count in counts:
        dots = [60 * rate for rate in rates[count]]
        axes.plot([count] * len(dots), dots, "o", color="#D55E00", label="each round" if count == counts[0] else None)
    axes.set(xlabel="processes", ylabel="photos a minute", xticks=counts, ylim=(0, None))
    axes.set_title(f"A batch of the preset tiny, {allowed_cores()} cores")
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    """Measure, print a table, and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    powers = [2**k for k in range(10) if 2**k <= allowed_cores()]
    parser.add_argument("--processes", type=int, nargs="+", default=powers, help=f"how many (default: {powers})")
    parser.add_argument("--photos", type=int, default=4, help="of each process in a stretch (default: 4)")
    parser.add_argument("--rounds", type=int, default=5, help="of all numbers of processes (default: 5)")
    parser.add_argument("--figure", type=pathlib.Path, default=ROOT / "build/batch.svg", metavar="FILE")
    args = parser.parse_args()
    rates: dict[int, list[float]] = {count: [] for count in args.processes}
    with tempfile.TemporaryDirectory() as folder:
        started = {count: start(count, folder) for count in args.processes}
        try:
            for workers in started.values():
                measure(workers, 1)
            print("round  processes  photos/min  s/photo  CPU s/photo  load")
            for number in range(args.rounds):
                for count, workers in started.items():
                    rate, cpu = measure(workers, args.photos)
                    rates[count].append(rate)
                    said = f"{number + 1:5}  {count:9}  {60 * rate:10.1f}  {1 / rate:7.2f}  {cpu:11.2f}"
                    print(f"{said}  {psutil.getloadavg()[0]:4.1f}", flush=True)
            peak = max(child.memory_info().rss for child in psutil.Process().children()) / 1e9
        finally:
            for worker in itertools.chain(*started.values()):
                worker.kill()
    print(f"memory of the largest process: {peak:.2f} GB")
    fewest = min(rates)
    for count in sorted(rates):
        ratios = [many / one for many, one in zip(rates[count], rates[fewest])]
        print(
            f"{count} processes: {60 * statistics.median(rates[count]):.1f} photos a minute (median), "
            f"{statistics.median(ratios):.2f} times as many as {fewest} ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    draw(rates, args.figure)
    print(args.figure)


if __name__ == "__main__":
    main()
