"""Things are followed where the truth is known: at rest, in a pan, a zoom, behind each other, out of the picture."""

import itertools

import moving_truth as truth
import numpy as np
import pytest

from see2sound_nb.regions import tracking
from see2sound_nb.regions.tracking import GONE, HIDDEN, SEEN, follow, reshape, similarity, start_track

FRAMES = 50


def line(x, y, dx, dy=0.0, frames=FRAMES):
    t = np.arange(frames)[:, None]
    return np.hstack([x + dx * t, y + dy * t]).astype(float)


def followed(frames, masks, frames_per_s=25.0):
    """Places (F, N, 2) in pixels and states (F, N) of discs."""
    tracks = [start_track(frames[0], mask) for mask in masks]
    places, states = [[t.place_px for t in tracks]], [[t.state for t in tracks]]
    for before, after in itertools.pairwise(frames):
        follow(before, after, tracks, frames_per_s)
        places.append([t.place_px for t in tracks])
        states.append([t.state for t in tracks])
    return np.array(places), np.array(states)


def errors_deg(places, paths):
    return [np.abs(truth.azimuths_deg(places[:, k]) - truth.azimuths_deg(path)) for k, path in enumerate(paths)]


@pytest.mark.parametrize(
    ("paths", "how"),
    [
        ([line(150, 150, 0), line(450, 200, 0)], {}),
        ([line(150, 150, 6), line(450, 250, -4, 1)], {}),
        ([line(150, 150, 5), line(450, 250, -4)], {"pan_px": 1.5}),
        ([line(150, 150, 3), line(450, 250, -2)], {"zoom": 1.2}),
        ([line(150, 150, 3), line(450, 200, 0)], {"noise": 6.0}),
        ([line(150, 150, 5), line(450, 200, 0)], {"radius": 14}),
    ],
    ids=["still", "moving", "pan", "zoom", "noise", "small"],
)
def test_azimuths_are_right_to_half_a_degree(paths, how):
    places, states = followed(*truth.clip_of(paths, FRAMES, **how))
    assert (states == SEEN).all()
    for error in errors_deg(places, paths):
        assert np.median(error) <= 0.5
        assert error.max() <= 1.0


def test_what_stands_still_does_not_tremble():
    places, _ = followed(*truth.clip_of([line(300, 150, 0)], FRAMES, noise=4.0))
    assert np.abs(np.diff(truth.azimuths_deg(places[:, 0]))).max() < 0.02


def test_two_that_cross_keep_their_names_and_the_one_behind_is_hidden_meanwhile():
    paths = [line(170, 180, 6), line(470, 180, -6)]  # the second is in front
    places, states = followed(*truth.clip_of(paths, FRAMES))
    for error in errors_deg(places, paths):
        assert np.median(error) <= 0.5
        assert error.max() <= 2.5
    assert (states[:, 1] == SEEN).all()
    hidden = np.flatnonzero(states[:, 0] == HIDDEN)
    assert 1 <= len(hidden) <= 12
    assert np.abs(hidden - 25).max() <= 8  # they meet at frame 25
    assert states[-1, 0] == SEEN


def test_what_leaves_is_gone_in_time():
    path = line(450, 180, 6)
    places, states = followed(*truth.clip_of([path], FRAMES))
    out = np.flatnonzero(path[:, 0] - 40 > 640)[0]  # not a pixel of it is left
    gone = np.flatnonzero(states[:, 0] == GONE)
    assert len(gone) and abs(gone[0] - out) <= 0.3 * 25
    assert (states[gone[0] :, 0] == GONE).all()
    np.testing.assert_array_equal(places[gone[0] :, 0], np.tile(places[gone[0], 0], (len(places) - gone[0], 1)))


