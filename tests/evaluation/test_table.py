"""Table 1 from lines whose means, intervals and doubts are known."""

import csv

import numpy as np
import pytest

from see2sound_nb.evaluation.photos import COMPARED, FULL, WHOLE
from see2sound_nb.evaluation.table import describe_table, table_1, write_tables
from see2sound_nb.measure.published_similarity import MEASURES
from see2sound_nb.notebook.plots.table_1 import DOUBTED, plot_table_1


def lines_of(values, n=12, definition="corrected"):
    """Lines of n photos with ``values(measure, compared, photo)``, the same for both ways."""
    return [
        {
            "photo": f"{k}.jpg",
            "sources": 1,
            "values": {
                definition: {
                    way: {c: {m: values(m, c, k) for m in MEASURES} for c in COMPARED} for way in (WHOLE, FULL)
                }
            },
        }
        for k in range(n)
    ]


def clear(measure, compared, k):
    """A measure that tells all apart, with a little of its own for each photo."""
    alike = {"matched": 0.8, "unchanged": 1.0, "another clip": 0.3, "noise": 0.1}[compared] + 0.01 * (k % 3)
    return 10 - alike if measure == "mfcc_dtw" else alike


def row(rows, measure="chroma", way=FULL, compared="matched"):
    return next(r for r in rows if (r.measure, r.way, r.compared) == (measure, way, compared))


def test_means_intervals_and_n():
    x = np.random.default_rng(0).normal(0.5, 0.2, 200)
    found = row(table_1(lines_of(lambda m, c, k: x[k], n=200)))
    assert found.mean == pytest.approx(x.mean()) and found.n == 200
    # that of the mean of many values is nearly the normal one
    half = 1.96 * x.std() / np.sqrt(200)
    assert found.low == pytest.approx(x.mean() - half, abs=0.15 * half)
    assert found.high == pytest.approx(x.mean() + half, abs=0.15 * half)
    assert table_1(lines_of(lambda m, c, k: x[k], n=200)) == table_1(lines_of(lambda m, c, k: x[k], n=200))
    assert table_1(lines_of(lambda m, c, k: x[k], n=200), seed=1) != table_1(lines_of(lambda m, c, k: x[k], n=200))


def test_a_clear_measure_is_not_doubted_and_its_direction_counts():
    rows = table_1(lines_of(clear))
    assert not any(r.doubt for r in rows)
    upside_down = table_1(lines_of(lambda m, c, k: -clear(m, c, k)))
    assert all("cannot tell another clip" in r.doubt for r in upside_down)
    # as published, MFCC-DTW is a similarity
    published = table_1(lines_of(clear, definition="as published"))
    assert {r.measure for r in published if r.doubt} == {"mfcc_dtw"}


def test_a_measure_within_the_noise_is_doubted():
    rng = np.random.default_rng(1)
    x = {c: rng.normal(0.5, 0.2, 12) for c in COMPARED}
    assert all("cannot tell" in r.doubt for r in table_1(lines_of(lambda m, c, k: x[c][k])))
    like_noise = lambda m, c, k: clear(m, "unchanged" if c == "noise" else c, k)  # noqa: E731
    assert all(r.doubt == "cannot tell noise from the clip itself" for r in table_1(lines_of(like_noise)))


def test_few_photos_tell_nothing():
    assert all("5 photos" in r.doubt for r in table_1(lines_of(clear, n=5)))
    assert not any(r.doubt for r in table_1(lines_of(clear, n=6)))


def test_what_has_no_value_is_counted_and_never_nan():
    some = lambda m, c, k: None if (m == "stoi" and (c == "noise" or k > 3)) else clear(m, c, k)  # noqa: E731
    rows = table_1(lines_of(some))
    assert row(rows, "stoi").n == 4 and row(rows, "stoi").mean == pytest.approx(0.8075)
    noise = row(rows, "stoi", compared="noise")
    assert (noise.mean, noise.low, noise.high, noise.n) == (None, None, None, 0)
    assert "4 photos for another clip" in noise.doubt
    text = describe_table(rows, "a folder")
    assert "nan" not in text.lower() and "- (n 0)" in text and "? STOI, full method:" in text
    assert text.startswith("a folder\n") and max(map(len, text.splitlines())) <= 120


def test_columns_stay_apart_whatever_the_numbers():
    wide = lambda m, c, k: -0.123 + 0.001 * (k % 2) if m != "mfcc_dtw" else 1e-4  # noqa: E731
    for definition in ("corrected", "as published"):
        text = describe_table(table_1(lines_of(wide, n=120, definition=definition)))
        assert "-0.12 [-0.12, -0.12] 120 " in text and max(map(len, text.splitlines())) <= 120
    assert "10.00 [10.00, 10.00] 120 " in text and "MFCC-DTW, 1e-5" in text


def test_photos_that_failed_have_no_say_and_none_at_all_is_an_error():
    lines = [*lines_of(clear), {"photo": "bad.jpg", "error": "no picture"}]
    assert table_1(lines) == table_1(lines[:-1])
    with pytest.raises(ValueError, match="no photo has values"):
        table_1(lines[-1:])


def test_the_files_hold_what_the_table_says(tmp_path):
    lines = [
        *lines_of(lambda m, c, k: None if m == "stoi" else clear(m, c, k)),
        {"photo": "x.jpg", "error": "bad, it is"},
    ]
    rows = table_1(lines)
    table, summary = write_tables(tmp_path, lines, rows)
    with table.open() as file:
        found = list(csv.DictReader(file))
    assert len(found) == 13 and found[12]["error"] == "bad, it is"
    assert float(found[3]["corrected: full method: matched: chroma"]) == clear("chroma", "matched", 3)
    assert found[3]["corrected: full method: matched: stoi"] == ""
    with summary.open() as file:
        found = list(csv.DictReader(file))
    assert len(found) == len(rows) == len(MEASURES) * 2 * len(COMPARED)
    stoi = next(r for r in found if r["measure"] == "stoi")
    assert (stoi["mean"], stoi["n"], stoi["doubt"]) == ("", "0", "has no value for another clip")
    assert "nan" not in summary.read_text().lower()


def test_doubted_bars_are_grey_and_hatched():
    figure = plot_table_1(table_1(lines_of(lambda m, c, k: 0.5 if m == "rhythm" else clear(m, c, k))), "12 photos")
    panels = {ax.get_title().split(" (")[0]: ax for ax in figure.axes if ax.patches}
    assert len(panels) == len(MEASURES)
    for name, ax in panels.items():
        assert all(bool(bar.get_hatch()) == (name == "rhythm") for bar in ax.patches)
        assert len({bar.get_facecolor() for bar in ax.patches}) == (1 if name == "rhythm" else 2)
    assert panels["MFCC-DTW, dB"].get_ylabel() == "dB"
    from matplotlib.colors import to_rgba

    assert panels["rhythm"].patches[0].get_facecolor() == to_rgba(DOUBTED)
    with pytest.raises(ValueError, match="no rows"):
        plot_table_1([])
