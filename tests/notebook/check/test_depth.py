"""Checks of notebook 03: right answers pass, wrong ones are told where and by how much."""

import numpy as np
import pytest

from see2sound_nb.notebook import check


def column(x_px, width, fov_deg):
    return np.degrees(np.arctan(((width - 1) / 2 - x_px) * 2 * np.tan(np.radians(fov_deg) / 2) / width))


def test_right_answers_pass(capsys):
    check.wrong_lens("towards the middle")
    check.azimuth_of_column(column)
    check.shift_to_the_horizon(-0.2499)
    check.shift_to_the_horizon(np.array(-0.245))
    check.turned_over_step(20 * np.log10(4 / 3))
    said = capsys.readouterr().out
    assert said.count("right: ") == 5 and said.count("the three are at [1.0, 2.0, 4.0] m") == 2


@pytest.mark.parametrize("name", ["wrong_lens", "azimuth_of_column", "shift_to_the_horizon", "turned_over_step"])
def test_no_answer_yet(name):
    with pytest.raises(AssertionError, match="no answer yet"):
        getattr(check, name)(None)


@pytest.mark.parametrize("answer", ["outwards", "nowhere"])
def test_a_wrong_direction_is_not_told_the_right_one(answer):
    with pytest.raises(AssertionError, match="is not what was measured") as caught:
        check.wrong_lens(answer)
    assert "middle" not in str(caught.value)
    with pytest.raises(AssertionError, match="none of the answers"):
        check.wrong_lens("left")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x, w, f: -column(x, w, f), r"at index 0 yours is -10\.3018 degrees, it should be 10\.3018 degrees"),
        (lambda x, w, f: column(x + 0.5, w, f), r"at index 0 yours is 10\.28\d+ degrees"),  # W / 2 for the middle
        (
            lambda x, w, f: (0.5 - (x + 0.5) / w) * f,
            r"at index 0 yours is 9\.98\d+ degrees, it should be 10\.3",
        ),  # angle linear in x
        (lambda x, w, f: np.radians(column(x, w, f)), r"at index 0 yours is 0\.179"),
        (lambda x, w, f: column(x, w, f)[:, None], r"your shape is \(8, 1\), it should be \(8,\)"),
        (lambda x, w, f: None, "no answer yet"),
        (3.0, "is no function"),
        *((lambda x, w, f, lens=lens: column(x, w, f) + 1e-3 * (f == lens), f"{lens}°") for lens in (40, 60, 90, 120)),
    ],
)
def test_a_wrong_column_is_named(wrong, words):
    with pytest.raises(AssertionError, match=words):
        check.azimuth_of_column(wrong)


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (-0.2, r"1/D at index 2 is 20 m, it should be more than 100 m"),
        (0.0, r"index 2 is 4 m"),
        (-0.25, r"D at index 2 is 0 1/m"),
        (-0.6, r"D at index 1 is -0\.1 1/m"),
        ("much", "no number"),
    ],
)
def test_a_shift_that_does_not_is_told_so(shift, words):
    with pytest.raises(AssertionError, match=words):
        check.shift_to_the_horizon(shift)


@pytest.mark.parametrize("wrong", [6.02, -2.5, 1.25, 3.52])  # true distances, sign, power for amplitude, 3 to 2 m
def test_a_wrong_step_is_off_by_decibels(wrong):
    with pytest.raises(AssertionError, match=r"measured here 2\.49\d* ± 0\.2 dB"):
        check.turned_over_step(wrong)


def test_the_horizon_is_farther_than_50_m():
    with pytest.raises(AssertionError, match="index 2 is 50 m"):
        check.shift_to_the_horizon(-0.23)
