"""Things are found on key frames, followed between them, recognised, and followed backwards to when they came."""

import itertools
import weakref

import moving_truth as truth
import numpy as np
import pytest

from see2sound_nb.regions.following import KEY_S, choose_things, follow_things
from see2sound_nb.regions.sources import Regions
from see2sound_nb.regions.thing import Thing
from see2sound_nb.regions.tracking import GONE, SEEN

FPS = 10.0
EVERY = round(KEY_S * FPS)


def line(x, y, dx, dy=0.0, frames=60):
    t = np.arange(frames)[:, None]
    return np.hstack([x + dx * t, y + dy * t]).astype(float)


def regions(masks, names, sounds):
    labels = [
        {"label": name, "caption": f"a {name}", "sound_class": name, "sounds": sure}
        for name, sure in zip(names, sounds, strict=True)
    ]
    empty = [np.zeros((1, 2), np.int32)] * len(masks)
    boxes, patches = np.zeros((len(masks), 4), int), [np.full((2, 2, 3), k, np.uint8) for k in range(len(masks))]
    return Regions(np.array(masks).reshape(-1, 360, 640), empty, empty, boxes, patches, labels, np.zeros((1, 1, 1000)))


class Finder:
    """Finds discs where they are, on any frame, with the names and certainties that it is told."""

    def __init__(self, frames, paths, names, sounds=None, seen_from=None):
        self.frames, self.paths, self.names = frames, paths, names
        self.sounds = sounds or [[0.8] * len(names)]
        self.seen_from = seen_from or [0] * len(names)
        self.asked = []

    def __call__(self, I):
        k = next(k for k, frame in enumerate(self.frames) if frame is I)
        self.asked.append(k)
        sounds = self.sounds[min(len(self.asked), len(self.sounds)) - 1]
        found = [
            (truth.disc_mask(path[k]), name, sure)
            for path, name, sure, start in zip(self.paths, self.names, sounds, self.seen_from, strict=True)
            if -30 < path[k][0] < 670 and k >= start
        ]
        return regions(*zip(*found, strict=True)) if found else regions([], [], [])


def follow(frames, find, sources=3, depth=None, things=None, **how):
    maps = itertools.repeat(None) if depth is None else depth
    looks = itertools.repeat(None) if things is None else things
    return follow_things(zip(frames, maps, looks), find, sources, FPS, **how)


def test_a_thing_is_looked_for_on_key_frames_and_is_one_thing():
    path = line(150, 180, 3)
    frames, _ = truth.clip_of([path], 60)
    frames = list(frames)
    find = Finder(frames, [path], ["dog"])
    (thing,) = follow(frames, find)
    assert find.asked == list(range(0, 60, EVERY))
    assert (thing.states == SEEN).all()
    assert np.abs(truth.azimuths_deg(thing.places_px) - truth.azimuths_deg(path)).max() <= 0.5
    np.testing.assert_allclose(thing.areas, np.pi * 40**2 / (640 * 360), rtol=0.05)
    np.testing.assert_allclose(thing.motion[5:], 3 * FPS / 640, rtol=0.1)
    assert (thing.mask_at(30) & truth.disc_mask(path[30])).sum() > 0.95 * truth.disc_mask(path[30]).sum()


def test_all_looks_together_name_it():
    path = line(150, 180, 2)
    frames = list(truth.clip_of([path], 60)[0])
    (thing,) = follow(frames, Finder(frames, [path], ["dog"], sounds=[[0.5], [0.9], [0.6], [0.4]]))
    assert thing.label["sounds"] == pytest.approx(0.6)
    assert thing.key == EVERY  # the surest
    assert thing.picture is frames[EVERY]


def test_what_is_seen_but_once_in_many_looks_is_no_source():
    path = line(150, 180, 2)
    frames = list(truth.clip_of([path], 60)[0])
    once = Finder(frames, [path], ["dog"], sounds=[[0.6]])
    never = regions([], [], [])
    assert follow(frames, lambda I: once(I) if I is frames[0] else never) == []


def test_what_is_found_later_is_followed_backwards_to_when_it_came():
    path = line(-140, 180, 10)  # it comes into the picture at frame 10 and is seen whole from 18 on
    frames = list(truth.clip_of([path], 60)[0])
    (thing,) = follow(frames, Finder(frames, [path], ["dog"]))
    seen = np.flatnonzero(thing.states != GONE)
    assert 10 <= seen[0] <= 18
    assert np.isnan(thing.places_px[: seen[0]]).all()
    assert thing.drawn[0] == -1 and not thing.mask_at(0).any()


