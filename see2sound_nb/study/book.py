"""The answers to a study that is under way: none is lost, and who withdraws is deleted.

A line is written, flushed and on the disk before it is acknowledged.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import json
import os
import pathlib
import threading
from collections.abc import Sequence
from typing import Any

from see2sound_nb.media.files import atomic_path
from see2sound_nb.study.answers import check_answer, check_participant, read_answers
from see2sound_nb.study.plan import ANSWERS_FILE, Study

#: Of one study, so that nobody can fill a disk.
MOST_PARTICIPANTS = 2000


class AnswerBook:
    """The answers to a study that is under way, in ``answers.jsonl``.

    Parameters
    ----------
    study : Study
    folder : str or path
        Of the study. What the file holds already counts as received.

    Notes
    -----
    For threads of one process. A lock keeps lines whole; a line is on the disk (fsync) before `add` returns.
    Notebook: 08_evaluation.
    """

    def __init__(self, study: Study, folder: str | os.PathLike):
        self.study, self.path = study, pathlib.Path(folder) / ANSWERS_FILE
        self._lock = threading.Lock()
        self._withdrawn: set[str] = set()  # not on the disk: nothing of a listener who withdrew is
        self._known: dict[str, set[int]] = {}
        for answer in read_answers(study, self.path).answers if self.path.exists() else ():
            self._known.setdefault(answer["participant"], set()).add(answer["sequence"])

    @property
    def participants(self) -> int:
        """How many have agreed to take part, and not withdrawn."""
        return len(self._known)

    @property
    def answers(self) -> int:
        """How many answers there are."""
        return sum(map(len, list(self._known.values())))

    def __str__(self) -> str:
        people, given = self.participants, self.answers
        return f"{people} participant{'s' * (people != 1)}, {given} answer{'s' * (given != 1)}"

    def add(self, participant: str, answers: Sequence[Any]) -> list[int]:
        """Keep a listener's answers; those that are there already stay as they are.

        Parameters
        ----------
        participant : str
        answers : sequence
            Of this participant, see `check_answer`; may be empty, to ask what is there.

        Returns
        -------
        list of int
            The numbers of all answers of this participant that are on the disk.

        Raises
        ------
        ValueError
            If one is none (then none is kept), the participant has withdrawn, or there are too many.
        OSError
            If the disk does not take them.
        """
        check_participant(participant)
        for answer in answers:
            if check_answer(self.study, answer)["participant"] != participant:
                raise ValueError("answers of two participants in one message; send them apart")
        with self._lock:
            if participant in self._withdrawn:
                raise ValueError("this participant has withdrawn; begin anew to take part")
            known = set(self._known.get(participant, ()))
            if participant not in self._known and answers and len(self._known) >= MOST_PARTICIPANTS:
                raise ValueError(f"{MOST_PARTICIPANTS} participants have answered, and no more are taken")
            new = list({answer["sequence"]: answer for answer in answers if answer["sequence"] not in known}.values())
            if new:
                self._append("".join(json.dumps(answer, separators=(",", ":")) + "\n" for answer in new))
                self._known[participant] = known | {answer["sequence"] for answer in new}
            return sorted(self._known.get(participant, ()))

    def _append(self, lines: str) -> None:
        new = not self.path.exists()
        with self.path.open("ab+") as file:
            if file.tell() and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n":
                lines = f"\n{lines}"  # a power cut has left half a line: it stays one, and is reported
            file.write(lines.encode())
            file.flush()
            os.fsync(file.fileno())
        if new:
            _sync_folder(self.path.parent)

    def withdraw(self, participant: str) -> None:
        """Delete all answers of a listener, and take no more of his.

        Parameters
        ----------
        participant : str

        Raises
        ------
        ValueError
            If that is no participant's number.
        OSError
            If the disk does not take the new file; then the old one is as it was.
        """
        check_participant(participant)
        with self._lock:
            self._withdrawn.add(participant)
            self._known.pop(participant, None)
            if not self.path.exists():
                return
            lines = self.path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if participant.encode() not in line]
            if len(kept) < len(lines):
                with atomic_path(self.path) as beside, beside.open("wb") as file:
                    file.writelines(kept)
                    file.flush()
                    os.fsync(file.fileno())
                _sync_folder(self.path.parent)


def _sync_folder(folder: pathlib.Path) -> None:
    """A file's name is on the disk, too, where a system knows such a thing."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
