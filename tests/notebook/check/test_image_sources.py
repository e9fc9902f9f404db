"""The checks of notebook 05: right answers pass, typical wrong ones are told where they are wrong."""

import numpy as np
import pytest

from see2sound_nb.notebook import check
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S


def width_m(clap):
    """How far apart the walls are that an echo runs between: from the shift at which it resembles itself most."""
    tail = clap[2000:]
    alike = np.correlate(tail, tail, mode="full")[len(tail) - 1 :]
    return (100 + alike[100:450].argmax()) / 16000 * SPEED_OF_SOUND_M_S


def corridors_by_width():
    widths = {player.title.split()[1]: width_m(player.audio[0]) for player in check.corridors()}
    assert sorted(widths.values()) == pytest.approx([3, 5, 8], abs=0.1)
    return sorted(widths, key=widths.get)


def test_the_order_of_the_corridors_is_what_their_echoes_measure(capsys):
    order = corridors_by_width()
    check.order_of_corridors(order)
    assert "114 Hz, 69 Hz, 43 Hz" in capsys.readouterr().out
    check.order_of_corridors(np.array(order))
    with pytest.raises(AssertionError, match="from the narrowest to the widest, at index 0"):
        check.order_of_corridors(order[::-1])
    with pytest.raises(AssertionError, match="index 1"):
        check.order_of_corridors([order[0], order[2], order[1]])
    for no_order in (["a", "a", "b"], 3, [3, 5, 8], {*order}):
        with pytest.raises(AssertionError, match="each of 'a', 'b', 'c' once"):
            check.order_of_corridors(no_order)
    with pytest.raises(AssertionError, match="no answer yet"):
        check.order_of_corridors(None)


def test_images_of_one_order(capsys):
    check.images_of_order(lambda n: 4 * n**2 + 2)
    assert capsys.readouterr().out.startswith("right:")
    for wrong, message in (
        (lambda n: 4 * n**2, r"n = 1: yours is 4 images, it should be 6 images"),
        (lambda n: 6 * n, r"n = 2: yours is 12 images, it should be 18 images"),
        (lambda n: (2 * n + 1) * (2 * n * n + 2 * n + 3) // 3, r"n = 1: yours is 7 images"),
        (lambda n: 4 * n**2 + 2 + (n == 20), r"n = 20: yours is 1603 images, it should be 1602"),
        (lambda n: None, "n = 1: there is no answer yet"),
        (3.0, "is no function"),
        (None, "no answer yet"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.images_of_order(wrong)


def rounded(tau, alpha):
    return np.bincount(np.round(16000 * tau).astype(int), alpha)


def test_rounded_arrivals(capsys):
    check.rounded_response(rounded)
    said = capsys.readouterr().out
    assert "-19 dB of the response around 0.7 kHz, and -2 dB around 7 kHz" in said
    assert "1.07 cm, and that is 3 degrees" in said
    for wrong, message in (
        (lambda tau, alpha: np.bincount((16000 * tau).astype(int), alpha, 324), r"two arrivals.* index 161 yours is 1"),
        (lambda tau, alpha: np.bincount(np.round(16000 * tau).astype(int)), r"two arrivals.* index 323 yours is 1"),
        (lambda tau, alpha: rounded(tau, alpha)[:-1], "shape"),
        (lambda tau, alpha: None, "no answer yet"),
        (3.0, "is no function"),
        (None, "no answer yet"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.rounded_response(wrong)


def test_whether_sources_add_up(capsys):
    import torch

    check.difference_db(-149.3)
    check.difference_db(np.float32(-150))
    check.difference_db(-np.inf)  # where nothing is rounded
    check.difference_db(np.array(-149.3))
    check.difference_db(torch.tensor(-149.3))
    assert capsys.readouterr().out.count("the simulation is a sum") == 5
    for wrong, message in (
        (149.3, "yours is 149.3 dB"),  # upside down
        (-75.0, "yours is -75 dB"),  # amplitudes taken for energies
        (-3.0, "yours is -3 dB"),  # a source left out
        (np.nan, "yours is nan dB"),
        ("small", "no number"),
        (None, "no answer yet"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.difference_db(wrong)


def test_what_is_right_for_the_first_orders_alone_is_found():
    with pytest.raises(AssertionError, match="n = 3: yours is 30 images, it should be 38"):
        check.images_of_order(lambda n: 12 * n - 6)
    with pytest.raises(AssertionError, match="yours is -100 dB"):
        check.difference_db(-100.0)
