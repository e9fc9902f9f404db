"""The image source engine: one definition, three implementations.

- `definition`: what a response is, its tables, and `Problem`, one room in plain numbers.
- `reference`: the definition in NumPy, to read and to compare with.
- `cpu`: compiled for the CPU (numba); its loops are in `cpu_images`, `cpu_samples`
  and `cpu_rows`.
- `gpu`: for NVIDIA GPUs; its Triton kernels are in `gpu_kernels`.
- `engine`: `shoebox_rir`; what it is asked for is checked in `checks`, and who computes is chosen in `devices`.
"""

import numpy as np

from see2sound_nb.room.ism.checks import LEAST_DISTANCE_M
from see2sound_nb.room.ism.engine import arrivals, shoebox_rir
from see2sound_nb.room.ism.patterns import first_order

__all__ = ["LEAST_DISTANCE_M", "arrivals", "first_order", "shoebox_rir", "sum_of_arrivals"]


def sum_of_arrivals(delays_s: np.ndarray, gains: np.ndarray, sample_rate: float) -> np.ndarray:
    """See `room.ism.cpu.sum_of_arrivals`; numba, which takes seconds to import, is imported on the first call."""
    from see2sound_nb.room.ism.cpu import sum_of_arrivals

    return sum_of_arrivals(delays_s, gains, sample_rate)
