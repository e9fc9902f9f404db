"""A room, its image sources, and what cannot be simulated."""

import math

import numpy as np
import pyroomacoustics
import pytest

from see2sound_nb.places.frames import directions
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room import ism
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S, eyring_rt60_s
from see2sound_nb.room.shoebox import Room, image_sources, paper_room, room_around

FS = 16000
ROOM = Room((6.0, 7.0, 3.0), (2.5, 2.0, 1.5), absorption=0.3, max_order=4)


def open_air(position):
    """The omnidirectional response without walls."""
    return impulse_responses(Room(ROOM.size_m, ROOM.listener_m, max_order=0), position, "foa")[0, 0]


@pytest.mark.parametrize("position", [(1.0, 2.0, 0.3), (-2.0, 0.5, 0.0), (0.0, 4.5, 1.2)])
def test_direct_sound_arrives_at_distance_over_c_with_amplitude_one_over_distance(position):
    distance = np.linalg.norm(position)
    h = open_air(np.array([position]))
    fine = np.fft.irfft(np.fft.rfft(h, 8192), 8192 * 16) * 16  # band-limited interpolation
    assert np.argmax(fine) / 16 / FS == pytest.approx(distance / SPEED_OF_SOUND_M_S, abs=0.1 / FS)
    assert fine.max() == pytest.approx(1 / distance, rel=0.02)


def test_one_wall_mirrors_the_source():
    room = Room((6.0, 7.0, 3.0), (2.5, 2.0, 1.5), absorption=0.36, max_order=1)
    images, reflection = image_sources(room, np.array([1.0, 2.0, 0.0]))
    found = {tuple(np.round(image, 3)): amplitude for image, amplitude in zip(images, reflection)}
    assert len(found) == 7
    assert found[(1.0, 2.0, 0.0)] == pytest.approx(1)
    # left wall at x = -2.5 and ceiling at z = 1.5 in the listener's frame; sqrt(1 - 0.36) = 0.8
    assert found[(-6.0, 2.0, 0.0)] == pytest.approx(0.8)
    assert found[(1.0, 2.0, 3.0)] == pytest.approx(0.8)


def test_response_agrees_with_pyroomacoustics(rng):
    for _ in range(5):
        source = rng.uniform([0.5, 0.5, 0.5], [5.5, 6.5, 2.5])
        ours = impulse_responses(ROOM, source - ROOM.listener_m, "foa")[0, 0]
        shoebox = pyroomacoustics.ShoeBox(ROOM.size_m, fs=FS, materials=pyroomacoustics.Material(0.3), max_order=4)
        shoebox.add_source(source)
        shoebox.add_microphone(ROOM.listener_m)
        high_pass = pyroomacoustics.constants.get("rir_hpf_enable")
        pyroomacoustics.constants.set("rir_hpf_enable", False)
        try:
            shoebox.compute_rir()
        finally:
            pyroomacoustics.constants.set("rir_hpf_enable", high_pass)
        theirs = shoebox.rir[0][0][40:]  # their peaks stand 40 samples late
        length = min(len(ours), len(theirs))
        assert np.abs(ours[:length] - theirs[:length]).max() < 1e-6 * np.abs(theirs).max()


def test_energy_of_arrivals_does_not_depend_on_the_fraction_of_a_sample():
    whole, half = (ism.sum_of_arrivals(np.array([d / FS]), np.ones((1, 1)), FS)[0] for d in (100.0, 100.5))
    assert (half**2).sum() == pytest.approx((whole**2).sum(), rel=0.03)
    assert whole[100] == pytest.approx(1)


def test_a_room_knows_its_reverberation_and_takes_six_walls():
    room = Room((8.0, 9.0, 5.0), (4.1, 3.2, 2.3), absorption=0.2)
    assert room.rt60_s() == pytest.approx(float(eyring_rt60_s(room.size_m, 0.2)))
    assert Room((4, 4, 4), (2, 2, 2), absorption=0.0).rt60_s() == float("inf")
    carpet = Room((8.0, 9.0, 5.0), (4.1, 3.2, 2.3), absorption=(0.2, 0.2, 0.2, 0.2, 0.9, 0.2), max_order=1)
    images, reflection = image_sources(carpet, np.array([1.0, 2.0, 0.0]))
    assert reflection[np.argmin(images[:, 2])] == pytest.approx(math.sqrt(0.1))


def test_the_room_grows_around_its_sources_and_moves_none(rng):
    positions = rng.uniform([-5, 0.5, -2], [5, 9, 3], (5, 3))
    positions[0, 1] = -4  # behind the listener
    room = room_around(positions)
    inside = positions + room.listener_m
    assert (inside >= 0.499).all()
    assert (inside <= np.array(room.size_m) - 0.499).all()
    assert room_around(np.array([[0.0, 2.0, 0.0]])).size_m == (6.0, 6.0, 3.0)


def test_the_papers_room_is_as_large_as_the_picture_and_its_microphones_are_inside():
    room, notes = paper_room((640, 480))
    assert room.size_m == (640, 320, 480)
    assert (np.array(room.microphones_m) < room.size_m).all()
    assert (np.array(room.microphones_m) > 0).all()
    assert any("FR" in note for note in notes)
    assert any("100 m does not fit" in note for note in paper_room((64, 48))[1])


def test_rooms_are_equal_however_they_were_written():
    arrays = Room(np.array([6, 7, 3]), [2.5, 2, 1.5], np.full(6, 0.3), np.int64(4))
    assert arrays == Room((6.0, 7.0, 3.0), (2.5, 2.0, 1.5), (0.3,) * 6, 4)
    assert hash(arrays) == hash(Room((6.0, 7.0, 3.0), (2.5, 2.0, 1.5), (0.3,) * 6, 4))


def test_what_cannot_be_simulated_is_named():
    with pytest.raises(ValueError, match="outside the room"):
        image_sources(ROOM, np.array([9.0, 0, 0]))
    with pytest.raises(ValueError, match=r"0\.2 m"):
        image_sources(ROOM, np.array([0.1, 0, 0]))
    with pytest.raises(ValueError, match=r"absorption=1\.5"):
        Room((3, 3, 3), (1, 1, 1), absorption=1.5)
    with pytest.raises(ValueError, match="positive"):
        Room((3, 0, 3), (1, 1, 1))
    with pytest.raises(ValueError, match="max_order=-1"):
        Room((3, 3, 3), (1, 1, 1), max_order=-1)
    with pytest.raises(ValueError, match="position_m holds 2"):
        image_sources(ROOM, [1.0, 1.0])
    for order in (2.5, np.nan, np.inf):
        with pytest.raises(ValueError, match="max_order="):
            Room((3, 3, 3), (1, 1, 1), max_order=order)
    with pytest.raises(ValueError, match="size_m holds 2"):
        Room((3, 3), (1, 1, 1))
    with pytest.raises(ValueError, match="listener_m holds 4"):
        Room((3, 3, 3), (1, 1, 1, 1))
    with pytest.raises(ValueError, match="5 microphones"):
        Room((3, 3, 3), (1, 1, 1), microphones_m=((1, 1, 2),) * 5)
    with pytest.raises(ValueError, match="finite"):
        room_around(np.array([[0, np.nan, 0]]))
    assert directions(np.array([0.0, 1.0, 0.0]))[0] == 0
