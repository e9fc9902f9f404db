"""What the checks share: right answers in any form pass, others are named with their place and unit."""

import numpy as np
import pytest

from see2sound_nb.notebook.check import _compare


def test_a_number_may_be_pythons_numpys_or_torchs():
    import torch

    for yours in (15, 15.2, np.float32(15.2), np.array(15.2), [15.2], np.array([[15.2]]), torch.tensor(15.2)):
        _compare.within(yours, 15.0, 0.5, "one degree", "px")
    with pytest.raises(AssertionError, match=r"one degree: yours is 16 px, measured here 15 ± 0\.5 px"):
        _compare.within(torch.tensor(16.0), 15.0, 0.5, "one degree", "px")
    complex_ones = (1j, np.complex128(1 + 1j), np.array([1 + 1j]), torch.tensor(1 + 1j))
    for nothing in ("15", True, [15, 15], [], {}, *complex_ones, torch.tensor(1.0, requires_grad=True)):
        with pytest.raises(AssertionError, match="is no number; give one, in px"):
            _compare.number(nothing, "one degree", "px")
    for no_answer in (None, ...):
        with pytest.raises(AssertionError, match="no answer yet"):
            _compare.number(no_answer, "one degree", "px")


def test_arrays_are_compared_value_by_value():
    _compare.same([[1, 2], [3, 4]], np.array([[1.0, 2.0], [3.0, 4.0]]), "the box", "px")
    with pytest.raises(AssertionError, match=r"the box: at index \(1, 0\) yours is 5 px, it should be 3 px \(1 of 4"):
        _compare.same([[1, 2], [5, 4]], [[1, 2], [3, 4]], "the box", "px")
    with pytest.raises(AssertionError, match=r"your shape is \(2,\), it should be \(2, 2\)"):
        _compare.same([1, 2], [[1, 2], [3, 4]], "the box")
    with pytest.raises(AssertionError, match="complex"):
        _compare.same(np.array([1 + 0j, 2]), [1, 2], "the spectrum")
    with pytest.raises(AssertionError, match="no number or array"):
        _compare.same(["one", 2], [1, 2], "the box")
    with pytest.raises(AssertionError, match="index 1 yours is nan"):
        _compare.same([1, np.nan], [1, 2], "the box")


def test_a_word_may_be_of_an_array():
    choices = ("left", "right")
    _compare.chosen(np.array(["left"])[0], "left", choices, "the noise")
    with pytest.raises(AssertionError, match="'right' is not what was measured"):
        _compare.chosen("right", "left", choices, "the noise")
    with pytest.raises(AssertionError, match="'up' is none of the answers 'left', 'right'"):
        _compare.chosen("up", "left", choices, "the noise")


def test_words_in_an_order_may_be_in_a_list_a_tuple_or_an_array():
    expected = ["front", "left", "right"]
    for yours in (expected, tuple(expected), np.array(expected)):
        _compare.in_order(yours, expected, "order")
    for wrong in (3, "left", np.array("left"), {*expected}, [3, 2, 1], ["left"] * 3, expected[:2], [["left"], 2, 3]):
        with pytest.raises(AssertionError, match="order: give a list with each of 'front', 'left', 'right' once"):
            _compare.in_order(wrong, expected, "order")
    with pytest.raises(AssertionError, match="order, at index 1: 'right' is not what was measured"):
        _compare.in_order(["front", "right", "left"], expected, "order")
    with pytest.raises(AssertionError, match="no answer yet"):
        _compare.in_order(None, expected, "order")


def test_a_function_is_given_itself():
    _compare.function(np.sin, "azimuth_deg")
    with pytest.raises(AssertionError, match="without calling it"):
        _compare.function(np.sin(1.0), "azimuth_deg")
