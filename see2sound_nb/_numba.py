"""How the loops are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def loop(*signature: Any, straight: bool = False) -> Callable[[Callable], Callable]:
    """Compile a function for the CPU, without the interpreter's lock; division by zero gives infinity.

    The machine code is kept beside the module or in the user's cache folder; where neither can be written to, it is
    made anew in every process.

    Parameters
    ----------
    *signature
        At most one numba signature: compiled at once for it. Without one, at the first call.
    straight : bool
        Also turn straight-line code into vector instructions, which numba leaves off by default.
    """
    options = dict(nogil=True, error_model="numpy", fastmath={"contract", "nsz"})

    def decorate(function: Callable) -> Callable:
        before, numba.config.SLP_VECTORIZE = numba.config.SLP_VECTORIZE, int(straight)
        try:
            return numba.njit(*signature, cache=True, **options)(function)
        except RuntimeError as error:
            if "cannot cache" not in str(error):
                raise
            return numba.njit(*signature, **options)(function)
        finally:
            numba.config.SLP_VECTORIZE = before

    return decorate
