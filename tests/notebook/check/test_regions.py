"""The checks of notebook 01 let the right answers pass, and say where a wrong one is wrong."""

import re

import numpy as np
import pytest

from see2sound_nb.notebook import check


def ears(*gains):
    """1000 samples of noise for each pair of gains, one after the other."""
    noise = np.random.default_rng(0).standard_normal(1000)
    return np.concatenate([np.outer(gain, noise) for gain in gains], axis=1)


SOUNDS = {"x": ears((1, 2), (2, 1)), "y": ears((2, 1), (2, 1.1))}


def test_the_sound_from_one_place(capsys):
    check.one_place("y", SOUNDS)
    assert "x 12 dB, y 1 dB" in capsys.readouterr().out
    check.one_place("x", {"x": SOUNDS["y"], "y": SOUNDS["x"]})
    for wrong, message in (("x", "not what was measured"), ("left", "none of the answers"), (None, "no answer yet")):
        with pytest.raises(AssertionError, match=message):
            check.one_place(wrong, SOUNDS)


def test_one_of_the_two_sounds_of_notes_comes_from_one_place(capsys):
    sounds = check.two_notes()
    assert list(sounds) == ["x", "y"] and all(ears.shape[0] == 2 for ears in sounds.values())
    with pytest.raises(AssertionError, match="not what was measured"):
        check.one_place("x", sounds)
    check.one_place("y", sounds)
    apart_db, together_db = map(int, re.findall(r"(\d+) dB", capsys.readouterr().out))
    assert apart_db > together_db + 3


def test_the_share_of_the_smaller_mask(capsys):
    check.share_of_smaller(lambda a, b: np.sum(a & b) / max(1, min(np.sum(a), np.sum(b))))
    assert "24 pairs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "no answer yet"),
        (3.0, "is no function"),
        (lambda a, b: None, "no answer yet"),
        (
            lambda a, b: (a & b).sum() / (a | b).sum(),
            "corner of a full mask: yours is 0.25 of the smaller mask, .* be 1 of",
        ),
        (lambda a, b: (a & b).sum() / b.sum(), "the smaller one first: yours is 0.25"),
        (lambda a, b: (a & b).sum() / max(a.sum(), b.sum()), "corner of a full mask: yours is 0.25"),
        (lambda a, b: float((a & b).any()), "random masks, seed 0, pair 0"),
        (lambda a, b: (a & b).sum() / min(a.sum(), b.sum()), "empty one: yours is nan"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_other_shares_are_named(wrong, message):
    with pytest.raises(AssertionError, match=message):
        check.share_of_smaller(wrong)


def block(columns, shape=(4, 6)):
    mask = np.zeros(shape, bool)
    mask[:, :columns] = True
    return mask


def test_a_part_that_is_hidden_in_a_thing(capsys):
    check.hidden_part([block(6), block(4)])
    assert "IoU is 0.67" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "no answer yet"),
        ((block(6), block(5)), "IoU is 0.83, and from 0.7"),
        ((block(3), block(6)), r"pixel \(y, x\) = \(0, 3\) is in the second"),
        ((block(6), block(0)), "the second is empty"),
        ((block(6, (6, 4)), block(3, (6, 4))), r"your shape is \(2, 6, 4\)"),
        ((block(6), block(3, (6, 4))), "not two arrays of one shape"),
    ],
)
def test_other_pairs_are_named(wrong, message):
    with pytest.raises(AssertionError, match=message):
        check.hidden_part(wrong)


def test_what_the_grid_can_miss(capsys):
    check.grid_gap(53.3)  # half the diagonal of a tile of 85.3 x 64 px
    assert "disc of 106 px across" in capsys.readouterr().out
    check.grid_gap(20.0, side=32)
    for wrong in (85.3, 64.0, 106.6, 42.7):
        with pytest.raises(AssertionError, match=r"measured here 5[23]\.\d+ ± 1\.5 px"):
            check.grid_gap(wrong)
    with pytest.raises(AssertionError, match="no answer yet"):
        check.grid_gap(None)
