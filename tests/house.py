"""The house: which floor every file of the package stands on, and what it imports, read from the sources.

``python tests/house.py`` draws it anew for CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import functools
import pathlib
from collections.abc import Iterable

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "see2sound_nb"
PICTURE = ROOT / "tests" / "house.svg"

#: From the top down. A file may import what stands on a lower floor, and what stands beside it in its own folder or
#: file list; two folders on one floor know nothing of each other. Arrows never run up.
FLOORS: list[tuple[str, ...]] = [
    (
        "__init__.py",
        "__main__.py",
        "cli.py",
        "cli_batch.py",
        "cli_benchmark.py",
        "cli_convert.py",
        "cli_evaluate.py",
        "cli_models.py",
        "cli_photo.py",
        "cli_study.py",
        "compile_loops.py",
        "demo.py",
    ),  # the doors
    ("study",),  # section 5.2 and appendix B, asked of listeners
    ("notebook",),  # figures, players, widgets, checks of exercises
    ("batches", "evaluation"),  # by the thousand; section 5, run
    ("pipeline.py",),  # figure 2, read aloud
    ("moving",),  # the same through time
    ("scene.py",),  # what the steps found
    ("reporting.py", "exporting.py"),  # what is measured of it; what other programs get of it
    ("measure",),  # section 5
    ("render",),  # section 4.3, Eq. 4 and 5
    ("places",),  # section 4.1, depth and lifting
    ("regions",),  # section 4.1, Eq. 2 and 3
    ("room", "sounds"),  # section 4.3, Eq. 4; section 4.2, Eq. 1
    ("models",),  # which there are, and their files
    ("media",),  # the user's files
    # what all need
    ("_checks.py", "_memory.py", "_numba.py", "_progress.py", "_threads.py", "_torchvision.py", "_version.py"),
]


def floor_of(file: pathlib.PurePath) -> tuple[int, str]:
    """The floor of a file, 0 at the top, and its place there: a folder, or the file itself.

    Parameters
    ----------
    file : path
        Relative to the package, such as ``regions/boxes.py``.

    Raises
    ------
    ValueError
        If it stands on no floor.
    """
    for number, places in enumerate(FLOORS):
        if file.parts[0] in places:
            return number, file.parts[0]
    raise ValueError(f"{file} stands on no floor; give it a place in FLOORS (tests/house.py), or move it into a folder")


def files() -> list[pathlib.PurePath]:
    """All Python files of the package, relative to it."""
    return sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


@functools.cache
def imports() -> dict[pathlib.PurePath, set[pathlib.PurePath]]:
    """What each file imports of the package, lazy imports too; what is there for type hints alone does not count."""
    return {file: set(imported_by(file, (PACKAGE / file).read_text("utf-8"))) for file in files()}


def imported_by(file: pathlib.PurePath, source: str) -> Iterable[pathlib.PurePath]:
    """The files of the package that a source imports."""
    tree = ast.parse(source)
    hints = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in hints:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            assert not isinstance(node, ast.ImportFrom), f"{file}, line {node.lineno}: import by the whole name"
            continue
        yield from (found for name in names if (found := file_of(name)) is not None and found != file)


def file_of(name: str) -> pathlib.PurePath | None:
    """The file that ``see2sound_nb.a.b`` comes from: a module, or what defines the name b; None for other packages."""
    package, *parts = name.split(".")
    if package != PACKAGE.name:
        return None
    for length in (len(parts), len(parts) - 1):
        path = PACKAGE.joinpath(*parts[:length])
        if path.is_dir():
            return (path / "__init__.py").relative_to(PACKAGE)
        if length > 0 and path.with_suffix(".py").is_file():
            return path.with_suffix(".py").relative_to(PACKAGE)
    return None


def circles() -> list[list[pathlib.PurePath]]:
    """Files that import each other in a circle, each circle once, by its files in order."""
    found: list[list[pathlib.PurePath]] = []
    done: set[pathlib.PurePath] = set()

    def walk(file: pathlib.PurePath, way: list[pathlib.PurePath]) -> None:
        if file in way:
            found.append(way[way.index(file) :])
        elif file not in done:
            for other in sorted(imports()[file]):
                walk(other, [*way, file])
            done.add(file)

    for file in files():
        walk(file, [])
    return found


def picture() -> str:
    """The house as SVG: a row for each floor with a cell for each file, and a dot where the floor uses another.

    A floor uses what is below it, so all dots lie on one side of the staircase.
    """
    left, row, top, cell = 110, 30, 92, 11
    rooms = [[file for file in files() if floor_of(file)[0] == number] for number in range(len(FLOORS))]
    names = ["doors", *(", ".join(places).replace(".py", "") for places in FLOORS[1:-1]), "shared"]
    right = left + cell * max(map(len, rooms)) + 24
    width, height = right + 26 * len(FLOORS) + 70, top + row * len(FLOORS) + 8
    ink, used, own = "#5b6b7f", "#d55e00", "#56b4e9"  # legible on a white and on a dark page
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" fill="{ink}">',
        "<title>The floors of see2sound_nb, their files, and which other floors each uses</title>",
    ]
    for number, (name, inside) in enumerate(zip(names, rooms)):
        y, column = top + row * number, right + 26 * number + 13
        out.append(f'<text x="{left - 10}" y="{y + 19}" text-anchor="end" font-weight="bold">{name}</text>')
        out.append(f'<text transform="translate({column},{top - 8}) rotate(-45)">{name}</text>')
        out.append(
            f'<rect x="{column - 12}" y="{y + 4}" width="24" height="{row - 8}" fill="{own}" fill-opacity="0.5"/>'
        )
        for k, file in enumerate(inside):
            out.append(
                f'<rect x="{left + cell * k}" y="{y + 4}" width="{cell}" height="{row - 8}" fill="{own}" '
                f'fill-opacity="0.5" stroke="{ink}" stroke-width="0.6"><title>{file.as_posix()}</title></rect>'
            )
        for other in sorted({floor_of(other)[0] for file in inside for other in imports()[file]} - {number}):
            out.append(f'<circle cx="{right + 26 * other + 13}" cy="{y + row // 2}" r="5" fill="{used}"/>')
    return "\n".join([*out, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {len(FLOORS)} floors, {len(files())} files")
