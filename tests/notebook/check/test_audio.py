"""Checks of notebook 04: right answers pass, wrong ones are told where and by how much."""

import numpy as np
import pytest

from see2sound_nb.notebook import check


def noise(v, z_t, a):
    return np.sqrt(a) * v + np.sqrt(1 - a) * z_t


@pytest.fixture(scope="module")
def fewest():
    from see2sound_nb.notebook.check.audio import _ddim_error

    return next(steps for steps in range(2, 500) if _ddim_error(steps) < 0.02)


def test_right_answers_pass(capsys, fewest):
    check.who_needs_phase("claps")
    check.noise_from_velocity(noise)
    check.noise_from_velocity(lambda v, z, a: noise(v, z, a).astype(np.float32))
    check.mixture_without_roots((0.5, 10 * np.log10(0.5)))
    check.mixture_without_roots(np.array([0.5, -3.01]))
    check.enough_steps(fewest)
    check.enough_steps(float(fewest))
    said = capsys.readouterr().out
    assert said.count("right: ") == 7 and said.count("100,000 mixtures: -3.0 dB") == 2


def test_the_error_of_ddim_is_that_of_a_formula(fewest):
    from see2sound_nb.notebook.check.audio import _ddim_error

    assert _ddim_error(200) / _ddim_error(100) == pytest.approx(0.5, abs=0.03)  # first order
    assert 100 < fewest < 150


@pytest.mark.parametrize("name", ["who_needs_phase", "noise_from_velocity", "mixture_without_roots", "enough_steps"])
def test_no_answer_yet(name):
    with pytest.raises(AssertionError, match="no answer yet"):
        getattr(check, name)(None)


def test_the_wrong_sound_is_not_told_the_right_one():
    with pytest.raises(AssertionError, match="is not what was measured") as caught:
        check.who_needs_phase("noise")
    assert "claps" not in str(caught.value)
    with pytest.raises(AssertionError, match="none of the answers"):
        check.who_needs_phase("rain")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda v, z, a: np.sqrt(a) * v - np.sqrt(1 - a) * z, r"alpha_bar is 0\.5: at index \(0, 0\)"),  # sign
        (lambda v, z, a: np.sqrt(1 - a) * v + np.sqrt(a) * z, r"alpha_bar is 0: at index \(0, 0\)"),  # swapped
        (lambda v, z, a: a * v + (1 - a) * z, r"is 0\.5: at index \(0, 0\) yours is -?[\d.]+, it"),  # no roots
        (lambda v, z, a: (v + np.sqrt(1 - a) * (np.sqrt(a) * z - np.sqrt(1 - a) * v)) / np.sqrt(a), "alpha_bar is 0:"),
        (lambda v, z, a: noise(v, z, a).T, r"your shape is \(5, 4\), it should be \(4, 5\)"),
        (lambda v, z, a: noise(v, z, a) + 1e-3, r"alpha_bar is 0\.5: at index \(0, 0\)"),
        (lambda v, z, a: None, "no answer yet"),
        (3.0, "is no function"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_wrong_noise_is_named(wrong, words):
    with pytest.raises(AssertionError, match=words):
        check.noise_from_velocity(wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((0.4, -3.01), r"alpha_bar at index 0: yours is 0\.4"),
        ((0.5, -6.02), r"power at index 1: yours is -6\.02 dB, measured here -3\.0103 ± 0\.1 dB"),  # 20 for 10
        ((0.5, 3.01), r"power at index 1: yours is 3\.01 dB"),  # sign
        ((-3.01, 0.5), "alpha_bar at index 0"),  # swapped
        (0.5, r"give two numbers"),
        (np.array(0.5), r"give two numbers"),
        ((0.5, -3.01, 0), r"give two numbers"),
        (np.array([-3.01, 0.5]), "alpha_bar at index 0: yours is -3\\.01, it should be 0\\.5"),
        ((0.5, None), "no answer yet"),
    ],
)
def test_a_wrong_mixture_is_named(wrong, words):
    with pytest.raises(AssertionError, match=words):
        check.mixture_without_roots(wrong)


def test_too_few_and_too_many_steps_are_told_apart(fewest):
    with pytest.raises(AssertionError, match=rf"{fewest - 1} steps leave 2\.\d+ %; take more"):
        check.enough_steps(fewest - 1)
    with pytest.raises(AssertionError, match=rf"{fewest} steps leave 1\.\d+ % already; take fewer"):
        check.enough_steps(fewest + 1)
    for wrong, words in ((0, "0 is not from 2"), (2.5, "2.5 is no whole number"), (5000, "5000 is not from 2 to 999")):
        with pytest.raises(AssertionError, match=words):
            check.enough_steps(wrong)
    for wrong in ("many", True):
        with pytest.raises(AssertionError, match="is no number"):
            check.enough_steps(wrong)


def test_a_twentieth_beside_is_wrong():
    with pytest.raises(AssertionError, match=r"index 0: yours is 0\.55"):
        check.mixture_without_roots((0.55, -3.01))
