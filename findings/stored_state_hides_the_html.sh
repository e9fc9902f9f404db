#!/usr/bin/env bash
# nbconvert 7.17.2 with ipywidgets 8.1.9: executing a notebook takes from its page the HTML that stands in for a widget.
#
# A widget's mimebundle may have text/html beside the widget, and one would guess that it is there for exactly this: a page
# without a kernel. A notebook that a person ran and saved does become a page with that HTML. `nbconvert --execute` stores
# the widget's state by default, and then prefers the widget: the HTML is not in the page, hidden or otherwise, and what
# is there comes to life by scripts from a CDN, so that offline there is nothing at all.
#
# Seen on 2026-11-28: "HTML in the page: 0 if executed, 1 without stored state, 1 as an output of its own".
# What helps without an option: two outputs from `_ipython_display_`, the widget and then the HTML.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check \
    "nbconvert==7.17.2" "ipywidgets==8.1.9" "ipykernel==7.4.0" > /dev/null 2>&1
cat > write.py <<'PY'
import nbformat

both = """import ipywidgets
class Both(ipywidgets.IntSlider):
    def _repr_mimebundle_(self, **kwargs):
        return {**super()._repr_mimebundle_(**kwargs), "text/html": f"<b>stands in for {6 * 7}</b>"}
Both()"""
apart = """import ipywidgets
from IPython.display import HTML, display
display(ipywidgets.IntSlider(), HTML(f"<b>stands in for {6 * 7}</b>"))"""
for name, source in (("both", both), ("apart", apart)):
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), f"{name}.ipynb")
PY
env/bin/python write.py
page() { # of the notebook $1, with further options: how often the HTML is in it
    local name=$1
    shift
    env/bin/python -m nbconvert --execute --to html "$@" "$name.ipynb" > /dev/null 2>&1
    grep -c "<b>stands in for 42</b>" "$name.html" || true
}
executed=$(page both)
stateless=$(page both --ExecutePreprocessor.store_widget_state=False)
apart=$(page apart)
echo "HTML in the page: $executed if executed, $stateless without stored state, $apart as an output of its own"
[ "$executed" -eq 0 ] && [ "$stateless" -eq 1 ] && [ "$apart" -eq 1 ] || { echo "the behaviour has changed" >&2; exit 1; }
