"""What was rendered, in numbers, and what listeners said of it (section 5).

Takes channels (n_ch, T) or impulse responses (L,), and their sample rate in Hz; gives time differences in seconds,
level differences in dB, reverberation times in seconds. Of a listening study it takes counts, or answers (persons,
questions), and gives p-values and shares. Notebooks: 00_start_here, 05_image_sources, 08_evaluation.
"""

from see2sound_nb.measure.interaural import ild_db, itd_s
from see2sound_nb.measure.listening import (
    chi_squared_p,
    exact_p,
    holm,
    persons_p,
    power,
    simulated_answers,
    table_2,
    wilson_interval,
)
from see2sound_nb.measure.reverberation import measured_rt60_s, schroeder_db

__all__ = [
    "chi_squared_p",
    "exact_p",
    "holm",
    "ild_db",
    "itd_s",
    "measured_rt60_s",
    "persons_p",
    "power",
    "schroeder_db",
    "simulated_answers",
    "table_2",
    "wilson_interval",
]
