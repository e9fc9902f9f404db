"""Checks of the exercises: each takes what you made, compares it on seeded cases, and names the first difference.

``check.NAME(yours)`` prints one line if all is right, and raises an ``AssertionError`` with the case, the index and the
unit if not. What an answer is compared with is computed by the library there and then, not kept.
"""

from see2sound_nb.notebook.check.audio import enough_steps, mixture_without_roots, noise_from_velocity, who_needs_phase
from see2sound_nb.notebook.check.boxes import farther_left, one_pixel, pixels_of_a_degree, two_middles, xywh
from see2sound_nb.notebook.check.depth import azimuth_of_column, shift_to_the_horizon, turned_over_step, wrong_lens
from see2sound_nb.notebook.check.evaluation import (
    alarms_of_pooled_answers,
    empty_question,
    exact_test,
    order_of_clips,
    three_clips,
)
from see2sound_nb.notebook.check.image_sources import (
    corridors,
    difference_db,
    images_of_order,
    order_of_corridors,
    rounded_response,
)
from see2sound_nb.notebook.check.live_room import audible_images, behind, fade_curves, gain_of_coming_near
from see2sound_nb.notebook.check.moving_pictures import (
    first_turn_lacks_db,
    lost_thing,
    order_of_passings,
    passings,
    three_turns,
    without_lag,
)
from see2sound_nb.notebook.check.regions import grid_gap, hidden_part, one_place, share_of_smaller, two_notes
from see2sound_nb.notebook.check.start import azimuth_deg, bursts, itds_ms, order_of_bursts, travel_s
from see2sound_nb.notebook.check.your_own import fuma_from_ambix, fuma_taken_for_ambix, lasts_longer, rounding_noise

__all__ = [
    "alarms_of_pooled_answers",
    "audible_images",
    "azimuth_deg",
    "azimuth_of_column",
    "behind",
    "bursts",
    "corridors",
    "difference_db",
    "empty_question",
    "enough_steps",
    "exact_test",
    "fade_curves",
    "farther_left",
    "first_turn_lacks_db",
    "fuma_from_ambix",
    "fuma_taken_for_ambix",
    "gain_of_coming_near",
    "grid_gap",
    "hidden_part",
    "images_of_order",
    "itds_ms",
    "lasts_longer",
    "lost_thing",
    "mixture_without_roots",
    "noise_from_velocity",
    "one_pixel",
    "one_place",
    "order_of_bursts",
    "order_of_clips",
    "order_of_corridors",
    "order_of_passings",
    "passings",
    "pixels_of_a_degree",
    "rounded_response",
    "rounding_noise",
    "share_of_smaller",
    "shift_to_the_horizon",
    "three_clips",
    "three_turns",
    "travel_s",
    "turned_over_step",
    "two_middles",
    "two_notes",
    "who_needs_phase",
    "without_lag",
    "wrong_lens",
    "xywh",
]
