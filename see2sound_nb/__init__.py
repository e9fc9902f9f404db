"""See what sounds: a photo or a clip in, spatial audio out. A tutorial package around SEE-2-SOUND (Dagli et al. 2024).

>>> import see2sound_nb as s2s
>>> scene = s2s.See2Sound(preset="tiny").run("photo.jpg", sources=3, seed=0)  # doctest: +SKIP
>>> scene.save("photo.wav", layout="5.1")  # doctest: +SKIP
"""

import importlib
from typing import Any

import lazy_loader

from see2sound_nb._version import __version__ as __version__

# Which names there are, and where each comes from, stands in __init__.pyi; each is imported when it is first asked for.
_get, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "check":  # a module, and no name of one
        return importlib.import_module("see2sound_nb.notebook.check")
    try:
        return _get(name)
    except ModuleNotFoundError as error:
        widget = name in ("ClickToSegment", "ListeningStudy", "LiveRoom")
        if error.name in ("anywidget", "ipywidgets", "traitlets") or (widget and error.name == "matplotlib"):
            raise ImportError(f"{name} is a widget and needs {error.name}: pip install 'see2sound_nb[lab]'") from error
        raise
