"""Figures carry their description, and show what they are given in the colours of the sources."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from browser.scenes import only_ambience, three_sources

import see2sound_nb as s2s
from see2sound_nb.notebook import plots


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would get: (data, metadata) of each figure."""
    import IPython.display
    import matplotlib
    from matplotlib import pyplot

    pyplot.close("all")
    bundles = []
    monkeypatch.setattr(IPython.display, "display", lambda figure: bundles.append(figure._repr_mimebundle_()))
    with matplotlib.rc_context():
        yield bundles
    pyplot.close("all")


def test_a_figure_carries_its_description_and_is_shown_once(shown):
    from matplotlib import pyplot

    plots.plot_lines({"a": ([0, 1], [0, 1])})
    s2s.show('A line from "0" to <1>.')
    data, metadata = shown[0]
    assert metadata["image/png"]["alt"] == 'A line from "0" to <1>.'
    assert 'alt="A line from &quot;0&quot; to &lt;1&gt;." src="data:image/png;base64,' in data["text/html"]
    assert data["text/plain"] == '[figure: A line from "0" to <1>.]' and data["image/png"].startswith(b"\x89PNG")
    assert not pyplot.get_fignums()
    with pytest.raises(ValueError, match="no figure"):
        s2s.show("again")
    with pytest.raises(ValueError, match="empty"):
        s2s.show(" ")


def test_masks_keep_their_pixels_bright_and_the_colours_of_their_sources(shown):
    from matplotlib.colors import to_hex

    I = np.full((8, 12, 3), 200, np.uint8)
    left = np.zeros((8, 12), bool)
    left[:, :6] = True
    panels = plots.plot_masks(I, {"left": left, "right": ~left}, [(2, 3, True), (9, 3, False)], columns=2)
    picture = panels[0].images[0].get_array()
    assert (picture[left] == 200).all() and (picture[~left] < 100).all()
    for k, panel in enumerate(panels):
        assert [(line.get_marker(), *line.get_xydata()[0]) for line in panel.lines] == [("P", 2, 3), ("X", 9, 3)]
        assert to_hex(panel.collections[0].get_edgecolor()[0]).upper() == plots.source_colour(k)


def test_pixels_say_whose_they_are(shown):
    ax = plots.plot_pixels({"a": np.array([[True, False], [True, False]]), "b": np.ones((2, 2), bool)})
    assert [text.get_text() for text in ax.texts] == ["ab", "b", "ab", "b"]


def test_clicks_may_come_from_a_generator(shown):
    masks = dict.fromkeys("ab", np.ones((4, 6), bool))
    panels = plots.plot_masks(np.zeros((4, 6, 3), np.uint8), masks, ((x, 1, True) for x in (2, 3)))
    assert [len(panel.lines) for panel in panels] == [2, 2]


def test_the_colour_bar_is_that_of_the_maps(shown):
    D = np.linspace(1.0, 3.0, 12).reshape(3, 4)
    axes = plots.plot_maps({"D": D, "I": np.zeros((3, 4, 3), np.uint8)}, "D, no unit")
    (bar,) = [ax for ax in axes[0].figure.axes if ax.get_ylabel() == "D, no unit"]
    assert bar.get_ylim() == (1, 3)


def words_at(ax):
    """Where each text of a figure stands, (x, y) in its units."""
    return {text.get_text(): text.get_position() for text in ax.texts}


def test_curves_differ_in_dash_and_not_in_colour_alone(shown):
    ax = plots.plot_lines(dict.fromkeys("abcd", ([0, 1], [0, 1])))
    assert len({line.get_linestyle() for line in ax.lines}) == 4


def test_a_box_runs_along_its_sides_and_its_polygon_is_closed(shown):
    (panel,) = plots.plot_pictures({"I": np.zeros((6, 8, 3), np.uint8)})
    plots.plot_boxes([panel], np.array([[1, 5, 2, 4]]), [np.array([[1, 2], [5, 3], [2, 4]])])
    box, polygon = (line.get_xydata() for line in panel.lines)
    sides = np.abs(np.diff(box, axis=0))
    assert (sides.min(axis=1) == 0).all() and sides.sum(axis=0).tolist() == [2 * 4, 2 * 2]
    assert [*box.min(axis=0), *box.max(axis=0)] == [1, 2, 5, 4]
    assert polygon.tolist() == [[1, 2], [5, 3], [2, 4], [1, 2]]


def test_a_mel_shows_each_band_at_its_height_and_each_frame_at_its_time(shown):
    from matplotlib.backend_bases import MouseEvent

    mel = np.zeros((200, 64))
    mel[50, 10] = 1
    ax = plots.plot_mels({"a click in band 10": mel})[0, 0]
    at = {(t, band): ax.transData.transform((t, band)) for t in (0.505, 1.495) for band in (10, 53)}
    seen = {place: ax.images[0].get_cursor_data(MouseEvent("", ax.figure.canvas, *px)) for place, px in at.items()}
    assert seen == {(0.505, 10): 1, (0.505, 53): 0, (1.495, 10): 0, (1.495, 53): 0}


def test_mels_have_no_empty_frames_and_each_column_its_time(shown):
    axes = plots.plot_mels(dict.fromkeys("abcd", np.eye(9)))
    assert [ax.axison for ax in axes.flat] == [True] * 4 + [False] * 2
    assert [ax.get_xlabel() for ax in axes.flat[:4]] == ["", *["time in seconds"] * 3]
    assert [ax.xaxis.get_tick_params()["labelbottom"] for ax in axes.flat[:4]] == [False, True, True, True]


