"""A function that a notebook writes out is the library's function of the same name, and from then on only that."""

import ast
import re

import pytest

from course.notebooks import NAMES, PACKAGE, cells, code_cells, source_of, tags


def tagged(name):
    """(module and function, cell) of what the notebook writes out."""
    return [(tag.removeprefix("library:"), cell) for cell in cells(name) for tag in tags(cell) if "library:" in tag]


WRITTEN = [(name, *written) for name in NAMES for written in tagged(name)]


def only_raises(statements):
    return all(
        isinstance(one, ast.Raise)
        or (isinstance(one, ast.If) and only_raises(one.body) and only_raises(one.orelse))
        or (isinstance(one, ast.For) and only_raises(one.body) and only_raises(one.orelse))
        for one in statements
    )


def is_check(statement):
    """Whether a statement only looks at the input: it raises or not, or calls a function that checks."""
    if isinstance(statement, (ast.If, ast.For)):
        return only_raises([statement])
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return "check" in ast.unparse(statement.value.func)
    return False


class Essence(ast.NodeTransformer):
    """A function without docstrings, annotations, decorators, imports, and what only checks the input."""

    def visit_FunctionDef(self, node):
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        imports = (ast.Import, ast.ImportFrom)
        node.body = [one for one in body if not (isinstance(one, imports) or is_check(one))] or [ast.Pass()]
        node.decorator_list, node.returns = [], None
        return self.generic_visit(node)

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        return ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno) if node.value else None


def function(source, name):
    """The function of this name among the statements of a source, or None."""
    return next((one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef) and one.name == name), None)


def essence(node):
    return ast.unparse(ast.fix_missing_locations(Essence().visit(node)))


@pytest.mark.parametrize(("name", "what", "cell"), WRITTEN, ids=[f"{name[:2]}-{what}" for name, what, _ in WRITTEN])
def test_the_notebook_and_the_library_have_the_same_text(name, what, cell):
    module, _, called = what.rpartition(".")
    here, there = function(cell.source, called), function(source_of(module), called)
    assert here, f"the cell defines no {called}"
    assert there, f"see2sound_nb.{module} defines no {called}"
    assert essence(here) == essence(there)


@pytest.mark.parametrize("name", [name for name in NAMES if "01" <= name[:2] <= "05"])
def test_each_idea_is_written_out(name):
    assert len({what for what, _ in tagged(name)}) >= 2


@pytest.mark.parametrize("name", NAMES)
def test_what_was_written_out_is_taken_from_the_library(name):
    earlier = {what.rpartition(".")[2] for other, what, _ in WRITTEN if other < name}
    defined = {one for cell in code_cells(name) for one in re.findall(r"(?m)^ *def (\w+)", cell.source)}
    assert not earlier & defined


def test_an_idea_is_written_out_once():
    written = [what for _, what, _ in WRITTEN]
    assert len(set(written)) == len(written)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_uses_public_names_alone(name):
    code = "\n".join(cell.source for cell in code_cells(name))
    assert not re.findall(r"\b(?:s2s|see2sound_nb)(?:\.\w+)*\._[a-z]\w*|from see2sound_nb[\w.]* import .*\b_\w+", code)


@pytest.mark.parametrize(
    ("there", "equal"),
    [
        ("def f(x: int) -> int:\n    '''Twice.'''\n    if x < 0:\n        raise ValueError\n    return 2 * x", True),
        ("@njit\ndef f(x):\n    import numpy\n    check_all(x)\n    y: int = 2\n    return 2 * x", False),
        ("@njit\ndef f(x):\n    import numpy\n    checks.room(x)\n    return 2 * x", True),
        ("def f(x):\n    for y in x:\n        if y < 0:\n            raise ValueError(y)\n    return 2 * x", True),
        ("def f(x):\n    if x < 0:\n        x = 0\n    return 2 * x", False),
        ("def f(x=1):\n    return 2 * x", False),
        ("def f(x):\n    return x * 2", False),
    ],
)
def test_what_counts_as_the_same_text(there, equal):
    assert (essence(function("def f(x):\n    return 2 * x", "f")) == essence(function(there, "f"))) is equal


def test_docstrings_send_to_notebooks_that_are_there():
    for path in PACKAGE.rglob("*.py"):
        for said in re.findall(r"Notebooks?: ([^\n]*)", path.read_text("utf-8")):
            found = set(re.findall(r"\d\d_\w+", said))
            assert found and found <= set(NAMES), f"{path.name}: {said}"
