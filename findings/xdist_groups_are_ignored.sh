#!/usr/bin/env bash
# pytest-xdist 3.8.0 under pytest 9.2.0: `--dist loadgroup` says that it schedules by group, and shares out the tests
# of one group among all workers, without a warning.
#
# One would guess that tests with the same `xdist_group` mark run in one process, as the documentation of pytest-xdist
# says; a fixture that must exist once (a browser, a server, a database) then exists twice. pytest-xdist appends the
# group to `Item._nodeid`, which pytest 9.2 no longer reads (`Node.nodeid` is computed); with pytest 8.4.2 it works.
#
# Seen on 2026-11-27: "pytest 9.2.0: group one ran in 2 processes" and "pytest 8.4.2: group one ran in 1 processes".
# What helps: `--dist loadfile`, or a scheduler of one's own by the hook `pytest_xdist_make_scheduler`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > test_group.py <<'PY'
import os
import time

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("n", range(12))
def test_same_group(n):
    time.sleep(0.05)
    with open("processes.txt", "a") as file:
        file.write(f"{os.getpid()}\n")
PY
processes() { # of pytest version $1: in how many processes the group ran
    python3 -m venv "env-$1"
    "env-$1/bin/python" -m pip install --quiet --disable-pip-version-check "pytest==$1" "pytest-xdist==3.8.0"
    rm -f processes.txt
    "env-$1/bin/python" -m pytest -q -p no:cacheprovider -n 2 --dist loadgroup test_group.py > "log-$1.txt" 2>&1
    sort -u processes.txt | wc -l
}
new=$(processes 9.2.0)
old=$(processes 8.4.2)
echo "pytest 9.2.0: group one ran in $new processes"
echo "pytest 8.4.2: group one ran in $old processes"
[ "$new" -eq 2 ] && [ "$old" -eq 1 ] || { echo "the behaviour has changed" >&2; exit 1; }
