"""The web edition: the notebooks as pages, with the outputs, figures and players that they hold.

Solutions and what the checks say of them are on the pages, folded: a click opens them.

    python notebooks/tools/book.py build/book-source      # run with their sound, see execute.py

Nothing is run here. The pages are in build/book/ and need no other host.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import sys
import tempfile

import nbformat
from nbgrader import utils
from sphinx.cmd.build import build_main
from student import solution_edition

NOTEBOOKS = pathlib.Path(__file__).resolve().parent.parent
CONFIGURATION = pathlib.Path(__file__).resolve().parent / "pages"


def build(notebooks: pathlib.Path, into: pathlib.Path) -> int:
    """Make the pages anew; those that are there stay until the new ones are made.

    Parameters
    ----------
    notebooks : pathlib.Path
        Folder with the executed notebooks; pages and pictures come from the course unless they are
        here too.
    into : pathlib.Path
        Folder of the pages.

    Returns
    -------
    int
        0, or Sphinx's exit status: a warning is an error.

    Raises
    ------
    ValueError
        If the folder of the pages holds something else.
    """
    if into.is_dir() and any(into.iterdir()) and not (into / ".buildinfo").is_file():
        raise ValueError(f"{into} holds something else than pages; name an empty or a new folder")
    with tempfile.TemporaryDirectory() as work:
        source = pathlib.Path(work) / "source"
        source.mkdir()
        own = [path for path in NOTEBOOKS.iterdir() if path.suffix != ".ipynb"]
        for path in [*own, CONFIGURATION / "index.md", *notebooks.iterdir()]:
            if path.suffix == ".ipynb":
                page = answers_folded(nbformat.read(path, as_version=4))
                nbformat.write(page, source / path.name)
            elif path.is_file():
                shutil.copy(path, source)
        pages = pathlib.Path(work) / "pages"
        kept = ["-d", str(pathlib.Path(work) / "doctrees"), "-c", str(CONFIGURATION)]
        strict = ["-q", "-W", "--keep-going"]
        status = build_main([*strict, "-b", "html", *kept, str(source), str(pages)])
        if not status:
            shutil.rmtree(into, ignore_errors=True)
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(pages, into)
        return status


def answers_folded(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The solution edition, whose solutions and what their checks say a reader has to open.

    The players of an exercise stay open, above its answer.
    """
    notebook = solution_edition(notebook)
    cells = []
    for cell in notebook.cells:
        if utils.is_solution(cell) or utils.is_grade(cell):
            players = [
                one for one in cell.outputs if "<audio" in one.get("data", {}).get("text/html", "")
            ]
            if players:
                cell.outputs = [one for one in cell.outputs if one not in players]
                heard = nbformat.v4.new_code_cell("# without input it would be left out")
                heard.update(outputs=players, metadata={"tags": ["remove-input"]})
                cells.append(heard)
            folded = "hide-cell" if utils.is_solution(cell) else "hide-output"
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), folded]
        cells.append(cell)
    notebook.cells = cells
    return notebook


def main() -> int:
    """Build what the command line names."""
    parser = argparse.ArgumentParser(description="Build the web edition from executed notebooks.")
    parser.add_argument("notebooks", type=pathlib.Path, help="folder with executed notebooks")
    parser.add_argument(
        "--into",
        type=pathlib.Path,
        default=NOTEBOOKS.parent / "build/book",
        help="by default build/book",
    )
    wanted = parser.parse_args()
    status = build(wanted.notebooks, wanted.into)
    if not status:
        print(wanted.into / "index.html")
    return status


if __name__ == "__main__":
    sys.exit(main())
