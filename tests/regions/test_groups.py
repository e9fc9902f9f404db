"""Who stands together."""

import numpy as np

from see2sound_nb.regions.groups import groups_of_things


def person(x, y=0.0, size=1.0):
    return [x, y, x + 10 * size, y + 30 * size]


def gathered(boxes, labels=None):
    return [group.tolist() for group in groups_of_things(np.array(boxes), np.array(labels or ["person"] * len(boxes)))]


def test_a_row_of_people_is_one_group_and_a_lonely_one_another():
    assert gathered([person(0), person(12), person(24), person(90)]) == [[0, 1, 2], [3]]


def test_chains_hold_together_whatever_the_order():
    assert gathered([person(24), person(0), person(12)]) == [[0, 1, 2]]


def test_things_of_another_name_or_another_distance_stay_apart():
    assert gathered([person(0), person(12)], ["person", "dog"]) == [[0], [1]]
    assert gathered([person(0), person(12, size=0.3)]) == [[0], [1]], "the small one is far behind"


def test_of_none_there_are_none():
    assert groups_of_things(np.zeros((0, 4)), np.array([])) == []
