"""The paper's listening study (appendix B, Table 2), rebuilt from its p-values, and tested as its questions ask for.

The paper prints ten p-values and no counts. All ten are those of one test: chi-squared against one half, answers of all
43 persons pooled. One half is the chance of none of the questions but one: who ticks one of five grades at random says
"better" in three of five cases, who matches three clips at random is right once in three. Against the chance that each
question has, some claims stand and some do not.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

#: Persons who answered.
PERSONS = 43


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of Table 2.

    Attributes
    ----------
    part : str
        Of appendix B's study: ``"quality"``, ``"place"`` or ``"match"``.
    name : str
        As the paper calls it.
    answers, for_it : int
        How many answers there are, and how many of them speak for the method: the only ones of 43 persons with one to
        three questions from which the printed p follows (for the direction, whose question could be ticked several
        times, a guess). That ``answers - for_it`` speak for it would print the same p, and so would other counts of
        eight questions, which appendix B does not have: with those no quality would stand.
    chance : float
        How likely an answer at random speaks for the method, by the question's own options.
    printed : float
        The p-value that the paper prints.
    truncated : bool
        Whether its last digit was cut and not rounded.
    """

    part: str
    name: str
    answers: int
    for_it: int
    chance: float
    printed: float
    truncated: bool = False


# fmt: off
#: Table 2. Grades 3, 4 and 5 of five count as "for it", so chance is 3/5; very or moderately accurate are two of three;
#: the direction's question could be ticked several times, and its chance is not known: one half, as the paper has it.
TABLE_2 = (
    Row("quality", "Realism", 86, 62, 3 / 5, 4.174e-5),
    Row("quality", "Immersion", 86, 61, 3 / 5, 1.036e-4),
    Row("quality", "Accuracy", 86, 61, 3 / 5, 1.036e-4),
    Row("quality", "Clarity", 86, 64, 3 / 5, 5.927e-6),
    Row("quality", "Consistency", 86, 65, 3 / 5, 2.089e-6),
    Row("place", "Localization", 43, 33, 2 / 3, 4.523e-4, truncated=True),
    Row("place", "Direction", 146, 104, 1 / 2, 2.880e-7),
    Row("place", "Distance", 86, 53, 1 / 4, 3.103e-2),
    Row("match", "Adversarial", 43, 27, 1 / 2, 9.345e-2),
    Row("match", "Matching", 129, 87, 1 / 3, 7.431e-5, truncated=True),
)
# fmt: on


def chi_squared_p(for_it: int, answers: int, chance: float = 0.5) -> float:
    """The p-value of the chi-squared test with one degree of freedom: what the paper's are.

    Parameters
    ----------
    for_it, answers : int
        k of N answers.
    chance : float
        The share that is expected, between 0 and 1.

    Returns
    -------
    float
        Two-sided, without a correction for continuity.

    Raises
    ------
    ValueError
        If the counts or the chance are out of range.

    Notes
    -----
    Pearson (1900). It takes all answers for independent, also those of one person. Notebook: 08_evaluation.

    Examples
    --------
    >>> f"{chi_squared_p(62, 86):.3e}"
    '4.174e-05'
    """
    check_counts(for_it, answers, chance)
    expected = answers * chance
    statistic = (for_it - expected) ** 2 / (expected * (1 - chance))
    return math.erfc(math.sqrt(statistic / 2))


def exact_p(for_it: int, answers: int, chance: float) -> float:
    """The p-value of the exact binomial test, two-sided: of all counts that are no likelier than this one.

    Parameters
    ----------
    for_it, answers, chance
        As in `chi_squared_p`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As `chi_squared_p`.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    from scipy.stats import binomtest

    check_counts(for_it, answers, chance)
    return float(binomtest(for_it, answers, chance).pvalue)


def wilson_interval(for_it: int, answers: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Between which shares the true one lies.

    Parameters
    ----------
    for_it, answers : int
        k of N answers, independent of each other.
    confidence : float
        0 to 1.

    Returns
    -------
    low, high : float
        Shares, 0 to 1.

    Raises
    ------
    ValueError
        As `chi_squared_p`, or if the confidence is not between 0 and 1.

    Notes
    -----
    Wilson (1927). Notebook: 08_evaluation.
    """
    from scipy.stats import norm

    check_counts(for_it, answers, 0.5)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence} must lie between 0 and 1; 0.95 is usual")
    z = float(norm.ppf(0.5 + confidence / 2))
    share, rest = for_it / answers, z * z / answers
    middle = (share + rest / 2) / (1 + rest)
    half = z / (1 + rest) * math.sqrt(share * (1 - share) / answers + rest / (4 * answers))
    return max(0.0, middle - half), min(1.0, middle + half)


