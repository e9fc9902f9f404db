"""Answers, one a line of JSON: what one must look like, and how they are read again.

What was sent twice, because an acknowledgement was lost, counts once: a listener and a number make an answer.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import pathlib
import re
from collections.abc import Iterable
from typing import Any

from see2sound_nb.study.plan import CONSENT, SCHEMA, Study

#: A listener's random number, made in the browser.
PARTICIPANT = re.compile(r"[0-9a-f]{32}")
FIELDS = {"schema", "study", "participant", "sequence", "item", "question", "value", "plays", "seconds"}
#: Ranges of what is kept beside an answer.
MOST_PLAYS, MOST_SECONDS = 1000, 1e6

Answer = dict[str, Any]


def check_answer(study: Study, answer: Any) -> Answer:
    """An answer, if that is what it is.

    Parameters
    ----------
    study : Study
    answer : object
        From JSON: ``schema``, ``study``, ``participant`` (32 hexadecimal digits), ``sequence`` (from 1), ``item``,
        ``question``, ``value`` (one of the question's, a list of them for ``"several"``, null where it was skipped),
        ``plays`` (how often a sound was begun) and ``seconds`` (from when it was shown).

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If it is none, or none to this study.
    """
    if not isinstance(answer, dict) or set(answer) != FIELDS:
        if isinstance(answer, dict) and answer.get("schema", SCHEMA) != SCHEMA:
            raise ValueError(_schema(answer["schema"]))
        raise ValueError(f"an answer must be an object with {', '.join(sorted(FIELDS))}; send it as the page does")
    if answer["schema"] != SCHEMA or isinstance(answer["schema"], bool):
        raise ValueError(_schema(answer["schema"]))
    if answer["study"] != study.key:
        raise ValueError(f"an answer to study {_short(answer['study'])}, this is {study.key}; keep studies apart")
    check_participant(answer["participant"])
    _check_number("sequence", answer["sequence"], 1, study.steps, whole=True)
    _check_number("plays", answer["plays"], 0, MOST_PLAYS, whole=True)
    _check_number("seconds", answer["seconds"], 0, MOST_SECONDS)
    _check_value(study, answer)
    return answer


def check_participant(participant: Any) -> str:
    """Return a participant's number, or raise ValueError."""
    if not isinstance(participant, str) or not PARTICIPANT.fullmatch(participant):
        raise ValueError(f"participant {_short(participant)} must be 32 hexadecimal digits, made at random by the page")
    return participant


def _check_value(study: Study, answer: Answer) -> None:
    item, key, value = answer["item"], answer["question"], answer["value"]
    if item == key == CONSENT and value == "yes":
        return
    question = study.question(item, key) if isinstance(item, str) and isinstance(key, str) else None
    if question is None:
        raise ValueError(f"no question {_short(key)} of item {_short(item)} is in study {study.key}; make both again")
    known = {choice for choice, _ in question.choices}
    given = value if question.kind == "several" else [value]
    if value is None:
        return
    if (
        not isinstance(given, list)
        or not all(isinstance(part, str) and part in known for part in given)
        or len(set(given)) != len(given)
    ):
        raise ValueError(
            f"value {_short(value)} is no choice of {key!r} in {item}; they are {', '.join(sorted(known))}"
        )


def _check_number(name: str, value: Any, least: float, most: float, *, whole: bool = False) -> None:
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not fits or not math.isfinite(value) or not least <= value <= most:
        raise ValueError(f"{name} {_short(value)} must be a {'whole ' if whole else ''}number from {least} to {most:g}")


def _schema(found: Any) -> str:
    return f"answers of schema {_short(found)}, this version reads {SCHEMA}; use the version that made the study"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


@dataclasses.dataclass(frozen=True)
class Answers:
    """What was read.

    Attributes
    ----------
    answers : tuple of dict
        Each once, in the order of participants and numbers.
    notes : tuple of str
        What was left out, or is missing, in words.
    """

    answers: tuple[Answer, ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.answers)


def read_answers(study: Study, source: str | os.PathLike | Iterable[str | os.PathLike]) -> Answers:
    """Read answers, as the server and the widget keep them and as the page hands them out.

    Parameters
    ----------
    study : Study
    source : str, path or iterable of them
        A .jsonl file, several, or a folder: all .jsonl files in it.

    Returns
    -------
    Answers
        The same answer twice counts once; of two that differ the first counts. A last line that is cut off, as by a
        power cut, is left out; so is a damaged line before. `Answers.notes` says all this, and where numbers are
        missing.

    Raises
    ------
    FileNotFoundError
        If a file is not there.
    ValueError
        If a line has another schema, belongs to another study, or is no answer to this one.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    found: dict[tuple[str, int], Answer] = {}
    notes: list[str] = []
    repeated = differing = 0
    for path in _files(source):
        lines = path.read_bytes().split(b"\n")
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                told = json.loads(line)
            except ValueError:  # of JSON and of UTF-8
                what = "is cut off" if number == len(lines) else "is damaged"
                notes.append(f"{path.name}, line {number} {what} and was left out")
                continue
            try:
                answer = check_answer(study, told)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
            before = found.setdefault((answer["participant"], answer["sequence"]), answer)
            if before is not answer:
                repeated += 1
                differing += before != answer
    if repeated:
        more = f", {differing} of them with another content: the first counts" if differing else ""
        notes.append(f"{repeated} answers were there twice{more}")
    notes += _gaps(found)
    return Answers(tuple(found[key] for key in sorted(found)), tuple(notes))


def _files(source: str | os.PathLike | Iterable[str | os.PathLike]) -> list[pathlib.Path]:
    paths = [pathlib.Path(source)] if isinstance(source, str | os.PathLike) else [pathlib.Path(p) for p in source]
    files = [file for path in paths for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])]
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"no answers at {file}; give a .jsonl file, or the folder of the study")
    return files


def _gaps(found: Iterable[tuple[str, int]]) -> list[str]:
    """A note for every participant of whom numbers are missing before the last one."""
    numbers: dict[str, list[int]] = {}
    for participant, sequence in sorted(found):
        numbers.setdefault(participant, []).append(sequence)
    return [
        f"participant {participant[:8]}: {own[-1] - len(own)} of {own[-1]} answers are missing"
        for participant, own in numbers.items()
        if own[-1] > len(own)
    ]
