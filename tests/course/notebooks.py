"""The notebooks as the tests of this folder read them."""

from __future__ import annotations

import ast
import functools
import io
import pathlib
import re
import tokenize

import nbformat

ROOT = pathlib.Path(__file__).parent.parent.parent
PACKAGE = ROOT / "see2sound_nb"
FOLDER = ROOT / "notebooks"
#: In their order.
PATHS = sorted(FOLDER.glob("*.ipynb"))
NAMES = [path.stem for path in PATHS]
#: The pages that stand beside them.
PAGES = sorted(FOLDER.glob("*.md"))
#: The most memory that a notebook may take.
MOST_MB = 1500

_QUIET = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


@functools.cache
def cells(name: str) -> list[nbformat.NotebookNode]:
    """All cells of a notebook, by its name without .ipynb."""
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells


def code_cells(name: str) -> list[nbformat.NotebookNode]:
    """The cells with code."""
    return [cell for cell in cells(name) if cell.cell_type == "code"]


def markdown(name: str) -> str:
    """All text between the code."""
    return "\n\n".join(cell.source for cell in cells(name) if cell.cell_type == "markdown")


def tags(cell: nbformat.NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def kind(cell: nbformat.NotebookNode) -> str:
    """What nbgrader takes a cell for: "solution", "check", or "" for a cell that is none of its own."""
    said = cell.metadata.get("nbgrader", {})
    return "solution" if said.get("solution") else "check" if said.get("grade") else ""


def called(cell: nbformat.NotebookNode) -> str:
    """How to name a cell in a message: its first line."""
    return repr(cell.source.split("\n")[0][:60])


def lines_of_code(source: str) -> int:
    """Lines without the blank ones, comments and docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _QUIET:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            lines.difference_update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def outputs(name: str) -> list[tuple[nbformat.NotebookNode, nbformat.NotebookNode]]:
    """Each output with its cell."""
    return [(cell, output) for cell in code_cells(name) for output in cell.outputs]


def plain(output: nbformat.NotebookNode) -> str:
    """The text of an output."""
    return output.text if output.output_type == "stream" else output.get("data", {}).get("text/plain", "")


def links(text: str) -> list[str]:
    """Where the links and pictures of a markdown text lead."""
    without_code = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)
    return re.findall(r"\]\(([^)\s]+)\)", without_code)


def source_of(module: str) -> str:
    """The source of a module of the package: "depth" or "plots.masks", or of a package's __init__.py."""
    path = PACKAGE.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8")
