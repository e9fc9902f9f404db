"""Reverberation, clarity and direct sound of responses that are known by construction, and pyrato's of the same."""

import numpy as np
import pytest

import see2sound_nb as s2s
from see2sound_nb.measure.interaural import iacc
from see2sound_nb.measure.reverberation import (
    clarity_db,
    complete_until_s,
    direct_at,
    drr_db,
    measured_rt60_s,
    schroeder_db,
    t20_s,
)

FS = 16000


@pytest.mark.parametrize("rt60_s", [0.2, 0.7])
def test_reverberation_is_measured_on_the_decay(rt60_s, rng):
    h = rng.standard_normal(FS) * 10 ** (-3 * np.arange(FS) / (rt60_s * FS))
    assert measured_rt60_s(h, FS) == pytest.approx(rt60_s, rel=0.05)
    assert schroeder_db(h)[0] == 0
    assert schroeder_db(h)[round(rt60_s * FS / 2)] == pytest.approx(-30, abs=1)
    with pytest.raises(ValueError, match="silent"):
        measured_rt60_s(np.zeros(10), FS)
    with pytest.raises(ValueError, match="a longer response"):
        measured_rt60_s(np.ones(1), FS)
    with pytest.raises(ValueError, match="a longer response"):
        measured_rt60_s(np.array([1, 0, 0, 0, 0, 0.1, 0, 0]), FS)
    with pytest.raises(ValueError, match=r"\(2, 400\) must be \(L,\)"):
        measured_rt60_s(np.ones((2, 400)), FS)


def energies(*corners_s):
    """A response whose energy yet to come falls straight from corner to corner: 0, -5, -15, -25, -80 dB."""
    levels_db = np.interp(np.arange(FS) / FS, [0, *corners_s, 1], [0, -5, -15, -25, -80])
    return np.sqrt(-np.diff(10 ** (levels_db / 10), append=0))


def test_the_decay_from_minus_5_to_minus_25_db_counts():
    assert measured_rt60_s(energies(0.02, 0.12, 0.22), FS) == pytest.approx(0.6, rel=1e-3)
    assert measured_rt60_s(energies(0.02, 0.07, 0.17), FS) == pytest.approx(0.476, abs=0.005)
    assert schroeder_db(np.array([1.0, 1e-9])).tolist() == [0, -120]
    assert schroeder_db(np.array([300, 100], np.int16))[1] == pytest.approx(-10)


def decay(rt60_s, seconds=1.5, start=0):
    """Noise whose energy falls by 60 dB in `rt60_s`, after `start` samples of silence."""
    t = np.arange(int(seconds * FS)) / FS
    noise = np.random.default_rng(0).choice([-1.0, 1.0], size=len(t)) * 10 ** (-3 * t / rt60_s)
    return np.concatenate([np.zeros(start), noise])


@pytest.mark.parametrize("rt60_s", [0.2, 0.5, 0.9])
def test_t20_and_c50_of_an_exponential_decay(rt60_s):
    h = decay(rt60_s)
    assert t20_s(h, FS) == pytest.approx(rt60_s, rel=0.01)
    expected = 10 * np.log10(np.exp(0.05 * 6 * np.log(10) / rt60_s) - 1)
    assert clarity_db(h, FS) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("rt60_s", [0.2, 0.9])
def test_t20_and_c50_as_pyrato_has_them(rt60_s):
    pyrato = pytest.importorskip("pyrato")  # from Python 3.11 on
    import pyfar

    h = decay(rt60_s)
    edc = pyrato.edc.schroeder_integration(pyfar.Signal(h, FS))
    edc = pyfar.TimeData(edc.time / edc.time[..., :1], edc.times)  # it does not normalise
    theirs = float(pyrato.parameters.reverberation_time_linear_regression(edc, T="T20").item())
    assert t20_s(h, FS) == pytest.approx(theirs, rel=0.01)
    assert clarity_db(h, FS) == pytest.approx(float(pyrato.parameters.clarity(edc, 50).item()), abs=0.1)


def test_silence_before_the_direct_sound_does_not_count():
    h, late = decay(0.5), decay(0.5, start=1600)
    assert clarity_db(late, FS) == pytest.approx(clarity_db(h, FS), abs=0.01)
    assert drr_db(late, FS) == pytest.approx(drr_db(h, FS), abs=0.01)
    assert direct_at(late) == 1600


def test_drr_and_clarity_of_one_reflection():
    h = np.zeros(4000)
    h[100], h[100 + 800], h[100 + 1600] = 1.0, 0.5, 0.25  # 50 and 100 ms later
    assert drr_db(h, FS) == pytest.approx(10 * np.log10(1 / (0.25 + 0.0625)))
    assert clarity_db(h, FS) == pytest.approx(10 * np.log10(1.25 / 0.0625))
    assert clarity_db(h, FS, early_s=0.049) == pytest.approx(10 * np.log10(1 / 0.3125))
    assert drr_db(np.stack([h, h]), FS) == pytest.approx(drr_db(h, FS))


