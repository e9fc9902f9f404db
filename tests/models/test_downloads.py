"""Downloads from a server on this machine that cuts, ignores ranges or sends the wrong file; and full disks."""

import errno
import hashlib
import http.server
import io
import os
import pathlib
import re
import shutil
import threading
from collections import namedtuple

import huggingface_hub
import numpy as np
import pytest

from see2sound_nb.models import downloads, table

FILE = np.random.default_rng(0).integers(0, 256, 3_000_000, np.uint8).tobytes()
SHA256 = hashlib.sha256(FILE).hexdigest()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NOWHERE = "http://127.0.0.1:9"
Usage = namedtuple("Usage", "total used free")


class Server:
    """Serves `files` by their last name, and remembers the requests.

    After each number of bytes in `cuts`, one answer each, the connection breaks.
    """

    def __init__(self):
        self.files = {"model.bin": FILE}
        self.cuts = []
        self.ranges = True
        self.never = None  # a path that must not exist while anything is sent
        self.seen_early = False
        self.points_to = None  # the address of another server, as the hub has for large files
        self.requests = []  # (method, path, range)
        self.tokens = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self):
                outer.answer(self, body=False)

            def do_GET(self):
                outer.answer(self, body=True)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, handler, body):
        wanted = handler.headers.get("Range")
        self.requests.append((handler.command, handler.path, wanted))
        self.tokens.append(handler.headers.get("Authorization"))
        data = self.files.get(handler.path.rsplit("/", 1)[-1])
        if data is None:
            handler.send_error(404)
            return
        if self.points_to is not None:
            handler.send_response(302)
            handler.send_header("Location", f"{self.points_to}/large/{handler.path.rsplit('/', 1)[-1]}")
            handler.send_header("X-Linked-ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            handler.send_header("X-Linked-Size", str(len(data)))
            handler.send_header("X-Repo-Commit", COMMIT)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted).group(1)) if wanted and self.ranges else 0
        if start and start >= len(data):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(data)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(data) - start))
        handler.send_header("Accept-Ranges", "bytes")
        handler.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        handler.send_header("X-Repo-Commit", COMMIT)
        handler.end_headers()
        if not body:
            return
        if self.never is not None and self.never.exists():
            self.seen_early = True
        cut = self.cuts.pop(0) if self.cuts else None
        handler.wfile.write(data[start:] if cut is None else data[start : start + cut])
        if cut is not None:
            handler.close_connection = True


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def place(tmp_path):
    return tmp_path / "cache" / "model.bin"


def test_a_file_is_fetched_once_and_appears_when_it_is_whole(server, place):
    server.never = place
    for _ in range(2):
        assert downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256) == place
    assert place.read_bytes() == FILE
    assert server.requests == [("GET", "/model.bin", None)]
    assert not server.seen_early
    assert os.listdir(place.parent) == ["model.bin"]


def test_a_cut_connection_goes_on_where_it_was_cut(server, place):
    server.never = place
    server.cuts = [1_000_000, 500_000]
    downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert [wanted for _, _, wanted in server.requests] == [None, "bytes=1000000-", "bytes=1500000-"]
    assert place.read_bytes() == FILE
    assert not server.seen_early
    assert os.listdir(place.parent) == ["model.bin"]


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(server, place):
    server.cuts = [700_000, 0]  # nothing at all came the second time
    with pytest.raises(FileNotFoundError, match="cut after 700000 of 3000000 bytes"):
        downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert os.listdir(place.parent) == ["model.bin.part"]
    downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert server.requests[-1][2] == "bytes=700000-"
    assert place.read_bytes() == FILE


def test_a_whole_part_needs_nothing_more_and_a_longer_one_begins_anew(server, place):
    place.parent.mkdir()
    part = place.with_name("model.bin.part")
    part.write_bytes(FILE)
    downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert place.read_bytes() == FILE
    place.unlink()
    part.write_bytes(FILE + b"more")
    downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert place.read_bytes() == FILE


def test_a_server_without_ranges_sends_the_whole_file_anew(server, place):
    server.ranges = False
    server.cuts = [1_000_000]
    downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert place.read_bytes() == FILE
    assert len(server.requests) == 2


def test_a_server_without_ranges_that_always_cuts_is_given_up(server, place):
    server.ranges = False
    server.cuts = [1_000_000] * 50
    with pytest.raises(FileNotFoundError, match="cut after 1000000"):
        downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert len(server.requests) == 2


