"""Which of many masks become sources."""

import numpy as np

from see2sound_nb.regions.choosing import candidate_sources, choose_sources, largest_sources


def box(x0, x1, y0, y1, shape=(100, 150)):
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


WALL = box(0, 150, 0, 80)  # fills three borders for the most part
DOG, HEAD, CAR, SPECK = box(10, 50, 40, 90), box(15, 30, 45, 60), box(90, 140, 50, 95), box(60, 63, 10, 13)
M = np.stack([WALL, DOG, HEAD, CAR, SPECK])


def test_the_papers_way_takes_the_largest_masks_even_the_wall():
    assert largest_sources(M, 3).tolist() == [0, 3, 1]


def test_candidates_are_neither_background_nor_specks_nor_copies():
    twin = DOG.copy()
    twin[40] = False
    masks = np.stack([*M, twin])
    kept = candidate_sources(masks, np.ones(6))
    assert set(kept.tolist()) == {1, 2, 3}
    assert len(candidate_sources(M[:0], np.zeros(0))) == 0


def test_what_is_spread_over_the_whole_photo_is_no_candidate():
    frame = box(0, 150, 0, 8) | box(0, 150, 92, 100) | box(0, 8, 0, 40) | box(142, 150, 0, 40)
    assert candidate_sources(frame[None], np.ones(1)).tolist() == []


def test_a_silent_thing_is_taken_only_if_there_is_no_other():
    regions = np.stack([DOG, CAR])
    assert choose_sources(regions, np.ones(2), [0.9, 0.01], sources=2).tolist() == [0]
    assert choose_sources(regions, np.ones(2), [0.0, 0.01], sources=2).tolist() == [1]


def test_a_listener_takes_what_sounds_and_never_a_part_of_a_chosen_source():
    regions = np.stack([DOG, HEAD, CAR])
    chosen = choose_sources(regions, np.ones(3), [0.9, 0.9, 0.4], sources=3)
    assert chosen.tolist() == [0, 2], "the head lies in the dog"


def test_two_parts_of_one_thing_are_one_source():
    body, leg = box(10, 50, 40, 60) | box(10, 20, 60, 90), box(35, 45, 65, 90)
    regions = np.stack([body, leg, CAR])
    apart = choose_sources(regions, np.ones(3), [0.9] * 3, 3, kinds=["dog", "cat", "car"])
    assert set(apart.tolist()) == {0, 1, 2}
    together = choose_sources(regions, np.ones(3), [0.9] * 3, 3, kinds=["dog", "dog", "car"])
    assert set(together.tolist()) == {0, 2}


def test_a_small_loud_thing_beats_a_large_silent_one():
    regions = np.stack([box(0, 80, 0, 60), box(100, 120, 40, 60)])
    assert choose_sources(regions, np.ones(2), [0.05, 0.9], sources=1).tolist() == [1]
