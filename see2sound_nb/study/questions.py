"""Appendix B's questions: five parts, their choices, which answers speak for the method, and the chance of each.

What an answer at random would do is fixed here, before anybody is asked: who ticks one of five grades blindly gives 3,
4 or 5 in three of five cases.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

#: A source less than this to a side is in the centre, in degrees of azimuth.
CENTRE_DEG = 10.0
#: Where "very close", "moderately close" and "moderately far" end, in metres.
DISTANCES_M = (1.5, 3.0, 6.0)
#: The parts, from 1 on, and what is said to begin each; part 0 is the check of the headphones.
PARTS = (
    ("Headphones", "Do your headphones play what they should? Some of these are hard; guess if in doubt."),
    ("Getting to know", "Listen with the picture in view, as often as you like."),
    ("Rating", "Rate the sound in relation to the picture."),
    ("Direction and distance", "Answer by what you hear, and not by what you see."),
    ("Real or fake", "One of two clips is spatial audio made for this picture, the other one is not."),
    ("Matching", "Three pictures, three sounds: which belongs to which?"),
)
#: Part 2: what is asked, and what is meant by it.
QUALITIES = {
    "realism": ("How realistic is the sound?", "Realism: does it spread as real sound would?"),
    "immersion": ("How immersive is the sound?", "Immersion: does it take you in and surround you?"),
    "accuracy": ("How accurate is the sound?", "Accuracy: does it agree with what is seen, and where?"),
    "clarity": ("How clear is the sound?", "Clarity: can you tell its parts from each other?"),
    "consistency": ("How consistent is the sound?", "Consistency: is it as spatial as with the other pictures?"),
}
YES_NO = (("yes", "Yes"), ("no", "No"))
PLACES = ("left", "right", "center", "behind", "in front", "above", "below")
#: Of `PLACES`, those of which one at most is true of a source.
SIDES = ("left", "right", "center")
DISTANCES = ("very close", "moderately close", "moderately far", "very far")
ACCURACIES = ("very accurate", "moderately accurate", "not accurate")
#: Names of the checks of the headphones, and how many of their trials must be right.
PASSES = {"ears": 4, "softest": 5, "hidden": 6}


@dataclasses.dataclass(frozen=True)
class Question:
    """One question, and what speaks for the method.

    Attributes
    ----------
    key : str
        Its name within its item.
    name : str
        What it asks for, such as ``"realism"``: what is counted together.
    text : str
        As it is asked.
    kind : str
        ``"one"`` choice, ``"grade"`` (1 to 5) or ``"several"``.
    choices : tuple of (str, str)
        The value that is kept, and the words of each choice.
    right : tuple of str
        Values that speak for the method.
    chance : float
        How likely an answer at random does; of ``"several"`` at most so likely, however many are ticked.
    sound : str
        Of several sounds, the one that it is about; else empty.
    note : str
        What is meant by it.
    """

    key: str
    name: str
    text: str
    kind: str
    choices: tuple[tuple[str, str], ...]
    right: tuple[str, ...]
    chance: float
    sound: str = ""
    note: str = ""

    def score(self, value: str | Sequence[str] | None) -> float:
        """1 where an answer speaks for the method, 0 where it does not, NaN where the question was skipped.

        Of ``"several"`` ticks those of left, right and center count: exactly the right one must be among them. Who
        ticks more than one of them has not said where it is; so no way of ticking blindly is right more often than in
        one of three cases.
        """
        if value is None:
            return float("nan")
        if self.kind == "several":
            return float(tuple(side for side in SIDES if side in value) == self.right)
        return float(value in self.right)


def _plain(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, value[:1].upper() + value[1:]) for value in values)


def _share(right: Sequence[str], choices: Sequence) -> float:
    return len(right) / len(choices)


def screening_question(name: str, right: str) -> Question:
    """A trial of the checks of the headphones: ``"ears"``, ``"softest"`` (Woods) or ``"hidden"`` (Huggins)."""
    text, values = {
        "ears": ("Where do you hear the noise?", ("left", "right", "both")),
        "softest": ("Three tones: which one is the softest?", ("first", "second", "third")),
        "hidden": ("Three times noise: in which one is a faint tone hidden?", ("first", "second", "third")),
    }[name]
    return Question(name, name, text, "one", _plain(values), (right,), 1 / 3)


def heard_question() -> Question:
    """Part 1: whether there are directions at all; in the control there are none."""
    return Question(
        "directions", "directions", "Do you hear from which direction sounds come?", "one", YES_NO, ("yes",), 1 / 2
    )


def rating_questions() -> tuple[Question, ...]:
    """Part 2: five qualities from 1 to 5. As in the paper, 3, 4 and 5 speak for the method."""
    choices, right = tuple((str(k), str(k)) for k in range(1, 6)), ("3", "4", "5")
    return tuple(
        Question(name, name, text, "grade", choices, right, _share(right, choices), note=note)
        for name, (text, note) in QUALITIES.items()
    )


def place_questions(label: str, number: int, azimuth_deg: float, distance_m: float) -> tuple[Question, Question]:
    """Part 3: direction and distance of a source.

    Parameters
    ----------
    label : str
        What the source is called.
    number : int
        Of the source in its item, from 1.
    azimuth_deg, distance_m : float
        Where its sound is: positive to the left.

    Returns
    -------
    direction, distance : Question
    """
    side = "center" if abs(azimuth_deg) < CENTRE_DEG else "left" if azimuth_deg > 0 else "right"
    step = DISTANCES[sum(distance_m >= limit for limit in DISTANCES_M)]
    return (
        Question(
            f"direction-{number}", "direction", f"Where do you hear the {label}?", "several",
            _plain(PLACES), (side,), 1 / len(SIDES), note="You can choose several.",
        ),
        Question(
            f"distance-{number}", "distance", f"How far away do you hear the {label}?", "one",
            _plain(DISTANCES), (step,), 1 / len(DISTANCES),
        ),
    )  # fmt: skip


def localization_question() -> Question:
    """Part 3: how well it went, by the listener's own word."""
    right = ACCURACIES[:2]
    return Question(
        "localization", "localization", "How accurately could you locate the sounds?", "one",
        _plain(ACCURACIES), right, _share(right, ACCURACIES),
    )  # fmt: skip


def real_question(spatial: str, other: str) -> Question:
    """Part 4: which of two clips is spatial audio; `spatial` and `other` are keys of sounds."""
    choices = ((spatial, ""), (other, ""))  # their words, Clip A and Clip B, follow the order in which they are shown
    return Question(
        "real", "real", "Which clip is more likely to be real spatial audio?", "one", choices, (spatial,), 1 / 2
    )


def match_questions(pictures: Sequence[str], sounds: Sequence[str]) -> tuple[Question, ...]:
    """Part 5: for each sound its picture; sound k belongs to picture k."""
    choices = tuple((picture, "") for picture in pictures)  # shown as pictures
    return tuple(
        Question(f"match-{sound}", "matching", "Which picture does this sound belong to?", "one", choices, (picture,),
                 1 / len(pictures), sound)
        for picture, sound in zip(pictures, sounds)
    )  # fmt: skip