def test_the_wrong_file_leaves_nothing_that_spoils_the_next_try(server, place):
    server.files["model.bin"] = b"another file"
    with pytest.raises(ValueError, match=SHA256):
        downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert os.listdir(place.parent) == []
    server.files["model.bin"] = FILE
    downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert place.read_bytes() == FILE


def test_a_file_that_is_there_is_checked_and_never_replaced(server, place):
    place.parent.mkdir()
    place.write_bytes(b"something")
    with pytest.raises(ValueError, match="delete it"):
        downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert place.read_bytes() == b"something"
    assert server.requests == []


def from_hub(url, path, *, size_mb):
    endpoint, name = url.rsplit("/", 1)
    return downloads.hub_folder("me/model", [name], size_mb=size_mb, folder=path.parent, endpoint=endpoint)


@pytest.mark.parametrize("fetch", [downloads.fetch, from_hub])
def test_a_disk_without_room_is_named_before_anything_is_fetched(server, place, monkeypatch, fetch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**10, 10**10 - 100_000_000, 100_000_000))
    with pytest.raises(OSError, match=r"needs 110 MB .* 100 MB are free; .*SEE2SOUND_CACHE") as caught:
        fetch(f"{server.address}/model.bin", place, size_mb=100)
    assert not isinstance(caught.value, FileNotFoundError)
    assert server.requests == []
    assert not place.parent.exists()


def test_what_is_already_there_needs_no_room(server, place, monkeypatch):
    place.parent.mkdir()
    place.with_name("model.bin.part").write_bytes(FILE[:2_000_000])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**10, 10**10 - 1_400_000, 1_400_000))
    downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert place.read_bytes() == FILE


class FullDisk(io.FileIO):
    """A file that takes no more than two megabytes."""

    def write(self, block):
        if self.tell() + len(block) > 2_000_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(block)


def test_a_disk_that_becomes_full_leaves_no_file_under_the_final_name(server, place, monkeypatch):
    monkeypatch.setattr(downloads, "open", FullDisk, raising=False)
    with pytest.raises(OSError, match=r"became full.*SEE2SOUND_CACHE") as caught:
        downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert not isinstance(caught.value, FileNotFoundError)
    assert not place.exists()
    monkeypatch.undo()
    downloads.fetch(f"{server.address}/model.bin", place, size_mb=3, sha256=SHA256)
    assert place.read_bytes() == FILE


def test_without_a_network_the_error_is_one_line_with_all_that_is_needed(place):
    with pytest.raises(FileNotFoundError) as caught:
        downloads.fetch(f"{NOWHERE}/model.bin", place, size_mb=375, sha256=SHA256)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    for needed in (f"{NOWHERE}/model.bin", "375 MB", SHA256, str(place)):
        assert needed in message


def test_a_file_that_the_server_does_not_have_is_named(server, place):
    with pytest.raises(FileNotFoundError, match=r"404.*other\.bin"):
        downloads.fetch(f"{server.address}/other.bin", place, size_mb=3)


@pytest.fixture
def hub(server):
    """A hub with one repository."""
    server.files = {"config.json": b"{}", "model.bin": FILE, "evil.pth": b"pickle"}
    return server


def fetched(hub):
    return [path.rsplit("/", 1)[-1] for method, path, _ in hub.requests if method == "GET"]


def test_of_a_repository_only_the_named_files_are_fetched_and_only_once(hub, tmp_path):
    for _ in range(2):
        folder = downloads.hub_folder(
            "me/model", ["config.json", "model.bin"], size_mb=3, folder=tmp_path / "here", endpoint=hub.address
        )
    assert folder == tmp_path / "here"
    assert (folder / "model.bin").read_bytes() == FILE
    assert fetched(hub) == ["config.json", "model.bin"]
    assert hub.requests[0][1] == "/me/model/resolve/main/config.json"


