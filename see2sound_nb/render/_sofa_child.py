"""Reads a SOFA file in a process of its own, which a damaged file may end, or keep until `sofa` ends it.

Arguments: the file, where to write what was read (.npz), the most numbers of an array, the most bytes of memory. With
the exit status `REFUSED` the last line on the error stream says why. It imports nothing of the package, to start soon.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import h5py
    import numpy as np

REFUSED = 3
#: Of a text in a file, more is not read.
_LONGEST_TEXT = 1000


def main(source: str, target: str, most: int, memory: int) -> None:
    """Write the arrays of a SOFA file to `target`; ValueError if one is missing, too large, or not of numbers."""
    import contextlib

    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    import h5py
    import numpy as np

    with h5py.File(source) as file:
        np.savez(
            target,
            responses=_numbers(file, "Data.IR", most),
            positions=_numbers(file, "SourcePosition", most),
            rates=_numbers(file, "Data.SamplingRate", most),
            delays=_numbers(file, "Data.Delay", most) if "Data.Delay" in file else np.zeros(()),
            kind=np.array(_text(file["SourcePosition"], "Type", "spherical")),
        )


def _numbers(file: h5py.File, name: str, most: int) -> np.ndarray:
    import h5py
    import numpy as np

    link, data = file.get(name, getlink=True), file[name]
    if not isinstance(link, h5py.HardLink) or not isinstance(data, h5py.Dataset) or data.is_virtual or data.external:
        raise ValueError(f"{name} is not an array of this file itself; export the set into one file")
    if data.dtype.kind not in "fiu" or data.shape is None:
        raise ValueError(f"{name} holds {data.dtype} and no numbers; export the set again")
    for what, shape in (("holds", data.shape), ("is stored in blocks of", data.chunks or ())):
        if len(shape) > 4 or np.prod(shape, dtype=np.float64) > most:
            raise ValueError(f"{name} {what} {shape} numbers, more than {most:,}; leave directions or samples out")
    return data[()].astype(np.float64)


def _text(data: h5py.Dataset, name: str, otherwise: str) -> str:
    """A text attribute, whether stored as one text or, as by netCDF, as an array of one."""
    import numpy as np

    if name not in data.attrs:
        return otherwise
    kind = data.attrs.get_id(name)
    if np.prod(kind.shape or ()) != 1 or kind.dtype.itemsize > _LONGEST_TEXT:
        raise ValueError(f"the attribute {name} of the positions is not one text; write 'spherical' or 'cartesian'")
    value = np.ravel(data.attrs[name])[0]
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:_LONGEST_TEXT].strip().strip("\0").lower()


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file, whose modules are no other's
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    except Exception as error:
        print(" ".join(str(error).split()) or type(error).__name__, file=sys.stderr)
        sys.exit(REFUSED)
