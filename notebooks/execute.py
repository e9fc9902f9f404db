"""Run every notebook and keep its outputs, as the tests compare them.

    python notebooks/execute.py [name.ipynb ...]

Players are left out of the stored file (a minute of sound is a megabyte of text); their line of text stays. Of a
widget, the figure and the short sounds stay that it shows where no kernel is running.
"""

import base64
import io
import pathlib
import sys

import nbformat
from nbclient import NotebookClient
from PIL import Image

HERE = pathlib.Path(__file__).parent


def lighten(notebook) -> None:
    """Drop the sound and store the pictures with a palette: a page should stay well under a megabyte."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            # A widget lives in a kernel; what stands in its place for readers without one stays, its sound included.
            widget = data.pop("application/vnd.jupyter.widget-view+json", None)
            if widget is None and "<audio" in data.get("text/html", ""):
                del data["text/html"]
            if "image/png" in data:
                picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
                buffer = io.BytesIO()
                picture.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(buffer, "PNG", optimize=True)
                data["image/png"] = base64.b64encode(buffer.getvalue()).decode()


def main(names):
    for path in sorted(HERE / name for name in names) or sorted(HERE.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        where = {"metadata": {"path": HERE}}
        NotebookClient(
            notebook, timeout=600, kernel_name="python3", store_widget_state=False, resources=where
        ).execute()
        lighten(notebook)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # wall times: they would differ in every commit
        notebook.metadata.pop("language_info", None)
        nbformat.write(notebook, path)
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
