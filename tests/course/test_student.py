"""The editions that are handed out. The student's is run in tests/browser/test_course.py."""

import re

import nbformat
import pytest
from nbgrader.nbgraderformat import SchemaTooOldError
from student import NO_ANSWER, build, student_edition

from course.notebooks import FOLDER, NAMES, kind, links

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def editions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("editions")
    build(folder)
    return folder


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "student").mkdir()
    (tmp_path / "solution/.ipynb_checkpoints").mkdir(parents=True)
    build(tmp_path)
    (tmp_path / "student/handed_in.txt").write_text("a week's work")
    (tmp_path / "solution/00_start_here.ipynb").unlink()
    with pytest.raises(ValueError, match=r"handed_in\.txt is no part of an edition"):
        build(tmp_path)
    assert (tmp_path / "student/handed_in.txt").read_text() == "a week's work"
    assert not (tmp_path / "solution/00_start_here.ipynb").exists(), "nothing was written"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_solution_is_left(editions, name):
    source = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells
    student = nbformat.read(editions / f"student/{name}.ipynb", as_version=4).cells
    assert [cell.id for cell in student] == [cell.id for cell in source]
    for before, after in zip(source, student):
        if kind(before) == "solution":
            given, taken = re.match(r"(?s)(.*?) *### BEGIN SOLUTION\n(.*?) *### END SOLUTION", before.source).groups()
            assert after.source.startswith(given) and f"raise NotImplementedError({NO_ANSWER!r})" in after.source
            answers = [line.strip() for line in taken.splitlines() if len(line.strip()) > 8]
            assert not [line for line in answers if line in after.source]
        else:
            assert after.source == before.source
        assert "SOLUTION" not in after.source and not after.get("outputs")
        assert ("raises-exception" in after.metadata.get("tags", [])) == bool(kind(after))


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_edition_has_all_but_the_marks(editions, name):
    source = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells
    solved = nbformat.read(editions / f"solution/{name}.ipynb", as_version=4).cells
    for before, after in zip(source, solved, strict=True):
        unmarked = [line for line in before.source.splitlines() if "SOLUTION" not in line]
        assert after.source.splitlines() == unmarked
        assert after.get("outputs") == before.get("outputs")


def test_all_that_is_linked_is_there(editions):
    for edition in ("student", "solution"):
        for path in (editions / edition).iterdir():
            if path.suffix == ".ipynb":
                text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
            elif path.suffix == ".md":
                text = path.read_text("utf-8")
            else:
                continue
            for target in links(text):
                assert target.startswith("https://") or (path.parent / target).is_file(), f"{path.name}: {target}"


def a_notebook(**solution):
    cell = nbformat.v4.new_code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION")
    kinds = {"grade": False, "solution": True, "locked": False, "task": False, **solution}
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": "a", **kinds}
    return nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_code_cell("x", id="other")])


def test_the_student_edition_is_made_on_a_copy():
    notebook = a_notebook()
    assert "x = 1" not in student_edition(notebook).cells[0].source
    assert "x = 1" in notebook.cells[0].source and "tags" not in notebook.cells[0].metadata


def test_a_solution_in_another_cell_is_an_error():
    with pytest.raises(RuntimeError, match="non-solution cell"):
        student_edition(a_notebook(solution=False))


def test_editions_are_made_anew(tmp_path):
    (tmp_path / "student").mkdir()
    (tmp_path / "student/old.ipynb").write_text("{}")
    build(tmp_path)
    assert not (tmp_path / "student/old.ipynb").exists()
    assert {path.suffix for path in tmp_path.glob("*/*")} <= {".ipynb", ".md", ".png"}
    assert not (tmp_path / "student/TEACHING.md").exists() and (tmp_path / "solution/TEACHING.md").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_checks_are_locked(editions, name):
    cells = nbformat.read(editions / f"student/{name}.ipynb", as_version=4).cells
    checks = [cell for cell in cells if kind(cell) == "check"]
    assert checks and not any(cell.metadata.editable or cell.metadata.deletable for cell in checks)


def test_metadata_of_another_schema_are_an_error():
    notebook = a_notebook()
    notebook.cells[0].metadata.nbgrader["schema_version"] = 2
    with pytest.raises(SchemaTooOldError):
        student_edition(notebook)
