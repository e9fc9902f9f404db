"""Cuts are found, flashes and pans are none, and a dissolve is found as what it is."""

import moving_truth as truth
import numpy as np
import pytest
from PIL import Image

import see2sound_nb as s2s
from see2sound_nb.regions.shots import colour_distance, colours, find_cuts, find_shots

RED, GREEN = (200, 40, 30), (30, 160, 60)


def plain(colour, frames, size=(160, 90)):
    rng = np.random.default_rng(sum(colour))
    return [
        np.clip(np.array(colour) + rng.normal(0, 8, (size[1], size[0], 3)), 0, 255).astype(np.uint8)
        for _ in range(frames)
    ]


def other_photo(size=(640, 360)):
    """Another picture of many colours: the demo photo on its head, its colours exchanged."""
    return np.asarray(Image.open(s2s.demo_photo()).convert("RGB").resize(size))[::-1, :, ::-1].copy()


def test_a_picture_is_like_itself_and_unlike_another_colour():
    red, green = plain(RED, 2), plain(GREEN, 1)
    assert colour_distance(colours(red[0]), colours(red[1])) < 0.1
    assert colour_distance(colours(red[0]), colours(green[0])) == 1.0


def test_colours_of_a_part_are_of_that_part_alone():
    I = np.concatenate([plain(RED, 1)[0], plain(GREEN, 1)[0]], axis=1)
    left = np.zeros(I.shape[:2], bool)
    left[:, :160] = True
    assert colour_distance(colours(I, left), colours(plain(RED, 1)[0])) < 0.05
    assert not colours(I, np.zeros_like(left)).any()


def test_cuts_are_found_to_the_frame():
    starts, dissolves = find_shots([*plain(RED, 12), *plain(GREEN, 7), *plain(RED, 9)])
    assert starts == [0, 12, 19]
    assert dissolves == []


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_flash_is_no_cut(length):
    frames = plain(RED, 10) + plain((250, 250, 250), length) + plain(RED, 10)
    assert find_shots(frames) == ([0], [])


def test_a_cut_right_after_a_flash_is_found():
    frames = plain(RED, 10) + plain((250, 250, 250), 2) + plain(RED, 3) + plain(GREEN, 10)
    assert find_shots(frames)[0] == [0, 15]


@pytest.mark.parametrize("pan_px", [2.0, 3.5])
def test_a_pan_and_things_that_move_are_no_cuts(pan_px):
    t = np.arange(40.0)[:, None]
    frames, _ = truth.clip_of([np.hstack([60 + 12 * t, 180 + 0 * t])], 40, pan_px=pan_px)
    assert find_shots(frames) == ([0], [])


def test_a_zoom_is_no_dissolve():
    assert find_shots(truth.camera(40, zoom=1.25)) == ([0], [])


@pytest.mark.parametrize("length", [10, 25])
def test_a_dissolve_ends_a_shot_at_its_middle_and_is_named(length):
    a, b = np.asarray(truth.ground())[:360, :640].astype(float), other_photo().astype(float)
    share = np.concatenate([np.zeros(20), np.linspace(0, 1, length), np.ones(20)])
    starts, dissolves = find_shots(((1 - s) * a + s * b).astype(np.uint8) for s in share)
    assert len(dissolves) == 1 and starts == [0, *dissolves]
    assert abs(dissolves[0] - (20 + length / 2)) <= length / 4


def test_one_frame_and_none():
    assert find_shots(plain(RED, 1)) == ([0], [])
    assert find_shots([]) == ([], [])


def test_frames_are_looked_at_one_after_another():
    alive = 0
    most = 0

    class Frame(np.ndarray):
        def __del__(self):
            nonlocal alive
            alive -= self.base is None

    def frames():
        nonlocal alive, most
        for I in plain(RED, 1) * 30:
            frame = Frame(I.shape, I.dtype)
            frame[...] = I
            alive += 1
            most = max(most, alive)
            yield frame

    find_shots(frames())
    assert most <= 3


def test_alternating_pictures_are_as_many_shots():
    H = np.zeros((6, 2), np.float32)
    H[[0, 1, 2], 0] = 1
    H[[3, 4, 5], 1] = 1
    assert find_cuts(H) == [3]


def test_what_changes_fast_again_and_again_is_movement():
    H = np.zeros((12, 12), np.float32)
    H[np.arange(12), np.minimum(np.arange(12), 5)] = 1  # six pictures one after the other, then one that stays
    assert find_cuts(H) == []


def test_no_shot_is_shorter_than_a_flash():
    frames = plain(GREEN, 1) + plain(RED, 12) + plain(GREEN, 2)
    assert find_shots(frames) == ([0], [])
