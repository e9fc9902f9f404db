"""The study in a notebook: the same page, and the kernel keeps the answers.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import html
import os
import pathlib
from typing import Any

from see2sound_nb.notebook.widgets import _assets
from see2sound_nb.notebook.widgets._messages import as_message, check_message, label, said
from see2sound_nb.notebook.widgets.kernel_widget import KernelWidget
from see2sound_nb.study.analysis import Analysis, analyse
from see2sound_nb.study.answers import Answers, read_answers
from see2sound_nb.study.book import AnswerBook
from see2sound_nb.study.page import STYLES, media_files
from see2sound_nb.study.plan import MEDIA, SCHEMA, Study, read_study
from see2sound_nb.study.serving import MOST_ANSWERS


class ListeningStudy(KernelWidget):
    """A study to take part in, in a notebook; its answers go to ``answers.jsonl`` in the study's folder.

    An answer is in the browser's store, and then on the kernel's disk, before the next question is shown. What a killed
    kernel has not taken is sent again when the cell is run again, and the listener goes on where he stopped.

    Parameters
    ----------
    folder : str or path
        As `making.make_study` made it.

    Attributes
    ----------
    study : Study
    folder : pathlib.Path

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no study in the folder, or it or its answers cannot be read.

    Notes
    -----
    Paper: appendix B. Notebook: 08_evaluation.
    """

    _esm = _assets.module("listening_study.js")
    _css = _assets.style(*STYLES)

    def __init__(self, folder: str | os.PathLike):
        self.folder = pathlib.Path(folder)
        self.study: Study = read_study(folder)
        self._book = AnswerBook(self.study, folder)
        super().__init__()
        self.on_msg(self._answer)

    def __repr__(self) -> str:
        return f"ListeningStudy({self.study.title!r}, {self.study.shown} items a listener; {self._book})"

    def _page_html(self) -> str:
        """What the study is; it cannot be taken part in without a kernel."""
        return f"<p>{html.escape(repr(self))}. It needs a running kernel: run this cell to take part.</p>"

    def answers(self) -> Answers:
        """What has been answered so far, as `answers.read_answers` reads it from the study's folder."""
        return read_answers(self.study, self.folder)

    def analyse(self) -> Analysis:
        """The answers so far, as `analysis.analyse` counts them."""
        return analyse(self.study, self.answers())

    def _answer(self, widget: Any, content: Any, buffers: list) -> None:
        """Answer a message of the front end; what is wrong with it is said there."""
        if not isinstance(content, dict):
            return
        head = {name: label(content, name) for name in ("number", "view")}
        if any(head[name] is None and content.get(name) is not None for name in head):
            return  # of a front end that is not ours
        try:
            if check_message(content).get("kind") == "start":
                self._start(bool(content.get("as_text", False)))
            else:
                self.send({**head, "kind": "done", **self._kept(content)})
        except ValueError as error:
            self.send({**head, "kind": "refused", "text": said(error)})
        except Exception as error:  # a handler of messages has no caller: its errors would end in a log
            self.send({**head, "kind": "failed", "text": said(f"{type(error).__name__}: {error}")})

    def _start(self, as_text: bool) -> None:
        media = media_files(self.folder / MEDIA)
        told = {"kind": "study", "study": self.study.public(), "names": list(media)}
        self.send(*as_message(told, list(media.values()), as_text))

    def _kept(self, content: dict[str, Any]) -> dict[str, Any]:
        if content.get("schema") != SCHEMA or content.get("study") != self.study.key:
            raise ValueError("the message belongs to another study or schema; run the cell again")
        participant = content.get("participant")
        if content.get("kind") == "withdraw":
            self._book.withdraw(participant)  # type: ignore[arg-type]  # it checks it
            return {"withdrawn": True}
        answers = content.get("answers")
        if content.get("kind") != "answers" or not isinstance(answers, list) or len(answers) > MOST_ANSWERS:
            raise ValueError(f"a message must be answers, at most {MOST_ANSWERS}, or a withdrawal")
        return {"acknowledged": self._book.add(participant, answers)}  # type: ignore[arg-type]
