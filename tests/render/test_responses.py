"""Responses of all layouts: directions, levels, times."""

import numpy as np
import pytest

from see2sound_nb.media.sound_files import CHANNELS
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.hrtf import load_hrtf
from see2sound_nb.render.layouts import AMBISONIC_ORDERS, LAYOUTS, SPEAKERS_DEG
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S
from see2sound_nb.room.shoebox import Room, paper_room

FS = 16000
OPEN = Room((20.0, 20.0, 8.0), (10.0, 10.0, 4.0), max_order=0)
CIRCLE = np.arange(-180, 180, 5)


def energies(layout, azimuths, room=OPEN):
    h = impulse_responses(room, 2.0 * unit_vectors(azimuths), layout)
    return (h.astype(float) ** 2).sum(axis=-1), h


def test_a_source_in_a_loudspeakers_direction_comes_from_it_alone():
    for name, azimuth in SPEAKERS_DEG.items():
        energy, _ = energies("5.1", np.array([azimuth]))
        channels = dict(zip(LAYOUTS["5.1"], energy[0]))
        lfe = channels.pop("LFE")
        assert channels.pop(name) > 1e6 * max(channels.values())
        assert lfe > 0


@pytest.mark.parametrize("layout", ["5.1", "7.1.4", "stereo"])
def test_total_energy_is_constant_around_the_listener(layout):
    energy, _ = energies(layout, CIRCLE)
    full_range = [k for k, name in enumerate(LAYOUTS[layout]) if name != "LFE"]
    assert np.ptp(10 * np.log10(energy[:, full_range].sum(axis=1))) < 0.1


def test_a_circling_source_is_clearly_ordered_between_front_and_surround_left_and_right():
    energy, _ = energies("5.1", CIRCLE)
    FL, FR, _, _, SL, SR = energy.T
    assert (FL + SL > 4 * (FR + SR))[(CIRCLE >= 5) & (CIRCLE <= 135)].all()
    assert (FR + SR > 4 * (FL + SL))[(CIRCLE <= -5) & (CIRCLE >= -135)].all()
    assert (SL + SR > 2 * (FL + FR))[np.abs(CIRCLE) >= 80].all()
    assert (FL + FR > 4 * (SL + SR))[(np.abs(CIRCLE) <= 50) & (CIRCLE != 0)].all()
    for channel, azimuth in zip((FL, FR, SL, SR), (30, -30, 110, -110)):
        assert CIRCLE[np.argmax(channel)] == azimuth
    assert (energy[CIRCLE == 0, 2] > 1e6 * np.delete(energy[CIRCLE == 0], [2, 3], axis=1).max()).all()


@pytest.mark.parametrize("layout", ["5.1", "stereo", "binaural"])
def test_left_is_louder_on_the_left_and_right_mirrors_it(layout):
    for azimuth in (20, 45, 90, 130):
        energy, _ = energies(layout, np.array([azimuth, -azimuth]))
        if layout == "5.1":
            energy = np.stack([energy[:, 0] + energy[:, 4], energy[:, 1] + energy[:, 5]], axis=1)
        (left, right) = energy
        assert left[0] > 2 * left[1]
        assert right[1] > 2 * right[0]


def test_ambisonics_encodes_the_direction_in_ambix_order():
    direction = unit_vectors(np.array([60.0]), np.array([25.0]))
    h = impulse_responses(OPEN, 3.0 * direction, "foa")[0]
    W, Y, Z, X = h[:, np.argmax(np.abs(h[0]))] / np.abs(h[0]).max()
    azimuth, elevation = np.radians(60), np.radians(25)
    expected = [1, np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
    np.testing.assert_allclose([W, Y, Z, X], expected, atol=1e-5)


def test_in_the_papers_room_5_1_is_what_six_microphones_hear():
    room, _ = paper_room((640, 480))
    source = np.array([[30.0, 40.0, -20.0]])
    h = impulse_responses(room, source, "5.1")[0]
    assert len(h) == 6
    for channel, microphone in zip(h, np.array(room.microphones_m) - room.listener_m):
        distance = np.linalg.norm(source - microphone)
        first = np.argmax(np.abs(channel) > 0.5 * np.abs(channel).max())
        assert first / FS == pytest.approx(distance / SPEED_OF_SOUND_M_S, abs=2 / FS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_has_its_channels_and_the_direct_sound_at_its_time_at_every_rate(layout):
    room = Room((6.0, 7.0, 3.0), (3.0, 3.0, 1.5), (0.2, 0.3, 0.2, 0.4, 0.6, 0.7), 4)
    source = np.array([[-0.5, 2.0, 0.2], [1.0, 1.0, 0.0]])
    for rate in (16000, 44100, 48000):
        h = impulse_responses(room, source, layout, sample_rate=rate)
        assert h.dtype == np.float32
        assert h.shape[:2] == (2, len(LAYOUTS[layout])) == (2, CHANNELS[layout])
        if layout == "binaural":
            continue  # test_binaural
        for response, position in zip(h, source):
            response = np.delete(response, 3, axis=0) if "LFE" in LAYOUTS[layout] else response
            loudest = np.argmax((response.astype(float) ** 2).sum(axis=0)) / rate
            assert loudest == pytest.approx(np.linalg.norm(position) / SPEED_OF_SOUND_M_S, abs=1 / rate)


def test_higher_orders_begin_with_the_lower_ones():
    room, position = Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5), 0.4, 3), np.array([[-1.0, 2, 0.3]])
    highest = impulse_responses(room, position, "hoa5")
    for layout, order in AMBISONIC_ORDERS.items():
        h = impulse_responses(room, position, layout)
        np.testing.assert_allclose(h, highest[:, : (order + 1) ** 2], atol=1e-5)


def test_sources_that_cannot_be_are_named():
    with pytest.raises(ValueError, match="outside"):
        impulse_responses(OPEN, np.array([[0, 11.0, 0]]), "5.1")
    with pytest.raises(ValueError, match="too near"):
        impulse_responses(OPEN, np.array([[0, 3.0, 0], [0, 0.1, 0]]), "foa")


@pytest.mark.parametrize("positions", [np.full((3, 2), 0.7), np.ones((1, 1, 3)), 1.0])
def test_positions_of_another_shape_are_refused(positions):
    with pytest.raises(ValueError, match=r"positions_m has the shape .* \(n, 3\)"):
        impulse_responses(OPEN, positions, "stereo")
    assert impulse_responses(OPEN, [0.7, 0.7, 0.7], "stereo").shape[0] == 1, "one source"


def test_numbers_that_are_none_are_refused():
    for position in ([0, np.nan, 0], [0, np.inf, 0]):
        with pytest.raises(ValueError, match="finite"):
            impulse_responses(OPEN, position, "5.1")
    for rate in (0, -16000, np.nan, np.inf):
        with pytest.raises(ValueError, match="sample_rate="):
            impulse_responses(OPEN, [0, 2, 0], "stereo", sample_rate=rate)
        with pytest.raises(ValueError, match="sample_rate="):
            load_hrtf(sample_rate=rate)


def test_the_walls_absorb_each_for_itself():
    """A source between two bare side walls: what comes from the side outlives what comes from front and back."""
    room = Room((6.0, 6.0, 6.0), (3.0, 3.0, 3.0), (0.1, 0.1, 0.9, 0.9, 0.9, 0.9), 8)
    _, Y, _, X = impulse_responses(room, np.array([[0.5, 0.5, 0.0]]), "foa")[0].astype(float)
    late = slice(FS // 20, None)
    assert (Y[late] ** 2).sum() > 10 * (X[late] ** 2).sum()
