"""The checks of notebook 00: right answers pass, typical wrong ones are told where they are wrong."""

import numpy as np
import pytest

from see2sound_nb import directions, ild_db, impulse_responses, itd_s, room_around, unit_vectors
from see2sound_nb.notebook import check
from see2sound_nb.notebook.check import start
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S


def order_by_itd():
    player = check.bursts()
    itds_s = [itd_s(ears, player.sample_rate) for ears in np.split(player.audio, 3, axis=1)]
    return ["left" if itd > 2e-4 else "right" if itd < -2e-4 else "front" for itd in itds_s]


def test_the_order_of_the_bursts_is_what_two_ears_measure(capsys):
    order = order_by_itd()
    assert sorted(order) == ["front", "left", "right"]
    check.order_of_bursts(order)
    check.order_of_bursts(np.array(order))
    assert capsys.readouterr().out.count("right:") == 2


def test_the_text_of_the_bursts_does_not_tell_their_order():
    text = repr(check.bursts())
    assert "ITD +0.0 ms, ILD +0 dB" in text
    assert not any(side in text.split("(+:")[0] for side in ("left", "front"))


def test_a_wrong_order_is_told_by_its_first_burst():
    order = order_by_itd()
    with pytest.raises(AssertionError, match="bursts, at index 1"):
        check.order_of_bursts([order[0], order[2], order[1]])
    for no_order in ("left", 3, order[:2], ["ahead", *order[1:]]):
        with pytest.raises(AssertionError, match="each of 'front', 'left', 'right' once"):
            check.order_of_bursts(no_order)
    with pytest.raises(AssertionError, match="no answer yet"):
        check.order_of_bursts(None)


def right_deg(p):
    return np.degrees(np.arctan2(-p[:, 0], p[:, 1]))


def test_azimuths():
    check.azimuth_deg(right_deg)
    wrong = {
        "swapped axes": (lambda p: np.degrees(np.arctan2(p[:, 1], -p[:, 0])), r"index 0 .*90 degrees"),
        "sign": (lambda p: np.degrees(np.arctan2(p[:, 0], p[:, 1])), r"index 1 .*-45 degrees.*45 degrees"),
        "no behind": (lambda p: np.degrees(np.arctan(-p[:, 0] / (p[:, 1] + 1e-12))), r"index 4 .*-45 degrees.*135"),
        "radians": (lambda p: np.arctan2(-p[:, 0], p[:, 1]), r"index 1 .*0\.785398 degrees"),
        "one number": (lambda p: 0.0, "shape"),
        "a little beside": (lambda p: right_deg(p) + 1e-5, "index 0"),
        "a share beside": (lambda p: right_deg(p) * (1 + 2e-7), "index 1"),
        "in steps of 45 degrees": (
            lambda p: 45 * np.round(right_deg(p) / 45),
            "50 positions drawn at random: at index 0",
        ),
        "no function": (3.0, "is no function"),
    }
    for function, message in wrong.values():
        with pytest.raises(AssertionError, match=message):
            check.azimuth_deg(function)
    for nothing in (None, lambda p: None):
        with pytest.raises(AssertionError, match="no answer yet"):
            check.azimuth_deg(nothing)


class OfPositions:
    """As much of a scene as the check looks at."""

    positions_m = np.array([[-100.0, 50.0, 20.0], [30.0, 200.0, -60.0]])


def test_travel_times(capsys):
    distance = directions(OfPositions.positions_m)[2]
    check.travel_s(distance / SPEED_OF_SOUND_M_S, OfPositions)
    assert "after 0.3 seconds, 41 dB below" in capsys.readouterr().out  # 114 m
    check.travel_s((distance / 343.4).tolist(), OfPositions)
    for wrong, message in (
        (distance, r"index 0 .*seconds"),
        (1e3 * distance / SPEED_OF_SOUND_M_S, r"index 0 .*seconds"),
        (np.hypot(*OfPositions.positions_m[:, :2].T) / SPEED_OF_SOUND_M_S, r"index 0 .*seconds"),
        (distance[:1] / SPEED_OF_SOUND_M_S, "shape"),
        (None, "no answer yet"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.travel_s(wrong, OfPositions)


def test_time_differences(capsys):
    right, levels_db = [], []
    for azimuth in start.AZIMUTHS_DEG:
        place_m = 2.0 * unit_vectors(azimuth)
        ears = impulse_responses(room_around(place_m[None], max_order=0), place_m, "binaural")[0]
        right.append(1e3 * itd_s(ears, 16000))
        levels_db.append(ild_db(ears))
    assert right[1] == pytest.approx(right[3], abs=0.03)  # what the check says of 30 and 150 degrees
    check.itds_ms(right)
    assert f"{levels_db[1]:.0f} and {levels_db[3]:.0f} dB" in capsys.readouterr().out
    for wrong, message in (
        (np.negative(right), r"index 1 .*-0\.2.* ms"),
        (np.divide(right, 1e3), r"index 1 .*0\.000.* ms"),
        ([right[0], right[1], right[2], right[2]], r"index 3 .* ms"),
        (right[:3], "shape"),
        (None, "no answer yet"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.itds_ms(wrong)


def test_half_a_tenth_of_a_millisecond_is_noticed():
    right_ms = [1e3 * itd_s(start._in_the_open(azimuth)[0], 16000) for azimuth in start.AZIMUTHS_DEG]
    with pytest.raises(AssertionError, match="index 1"):
        check.itds_ms(np.add(right_ms, [0, 0.05, 0, 0]))
