"""The house stands: imports run down its floors, in no circle; its picture and its tests follow it."""

import ast
import pathlib
import re

import house
import pytest


@pytest.mark.parametrize("file", house.files(), ids=str)
def test_a_file_imports_what_stands_below_it_or_beside_it(file):
    number, place = house.floor_of(file)
    for other in sorted(house.imports()[file]):
        below, there = house.floor_of(other)
        rule = f"{file} (floor of {place}) imports {other} (floor of {there})"
        assert below >= number, f"{rule}: arrows run down, see FLOORS in tests/house.py"
        assert below > number or there == place or number in (0, len(house.FLOORS) - 1), (
            f"{rule}: two folders of one floor know nothing of each other"
        )


def test_no_files_import_each_other_in_a_circle():
    assert house.circles() == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import see2sound_nb.cli", ["cli.py"]),
        ("from see2sound_nb.regions.boxes import box_centres", ["regions/boxes.py"]),
        ("from see2sound_nb.regions import boxes", ["regions/boxes.py"]),
        ("from see2sound_nb.regions import find_sources", ["regions/__init__.py"]),
        ("def f():\n    from see2sound_nb import scene", ["scene.py"]),
        ("if TYPE_CHECKING:\n    from see2sound_nb import scene", []),
        ("import numpy\nfrom torch import nn", []),
    ],
)
def test_imports_are_read_wherever_they_stand(source, found):
    assert [path.as_posix() for path in house.imported_by(pathlib.PurePath("x.py"), source)] == found


def test_a_circle_would_be_seen(monkeypatch):
    a, b, c = (pathlib.PurePath(name) for name in ("a.py", "b.py", "c.py"))
    monkeypatch.setattr(house, "files", lambda: [a, b, c])
    monkeypatch.setattr(house, "imports", lambda: {a: {b}, b: {c}, c: {b}})
    assert house.circles() == [[b, c]]


def test_a_file_without_a_floor_is_named():
    with pytest.raises(ValueError, match=r"new\.py stands on no floor"):
        house.floor_of(pathlib.PurePath("new.py"))


@pytest.mark.parametrize("folder", [name for floor in house.FLOORS for name in floor if "." not in name])
def test_each_folder_says_what_it_takes_and_gives(folder):
    said = ast.get_docstring(ast.parse((house.PACKAGE / folder / "__init__.py").read_text("utf-8")))
    assert "Takes" in said or folder == "models"
    assert re.search(r"Notebooks?: ", said)
    assert re.search(r"section [45]|of the user|Which models|between the library", said)


def test_the_picture_shows_the_house_of_today():
    assert house.PICTURE.read_text("utf-8") == house.picture(), "run `python tests/house.py`"


NAMED = re.compile(r"`((?:[a-z_]+\.)+[A-Za-z_]\w*)`")


@pytest.mark.parametrize("file", house.files(), ids=str)
def test_what_a_docstring_sends_to_is_there(file):
    """A name with dots, such as `regions.boxes.box_centres`, that begins with a folder of the package."""
    folders = {name for floor in house.FLOORS for name in floor if "." not in name}
    for name in NAMED.findall((house.PACKAGE / file).read_text("utf-8")):
        if name.split(".")[0] not in folders:
            continue
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            path = house.PACKAGE.joinpath(*parts[:length])
            if path.with_suffix(".py").is_file() or path.is_dir():
                source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8")
                there = length == len(parts) or re.search(rf"\b{parts[length]}\b", source)
                break
        assert there, f"{file} sends to {name}, which is not there"


def test_run_is_read_at_one_glance():
    source = (house.PACKAGE / "pipeline.py").read_text("utf-8")
    run = next(n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef) and n.name == "run")
    first, last = run.body[1].lineno, run.end_lineno
    code = [line for line in source.splitlines()[first - 1 : last] if line.strip() and not line.strip().startswith("#")]
    assert len(code) <= 40


def test_tests_stand_where_what_they_test_stands():
    tests = house.ROOT / "tests"
    for path in tests.rglob("test_*.py"):
        folder = path.relative_to(tests).parent
        if folder.parts and folder.parts[0] not in ("browser", "course", "hostile"):
            assert (house.PACKAGE / folder).is_dir(), f"{path.relative_to(tests)} mirrors no folder of the package"


@pytest.mark.parametrize("folder", sorted({f.parent for f in house.files() if f.name != "__init__.py"}), ids=str)
def test_each_folder_has_its_tests(folder):
    assert list((house.ROOT / "tests" / folder).glob("test_*.py")), f"tests/{folder} holds no tests"
