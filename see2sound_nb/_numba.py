"""How the loops are compiled, and how their machine code is kept."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Set
from typing import Any

import numba
from numba.core import caching

#: What may be assumed of floating point: products are added in one step, and zero has no sign.
FASTMATH = frozenset({"contract", "nsz"})


def loop(*signature: Any, straight: bool = False, fastmath: Set[str] = FASTMATH) -> Callable[[Callable], Callable]:
    """Compile a function for the CPU, without the interpreter's lock; division by zero gives infinity.

    The machine code is kept beside the module or in the user's cache folder; where neither can be written to or read,
    it is made anew in every process.

    Parameters
    ----------
    *signature
        At most one numba signature: compiled at once for it. Without one, at the first call.
    straight : bool
        Also turn straight-line code into vector instructions, which numba leaves off by default.
    fastmath : set of str
        LLVM's flags, of which ``"reassoc"`` lets sums be taken in another order.
    """
    options = dict(nogil=True, error_model="numpy", fastmath=set(fastmath))

    def decorate(function: Callable) -> Callable:
        before, numba.config.SLP_VECTORIZE = numba.config.SLP_VECTORIZE, int(straight)
        try:
            compiled = numba.njit(**options)(function)
            if compiled is function:  # NUMBA_DISABLE_JIT
                return compiled
            with contextlib.suppress(RuntimeError, OSError):  # no folder for it, or one that cannot be read
                compiled._cache = _Cache(function)
            for kind in signature:
                compiled.compile(kind)
            if signature:
                compiled.disable_compile()
            return compiled
        finally:
            numba.config.SLP_VECTORIZE = before

    return decorate


class _Cache(caching.FunctionCache):
    """numba's cache, but what goes wrong with it is no error: a full disk, a quota, a damaged file."""

    def __init__(self, function: Callable):
        super().__init__(function)
        place, source = self._impl.locator, self._impl.locator.get_source_stamp()
        self._cache_file = _Files(place.get_cache_path(), f"{self._impl.filename_base}.sha256", source)

    def load_overload(self, sig, target_context):
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # unpickling what is damaged raises anything
            return None

    def save_overload(self, sig, data):
        with contextlib.suppress(Exception):
            super().save_overload(sig, data)


class _Files(caching.IndexDataCacheFile):
    """numba's two files, with a checksum of the machine code and of the source that it was made from.

    numba has none: it would run what a power cut has left. And it writes the index before the code; if the disk is full
    in between, the new index stands beside the code of the old source, which numba would run in the next process.
    """

    def _load_index(self) -> dict:
        try:
            return super()._load_index()
        except Exception:  # then it is written anew
            return {}

    def _load_data(self, name: str) -> Any:
        with open(self._data_path(name), "rb") as file:
            found, code = file.read(len(self._sum(b""))), file.read()
        if found != self._sum(code):
            raise OSError(f"{name} is damaged, or of another source")
        return caching.pickle.loads(code)

    def _save_data(self, name: str, data: Any) -> None:
        code = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(self._sum(code) + code)

    def _sum(self, code: bytes) -> bytes:
        return hashlib.sha256(repr(self._source_stamp).encode() + code).digest()
