#!/usr/bin/env bash
# safetensors 0.8.0: the same tensors with the same metadata give another file in every process, readable by its owner alone.
#
# One would guess that a format made of a header and raw numbers is reproducible, so that a checksum says whether weights
# changed, and that a saved file has the usual permissions. The metadata entries are written in the order of a hash table
# that is seeded anew in each process, and the file is made with mode 600 whatever the umask.
#
# Seen on 2026-11-27: "8 processes: N different checksums", N from 5 to 8, with four entries; 1 with one entry; mode 600.
# What helps: one entry of metadata (JSON in it holds the rest), and chmod afterwards.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "safetensors==0.8.0" "numpy==2.4.6" > /dev/null 2>&1
cat > save.py <<'PY'
import hashlib
import sys
import numpy as np
from safetensors.numpy import save_file
entries = {"licence": "a", "source": "b", "made by": "c", "date": "d"} if sys.argv[1] == "four" else {"licence": "a"}
save_file({"x": np.zeros(4, np.float32)}, "saved.safetensors", metadata=entries)
print(hashlib.sha256(open("saved.safetensors", "rb").read()).hexdigest())
PY
different() { for _ in 1 2 3 4 5 6 7 8; do rm -f saved.safetensors; env/bin/python save.py "$1"; done | sort -u | wc -l; }
umask 022
four=$(different four)
one=$(different one)
mode=$(stat -c %a saved.safetensors)
echo "8 processes: $four different checksums with four entries, $one with one; mode $mode"
[ "$four" -gt 1 ] && [ "$one" -eq 1 ] && [ "$mode" = 600 ] || { echo "the behaviour has changed" >&2; exit 1; }