def test_what_comes_back_is_the_same_thing():
    path = np.concatenate([line(560, 180, 8, frames=20), line(720, 180, 0, frames=10), line(715, 180, -8, frames=30)])
    frames = list(truth.clip_of([path], 60)[0])
    (thing,) = follow(frames, Finder(frames, [path], ["dog"]))
    gone = np.flatnonzero(thing.states == GONE)
    assert len(gone) and thing.states[0] == thing.states[-1] == SEEN
    assert np.abs(truth.azimuths_deg(thing.places_px[-5:]) - truth.azimuths_deg(path[-5:])).max() < 2.5


def test_what_comes_back_as_something_else_is_another_thing():
    paths = [line(560, 180, 8), line(900, 180, -8)]
    frames = list(truth.clip_of(paths, 60)[0])
    things = follow(frames, Finder(frames, paths, ["dog", "cat"]))
    assert sorted(thing.label["label"] for thing in things) == ["cat", "dog"]


def test_of_two_alike_the_one_that_moves_is_taken():
    paths = [line(150, 120, 0), line(450, 260, -4)]
    frames = list(truth.clip_of(paths, 60)[0])
    things = follow(frames, Finder(frames, paths, ["cat", "dog"]), sources=1)
    assert [thing.label["label"] for thing in things] == ["dog"]


def test_so_many_at_a_time_are_chosen_and_more_one_after_another():
    def one(name, first, last, sure=0.8):
        view = (np.arange(100) >= first) & (np.arange(100) < last)
        states = np.where(view, SEEN, GONE)
        empty = np.zeros((1, 2, 2))
        return Thing(
            {"label": name, "sounds": sure}, 0, empty, empty, np.zeros((100, 2)), states, 0.1 * view,
            np.zeros(100), np.zeros(100), empty.astype(bool), np.zeros(100, int), np.zeros((100, 2, 3)),
        )  # fmt: skip

    things = [one("a", 0, 100, 0.9), one("b", 0, 50), one("c", 10, 40, 0.5), one("d", 45, 90, 0.7)]
    chosen = [thing.label["label"] for thing in choose_things(things, 2)]
    assert chosen == ["a", "b", "d"]  # c would be a third for all its time, d for five frames of 45
    assert [thing.label["label"] for thing in choose_things(things, 1)] == ["a"]
    assert len(choose_things([one(str(k), 5 * k, 5 * k + 5) for k in range(20)], 1)) == 10
    assert choose_things([], 3) == []


def test_depth_is_that_of_the_thing_where_there_is_a_map():
    path = line(150, 180, 3)
    frames = list(truth.clip_of([path], 20)[0])
    maps = [np.where(truth.disc_mask(path[k]), 5.0, 1.0) if k % 4 == 0 else None for k in range(20)]
    (thing,) = follow(frames, Finder(frames, [path], ["dog"]), depth=maps)
    np.testing.assert_allclose(thing.inverse_depth[::4], 5.0)
    assert np.isnan(np.delete(thing.inverse_depth, np.arange(0, 20, 4))).all()


def test_what_is_chosen_by_hand_is_followed_both_ways_in_its_order():
    paths = [line(150, 120, 4, frames=40), line(450, 260, -3, frames=40)]
    frames = list(truth.clip_of(paths, 40)[0])
    asked = []

    def find(I):
        asked.append(I)
        return regions([truth.disc_mask(path[25]) for path in paths[::-1]], ["b", "a"], [0.1, 0.2])

    things = follow(frames, find, sources=2, only_at=25)
    assert len(asked) == 1 and asked[0] is frames[25]
    assert [thing.label["label"] for thing in things] == ["b", "a"]
    for thing, path in zip(things, paths[::-1], strict=True):
        assert np.abs(truth.azimuths_deg(thing.places_px) - truth.azimuths_deg(path)).max() <= 0.5


def test_nothing_found_is_nothing():
    frames = list(truth.camera(5))
    assert follow(frames, lambda I: regions([], [], [])) == []


def test_frames_before_the_last_key_frame_are_not_kept():
    ended, most = [], 0

    class Frame(np.ndarray):
        """An array that can be watched."""

    def frames():
        nonlocal most
        for k in range(200):
            frame = np.zeros((90, 160, 3), np.uint8).view(Frame)
            weakref.finalize(frame, ended.append, k)
            most = max(most, k + 1 - len(ended))
            yield frame, None, None
            del frame

    follow_things(frames(), lambda I: regions([], [], []), 3, FPS)
    assert EVERY <= most <= EVERY + 3


@pytest.mark.parametrize("frames_per_s", [1.0, 240.0])
def test_any_frame_rate_has_key_frames(frames_per_s):
    frames = list(truth.camera(4))
    asked = []
    follow_things(((I, None, None) for I in frames), lambda I: asked.append(1) or regions([], [], []), 3, frames_per_s)
    assert len(asked) == (2 if frames_per_s == 1.0 else 1)
