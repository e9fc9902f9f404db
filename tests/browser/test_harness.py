"""What the other tests here stand on: errors in a page are seen, nothing is fetched, the kernel is the right one."""

import sys

import pytest

from browser import chromium
from browser.pages import open_page

WIDGET = '''
import anywidget

class Echo(anywidget.AnyWidget):
    """Sends back the bytes that it gets, in reverse."""

    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button");
      button.className = "echo";
      button.textContent = "Echo";
      button.onclick = () => model.send({ add: 1 }, undefined, [new Uint8Array([1, 2, 3])]);
      model.on("msg:custom", ({ sum }, [bytes]) => {
        button.dataset.answer = [sum, ...new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)];
      });
      el.append(button);
    }
    export default { render };
    """
    clicks = 0

    def __init__(self):
        super().__init__()
        self.on_msg(self._answer)

    def _answer(self, _, content, buffers):
        self.clicks += content["add"]
        self.send({"sum": self.clicks}, [bytes(reversed(bytes(buffers[0])))])

w = Echo()
w
'''


@pytest.mark.parametrize(
    "script",
    [
        "setTimeout(() => { throw new Error('lost') })",
        "Promise.reject(new Error('lost'))",
        "console.error('lost')",
    ],
)
def test_an_error_in_a_page_fails_the_test_unless_it_is_expected(browser, script):
    script = f"() => {{ {script}; return new Promise((done) => setTimeout(done)); }}"

    def run(expected):
        with open_page(browser) as page:
            page.expected_errors += expected
            page.evaluate(script)

    with pytest.raises(AssertionError, match="lost"):
        run([])
    run(["lost"])


def test_nothing_outside_this_machine_can_be_fetched(modules):
    modules.expected_errors.append("ERR_NAME_NOT_RESOLVED")
    assert modules.evaluate("() => fetch('https://example.org/').catch((error) => error.message)") == "Failed to fetch"


def test_without_a_browser_there_is_a_sentence_that_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("SEE2SOUND_BROWSER", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match=r"/none.*does not start.*apt-get install chromium.*make test-fast"):
        chromium.find()
    monkeypatch.delenv("SEE2SOUND_BROWSER")
    monkeypatch.setattr(chromium, "_bundled", lambda: str(tmp_path / "none"))
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="need Chromium or Chrome"):
        chromium.find()
    monkeypatch.setattr(chromium, "_bundled", lambda: sys.executable)
    assert chromium.find() == sys.executable


def test_a_widget_and_the_kernel_exchange_bytes(lab, page):
    notebook = lab.open_notebook(page, lab.write_notebook("echo", [WIDGET]), dark=True)
    background = page.locator(".jp-Notebook").evaluate("(box) => getComputedStyle(box).backgroundColor")
    assert sum(map(int, background.removeprefix("rgb(").removesuffix(")").split(","))) < 200
    page.locator(".echo").click()
    page.locator(".echo[data-answer='1,3,2,1']").wait_for()
    assert notebook.value("[w.clicks, __import__('sys').executable]") == [1, sys.executable]
    assert notebook.run("print(w.clicks)\nw.clicks + 1") == "1\n2"
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        notebook.run("1 / 0")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        notebook.run_all()
    notebook._panel("notebook.activeCell.model.setMetadata('tags', ['raises-exception'])")
    notebook.run("print(w.clicks)")
    *_, failed, after = notebook.run_all()
    assert failed["outputs"][0]["ename"] == "ZeroDivisionError"
    assert after["outputs"][0]["text"] in ("0\n", ["0\n"])


def test_after_the_kernel_was_killed_there_is_a_new_one(lab, page):
    notebook = lab.open_notebook(page, lab.write_notebook("killed", ["a = 1"]))
    notebook.kill_kernel()
    with pytest.raises(AssertionError, match="name 'a' is not defined"):
        notebook.value("a")
