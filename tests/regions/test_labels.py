"""What a region is taken for, alone and among its neighbours."""

import pytest

from see2sound_nb.regions import labels
from see2sound_nb.regions.choosing import LEAST_SOUNDS


def test_what_only_its_surroundings_name_is_not_trusted():
    drum = {"sound_class": "drum", "probability": 0.9, "sounds": 0.95}
    wall = {"sound_class": "wind", "probability": 0.2, "sounds": 0.3}
    assert labels.likelihood_of_sound(drum, drum) == pytest.approx(0.9 * 0.95)
    assert labels.likelihood_of_sound(drum, wall) < LEAST_SOUNDS
