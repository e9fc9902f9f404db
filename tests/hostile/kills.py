"""Kill what writes, at random moments, and look at what it leaves: `python -m hostile.kills 200` in tests/.

The saving of a live room, a download, the converter and the command are killed (SIGKILL) again and again. After each
kill: nothing half-written under a final name; what is hidden beside it does not pile up; and the next run succeeds
with the very same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

COMMAND = """
import sys, warnings
warnings.simplefilter("ignore")
from see2sound_nb import cli, demo_photo
sys.exit(cli.main([str(demo_photo()), "-o", sys.argv[1] + "/a.wav", "--sources", "1", "--no-ambience"]))
"""
SAVING = """
import sys
sys.path.insert(0, sys.argv[2])
from browser.scenes import three_sources
import see2sound_nb as s2s
room = s2s.LiveRoom(three_sources())
print("ready", flush=True)
room.save(sys.argv[1] + "/a.wav", "7.1.4")
"""
FETCHING = """
import pathlib, sys
from see2sound_nb.models.downloads import fetch
print("ready", flush=True)
fetch(sys.argv[2], pathlib.Path(sys.argv[1]) / "a.bin", size_mb=1, sha256=sys.argv[3])
"""
CONVERTING = """
import sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[2])
from authors import codi as reference
from see2sound_nb.sounds.codi import convert
print("ready", flush=True)
convert.convert(*sys.argv[3:5], sys.argv[1] + "/codi", configuration=reference.REDUCED.ours)
"""
PUBLISHING = """
import pathlib, sys
sys.path.insert(0, sys.argv[2])
from authors import codi as reference
reference.save_published(reference.net(reference.REDUCED), pathlib.Path(sys.argv[1]))
"""
#: Where the tests stand.
HERE = str(pathlib.Path(__file__).parent.parent)
CONTENT = random.Random(0).randbytes(1_000_000)


def run(script: str, folder: pathlib.Path, *words: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", script, str(folder), *words], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)  # fmt: skip


def begin(script: str, folder: pathlib.Path, words: tuple[str, ...], waits: bool) -> subprocess.Popen:
    """Start a script, and wait until it says that its imports are done, if it does."""
    process = run(script, folder, *words)
    assert not waits or (process.stdout is not None and process.stdout.readline() == "ready\n")
    return process


def digest(path: pathlib.Path) -> str:
    """Of a file, or of all files of a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.is_file())).hexdigest()


def remove(path: pathlib.Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def kill_again_and_again(
    name: str, script: str, output: str, times: int, rng: random.Random, *words: str, waits: bool = False
) -> str:
    """Kill a script `times` times, and say how it went; AssertionError with what was found otherwise."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="killed."))
    try:
        process = begin(script, folder, words, waits)
        began = time.monotonic()
        assert process.wait() == 0, f"{name} fails without being killed"
        seconds = time.monotonic() - began
        whole = digest(folder / output)
        remove(folder / output)
        found = {"nothing": 0, "all": 0}
        most_hidden = 0
        for number in range(times):
            process = begin(script, folder, words, waits)
            # Every second one is aimed at the end, where the output is written.
            part = rng.uniform(0, 1.05) if number % 2 else rng.uniform(0.8, 1.05)
            time.sleep(part * seconds)
            process.kill()
            process.wait()
            written = [path for path in folder.iterdir() if not path.name.startswith(".")]
            assert {path.name for path in written} <= {output, output + ".part"}, f"{name}: {written}"
            if (folder / output).exists():
                assert digest(folder / output) == whole, f"{name}: half-written under its final name"
                remove(folder / output)
                found["all"] += 1
            else:
                found["nothing"] += 1
            hidden = len(list(folder.iterdir()))
            most_hidden = max(most_hidden, hidden)
            assert hidden <= 2, f"{name}: leftovers pile up: {sorted(path.name for path in folder.iterdir())}"
        assert run(script, folder, *words).wait() == 0, f"{name}: the run after the kills fails"
        assert [path.name for path in folder.iterdir()] == [output] and digest(folder / output) == whole
        return (
            f"{name}: {times} kills within {seconds:.1f} s; {found['all']} times the output was there and whole, "
            f"{found['nothing']} times not; at most {most_hidden} leftovers, none after the next run, which gave the "
            "same bytes"
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def slow_server() -> Iterator[str]:
    """A server that hands out `CONTENT` within half a second, and goes on where it is asked to."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            first = int((self.headers.get("Range") or "bytes=0-").split("=")[1].split("-")[0])
            self.send_response(206 if first else 200)
            self.send_header("Content-Length", str(len(CONTENT) - first))
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}")
            self.end_headers()
            with contextlib.suppress(OSError):
                for start in range(first, len(CONTENT), 20_000):
                    self.wfile.write(CONTENT[start : start + 20_000])
                    time.sleep(0.01)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/a.bin"
    finally:
        server.shutdown()


def kill_all(times: int, *, seed: int = 0, tell: Callable[[str], None] = print) -> None:
    """Kill each of them: of `times` kills two fifths go to a download, and a fifth to each other."""
    rng = random.Random(seed)
    tell(kill_again_and_again("LiveRoom.save", SAVING, "a.wav", times // 5, rng, HERE, waits=True))
    with slow_server() as address:
        words = (address, hashlib.sha256(CONTENT).hexdigest())
        tell(kill_again_and_again("a download", FETCHING, "a.bin", 2 * times // 5, rng, *words, waits=True))
    with tempfile.TemporaryDirectory() as published:
        assert run(PUBLISHING, pathlib.Path(published), HERE).wait() == 0
        files = [
            str(path) for path in sorted(pathlib.Path(published).iterdir(), key=lambda path: "diffuser" in path.name)
        ]
        tell(kill_again_and_again("the converter", CONVERTING, "codi", times // 5, rng, HERE, *files, waits=True))
    tell(kill_again_and_again("the command", COMMAND, "a.wav", times // 5, rng))


if __name__ == "__main__":
    kill_all(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