def test_percents_of_the_steps_are_hundredths(shown):
    ax = plots.plot_steps({"DDIM": {10: 0.3, 25: 0.08, 50: 0.03}})
    ticks = dict(zip(ax.get_yticks(), (label.get_text() for label in ax.get_yticklabels())))
    assert ticks == {0.05: "5 %", 0.1: "10 %", 0.2: "20 %"}


def test_the_images_of_order_1_mirror_the_source_in_one_wall_each(shown):
    ax = plots.plot_image_plan([5, 4, 3], [1, 1.5, 1], [3, 2, 1], order=2)
    places = {line.get_label(): {tuple(place) for place in line.get_xydata().tolist()} for line in ax.lines}
    assert places["order 0"] == {(1, 1.5)} and places["receiver"] == {(3, 2)}
    assert places["order 1"] == {(-1, 1.5), (9, 1.5), (1, -1.5), (1, 6.5)}
    assert len(places["order 2"]) == 8


def test_a_reflection_is_as_long_as_the_way_from_the_image(shown):
    ax = plots.plot_one_wall([2, 0], [2, 3])
    length = {line.get_label(): np.hypot(*np.diff(line.get_xydata(), axis=0).T).sum() for line in ax.lines}
    assert length["direct"] == 3 and length["reflected"] == 5 and length["of the image"] == 2.5


def test_arrivals_of_a_response_shorter_than_what_is_shown(shown):
    ax = plots.plot_arrivals(np.ones(100), 16000, np.array([0.005, 0.03]), np.array([0.5, 0.1]))
    samples, crosses = (line.get_xydata() for line in ax.lines)
    assert samples[-1].tolist() == [99 / 16, 1] and crosses.tolist() == [[5, 0.5]]


def test_a_level_is_that_of_all_of_the_response(shown):
    late = np.zeros(25000)
    late[20000] = 0.1  # all of it comes after the first second
    for line in plots.plot_levels({"late": late, "early": late[19900:]}, 16000).lines:
        assert line.get_xdata()[[0, -1]].tolist() == [1, 8000]
        np.testing.assert_allclose(line.get_ydata(), -20, atol=1e-9)


def test_the_plan_has_left_on_the_left(shown):
    room, positions_m = s2s.Room((6, 6, 3), (3, 2, 1.5)), np.array([[-1.0, 2.0, 0.0]])
    ax = s2s.plot_plan(SimpleNamespace(room=room, positions_m=positions_m))
    words = words_at(ax)
    assert words["FL"][0] < 0 < words["FR"][0] and words["SL"][1] < 0 < words["FC"][1]
    assert words["1"] == (-1, 2) and ax.get_legend() is None
    assert "+27°, 2.2 m" in words


def test_the_plan_of_the_paper_says_what_its_crosses_are(shown):
    room, _ = s2s.paper_room((640, 480))
    ax = s2s.plot_plan(SimpleNamespace(room=room, positions_m=np.array([[-200.0, 100.0, 0.0]])))
    (crosses,) = [line for line in ax.lines if line.get_marker() == "x"]
    assert len(crosses.get_xdata()) == 6
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["microphones"]


def test_levels_of_channels_are_those_of_amplitudes(shown):
    ax = s2s.plot_channels(np.array([[0.1] * 100, [1.0] * 100]), 16000, "stereo")
    assert [text.get_text() for text in ax.texts] == ["-20 dB", "0 dB"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["L", "R"]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.plot_image_plan([5, 4, 3], [1, 1, 1], [3, 2, 1], order=7), "order=7 .* 0 to 5"),
        (lambda: plots.plot_one_wall([2, 0], [1, 3]), "x = 2 and 1 m"),
        (lambda: s2s.plot_channels(np.ones((2, 100)), 16000), r"\(2, 100\).* '5.1' has 6 .* stereo"),
        (lambda: s2s.plot_channels(np.ones((2, 100)), 16000, layout="7.1"), "'7.1' is unknown.* 7.1.4, stereo"),
        (lambda: plots.plot_maps({"I": np.zeros((3, 4, 3), np.uint8)}, "D"), "at least one"),
        (lambda: plots.plot_pixels({}), "at least one mask"),
        (lambda: plots.plot_pixels({"a": np.ones((2, 2), bool), "b": np.ones((2, 3), bool)}), "one shape"),
        (lambda: plots.plot_boxes([None], np.zeros((2, 4))), "2 boxes .* 1 pictures"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_leaves_no_empty_figure(shown, draw, message):
    from matplotlib import pyplot

    with pytest.raises(ValueError, match=message):
        draw()
    assert not pyplot.get_fignums()


def test_figures_say_what_is_heard_all_around(shown):
    scene = three_sources(max_order=1, ambience=True)
    for figure in (s2s.plot_regions, s2s.plot_plan):
        assert figure(scene).get_title().endswith("\nall around: sea")
        assert "around" not in figure(dataclasses.replace(scene, ambience=None)).get_title()


def test_a_scene_without_sources_is_drawn(shown):
    scene = only_ambience()
    photo, depth, plan, channels, _ = s2s.plot_story(scene).axes
    assert not photo.patches and not depth.patches
    assert "listener" in [text.get_text() for text in plan.texts]
    assert len(channels.lines) == 6
    s2s.plot_story(dataclasses.replace(scene, ambience=None))
