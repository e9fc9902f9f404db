"""The descriptions of figures, which MyST-NB leaves behind, as their alternative text."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from docutils import nodes


def describe(app: Any, document: nodes.document) -> None:
    """Describe each picture that a cell drew; MyST-NB names a picture by the hash of its bytes."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    alt = {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if said := output.get("metadata", {}).get("image/png", {}).get("alt"):
                png = output["data"]["image/png"]
                png = base64.b64decode(png if isinstance(png, str) else "".join(png))
                alt[hashlib.sha256(png).hexdigest()] = said
    for picture in document.findall(nodes.image):
        picture.setdefault("alt", alt.get(Path(picture["uri"]).stem, ""))


def setup(app: Any) -> dict[str, bool]:
    """Have it done with each document that was read."""
    app.connect("doctree-read", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
