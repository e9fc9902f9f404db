"""The widgets' modules as a browser gets them."""

import pytest

from see2sound_nb.notebook.widgets import _assets

ENTRIES = sorted(path.name for path in _assets.JS.glob("*.js") if "\nexport default" in path.read_text("utf-8"))


@pytest.mark.parametrize("path", sorted(_assets.JS.glob("*.js")), ids=lambda path: path.name)
def test_every_file_is_a_module_with_exports(modules, path):
    assert modules.evaluate(f"async () => Object.keys(await import('/{path.name}')).length") > 0


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_files_of_a_widget_join_to_one_module(modules, entry):
    script = f"import('/joined/{entry}').then((module) => [Object.keys(module), typeof module.default])"
    assert modules.evaluate(script) in [[["default"], kind] for kind in ("object", "function")]
