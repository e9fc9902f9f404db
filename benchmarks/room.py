"""How long does the room take: ours beside pyroomacoustics, torchrir and rir-generator, in one run.

    pip install -e ".[benchmarks]"
    python benchmarks/room.py  # on Linux; about three minutes
    python benchmarks/room.py ears  # only a moving source for ears, side by side with an earlier build

The work: a room of 8 x 6 x 3.5 m, absorption 0.2, 16 kHz, responses of 3 sources at 6 receivers. All sum the same
images, |i| + |j| + |k| <= order, and all start from the same numbers: building a library's room or scene (half a
millisecond) is part of its work. The contestants take turns, and the fastest call of each counts. Beside the times
stands how far the responses are apart.

After that: one dragged source, a source on a path, the same for ears beside the build of commit ccd0773, memory, and
1,000 rooms.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
from scipy.signal import fftconvolve

from see2sound_nb._threads import cores
from see2sound_nb.render.convolution import LiveMix
from see2sound_nb.render.moving import render_moving, render_path
from see2sound_nb.room.ism import shoebox_rir
from see2sound_nb.room.ism.definition import LEAD
from see2sound_nb.room.shoebox import Room

SIZE_M = np.array([8.0, 6.0, 3.5])
ABSORPTION = 0.2
SAMPLE_RATE = 16000
SOURCES_M = np.array([[2.0, 4.5, 1.5], [4.1, 5.2, 1.2], [6.3, 3.7, 1.9]])
RECEIVERS_M = np.array([4.0, 2.0, 1.5]) + 0.1 * np.array(
    [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
)
ORDERS = (3, 10, 17, 30, 50)
SECONDS = 10.0  # of sound
PATH = 300  # positions
BLOCK = 320  # samples, 20 ms
EARLY_S = 0.1
MOST_TURNS = 15
TURN_S = 0.03
PATIENCE_S = 2.5  # for all turns of one contestant

ROOT = pathlib.Path(__file__).parent.parent
#: The build whose moving sources for ears are compared with.
BEFORE = "ccd0773"
EARS_ORDERS, EARS_ROUNDS = (10, 17, 30), 7
#: Renders a path for ears for each order, number of positions, seconds and file that it is told, writes the sound
#: there, and answers with seconds, seconds of the processors' work, and the most memory that it ever held, in MB.
EARS = """
import sys, time
import numpy as np
try:
    from see2sound_nb.render.moving import render_path
    from see2sound_nb.room.shoebox import Room
except ImportError:  # as it was then
    from see2sound_nb.moving import render_path
    from see2sound_nb.room import Room
for line in sys.stdin:
    order, positions, seconds, file = line.split()
    turn = np.linspace(0, 2 * np.pi, int(positions))
    path_m = np.stack([4 + 2.5 * np.cos(turn), 3 + 2 * np.sin(turn), np.full(len(turn), 1.2)], axis=1)
    A = np.random.default_rng(0).standard_normal(round(16000 * float(seconds))).astype(np.float32)
    room = Room((8.0, 6.0, 3.5), (4.1, 2.0, 1.5), 0.2, int(order))
    began, worked = time.perf_counter(), time.process_time()
    phi = render_path(A, room, path_m, np.linspace(0, float(seconds), len(turn)), "binaural")
    taken, worked = time.perf_counter() - began, time.process_time() - worked
    np.save(file, phi)
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024 / 1e6
    print(taken, worked, peak, flush=True)
