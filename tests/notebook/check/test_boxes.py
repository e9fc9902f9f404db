"""The checks of notebook 02 let the right answers pass, and say where a wrong one is wrong."""

import numpy as np
import pytest

from see2sound_nb.notebook import check

SOUNDS = {"x": np.ones((2, 100)) * [[1], [1.1]], "y": np.ones((2, 100)) * [[2], [1]]}


def test_the_sound_from_farther_left(capsys):
    check.farther_left("y", SOUNDS)
    assert "x -1 dB, y 6 dB" in capsys.readouterr().out
    for wrong, message in (("x", "not what was measured"), ("both", "none of the answers"), (None, "no answer yet")):
        with pytest.raises(AssertionError, match=message):
            check.farther_left(wrong, SOUNDS)


def test_the_middles_of_a_lopsided_region():
    crane = np.zeros((768, 1024), bool)
    crane[100:700, 60:120] = crane[100:115, 60:900] = True
    check.farther_left("y", check.two_middles(crane))  # its centroid
    check.farther_left("x", check.two_middles(crane[:, ::-1]))
    alike = check.two_middles(np.ones((768, 1024), bool))
    assert np.allclose(alike["x"], alike["y"])


def xywh(R, last=1, order=(0, 1, 2, 3)):
    x0, x1, y0, y1 = np.reshape(R, (-1, 4)).T
    return np.stack([x0, y0, x1 - x0 + last, y1 - y0 + last], axis=1)[:, list(order)]


def test_boxes_in_another_order(capsys):
    check.xywh(xywh)
    assert "1 x 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "no answer yet"),
        (3.0, "is no function"),
        (lambda R: None, "no answer yet"),
        (lambda R: xywh(R, last=0), r"one pixel, .* at index \(0, 2\) yours is 0 px, it should be 1 px"),
        (lambda R: xywh(R, order=(1, 0, 2, 3)), r"at index \(0, 0\) yours is \d+ px"),
        (lambda R: xywh(R, order=(0, 1, 3, 2)), r"three boxes, seed 0, .* at index \(0, 2\)"),
        (lambda R: xywh(R)[0], r"your shape is \(4,\), it should be \(1, 4\)"),
        (lambda R: np.array([xywh(r)[0] for r in R]), r"no box, .*your shape is \(0,\), it should be \(0, 4\)"),
    ],
)
def test_other_orders_are_named(wrong, message):
    with pytest.raises(AssertionError, match=message):
        check.xywh(wrong)


MASK = np.zeros((10, 20), bool)
MASK[2:4, 3:6] = True  # a box of 6 pixels


def changed(*pixels, mask=MASK):
    mask = mask.copy()
    for y, x in pixels:
        mask[y, x] ^= True
    return mask


def test_one_pixel_more(capsys):
    check.one_pixel(changed((9, 19)), MASK)
    assert "from 6 px to 136 px; without_specks brings the mask back: False" in capsys.readouterr().out, (
        "1 of 6 is large"
    )
    block = np.pad(np.ones((5, 5), bool), ((0, 20), (0, 20)))
    check.one_pixel(changed((24, 24), mask=block), block)
    assert "from 25 px to 625 px; without_specks brings the mask back: True" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "no answer yet"),
        (MASK, "0 pixels were added"),
        (changed((9, 19), (0, 0)), "2 pixels were added"),
        (changed((9, 19), (2, 3)), r"pixel \(y, x\) = \(2, 3\) was taken away"),
        (changed((4, 6)), "went from 6 px to 12 px; it should be at least 24 px"),
        ([[1], [1, 2]], r"no array of one shape; make it \(10, 20\) bool"),
        (MASK.T, r"your shape is \(20, 10\), it should be \(10, 20\)"),
    ],
)
def test_other_changes_are_named(wrong, message):
    with pytest.raises(AssertionError, match=message):
        check.one_pixel(wrong, MASK)


def test_how_many_pixels_are_a_degree(capsys):
    check.pixels_of_a_degree(np.tan(np.radians(1)) * 512 / np.tan(np.radians(30)))
    text = capsys.readouterr().out
    assert "15.5 px in the middle" in text and "20 px at the edge" in text
    check.pixels_of_a_degree(8.9, fov_deg=90.0)
    for wrong in (1024 / 60, 31.0, 8.9, -15.5):  # as if angles were linear, twice, another lens, to the right
        with pytest.raises(AssertionError, match=r"measured here 15\.\d+ ± 0\.5 px"):
            check.pixels_of_a_degree(wrong)
    with pytest.raises(AssertionError, match="no answer yet"):
        check.pixels_of_a_degree(None)


def test_a_box_exactly_four_times_as_large_is_enough():
    check.one_pixel(changed((5, 8)), MASK)
