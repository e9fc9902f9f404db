"""A small study of short sounds, and answers to it, made without any model and any browser."""

import dataclasses

import numpy as np
from browser.scenes import three_sources

from see2sound_nb.study.plan import SCHEMA

RATE = 16000


def scenes(count=3, seconds=0.3):
    """Scenes of three sources each: a dog on the left, a fountain ahead, an engine on the right; others in each."""
    base = three_sources(max_order=1)
    return [
        dataclasses.replace(
            base,
            image=np.roll(base.image[::4, ::4], 60 * k, axis=1),
            audio=np.roll(base.audio, 1000 * k, axis=1)[:, : round(seconds * RATE)],
        )
        for k in range(count)
    ]


def participant(number):
    return f"{number:032x}"


def answer(study, who, sequence, item, question, value):
    return {
        "schema": SCHEMA, "study": study.key, "participant": who, "sequence": sequence, "item": item,
        "question": question, "value": value, "plays": 1, "seconds": 2.5,
    }  # fmt: skip


def answers_of(study, who, choose):
    """All answers of a listener: `choose(item, question)` says what is answered."""
    asked = []
    for item in study.items:
        before = list(dict.fromkeys(other.pair for other in study.items if other.part == item.part))
        if item.part == 0 or before.index(item.pair) < study.pairs[item.part]:
            asked += [(item, question) for question in item.questions]
    lines = [answer(study, who, 1, "consent", "consent", "yes")]
    for sequence, (item, question) in enumerate(asked, start=2):
        lines.append(answer(study, who, sequence, item.key, question.key, choose(item, question)))
    return lines


def right_value(question):
    """A value that speaks for the method."""
    return list(question.right) if question.kind == "several" else question.right[0]


def wrong_value(question):
    """One that does not."""
    value = next(value for value, _ in question.choices if value not in question.right)
    return [value] if question.kind == "several" else value
