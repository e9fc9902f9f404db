"""What the notebooks hold is a run of theirs, from the first cell to the last, and it can be compared and described."""

import json
import re

import pytest

from course.notebooks import FOLDER, NAMES, called, cells, code_cells, markdown, outputs, plain, tags

#: Outputs are compared, except for cells whose text depends on the machine or on networks (their labels, their sounds,
#: which at another tier are others), on the time it takes, or that show a widget. Such a cell has one of these words.
MAY_BE_IGNORED = re.compile(
    r"s2s\.setup\(|check_machine|list_models|See2Sound|pipeline|scene\b|LiveRoom|ClickToSegment|ipywidgets|"
    r"\blive\b|\bclick\b|perf_counter|best_ms|sampling_ms|%time|segmenter|\bmodel\b"
)
LONGEST_S = 5.0

each = pytest.mark.parametrize("name", NAMES)


@each
def test_the_cells_were_run_in_order(name):
    counts = [cell.execution_count for cell in code_cells(name)]
    assert counts == list(range(1, len(counts) + 1))
    assert all(cell.source.strip() for cell in cells(name)), "no empty cells"


@each
def test_no_cell_failed(name):
    for cell, output in outputs(name):
        assert output.output_type != "error", called(cell)
        assert output.get("name") != "stderr" or "nbval-ignore-output" in tags(cell), called(cell)


@each
def test_the_file_is_small_and_plain(name):
    path = FOLDER / f"{name}.ipynb"
    assert path.stat().st_size < 1e6
    metadata = json.loads(path.read_text("utf-8"))["metadata"]
    assert set(metadata) == {"kernelspec"} and metadata["kernelspec"]["name"] == "python3"


@each
def test_every_picture_is_described(name):
    for cell, output in outputs(name):
        data = output.get("data", {})
        if any(mime.startswith("image/") for mime in data):
            (mime,) = (mime for mime in data if mime.startswith("image/"))
            assert len(output.metadata.get(mime, {}).get("alt", "")) >= 20, f"{called(cell)}: end it with s2s.show(...)"
        for picture in re.findall(r"<img\b[^>]*>", data.get("text/html", "")):
            assert re.search(r"""\balt=("[^"]{20,}|'[^']{20,})""", picture), called(cell)
    for alt in re.findall(r"!\[([^\]]*)\]\(", markdown(name)):
        assert len(alt) >= 20, alt


@each
def test_outputs_are_compared_but_where_they_cannot_be(name):
    ignored = [cell for cell in code_cells(name) if "nbval-ignore-output" in tags(cell)]
    for cell in ignored:
        assert MAY_BE_IGNORED.search(cell.source), f"{called(cell)}: nothing in it differs from run to run"
    assert len(ignored) <= len(code_cells(name)) / 3
    known = r"nbval-ignore-output|library:[\w.]+"
    assert all(re.fullmatch(known, tag) for cell in cells(name) for tag in tags(cell)), "only these tags"


@each
def test_sounds_are_short(name):
    lasting = [
        float(seconds)
        for _, output in outputs(name)
        for seconds in re.findall(r"(?m): (\d+\.\d) s, \d channels?, peak", plain(output))
    ]
    assert lasting, "there is something to hear"
    assert max(lasting) < LONGEST_S