def test_a_cut_hub_download_goes_on_even_in_a_later_call(hub, tmp_path):
    hub.never = tmp_path / "model.bin"
    hub.cuts = [1_000_000, 500_000, 0]
    with pytest.raises(FileNotFoundError, match="cut after 1500000 of 3000000 bytes"):
        downloads.hub_folder("me/model", ["model.bin"], size_mb=3, folder=tmp_path, endpoint=hub.address)
    assert os.listdir(tmp_path) == ["model.bin.part"]
    downloads.hub_folder("me/model", ["model.bin"], size_mb=3, folder=tmp_path, endpoint=hub.address)
    starts = [wanted for method, _, wanted in hub.requests if method == "GET"]
    assert starts == [None, "bytes=1000000-", "bytes=1500000-", "bytes=1500000-"]
    assert (tmp_path / "model.bin").read_bytes() == FILE
    assert not hub.seen_early
    assert os.listdir(tmp_path) == ["model.bin"]


def test_a_hub_file_whose_checksum_is_wrong_is_refused(hub, tmp_path):
    (tmp_path / "model.bin.part").write_bytes(b"spoilt")
    with pytest.raises(ValueError, match=SHA256):
        downloads.hub_folder("me/model", ["model.bin"], size_mb=3, folder=tmp_path, endpoint=hub.address)
    assert os.listdir(tmp_path) == []


def test_the_token_is_for_the_hub_and_not_for_where_it_points_to(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    other = Server()
    try:
        other.cuts = [1_000_000]
        hub.points_to = other.address
        downloads.hub_folder("me/model", ["model.bin"], size_mb=3, folder=tmp_path, endpoint=hub.address)
    finally:
        other.close()
    assert (tmp_path / "model.bin").read_bytes() == FILE
    assert set(hub.tokens) == {"Bearer hf_secret"}
    assert other.tokens == [None, None]
    assert [wanted for _, _, wanted in other.requests] == [None, "bytes=1000000-"]


def test_what_is_in_the_hubs_own_cache_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path / "ours"))
    repository = tmp_path / "hub" / "models--me--model"
    snapshot = repository / "snapshots" / "0123abcd"
    (snapshot / "half").mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123abcd")
    (snapshot / "config.json").write_text("{}")
    files = ["config.json", "half/model.bin"]
    with pytest.raises(FileNotFoundError):  # not all of them are there
        downloads.hub_folder("me/model", files, size_mb=3, endpoint=NOWHERE)
    (snapshot / "half" / "model.bin").write_bytes(FILE)
    assert downloads.hub_folder("me/model", files, size_mb=3, endpoint=NOWHERE) == snapshot
    monkeypatch.setitem(table.FILES, "depth", tuple(files))
    monkeypatch.setitem(table.MODELS, "mine", table.ModelCard("mine", "depth", "MIT", 3, "me/model"))
    (listed,) = (model for model in table.list_models() if model["name"] == "mine")
    assert listed["here"] and listed["path"] == str(snapshot)
    assert table.missing(["mine"]) == []


def test_a_file_put_there_by_hand_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path))
    path = tmp_path / "me" / "CoDi" / "model.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(FILE)
    folder = downloads.hub_folder("me/CoDi", ["model.bin"], size_mb=3, folder=path.parent, endpoint=NOWHERE)
    assert folder == path.parent


def test_without_a_network_every_file_of_a_repository_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    (tmp_path / "config.json").write_text("{}")
    files = ["config.json", "preprocessor_config.json", "model.safetensors"]
    with pytest.raises(FileNotFoundError) as caught:
        downloads.hub_folder("me/model", files, size_mb=99, folder=tmp_path)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    for name in files[1:]:
        assert f"{NOWHERE}/me/model/resolve/main/{name} as {tmp_path / name}" in message
    assert "main/config.json" not in message
    assert "99 MB" in message
    assert os.listdir(tmp_path) == ["config.json"]


def test_a_file_that_a_repository_does_not_have_leaves_nothing(hub, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors"):
        downloads.hub_folder("me/model", ["model.safetensors"], size_mb=3, folder=tmp_path, endpoint=hub.address)
    assert os.listdir(tmp_path) == []


def test_a_cache_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be made or written to; set SEE2SOUND_CACHE"):
        downloads.fetch(f"{NOWHERE}/model.bin", tmp_path / "file" / "model.bin", size_mb=3)


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("SEE2SOUND_CACHE", "~/somewhere")
    assert downloads.cache_dir() == pathlib.Path.home() / "somewhere"
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path / "elsewhere"))
    assert downloads.cache_dir() == tmp_path / "elsewhere"
    monkeypatch.delenv("SEE2SOUND_CACHE")
    assert downloads.cache_dir() != pathlib.Path()
