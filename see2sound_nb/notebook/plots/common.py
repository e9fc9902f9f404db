"""What all figures share: a source's colour, the axes to draw on, and showing a figure with a description."""

from __future__ import annotations

import base64
import html
import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from see2sound_nb.scene import Scene

#: Okabe and Ito (2008), "Color universal design", without black and without yellow (illegible on white).
SOURCE_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def source_colour(k: int) -> str:
    """Colour of a source; with more than six sources colours repeat, and the numbers tell.

    Parameters
    ----------
    k : int
        Number of the source, from 0.

    Returns
    -------
    str
        One of `SOURCE_COLOURS`.
    """
    return SOURCE_COLOURS[k % len(SOURCE_COLOURS)]


def with_ambience(title: str, scene: Scene) -> str:
    """A title with a second line that says what is heard all around, if anything is."""
    ambience = getattr(scene, "ambience", None)
    return f"{title}\nall around: {ambience.label}" if ambience else title


def ensure_matplotlib() -> None:
    """Raise ModuleNotFoundError that names the extra if matplotlib is not installed; it is not imported."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ModuleNotFoundError("figures need matplotlib: pip install 'see2sound_nb[plots]'", name="matplotlib")


def axes_for(ax, **size):
    """The axes that were given, or new ones."""
    if ax is None:
        from matplotlib import pyplot

        _, ax = pyplot.subplots(**size, layout="constrained")
    return ax


class _Figure:
    """A picture and its description; in text, and to a screen reader, the description stands for the picture."""

    def __init__(self, png: bytes, alt: str):
        self._png, self._alt = png, alt

    def __repr__(self) -> str:
        return f"[figure: {self._alt}]"

    def _repr_mimebundle_(self, include=None, exclude=None):
        source = f"data:image/png;base64,{base64.b64encode(self._png).decode()}"
        # JupyterLab gives an image output no alternative text; it does show the picture of a page as it is.
        page = f'<img alt="{html.escape(self._alt)}" src="{source}">'
        data = {"text/plain": repr(self), "image/png": self._png, "text/html": page}
        return data, {"image/png": {"alt": self._alt}}


def show(alt: str) -> None:
    """Show the current figure of matplotlib in a notebook, with a description for who cannot see it, and close it.

    Parameters
    ----------
    alt : str
        What the figure shows, in a sentence or two: what a listener of the description must know of it.

    Raises
    ------
    ValueError
        If the description is empty, or there is no figure.
    ModuleNotFoundError
        If IPython is not installed; the message names the extra.

    Notes
    -----
    Screen readers get the description, and so does who reads the notebook as text. Notebook: 00_start_here.
    """
    import io

    from matplotlib import pyplot

    if not alt.strip():
        raise ValueError("the description is empty; say in a sentence what the figure shows")
    if not pyplot.get_fignums():
        raise ValueError("there is no figure to show; draw one first, in the same cell")
    try:
        from IPython.display import display
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "show is for notebooks and needs IPython: pip install 'see2sound_nb[lab]'", name="IPython"
        ) from error
    buffer = io.BytesIO()
    pyplot.gcf().savefig(buffer, format="png", dpi=80, bbox_inches="tight")
    pyplot.close()
    display(_Figure(buffer.getvalue(), alt))
