"""All that waits for a GPU, one stage after another, in 8 minutes and without a network.

    python benchmarks/gpu.py --wheels folder --out folder        # on a machine with an NVIDIA GPU
    python benchmarks/gpu.py --wheels folder --out folder --dry  # on a CPU: is the command whole?

Needed is a Python with torch, torchvision, triton, transformers, timm, numba, scipy, matplotlib, opencv and h5py; this
package need not be installed. What that Python lacks besides (diffusers, segment-anything, pyroomacoustics, on a bare
one also pytest and a few more) travels as wheels in a folder, which is made where there is a network, in an environment
with this package, for the Python of the other machine:

    python benchmarks/gpu.py --collect-wheels folder --python-version 3.12
    python benchmarks/gpu.py --collect-wheels folder --python-version 3.12 --also scipy  # if that is lacking, too

Of the folder only what is lacking is installed, into a temporary folder that goes again at the end.

The stages come in the order of their weight. Each is a process of its own with a time limit of its own, and time that a
stage does not use goes to those after it. One that fails or overruns its limit leaves the rest running. What a stage
prints stands in NN_name.txt of the folder `--out` at once and on the screen when it ends; summary.json there is whole
after every stage. The exit status is 0 if all stages were fine, 2 if there is no GPU, 130 if it was interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
#: What `--collect-wheels` takes: what a Python with the libraries that the head of this file names may lack.
WHEELS = (
    "diffusers", "segment-anything", "pyroomacoustics", "accelerate", "pytest", "pluggy", "iniconfig", "psutil",
    "requests", "urllib3", "certifi", "charset-normalizer",
)  # fmt: skip
MOST_BYTES = 64 * 2**20
#: What the stages import, as modules; named together at the beginning if they are missing.
IMPORTED = (
    "torch", "torchvision", "triton", "transformers", "diffusers", "accelerate", "segment_anything", "timm", "numba",
    "numpy", "scipy", "cv2", "h5py", "PIL", "matplotlib", "pyroomacoustics", "safetensors", "requests", "psutil",
    "pytest",
)  # fmt: skip
NO_GPU = 2
#: A process that is told to end has so long to say where it was.
GRACE_S = 3.0


@dataclasses.dataclass(frozen=True)
class Stage:
    """A command with a time limit.

    Attributes
    ----------
    name : str
        Short: a part of a file's name.
    command : sequence of str
        Program and arguments.
    limit_s : float
        Seconds that it has, besides those that the stages before it left.
    last_if : int, optional
        The exit status with which the stages after it make no sense.
    """

    name: str
    command: Sequence[str]
    limit_s: float
    last_if: int | None = None


def all_stages(
    wheels: pathlib.Path | None = None, target: pathlib.Path | None = None, *, dry: bool = False
) -> list[Stage]:
    """What is done, most important first.

    Parameters
    ----------
    wheels : pathlib.Path, optional
        The folder of wheels. Without one nothing is installed.
    target : pathlib.Path, optional
        Where to install what is lacking; given with `wheels`.
    dry : bool
        The same stages, but so small that a CPU does them, and without what only a GPU can do.

    Returns
    -------
    list of Stage
        Their limits add up to less than 8 minutes.
    """
    here, python = pathlib.Path(__file__).resolve(), sys.executable
    small = ["--dry"] if dry else []
    # The tests in Triton's interpreter need no GPU. Without one those that need it are skipped.
    pytest = [python, "-m", "pytest", "-v", "--tb=short", "--durations=5", "-p", "no:cacheprovider"]
    codi, tests = [python, "benchmarks/codi.py", *small], "tests/sounds/codi/test_published.py::"
    collect = ["--collect-only"] if dry else []  # on a CPU they pass every day
    stages = [
        Stage("look", [python, str(here), "--look", *small], 30, last_if=NO_GPU),
        Stage("kernels", [*pytest, "-k", "not interpreter", "tests/room/ism/test_gpu.py"], 75),
        Stage("room", [python, "benchmarks/room_gpu.py", *small], 85),
        Stage("codi", [*codi, "--photo"], 120),
        Stage("clip", [python, "benchmarks/clip.py", "--published", "--seconds", "1" if dry else "20", *small], 60),
        Stage(
            "codi_tests",
            [
                *pytest,
                *collect,
                f"{tests}test_a_graph_predicts_the_same_noise",
                f"{tests}test_offloaded_it_is_the_same",
            ],
            30,
        ),
        Stage("compile", [*codi, "--compile", "--step-only"], 40),  # minutes: as long as the others leave it
    ]
    if wheels is not None:
        stages.insert(0, Stage("wheels", [python, str(here), "--install", str(wheels), str(target)], 30))
    return stages


def run_all(stages: Sequence[Stage], out: pathlib.Path, *, env: dict[str, str] | None = None) -> int:
    """Run stages one after another, and write down what became of them.

    Parameters
    ----------
    stages : sequence of Stage
        They run in the root of this repository.
    out : pathlib.Path
        A folder for what they print and ``summary.json``; made if it is not there.
    env : dict, optional
        The environment of the stages.

    Returns
    -------
    int
        The exit status: 0 if all were fine, 1 if not, 130 if Ctrl-C or SIGTERM ended them, or the `Stage.last_if`
        that did.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = [
        dict(name=stage.name, state="not run", status=None, seconds=None, limit_s=None,
             output=f"{number:02}_{stage.name}.txt", command=list(stage.command))
        for number, stage in enumerate(stages)
    ]  # fmt: skip
    began, start = datetime.datetime.now().astimezone().isoformat(timespec="seconds"), time.monotonic()
    status, before_s = 0, 0.0

    def write(ended: bool) -> None:
        summary = dict(began=began, seconds=round(time.monotonic() - start, 1), ended=ended, status=status, stages=rows)
        beside = out / "summary.json.part"
        beside.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        beside.replace(out / "summary.json")  # in one go: who reads it never meets half of it

    ended_by = signal.signal(signal.SIGTERM, _interrupt)
    write(ended=False)
    try:
        for stage, row in zip(stages, rows):
            before_s += stage.limit_s
            print(f"\n=== {stage.name}: {' '.join(stage.command)}", flush=True)
            try:
                run_stage(stage, row, out / row["output"], before_s - (time.monotonic() - start), env)
            finally:  # also when it was interrupted
                print((out / row["output"]).read_text(encoding="utf-8", errors="replace"), end="")
                print(f"=== {stage.name}: {row['state']}, {row['seconds']} s", flush=True)
            status = max(status, int(row["state"] != "fine"))
            if stage.last_if is not None and row["status"] == stage.last_if:
                status = stage.last_if
                break
            write(ended=False)
    except KeyboardInterrupt:
        status = 130
    finally:
        signal.signal(signal.SIGTERM, ended_by)
        write(ended=True)
    print("\n" + "\n".join(table(rows)), flush=True)
    return status


