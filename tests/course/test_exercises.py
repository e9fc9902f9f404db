"""The exercises: four kinds, each with a solution and a check, and nbgrader can read all of it."""

import re

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from course.notebooks import FOLDER, NAMES, called, cells, kind, markdown
from see2sound_nb.notebook import check

KINDS = {"predict by ear", "implement", "break it", "measure"}
HEADING = re.compile(r"(?m)^### Exercise (\d+) · ([a-z ]+): \S.*$")

each = pytest.mark.parametrize("name", NAMES)


def exercises(name):
    """For each exercise its number, its kind and its cells."""
    found = []
    for cell in cells(name)[:-1]:
        if cell.cell_type == "markdown" and (heading := HEADING.search(cell.source)):
            found.append((int(heading[1]), heading[2], []))
        if found:
            found[-1][2].append(cell)
    return found


@each
def test_there_is_one_of_each_kind(name):
    found = exercises(name)
    assert [number for number, _, _ in found] == list(range(1, len(found) + 1))
    assert {kind for _, kind, _ in found} == KINDS
    text = markdown(name)
    assert len(re.findall(r"(?m)^#+ Exercise ", text)) == len(found) >= 4, "one in a cell, as HEADING has it"
    assert text.count("\n## Exercises\n") == 1


@each
def test_each_has_a_solution_and_then_a_check(name):
    for number, _, own in exercises(name):
        kinds = [kind(cell) for cell in own if kind(cell)]
        assert kinds == ["solution", "check"], f"exercise {number}"
        solution, test = (cell for cell in own if kind(cell))
        for cell in (solution, test):
            assert cell.cell_type == "code" and not cell.metadata.nbgrader.task
            assert cell.metadata.nbgrader.schema_version == 3
        assert re.search(r"(?s)^ *### BEGIN SOLUTION\n.*^ *### END SOLUTION", solution.source, re.M), called(solution)
        assert solution.source.count("BEGIN SOLUTION") == solution.source.count("END SOLUTION") == 1
        assert not solution.metadata.nbgrader.grade and not solution.metadata.nbgrader.locked
        assert test.metadata.nbgrader.locked and test.metadata.nbgrader.points > 0
        assert re.search(r"\bs2s\.check\.\w+\(", test.source), called(test)


def test_the_points_add_up_to_what_lecturers_are_told():
    points = sum(cell.metadata.nbgrader.points for name in NAMES for cell in cells(name) if kind(cell) == "check")
    assert f"all {points} points" in " ".join((FOLDER / "TEACHING.md").read_text("utf-8").split())


@each
def test_no_other_cell_is_for_nbgrader(name):
    inside = [cell.id for _, _, own in exercises(name) for cell in own]
    for cell in cells(name):
        assert not ("nbgrader" in cell.metadata or "SOLUTION" in cell.source) or cell.id in inside, called(cell)


@each
def test_nbgrader_accepts_the_notebook(name):
    MetadataValidator().validate_nb(nbformat.read(FOLDER / f"{name}.ipynb", as_version=4))


def test_names_of_graded_cells_are_unique_and_tell_the_notebook():
    names = [(name, cell.metadata.nbgrader.grade_id) for name in NAMES for cell in cells(name) if kind(cell)]
    assert len({grade_id for _, grade_id in names}) == len(names)
    assert all(grade_id.startswith(f"{name[:2]}-") for name, grade_id in names)


def test_the_checks_are_those_of_the_exercises():
    used = [used for name in NAMES for cell in cells(name) for used in re.findall(r"s2s\.check\.(\w+)", cell.source)]
    assert set(used) == set(check.__all__)
    for name in check.__all__:
        assert callable(getattr(check, name)) and "Notebook: " in getattr(check, name).__doc__, name
