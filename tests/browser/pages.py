"""Pages that report every error, and the widgets' modules on a loopback server."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import playwright.sync_api as playwright

from see2sound_nb.notebook.widgets import _assets

TYPES = {"js": "text/javascript", "css": "text/css"}


@contextlib.contextmanager
def open_page(browser: Any, **options: Any) -> Iterator[Any]:
    """A page in a context of its own (`options` are those of playwright's new_context).

    At the end, what is on the list ``page.at_close`` is called, and errors fail the test, see :func:`judge`.
    """
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    context.set_default_timeout(180_000)  # a busy machine
    page = context.new_page()
    page.errors, page.expected_errors, page.at_close = [], [], []
    page.on("pageerror", lambda error: page.errors.append(f"uncaught: {error}\n{error.stack or ''}"))
    page.on(
        "console", lambda said: said.type == "error" and page.errors.append(f"{said.text} ({said.location['url']})")
    )
    try:
        yield page
    finally:
        with contextlib.suppress(playwright.Error):  # what went wrong until here is told before this is answered
            page.evaluate("() => new Promise((done) => setTimeout(() => setTimeout(done)))")
        context.close()
        for end in page.at_close:
            end()
    judge(page)


def judge(page: Any) -> None:
    """Fail the test if there were errors on the page since the last time: uncaught ones, and those on the console.

    Allowed are those that match a regular expression on the list ``page.expected_errors``. Both lists begin anew.
    """
    unexpected = [text for text in page.errors if not any(re.search(known, text) for known in page.expected_errors)]
    page.errors.clear()
    page.expected_errors.clear()
    assert not unexpected, "errors in the page:\n" + "\n".join(unexpected)


class _Handler(http.server.BaseHTTPRequestHandler):
    """``/`` an empty page, ``/NAME`` a file of widgets/js, ``/joined/NAME`` the module as anywidget gets it."""

    def do_GET(self) -> None:
        folder, _, name = self.path.split("?")[0].lstrip("/").rpartition("/")
        kind = TYPES.get(name.rpartition(".")[2], "text/html")
        try:
            if not name:
                body = '<!doctype html><html lang="en"><title>modules</title><link rel="icon" href="data:,"></html>'
            elif folder == "joined":
                body = _assets.module(name)
            else:
                body = (_assets.JS / name).read_text("utf-8")
        except FileNotFoundError:
            self.send_error(404)
            return
        content = body.encode("utf-8")
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            content = json.dumps(self.server.answer(question)).encode("utf-8")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Say nothing: what a page could not load stands in its errors."""


class _Server(http.server.ThreadingHTTPServer):
    answer: Any
    lock: threading.Lock


@contextlib.contextmanager
def serve_modules(answer: Callable[[dict], list[dict]] | None = None) -> Iterator[str]:
    """The address of a server of the widgets' modules, without a slash at its end.

    What is posted to it, a question in JSON, gets the list of messages that `answer` gives, one question at a time.
    """
    server = _Server(("127.0.0.1", 0), _Handler)
    server.answer, server.lock = answer, threading.Lock()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
