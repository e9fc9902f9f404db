"""What a class has answered, counted: each question against its chance, persons as persons, and against the control.

The tests are those of `measure.listening`, which reads the paper's Table 2 again.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from see2sound_nb.measure.listening import exact_p, holm, persons_p, wilson_interval
from see2sound_nb.study.answers import Answer, Answers
from see2sound_nb.study.plan import Study
from see2sound_nb.study.questions import PARTS, PASSES, Question

LEGEND = """\
share: of answers that speak for the method, with Wilson's 95 % interval. exact: p with each answer as a witness of its
own. persons: p with persons as witnesses. In brackets: after Holm, within a part. control: p of the difference to other
sounds with the same pictures, within persons. Believe the last two."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One question of all listeners: what Table 2 has a row for.

    Attributes
    ----------
    part : int
        1 to 5.
    name : str
        What is asked for, see `questions.Question.name`.
    control : bool
        Whether the sounds were the method's, or those in their place.
    persons, answers, for_it : int
        Who answered, how many answers there are, and how many of them speak for the method (of a control: would).
    share, share_low, share_high : float
        `for_it` of `answers`, with Wilson's 95 % interval.
    chance : float
        Of an answer at random.
    exact, exact_holm : float
        p-value of the exact binomial test, all answers pooled; and after Holm, among the questions of a part.
    by_persons, by_persons_holm : float
        p-value with persons as witnesses and not answers; NaN with fewer than two persons.
    against_control, against_control_holm : float
        p-value of the difference between a person's answers to the method's sounds and to the control's; NaN for a
        control, and with fewer than two persons.
    """

    part: int
    name: str
    control: bool
    persons: int
    answers: int
    for_it: int
    share: float
    share_low: float
    share_high: float
    chance: float
    exact: float
    exact_holm: float
    by_persons: float
    by_persons_holm: float
    against_control: float
    against_control_holm: float


@dataclasses.dataclass(frozen=True)
class Person:
    """One listener: which checks of the headphones were passed.

    Attributes
    ----------
    participant : str
    answers : int
        Of all his answers; skipped ones count.
    right : dict of str to int
        Right trials of each check: ``"ears"``, ``"softest"`` (Woods) and ``"hidden"`` (Huggins).
    passed : bool
        Whether all three are passed.
    """

    participant: str
    answers: int
    right: dict[str, int]
    passed: bool


@dataclasses.dataclass(frozen=True)
class Analysis:
    """What `analyse` returns.

    Attributes
    ----------
    rows : tuple of Row
        Of all listeners.
    passed : tuple of Row
        Of those who passed all checks of the headphones: the ones to report.
    persons : tuple of Person
    notes : tuple of str
        What the answers lack, see `answers.Answers`.
    """

    rows: tuple[Row, ...]
    passed: tuple[Row, ...]
    persons: tuple[Person, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        return table(self)


def analyse(study: Study, answers: Answers) -> Analysis:
    """Count the answers to a study, and test each question.

    Parameters
    ----------
    study : Study
    answers : Answers
        As from `answers.read_answers`; there may be none.

    Returns
    -------
    Analysis
        As text, a table.

    Notes
    -----
    A pooled test takes every answer for a witness of its own; two answers of one person are more alike than that, so
    believe `Row.by_persons`. Where a picture alone tells the answer, even that proves nothing: believe
    `Row.against_control`. Persons, not pooled answers, are also what Holm's correction is best read of.

    Paper: section 5.2, appendix B. Notebook: 08_evaluation.
    """
    scored = [
        (answer["participant"], study.question(answer["item"], answer["question"]), answer)
        for answer in answers.answers
    ]
    persons = _persons(scored)
    controls = {item.key: item.control for item in study.items}
    parts = {item.key: item.part for item in study.items}
    by_row: dict[tuple[int, str, bool], dict[str, list[float]]] = {}
    chances: dict[tuple[int, str, bool], float] = {}
    for participant, question, answer in scored:
        if question is None or parts[answer["item"]] == 0:
            continue
        score = question.score(answer["value"])
        if not np.isnan(score):
            key = (parts[answer["item"]], question.name, controls[answer["item"]])
            by_row.setdefault(key, {}).setdefault(participant, []).append(score)
            chances[key] = question.chance
    order = {key: k for k, key in enumerate(dict.fromkeys(_row_keys(study)))}
    keys = sorted(by_row, key=order.__getitem__)
    reliable = {person.participant for person in persons if person.passed}
    of_reliable = {key: {p: s for p, s in by_row[key].items() if p in reliable} for key in keys}
    return Analysis(_rows(keys, by_row, chances), _rows(keys, of_reliable, chances), persons, answers.notes)


def _row_keys(study: Study) -> list[tuple[int, str, bool]]:
    items = sorted((item for item in study.items if item.part), key=lambda item: item.part)
    names = dict.fromkeys((item.part, question.name) for item in items for question in item.questions)
    return [(part, name, control) for part, name in names for control in (False, True)]


def _persons(scored: list[tuple[str, Question | None, Answer]]) -> tuple[Person, ...]:
    right: dict[str, dict[str, int]] = {}
    count: dict[str, int] = {}
    for participant, question, answer in scored:
        count[participant] = count.get(participant, 0) + 1
        own = right.setdefault(participant, dict.fromkeys(PASSES, 0))
        if question is not None and question.name in own:
            own[question.name] += question.score(answer["value"]) == 1.0
    return tuple(
        Person(participant, count[participant], own, all(own[name] >= most for name, most in PASSES.items()))
        for participant, own in right.items()
    )


def _rows(
    keys: list[tuple[int, str, bool]],
    by_row: dict[tuple[int, str, bool], dict[str, list[float]]],
    chances: dict[tuple[int, str, bool], float],
) -> tuple[Row, ...]:
    rows = []
    for part, name, control in keys:
        of_persons = by_row[part, name, control]
        scores = [score for own in of_persons.values() for score in own]
        if not scores:
            continue
        for_it, chance = int(sum(scores)), chances[part, name, control]
        low, high = wilson_interval(for_it, len(scores))
        rows.append(
            Row(
                part, name, control, len(of_persons), len(scores), for_it, for_it / len(scores), low, high, chance,
                exact_p(for_it, len(scores), chance), float("nan"),
                persons_p(_matrix(of_persons), chance) if len(of_persons) > 1 else float("nan"), float("nan"),
                float("nan") if control else difference_p(of_persons, by_row.get((part, name, True), {})), float("nan"),
            )
        )  # fmt: skip
    for part in {row.part for row in rows}:
        members = [k for k, row in enumerate(rows) if row.part == part and not row.control]
        for given in ("exact", "by_persons", "against_control"):
            tested = [k for k in members if not np.isnan(getattr(rows[k], given))]
            for k, p in zip(tested, holm([getattr(rows[k], given) for k in tested])):
                changed: dict[str, Any] = {f"{given}_holm": float(p)}
                rows[k] = dataclasses.replace(rows[k], **changed)
    return tuple(rows)


def _matrix(of_persons: dict[str, list[float]]) -> np.ndarray:
    """(persons, answers) with NaN where a person has fewer answers."""
    longest = max(map(len, of_persons.values()))
    return np.array([own + [float("nan")] * (longest - len(own)) for own in of_persons.values()])


def difference_p(method: dict[str, list[float]], control: dict[str, list[float]]) -> float:
    """Whether persons answer otherwise to the method's sounds than to the control's.

    Parameters
    ----------
    method, control : dict of str to list of float
        For each person 0s and 1s. Who answered one of both only does not count.

    Returns
    -------
    float
        Two-sided, by Student's t of the persons' differences; 1 where all are 0, NaN with fewer than two persons.
    """
    from scipy.stats import ttest_1samp

    both = [person for person in method if person in control]
    differences = np.array([np.mean(method[person]) - np.mean(control[person]) for person in both])
    if len(differences) < 2:
        return float("nan")
    if np.ptp(differences) == 0:
        return 1.0 if differences[0] == 0 else 0.0
    return float(ttest_1samp(differences, 0).pvalue)


def table(analysis: Analysis) -> str:
    """An analysis as plain text.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    str
        Several lines: who answered, a table of all, one of those who passed the checks, and notes.
    """
    if not analysis.persons:
        return "\n".join(["Nobody has answered yet.", *(f"Note: {note}." for note in analysis.notes)])
    count, passed = len(analysis.persons), sum(person.passed for person in analysis.persons)
    lines = [f"{count} {'person' if count == 1 else 'persons'}; all checks of the headphones passed: {passed}."]
    for name, what in (("ears", "left and right"), ("softest", "antiphase tones"), ("hidden", "Huggins pitch")):
        good = sum(person.right[name] >= PASSES[name] for person in analysis.persons)
        lines.append(f"  {what}: {good} of {count} ({PASSES[name]} or more trials right)")
    lines += ["", "All persons:", *_lines(analysis.rows)]
    if passed not in (0, count):
        lines += ["", f"The {passed} who passed all checks:", *_lines(analysis.passed)]
    lines += ["", LEGEND]
    return "\n".join([*lines, *(f"Note: {note}." for note in analysis.notes)])


def _lines(rows: tuple[Row, ...]) -> list[str]:
    if not rows:
        return ["  (no answers to the five parts yet)"]
    head = f"  {'':14}{'':8}{'n':>5}{'share':>7}  {'95 %':11}{'chance':>7}"
    lines, part = [f"{head}   exact (Holm)     persons (Holm)   control (Holm)"], 0
    for row in rows:
        if row.part != part:
            part = row.part
            lines.append(f"  {part}. {PARTS[part][0]}")
        name = f"  {'' if row.control else row.name:14}{'control' if row.control else 'method':8}"
        interval = f"{row.share_low:.0%} to {row.share_high:.0%}"
        tests = [
            _p(row.exact, row.exact_holm),
            _p(row.by_persons, row.by_persons_holm),
            _p(row.against_control, row.against_control_holm),
        ]
        counts = f"{row.answers:>5}{row.share:>7.0%}  {interval:11}{row.chance:>7.0%}"
        lines.append(f"{name}{counts}   {'  '.join(tests)}".rstrip())
    return lines


def _p(p: float, after_holm: float) -> str:
    texts = ["-" if np.isnan(q) else "<.001" if q < 0.001 else f"{q:.3f}".removeprefix("0") for q in (p, after_holm)]
    return f"{texts[0] if texts[1] == '-' else f'{texts[0]} ({texts[1]})':15}"
