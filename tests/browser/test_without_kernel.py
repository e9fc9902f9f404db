"""What a reader sees of the widgets where no kernel runs: in pages that nbconvert made, and in JupyterLab."""

import copy
import pathlib
import subprocess
import sys

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.sign import NotebookNotary

from browser.lab import Notebook
from browser.live import PICTURES, ROOT
from browser.pages import open_page

STATE = "application/vnd.jupyter.widget-state+json"
TESTS = pathlib.Path(__file__).parent.parent
ROOM = f"""import sys; sys.path.insert(0, {str(TESTS)!r})
from browser.scenes import moving_scene, three_sources
import see2sound_nb as s2s
w = s2s.LiveRoom(three_sources(max_order=3))
w"""
CLICKS = "c = s2s.ClickToSegment(s2s.demo_photo()); c"
KEPT = "c.click(500, 250); c.keep()"
CLIP = "import tempfile; s2s.LiveRoom(moving_scene(tempfile.mkdtemp()))"
STUDY = """from study.small_studies import scenes
from see2sound_nb.study.making import make_study
folder = tempfile.mkdtemp() + "/study"
make_study(scenes(), folder, seed=3)
s2s.ListeningStudy(folder)"""
#: JupyterLab leaves out the text of what is far out of sight.
TALL = {"width": 1280, "height": 4000}
#: Of each output its height on the page, whether it is a living widget, and its text.
OUTPUTS = """() => [...document.querySelectorAll(".jp-OutputArea-child")].map((output) => ({
  height: output.getBoundingClientRect().height, alive: Boolean(output.querySelector(".s2s-alive")),
  text: output.innerText,
  pictures: [...output.querySelectorAll("img[alt]")].filter((img) => img.naturalWidth > 400 && img.width > 400).length,
  players: [...output.querySelectorAll("audio")].filter((audio) => audio.getBoundingClientRect().height > 20).length,
}))"""
#: Whether every player gets on, one after the other.
PLAY = """async () => {
  for (const audio of document.querySelectorAll("audio")) {
    await audio.play();
    await new Promise((moved) => audio.addEventListener("timeupdate", () => audio.currentTime > 0 && moved()));
    audio.pause();
  }
  return document.querySelectorAll("audio").length;
}"""


def seen(page):
    """The outputs that have a height."""
    return [output for output in page.evaluate(OUTPUTS) if output["height"] > 0]


def is_room(output):
    shown = output["pictures"], output["players"]
    return "live room needs a running kernel" in output["text"] and shown == (1, 4)


def is_photo(output):
    return "needs a running kernel" in output["text"] and output["pictures"] == 1


