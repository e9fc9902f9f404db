"""The analysis: what a class of known mind has answered comes out, with the right chance."""

import json

import numpy as np
import pytest
from study.small_studies import answer, answers_of, participant, right_value, wrong_value

from see2sound_nb.measure.listening import exact_p, holm, persons_p, wilson_interval
from see2sound_nb.study.analysis import analyse, table
from see2sound_nb.study.answers import Answers, read_answers
from see2sound_nb.study.questions import PARTS


def a_class(study, rng, persons, share, share_of_control=None, *, screened=True):
    """Answers of persons who speak for the method with a probability, and for the control's sounds with another."""
    answers = []
    for number in range(persons):

        def choose(item, question):
            if item.part == 0:
                return right_value(question) if screened else wrong_value(question)
            likely = share if not item.control or share_of_control is None else share_of_control
            if likely == "random":
                values = [value for value, _ in question.choices]
                value = values[rng.integers(3 if question.kind == "several" else len(values))]
                return [value] if question.kind == "several" else value
            return right_value(question) if rng.random() < likely else wrong_value(question)

        answers += answers_of(study, participant(number), choose)
    return Answers(tuple(answers), ())


def test_no_answers_are_said_to_be_none(study, tmp_path):
    found = analyse(study, Answers((), ()))
    assert (found.rows, found.passed, found.persons) == ((), (), ())
    assert str(found) == "Nobody has answered yet."
    (tmp_path / "answers.jsonl").write_text('{"schema": 1, "stu')
    assert str(analyse(study, read_answers(study, tmp_path))) == (
        "Nobody has answered yet.\nNote: answers.jsonl, line 1 is cut off and was left out."
    )


def test_one_person_is_counted_without_a_test_of_persons(study, rng):
    found = analyse(study, a_class(study, rng, 1, 1.0))
    assert len(found.persons) == 1 and found.persons[0].passed
    assert all(np.isnan(row.by_persons) and row.share == 1 for row in found.rows)
    assert "1 person;" in str(found) and "nan" not in str(found)
    consented = answer(study, participant(1), 1, "consent", "consent", "yes")
    assert "no answers to the five parts yet" in str(analyse(study, Answers((consented,), ())))


def test_every_question_has_a_row_with_the_tests_of_the_measures(study, rng):
    answers = a_class(study, rng, 12, 0.9, 0.4)
    found = analyse(study, answers)
    assert {row.part for row in found.rows} == {1, 2, 3, 4, 5}
    assert len(found.rows) == 2 * 11
    for row in found.rows:
        scores = {}
        for given in answers.answers:
            item = next((item for item in study.items if item.key == given["item"]), None)
            if item is not None and (item.part, item.control) == (row.part, row.control):
                question = study.question(item.key, given["question"])
                if question.name == row.name:
                    scores.setdefault(given["participant"], []).append(question.score(given["value"]))
        pooled = [score for own in scores.values() for score in own]
        assert (row.persons, row.answers, row.for_it) == (12, len(pooled), sum(pooled))
        assert row.exact == exact_p(row.for_it, row.answers, row.chance)
        assert (row.share_low, row.share_high) == wilson_interval(row.for_it, row.answers)
        assert row.by_persons == pytest.approx(persons_p(np.array(list(scores.values())), row.chance))
    for part in range(1, 6):
        members = [row for row in found.rows if row.part == part and not row.control]
        np.testing.assert_allclose([row.exact_holm for row in members], holm([row.exact for row in members]))
        np.testing.assert_allclose([r.by_persons_holm for r in members], holm([r.by_persons for r in members]))
        np.testing.assert_allclose(
            [row.against_control_holm for row in members], holm([row.against_control for row in members])
        )
    assert all(np.isnan(row.exact_holm) and np.isnan(row.against_control) for row in found.rows if row.control)


def test_an_effect_is_found_and_none_is_not(study, rng):
    effect = analyse(study, a_class(study, rng, 40, 0.95, 0.4))
    assert all(row.against_control < 1e-3 for row in effect.rows if not row.control)
    same = [row for _ in range(4) for row in analyse(study, a_class(study, rng, 30, 0.8, 0.8)).rows if not row.control]
    assert np.mean([row.against_control < 0.05 for row in same]) < 0.2
    assert np.mean([row.by_persons < 0.05 for row in same if row.name in ("real", "matching", "direction")]) > 0.9
    blind = [row for _ in range(4) for row in analyse(study, a_class(study, rng, 30, "random")).rows]
    assert np.mean([row.by_persons < 0.05 for row in blind]) < 0.15  # 5 % are expected
    assert max(abs(row.share - row.chance) for row in blind) < 0.3


def test_who_failed_the_check_of_the_headphones_is_told_apart(study, rng):
    good, bad = a_class(study, rng, 3, 1.0), a_class(study, rng, 5, 0.0, screened=False)
    others = [{**given, "participant": "f" + given["participant"][1:]} for given in bad.answers]
    found = analyse(study, Answers((*good.answers, *others), ()))
    assert [person.passed for person in found.persons].count(True) == 3
    assert {row.share for row in found.passed} == {1.0} and {row.persons for row in found.passed} == {3}
    assert {row.persons for row in found.rows} == {8}
    text = table(found)
    assert "8 persons; all checks of the headphones passed: 3." in text
    assert "The 3 who passed all checks:" in text and "Huggins pitch: 3 of 8" in text


def test_five_of_six_antiphase_trials_pass_and_five_of_six_huggins_do_not(study):
    def person(softest, hidden):
        wrong = {"softest": 6 - softest, "hidden": 6 - hidden}

        def choose(item, question):
            if wrong.get(question.name, 0):
                wrong[question.name] -= 1
                return wrong_value(question)
            return right_value(question)

        return analyse(study, Answers(tuple(answers_of(study, participant(1), choose)), ())).persons[0].passed

    assert (person(6, 6), person(5, 6), person(4, 6), person(6, 5)) == (True, True, False, False)


def test_skipped_questions_are_no_answers(study):
    def choose(item, question):
        return None if question.name == "realism" else right_value(question)

    found = analyse(study, Answers(tuple(answers_of(study, participant(1), choose)), ()))
    assert "realism" not in {row.name for row in found.rows}
    assert {"immersion", "real"} <= {row.name for row in found.rows}


def test_the_table_is_plain_and_fits(study, rng):
    text = str(analyse(study, a_class(study, rng, 10, 0.8, 0.5)))
    assert max(map(len, text.splitlines())) <= 120
    assert all(f"{part}. {PARTS[part][0]}" in text for part in range(1, 6))
    assert not any(word in text for word in ("nan", "{", "None"))
    json.dumps(text)