"""

Work = Callable[[], object]


def main() -> None:
    """Print all tables."""
    if sys.argv[1:] == ["ears"]:
        describe()
        ears()
        return
    if len(sys.argv) > 1:  # as a child: one measurement of memory
        print(MEMORY[sys.argv[1]]())
        return
    describe()
    responses()
    drag()
    path()
    ears()
    memory()


def describe() -> None:
    """Print what is measured, and on what."""
    with open("/proc/cpuinfo") as file:
        names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    versions = [f"Python {platform.python_version()}"]
    versions += [
        f"{name} {version(name)}" for name in ("numpy", "numba", "pyroomacoustics", "torchrir", "rir-generator")
    ]
    print(f"{datetime.date.today()}, {names[0] if names else platform.processor()}, {os.cpu_count()} cores, ", end="")
    print(f"{cores()} threads for ours (but in the column of one thread); the others use theirs")
    print(", ".join(versions))


def version(name: str) -> str:
    """The version of an installed package, or that it is not there."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def fastest_ms(contestants: dict[str, Work]) -> dict[str, float]:
    """The fastest call of each contestant in milliseconds; they take turns, the slow ones fewer.

    A turn is as many calls as fit into it, so that nobody is judged by the caches and threads that another left behind.
    """
    best, spent = dict.fromkeys(contestants, math.inf), dict.fromkeys(contestants, 0.0)
    for _ in range(MOST_TURNS):
        for name, work in contestants.items():
            turn = time.perf_counter()
            while spent[name] < PATIENCE_S and (start := time.perf_counter()) < turn + TURN_S:
                work()
                taken = time.perf_counter() - start
                best[name], spent[name] = min(best[name], 1e3 * taken), spent[name] + taken
    return best


# The contestants: each function returns the work to be timed. Its result is (S, R, L), or rows of unequal length.


def ours(order: int, sources_m: np.ndarray = SOURCES_M, **options) -> Work:
    """Ours on the CPU."""
    room = dict(absorption=ABSORPTION, max_order=order, sample_rate=SAMPLE_RATE, device="cpu", **options)
    return lambda: shoebox_rir(SIZE_M, sources_m, RECEIVERS_M, **room)


def ours_one_thread(order: int) -> Work:
    """Ours, without the second thread."""
    inner = ours(order)

    def work():
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(allowed)})
        try:
            return inner()
        finally:
            os.sched_setaffinity(0, allowed)

    return work


def pyroomacoustics(order: int, sources_m: np.ndarray = SOURCES_M, high_pass: bool = False) -> Work:
    """pyroomacoustics, whose high-pass of 10 Hz is on unless one says otherwise."""
    import pyroomacoustics as pra

    def work():
        pra.constants.set("rir_hpf_enable", high_pass)
        room = pra.ShoeBox(SIZE_M, fs=SAMPLE_RATE, materials=pra.Material(ABSORPTION), max_order=order)
        for source in sources_m:
            room.add_source(source)
        room.add_microphone_array(RECEIVERS_M.T)
        room.compute_rir()
        return [[room.rir[r][s] for r in range(len(RECEIVERS_M))] for s in range(len(sources_m))]

    return work


def torchrir(order: int, samples: int) -> Work:
    """torchrir on the CPU: 1/d, time 0 is the emission."""
    from torchrir import MicrophoneArray, Room, Source, StaticScene
    from torchrir.config import SimulationConfig
    from torchrir.sim import simulate

    config = SimulationConfig(max_order=order, nsample=samples, device="cpu")

    def work():
        scene = StaticScene(
            room=Room.shoebox(SIZE_M.tolist(), fs=SAMPLE_RATE, beta=[math.sqrt(1 - ABSORPTION)] * 6),
            sources=Source.from_positions(SOURCES_M.tolist()),
            mics=MicrophoneArray.from_positions(RECEIVERS_M.tolist()),
        )
        return simulate(scene, config).rirs.numpy()

    return work


def rir_generator(order: int, samples: int) -> Work:
    """rir-generator without its high-pass: 1/(4 pi d), time 0 is the emission, a window of 8 ms of its own."""
    import rir_generator

    room = dict(c=343.0, fs=SAMPLE_RATE, r=RECEIVERS_M, L=SIZE_M, beta=[math.sqrt(1 - ABSORPTION)] * 6)
    room.update(order=order, nsample=samples, hp_filter=False)
    return lambda: np.stack([rir_generator.generate(s=source, **room).T for source in SOURCES_M])


