"""Which of many masks become sources."""

import numpy as np

from see2sound_nb.regions.choosing import LEAST_SOUNDS, choose_sources, largest_sources


def box(x0, x1, y0, y1, shape=(100, 150)):
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


WALL = box(0, 150, 0, 80)  # fills three borders for the most part
DOG, HEAD, CAR, SPECK = box(10, 50, 40, 90), box(15, 30, 45, 60), box(90, 140, 50, 95), box(60, 63, 10, 13)
M = np.stack([WALL, DOG, HEAD, CAR, SPECK])


def test_the_papers_way_takes_the_largest_masks_even_the_wall():
    assert largest_sources(M, 3).tolist() == [0, 3, 1]


def test_what_is_not_certain_is_never_taken():
    regions = np.stack([DOG, CAR])
    assert choose_sources(regions, [0.9, 0.01], sources=2).tolist() == [0]
    assert choose_sources(regions, [LEAST_SOUNDS - 0.01, 0.01], sources=2).tolist() == []
    assert choose_sources(regions[:0], [], sources=2).tolist() == []


def test_a_listener_takes_what_sounds_and_never_a_part_of_a_chosen_source():
    regions = np.stack([DOG, HEAD, CAR])
    chosen = choose_sources(regions, [0.9, 0.9, 0.4], sources=3)
    assert chosen.tolist() == [0, 2], "the head lies in the dog"


def test_two_parts_of_one_thing_are_one_source():
    body, leg = box(10, 50, 40, 60) | box(10, 20, 60, 90), box(35, 45, 65, 90)
    regions = np.stack([body, leg, CAR])
    apart = choose_sources(regions, [0.9] * 3, 3, kinds=["dog", "cat", "car"])
    assert set(apart.tolist()) == {0, 1, 2}
    together = choose_sources(regions, [0.9] * 3, 3, kinds=["dog", "dog", "car"])
    assert set(together.tolist()) == {0, 2}


def test_a_small_loud_thing_beats_a_large_silent_one():
    regions = np.stack([box(0, 80, 0, 60), box(100, 120, 40, 60)])
    assert choose_sources(regions, [0.05, 0.9], sources=1).tolist() == [1]
