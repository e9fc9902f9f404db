"""A study as data: its items, what is asked of each, and the file study.json that holds it.

The page gets less than the file: neither which answers are right nor which items are controls.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pathlib
from typing import Any

from see2sound_nb.media.files import atomic_path
from see2sound_nb.study.questions import PARTS, Question

#: Of study.json and of the answers. A reader refuses what it does not know.
SCHEMA = 1
STUDY_FILE, PAGE_FILE, ANSWERS_FILE, MEDIA = "study.json", "study.html", "answers.jsonl", "media"
#: The first step is no item: the listener agrees to take part.
CONSENT = "consent"


@dataclasses.dataclass(frozen=True)
class Item:
    """What is shown and played together, and what is asked about it.

    Attributes
    ----------
    key : str
        Says nothing about what it is.
    part : int
        1 to 5 as in appendix B; 0 is the check of the headphones.
    control : bool
        Whether another sound stands in for the method's.
    pair : str
        The same for an item and its control; a listener gets both.
    pictures, sounds : tuple of str
        Names of files, without their endings.
    questions : tuple of Question
    """

    key: str
    part: int
    control: bool
    pair: str
    pictures: tuple[str, ...]
    sounds: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclasses.dataclass(frozen=True)
class Study:
    """A study.

    Attributes
    ----------
    key : str
        Of this study; every answer bears it.
    title : str
    seed : int
        Of the order of items.
    consent : tuple of str
        What a listener agrees to, in paragraphs.
    items : tuple of Item
    pictures : dict of str to str
        For each picture what is in it, in words.
    pairs : dict of int to int
        For each part how many pairs a listener gets; all, where there are no more.
    """

    key: str
    title: str
    seed: int
    consent: tuple[str, ...]
    items: tuple[Item, ...]
    pictures: dict[str, str]
    pairs: dict[int, int]

    def question(self, item: str, key: str) -> Question | None:
        """A question by its item's key and its own; None if there is none."""
        return self._questions.get((item, key))

    @functools.cached_property
    def _questions(self) -> dict[tuple[str, str], Question]:
        return {(item.key, question.key): question for item in self.items for question in item.questions}

    @property
    def steps(self) -> int:
        """The most answers of one listener: consent, checks, and his items' questions."""
        most = {0: sum(len(item.questions) for item in self.items if item.part == 0)}
        for part, shown in self.pairs.items():
            pairs: dict[str, int] = {}
            for item in self.items:
                if item.part == part:
                    pairs[item.pair] = pairs.get(item.pair, 0) + len(item.questions)
            most[part] = sum(sorted(pairs.values(), reverse=True)[:shown])
        return 1 + sum(most.values())

    @property
    def shown(self) -> int:
        """How many items a listener gets, the checks of the headphones left aside."""
        pairs = {part: len({item.pair for item in self.items if item.part == part}) for part in self.pairs}
        return sum(2 * min(shown, pairs[part]) for part, shown in self.pairs.items())

    def public(self) -> dict[str, Any]:
        """What the page may know."""
        return {
            "schema": SCHEMA,
            "key": self.key,
            "title": self.title,
            "seed": self.seed,
            "consent": list(self.consent),
            "parts": [{"name": name, "text": text} for name, text in PARTS],
            "pairs": {str(part): shown for part, shown in self.pairs.items()},
            "pictures": self.pictures,
            "items": [
                {
                    "key": item.key,
                    "part": item.part,
                    "pair": item.pair,
                    "pictures": item.pictures,
                    "sounds": item.sounds,
                    "questions": [
                        {name: getattr(question, name) for name in ("key", "text", "note", "kind", "choices", "sound")}
                        for question in item.questions
                    ],
                }
                for item in sorted(self.items, key=lambda item: (item.part, item.key if item.part else ""))
            ],
        }

    def save(self, folder: str | os.PathLike) -> pathlib.Path:
        """Write study.json into a folder."""
        path = pathlib.Path(folder) / STUDY_FILE
        with atomic_path(path) as beside:
            beside.write_text(json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, indent=1), "utf-8")
        return path


def read_study(folder: str | os.PathLike) -> Study:
    """Read the study in a folder.

    Parameters
    ----------
    folder : str or path
        As `making.make_study` made it.

    Returns
    -------
    Study

    Raises
    ------
    FileNotFoundError
        If there is no study.
    ValueError
        If the file is damaged or of another schema.
    """
    path = pathlib.Path(folder) / STUDY_FILE
    if not path.is_file():
        raise FileNotFoundError(f"no study in {folder} ({STUDY_FILE} is missing); make one: see2sound study make")
    try:
        told = json.loads(path.read_text("utf-8"))
        if told["schema"] == SCHEMA:
            return Study(
                told["key"], told["title"], told["seed"], tuple(told["consent"]),
                tuple(_item(item) for item in told["items"]), told["pictures"],
                {int(part): shown for part, shown in told["pairs"].items()},
            )  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error!r}); make the study again, with the same seed") from error
    raise ValueError(
        f"{path} has schema {told['schema']!r}, this version reads {SCHEMA}; use the version that wrote it"
    )


def _item(told: dict[str, Any]) -> Item:
    questions = tuple(
        Question(**{**asked, "choices": tuple(map(tuple, asked["choices"])), "right": tuple(asked["right"])})
        for asked in told["questions"]
    )
    changed = {"pictures": tuple(told["pictures"]), "sounds": tuple(told["sounds"]), "questions": questions}
    return Item(**{**told, **changed})
