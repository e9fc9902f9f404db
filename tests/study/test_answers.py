"""Answers: each line is checked, and what is damaged, doubled or missing is said."""

import json

import pytest
from study.small_studies import answer, answers_of, participant, right_value

from see2sound_nb.study.answers import check_answer, read_answers


@pytest.fixture
def lines(study):
    return answers_of(study, participant(1), lambda item, question: right_value(question))


def write(path, answers, end="\n"):
    path.write_text("\n".join(json.dumps(one) for one in answers) + end)
    return path


def test_what_was_written_is_read(study, lines, tmp_path):
    found = read_answers(study, write(tmp_path / "a.jsonl", lines))
    assert list(found.answers) == lines
    assert found.notes == ()
    assert len(lines) == study.steps


def test_several_files_or_a_folder_are_read_together(study, lines, tmp_path):
    a = write(tmp_path / "a.jsonl", lines)
    b = write(tmp_path / "b.jsonl", [{**one, "participant": participant(2)} for one in lines])
    (tmp_path / "note.txt").write_text("not an answer")
    for source in (tmp_path, [a, b], [str(b), str(a)]):
        assert len(read_answers(study, source)) == 2 * len(lines)
    with pytest.raises(FileNotFoundError, match=r"give a \.jsonl file, or the folder"):
        read_answers(study, tmp_path / "c.jsonl")
    (tmp_path / "empty").mkdir()
    assert len(read_answers(study, tmp_path / "empty")) == 0


def test_an_answer_twice_counts_once_and_the_first_of_two_that_differ(study, lines, tmp_path):
    changed = {**lines[4], "value": None}
    found = read_answers(study, write(tmp_path / "a.jsonl", [*lines, lines[3], changed]))
    assert list(found.answers) == lines
    assert found.notes == ("2 answers were there twice, 1 of them with another content: the first counts",)
    found = read_answers(study, write(tmp_path / "a.jsonl", [*lines, *lines]))
    assert list(found.answers) == lines and found.notes == (f"{len(lines)} answers were there twice",)


def test_what_is_missing_is_said(study, lines, tmp_path):
    found = read_answers(study, write(tmp_path / "a.jsonl", lines[:5] + lines[7:9]))
    assert found.notes == ("participant 00000000: 2 of 9 answers are missing",)
    assert len(found) == 7


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_half_a_last_line_is_left_out_with_a_note(study, lines, tmp_path, cut):
    path = write(tmp_path / "a.jsonl", lines, end="")
    path.write_bytes(path.read_bytes()[:-cut])
    found = read_answers(study, path)
    assert list(found.answers) == lines[:-1]
    assert found.notes == (f"a.jsonl, line {len(lines)} is cut off and was left out",)


def test_a_damaged_line_within_is_left_out_with_a_note(study, lines, tmp_path):
    path = write(tmp_path / "a.jsonl", lines)
    text = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*text[:2], text[2][:20] + b"\xff\n", *text[3:], b"\n"]))
    found = read_answers(study, path)
    assert list(found.answers) == lines[:2] + lines[3:]
    assert found.notes[0] == "a.jsonl, line 3 is damaged and was left out"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, "answers of schema 2, this version reads 1; use the version that made the study"),
        ({"schema": True}, "answers of schema True"),
        ({"schema": 2, "more": 1}, "answers of schema 2"),
        ({"more": 1}, "an answer must be an object with"),
        ({"study": "other"}, "an answer to study 'other'"),
        ({"participant": "Ann"}, "participant 'Ann' must be 32 hexadecimal digits"),
        ({"participant": participant(1) + "\n"}, "32 hexadecimal digits"),
        ({"sequence": 0}, "sequence 0 must be a whole number from 1 to"),
        ({"sequence": 1.0}, "sequence 1.0"),
        ({"sequence": 10**6}, "sequence 1000000"),
        ({"plays": -1}, "plays -1"),
        ({"plays": True}, "plays True"),
        ({"seconds": float("nan")}, "seconds nan"),
        ({"seconds": "2"}, "seconds '2'"),
        ({"item": "i999"}, "no question .* of item 'i999'"),
        ({"item": ["i001"]}, "no question"),
        ({"value": "maybe"}, "value 'maybe' is no choice"),
        ({"value": ["yes"]}, "is no choice"),
        ({"value": "x" * 1000}, "value 'xxx"),
    ],
)
def test_what_is_no_answer_is_refused_in_one_line(study, tmp_path, change, said):
    item = next(item for item in study.items if item.part == 1)
    good = answer(study, participant(1), 3, item.key, "directions", "yes")
    assert check_answer(study, good) == good
    with pytest.raises(ValueError, match=said) as caught:
        read_answers(study, write(tmp_path / "a.jsonl", [good, {**good, **change}]))
    assert "line 2" in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("value", ["left", ["left", "left"], ["left", "nowhere"], [["left"]], {"left": 1}])
def test_ticks_are_a_list_of_different_choices(study, value):
    item = next(item for item in study.items if item.part == 3)
    good = answer(study, participant(1), 3, item.key, "direction-1", ["left", "above"])
    assert check_answer(study, good)
    with pytest.raises(ValueError, match="is no choice"):
        check_answer(study, {**good, "value": value})


@pytest.mark.parametrize("told", [None, 3, "answer", [], {}])
def test_what_is_not_even_an_object_is_refused(study, told):
    with pytest.raises(ValueError, match="an answer must be an object"):
        check_answer(study, told)
