"""The checks of notebook 06 let right answers pass, and name what is wrong with wrong ones."""

import numpy as np
import pytest

import see2sound_nb as s2s
from see2sound_nb.notebook import check

RATE = 16000
ROOM = s2s.Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5), 0.1, 5)


def turning(place_m, rng):
    turn_deg = np.linspace(0, 60, 7)
    h = [s2s.impulse_responses(ROOM, [place_m], "binaural", head_yaw_deg=d)[0] for d in turn_deg]
    return s2s.render_moving(0.1 * rng.normal(size=RATE), np.stack(h), turn_deg / 60, moves="listener")


def test_behind_is_what_the_turned_head_hears_on_its_left(rng, capsys):
    front, back = turning((0.0, 2.0, 0.0), rng), turning((0.0, -1.5, 0.0), rng)
    check.behind("second", front, back)
    check.behind("first", back, front)
    assert capsys.readouterr().out.count("right:") == 2
    with pytest.raises(AssertionError, match="'first' is not what was measured"):
        check.behind("first", front, back)
    with pytest.raises(AssertionError, match="no answer yet"):
        check.behind(None, front, back)
    with pytest.raises(AssertionError, match="none of the answers"):
        check.behind("left", front, back)


def weights(rho, points):
    theta = np.linspace(0, np.pi / 2, points)
    norm = np.sqrt(1 + rho * np.sin(2 * theta))
    return np.sin(theta) / norm, np.cos(theta) / norm


def without_correlation(rho, points):
    return weights(0.0, points)


def without_root(rho, points):
    theta = np.linspace(0, np.pi / 2, points)
    return tuple(f(theta) / (1 + rho * np.sin(2 * theta)) for f in (np.sin, np.cos))


def without_two(rho, points):
    theta = np.linspace(0, np.pi / 2, points)
    return tuple(f(theta) / np.sqrt(1 + rho * np.sin(theta)) for f in (np.sin, np.cos))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (None, "no answer yet"),
        (lambda rho, points: None, "no answer yet"),
        (lambda rho, points: weights(rho, points)[::-1], r"weight a .* at index 0 yours is 1 \(a factor\)"),
        (without_correlation, r"correlation 1.00, 5 points: at index 1 "),
        (without_root, r"correlation 1.00, 5 points: at index 1 "),
        (without_two, r"correlation 1.00, 5 points: at index 1 "),
        (lambda rho, points: weights(rho, points + 1), r"your shape is \(4,\), it should be \(3,\)"),
        (lambda rho, points: weights(rho, points)[0], "return a, b"),
        (weights(0.0, 3), "is no function"),
    ],
)
def test_weights_are_compared_point_by_point(wrong, words, capsys):
    check.fade_curves(weights)
    assert "6 correlations" in capsys.readouterr().out
    with pytest.raises(AssertionError, match=words):
        check.fade_curves(wrong)


def test_images_are_counted_and_those_that_are_heard(capsys):
    place_m = (-2.0, 1.5, 0.0)
    dry = s2s.Room(ROOM.size_m, ROOM.listener_m, 1.0, 2)
    check.audible_images((25, 1), dry, place_m)
    check.audible_images((25, 25), s2s.Room(ROOM.size_m, ROOM.listener_m, 0.9, 2), place_m)
    check.audible_images((1, 1), s2s.Room(ROOM.size_m, ROOM.listener_m, 0.5, 0), place_m)
    with pytest.raises(AssertionError, match="at index 1 yours is 25 images, it should be 1 images"):
        check.audible_images((25, 25), dry, place_m)
    with pytest.raises(AssertionError, match="at index 0 yours is 1 images"):
        check.audible_images((1, 1), dry, place_m)
    with pytest.raises(AssertionError, match="no answer yet"):
        check.audible_images(None, dry, place_m)


def test_coming_near_is_measured_in_the_room(rng, capsys):
    sound = rng.normal(size=2000)
    dry = s2s.Room(ROOM.size_m, ROOM.listener_m, 1.0, 5)
    check.gain_of_coming_near(np.array(6.0), dry, sound)  # to a tenth
    check.gain_of_coming_near(20 * np.log10(2), dry, sound)
    assert "walls" not in capsys.readouterr().out
    h = s2s.impulse_responses(ROOM, [(-1.0, 2.0, 0.0), (-0.5, 1.0, 0.0)], "binaural")
    far, near = (np.sum(s2s.render_channels(sound[None], h_k[None]) ** 2) for h_k in h)
    true_db = 10 * np.log10(near / far)
    check.gain_of_coming_near(true_db, ROOM, sound)
    assert "most of it comes from the walls" in capsys.readouterr().out
    with pytest.raises(AssertionError, match=r"absorption 0\.1"):
        check.gain_of_coming_near(true_db - 0.1, ROOM, sound)
    with pytest.raises(AssertionError, match=r"absorption 1\.0: yours is -6.02\d* dB, measured here 6.0"):
        check.gain_of_coming_near(-20 * np.log10(2), dry, sound)
    with pytest.raises(AssertionError, match=r"absorption 1\.0: yours is 3.01\d* dB"):  # 10 in place of 20
        check.gain_of_coming_near(10 * np.log10(2), dry, sound)
    with pytest.raises(AssertionError, match=r"absorption 0.1: yours is 6.02\d* dB"):
        check.gain_of_coming_near(20 * np.log10(2), ROOM, sound)
    with pytest.raises(AssertionError, match="no answer yet"):
        check.gain_of_coming_near(None, dry, sound)


def test_the_last_third_tells_behind_from_ahead():
    early_left, late_left = np.ones((2, 300)), np.ones((2, 300))
    early_left[0, :200], early_left[0, 200:] = 10, 0.5
    late_left[0, :200], late_left[0, 200:] = 0.1, 2
    check.behind("second", early_left, late_left)


def test_walls_that_swallow_everything_leave_the_direct_sound(rng):
    dry = s2s.Room(ROOM.size_m, ROOM.listener_m, 1.0, 5)
    with pytest.raises(AssertionError, match=r"yours is 6\.5 dB"):
        check.gain_of_coming_near(6.5, dry, rng.normal(size=2000))
