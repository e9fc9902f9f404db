"""What is acknowledged is on the disk, and who withdraws is gone."""

import json
import os
import subprocess
import sys
import threading

import pytest
from study.small_studies import answers_of, participant, right_value

from see2sound_nb.study import book as books
from see2sound_nb.study.answers import read_answers
from see2sound_nb.study.book import AnswerBook


def lines_of(study, number):
    return answers_of(study, participant(number), lambda item, question: right_value(question))


def on_disk(folder):
    return [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]


def test_an_answer_is_synced_before_it_is_acknowledged(study, folder, monkeypatch):
    lines, synced = lines_of(study, 1), []
    fsync = os.fsync

    def spy(handle):
        synced.append(on_disk(folder))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", spy)
    book = AnswerBook(study, folder)
    assert book.add(participant(1), lines[:2]) == [1, 2]
    assert synced[0] == lines[:2]
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        book.add(participant(1), lines[2:3])
    monkeypatch.setattr(os, "fsync", fsync)
    assert book.add(participant(1), []) == [1, 2]  # what could not be synced is not acknowledged
    assert book.add(participant(1), lines[2:3]) == [1, 2, 3]
    assert list(read_answers(study, folder).answers) == lines[:3]  # and may be there twice


def test_what_a_killed_process_had_acknowledged_is_there(study, folder):
    script = """
import json, os, signal, sys
from see2sound_nb.study.book import AnswerBook
from see2sound_nb.study.plan import read_study
book = AnswerBook(read_study(sys.argv[1]), sys.argv[1])
for line in sys.stdin:
    answer = json.loads(line)
    print(book.add(answer["participant"], [answer])[-1], flush=True)
    if answer["sequence"] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
"""
    lines = lines_of(study, 1)
    sent = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(
        [sys.executable, "-c", script, folder], input=sent, capture_output=True, text=True, check=False
    )
    assert done.returncode == -9 and done.stdout.split() == ["1", "2", "3"]
    assert on_disk(folder) == lines[:3]
    book = AnswerBook(study, folder)
    assert book.add(participant(1), lines) == list(range(1, len(lines) + 1))
    assert on_disk(folder) == lines
    assert (book.participants, book.answers) == (1, len(lines))


def test_sent_again_it_is_there_once(study, folder):
    book, lines = AnswerBook(study, folder), lines_of(study, 1)
    for _ in range(2):
        assert book.add(participant(1), lines[:4] + lines[:4]) == [1, 2, 3, 4]
    assert on_disk(folder) == lines[:4]


def test_half_a_line_stays_one_and_swallows_no_other(study, folder):
    lines = lines_of(study, 1)
    AnswerBook(study, folder).add(participant(1), lines[:2])
    path = folder / "answers.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    assert AnswerBook(study, folder).add(participant(1), lines[1:3]) == [1, 2, 3]
    found = read_answers(study, folder)
    assert list(found.answers) == lines[:3]
    assert found.notes == ("answers.jsonl, line 2 is damaged and was left out",)


def test_who_withdraws_is_deleted_and_cannot_come_back_by_a_late_message(study, folder):
    book = AnswerBook(study, folder)
    mine, others = lines_of(study, 1), lines_of(study, 2)
    for a, b in zip(mine, others):
        book.add(participant(1), [a])
        book.add(participant(2), [b])
    book.withdraw(participant(1))
    assert on_disk(folder) == others
    assert participant(1) not in (folder / "answers.jsonl").read_text()
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    with pytest.raises(ValueError, match="has withdrawn"):
        book.add(participant(1), mine[:1])
    assert book.participants == 1 and on_disk(folder) == others
    book.withdraw(participant(3))  # of whom there is nothing
    assert on_disk(folder) == others


def test_a_message_with_one_bad_answer_changes_nothing(study, folder):
    book, lines = AnswerBook(study, folder), lines_of(study, 1)
    for bad in ({**lines[1], "value": "?"}, {**lines[1], "participant": participant(2)}):
        with pytest.raises(ValueError, match=r"no choice|two participants|no question"):
            book.add(participant(1), [lines[0], bad])
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        book.add("../../etc", [])
    assert not (folder / "answers.jsonl").exists() and book.participants == 0


def test_there_is_an_end_to_participants(study, folder, monkeypatch):
    monkeypatch.setattr(books, "MOST_PARTICIPANTS", 2)
    book = AnswerBook(study, folder)
    for number in (1, 2):
        book.add(participant(number), lines_of(study, number)[:1])
    with pytest.raises(ValueError, match="no more are taken"):
        book.add(participant(3), lines_of(study, 3)[:1])
    assert book.add(participant(2), lines_of(study, 2)[:2]) == [1, 2]


def test_a_class_at_once_loses_nothing(study, folder):
    book = AnswerBook(study, folder)

    def listen(number):
        for line in lines_of(study, number)[:20]:
            assert line["sequence"] in book.add(participant(number), [line])
            if number == 5 and line["sequence"] == 10:
                book.withdraw(participant(5))
                return

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read_answers(study, folder)
    assert found.notes == () and len(found) == 7 * 20
    assert {answer["participant"] for answer in found.answers} == {participant(n) for n in (1, 2, 3, 4, 6, 7, 8)}
