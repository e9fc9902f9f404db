"""Processes that share items: one that dies takes nobody with it, and one that cannot start says so."""

import collections
import contextlib

import psutil
import pytest
from batches import fakes

from see2sound_nb.batches.processes import Pool


def items(folder, *texts):
    """Items whose photos say so."""
    made = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.jpg"
        path.write_text(text)
        made.append({"name": f"{number}", "photo": path.name, "path": str(path), "prompt": None, "seed": 0})
    return made


def pool(out, count=2, program=fakes.PROGRAM, **how):
    return Pool({**fakes.SETTINGS, "out": str(out)}, [{}] * count, program, **how)


def children():
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_one_that_dies_is_replaced_and_its_item_is_tried_once_more(tmp_path):
    texts = ["well", "die", "once", "fail too dark", "odd", *["well"] * 5]
    before = children()
    lines = {item["name"]: line for item, line in pool(tmp_path).make(items(tmp_path, *texts))}
    assert len(lines) == len(texts) and children() <= before
    assert collections.Counter(line["status"] for line in lines.values()) == {"done": 7, "failed": 3}
    assert "2 times" in lines["1"]["error"] and "memory" in lines["1"]["error"]
    assert lines["2"]["status"] == "done"  # at the second try
    assert lines["3"]["error"] == "too dark in two lines"
    assert lines["4"]["error"].startswith("KeyError: ")
    assert sorted(path.name for path in tmp_path.glob("*.wav")) == sorted(f"{k}.wav" for k in (0, 2, 5, 6, 7, 8, 9))
    assert not list(tmp_path.glob(".see2sound*"))


def test_the_last_item_is_tried_again_too(tmp_path):
    ((_, line),) = pool(tmp_path, 1).make(items(tmp_path, "once"))
    assert line["status"] == "done"


def test_items_go_on_at_the_same_time(tmp_path):
    """Two that wait for each other would never end one after the other."""
    order = [item["name"] for item, _ in pool(tmp_path).make(items(tmp_path, "sleep 2", *["well"] * 4))]
    assert order[-1] == "0"


@pytest.mark.parametrize(
    ("how", "kind", "said"),
    [
        ("never", MemoryError, "before its models were loaded; give fewer processes"),
        ("refuse", ValueError, "^the weights are damaged; fetch them again$"),
    ],
)
def test_if_no_process_can_start_the_batch_ends(tmp_path, how, kind, said):
    warned = []
    with pytest.raises(kind, match=said):
        list(pool(tmp_path, 2, fakes.PROGRAM.replace("serve", how), warn=warned.append).make(items(tmp_path, "a", "b")))
    assert len(warned) == 1 and "1 go on" in warned[0]


def test_without_one_process_that_cannot_start_the_others_do_all(tmp_path, monkeypatch):
    program = fakes.PROGRAM.replace("fakes.serve()", "import os; getattr(fakes, os.environ['HOW'])()")
    made = Pool({**fakes.SETTINGS, "out": str(tmp_path)}, [{"HOW": "serve"}, {"HOW": "never"}], program)
    lines = [line for _, line in made.make(items(tmp_path, *["sleep 0.1"] * 6))]
    assert [line["status"] for line in lines] == ["done"] * 6


def test_an_answer_that_is_none_ends_the_batch_and_does_not_hang_it(tmp_path):
    program = "print('a poem', flush=True); input()"
    with pytest.raises(ValueError, match="Expecting value"):
        list(pool(tmp_path, 1, program).make(items(tmp_path, "well")))


def test_who_stops_early_leaves_no_process(tmp_path):
    before = children()
    with contextlib.closing(pool(tmp_path).make(items(tmp_path, "well", *["sleep 60"] * 4))) as answers:
        assert next(answers)[1]["status"] == "done"
        assert len(children() - before) == 2
    assert children() <= before
