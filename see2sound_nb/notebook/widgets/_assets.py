"""The JavaScript of a widget as one module: a browser is handed a widget's code as text and could not follow imports.

The files in ``js/`` are ordinary ES modules, and tests import them as such. Here they are put one after the other, in
an order in which each stands behind what it imports, without their ``import`` lines and the word ``export``. So their
names share one scope; two equal names are a syntax error, which a test would meet.
"""

from __future__ import annotations

import pathlib
import re

JS = pathlib.Path(__file__).parent / "js"
_IMPORT = re.compile(r'^import\s+\{[^}]*\}\s+from\s+"\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def module(entry: str) -> str:
    """The source of the module `entry` and of all it imports, as one module."""
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        source = (JS / name).read_text("utf-8")
        for imported in _IMPORT.findall(source):
            if imported not in parts:
                add(imported)
        parts[name] = _EXPORT.sub("", _IMPORT.sub("", source))

    add(entry)
    return "\n".join(parts.values())


def style(*names: str) -> str:
    """Style sheets, one after the other."""
    return "\n".join((JS / name).read_text("utf-8") for name in names)
