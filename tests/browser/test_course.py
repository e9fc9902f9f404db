"""Each notebook in JupyterLab, opened once: as it is handed out to a student, and the solutions after its end.

The exercises stand at the end of a notebook. So all that comes before them runs as a reader runs it; then come the
exercises without an answer, and then the answers.
"""

import dataclasses
import pathlib

import nbformat
import psutil
import pytest
from course.notebooks import MOST_MB, NAMES, called, kind
from student import build

from browser.lab import Notebook
from browser.live import PICTURES, ROOT, Live
from browser.pages import judge, open_page


@dataclasses.dataclass
class Opened:
    """A notebook after Run All: its page, the code cells of the student's edition, and the solutions after them."""

    notebook: Notebook
    handed_out: list[nbformat.NotebookNode]
    solutions: list[nbformat.NotebookNode]


@pytest.fixture(scope="module")
def editions(lab):
    """The folder of both editions, with the pages that they link to."""
    build(lab.root)
    return lab.root


@pytest.fixture(scope="module")
def page_of_lab(browser):
    with open_page(browser, viewport={"width": 1300, "height": 1700}) as page:
        yield page


# The live room stands first: pytest then sees that the test of its widget is about the same run.
@pytest.fixture(scope="module", params=sorted(NAMES, key=lambda name: name != "06_live_room"))
def opened(request, page_of_lab, lab, editions):
    path = editions / f"student/{request.param}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    handed_out = sum(cell.cell_type == "code" for cell in notebook.cells)
    solved = nbformat.read(editions / f"solution/{request.param}.ipynb", as_version=4).cells
    notebook.cells += [nbformat.v4.new_code_cell(cell.source) for cell in solved if kind(cell)]
    nbformat.write(notebook, path)
    lab.empty_caches()
    running = lab.open_notebook(page_of_lab, f"student/{path.name}", run=False)
    try:
        cells = [nbformat.from_dict(cell) for cell in running.run_all(judge=False)]
        yield Opened(running, cells[:handed_out], cells[handed_out:])
    finally:
        running.close()
        lab.end_kernel(f"student/{path.name}")
    page_of_lab.expected_errors.append("Could not send widget sync message")  # the kernel ended under a live room
    judge(page_of_lab)  # any other error on the page fails


def errors(cell):
    return [output for output in cell.outputs if output.output_type == "error"]


def test_run_all_fails_at_the_unanswered_exercises_alone(opened):
    failed = [cell for cell in opened.handed_out if errors(cell)]
    assert not [called(cell) for cell in failed if not kind(cell)], "what is no exercise needs an answer of one"
    checks = [cell for cell in opened.handed_out if kind(cell) == "check"]
    assert checks and not [called(cell) for cell in checks if cell not in failed], "passes without an answer"
    assert {error.ename for cell in failed for error in errors(cell)} <= {
        "NotImplementedError",
        "AssertionError",
        "NameError",
    }
    assert peak_mb(opened.notebook) <= MOST_MB


def test_the_notebook_runs_without_an_error(opened):
    cells = [cell for cell in opened.handed_out if not kind(cell)] + opened.solutions
    assert opened.solutions and not [cell for cell in cells if cell.execution_count is None]
    failed = ["\n".join(error.traceback) for cell in cells for error in errors(cell)]
    assert not failed, "\n".join(failed)
    assert peak_mb(opened.notebook) <= MOST_MB
    # the photo to click on is part of a widget with a name of its own
    pictures = opened.notebook.page.locator(".jp-OutputArea-output img:not(.s2s-photo img)")
    assert pictures.count() > 0
    assert pictures.evaluate_all("(images) => images.every((image) => image.alt.length >= 20)")


@pytest.mark.parametrize("opened", ["06_live_room"], indirect=True)
def test_the_notebook_of_the_course_runs_and_its_widget_plays(opened):
    page = opened.notebook.page
    live = Live(page, opened.notebook)
    live.play()
    live.drag(0, (-1.8, 1.2))
    live.at_rest()
    live.python("live.positions[0][0]", pytest.approx(-1.8, abs=0.05))
    live.wait("engine.latency.exact")
    page.locator(ROOT).first.screenshot(path=PICTURES / "live_room.png")


def peak_mb(notebook):
    """The largest resident memory that its kernel has had; where only Linux keeps it, what it has now."""
    process = notebook.value("__import__('os').getpid()")
    status = pathlib.Path(f"/proc/{process}/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return psutil.Process(process).memory_info().rss / 1e6
