"""The authors' geometry against ours, on one scene whose sources are known."""

import csv

import numpy as np
import pytest

import see2sound_nb as s2s
from see2sound_nb.evaluation.before_after import before_after, describe_before_after, in_geometry, write_before_after
from see2sound_nb.notebook.plots.before_after import plot_before_after


@pytest.fixture(scope="module")
def scene():
    """The shipped photo, with regions on its left and right chosen by hand."""
    height, width = s2s.read_image(s2s.demo_photo()).shape[:2]
    masks = np.zeros((2, height, width), bool)
    masks[0, height // 3 : height // 2, width // 10 : width // 4] = True
    masks[1, height // 3 : height // 2, 3 * width // 4 : 9 * width // 10] = True
    return s2s.See2Sound(preset="tiny").run(s2s.demo_photo(), masks=masks, steps=2, ambience=False)


@pytest.fixture(scope="module")
def rows(scene):
    return before_after(scene)


def test_the_sounds_and_the_photo_stay_and_the_places_change(scene):
    paper = in_geometry(scene, "paper")
    assert paper.geometry == "paper" and paper.audio is scene.audio and paper.masks is scene.masks
    assert paper.room.size_m[0] == scene.image.shape[1], "a metre for each pixel"
    back = in_geometry(paper, "metric")
    np.testing.assert_allclose(back.positions_m, scene.positions_m)
    assert back.room == scene.room


def test_ours_is_heard_where_it_is_seen_and_appendix_a_is_not(scene, rows):
    left, right = rows
    assert left["azimuth_deg"] > 5 and right["azimuth_deg"] < -5
    for row in rows:
        assert row["metric"]["beside_deg"] < 0.5
        assert row["paper"]["beside_deg"] > 10
        assert np.sign(row["metric"]["itd_ms"]) == np.sign(row["metric"]["ild_db"]) == np.sign(row["azimuth_deg"])
    direct = s2s.impulse_responses(
        s2s.Room(scene.room.size_m, scene.room.listener_m, max_order=0), scene.positions_m, "binaural"
    )
    assert left["metric"]["ild_db"] == pytest.approx(s2s.ild_db(direct[0]), abs=0.06)


def test_silent_channels_are_told_from_soft_ones(rows):
    for row in rows:
        assert isinstance(row["metric"]["silent"], list) and row["metric"]["loudness_lufs"] < 0


def test_the_table_and_the_file(tmp_path, rows):
    table = describe_before_after(rows)
    assert "2 sources" in table and "100%" in table and "LUFS" in table
    path = write_before_after(tmp_path / "a.csv", [{"photo": "demo.jpg"} | row for row in rows])
    back = list(csv.DictReader(path.open(encoding="utf-8")))
    assert [line["photo"] for line in back] == ["demo.jpg"] * 2
    assert float(back[0]["metric_itd_ms"]) == rows[0]["metric"]["itd_ms"]
    unknown = [
        {**rows[0], "paper": {**rows[0]["paper"], "itd_ms": None, "direction_5_1_deg": None, "beside_deg": None}}
    ]
    assert "-" in describe_before_after(unknown)
    assert "nan" not in describe_before_after(unknown).lower()
    assert plot_before_after(unknown)


def test_the_figure_shows_each_source_in_each_geometry(rows):
    figure = plot_before_after(rows)
    direction = figure.axes[0]
    seen, heard = direction.lines[1].get_data() if len(direction.lines[1].get_xdata()) == 2 else (None, None)
    assert list(seen) == [row["azimuth_deg"] for row in rows]
    assert list(heard) == [row["metric"]["direction_5_1_deg"] for row in rows]
    assert direction.get_xlim()[0] > direction.get_xlim()[1], "left in the photo is left in the figure"


def test_what_cannot_be_compared(scene):
    with pytest.raises(ValueError, match="metric"):
        before_after(in_geometry(scene, "paper"))
    with pytest.raises(ValueError, match="no source"):
        describe_before_after([])
    with pytest.raises(ValueError, match="no rows"):
        plot_before_after([])
