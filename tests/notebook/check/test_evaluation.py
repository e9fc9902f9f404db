"""The checks of notebook 08: right answers pass, typical wrong ones are told where they are wrong."""

import math

import numpy as np
import pytest
from scipy import stats

from see2sound_nb import itd_s
from see2sound_nb.measure import simulated_answers
from see2sound_nb.notebook import check


def order_by_itd():
    """What each clip is, by which ear hears its beginning first."""
    kinds = []
    for player in check.three_clips():
        first_s = itd_s(player.audio[:, :8000], player.sample_rate)
        kinds.append("as seen" if first_s > 2e-4 else "mirrored" if first_s < -2e-4 else "mono")
    return kinds


def test_the_order_of_the_clips_is_what_two_ears_measure(capsys):
    order = order_by_itd()
    assert sorted(order) == ["as seen", "mirrored", "mono"]
    check.order_of_clips(order)
    check.order_of_clips(np.array(order))
    assert capsys.readouterr().out.count("right: one of six") == 2
    with pytest.raises(AssertionError, match="what a, b and c are, at index 0"):
        check.order_of_clips(order[::-1])
    with pytest.raises(AssertionError, match="each of 'as seen', 'mirrored', 'mono' once"):
        check.order_of_clips(["mono", "mono", "as seen"])
    with pytest.raises(AssertionError, match="no answer yet"):
        check.order_of_clips(None)


def test_one_clip_is_the_other_with_its_channels_swapped():
    by_kind = dict(zip(order_by_itd(), (player.audio for player in check.three_clips())))
    np.testing.assert_allclose(by_kind["mirrored"], by_kind["as seen"][::-1])
    np.testing.assert_allclose(*by_kind["mono"])
    levels = [np.sqrt(np.mean(np.square(audio))) for audio in by_kind.values()]
    assert levels == pytest.approx([levels[0]] * 3, rel=1e-6)


def test_the_text_of_the_clips_does_not_tell_which_is_mono():
    turned = {line.split("turned by ")[1].split(" dB")[0] for line in repr(check.three_clips()).splitlines()}
    assert len(turned) == 1


def by_definition(k, n, chance, tolerance=1e-7):
    likely = [math.comb(n, i) * chance**i * (1 - chance) ** (n - i) for i in range(n + 1)]
    return sum(one for one in likely if one <= likely[k] * (1 + tolerance))


def test_an_exact_test(capsys):
    check.exact_test(by_definition)
    check.exact_test(lambda k, n, chance: stats.binomtest(k, n, chance).pvalue)
    assert "of 1 in 12 at chance 1/4 it says 0.316, chi-squared 0.182" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda k, n, c: stats.binomtest(k, n, 0.5).pvalue, r"62 of 86 answers, chance 0\.600"),  # the paper's chance
        (lambda k, n, c: stats.binomtest(k, n, c, alternative="greater").pvalue, "27 of 43"),  # one side
        (lambda k, n, c: min(1.0, 2 * min(stats.binom.cdf(k, n, c), stats.binom.sf(k - 1, n, c))), "62 of 86"),  # twice
        (lambda k, n, c: stats.chisquare([k, n - k], [n * c, n - n * c]).pvalue, "27 of 43 .* yours is 0.0934"),
        (lambda k, n, c: stats.binom.pmf(k, n, c), "27 of 43"),  # this count alone
        (lambda k, n, c: by_definition(k, n, c, tolerance=-1e-7), "27 of 43"),  # less likely, not no likelier
        (lambda k, n, c: None, "no answer yet"),
        (0.05, "is no function"),
        (None, "no answer yet"),
    ],
)
def test_a_test_that_is_another_is_told_where(wrong, words):
    with pytest.raises(AssertionError, match=words):
        check.exact_test(wrong)


@pytest.mark.parametrize(("question", "way"), [((5, 4), "for;"), ([7, 6], "for;"), ((7, 1), "against the method")])
def test_a_question_whose_chance_is_far_from_one_half_means_nothing(question, way, capsys):
    check.empty_question(question)
    said = capsys.readouterr().out
    assert way in said
    options, counted = question
    rng = np.random.default_rng(0)
    counts = (rng.integers(0, options, (4000, 43)) < counted).sum(axis=1)
    p = stats.chisquare([counts, 43 - counts], [[21.5], [21.5]]).pvalue
    assert float(said.split("%")[0].split()[-1]) == pytest.approx(100 * np.mean(p < 0.05), abs=0.7)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ((5, 3), "significant in 30% of studies, not in 99%"),  # the paper's
        ((4, 3), "significant in 95% of studies"),
        ((2, 1), "how far is its chance from one half"),
        ((5, 5), r"\(5, 5\) is none; give \(options, those that count\)"),
        ((4, 5), "is none"),
        ((100, 99), "2 to 7 options"),
        ((5.5, 1), "is none"),
        ((5, 4, 3), "is none"),
        (4 / 5, "is none"),
        ("many", "is none"),
        (None, "no answer yet"),
    ],
)
def test_a_question_that_is_none_or_too_good_is_told_so(question, words):
    with pytest.raises(AssertionError, match=words):
        check.empty_question(question)


def alarms_percent(alike, seed=3, studies=1500):
    rng = np.random.default_rng(seed)
    p = [stats.binomtest(k, 516, 0.5).pvalue for k in range(517)]
    classes = [simulated_answers(rng, 0.5, questions=12, alike=alike) for _ in range(studies)]
    return 100 * np.mean([p[int(one.sum())] < 0.05 for one in classes])


def test_alarms_of_pooled_answers(capsys):
    mine = alarms_percent(0.3)
    by_hand = 200 * stats.norm.sf(1.96 / math.sqrt(1 + 11 * 0.3))
    assert mine == pytest.approx(by_hand, abs=3)
    check.alarms_of_pooled_answers(mine)
    assert "516 answers that are so alike weigh as 120 that are not" in capsys.readouterr().out
    for wrong, words in (
        (alarms_percent(0.0), "significant studies of pooled answers: yours is"),  # as if they were independent
        (mine / 100, "measured here"),  # a share
        (100 - mine, "measured here"),
        ("often", "no number"),
        (None, "no answer yet"),
    ):
        with pytest.raises(AssertionError, match=words):
            check.alarms_of_pooled_answers(wrong)
