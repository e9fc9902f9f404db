"""The items of a study: every part, a control for each, and truths that the sounds have."""

import dataclasses
import itertools
import json
import re

import numpy as np
import pytest
from study.small_studies import right_value, scenes

from see2sound_nb.measure.interaural import ild_db
from see2sound_nb.study import questions
from see2sound_nb.study.items import plan_study
from see2sound_nb.study.plan import read_study


@pytest.fixture(scope="module")
def planned():
    return plan_study(scenes(), "Title", ("Consent",), 5)


def of_part(study, part, control=False):
    return [item for item in study.items if item.part == part and item.control == control]


def test_a_listener_gets_all_five_parts_with_a_control_for_each_item(planned):
    study, sounds = planned
    assert study.shown >= 12
    assert len({item.key for item in study.items}) == len(study.items)
    for part in range(1, 6):
        method, control = ({item.pair: item for item in of_part(study, part, c)} for c in (False, True))
        assert method.keys() == control.keys() and method
        for pair, item in method.items():
            assert item.pictures == control[pair].pictures
            assert item.sounds != control[pair].sounds
            assert [q.text for q in item.questions if "fountain" not in q.text]
    assert {sound for item in study.items for sound in item.sounds} | {"left", "right"} == set(sounds)


def test_what_the_controls_are(planned):
    study, sounds = planned
    twin = {(item.pair, item.control): item for item in study.items}
    for item in of_part(study, 1):
        (spatial,), (mono,) = item.sounds, twin[item.pair, True].sounds
        np.testing.assert_array_equal(sounds[mono][0], sounds[mono][1])
        together = sounds[spatial].mean(axis=0)
        assert np.corrcoef(together, sounds[mono][0])[0, 1] > 0.9999
    for item in of_part(study, 2):
        (own,), (strange,) = item.sounds, twin[item.pair, True].sounds
        assert {item.sounds for item in of_part(study, 1)} >= {(own,), (strange,)}
    for item in of_part(study, 3):
        (own,), (mirrored,) = item.sounds, twin[item.pair, True].sounds
        np.testing.assert_array_equal(sounds[own], sounds[mirrored][::-1])
        sides = [[q.right for q in one.questions if q.name == "direction"] for one in (item, twin[item.pair, True])]
        assert sides in ([[("left",), ("right",)], [("right",), ("left",)]],
                         [[("right",), ("left",)], [("left",), ("right",)]])  # fmt: skip
        distances = [[q.right for q in one.questions if q.name == "distance"] for one in (item, twin[item.pair, True])]
        assert distances[0] == distances[1]
    for item in of_part(study, 5):
        assert all(q.right != () for q in item.questions)
        for sound in twin[item.pair, True].sounds:
            np.testing.assert_array_equal(sounds[sound][0], sounds[sound][1])


def test_the_side_that_is_right_is_the_side_that_is_louder():
    three = scenes()
    one_sided = [  # the dog on the left alone, and the engine on the right alone
        dataclasses.replace(
            scene,
            **{name: getattr(scene, name)[[k]] for name in ("masks", "boxes", "positions_m", "audio")},
            **{name: [getattr(scene, name)[k]] for name in ("contours", "polygons", "patches", "labels")},
        )
        for scene, k in ((three[0], 0), (three[1], 2), (three[2], 0))
    ]
    study, sounds = plan_study(one_sided, "T", ("C",), 0)
    asked = 0
    for item in study.items:
        for question in item.questions:
            if question.name == "direction":
                louder = "left" if ild_db(sounds[item.sounds[0]]) > 0 else "right"
                assert question.right == (louder,), item
                asked += 1
    assert asked == 6


def test_all_sounds_of_items_are_equally_loud_and_none_clips(planned):
    study, sounds = planned
    played = {sound for item in study.items if item.part for sound in item.sounds}
    levels = [10 * np.log10(np.mean(np.square(sounds[sound], dtype=np.float64))) for sound in played]
    assert np.ptp(levels) < 0.01
    assert max(np.abs(sound).max() for sound in sounds.values()) <= 1


