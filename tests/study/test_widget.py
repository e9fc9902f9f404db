"""The study in a notebook: the kernel's side of it."""

import json

import pytest
from study.small_studies import answers_of, participant, right_value

from see2sound_nb.study.answers import read_answers
from see2sound_nb.study.widget import ListeningStudy


@pytest.fixture
def w(folder):
    w = ListeningStudy(folder)
    w.sent = []
    w.send = lambda content, buffers=None: w.sent.append((content, buffers or []))
    return w


def tell(w, content):
    w._handle_custom_msg(json.loads(json.dumps(content)), [])
    return w.sent[-1][0] if w.sent else None


def message(of, *, count=3, **change):
    answers = answers_of(of, participant(1), lambda item, question: right_value(question))[:count]
    head = {"kind": "answers", "number": 7, "view": "v", "schema": 1, "study": of.key}
    return {**head, "participant": participant(1), "answers": answers, **change}


def test_it_sends_the_study_without_the_truth_and_its_media(w, study, folder):
    told, buffers = (tell(w, {"kind": "start", "as_text": False}), w.sent[-1][1])
    assert told["study"] == study.public()
    assert dict(zip(told["names"], buffers)) == {path.stem: path.read_bytes() for path in (folder / "media").iterdir()}
    told, buffers = (tell(w, {"kind": "start", "as_text": True}), w.sent[-1][1])
    assert buffers == [] and told["as_text"] and len(told["arrays"]) == len(told["names"])


def test_answers_are_on_the_disk_before_they_are_acknowledged(w, study, folder):
    sent_when = []
    w.send = lambda content, buffers=None: sent_when.append((content, len(read_answers(study, folder))))
    w._handle_custom_msg(message(study), [])
    assert sent_when == [({"kind": "done", "number": 7, "view": "v", "acknowledged": [1, 2, 3]}, 3)]
    assert len(w.answers()) == 3 and len(w.analyse().persons) == 1
    assert "1 participant, 3 answers" in repr(w) and "run this cell" in w._repr_mimebundle_()[0]["text/html"]
    again = ListeningStudy(folder)  # the kernel was started again
    again.send = w.send
    again._handle_custom_msg(message(study, count=0), [])
    assert sent_when[-1][0]["acknowledged"] == [1, 2, 3]


def test_a_withdrawal_deletes(w, study, folder):
    tell(w, message(study))
    assert tell(w, message(study, kind="withdraw"))["withdrawn"]
    assert len(read_answers(study, folder)) == 0
    assert tell(w, message(study))["kind"] == "refused"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, "another study or schema"),
        ({"study": None}, "another study or schema"),
        ({"kind": "delete"}, "must be answers"),
        ({"kind": ["answers"]}, "must be answers"),
        ({"answers": {}}, "must be answers"),
        ({"answers": [1]}, "an answer must be an object"),
        ({"answers": [{}] * 400}, "at most 300"),
        ({"participant": None}, "32 hexadecimal digits"),
    ],
)
def test_what_is_no_message_is_refused_where_it_came_from(w, study, folder, change, said):
    told = tell(w, message(study, **change))
    assert told["kind"] == "refused" and said in told["text"] and (told["number"], told["view"]) == (7, "v")
    assert not (folder / "answers.jsonl").exists()


@pytest.mark.parametrize("content", [None, [], "answers", {"number": "x" * 1000}, {"view": {"a": 1}}])
def test_what_is_not_of_the_front_end_has_no_answer(w, content):
    tell(w, content)
    assert w.sent == []


def test_a_disk_that_takes_nothing_is_no_refusal(w, study, monkeypatch):
    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr(w._book, "_append", full)
    assert tell(w, message(study)) == {"kind": "failed", "number": 7, "view": "v", "text": "OSError: no space left"}


def test_a_folder_without_a_study_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="see2sound study make"):
        ListeningStudy(tmp_path)
