"""A study for a class on one network: the page goes out, answers come in, and each is on the disk before it is
acknowledged.

The standard library's server. It takes answers only from its own page, in bounded messages; it neither prints nor keeps
addresses.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import http.server
import ipaddress
import json
import os
import pathlib
import socket
import sys
import urllib.parse
from typing import Any, ClassVar

from see2sound_nb.study.book import AnswerBook
from see2sound_nb.study.page import ALONE, POLICY, SERVED
from see2sound_nb.study.plan import PAGE_FILE, SCHEMA, read_study

HOST, PORT = "127.0.0.1", 8765
#: Of one message: bytes, and answers in it.
MOST_BYTES, MOST_ANSWERS = 200_000, 300
#: How long a connection may be silent, in seconds.
PATIENCE_S = 30


class StudyServer(http.server.ThreadingHTTPServer):
    """A server of one study. Port 0 takes any that is free.

    Parameters
    ----------
    folder : str or path
        As `making.make_study` made it.
    host : str
        The address to listen at: ``"127.0.0.1"`` is this machine alone, ``"0.0.0.0"`` all of its networks.
    port : int

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no study in the folder, or it or its answers cannot be read.
    OSError
        If the address cannot be used.
    """

    daemon_threads = True

    def __init__(self, folder: str | os.PathLike, host: str = HOST, port: int = PORT):
        study = read_study(folder)
        page = pathlib.Path(folder) / PAGE_FILE
        if not page.is_file():
            raise FileNotFoundError(f"{page} is missing; make the study again, with the same photos and seed")
        self.page = page.read_bytes().replace(ALONE.encode(), SERVED.encode(), 1)
        self.book = AnswerBook(study, folder)
        if not 0 <= port < 65536:
            raise ValueError(f"port {port} must lie in 0 to 65535; {PORT} is usual")
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise OSError(f"{host}, port {port} cannot be served ({error.strerror}); choose another --port") from error

    def server_bind(self) -> None:
        """Without the look-up of a name, which can take long and leaves this machine."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A listener who went away is no news; and the usual message would print an address."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            print(f"see2sound study: {type(error).__name__}: {error}", file=sys.stderr)

    @property
    def url(self) -> str:
        """What to type into a browser."""
        host = str(self.server_address[0])
        return f"http://{own_address() if host in ('0.0.0.0', '') else host}:{self.server_port}/"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: StudyServer
    timeout = PATIENCE_S
    server_version, sys_version = "see2sound", ""
    routes: ClassVar[dict[str, str]] = {"/answers": "_answers", "/withdraw": "_withdraw"}

    def do_GET(self) -> None:
        """The page, and nothing else."""
        if not self._is_our_host():
            return self._say(403, {"error": "this server is known by its address alone; type that"})
        if urllib.parse.urlsplit(self.path).path not in ("/", f"/{PAGE_FILE}"):
            return self._say(404, {"error": "there is only one page here: /"})
        self._send(200, "text/html; charset=utf-8", self.server.page)

    def do_POST(self) -> None:
        """Answers of one listener, or that he withdraws."""
        route = self.routes.get(self.path)
        if route is None:
            return self._say(404, {"error": "answers go to /answers"})
        if not self._is_our_host() or self.headers.get("Origin") != f"http://{self.headers.get('Host')}":
            return self._say(403, {"error": "answers are taken from the study's own page only"})
        if self.headers.get_content_type() != "application/json":
            return self._say(415, {"error": "answers must be application/json"})
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            return self._say(411, {"error": "the message must say its length"})
        if not 0 <= length <= MOST_BYTES:
            return self._say(413, {"error": f"a message has at most {MOST_BYTES} bytes"})
        try:
            asked = json.loads(self.rfile.read(length))
            if not isinstance(asked, dict) or asked.get("schema") != SCHEMA:
                raise ValueError(f"the message must be an object of schema {SCHEMA}; load the page again")
            if asked.get("study") != self.server.book.study.key:
                raise ValueError("another study is served here now; load the page again")
            told = getattr(self, route)(asked)
        except (ValueError, RecursionError) as error:
            return self._say(400, {"error": str(error)})
        except OSError as error:
            print(f"see2sound study: an answer cannot be kept: {error}", file=sys.stderr)
            return self._say(507, {"error": "the disk does not take the answers"})
        self._say(200, told)

    def _answers(self, asked: dict[str, Any]) -> dict[str, Any]:
        answers = asked.get("answers")
        if not isinstance(answers, list) or len(answers) > MOST_ANSWERS:
            raise ValueError(f"answers must be a list of at most {MOST_ANSWERS}")
        before = self.server.book.participants
        kept = self.server.book.add(asked.get("participant"), answers)  # type: ignore[arg-type]  # add checks it
        if self.server.book.participants != before:
            self._count()
        return {"acknowledged": kept}

    def _withdraw(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.server.book.withdraw(asked.get("participant"))  # type: ignore[arg-type]
        self._count()
        return {"withdrawn": True}

    def _count(self) -> None:
        print(self.server.book, flush=True)

    def _is_our_host(self) -> bool:
        """Whether the page was asked for by an address or this machine's name: a foreign name may be led here."""
        host = urllib.parse.urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        names = ("localhost", socket.gethostname().lower(), f"{socket.gethostname().lower()}.local")
        try:
            return host in names or bool(ipaddress.ip_address(host))
        except ValueError:
            return False

    def _say(self, status: int, told: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(told).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", f"{POLICY}; frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing: the usual line begins with the listener's address."""


def own_address() -> str:
    """This machine's address on its network, found without sending anything; the loopback one where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # of TEST-NET-1 (RFC 5737): it chooses the way out, and sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return HOST


def serve(folder: str | os.PathLike, host: str = HOST, port: int = PORT) -> None:
    """Serve a study until Ctrl+C.

    Parameters
    ----------
    folder, host, port
        As `StudyServer`.

    Raises
    ------
    FileNotFoundError, ValueError, OSError
        As `StudyServer`.

    Notes
    -----
    Whoever reaches the address can answer. Notebook: 08_evaluation.
    """
    with StudyServer(folder, host, port) as server:
        where = (
            "this machine only; for a class: --host 0.0.0.0" if host in (HOST, "localhost", "::1") else "its network"
        )
        print(f"{server.book.study.title}: type {server.url} into a browser ({where})")
        print(f"Answers go to {server.book.path}; Ctrl+C ends.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print(f"\n{server.book} in {server.book.path}")