def test_chance_is_what_answers_at_random_get(rng):
    study, _ = plan_study(scenes(), "T", ("C",), 0)
    asked = {q.name: q for item in study.items for q in item.questions}
    assert set(asked) == {
        "ears", "softest", "hidden", "directions", *questions.QUALITIES, "direction", "distance", "localization",
        "real", "matching",
    }  # fmt: skip
    for name, question in asked.items():
        values = [value for value, _ in question.choices]
        if question.kind == "several":
            for share in (0.1, 0.5, 0.9):
                ticks = [[v for v in values if rng.random() < share] for _ in range(3000)]
                assert np.mean([question.score(t) for t in ticks]) < question.chance
            one = [[values[rng.integers(3)]] for _ in range(3000)]
            assert np.mean([question.score(t) for t in one]) == pytest.approx(question.chance, abs=0.03), name
        else:
            assert np.mean([question.score(v) for v in values]) == pytest.approx(question.chance), name
        assert question.score(right_value(question)) == 1
        assert np.isnan(question.score(None))


def test_a_tick_on_the_other_side_is_no_answer():
    direction, _ = questions.place_questions("dog", 1, 30.0, 2.0)
    assert direction.score(["left", "in front", "above"]) == 1
    for ticks in (["left", "right"], ["left", "center"], ["in front"], ["right"], []):
        assert direction.score(ticks) == 0


@pytest.mark.parametrize(
    ("azimuth_deg", "distance_m", "side", "distance"),
    [
        (9.9, 1.4, "center", "very close"), (10, 1.5, "left", "moderately close"),
        (-10, 3, "right", "moderately far"), (-80, 6, "right", "very far"),
    ],
)  # fmt: skip
def test_truth_follows_from_the_place(azimuth_deg, distance_m, side, distance):
    asked = questions.place_questions("dog", 1, azimuth_deg, distance_m)
    assert [q.right for q in asked] == [(side,), (distance,)]


def test_a_source_is_asked_for_if_its_name_is_its_own():
    three = scenes()
    twins = [
        dataclasses.replace(scene, labels=[{**label, "label": "dog"} for label in scene.labels]) for scene in three
    ]
    with pytest.raises(ValueError, match=r"no source of any photo is 10 degrees or more to a side.*add a photo"):
        plan_study(twins, "T", ("C",), 0)
    study, _ = plan_study([twins[0], twins[1], three[2]], "T", ("C",), 0)
    assert len(of_part(study, 3)) == 1 and study.shown == 14


def test_a_seed_gives_the_same_study_and_the_page_does_not_tell_the_truth(made):
    study, folder = made
    assert read_study(folder) == study
    again, _ = plan_study(scenes(), study.title, study.consent, 3)
    other, _ = plan_study(scenes(), study.title, study.consent, 4)
    assert again == study
    assert other.key != study.key
    told = json.dumps(study.public())
    assert not re.search(r'"right":|control|chance', told)
    by_key = {item.key: item for item in study.items}
    order = [by_key[told["key"]].control for told in study.public()["items"] if told["part"]]
    assert order != [False, True] * (len(order) // 2) and any(a and b for a, b in itertools.pairwise(order))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 9}, "has schema 9, this version reads 1"),
        ({"items": [{}]}, "is damaged"),
        (None, "is damaged"),
    ],
)
def test_a_study_that_cannot_be_read_says_so(folder, tmp_path, change, said):
    text = (folder / "study.json").read_text()
    (tmp_path / "study.json").write_text(json.dumps({**json.loads(text), **change}) if change else text[:-20])
    with pytest.raises(ValueError, match=said):
        read_study(tmp_path)
    with pytest.raises(FileNotFoundError, match="see2sound study make"):
        read_study(tmp_path / "nowhere")
