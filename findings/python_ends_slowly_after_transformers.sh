#!/usr/bin/env bash
# Python 3.11 with torch 2.13.0, transformers 5.23.0 and diffusers 0.42.1: a process that has imported a U-Net of diffusers,
# and done nothing, takes more than half a second from its last line to its end.
#
# One would guess that a process ends at once when its work is done. But as it ends Python looks for circular references
# among all objects that it holds, several times, and these libraries leave more than half a million: lazily imported
# modules, their docstrings and their tables. `gc.freeze()` as the last line, or an `atexit` handler that calls it, sets
# them aside; then the process ends several times as fast, and what `atexit`, `weakref.finalize` and buffers of files must
# do is still done (with `os._exit` it is not).
#
# Seen on 2026-11-28: "1.16 s, after gc.freeze() 0.14 s".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 transformers==5.23.0 diffusers==0.42.1
cat > ends.py <<'PY'
import statistics
import subprocess
import sys
import time

IMPORTS = "import gc, time\nfrom diffusers import UNet2DConditionModel\n"


def ends_s(last):
    """From the last line of a process to its end."""
    said = subprocess.Popen([sys.executable, "-c", f"{IMPORTS}{last}\nprint('done', flush=True)"], stdout=subprocess.PIPE)
    said.stdout.readline()
    began = time.perf_counter()
    said.wait()
    return time.perf_counter() - began


plain, frozen = (statistics.median(ends_s(last) for _ in range(3)) for last in ("", "gc.freeze()"))
print(f"{plain:.2f} s, after gc.freeze() {frozen:.2f} s")
sys.exit(0 if plain > 0.3 and plain > 3 * frozen else 1)
PY
env/bin/python ends.py || { echo "the behaviour has changed" >&2; exit 1; }