def holm(p: Sequence[float]) -> np.ndarray:
    """p-values of a family of tests, so that one wrong claim among all is as rare as one alone would be.

    Parameters
    ----------
    p : sequence of float
        (n,) p-values.

    Returns
    -------
    np.ndarray
        (n,) float64, in the same order.

    Notes
    -----
    Holm (1979). Notebook: 08_evaluation.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values))))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def persons_p(answers: np.ndarray, chance: float) -> float:
    """A test that knows who answered what: persons are drawn, not answers.

    Parameters
    ----------
    answers : np.ndarray
        (persons, questions), 1 where an answer speaks for the method, 0 where it does not, NaN where there is none.
    chance : float
        How likely an answer at random speaks for it.

    Returns
    -------
    float
        Two-sided, by Student's t of the persons' means; 1 where all persons answered alike at chance.

    Raises
    ------
    ValueError
        If there are fewer than two persons with an answer, or an answer is no 0, 1 or NaN.

    Notes
    -----
    Two answers of one person are more alike than two of different persons; a test of pooled answers takes them for
    two witnesses. Notebook: 08_evaluation.
    """
    from scipy.stats import ttest_1samp

    values = np.asarray(answers, dtype=np.float64)
    if values.ndim != 2 or not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        raise ValueError(f"answers of shape {values.shape} must be (persons, questions) of 0, 1 and NaN; code them so")
    means = np.array([np.nanmean(row) for row in values if not np.isnan(row).all()])
    if len(means) < 2:
        raise ValueError(f"{len(means)} persons answered; a test needs at least two: ask more")
    if np.ptp(means) == 0:
        return 1.0 if means[0] == chance else 0.0
    return float(ttest_1samp(means, chance).pvalue)


def simulated_answers(
    rng: np.random.Generator, share: float, *, persons: int = PERSONS, questions: int = 2, alike: float = 0.0
) -> np.ndarray:
    """Answers of a class that is for the method with a given probability.

    Parameters
    ----------
    rng : np.random.Generator
    share : float
        How likely an answer speaks for the method.
    persons, questions : int
    alike : float
        Correlation of two answers of one person, 0 to 1.

    Returns
    -------
    np.ndarray
        (persons, questions) of 0 and 1, float64.

    Notes
    -----
    Each answer is, with probability sqrt(`alike`), what its person answers to everything. Notebook: 08_evaluation.
    """
    own = rng.random((persons, 1)) < share
    follows = rng.random((persons, questions)) < math.sqrt(alike)
    return np.where(follows, own, rng.random((persons, questions)) < share).astype(np.float64)


def power(share: float, answers: int, chance: float, *, level: float = 0.05) -> float:
    """How likely a study finds what is there: the power of `exact_p`.

    Parameters
    ----------
    share : float
        The true share of answers that speak for the method.
    answers : int
        How many there will be, independent of each other.
    chance : float
        As in `chi_squared_p`.
    level : float
        Below which a p-value counts.

    Returns
    -------
    float
        0 to 1.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    from scipy.stats import binom

    check_counts(0, answers, chance)
    counts = np.arange(answers + 1)
    likely = binom.pmf(counts, answers, chance)
    # the exact test's p of each count: the sum over all that are no likelier, up to rounding
    order = np.argsort(likely)
    below = np.cumsum(likely[order])
    p = np.empty(answers + 1)
    p[order] = below[np.searchsorted(likely[order], likely[order] * (1 + 1e-7), side="right") - 1]
    return float(binom.pmf(counts, answers, share)[p < level].sum())


def table_2() -> list[dict[str, object]]:
    """Table 2 read again: each row with the paper's test, and with the one that its question asks for.

    Returns
    -------
    list of dict
        For each of `TABLE_2`: ``part``, ``name``, ``answers``, ``for_it``, ``share`` and its interval ``share_low``,
        ``share_high`` (Wilson, 95 %), ``printed`` by the paper, ``rebuilt`` (chi-squared against one half), ``chance``,
        ``exact`` (binomial, at that chance), ``holm`` (of the exact ones within the part), and ``stands``, whether that
        is below 0.05.

    Notes
    -----
    Paper: Table 2, appendix B. Notebook: 08_evaluation.
    """
    exact = [exact_p(row.for_it, row.answers, row.chance) for row in TABLE_2]
    adjusted = np.empty(len(TABLE_2))
    for part in dict.fromkeys(row.part for row in TABLE_2):
        members = [k for k, row in enumerate(TABLE_2) if row.part == part]
        adjusted[members] = holm([exact[k] for k in members])
    rows: list[dict[str, object]] = []
    for row, p, careful in zip(TABLE_2, exact, adjusted):
        low, high = wilson_interval(row.for_it, row.answers)
        rows.append(
            {
                "part": row.part,
                "name": row.name,
                "answers": row.answers,
                "for_it": row.for_it,
                "share": row.for_it / row.answers,
                "share_low": low,
                "share_high": high,
                "printed": row.printed,
                "rebuilt": chi_squared_p(row.for_it, row.answers),
                "chance": row.chance,
                "exact": p,
                "holm": float(careful),
                "stands": bool(careful < 0.05),
            }
        )
    return rows


def check_counts(for_it: int, answers: int, chance: float) -> None:
    """Raise ValueError if k of N answers, or a chance, cannot be."""
    if answers < 1 or not 0 <= for_it <= answers:
        raise ValueError(f"{for_it} of {answers} answers cannot be; give a count from 0 to their number, at least 1")
    if not 0 < chance < 1:
        raise ValueError(f"chance={chance} must lie between 0 and 1; of three options, one right, it is 1/3")