def apart(found, wanted, late: int = 0, scale: float = 1.0) -> float:
    """The largest difference over the peak: `found` is brought `late` samples later and scaled."""
    worst = 0.0
    for rows, others in zip(found, wanted):
        for row, other in zip(rows, others):
            a = np.concatenate([np.zeros(late), scale * np.asarray(row, dtype=np.float64)])
            length = max(len(a), len(other))
            difference = np.pad(a, (0, length - len(a))) - np.pad(other, (0, length - len(other)))
            worst = max(worst, float(np.abs(difference[late:]).max() / np.abs(other).max()))
    return worst


def responses() -> None:
    """The table of responses."""
    print(f"\nResponses of {len(SOURCES_M)} sources at {len(RECEIVERS_M)} receivers, milliseconds; hp: with high-pass")
    names = ("ours", "ours, 1 thr", "ours, hp", "pyroom", "pyroom, hp", "torchrir", "rir-gen")
    print(f"{'order (images)':<16}" + "".join(f"{name:>12}" for name in names))
    rows = []
    for order in ORDERS:
        samples = ours(order)().shape[-1]
        contestants = {
            "ours": ours(order), "ours, 1 thr": ours_one_thread(order), "ours, hp": ours(order, high_pass=True),
            "pyroom": pyroomacoustics(order), "pyroom, hp": pyroomacoustics(order, high_pass=True),
        }  # fmt: skip
        if version("torchrir") != "not installed":
            contestants["torchrir"] = torchrir(order, samples)
        if version("rir-generator") != "not installed":
            contestants["rir-gen"] = rir_generator(order, samples)
        for name in set(contestants) - {"torchrir", "rir-gen"}:
            contestants[name]()  # warm
        best = fastest_ms(contestants)
        images = (2 * order + 1) * (2 * order**2 + 2 * order + 3) // 3
        times = "".join(f"{best[name]:>12.3g}" if name in best else f"{'-':>12}" for name in names)
        print(f"{f'{order} ({images:,})':<16}{times}", flush=True)
        rows.append((order, best, agreement(order, contestants)))
    print("\nHow many times as long as ours (hp against hp), and how far apart: largest difference over the peak of")
    print("pyroomacoustics' response. Ours with its convention, its high-pass off and on; torchrir 40 samples later;")
    print("rir-generator 40 samples later and times 4 pi.")
    titles = ("pyroom", "1 thread", "pyroom, hp", "torchrir", "rir-gen", "| ours", "ours, hp", "torchrir", "rir-gen")
    print(f"{'order':<6}" + "".join(f"{title:>11}" for title in titles))
    for order, best, distance in rows:
        pairs = (("pyroom", "ours"), ("pyroom", "ours, 1 thr"), ("pyroom, hp", "ours, hp"))
        pairs += (("torchrir", "ours"), ("rir-gen", "ours"))
        ratios = "".join(f"{best[a] / best[b]:>10.3g}x" if a in best else f"{'-':>11}" for a, b in pairs)
        far = "".join(
            f"{distance[name]:>11.1e}" if name in distance else f"{'-':>11}"
            for name in ("ours", "ours, hp", "torchrir", "rir-gen")
        )
        print(f"{order:<6}{ratios}{far}")


def agreement(order: int, contestants: dict[str, Work]) -> dict[str, float]:
    """How far each is from pyroomacoustics; the slowest are compared up to order 30, to save the time."""
    wanted = contestants["pyroom"]()
    found = {"ours": apart(ours(order, convention="pyroomacoustics")(), wanted)}
    high_passed = ours(order, convention="pyroomacoustics", high_pass=True)()
    found["ours, hp"] = apart(high_passed, contestants["pyroom, hp"]())
    if order <= 30:
        for name, scale in (("torchrir", 1.0), ("rir-gen", 4 * math.pi)):
            if name in contestants:
                found[name] = apart(contestants[name](), wanted, LEAD, scale)
    return found


