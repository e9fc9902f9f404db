"""What is stored of a run: pictures and text always, sound when it is asked for or stands in for a widget."""

import base64
import io

import nbformat
import pytest
from execute import execute, lighten, with_palette
from nbclient.exceptions import CellExecutionError
from PIL import Image

WIDGET = "application/vnd.jupyter.widget-view+json"


def lightened(sound, **data):
    """The kinds of output that are left of one."""
    cell = nbformat.v4.new_code_cell("x")
    cell.outputs = [
        nbformat.v4.new_output("display_data", {name.replace("_", "/"): value for name, value in data.items()})
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    lighten(notebook, sound=sound)
    return set(cell.outputs[0].data)


@pytest.mark.parametrize("sound", [False, True])
def test_a_player_is_dropped_unless_sound_is_wanted(sound):
    kept = lightened(sound, text_html="<audio src='x'>", text_plain="a: 1.0 s")
    assert kept == {"text/plain"} | ({"text/html"} if sound else set())


@pytest.mark.parametrize("sound", [False, True])
def test_so_is_a_film(sound):
    kept = lightened(sound, text_html="<video controls src='x'></video>", text_plain="<Video>")
    assert kept == {"text/plain"} | ({"text/html"} if sound else set())


@pytest.mark.parametrize("sound", [False, True])
def test_what_stands_in_for_a_widget_keeps_its_sound(sound):
    widget = nbformat.v4.new_output("display_data", {WIDGET: {"model_id": "1"}, "text/plain": "LiveRoom(1 source)"})
    page = "<style>x</style><div data-s2s-page='1a2b'><img><audio src='x'></div>"
    cell = nbformat.v4.new_code_cell("x", outputs=[widget, nbformat.v4.new_output("display_data", {"text/html": page})])
    lighten(nbformat.v4.new_notebook(cells=[cell]), sound=sound)
    (left,) = cell.outputs
    assert left.data == {
        "text/plain": "LiveRoom(1 source)", "text/html": "<div data-s2s-page=''><img><audio src='x'></div>",
    }  # fmt: skip


@pytest.mark.parametrize("sound", [False, True])
def test_a_figure_is_stored_once(sound):
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(buffer, "PNG")
    png = base64.b64encode(buffer.getvalue()).decode()
    assert lightened(sound, image_png=png, text_html="<img>", text_plain="[figure: a]") == {"image/png", "text/plain"}
    assert Image.open(io.BytesIO(base64.b64decode(with_palette(png)))).mode == "P"


def test_a_run_that_fails_leaves_the_notebook_as_long_as_it_was(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(notebook, tmp_path)
    assert [cell.source for cell in notebook.cells] == ["1 / 0"]
