"""A JupyterLab of its own, and a notebook in it as a test drives it."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

import psutil

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
#: One command may import torch and run the tiny models on a busy machine.
PATIENCE = 600
#: A whole notebook of the course.
PATIENCE_FOR_ALL = 1800
#: The port where nobody listens: what asks the network fails.
NOWHERE = "http://127.0.0.1:9"
_IN_PANEL = """([argument, seconds]) => {
  const app = window.jupyterapp, panel = app.shell.currentWidget, notebook = panel.content;
  const late = new Promise((_, reject) =>
    setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), 1000 * seconds));
  return Promise.race([late, (async () => { SCRIPT })()]);
}"""


class Notebook:
    """A notebook that is open in JupyterLab on `page`."""

    def __init__(self, page: Any):
        self.page = page

    def _panel(self, script: str, argument: Any = None, patience: float = PATIENCE) -> Any:
        """What the JavaScript `script`, with app, panel, notebook and argument, returns; waits for promises."""
        return self.page.evaluate(_IN_PANEL.replace("SCRIPT", script), [argument, patience])

    def wait_for_kernel(self) -> None:
        """Until the kernel has started and answers."""
        self._panel(
            "await panel.context.ready; await panel.sessionContext.ready;"
            "await panel.sessionContext.session.kernel.info;"
        )

    def run_all(self, *, judge: bool = True) -> list[dict]:
        """Run → Run All Cells, and wait for the end; gives the code cells as they are then, as nbformat has them.

        An error in a cell is an AssertionError, unless the cell has the tag "raises-exception", or `judge` is False.
        """
        self.wait_for_kernel()
        cells = self._panel(
            """await app.commands.execute("notebook:run-all-cells");
            // It returns with the first error, while others run on; this stands in line behind them.
            await panel.sessionContext.session.kernel.requestExecute({ code: "", silent: true }).done;
            return notebook.widgets.filter((cell) => cell.model.type === "code").map((cell) => cell.model.toJSON());""",
            patience=PATIENCE_FOR_ALL,
        )
        if judge:
            for cell in cells:
                if "raises-exception" not in cell["metadata"].get("tags", []):
                    _text(cell["outputs"])
        return cells

    def run_again(self, place: int) -> str:
        """Run the cell at a place (0 is the first), and give its text output; an error in it is an AssertionError."""
        self.wait_for_kernel()
        return _text(
            self._panel(
                """notebook.activeCellIndex = argument;
                await app.commands.execute("notebook:run-cell");
                return notebook.activeCell.model.outputs.toJSON();""",
                place,
            )
        )

    def close(self) -> None:
        """Close the notebook without its changes; JupyterLab stays on the page, and the kernel goes on."""
        self._panel("panel.context.model.dirty = false; panel.dispose();")

    def run(self, code: str) -> str:
        """Append a cell, run it, and give its text output; an error in it is an AssertionError."""
        self.wait_for_kernel()
        return _text(
            self._panel(
                """notebook.activeCellIndex = notebook.widgets.length - 1;
                await app.commands.execute("notebook:insert-cell-below");
                const cell = notebook.activeCell;
                cell.model.sharedModel.setSource(argument);
                await app.commands.execute("notebook:run-cell");
                return cell.model.outputs.toJSON();""",
                code,
            )
        )

    def value(self, expression: str) -> Any:
        """The value of a Python expression in the kernel, by way of JSON; it leaves no cell behind.

        JupyterLab has a widget's messages handled beside the cells: wait for the page to show their effect first.
        """
        reply = self._panel(
            """const kernel = panel.sessionContext.session.kernel;
            const expressions = { value: `__import__("json").dumps(${argument})` };
            const future = kernel.requestExecute({ code: "", silent: true, user_expressions: expressions });
            return (await future.done).content.user_expressions.value;""",
            expression,
        )
        assert reply["status"] == "ok", f"{expression}: {reply.get('ename')}: {reply.get('evalue')}"
        return json.loads(ast.literal_eval(reply["data"]["text/plain"]))

    def kill_kernel(self) -> None:
        """Kill the kernel's process, as a lack of memory would; JupyterLab says so and starts a new one."""
        os.kill(self.value('__import__("os").getpid()'), signal.SIGKILL)
        self.page.get_by_role("dialog").filter(has_text="appears to have died").get_by_role("button", name="Ok").click()