def drag() -> None:
    """One source of three moves; the other two are kept.

    The first block may be played before the whole response is there: with the first 100 ms of the new response, which
    tell where the source is, and what follows of the old one.
    """
    print(
        f"\nOne dragged source of {len(SOURCES_M)}, 6 receivers, {SECONDS:g} s: its responses, its wet sound, the sum"
    )
    A = np.random.default_rng(0).standard_normal((len(SOURCES_M), int(SECONDS * SAMPLE_RATE))).astype(np.float32)
    blocks = f"{'first 20 ms block':>22}{'its first 100 ms anew':>24}"
    print(f"{'order':<8}{'ours':>12}{'pyroom + scipy':>18}{'ratio':>8}{blocks}")
    for order in (17, 50):
        mix = LiveMix(A, ours(order)())
        others = np.random.default_rng(1).standard_normal((6, A.shape[1] + mix.dry.longest + LEAD)).astype(np.float32)
        one, peer = ours(order, SOURCES_M[:1]), pyroomacoustics(order, SOURCES_M[:1])

        def all_of_it(mix=mix, one=one):
            return mix.move(0, one()[0])

        def first_block(mix=mix, one=one):
            return mix.first_block(0, one()[0], 1000, BLOCK)

        early, tail = ours(order, SOURCES_M[:1], max_time_s=EARLY_S), one()[0]

        def early_block(mix=mix, early=early, tail=tail):
            h, begins = tail.copy(), int(EARLY_S * SAMPLE_RATE)
            h[:, :begins] = early()[0, :, :begins]
            return mix.first_block(0, h, 1000, BLOCK)

        def theirs(peer=peer, others=others):
            for channel, h in zip(others, peer()[0]):
                wet = fftconvolve(A[0], h.astype(np.float32))
                wet += channel[: len(wet)]

        contestants = {"ours": all_of_it, "block": first_block, "early": early_block, "theirs": theirs}
        for work in contestants.values():
            work()
        best = fastest_ms(contestants)
        ratio = best["theirs"] / best["ours"]
        print(f"{order:<8}{best['ours']:>9.2f} ms{best['theirs']:>15.1f} ms{ratio:>7.0f}x", end="")
        print(f"{best['block']:>19.2f} ms{best['early']:>21.2f} ms")


def path() -> None:
    """A source on a path."""
    turn = np.linspace(0, 2 * np.pi, PATH)
    positions_m = np.stack([4 + 2.5 * np.cos(turn), 3 + 2 * np.sin(turn), np.full(PATH, 1.2)], axis=1)
    A = np.random.default_rng(0).standard_normal(int(SECONDS * SAMPLE_RATE)).astype(np.float32)
    times_s = np.linspace(0, SECONDS, PATH)

    def moving():
        return render_moving(A, ours(17, positions_m)(), times_s, sample_rate=SAMPLE_RATE)

    room = Room(tuple(SIZE_M), tuple(RECEIVERS_M[0]), ABSORPTION, 17)
    layouts = {
        "5.1, the source moves": lambda: render_path(A, room, positions_m, times_s),
        "5.1, the listener moves": lambda: render_path(A, room, positions_m, times_s, source_m=SOURCES_M[0]),
        "binaural, the source moves": lambda: render_path(A, room, positions_m, times_s, "binaural"),
    }
    moving()
    best = fastest_ms({"h": ours(17, positions_m), "all": moving} | layouts)
    print(
        f"\nA source on a path, {PATH} positions in {SECONDS:g} s, 6 receivers, order 17: responses {best['h']:.0f} ms,"
    )
    print(f"with the crossfaded convolution {best['all']:.0f} ms: {1e3 * SECONDS / best['all']:.0f}x real time")
    for name in layouts:
        print(f"{name:<28}{best[name]:>6.0f} ms: {1e3 * SECONDS / best[name]:.0f}x real time")


