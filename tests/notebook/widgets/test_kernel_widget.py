"""A widget and its page in a notebook: two outputs, of which a reader without a kernel is shown the second."""

import re

import IPython.display
import nbformat
import numpy as np
import pytest
from browser.scenes import three_sources
from nbconvert import HTMLExporter

import see2sound_nb as s2s
from see2sound_nb.notebook.widgets.kernel_widget import KernelWidget

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


class Small(KernelWidget):
    _esm = "export default {}"
    said = "as it was"

    def __repr__(self):
        return "Small()"

    def _page_html(self):
        return f"<p>{self.said}</p>"


@pytest.fixture
def shown(monkeypatch):
    """What is published, as a notebook holds it."""
    outputs = {}

    def display(data, metadata=None, *, raw, display_id=None):
        assert raw
        outputs[display_id] = nbformat.v4.new_output("display_data", data, metadata=metadata or {})

    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setattr(IPython.display, "update_display", display)
    return outputs


def exported(outputs, widget=None):
    """The page that nbconvert makes; of a notebook with the widget's state, if one is given."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("w", outputs=list(outputs.values()))])
    if widget is not None:
        state = {name: value for name, value in widget.get_state().items() if isinstance(value, str)}
        stored = {"model_name": "AnyModel", "model_module": "anywidget", "model_module_version": "*", "state": state}
        notebook.metadata.widgets = {STATE: {"state": {widget.model_id: stored}, "version_major": 2}}
    nbformat.validate(notebook)
    return HTMLExporter().from_notebook_node(notebook)[0]


def test_a_cell_has_the_widget_and_its_page_and_a_renewed_page_takes_the_place_of_the_first(shown):
    w = Small()
    w._renew_page()
    assert not shown, "it is nowhere yet"
    w._ipython_display_()
    view, page = shown.values()
    assert view.data[VIEW]["model_id"] == w.model_id == w._page_id
    assert view.data["text/plain"] == "Small()" and "text/html" not in view.data
    assert set(page.data) == {"text/html"}, "in a terminal one line is shown, and not two"
    assert f"<div data-s2s-page='{w.model_id}'><p>as it was</p></div>" in page.data["text/html"]
    w.said = "as it is"
    w._renew_page()
    assert list(shown) == [None, w._page_id] and "as it is" in shown[w._page_id].data["text/html"]
    assert Small()._page_id != w._page_id


@pytest.mark.parametrize("stored", [True, False])
def test_nbconvert_writes_the_page_with_and_without_the_widgets_state(shown, stored):
    w = Small()
    w._ipython_display_()
    assert exported(shown, w if stored else None).count("<p>as it was</p>") == 1


def test_one_output_with_both_would_be_lost_as_soon_as_the_state_is_stored():
    """Why there are two."""
    w = Small()
    both = {0: nbformat.v4.new_output("display_data", w._repr_mimebundle_()[0])}
    assert "<p>as it was</p>" in exported(both)
    assert "<p>as it was</p>" not in exported(both, w)


@pytest.mark.slow
def test_figure_and_sounds_of_a_live_room_are_in_the_exported_page(shown):
    w = s2s.LiveRoom(three_sources(max_order=2))
    w._ipython_display_()
    page = exported(shown, w)
    assert page.count("<audio controls") == 4 and page.count("data:image/jpeg") == 1
    assert "needs a running kernel" in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    sent = sum(len(str(output.data)) for output in shown.values())
    assert sent < 700_000, "a notebook is a file that people send"


@pytest.mark.slow
def test_the_sources_of_clicks_are_heard_in_the_page(shown):
    scene = three_sources(max_order=2)

    class Pipeline:
        names = {"segmentation": "tiny"}
        low_memory = False

        def run(self, image, *, masks, progress):
            return scene

        def estimate_seconds(self, **options):
            return 1.0

        def model(self, role):
            raise AssertionError("no click is made")

    w = s2s.ClickToSegment(scene.image)
    w._pipeline = Pipeline()
    w._ipython_display_()
    assert "<audio" not in exported(shown, w)
    w._region = _region(scene.masks[1])
    w.keep()
    assert "1 region)" in exported(shown, w)
    w.make_sources()
    page = exported(shown, w)
    assert page.count("<audio controls") == 4 and "2 fountain, alone and dry" in page
    w.clear()
    assert "0 regions)" in exported(shown, w)


def _region(mask):
    from see2sound_nb.notebook.widgets.click_to_segment_assets import Region

    return Region(1, np.asarray(mask), 0.9)


def test_every_widget_of_the_package_has_a_page_and_asks_whether_it_lives():
    from see2sound_nb.study.widget import ListeningStudy

    for kind in (s2s.LiveRoom, s2s.ClickToSegment, ListeningStudy):
        assert issubclass(kind, KernelWidget) and kind._page_html is not KernelWidget._page_html
        assert "showAlive" in str(kind._esm)
    with pytest.raises(NotImplementedError, match="_page_html"):
        KernelWidget()._page_html()