def test_what_goes_behind_something_that_is_not_followed_goes_on_and_is_given_up_after_a_while():
    frames, masks = truth.clip_of([line(150, 180, 4)], FRAMES)
    wall = np.asarray(truth.disc(7, 90)[0])[:, :60]
    for I in frames:
        I[90:271, 250:310] = wall
    _, states = followed(frames, masks)
    assert HIDDEN in states
    # half of the disc's width later than the wall begins it cannot be seen
    assert 20 <= np.flatnonzero(states[:, 0] != SEEN)[0] <= 35


def test_backwards_it_goes_where_it_came_from():
    paths = [line(150, 150, 5), line(450, 250, -4)]
    frames, masks = truth.clip_of(paths, FRAMES)
    forth, _ = followed(frames, masks)
    last = np.stack([truth.disc_mask(path[-1]) for path in paths])
    back, _ = followed(frames[::-1], last)
    for k in range(2):
        assert np.abs(truth.azimuths_deg(forth[:, k]) - truth.azimuths_deg(back[::-1, k])).max() <= 0.5


def test_mirrored_azimuths_change_their_sign():
    frames, masks = truth.clip_of([line(150, 150, 5)], FRAMES)
    places, _ = followed(frames, masks)
    mirrored, _ = followed(np.ascontiguousarray(frames[:, :, ::-1]), masks[:, :, ::-1])
    assert np.abs(truth.azimuths_deg(places[:, 0]) + truth.azimuths_deg(mirrored[:, 0])).max() <= 0.5


def test_motion_counts_against_the_ground():
    frames, masks = truth.clip_of([line(150, 150, -1.5), line(450, 250, 3)], 20, pan_px=1.5)
    tracks = [start_track(frames[0], mask) for mask in masks]
    for before, after in itertools.pairwise(frames):
        follow(before, after, tracks, 25.0)
    assert tracks[0].motion_px < 0.3  # it goes along with the ground
    assert 4 < tracks[1].motion_px < 5


def test_a_new_mask_changes_the_shape_and_not_the_place():
    frames, (mask,) = truth.clip_of([line(300, 180, 0)], 2)
    track = start_track(frames[0], mask)
    drawn = truth.disc_mask((302, 180), 37)
    before = track.place_px
    assert reshape(track, frames[0], drawn)
    np.testing.assert_array_equal(track.mask_now(), drawn)
    np.testing.assert_allclose(track.place_px, before)


@pytest.mark.parametrize(
    "other", [truth.disc_mask((330, 180)), truth.disc_mask((300, 180), 60), np.zeros((360, 640), bool)]
)
def test_a_mask_of_something_else_is_not_taken(other):
    frames, (mask,) = truth.clip_of([line(300, 180, 0)], 2)
    track = start_track(frames[0], mask)
    assert not reshape(track, frames[0], other)
    np.testing.assert_array_equal(track.mask_now(), mask)


def test_a_similarity_is_found_among_outliers_and_none_among_chaos():
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 200, (60, 2)).astype(np.float32)
    turn, scale = np.radians(2), 1.02
    A = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    q = (p @ A.T + [3, -2]).astype(np.float32)
    q[:20] += rng.uniform(10, 50, (20, 2)).astype(np.float32)
    np.testing.assert_allclose(similarity(p, q), np.column_stack([A, [3, -2]]), atol=0.02)
    assert similarity(p, rng.permutation(p)) is None
    assert similarity(p[:5], q[:5]) is None
    assert similarity(p, 2 * p) is None  # nothing doubles from one frame to the next


@pytest.mark.parametrize("mask", [np.zeros((360, 640), bool), np.ones((10, 10), bool), np.ones((360, 640), np.uint8)])
def test_what_is_no_mask_of_the_frame_is_refused(mask):
    with pytest.raises(ValueError, match=r"it must be bool \(360, 640\), not empty"):
        start_track(next(iter(truth.camera(1))), mask)


def test_without_tracks_nothing_happens():
    I = next(iter(truth.camera(1)))
    follow(I, I, [], 25.0)
    assert tracking.carried(np.ones((3, 4), bool), np.eye(2, 3)).all()