def run_stage(
    stage: Stage, row: dict[str, Any], output: pathlib.Path, limit_s: float, env: dict[str, str] | None = None
) -> None:
    """Run one stage and end it, with all that it started, when its time is over.

    Parameters
    ----------
    stage : Stage
    row : dict
        Its ``state`` (``"fine"``, ``"failed"``, ``"overran"`` or ``"interrupted"``), ``status``, ``seconds`` and
        ``limit_s`` are set.
    output : pathlib.Path
        A file for what it prints.
    limit_s : float
        Seconds.
    env : dict, optional
        Its environment.
    """
    start, row["limit_s"] = time.monotonic(), round(limit_s, 1)
    with output.open("wb") as file:
        # What a shell starts in the background is deaf to SIGINT, and so would its children be; `_end` needs it.
        before = signal.signal(signal.SIGINT, _interrupt)
        try:
            # A process group of its own: its children end with it, and Ctrl-C here is for us to pass on.
            process = subprocess.Popen(
                list(stage.command), stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT, env=env,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            file.write(f"{error}\n".encode())
            row.update(state="failed", seconds=0.0)
            return
        finally:
            signal.signal(signal.SIGINT, before)
        try:
            row["state"] = "fine" if process.wait(max(limit_s, 0.0)) == 0 else "failed"
        except subprocess.TimeoutExpired:
            row["state"] = "overran"
        except KeyboardInterrupt:
            row["state"] = "interrupted"
            raise
        finally:
            _end(process)
            row.update(status=process.returncode, seconds=round(time.monotonic() - start, 1))


def _end(process: subprocess.Popen) -> None:
    """End a process, if it still runs, and all that it started: asked first, for then Python says where it was."""
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(GRACE_S)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass
    with contextlib.suppress(ProcessLookupError):  # nobody is left of them
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for number, handler in before:
        signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of a summary: name, state, seconds, limit and file of each stage."""
    yield f"{'stage':<12}{'state':<13}{'seconds':>8}{'limit':>8}  output"
    for row in rows:
        seconds, limit = ("" if value is None else f"{value:.1f}" for value in (row["seconds"], row["limit_s"]))
        yield f"{row['name']:<12}{row['state']:<13}{seconds:>8}{limit:>8}  {row['output'] if seconds else ''}".rstrip()


def look(*, dry: bool = False) -> int:
    """Print what this machine is and which libraries are missing.

    Parameters
    ----------
    dry : bool
        A machine without a GPU is fine.

    Returns
    -------
    int
        The exit status: 1 if a library is missing, `NO_GPU` if there is no GPU.
    """
    print(f"{datetime.date.today()}, Python {platform.python_version()}, {platform.platform()}, {os.cpu_count()} cores")
    missing = [name for name in IMPORTED if importlib.util.find_spec(name) is None]
    distributions = importlib.metadata.packages_distributions()
    names = [distributions[module][0] for module in IMPORTED if module in distributions]
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in names))
    if missing:
        print(f"Missing: {', '.join(missing)}. Put their wheels into the folder of wheels.")
    if "torch" in missing:
        return 1
    if tool := shutil.which("nvidia-smi"):
        asked = "--query-gpu=name,driver_version,memory.total,power.limit,clocks.max.sm,clocks.max.mem"
        print(subprocess.run([tool, asked, "--format=csv"], capture_output=True, text=True).stdout, end="")
    import torch

    print(f"torch {torch.__version__} for CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}")
    if torch.cuda.is_available():
        device = torch.cuda.get_device_properties(0)
        print(
            f"{device.name}, capability {device.major}.{device.minor}, {device.multi_processor_count} multiprocessors, "
            f"{device.total_memory / 1e9:.0f} GB"
        )
        print(f"It adds: 1 + 1 = {float(torch.ones(1, device='cuda') + 1):.0f}")
    elif dry:
        print("No CUDA device: what needs one is left out.")
    else:
        print("No CUDA device, so that nothing can be measured; to see whether the command is whole, add --dry.")
        return NO_GPU
    return int(bool(missing))


def install(wheels: pathlib.Path, target: pathlib.Path) -> int:
    """Install those wheels of a folder that this Python lacks, without a network.

    Parameters
    ----------
    wheels, target : pathlib.Path
        From where and to where.

    Returns
    -------
    int
        The exit status: 1 if one could not be installed; the others are installed all the same.
    """
    found = sorted(wheels.glob("*.whl"))
    print(f"{len(found)} wheels in the folder")
    lacking = []
    for wheel in found:
        try:
            version = importlib.metadata.version(wheel.name.split("-")[0])
            print(f"{wheel.name}: left, this Python has {version}")
        except importlib.metadata.PackageNotFoundError:
            lacking.append(wheel)
    if lacking and not _pip_install(lacking, target):  # one that is compiled for another Python stops them all
        pure = [wheel for wheel in lacking if wheel.name.endswith("-none-any.whl")]
        groups = [pure, *([wheel] for wheel in lacking if wheel not in pure)]
        failed = [wheel for group in groups if group and not _pip_install(group, target) for wheel in group]
    else:
        failed = []
    print("\n".join(f"{wheel.name}: {'failed' if wheel in failed else 'installed'}" for wheel in lacking))
    return int(bool(failed) or not found)


def _pip_install(wheels: Sequence[pathlib.Path], target: pathlib.Path) -> bool:
    options = ["--quiet", "--no-index", "--no-deps", "--no-compile", "--no-cache-dir", "--target", str(target)]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *options, *map(str, wheels)]
    return subprocess.run(pip).returncode == 0


def collect_wheels(folder: pathlib.Path, python_version: str, also: Sequence[str] = ()) -> int:
    """Download the wheels that the stages may lack, as constraints.txt pins them; needs a network.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; made if it is not there.
    python_version : str
        Of the Python that will use them, such as ``"3.12"``.
    also : sequence of str
        Libraries besides `WHEELS`.

    Returns
    -------
    int
        The exit status of pip.

    Raises
    ------
    ValueError
        If the version is not one, a library is not pinned, or the wheels are larger than `MOST_BYTES` together.
    """
    if not re.fullmatch(r"3\.\d+", python_version):
        raise ValueError(f"python_version is {python_version!r}; it must be two numbers: write 3.12, for example")
    pins = pinned(python_version)
    if unknown := [name for name in also if name not in pins]:
        raise ValueError(f"{', '.join(unknown)}: constraints.txt pins no such library; leave out or correct the name")
    # pip takes a wheel of exactly these kinds when it downloads for another Python.
    kinds = [f"manylinux_2_{minor}" for minor in range(34, 16, -1)] + ["manylinux2014", "manylinux2010", "manylinux1"]
    options = ["--no-deps", "--only-binary=:all:", "--implementation=cp", f"--python-version={python_version}"]
    options += [f"--platform={kind}_{platform.machine()}" for kind in kinds]
    wanted = [f"{name}=={pins[name]}" for name in dict.fromkeys([*WHEELS, *also])]
    folder.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    status = subprocess.run([*pip, *options, "--dest", str(folder), *wanted]).returncode
    sizes = {wheel.name: wheel.stat().st_size for wheel in sorted(folder.glob("*.whl"))}
    for name, size in sizes.items():
        print(f"{size / 2**20:6.1f} MiB  {name}")
    if sum(sizes.values()) > MOST_BYTES:
        raise ValueError(
            f"the wheels in {folder} have {sum(sizes.values()) / 2**20:.0f} MiB; more than {MOST_BYTES >> 20} are "
            "too many to carry: take another folder and fewer libraries with --also"
        )
    return status


def pinned(python_version: str) -> dict[str, str]:
    """The versions in constraints.txt that are for a Python on Linux.

    Parameters
    ----------
    python_version : str
        Such as ``"3.12"``.

    Returns
    -------
    dict of str to str
        Name to version.
    """
    from packaging.requirements import Requirement

    # pip itself would judge the markers by the Python that it runs in.
    there = dict(python_version=python_version, python_full_version=f"{python_version}.99", sys_platform="linux")
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    return {
        pin.name: next(iter(pin.specifier)).version for pin in pins if pin.marker is None or pin.marker.evaluate(there)
    }


def environment(target: pathlib.Path | None = None, *, dry: bool = False) -> dict[str, str]:
    """The environment of the stages: the repository's root and what was installed on the path, and no network."""
    path = [str(folder) for folder in (target, ROOT) if folder is not None] + [os.environ.get("PYTHONPATH", "")]
    given = dict(
        PYTHONPATH=os.pathsep.join(filter(None, path)),
        PYTHONUNBUFFERED="1",  # what was printed before a time limit is not lost
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        HF_HUB_OFFLINE="1",
    )
    if dry:  # on busy cores threads that wait for each other take several times as long as one
        given["OMP_NUM_THREADS"] = "1"
    return os.environ | given


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = pathlib.Path
    parser.add_argument("--wheels", type=folder, help="folder of wheels; without one nothing is installed")
    parser.add_argument("--out", type=folder, default=ROOT / "build" / "gpu", help="folder for the results: build/gpu")
    parser.add_argument("--dry", action="store_true", help="the same on a CPU, as small as can be")
    parser.add_argument("--collect-wheels", type=folder, metavar="FOLDER", help="only download wheels into a folder")
    parser.add_argument(
        "--python-version",
        default="{}.{}".format(*sys.version_info),
        help="that the wheels are for (%(default)s)",
    )
    parser.add_argument("--also", nargs="+", default=[], metavar="NAME", help="libraries to download besides")
    parser.add_argument("--look", action="store_true", help=argparse.SUPPRESS)  # the two stages that are in this file
    parser.add_argument("--install", nargs=2, type=folder, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.look:
        return look(dry=arguments.dry)
    if arguments.install:
        return install(*arguments.install)
    try:
        if arguments.collect_wheels:
            return collect_wheels(arguments.collect_wheels, arguments.python_version, arguments.also)
        wheels = arguments.wheels and arguments.wheels.resolve()  # the stages run in the repository's root
        if wheels and not wheels.is_dir():
            raise ValueError(f"--wheels {arguments.wheels} is no folder; make it with --collect-wheels, see --help")
    except ValueError as error:
        parser.error(str(error))
    with tempfile.TemporaryDirectory(prefix="see2sound-gpu-") as temporary:
        target = pathlib.Path(temporary, "site") if wheels else None
        return run_all(
            all_stages(wheels, target, dry=arguments.dry), arguments.out, env=environment(target, dry=arguments.dry)
        )


if __name__ == "__main__":
    sys.exit(main())