def ears() -> None:
    """A source on a path, for ears, by this build and by an earlier one, which take turns."""
    print(f"\nThe same for ears, beside commit {BEFORE}: {PATH} positions in {SECONDS:g} s; the fastest, the median of")
    print("the ratios, and that of the processors' work, which other programs disturb less")
    names = (BEFORE, "now", "ratio", "work", "real time", "difference over the peak")
    print(f"{'order':<8}" + "".join(f"{name:>{width}}" for name, width in zip(names, (12, 12, 8, 8, 12, 27))))
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder)
        archive = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
        before, now = worker(tree), worker(ROOT)
        files = tree / "before.npy", tree / "now.npy"
        for order in EARS_ORDERS:
            for build, file in zip((before, now), files):  # warm
                ask(build, order, PATH, SECONDS, file)
            wanted, found = map(np.load, files)
            far = np.abs(found - wanted).max() / np.abs(wanted).max()
            pairs = [
                [ask(build, order, PATH, SECONDS, file) for build, file in zip((before, now), files)]
                for _ in range(EARS_ROUNDS)
            ]
            old, new = (min(seconds for seconds, *_ in turns) for turns in zip(*pairs))
            ratio, work = (statistics.median(a[k] / b[k] for a, b in pairs) for k in (0, 1))
            print(f"{order:<8}{1e3 * old:>9.0f} ms{1e3 * new:>9.0f} ms{ratio:>7.1f}x{work:>7.1f}x", end="")
            print(f"{SECONDS / new:>11.0f}x{far:>27.1e}", flush=True)
        fresh = worker(ROOT)
        minute = ask(fresh, 17, 1800, 60, files[1])
        for build in (before, now, fresh):
            build.communicate()  # nothing more to tell: it ends
        print(f"A minute, 1,800 positions, order 17: {minute[0]:.1f} s, the process held {minute[2]:.0f} MB at most")


def worker(tree: pathlib.Path) -> subprocess.Popen:
    """A process that runs `EARS` with the package in `tree`."""
    there, pipe = os.environ | {"PYTHONPATH": str(tree)}, subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", EARS], stdin=pipe, stdout=pipe, text=True, env=there, cwd=tree)


def ask(build: subprocess.Popen, *what: object) -> list[float]:
    """Tell a `worker` what to render; its answer."""
    assert build.stdin is not None and build.stdout is not None
    build.stdin.write(" ".join(map(str, what)) + "\n")
    build.stdin.flush()
    return [float(number) for number in build.stdout.readline().split()]


def peak_mb() -> float:
    """The most memory that this process ever held, in MB; not getrusage's, which starts from the parent's on Linux."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024 / 1e6


def growth_of(make: Callable[[int], Work]) -> str:
    """How much the peak grows from responses of order 1 to those of order 50."""
    make(1)()
    before = peak_mb()
    result = make(50)()
    return f"{peak_mb() - before:.0f} MB, of which the responses take {sum_of_bytes(result) / 1e6:.0f} MB"


def sum_of_bytes(rows) -> int:
    """Bytes of arrays in lists in lists."""
    return rows.nbytes if isinstance(rows, np.ndarray) else sum(map(sum_of_bytes, rows))


def stream() -> str:
    """1,000 rooms one after the other: does the memory grow?"""
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    for count in range(1000):
        size_m = rng.uniform([4, 4, 2.5], [10, 8, 4])
        places = rng.uniform(0.5, size_m - 0.5, (3, 3))
        shoebox_rir(size_m, places[:1], places[1:], absorption=rng.uniform(0.1, 0.5), max_order=17, device="cpu")
        if count == 99:
            before = peak_mb()
    taken = time.perf_counter() - start
    return f"{peak_mb() - before:.1f} MB after the first 100, {1e3 * taken:.0f} ms in all"


MEMORY = {
    "ours": lambda: growth_of(ours),
    "pyroomacoustics": lambda: growth_of(pyroomacoustics),
    "stream": stream,
}


def memory() -> None:
    """Memory, each in a process of its own."""

    def child(what: str) -> str:
        return subprocess.run(
            [sys.executable, __file__, what], check=True, capture_output=True, text=True
        ).stdout.strip()

    print("\nMemory (peak of a process of its own)")
    for name in ("ours", "pyroomacoustics"):
        print(f"order 50, 3 x 6, {name}: grows by {child(name)}")
    print(f"1,000 rooms of all sizes, 1 x 2, order 17, ours: grows by {child('stream')}")


if __name__ == "__main__":
    main()
