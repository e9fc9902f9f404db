#!/usr/bin/env bash
# numba 0.68.1: if the disk is full at the wrong moment, a function with cache=True goes on as its source was before.
#
# One would guess that a cache can only be missing, or that an entry is used for the source that it was made from: the index
# holds a checksum of the source. But the index is written before the machine code, and the code has no checksum: where the
# index still fits on the disk and the code does not, the new source's checksum stands beside the old source's code. That
# process ends with the disk's error; the next ones, with room again, run the old code without a word, until the source
# changes once more or someone deletes the file.
#
# Seen on 2026-11-28: "old source 1, new source ends with OSError, then 1, 1" and, of a damaged index, UnpicklingError in
# every process. What helps: a checksum of source and code in front of the code, and errors of the cache that are no errors
# (subclasses of numba.core.caching.FunctionCache and IndexDataCacheFile, 30 lines).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "numba==0.68.1" > /dev/null 2>&1
export NUMBA_CACHE_DIR="$folder/kept"
source_of() { printf 'import numba\n@numba.njit("int64()", cache=True)\ndef f():\n    return %s\n' "$1" > f.py; }
run() { env/bin/python -B -c "import f; print(f.f())" 2>&1 | tail -1 || true; }
source_of 1
old=$(run)
source_of 2
# no file may grow beyond 4 kB in this shell, as on a disk with that much room: the index has 1 kB, the code 7
full=$(ulimit -f 4; run)
next="$(run), $(run)"
index=$(echo kept/*/*.nbi)
echo "damaged" > "$index"
damaged="$(run)"
echo "old source $old, new source ends with ${full%%:*}, then $next; with a damaged index ${damaged%%:*}"
[ "$old" = 1 ] && [ "${full%%:*}" = OSError ] && [ "$next" = "1, 1" ] && [[ "$damaged" == *UnpicklingError* ]] ||
    { echo "the behaviour has changed" >&2; exit 1; }
