"""The web edition: the notebooks as pages, with the outputs, figures and players that they hold.

    python notebooks/tools/book.py build/book-source      # notebooks run with their sound, see execute.py

Nothing is run here. The pages are in build/book/ and need no other host.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import sys
import tempfile

from sphinx.cmd.build import build_main

NOTEBOOKS = pathlib.Path(__file__).resolve().parent.parent
CONFIGURATION = pathlib.Path(__file__).resolve().parent / "pages"


def build(notebooks: pathlib.Path, into: pathlib.Path) -> int:
    """Make the pages anew.

    Parameters
    ----------
    notebooks : pathlib.Path
        Folder with the executed notebooks; pages and pictures come from the course unless they are here too.
    into : pathlib.Path
        Folder of the pages.

    Returns
    -------
    int
        0, or Sphinx's exit status: a warning is an error.
    """
    shutil.rmtree(into, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        source = pathlib.Path(work) / "source"
        source.mkdir()
        own = [path for path in NOTEBOOKS.iterdir() if path.suffix != ".ipynb"]
        for path in [*own, CONFIGURATION / "index.md", *notebooks.iterdir()]:
            if path.is_file():
                shutil.copy(path, source)
        kept = ["-d", str(pathlib.Path(work) / "doctrees"), "-c", str(CONFIGURATION)]
        return build_main(["-q", "-W", "--keep-going", "-b", "html", *kept, str(source), str(into)])


def main() -> int:
    """Build what the command line names."""
    parser = argparse.ArgumentParser(description="Build the web edition from executed notebooks.")
    parser.add_argument("notebooks", type=pathlib.Path, help="folder with executed notebooks")
    parser.add_argument(
        "--into", type=pathlib.Path, default=NOTEBOOKS.parent / "build/book", help="by default build/book"
    )
    wanted = parser.parse_args()
    status = build(wanted.notebooks, wanted.into)
    if not status:
        print(wanted.into / "index.html")
    return status


if __name__ == "__main__":
    sys.exit(main())
