"""Sphinx's configuration of the web edition: `make book`. Pages need nothing from another host."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "From picture to spatial sound"
author = "the authors of see2sound_nb"
language = "en-GB"
html_title = project

extensions = ["myst_nb", "mathml", "figures"]
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show an answer"
nb_code_prompt_hide = "Hide the answer"

html_theme = "sphinx_book_theme"
html_math_renderer = "mathml"
html_static_path = [str(Path(__file__).parent / "static")]
html_css_files = ["course.css"]
html_use_index = False
html_copy_source = False
html_show_sourcelink = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system
html_theme_options = {
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
}
