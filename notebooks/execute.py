"""Run every notebook and keep its outputs, as the tests compare them.

    python notebooks/execute.py [name.ipynb ...]

Players are left out of the stored file (a minute of sound is a megabyte of text); their line of text stays.
"""

import pathlib
import sys

import nbformat
from nbclient import NotebookClient

HERE = pathlib.Path(__file__).parent


def strip_sound(notebook) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "<audio" in output.get("data", {}).get("text/html", ""):
                del output["data"]["text/html"]


def main(names):
    for path in sorted(HERE / name for name in names) or sorted(HERE.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": HERE}}).execute()
        strip_sound(notebook)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # wall times: they would differ in every commit
        notebook.metadata.pop("language_info", None)
        nbformat.write(notebook, path)
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