class Lab:
    """A running JupyterLab; its files are in `root`."""

    def __init__(self, url: str, root: pathlib.Path, settings: pathlib.Path, caches: pathlib.Path):
        self.url, self.root, self._settings, self._caches = url, root, settings, caches

    def empty_caches(self) -> None:
        """Take away what kernels have kept of models, as for a student who has downloaded none."""
        shutil.rmtree(self._caches, ignore_errors=True)

    def write_notebook(self, name: str, cells: Sequence[str]) -> str:
        """Put a notebook with these code cells into the root folder; `name` without .ipynb. Gives its path there."""
        contents = [
            {"cell_type": "code", "id": f"c{k}", "metadata": {}, "execution_count": None, "outputs": [], "source": cell}
            for k, cell in enumerate(cells)
        ]
        notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": KERNEL}, "cells": contents}
        (self.root / f"{name}.ipynb").write_text(json.dumps(notebook))
        return f"{name}.ipynb"

    def open_notebook(self, page: Any, path: str, *, dark: bool = False, run: bool = True) -> Notebook:
        """Open the notebook at `path` in the root folder and run all its cells; its kernel ends with the page.

        On a page where JupyterLab is open it is not loaded anew, which takes longer than to open a notebook.
        """
        self._set("apputils-extension/themes", {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"})
        page.at_close.append(lambda: self.end_kernel(path))
        if page.url.startswith(self.url):
            page.evaluate("async (path) => { await jupyterapp.commands.execute('docmanager:open', { path }); }", path)
        else:
            page.goto(f"{self.url}/lab/tree/{path}?reset")
        page.wait_for_selector(".jp-Notebook", timeout=1000 * PATIENCE)
        page.wait_for_selector(f"body[data-jp-theme-light='{str(not dark).lower()}']", state="attached")
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
        notebook = Notebook(page)
        notebook.wait_for_kernel()
        if run:
            notebook.run_all()
        return notebook

    def _set(self, plugin: str, settings: dict[str, Any]) -> None:
        path = self._settings / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))

    def end_kernel(self, path: str) -> None:
        """End the kernel of the notebook at `path`, if it has one."""
        for session in json.load(_open(f"{self.url}/api/sessions")):
            if session["path"] == path:
                _open(f"{self.url}/api/sessions/{session['id']}", method="DELETE")


@contextlib.contextmanager
def start_lab(folder: pathlib.Path) -> Iterator[Lab]:
    """JupyterLab in this Python's environment, with every setting, cache and file of its own in `folder`.

    Its kernels are offline, and no model is there but the shipped ones.
    """
    root = folder / "notebooks"
    root.mkdir()
    settings = folder / "settings"
    spec = folder / "share/kernels/python3"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
    settings_of_others = ("JUPYTER", "JPY_", "HF_", "TRANSFORMERS_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(settings_of_others)}
    environment |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    environment |= {
        "no_proxy": "",
        "HF_HOME": str(folder / "caches/hub"),
        "SEE2SOUND_CACHE": str(folder / "caches/models"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_PATH": str(folder / "share"),  # stands before every other place, so that this kernel is taken
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        *("--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={root}"),
        *("--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"),
        "--ServerApp.disable_check_xsrf=True",  # kernels are ended from outside the page
        *("--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"),
    ]
    log = folder / "lab.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=root, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait(url, process, log)
        lab = Lab(url, root, settings, folder / "caches")
        lab._set("apputils-extension/notification", {"fetchNews": "false", "checkForUpdates": False})
        yield lab
    finally:
        family = [*psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []
        process.terminate()  # JupyterLab ends its kernels
        _, alive = psutil.wait_procs([*family, psutil.Process(process.pid)] if process.poll() is None else family, 20)
        for one in alive:
            one.kill()
        process.wait()


def _open(url: str, method: str = "GET") -> Any:
    return urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=20)


def _wait(url: str, process: subprocess.Popen, log: pathlib.Path) -> None:
    """Until JupyterLab answers."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            _open(f"{url}/api/status")
            return
        except urllib.error.URLError:
            if process.poll() is not None or time.monotonic() > give_up:
                raise OSError(f"JupyterLab does not answer; its log:\n{log.read_text()}") from None
            time.sleep(0.1)


def _text(outputs: list[dict]) -> str:
    """The text of a cell's outputs."""
    parts = []
    for output in outputs:
        if output["output_type"] == "error":
            raise AssertionError("\n".join(output["traceback"]))
        text = output["text"] if output["output_type"] == "stream" else output["data"].get("text/plain", "")
        parts.append(text if isinstance(text, str) else "".join(text))
    return "".join(parts)
