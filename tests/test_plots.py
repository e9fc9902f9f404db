"""Figures carry their description, and show what they are given in the colours of the sources."""

import numpy as np
import pytest

import see2sound_nb as s2s
from see2sound_nb import plots


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