def test_the_direct_sound_ends_2_5_ms_after_its_peak():
    h = np.zeros(1000)
    h[100], h[100 + 41] = 1, 0.1  # 2.56 ms later
    assert drr_db(h, FS) == pytest.approx(20)
    h[141], h[140] = 0, 0.1  # 2.5 ms later
    with pytest.raises(ValueError, match="infinite"):
        drr_db(h, FS)


def test_in_the_open_nothing_follows():
    position = np.array([[0, 2.0, 0]])
    h = s2s.impulse_responses(s2s.room_around(position, max_order=0), position, "foa")[0, 0]
    for measure in (drr_db, clarity_db):
        with pytest.raises(ValueError, match="infinite"):
            measure(h, FS)


def test_louder_rooms_have_a_lower_drr_and_distance_lowers_it():
    near, far = np.array([[0, 1.0, 0]]), np.array([[0, 3.0, 0]])
    room = s2s.room_around(far)
    ratios = [drr_db(s2s.impulse_responses(room, place, "foa")[0, 0], FS) for place in (near, far)]
    assert ratios[0] - ratios[1] == pytest.approx(20 * np.log10(3), abs=3)


@pytest.mark.parametrize("position", [[0.3, 2.0, 0.1], [-1.5, 0.7, -0.4]])
@pytest.mark.parametrize("order", [0, 3, 6])
def test_a_response_is_complete_until_the_first_image_that_is_missing(position, order):
    room = s2s.Room((5.0, 6.0, 2.7), (2.4, 2.0, 1.2), absorption=0.1, max_order=order)
    here, more = (
        s2s.impulse_responses(s2s.Room(room.size_m, room.listener_m, 0.1, n), [position], "foa")[0, 0]
        for n in (order, order + 1)
    )
    here = np.pad(here, (0, len(more) - len(here)))
    until_s = complete_until_s(room, position)
    differ = np.abs(more - here) > 1e-4 * np.abs(here).max()
    first = np.argmax(differ)
    delay = direct_at(here) - np.linalg.norm(position) / 343 * FS  # the filters' own
    assert (first - delay) / FS == pytest.approx(until_s, abs=45 / FS), "an arrival begins up to 40 samples early"


def test_t20_is_not_read_where_images_are_missing():
    position = np.array([[0.3, 2.0, 0.1]])
    for order, carries in ((3, False), (40, True)):
        room = s2s.Room((3.0, 4.0, 2.5), (1.4, 1.0, 1.2), absorption=0.5, max_order=order)
        h = s2s.impulse_responses(room, position, "foa")[0, 0]
        complete_s = complete_until_s(room, position[0])
        if carries:
            assert 0.05 < t20_s(h, FS, complete_s) < 0.3
        else:
            with pytest.raises(ValueError, match="raise the room's max_order"):
                t20_s(h, FS, complete_s)
    assert complete_until_s(s2s.Room((3.0, 4.0, 2.5), (1.4, 1.0, 1.2), absorption=1.0), position[0]) == np.inf


def test_responses_that_say_nothing():
    for h in (np.zeros(10), np.full(10, np.nan), np.zeros((2, 2, 2)), np.stack([np.ones(5), np.zeros(5)])):
        with pytest.raises(ValueError, match="silent"):
            drr_db(h, FS)
    with pytest.raises(ValueError, match="sample_rate"):
        t20_s(decay(0.5), 0)


def test_what_ears_have_in_common():
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, FS))
    assert iacc([left, left], FS) == pytest.approx(1) == iacc([left, -left], FS)
    assert iacc([left, np.roll(left, 10)], FS) == pytest.approx(1, abs=0.01)
    assert iacc([left, right], FS) < 0.05
    assert iacc([left, left + right], FS) == pytest.approx(np.sqrt(0.5), abs=0.02)
    shifted = np.roll(left, 40)  # 2.5 ms, beyond any head
    assert iacc([left, shifted], FS) < 0.05
    early = np.concatenate([np.zeros(500), left[:1280], right])
    other = np.concatenate([np.zeros(500), left[:1280], left])
    assert iacc([early, other], FS, 0.08) == pytest.approx(1)
    assert iacc([early, other], FS) < 0.7
    both = iacc([[left, left], [right, np.roll(right, 12)]], FS)
    assert both == pytest.approx(0.5, abs=0.05), "two sources at two shifts: each is half of it"
    with pytest.raises(ValueError, match="hears nothing"):
        iacc([left, 0 * left], FS)
