"""Run the notebooks and keep their outputs, as the tests compare them.

    python notebooks/tools/execute.py [name.ipynb ...]
    python notebooks/tools/execute.py --sound --into build/book-source   # for the web edition

Without ``--sound`` players are left out of the stored file (a minute of sound is a megabyte of
text); their line of text stays. Of a widget, what it shows where no kernel is running stays in
either case: a figure and short sounds.
"""

from __future__ import annotations

import argparse
import base64
import io
import pathlib

import nbformat
from nbclient import NotebookClient
from PIL import Image

NOTEBOOKS = pathlib.Path(__file__).resolve().parent.parent
TIMEOUT_S = 600
#: The kind of an output that is a widget, and the mark of the page that stands beside it.
WIDGET, PAGE = "application/vnd.jupyter.widget-view+json", "data-s2s-page"
#: What a kernel is asked at its end. Linux keeps the peak of this program alone; `getrusage` may
#: tell its parent's.
_PEAK = """import pathlib, re, resource, sys
status = pathlib.Path("/proc/self/status")
if status.exists():
    peak = 1024 * int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read_text())[1])
else:
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = largest * (1 if sys.platform == "darwin" else 1024)
print(peak / 1e6)"""


def execute(notebook: nbformat.NotebookNode, folder: pathlib.Path = NOTEBOOKS) -> float:
    """Run all cells in a new kernel.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Gets the outputs.
    folder : pathlib.Path
        Where the kernel works.

    Returns
    -------
    float
        The kernel's largest resident memory, in MB.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    notebook.cells.append(nbformat.v4.new_code_cell(_PEAK))
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_S,
        kernel_name="python3",
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    finally:
        asked = notebook.cells.pop()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # wall times: they would differ in every commit
    notebook.metadata.pop("language_info", None)
    return float(asked.outputs[0].text)


def lighten(notebook: nbformat.NotebookNode, *, sound: bool) -> None:
    """Store pictures with a palette, and drop the sound unless wanted: small files."""
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = without_widgets(cell.outputs)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            page = data.get("text/html", "")
            if PAGE not in page and not sound and ("<audio" in page or "<video" in page):
                del data["text/html"]
            if "image/png" in data:
                data["image/png"] = with_palette(data["image/png"])
                data.pop("text/html", None)  # the same picture again, for JupyterLab


def without_widgets(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Keep of each widget, which lives in a kernel, its line of text and its page, sound included.

    The page loses the widget's name, which would be another one in every commit.
    """
    left: list[nbformat.NotebookNode] = []
    beside_widget = False
    for output in outputs:
        data = output.get("data", {})
        page = data.get("text/html", "")
        if beside_widget and PAGE in page:
            begin = page.index(">", page.index(PAGE)) + 1
            left[-1].data["text/html"] = f"<div {PAGE}=''>{page[begin:]}"
            continue
        beside_widget = data.pop(WIDGET, None) is not None
        left.append(output)
    return left


def with_palette(png: str) -> str:
    """A PNG, in base64, with at most 256 colours."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    buffer = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description="Run the notebooks and keep their outputs.")
    parser.add_argument("names", nargs="*", help="notebooks, by default all")
    parser.add_argument("--sound", action="store_true", help="keep the players")
    parser.add_argument("--into", type=pathlib.Path, default=NOTEBOOKS, help="folder to write to")
    wanted = parser.parse_args()
    wanted.into.mkdir(parents=True, exist_ok=True)
    for path in [NOTEBOOKS / name for name in wanted.names] or sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        execute(notebook)
        lighten(notebook, sound=wanted.sound)
        stored = wanted.into / path.name
        beside = stored.with_suffix(".part")
        nbformat.write(notebook, beside)
        beside.replace(stored)
        print(f"{stored}: {stored.stat().st_size / 1e3:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
