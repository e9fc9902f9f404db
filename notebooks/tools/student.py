"""The two editions that a course hands out, made from the notebooks by nbgrader's own steps.

    python notebooks/tools/student.py      # build/student/ and build/solution/

Student edition: solutions and outputs are taken out. The cells of the exercises may fail, and the
others run on.
Solution edition: as stored, without the marks around the solutions.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import shutil

import nbformat
from nbgrader import utils
from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, ClearSolutions, LockCells

NOTEBOOKS = pathlib.Path(__file__).resolve().parent.parent
#: What an instructor has and a student has not.
FOR_INSTRUCTORS = ("TEACHING.md",)
#: What an edition is made of: notebooks, pages, pictures.
EDITION = (".ipynb", ".md", ".png")
#: What an exercise says that nobody has answered, and what to do with it.
NO_ANSWER = "there is no answer yet; put yours here and delete this line"
MARKS = re.compile(r"^[ \t]*#+ (?:BEGIN|END) SOLUTION[ \t]*(?:\n|\Z)", re.M)


def student_edition(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without solutions and outputs; exercises may fail without stopping Run All.

    Raises
    ------
    nbgrader.nbgraderformat.ValidationError
        If a cell's nbgrader metadata are not of schema 3, or two cells have one name.
    RuntimeError
        If a solution is begun and not ended, or stands in a cell that is not for solutions.
    """
    notebook, resources = nbformat.from_dict(notebook), {}
    stub = {"python": f"# YOUR CODE HERE\nraise NotImplementedError({NO_ANSWER!r})"}
    steps = (CheckCellMetadata(), ClearSolutions(code_stub=stub), LockCells(), ClearOutput())
    for step in steps:
        notebook, resources = step.preprocess(notebook, resources)
    for cell in notebook.cells:
        if utils.is_solution(cell) or utils.is_grade(cell):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    return notebook


def solution_edition(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with solutions and outputs, without the marks for nbgrader."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        cell.source = MARKS.sub("", cell.source).rstrip("\n")
    return notebook


def build(into: pathlib.Path, notebooks: pathlib.Path = NOTEBOOKS) -> None:
    """Write both editions, with the pictures and pages they link to, into two folders anew.

    What was worked on in these folders goes with them.

    Raises
    ------
    ValueError
        If one of the folders holds a file that is no part of an edition; nothing is written then.
    """
    editions = {"student": student_edition, "solution": solution_edition}
    for path in (path for name in editions for path in (into / name).glob("[!.]*")):
        if path.suffix not in EDITION:
            raise ValueError(
                f"{path} is no part of an edition, and its folder would be emptied; move it, or "
                "name another folder with --into"
            )
    for name, edition in editions.items():
        folder = into / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path in sorted(notebooks.iterdir()):
            if path.suffix == ".ipynb":
                nbformat.write(edition(nbformat.read(path, as_version=4)), folder / path.name)
            elif path.suffix in EDITION and not (
                name == "student" and path.name in FOR_INSTRUCTORS
            ):
                shutil.copy(path, folder)


def main() -> None:
    """Build both editions."""
    parser = argparse.ArgumentParser(
        description="Build the student edition and the solution edition."
    )
    parser.add_argument(
        "--into", type=pathlib.Path, default=NOTEBOOKS.parent / "build", help="by default build/"
    )
    into = parser.parse_args().into
    build(into)
    print(f"{into / 'student'} and {into / 'solution'}")


if __name__ == "__main__":
    main()
