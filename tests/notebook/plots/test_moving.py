"""Figures of a moving scene: left is left, what is heard is thick, and a cut is where it is."""

import dataclasses

import numpy as np
import pytest
from browser.scenes import only_ambience, three_sources
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba

import see2sound_nb as s2s
from see2sound_nb.moving import MovingScene, Shot
from see2sound_nb.notebook import plots

SIZE = (64, 48)


@pytest.fixture(autouse=True)
def closed():
    from matplotlib import pyplot

    pyplot.close("all")
    yield
    pyplot.close("all")


def shot_of(key, first, frames, azimuths_deg, heard):
    """A shot of `frames` frames, 25 a second, whose sources go round at 2 m from and to these azimuths."""
    times_s = np.linspace(0, frames / 25, frames + 1)
    degrees = np.linspace(*np.array(azimuths_deg, dtype=float).T, frames + 1)  # (P, N)
    radians = np.radians(degrees)
    paths_m = 2 * np.stack([-np.sin(radians), np.cos(radians), 0 * radians], axis=-1)
    places = np.stack([32 - degrees[:-1] / 2, np.full((frames, degrees.shape[1]), 20.0)], axis=-1)
    return Shot(
        first, first + frames - 1, first / 25, (first + frames) / 25, first, key, times_s, paths_m,
        np.broadcast_to(np.asarray(heard, dtype=float)[:, None], degrees.shape).copy(), places,
    )  # fmt: skip


def moving_scene(cuts=1):
    """Two seconds; a second source in the first shot rests; the first comes into hearing half way."""
    photo = three_sources(max_order=1)
    key = dataclasses.replace(
        photo, image=np.zeros((SIZE[1], SIZE[0], 3), np.uint8), labels=photo.labels[:2], audio=photo.audio[:2]
    )
    frames = 50 // (cuts + 1)
    ramp = np.clip(np.linspace(-1, 2, frames + 1), 0, 1)
    shots = [shot_of(key, k * frames, frames, [(-30, 30), (-10, -10)], ramp) for k in range(cuts + 1)]
    clip = s2s.open_clip(np.zeros((frames * (cuts + 1), SIZE[1], SIZE[0], 3), np.uint8))
    return MovingScene(clip, shots, photo.room, "tiny", 0)


def lines_of(ax, colour):
    """The pieces (n, 2, 2), widths and opacities of the lines in a colour, one after the other."""
    found = []
    for line in ax.collections:
        if isinstance(line, LineCollection) and to_rgba(line.get_colors()[0])[:3] == to_rgba(colour)[:3]:
            found.append((np.array(line.get_segments()), line.get_linewidths(), line.get_alpha()))
    return found


def test_left_is_up_and_a_line_begins_where_its_source_is():
    ax = s2s.plot_space_time(moving_scene(cuts=0))
    ((going, _, _),) = lines_of(ax, plots.source_colour(0))
    ((resting, _, _),) = lines_of(ax, plots.source_colour(1))
    np.testing.assert_allclose(going[[0, -1], [0, 1]], [[0, -30], [2, 30]], atol=1e-9)
    np.testing.assert_allclose(resting[..., 1], -10, atol=1e-9)
    low, high = ax.get_ylim()
    assert low == -high and high >= 30 and "left" in ax.get_ylabel() and "degrees" in ax.get_ylabel()
    assert "seconds" in ax.get_xlabel() and ax.get_xlim() == (0, 2)


def test_a_line_is_thick_and_dark_where_its_source_is_heard():
    ax = s2s.plot_space_time(moving_scene(cuts=0))
    ((_, widths, opacities),) = lines_of(ax, plots.source_colour(0))
    for values in (widths, opacities):
        assert (np.diff(values) >= -1e-9).all() and values[0] < 0.35 * values[-1]
    assert widths[0] > 0 and opacities[0] > 0, "what is not heard is still to be seen"


def test_cuts_are_where_they_are():
    ax = s2s.plot_space_time(moving_scene(cuts=1))
    cuts = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"]
    assert cuts == [1.0]
    words = [text.get_text() for text in ax.texts]
    assert words.count("cut") == 1 and words.count("1 dog") == 2 and words.count("2 fountain") == 2
    for pieces, _, _ in lines_of(ax, plots.source_colour(0)):
        assert (pieces[..., 0] <= 1).all() or (pieces[..., 0] >= 1).all(), "no line goes across a cut"


