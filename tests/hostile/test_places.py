"""Where it runs: machine code that cannot be kept or read, no home, no temporary folder, no network, little memory."""

import contextlib
import importlib.util
import itertools
import os
import subprocess
import sys
import time

import pytest

import see2sound_nb as s2s
from see2sound_nb import cli

resource = pytest.importorskip("resource", reason="limits of a process, as Unix has them")

SOURCE = """
from see2sound_nb._numba import loop

@loop()
def f(x):
    return x + {added}

@loop("float64(float64)")
def g(x):
    return f(x) * {factor}
"""
_names = itertools.count()


def made(folder, added=1.0, factor=2.0):
    """The module of `SOURCE` in a folder, imported anew, as the next process would."""
    path = folder / "loops.py"
    text = SOURCE.format(added=added, factor=factor)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    spec = importlib.util.spec_from_file_location(f"loops{next(_names)}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hits(module):
    return sum(module.g.stats.cache_hits.values())


def kept(folder, suffix):
    (path,) = (folder / "__pycache__").glob(f"loops.g-*{suffix}")
    return path


@contextlib.contextmanager
def files_of_at_most(size):
    """The kernel lets no file of this process grow beyond `size` bytes: an OSError, as of a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_machine_code_is_kept_for_the_next_process(tmp_path):
    assert hits(made(tmp_path)) == 0
    again = made(tmp_path)
    assert hits(again) == 1 and again.g(1.0) == 4.0


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("damage", [
    lambda whole: b"", lambda whole: whole[: len(whole) // 2], lambda whole: bytes(len(whole)),
    lambda whole: b"<!DOCTYPE html>", lambda whole: whole[:20],
], ids=["empty", "half", "zeros", "a page", "20 bytes"])  # fmt: skip
def test_damaged_machine_code_is_made_anew_and_kept_again(tmp_path, suffix, damage):
    made(tmp_path)
    path = kept(tmp_path, suffix)
    path.write_bytes(damage(path.read_bytes()))
    after = made(tmp_path)
    assert hits(after) == 0 and after.g(1.0) == 4.0
    healed = made(tmp_path)
    assert hits(healed) == 1 and healed.g(1.0) == 4.0


def test_one_changed_bit_of_machine_code_is_seen(tmp_path):
    """numba itself would run it."""
    made(tmp_path)
    path = kept(tmp_path, ".nbc")
    whole = path.read_bytes()
    for place in (0, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        after = made(tmp_path)
        assert hits(after) == 0 and after.g(1.0) == 4.0


@pytest.mark.parametrize(("size", "index_changes"), [(0, False), (5000, True)])
def test_a_disk_without_room_stops_nothing_and_old_code_is_not_run(tmp_path, size, index_changes):
    made(tmp_path, factor=2.0)
    index, code = (kept(tmp_path, suffix).read_bytes() for suffix in (".nbi", ".nbc"))
    (tmp_path / "loops.py").write_text(SOURCE.format(added=1.0, factor=3.0))
    with files_of_at_most(size):
        assert made(tmp_path, factor=3.0).g(1.0) == 6.0
    assert not list(tmp_path.rglob("*.tmp.*"))
    assert (kept(tmp_path, ".nbi").read_bytes() != index) == index_changes
    assert kept(tmp_path, ".nbc").read_bytes() == code, "of the source as it was"
    assert made(tmp_path, factor=3.0).g(1.0) == 6.0
    assert hits(made(tmp_path, factor=3.0)) == 1


def test_a_quota_stops_nothing(tmp_path, monkeypatch):
    """Of a disk that is full to the last inode even the folder cannot be made."""
    monkeypatch.setattr(os, "makedirs", lambda *_, **__: (_ for _ in ()).throw(OSError(122, "Disk quota exceeded")))
    assert made(tmp_path).g(1.0) == 4.0


def test_without_a_temporary_folder_torchvision_is_imported_all_the_same():
    """It imports torch's compiler, which wants one, though nothing is compiled."""
    code = """
import os, tempfile
def none(): raise FileNotFoundError(2, "No usable temporary directory found")
tempfile._get_default_tempdir = none
os.environ.pop("TORCHINDUCTOR_CACHE_DIR", None)
from see2sound_nb._torchvision import ensure_torchvision
ensure_torchvision()
assert "TORCHINDUCTOR_CACHE_DIR" not in os.environ
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# A machine in which nothing can be written but the sound: all is read-only, no home, no temporary folder, no network,
# and the folder for machine code on a file system of 64 kB.
BARE = """
set -e
mkdir "$1/out" "$1/code"
mount -t tmpfs -o size=16m none "$1/out"
mount -t tmpfs -o size=64k none "$1/code"
cut -d" " -f2 /proc/mounts | sort -u | while read -r place; do
    case $place in /proc*|/sys*|/dev*|"$1"/*) ;; *) mount -o remount,bind,ro "$place" 2>/dev/null || true;; esac
done
! touch "$1/no" 2>/dev/null
cd /
shift
env HOME=/nonexistent TMPDIR=/nonexistent XDG_CACHE_HOME=/nonexistent NUMBA_CACHE_DIR="$CODE" "$@" 1>&2
cat "$OUT/a.wav"
"""


OPTIONS = [str(s2s.demo_photo()), "--sources", "1", "--no-ambience", "--layout", "stereo", "-o"]


def in_a_bare_machine(folder, *words):
    environment = {**os.environ, "OUT": f"{folder}/out", "CODE": f"{folder}/code", "OMP_NUM_THREADS": "1"}
    environment.pop("TORCHINDUCTOR_CACHE_DIR", None)  # as torch has set it for itself
    return subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-c", BARE, "sh", str(folder), *words], capture_output=True,
        env=environment,
    )  # fmt: skip


def has_namespaces():
    try:
        return subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not has_namespaces(), reason="needs the right to make namespaces, as root has it on Linux")
def test_a_bare_machine_gives_the_same_sound(tmp_path):
    bare = in_a_bare_machine(tmp_path, sys.executable, "-m", "see2sound_nb", *OPTIONS, str(tmp_path / "out" / "a.wav"))
    assert bare.returncode == 0, bare.stderr.decode()
    assert b"error" not in bare.stderr and b"Traceback" not in bare.stderr
    assert cli.main([*OPTIONS, str(tmp_path / "a.wav")]) == 0
    assert bare.stdout == (tmp_path / "a.wav").read_bytes()


# The same without the right to make namespaces: what would be used is taken away inside of the process.
LESS = """
import socket, sys, tempfile

def none(*_, **__):
    raise FileNotFoundError(2, "No usable temporary directory found")

def cut(*_, **__):
    raise OSError(101, "Network is unreachable")

tempfile._get_default_tempdir = none
socket.socket.connect = socket.getaddrinfo = cut
from see2sound_nb.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(has_namespaces(), reason="the bare machine has less")
def test_without_home_temporary_folder_and_network_it_runs(tmp_path):
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), "/nonexistent")
    words = [*OPTIONS, str(tmp_path / "a.wav")]
    done = subprocess.run([sys.executable, "-c", LESS, *words], capture_output=True, text=True, cwd="/",
                          env={**os.environ, **places, "OMP_NUM_THREADS": "1"})  # fmt: skip
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert (tmp_path / "a.wav").stat().st_size > 1000


@pytest.mark.parametrize("name", ["photo.jpg", "clip.webm"])
def test_what_may_not_be_read_says_so(tmp_path, monkeypatch, capsys, name):
    photo = tmp_path / name
    photo.write_bytes(s2s.demo_photo().read_bytes())
    photo.chmod(0)
    if os.geteuid() == 0:  # root may read everything; the kernel's answer to others
        opened = open

        def for_others(path, *arguments, **options):
            if str(path) == str(photo):
                raise PermissionError(13, "Permission denied", str(path))
            return opened(path, *arguments, **options)

        monkeypatch.setattr("builtins.open", for_others)
        may = os.access
        monkeypatch.setattr(os, "access", lambda path, *rest: str(path) != str(photo) and may(path, *rest))
    assert cli.main([str(photo), "-o", str(tmp_path / "a.wav")]) == cli.BAD_INPUT
    said = capsys.readouterr().err
    assert "may not be read; change its permissions" in said and said.count("\n") == 1
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.slow
def test_a_wrong_clock_changes_nothing(tmp_path, monkeypatch):
    photo, sounds = tmp_path / "photo.jpg", []
    photo.write_bytes(s2s.demo_photo().read_bytes())
    for number, now_s in enumerate((0.0, 7.3e9)):  # in 1970, in 2201
        output = tmp_path / f"{number}.wav"
        with monkeypatch.context() as patch:
            os.utime(photo, (now_s, now_s))
            patch.setattr(time, "time", lambda now_s=now_s: now_s)
            patch.setattr(time, "time_ns", lambda now_s=now_s: int(now_s * 1e9))
            assert cli.main([str(photo), *OPTIONS[1:], str(output)]) == 0
        sounds.append(output.read_bytes())
    assert sounds[0] == sounds[1]
