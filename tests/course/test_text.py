"""The text: spelling, and that the table of notation is true."""

import ast
import re

import pytest

from course.notebooks import FOLDER, NAMES, PAGES, cells, code_cells, markdown, source_of
from course.spelling import own_words, prose, prose_of_code, unknown

TEXTS = [*PAGES, FOLDER / "tools/pages/index.md"]


@pytest.mark.parametrize("name", NAMES)
def test_the_spelling_of_a_notebook(name):
    text = [prose(markdown(name)), *(prose_of_code(cell.source) for cell in code_cells(name))]
    wrong = unknown("\n".join(text))
    assert wrong == set()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_the_spelling_of_a_page(path):
    wrong = unknown(prose(path.read_text("utf-8")))
    assert wrong == set()


def test_own_words_are_needed():
    text = [prose(path.read_text("utf-8")) for path in TEXTS]
    for name in NAMES:
        text += [prose(markdown(name)), *(prose_of_code(cell.source) for cell in code_cells(name))]
    used = set(re.findall(r"[^\W\d_]+", "\n".join(text)))
    assert not {word for word in own_words() if word not in used and word not in {one.lower() for one in used}}


def test_wrong_spelling_is_found():
    assert unknown("We recieve the colour of a centre, a neighbour's azimuth and its JSON.") == {"recieve"}
    assert unknown("The color of the center is normalized.") == {"color", "center", "normalized"}
    assert unknown(prose("`recieve` $recieve$ [here](recieve.ipynb) recieved")) == {"recieved"}
    assert unknown(prose_of_code('x = f("recieve_me", f"it is {recieve} wich")  # teh end')) == {"wich", "teh"}


def rows():
    """The rows of the table: symbol, meaning, Python's name, shape and unit, notebook, function."""
    lines = [line for line in (FOLDER / "NOTATION.md").read_text("utf-8").splitlines() if line.startswith("|")]
    return [[part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_the_table_of_notation_has_its_columns():
    assert len(rows()) >= 10
    for row in rows():
        symbol, meaning, name, shape, notebook, function = row
        assert symbol and meaning and shape
        assert re.fullmatch(r"`\w+`", name), row
        assert re.fullmatch(r"\[\d\d\]\((\d\d_\w+)\.ipynb\)", notebook), row
        assert re.fullmatch(r"`[\w.]+`", function), row


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[2]} in {row[5]}")
def test_notation_is_that_of_notebook_and_docstring(row):
    name, function = row[2].strip("`"), row[5].strip("`")
    notebook = re.search(r"\((\d\d_\w+)\.ipynb\)", row[4])[1]
    in_code = {
        used
        for cell in cells(notebook)
        if cell.cell_type == "code"
        for node in ast.walk(ast.parse(cell.source))
        for used in (getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "arg", None))
    }
    assert name in in_code, f"{notebook} has no {name}"
    module, _, what = function.rpartition(".")
    assert re.search(rf"\b{name}\b", docstring(module, what)), f"{function} does not tell of {name}"


def docstring(module, name):
    for node in ast.walk(ast.parse(source_of(module))):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return ast.get_docstring(node) or ""
    raise AssertionError(f"see2sound_nb.{module} defines no {name}")
