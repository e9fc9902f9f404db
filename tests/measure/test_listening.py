"""Table 2: the printed digits, the right tests, and what simulated classes say of both."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from see2sound_nb.measure.listening import (
    PERSONS,
    TABLE_2,
    chi_squared_p,
    exact_p,
    holm,
    persons_p,
    power,
    simulated_answers,
    table_2,
    wilson_interval,
)


@pytest.mark.parametrize("row", TABLE_2, ids=lambda row: row.name)
def test_all_ten_p_values_are_rebuilt_to_their_digits(row):
    p = chi_squared_p(row.for_it, row.answers)
    exponent = math.floor(math.log10(p)) - 3
    digits = p / 10**exponent
    digits = math.floor(digits) if row.truncated else round(digits)
    assert digits * 10**exponent == pytest.approx(row.printed, rel=1e-9)


@pytest.mark.parametrize("row", TABLE_2, ids=lambda row: row.name)
def test_no_other_count_of_so_many_answers_prints_the_same(row):
    others = [
        k
        for k in range(row.answers + 1)
        if k not in (row.for_it, row.answers - row.for_it)
        and chi_squared_p(k, row.answers) == pytest.approx(row.printed, rel=3e-4)
    ]
    assert others == []


def test_chi_squared_is_that_of_scipy():
    for k, n, chance in itertools.product((20, 43), (60, 86), (0.5, 0.3)):
        expected = stats.chisquare([k, n - k], [n * chance, n * (1 - chance)]).pvalue
        assert chi_squared_p(k, n, chance) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("name", "exact"),
    [("Realism", 0.0271), ("Immersion", 0.0469), ("Accuracy", 0.0469), ("Clarity", 0.0058), ("Consistency", 0.0028),
     ("Localization", 0.196), ("Adversarial", 0.126)],
)  # fmt: skip
def test_with_the_right_chance_less_is_left(name, exact):
    (row,) = [row for row in table_2() if row["name"] == name]
    assert row["exact"] == pytest.approx(exact, rel=0.02)
    assert row["exact"] > row["printed"]


def test_of_five_qualities_two_stand_and_localization_does_not():
    rows = {row["name"]: row for row in table_2()}
    qualities = [row for row in rows.values() if row["part"] == "quality"]
    assert [row["name"] for row in qualities if row["stands"]] == ["Clarity", "Consistency"]
    assert not rows["Localization"]["stands"] and not rows["Adversarial"]["stands"]
    assert rows["Matching"]["stands"] and rows["Distance"]["stands"]
    for row in rows.values():
        assert row["share_low"] < row["share"] < row["share_high"]


def test_holm_is_the_definition():
    p = np.array([0.02, 0.001, 0.04, 0.03])
    by_hand = []
    for value in p:
        rank = np.sort(p).tolist().index(value)
        by_hand.append(min(1.0, max(np.sort(p)[k] * (len(p) - k) for k in range(rank + 1))))
    np.testing.assert_allclose(holm(p), by_hand)
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]
    assert holm([]).shape == (0,)


def test_the_interval_is_wilsons():
    low, high = wilson_interval(62, 86)
    expected = stats.binomtest(62, 86).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high))
    assert (wilson_interval(0, 10)[0], wilson_interval(10, 10)[1]) == pytest.approx((0, 1))


def false_alarms(test, share, alike=0.0, studies=1500):
    rng = np.random.default_rng(0)
    return np.mean([test(simulated_answers(rng, share, alike=alike)) < 0.05 for _ in range(studies)])


def test_people_who_tick_at_random_are_significant_in_two_of_five_studies_by_the_papers_test():
    pooled = lambda answers: chi_squared_p(int(answers.sum()), answers.size)  # noqa: E731
    assert false_alarms(pooled, 3 / 5) == pytest.approx(0.43, abs=0.04)


def test_by_the_right_test_they_are_in_one_of_twenty():
    exact = lambda answers: exact_p(int(answers.sum()), answers.size, 3 / 5)  # noqa: E731
    assert 0.02 <= false_alarms(exact, 3 / 5) <= 0.065


@pytest.mark.parametrize("alike", [0.0, 0.5])
def test_who_knows_the_persons_is_right_also_where_their_answers_are_alike(alike):
    by_person = lambda answers: persons_p(answers, 3 / 5)  # noqa: E731
    assert 0.03 <= false_alarms(by_person, 3 / 5, alike) <= 0.07


def test_pooled_answers_that_are_alike_are_taken_for_more_witnesses_than_there_are():
    exact = lambda answers: exact_p(int(answers.sum()), answers.size, 3 / 5)  # noqa: E731
    assert false_alarms(exact, 3 / 5, 0.6) > 0.075


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.8])
def test_simulated_persons_are_as_alike_as_they_should_be(alike):
    answers = simulated_answers(np.random.default_rng(1), 0.6, persons=40_000, alike=alike)
    assert answers.mean() == pytest.approx(0.6, abs=0.01)
    assert np.corrcoef(answers.T)[0, 1] == pytest.approx(alike, abs=0.02)
    assert simulated_answers(np.random.default_rng(1), 0.6).shape == (PERSONS, 2)


@pytest.mark.parametrize(
    ("share", "chance", "answers", "expected"),
    [(0.63, 0.5, 43, 0.33), (0.63, 0.5, 86, 0.65), (0.63, 0.5, 129, 0.81),
     (0.72, 0.6, 43, 0.31), (0.72, 0.6, 86, 0.64), (0.5, 1 / 3, 43, 0.62), (0.5, 1 / 3, 86, 0.88)],
)  # fmt: skip
def test_power(share, chance, answers, expected):
    assert power(share, answers, chance) == pytest.approx(expected, abs=0.015)
    p = [exact_p(k, answers, chance) for k in range(answers + 1)]
    by_hand = sum(stats.binom.pmf(k, answers, share) for k in range(answers + 1) if p[k] < 0.05)
    assert power(share, answers, chance) == pytest.approx(by_hand, abs=1e-9)


def test_answers_with_gaps_and_persons_without_any():
    answers = np.array([[1, np.nan], [0, 1], [np.nan, np.nan], [1, 1]])
    assert persons_p(answers, 0.5) == pytest.approx(stats.ttest_1samp([1, 0.5, 1], 0.5).pvalue)
    assert persons_p(np.ones((5, 2)), 0.5) == 0.0
    assert persons_p(np.tile([0.0, 1.0], (5, 1)), 0.5) == 1.0


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: chi_squared_p(5, 4), "5 of 4 answers cannot be"),
        (lambda: exact_p(0, 0, 0.5), "0 of 0 answers cannot be"),
        (lambda: exact_p(1, 2, 1.0), "chance=1.0 must lie between"),
        (lambda: wilson_interval(1, 2, confidence=95), "confidence=95 must lie between"),
        (lambda: persons_p([[0.5, 1]], 0.5), "0, 1 and NaN"),
        (lambda: persons_p([[1, 1]], 0.5), "1 persons answered"),
    ],
)
def test_what_cannot_be_is_refused(call, why):
    with pytest.raises(ValueError, match=why):
        call()
