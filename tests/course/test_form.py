"""Each notebook has the same form: what it begins and ends with, how long it and its cells are, what it links to."""

import itertools
import re
import sys
import types

import pytest

from course.notebooks import FOLDER, NAMES, PAGES, called, cells, code_cells, lines_of_code, links, markdown, tags

SETUP = "import see2sound_nb as s2s\n\ntier = s2s.setup(seed=0)"

each = pytest.mark.parametrize("name", NAMES)


@each
def test_the_first_cell_promises(name):
    first = cells(name)[0].source
    title, promise, *rest = first.split("\n\n")
    assert re.fullmatch(rf"# {name[:2]} · \S.*", title)
    assert not promise.startswith(("*", "#", "1")) and promise.rstrip().endswith("."), "one sentence that promises"
    assert rest[0].strip() == "**You will be able to**"
    assert re.findall(r"(?m)^(\d)\. ", first) == ["1", "2", "3"], "exactly three things one will be able to do"
    parts = ["**You will be able to**", "**In → out:**", "**Time:**", "**Before this:**"]
    places = [first.find(part) for part in parts]
    assert -1 not in places and places == sorted(places), dict(zip(parts, places))
    in_and_out, time = first.split("**In → out:**")[1].split("**Time:**")
    assert "→" in in_and_out and re.search(r"\([^)]*,[^)]*\)", in_and_out), "shapes, as (N, 4)"
    time = time.split("**Before this:**")[0]
    assert all(word in time for word in ("read", "run", "CPU", "GPU")), "how long to read, and to run on CPU and GPU"


@each
def test_the_second_cell_is_colabs_and_the_third_the_same_everywhere(name):
    colab, setup = cells(name)[1:3]
    assert colab.source == cells(NAMES[0])[1].source and not colab.outputs
    assert setup.source == SETUP
    assert tags(setup) == ["nbval-ignore-output"]


def test_the_cell_for_colab_installs_there_and_does_nothing_elsewhere(monkeypatch):
    source, done = cells(NAMES[0])[1].source, []
    there = types.SimpleNamespace(run_line_magic=lambda *words: done.append(words))
    exec(source, {"get_ipython": lambda: there})
    assert not done
    output = types.SimpleNamespace(enable_custom_widget_manager=lambda: done.append("widgets"))
    monkeypatch.setitem(sys.modules, "google.colab", types.SimpleNamespace(output=output))
    exec(source, {"get_ipython": lambda: there})
    assert done == [("pip", "install --quiet see2sound_nb[lab]"), "widgets"]


@each
def test_the_last_cell_sums_up_and_leads_on(name):
    last = cells(name)[-1].source
    assert last.startswith("## Summary\n")
    parts = ["## Summary", "**More exercises**", "**References.**", "**Next:**"]
    places = [last.find(part) for part in parts]
    assert -1 not in places and places == sorted(places), dict(zip(parts, places))
    summary, more, references, onward = (
        last[start:end].split("\n", 1)[1] if start < places[2] else last[start:end]
        for start, end in zip(places, [*places[1:], None])
    )
    sentences = re.findall(r"[.;:?!](?=\s|$)", summary)
    assert len(sentences) >= 3, "three lines"
    assert len(re.findall(r"(?m)^(?:\d\.|[-*]) ", more)) in (2, 3), "two or three open questions"
    assert re.search(r"section|Eq\.", references), "sections and equations"
    titles = {other: cells(other)[0].source.split("\n")[0] for other in NAMES}
    following = dict(itertools.pairwise(NAMES)).get(name)
    if following:
        (label, target) = re.search(r"\[([^\]]+)\]\(([^)]+)\)", onward).groups()
        assert target == f"{following}.ipynb"
        assert titles[following].startswith(f"# {label}"), f"{label!r} is not how {titles[following]!r} begins"


@each
def test_lengths(name):
    assert 25 <= len(cells(name)) <= 56
    too_long = {called(cell): n for cell in code_cells(name) if (n := lines_of_code(cell.source)) > 15}
    assert not too_long


@each
def test_headings_step_down_one_by_one(name):
    text = re.sub(r"```.*?```", "", markdown(name), flags=re.S)
    levels = [len(marks) for marks in re.findall(r"(?m)^(#+) ", text)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("page", [*NAMES, *(page.name for page in PAGES)])
def test_links_lead_to_files_of_the_course(page):
    text = markdown(page) if page in NAMES else (FOLDER / page).read_text("utf-8")
    for target in links(text):
        if target.startswith("https://"):
            continue
        path = (FOLDER / target).resolve()
        assert path.is_file() and path.parent == FOLDER.resolve(), target


def test_lines_of_code_are_counted_as_said():
    assert lines_of_code("# one\n\ndef f(x):\n    '''Two\n\n    lines.'''\n    return (\n        x\n    )\n") == 4