def test_no_line_goes_through_the_figure_for_what_passes_behind():
    scene = moving_scene(cuts=0)
    scene.shots[0] = shot_of(scene.shots[0].key, 0, 50, [(150, 210), (0, 0)], np.ones(51))
    ax = s2s.plot_space_time(scene)
    ((pieces, _, _),) = lines_of(ax, plots.source_colour(0))
    assert np.abs(np.diff(pieces[..., 1], axis=1)).max() < 2
    assert {*np.sign(pieces[..., 1]).ravel()} >= {1, -1}


def test_paths_lie_where_they_are_in_picture_and_plan():
    scene = moving_scene(cuts=0)
    picture, plan = s2s.plot_paths(scene)
    ((pieces, _, _),) = lines_of(picture, plots.source_colour(0))
    np.testing.assert_allclose(pieces[0, 0], scene.shots[0].places_px[0, 0])
    np.testing.assert_allclose(pieces[-1, 1], scene.shots[0].places_px[-1, 0])
    ((pieces, _, _),) = lines_of(plan, plots.source_colour(0))
    np.testing.assert_allclose(pieces[[0, -1], [0, 1]], [[1, np.sqrt(3)], [-1, np.sqrt(3)]], atol=1e-9)
    assert picture.get_ylim() == (47.5, -0.5) and picture.get_xlim() == (-0.5, 63.5)
    assert "pixels" in picture.get_xlabel() and "metres" in plan.get_xlabel() and plan.get_aspect() == 1
    words = {text.get_text(): text.get_position() for text in plan.texts}
    assert words["1"] == pytest.approx((1, np.sqrt(3))) and words["FL"][0] < 0 < words["FR"][0]


def test_seconds_are_those_of_the_clip():
    picture, _ = s2s.plot_paths(moving_scene(cuts=1), 1)
    told = [text.get_text() for text in picture.texts if text.get_text().endswith(" s")]
    assert told and all(1 <= float(word[:-2]) <= 2 for word in told)
    assert picture.get_title().startswith("Shot 2 of 2")


def test_a_thing_that_is_out_of_the_picture_has_a_gap_there():
    scene = moving_scene(cuts=0)
    scene.shots[0].places_px[20:30, 0] = np.nan
    picture, _ = s2s.plot_paths(scene)
    ((pieces, _, _),) = lines_of(picture, plots.source_colour(0))
    assert len(pieces) == 19 + 19 and np.linalg.norm(np.diff(pieces, axis=1), axis=-1).max() < 2


def test_a_thing_that_rests_has_no_marks_of_time():
    scene = moving_scene(cuts=0)
    scene.shots[0] = shot_of(scene.shots[0].key, 0, 50, [(5, 5), (-10, -10)], np.ones(51))
    picture, _ = s2s.plot_paths(scene)
    assert not [text for text in picture.texts if text.get_text().endswith(" s")]
    assert {"1", "2", "dog", "fountain"} <= {text.get_text() for text in picture.texts}


@pytest.mark.parametrize("frames", [1, 2])
def test_a_shot_of_a_frame_or_two_is_drawn(frames):
    scene = moving_scene(cuts=0)
    scene.shots[0] = shot_of(scene.shots[0].key, 0, frames, [(-30, 30), (-10, -10)], np.ones(frames + 1))
    for ax in [*s2s.plot_paths(scene), s2s.plot_space_time(scene)]:
        ax.figure.canvas.draw()


def test_a_scene_without_sources_is_drawn_and_says_what_is_all_around():
    scene = moving_scene(cuts=0)
    nothing = only_ambience()
    scene.shots[0] = dataclasses.replace(
        scene.shots[0], key=nothing, paths_m=np.zeros((51, 0, 3)), heard=np.zeros((51, 0)),
        places_px=np.zeros((50, 0, 2)),
    )  # fmt: skip
    picture, plan = s2s.plot_paths(scene)
    assert picture.get_title().endswith("all around: sea")
    assert "listener" in [text.get_text() for text in plan.texts]
    assert not lines_of(s2s.plot_space_time(scene), plots.source_colour(0))


@pytest.mark.parametrize("shot", [-1, 2])
def test_a_shot_that_is_not_there_is_refused_and_leaves_no_empty_figure(shot):
    from matplotlib import pyplot

    with pytest.raises(ValueError, match=f"shot={shot} must lie in 0 to 1"):
        s2s.plot_paths(moving_scene(cuts=1), shot)
    assert not pyplot.get_fignums()
