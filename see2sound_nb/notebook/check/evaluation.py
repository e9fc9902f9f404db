"""Checks of notebook 08: which clip is mono, an exact test, a question without meaning, answers that are alike.

Notebook: 08_evaluation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from see2sound_nb.measure.listening import PERSONS, chi_squared_p, exact_p, simulated_answers
from see2sound_nb.notebook.check._compare import SAMPLE_RATE, answered, function, in_order, right, same, within
from see2sound_nb.notebook.players import Players, compare
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import room_around

#: Where the horn of the clips is at the start and at the end, as azimuths in degrees, and in how many steps it goes.
FROM_DEG, TO_DEG, STEPS = 70.0, -70.0, 12
#: Counts k, answers N and chance of the exact tests.
TESTS = (
    (27, 43, 1 / 2),
    (62, 86, 3 / 5),
    (33, 43, 2 / 3),
    (87, 129, 1 / 3),
    (1, 12, 1 / 4),
    (0, 9, 1 / 2),
    (5, 10, 1 / 2),
)
#: The most options of a question, the level of the test, and how often it has to give alarm.
MOST_OPTIONS, LEVEL, OFTEN = 7, 0.05, 0.99
#: The class of the last exercise: items each, correlation of a person's answers, chance; how often it is simulated.
ITEMS, ALIKE, CHANCE, STUDIES = 12, 0.3, 1 / 2, 2000


def three_clips() -> Players:
    """A horn that goes from left to right: as it is seen, mirrored, and mono, in an order to be heard.

    Returns
    -------
    Players
        "a", "b" and "c", each two seconds of two channels, for headphones.

    Notes
    -----
    The picture, which is left to the imagination, has it go from left to right. Notebook: 08_evaluation.
    """
    ears = _passing()
    kinds = {"as seen": ears, "mirrored": ears[::-1], "mono": np.tile(ears.mean(axis=0), (2, 1))}
    level = {kind: 0.1 * clip / np.sqrt(np.mean(clip**2)) for kind, clip in kinds.items()}  # else it would tell
    return compare({f"clip {name}": level[kind] for name, kind in zip("abc", _order())}, SAMPLE_RATE)


def order_of_clips(yours: list[str]) -> None:
    """Check what the clips of `three_clips` are.

    Parameters
    ----------
    yours : list of str
        Of a, b and c: ``"as seen"``, ``"mirrored"`` and ``"mono"``, each once.

    Raises
    ------
    AssertionError
        If there is no answer, not each word once, or one is in a wrong place: the first one, with its index.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    in_order(yours, _order(), "what a, b and c are")
    right("one of six answers: who guesses finds it in 17 % of cases, and three who guess all find it in 0.5 %")


def exact_test(yours: Callable[[int, int, float], float]) -> None:
    """Check an exact binomial test, two-sided.

    Parameters
    ----------
    yours : callable
        Takes k int, N int and the chance, 0 to 1; returns the p-value.

    Raises
    ------
    AssertionError
        If there is no function, or a p-value is wrong: the first one, with its counts.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    function(yours, "exact_test")
    for for_it, answers, chance in TESTS:
        case = f"{for_it} of {answers} answers, chance {chance:.3f}"
        same(yours(for_it, answers, chance), exact_p(for_it, answers, chance), case)
    exact, approximate = exact_p(1, 12, 1 / 4), chi_squared_p(1, 12, 1 / 4)
    right(f"of 1 in 12 at chance 1/4 it says {exact:.3f}, chi-squared {approximate:.3f}: that one is for many answers")


def empty_question(yours: tuple[int, int]) -> None:
    """Check a question that 43 persons answer at random, and that the paper's test finds significant all the same.

    Parameters
    ----------
    yours : (int, int)
        How many options it has, 2 to 7, and how many of them count as "for it".

    Raises
    ------
    AssertionError
        If it is no such question, or random answers are below 0.05 in fewer than 99 of 100 studies.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    answered(yours, "the question")
    try:
        options, counted = (int(value) for value in yours)
        whole = options == yours[0] and counted == yours[1]
    except (TypeError, ValueError):
        options, counted, whole = 0, 0, False
    if not (whole and 2 <= options <= MOST_OPTIONS and 1 <= counted < options):
        raise AssertionError(
            f"the question: {yours!r} is none; give (options, those that count), 2 to {MOST_OPTIONS} options, of which "
            "at least one counts and one does not"
        )
    often = _alarms(counted / options, 1 / 2)
    if often < OFTEN:
        raise AssertionError(
            f"the question: where {counted} of {options} options count, random answers are significant in "
            f"{often:.0%} of studies, not in {OFTEN:.0%}; how far is its chance from one half?"
        )
    way = "for" if 2 * counted > options else "against the method, which a p without counts does not tell from for"
    honest = _alarms(counted / options, counted / options)
    right(f"{often:.1%} of studies are significant, {way}; against the chance of the question {honest:.1%}")


def alarms_of_pooled_answers(yours: float) -> None:
    """Check in how many of a hundred studies pooled answers are significant though nobody heard anything.

    Parameters
    ----------
    yours : float
        In percent: of 43 persons with 12 answers each, correlated by 0.3, at chance 1/2, by the exact test.

    Raises
    ------
    AssertionError
        If it is farther than 4 from what is simulated here.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    rng = np.random.default_rng(8)
    p = np.array([exact_p(k, PERSONS * ITEMS, CHANCE) for k in range(PERSONS * ITEMS + 1)])
    sums = [
        int(simulated_answers(rng, CHANCE, persons=PERSONS, questions=ITEMS, alike=ALIKE).sum()) for _ in range(STUDIES)
    ]
    within(yours, 100 * float(np.mean(p[sums] < LEVEL)), 4.0, "significant studies of pooled answers", "%")
    witnesses = PERSONS * ITEMS / (1 + (ITEMS - 1) * ALIKE)
    right(f"{PERSONS * ITEMS} answers that are so alike weigh as {witnesses:.0f} that are not")


def _order() -> list[str]:
    return np.random.default_rng(18).permutation(["as seen", "mirrored", "mono"]).tolist()


def _passing() -> np.ndarray:
    """A horn from left to right, (2, T), in steps that are faded into each other."""
    seconds = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    horn = np.sum([np.sin(2 * np.pi * 330 * k * seconds) / k for k in range(1, 12)], axis=0)
    horn *= 0.6 + 0.4 * np.sin(2 * np.pi * 3 * seconds)
    along = seconds / seconds[-1] * (STEPS - 1)
    ears = np.zeros((2, len(seconds)))
    for k, azimuth_deg in enumerate(np.linspace(FROM_DEG, TO_DEG, STEPS)):
        place_m = 2.0 * unit_vectors(np.array([azimuth_deg]))
        h = impulse_responses(room_around(place_m, max_order=0), place_m, "binaural", sample_rate=SAMPLE_RATE)
        part = horn * np.cos(np.pi / 2 * np.clip(np.abs(along - k), 0, 1)) ** 2
        ears += render_channels(part[None], h)[:, : len(seconds)]
    return ears


def _alarms(share: float, chance: float) -> float:
    """How likely the chi-squared test against a chance is significant, if 43 answers are for it with this share."""
    from scipy.stats import binom

    return float(
        sum(binom.pmf(k, PERSONS, share) for k in range(PERSONS + 1) if chi_squared_p(k, PERSONS, chance) < LEVEL)
    )
