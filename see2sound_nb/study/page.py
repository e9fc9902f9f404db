"""The stand-alone page of a study: one file with its pictures, sounds, style and code, which fetches nothing.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import base64
import html
import json
import pathlib

from see2sound_nb.notebook.widgets import _assets
from see2sound_nb.study.plan import Study

STYLES = ("theme.css", "study.css")
#: What the page may load: itself, and answers to where it came from.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "media-src data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
#: A page that is served takes answers back to its server; `serving` turns this on.
ALONE, SERVED = 'data-answers="here"', 'data-answers="server"'


def media_files(folder: str | pathlib.Path) -> dict[str, bytes]:
    """The pictures (JPEG) and sounds (WAV) of a study, by their names without endings."""
    return {path.stem: path.read_bytes() for path in sorted(pathlib.Path(folder).iterdir())}


def page_html(study: Study, media: str | pathlib.Path) -> str:
    """The page.

    Parameters
    ----------
    study : Study
    media : str or path
        The folder of its pictures and sounds.

    Returns
    -------
    str
        HTML.
    """
    inlined = {key: base64.b64encode(data).decode() for key, data in media_files(media).items()}
    return f"""<!doctype html>
<html lang="en" {ALONE}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{html.escape(study.title)}</title>
<link rel="icon" href="data:,">
<style>
{_assets.style(*STYLES)}
</style>
</head>
<body class="s2s-study-page">
<main id="study"></main>
<noscript>This study needs JavaScript; switch it on for this page.</noscript>
<script type="application/json" id="plan">{_as_json(study.public())}</script>
<script type="application/json" id="media">{_as_json(inlined)}</script>
<script type="module">
{_assets.module("study_page.js")}
startStudyPage();
</script>
</body>
</html>
"""


def _as_json(value: object) -> str:
    """JSON that cannot end the element around it."""
    return json.dumps(value).replace("<", "\\u003c")
