"""Each notebook, run in JupyterLab as a reader does; 06 is in test_live_room.py, where its widget is played as well."""

import pathlib
import shutil

import psutil
import pytest
from course.notebooks import MOST_MB

from browser.pages import open_page

PATHS = [
    path
    for path in sorted((pathlib.Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))
    if path.stem != "06_live_room"
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_notebook_runs_without_an_error(browser, lab, path):
    shutil.copy(path, lab.root)
    with open_page(browser) as page:
        notebook = lab.open_notebook(page, path.name)  # an error in a cell or on the page fails
        assert peak_mb(notebook.value("__import__('os').getpid()")) <= MOST_MB
        # the photo to click on is part of a widget with a name of its own
        pictures = page.locator(".jp-OutputArea-output img:not(.s2s-photo img)")
        assert pictures.count() > 0
        assert pictures.evaluate_all("(images) => images.every((image) => image.alt.length >= 20)")


def peak_mb(process):
    """The largest resident memory that a process has had; where only Linux keeps it, what it has now."""
    status = pathlib.Path(f"/proc/{process}/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return psutil.Process(process).memory_info().rss / 1e6
