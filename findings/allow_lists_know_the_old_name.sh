#!/usr/bin/env bash
# torch 2.13.0 with aisfx 0.1.2: the error of torch.load(weights_only=True) says to allow a class, and allowing it is not enough.
#
# The checkpoint that aisfx ships (an embedding of sound effects, ISMIR 2022) was pickled with numpy 1 and holds one numpy
# scalar. The allow-list compares names as they stand in the file, "numpy.core.multiarray.scalar"; the function that
# numpy 2 has under that path calls itself "numpy._core.multiarray.scalar". So `add_safe_globals([scalar])` changes nothing,
# and the same error asks for the same name again. What helps: to allow it as a pair with the old name. The dtype
# and two dtype classes must be allowed as well, one error after the other.
#
# Seen on 2026-11-27: "refused, refused again after allowing the function itself, read with the old name".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
pip() { env/bin/python -m pip install --quiet --disable-pip-version-check "$@" > /dev/null 2>&1; }
pip "torch==2.13.0" "numpy==2.4.6"
pip --no-deps "aisfx==0.1.2"
cat > load.py <<'PY'
import pathlib
import pickle
import sysconfig

import numpy as np
import torch
from numpy._core.multiarray import scalar

path = pathlib.Path(sysconfig.get_paths()["purelib"]) / "aisfx/models/checkpoint.pth"
rest = [np.dtype, np.dtypes.Float64DType, np.dtypes.Int64DType]


def read(*allowed):
    try:
        with torch.serialization.safe_globals([*rest, *allowed]):
            torch.load(path, map_location="cpu", weights_only=True)
        return "read"
    except pickle.UnpicklingError as error:
        return "refused" if "numpy.core.multiarray.scalar" in str(error) else f"another error: {error}"


print(read(), read(scalar), read((scalar, "numpy.core.multiarray.scalar")))
PY
seen=$(env/bin/python -W ignore load.py)
echo "$seen"
[ "$seen" = "refused refused read" ] || { echo "the behaviour has changed" >&2; exit 1; }