def are_all(outputs):
    room, clicks, clip, study = outputs
    kept = "1 region)" in clicks["text"]  # as a later cell left it
    return is_room(room) and is_photo(clicks) and kept and is_room(clip) and "to take part" in study["text"]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A notebook with all widgets as `nbconvert --execute` leaves it, and the page."""
    folder = tmp_path_factory.mktemp("executed")
    cells = [nbformat.v4.new_code_cell(source) for source in (ROOM, CLICKS, KEPT, CLIP, STUDY)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "a.ipynb")
    for options in (["--execute", "--to=notebook", "--output=b", "a.ipynb"], ["--to=html", "b.ipynb"]):
        done = subprocess.run([sys.executable, "-m", "nbconvert", *options], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return folder


def test_the_page_of_nbconvert_shows_figures_and_plays_without_a_network(browser, executed):
    notebook = nbformat.read(executed / "b.ipynb", 4)
    assert len(notebook.metadata.widgets[STATE].state) == 8, "of each widget and its layout: nbconvert prefers them"
    assert (executed / "b.html").stat().st_size < 2.5e6
    with open_page(browser) as page:
        page.expected_errors.append("ERR_NAME_NOT_RESOLVED")  # nbconvert's page wants scripts from elsewhere
        page.goto((executed / "b.html").as_uri())
        assert are_all(seen(page))
        assert page.evaluate(PLAY) == 8
        page.screenshot(path=PICTURES / "nbconvert_page.png", full_page=True)


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("trusted", [True, False])
def test_jupyterlab_without_a_kernel_shows_the_pages(browser, lab, executed, stored, trusted):
    notebook = copy.deepcopy(nbformat.read(executed / "b.ipynb", 4))
    if not stored:
        del notebook.metadata["widgets"]
    notebook.metadata |= {
        "name": f"{stored} {trusted}",  # one signature holds for all notebooks of the same contents
        # Of a kernel that is not here: JupyterLab asks which to start
        "kernelspec": {"name": "elsewhere", "display_name": "Elsewhere", "language": "other"},
        "language_info": {"name": "other"},
    }
    path = lab.root / f"no_kernel_{stored}_{trusted}.ipynb"
    nbformat.write(notebook, path)
    if trusted:
        NotebookNotary(data_dir=str(lab.root.parent / "data")).sign(nbformat.read(path, 4))
    with open_page(browser, viewport=TALL) as page:
        page.goto(f"{lab.url}/lab/tree/{path.name}?reset")
        dialog = page.get_by_role("dialog")
        dialog.locator("select").select_option(label="No Kernel")
        dialog.get_by_role("button", name="Select").last.click()
        page.wait_for_function("() => document.querySelectorAll('audio').length === 8")
        assert page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.kernelDisplayName") == "No Kernel"
        outputs = seen(page)
        if not trusted:  # JupyterLab shows the line of text of what might hold a script
            names = [output["text"].split("(")[0].strip() for output in outputs[::2]]
            assert names == ["LiveRoom", "ClickToSegment", "LiveRoom", "ListeningStudy"]
            outputs = outputs[1::2]
        assert are_all(outputs)
        assert page.evaluate(PLAY) == 8


def test_a_living_widget_is_shown_once_and_its_page_when_it_is_gone(browser, lab, tmp_path):
    """With "Save Widget State Automatically"; then reopened with a new kernel, and exported."""
    path = lab.root / lab.write_notebook("living", [ROOM, CLICKS, KEPT])
    run = "async (command) => { await jupyterapp.commands.execute(command); }"
    toggle = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
    with open_page(browser) as page:
        lab.open_notebook(page, path.name)
        page.wait_for_selector(f"{ROOT}[data-ready='true']")
        page.wait_for_selector(".s2s-click-to-segment[data-ready='true']")
        page.wait_for_function("() => document.querySelectorAll('[data-s2s-page]').length === 2")
        assert [output["alive"] for output in seen(page)] == [True, True]
        page.evaluate(run, toggle)
        try:
            page.evaluate(run, "docmanager:save")
            page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
        finally:
            page.evaluate(run, toggle)
    saved = nbformat.read(path, 4)
    assert path.stat().st_size < 1.2e6
    assert len(saved.metadata.widgets[STATE].state) >= 2
    assert "1 region)" in saved.cells[1].outputs[1].data["text/html"]
    with open_page(browser) as page:
        lab.open_notebook(page, path.name, run=False)
        page.wait_for_function("() => document.querySelectorAll('.s2s-no-kernel').length === 2")
        room, clicks = seen(page)
        assert is_room(room) and is_photo(clicks) and not room["alive"]
        Notebook(page).run_all()
        page.wait_for_selector(f"{ROOT}[data-ready='true']")
        page.wait_for_function("() => document.querySelectorAll('[data-s2s-page]').length === 2")
        assert [output["alive"] for output in seen(page)] == [True, True]
    (tmp_path / "page.html").write_text(HTMLExporter().from_notebook_node(saved)[0], encoding="utf-8")
    with open_page(browser) as page:
        page.expected_errors.append("ERR_NAME_NOT_RESOLVED")
        page.goto((tmp_path / "page.html").as_uri())
        room, clicks = seen(page)
        assert is_room(room) and is_photo(clicks)
        assert page.evaluate(PLAY) == 4
