"""The checks of notebook 07: right answers pass, typical wrong ones are told where they are wrong."""

import numpy as np
import pytest

from see2sound_nb.notebook import check

SIDE = 81


def pitch_hz(sound):
    """Where the spectrum of a stretch of the horn has its lowest strong line."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 16 * len(sound)))
    low = slice(int(250 * 16 * len(sound) / 16000), int(400 * 16 * len(sound) / 16000))
    return (low.start + power[low].argmax()) * 16000 / (16 * len(sound))


def passings_by_fall():
    falls = {}
    for player in check.passings():
        both = player.audio.sum(axis=0)
        falls[player.title.split()[1]] = pitch_hz(both[800:5800]) - pitch_hz(both[-5800:-800])
    return sorted(falls, key=falls.get), falls


def test_the_order_of_the_passings_is_what_their_pitch_measures(capsys):
    order, falls = passings_by_fall()
    expected = [330 * (1 / (1 - v / 343) - 1 / (1 + v / 343)) for v in (4, 9, 20)]
    assert sorted(falls.values()) == pytest.approx(expected, rel=0.2)
    assert order != ["a", "b", "c"], "not the order in which they are played"
    check.order_of_passings(order)
    assert "falls by up to 2 %, 5 %, 11 %" in capsys.readouterr().out
    check.order_of_passings(np.array(order))
    with pytest.raises(AssertionError, match="from the slowest to the fastest, at index 0"):
        check.order_of_passings(order[::-1])
    with pytest.raises(AssertionError, match="each of 'a', 'b', 'c' once"):
        check.order_of_passings(["a", "a", "b"])
    with pytest.raises(AssertionError, match="no answer yet"):
        check.order_of_passings(None)


def test_passings_go_from_left_to_right():
    for player in check.passings():
        left, right = player.audio
        assert np.sum(left[:8000] ** 2) > 4 * np.sum(right[:8000] ** 2)
        assert np.sum(right[-8000:] ** 2) > 4 * np.sum(left[-8000:] ** 2)


def forwards(values, share):
    y = np.array(values, dtype=float)
    for k in range(1, len(y)):
        y[k] = y[k - 1] + share * (values[k] - y[k - 1])
    return y


def there_and_back(values, share):
    return forwards(forwards(values, share)[::-1], share)[::-1]


def in_place(values, share):
    values[:] = there_and_back(values, share)
    return values


def test_a_filter_without_lag(capsys):
    check.without_lag(there_and_back)
    check.without_lag(lambda x, share: list(there_and_back(x, share)))
    assert "forwards alone it is 3.0 frames behind, there and back 0.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (forwards, r"three values, share 0\.1: at index 0 yours is 1 degrees"),
        (lambda x, s: forwards(forwards(x, s), s), r"three values, share 0\.1"),
        (lambda x, s: there_and_back(x[::-1], s)[::-1], r"three values, share 0\.1: at index 0"),  # backwards first
        (lambda x, s: forwards(forwards(x, s)[::-1], s), r"three values, share 0\.1"),  # left in the wrong order
        (lambda x, s: there_and_back(x, 0.1), r"three values, share 0\.25"),
        (lambda x, s: there_and_back(x, s)[1:], r"your shape is \(2,\), it should be \(3,\)"),
        (in_place, "the values that you were given, afterwards"),
        (lambda x, s: None, "no answer yet"),
        (3.0, "is no function"),
        (None, "no answer yet"),
    ],
)
def test_a_filter_that_is_another_is_told_where(wrong, words):
    with pytest.raises(AssertionError, match=words):
        check.without_lag(wrong)


def plain(*colour):
    return np.full((SIDE, SIDE, 3), colour, np.uint8)


@pytest.mark.parametrize("thing", [plain(128, 128, 128), plain(0, 158, 115)])
def test_what_has_no_corners_is_lost(thing, capsys):
    check.lost_thing(thing)
    assert "a speckled disc is followed to 0.0 degrees" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8), "through all 30 frames, 0.0"),
        ((np.indices((SIDE, SIDE)).sum(0) // 8 % 2 * 200)[..., None].repeat(3, 2).astype(np.uint8), "through all 30"),
        (np.zeros((80, 80, 3), np.uint8), r"uint8 \(80, 80, 3\), it should be uint8 \(81, 81, 3\)"),
        (np.zeros((SIDE, SIDE, 3)), "yours is float64"),
        ("a ball", "it should be uint8"),
        (None, "no answer yet"),
    ],
)
def test_what_is_followed_is_told_so(thing, words):
    with pytest.raises(AssertionError, match=words):
        check.lost_thing(thing)


def turns():
    phi, n = check.three_turns()
    return [phi[:, k * n : (k + 1) * n].astype(float) for k in range(3)]


def db(a, b):
    return 10 * np.log10(np.sum(a**2) / np.sum(b**2))


def test_what_the_first_turn_lacks(capsys):
    first, second, third = turns()
    assert np.abs(third - second).max() < 1e-5 * np.abs(second).max()
    check.first_turn_lacks_db(db(second - first, second))
    check.first_turn_lacks_db(np.float32(db(second - first, second) + 0.4))
    assert capsys.readouterr().out.count("right: ") == 2
    for wrong, words in (
        (db(second, second - first), "yours is 15.5"),  # upside down
        (2 * db(second - first, second), "measured here -15.5"),  # amplitudes for energies
        (db(third - second, second), "measured here"),
        (db(first, second), "measured here"),
        ("soft", "no number"),
        (None, "no answer yet"),
    ):
        with pytest.raises(AssertionError, match=words):
            check.first_turn_lacks_db(wrong)
