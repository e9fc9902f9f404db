"""The server: its page, answers from that page only, in bounded messages, and nothing about who sent them."""

import contextlib
import http.client
import json
import socket
import threading

import pytest
from study.small_studies import answers_of, participant, right_value

from see2sound_nb.study import serving
from see2sound_nb.study.answers import read_answers
from see2sound_nb.study.serving import StudyServer


@contextlib.contextmanager
def running(folder, **options):
    server = StudyServer(folder, port=0, **options)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server(folder):
    with running(folder) as server:
        yield server


def ask(server, method, path, body=None, **headers):
    """(status, headers, body) of a request; a header of None is left out."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    own = f"127.0.0.1:{server.server_port}"
    sent = {"Host": own, "Origin": f"http://{own}", "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    connection.request(method, path, raw, {name: value for name, value in sent.items() if value is not None})
    reply = connection.getresponse()
    try:
        return reply.status, dict(reply.headers), reply.read()
    finally:
        connection.close()


def message(of, number=1, count=3, **change):
    answers = answers_of(of, participant(number), lambda item, question: right_value(question))[:count]
    return {"schema": 1, "study": of.key, "participant": participant(number), "answers": answers, **change}


def test_the_page_is_served_and_knows_it(server, folder):
    status, headers, body = ask(server, "GET", "/")
    page = (folder / "study.html").read_bytes()
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert body == page.replace(b'data-answers="here"', b'data-answers="server"', 1) != page
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    for path in ("/answers.jsonl", "/study.json", "/media/p01.jpg", "/../answers.jsonl", "//etc/passwd", "/%2e%2e/"):
        assert ask(server, "GET", path)[0] == 404


def test_answers_are_kept_and_acknowledged(server, folder, study):
    status, _, body = ask(server, "POST", "/answers", message(study))
    assert (status, json.loads(body)) == (200, {"acknowledged": [1, 2, 3]})
    assert list(read_answers(study, folder).answers) == message(study)["answers"]
    assert json.loads(ask(server, "POST", "/answers", message(study, count=0))[2]) == {"acknowledged": [1, 2, 3]}
    assert json.loads(ask(server, "POST", "/answers", message(study, number=2, count=0))[2]) == {"acknowledged": []}


def test_a_withdrawal_deletes(server, folder, study):
    ask(server, "POST", "/answers", message(study, 1))
    ask(server, "POST", "/answers", message(study, 2))
    gone = {key: value for key, value in message(study, 1).items() if key != "answers"}
    assert ask(server, "POST", "/withdraw", gone)[0] == 200
    assert {answer["participant"] for answer in read_answers(study, folder).answers} == {participant(2)}
    status, _, body = ask(server, "POST", "/answers", message(study, 1))
    assert status == 400 and b"has withdrawn" in body


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),  # a page from a file, or a sandbox
        ({"Origin": None}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),  # a foreign name that was led here
        ({"Content_Type": "text/plain"}, 415),  # what another page may send without asking
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Length": "many"}, 411),
        ({"Content_Length": "-1"}, 413),
        ({"Content_Length": str(10**9)}, 413),
    ],
)
def test_answers_from_elsewhere_are_refused(server, folder, study, headers, status):
    assert ask(server, "POST", "/answers", message(study), **headers)[0] == status
    assert not (folder / "answers.jsonl").exists()


def test_a_foreign_name_gets_no_page_and_an_address_or_this_machine_s_name_does(server):
    assert ask(server, "GET", "/", Host="evil.example")[0] == 403
    for host in ("192.168.1.20:8765", "localhost", socket.gethostname(), "[::1]:80"):
        assert ask(server, "GET", "/", Host=host)[0] == 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, "schema 1; load the page again"),
        ({"study": "other"}, "another study is served"),
        ({"answers": "all"}, "must be a list"),
        ({"answers": [{}] * 301}, "at most 300"),
        ({"answers": [{}]}, "an answer must be an object"),
        ({"participant": 7}, "32 hexadecimal digits"),
        ({"participant": "f" * 32}, "two participants"),
    ],
)
def test_what_is_no_message_is_refused_with_a_sentence(server, folder, study, change, said):
    status, _, body = ask(server, "POST", "/answers", {**message(study), **change})
    assert status == 400 and said in json.loads(body)["error"]
    assert not (folder / "answers.jsonl").exists()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"[" * 100_000, b"1"])
def test_what_is_no_json_is_refused(server, body):
    assert ask(server, "POST", "/answers", body)[0] == 400
    assert ask(server, "GET", "/")[0] == 200  # it goes on
    assert ask(server, "POST", "/other", b"{}")[0] == 404


def test_nothing_about_the_listener_is_printed_or_kept(folder, study, capfd):
    with running(folder) as server:
        ask(server, "GET", "/")
        ask(server, "POST", "/answers", message(study), User_Agent="SecretBrowser/1")
        ask(server, "POST", "/answers", b"{", User_Agent="SecretBrowser/1")
        with socket.create_connection(("127.0.0.1", server.server_port)) as rude:
            rude.sendall(b"POST /answers HTTP/1.1\r\nContent-Le")
        ask(server, "GET", "/")
    said = "".join(capfd.readouterr())
    assert said == "1 participant, 3 answers\n"
    kept = (folder / "answers.jsonl").read_text()
    assert "127.0.0.1" not in kept and "SecretBrowser" not in kept


def test_a_disk_that_takes_nothing_is_said_and_nothing_is_acknowledged(server, study, monkeypatch, capfd):
    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr(server.book, "_append", full)
    status, _, body = ask(server, "POST", "/answers", message(study))
    assert status == 507 and b"disk" in body and b"space" not in body
    assert "no space left" in capfd.readouterr().err


def test_it_listens_on_this_machine_alone_unless_told(server, folder, monkeypatch):
    assert server.url == f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(serving, "own_address", lambda: "192.0.2.7")
    with running(folder, host="0.0.0.0") as other:
        assert other.url == f"http://192.0.2.7:{other.server_port}/"
        assert ask(other, "GET", "/")[0] == 200


def test_what_cannot_be_served_is_said(folder, tmp_path, server):
    with pytest.raises(FileNotFoundError, match="no study in"):
        StudyServer(tmp_path)
    with pytest.raises(OSError, match=r"port \d+ cannot be served .*choose another --port"):
        StudyServer(folder, port=server.server_port)
    with pytest.raises(ValueError, match="port 70000 must lie in"):
        StudyServer(folder, port=70000)
    (folder / "answers.jsonl").write_text('{"schema": 7}\n')
    with pytest.raises(ValueError, match="schema 7"):
        StudyServer(folder, port=0)


def test_serve_says_what_to_type_and_what_came(folder, monkeypatch, capsys):
    def stop(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(StudyServer, "serve_forever", stop)
    serving.serve(folder, port=0)
    said = capsys.readouterr().out
    assert "type http://127.0.0.1:" in said and "this machine only; for a class: --host 0.0.0.0" in said
    assert "0 participants, 0 answers" in said
