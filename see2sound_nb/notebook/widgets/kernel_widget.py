"""What all widgets here share: a page that stands in a widget's place where no kernel runs.

A cell that shows a widget has two outputs. The first is the widget, as ipywidgets shows it. The second is the page, in
HTML; the widget's own script hides it when it comes to life. One output with both kinds of data would be simpler. But
of such an output one kind is shown, and that is the widget as soon as its state is in the file. nbconvert puts it there
when it runs a notebook; its page then needs the network to show anything at all, and a kernel to sound.

Notebook: 06_live_room.
"""

from __future__ import annotations

import uuid
from typing import Any

import anywidget
import traitlets

from see2sound_nb.notebook.widgets._messages import is_message

#: Where there is no kernel, JupyterLab writes "Loading widget..." for ever, or that it finds no model. That output, in
#: front of the page, is hidden unless it holds a widget that lives (js/alive.js) or says why it cannot be made.
STYLE = (
    "<style>.jp-OutputArea-child:not(:has(.s2s-alive, .jupyter-widgets-error-widget))"
    ":has(+ .jp-OutputArea-child [data-s2s-page]) { display: none }</style>"
)


class KernelWidget(anywidget.AnyWidget):
    """A widget whose page for readers without a kernel stays in the notebook beside it.

    Parameters
    ----------
    **state
        Of the widget.
    """

    #: The name of its model, by which the browser asks whether a kernel stands behind it.
    _page_id = traitlets.Unicode().tag(sync=True)

    def __init__(self, **state: Any):
        name = uuid.uuid4().hex
        self._shown = False
        super().__init__(model_id=name, _page_id=name, **state)

    def _handle_msg(self, msg: Any) -> None:
        """As in ipywidgets; what is no message is left out, and does not end in a traceback below some cell."""
        if is_message(msg):
            super()._handle_msg({"buffers": [], **msg})

    def _page_html(self) -> str:
        """What is shown where no kernel runs, as HTML without scripts."""
        raise NotImplementedError(f"{type(self).__name__} has no _page_html: write what it shows without a kernel")

    def _renew_page(self) -> None:
        """Write the page anew wherever a notebook holds it."""
        if self._shown:
            from IPython.display import update_display

            update_display({"text/html": self._page()}, display_id=self._page_id, raw=True)

    def _view(self, **kwargs) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        return bundle if isinstance(bundle, tuple) else (bundle or {}, {})

    def _page(self) -> str:
        return f"{STYLE}<div data-s2s-page='{self._page_id}'>{self._page_html()}</div>"

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict[str, Any], dict[str, Any]]:
        """Both in one, for who asks an object what it looks like; a notebook asks `_ipython_display_`."""
        data, metadata = self._view(**kwargs)
        return {**data, "text/html": self._page()}, metadata

    def _ipython_display_(self, **kwargs) -> None:
        from IPython.display import display

        (data, metadata), page = self._view(), self._page()  # both are made before the browser begins to ask
        display(data, metadata=metadata, raw=True)
        display({"text/html": page}, raw=True, display_id=self._page_id)
        self._shown = True
