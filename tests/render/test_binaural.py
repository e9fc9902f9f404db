"""A room at two ears."""

import numpy as np
import pytest

from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.binaural import EARLY_ORDER, binaural_responses
from see2sound_nb.render.hrtf import HRTF, load_hrtf
from see2sound_nb.render.onsets import arrival_times
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.ism import arrivals, shoebox_rir, sum_of_arrivals
from see2sound_nb.room.shoebox import Room

FS = 16000
OPEN = Room((20.0, 20.0, 8.0), (10.0, 10.0, 4.0), max_order=0)
HALL = Room((7.0, 9.0, 3.5), (3.0, 3.0, 1.5), 0.3, 6)
CIRCLE = np.arange(-180, 180, 5)


def itd_ild(pair, rate=FS):
    """Interaural time (s, positive: left first) by cross-correlation, and level difference (dB)."""
    size = 16 * 4096
    cross = np.fft.irfft(np.fft.rfft(pair[1], 4096) * np.conj(np.fft.rfft(pair[0], 4096)), size)
    lag = np.argmax(cross)
    lag = lag - size if lag > size // 2 else lag
    energy = (pair.astype(float) ** 2).sum(axis=-1)
    return lag / 16 / rate, 10 * np.log10(energy[0] / energy[1])


@pytest.mark.parametrize("rate", [16000, 48000])
def test_direct_sound_has_the_itd_and_ild_of_the_measurement(rate):
    hrtf = load_hrtf(sample_rate=rate)
    h = impulse_responses(OPEN, 2.0 * unit_vectors(CIRCLE), "binaural", sample_rate=rate)
    for azimuth, pair in zip(CIRCLE, h):
        measured = hrtf.responses[hrtf.nearest(unit_vectors(azimuth))]
        (itd, ild), (itd_0, ild_0) = itd_ild(pair, rate), itd_ild(measured, rate)
        assert itd == pytest.approx(itd_0, abs=20e-6)
        assert ild == pytest.approx(ild_0, abs=1.0)
        if 20 <= abs(azimuth) <= 160:
            assert np.sign(itd) == np.sign(ild) == np.sign(azimuth), "nearer ear: earlier and louder"
    assert itd_ild(h[list(CIRCLE).index(90)], rate)[0] == pytest.approx(0.7e-3, abs=0.15e-3)


def by_the_definition(room, source, hrtf):
    """Every image through the head in its own direction."""
    delays, amplitudes, vectors = arrivals(
        room.size_m, source, room.listener_m, absorption=room.absorption, max_order=room.max_order
    )
    each, heads = sum_of_arrivals(delays, np.diag(amplitudes), FS), hrtf.at(vectors)
    size = each.shape[1] + heads.shape[-1] - 1
    return np.fft.irfft(np.einsum("nf,nef->ef", np.fft.rfft(each, size), np.fft.rfft(heads, size)), size), delays


def test_early_images_come_each_from_their_own_direction():
    hrtf, source = load_hrtf(sample_rate=FS), np.array([5.0, 6.0, 2.0])
    room = Room(HALL.size_m, HALL.listener_m, HALL.absorption, EARLY_ORDER)
    expected, delays = by_the_definition(room, source, hrtf)
    assert len(delays) == 25
    np.testing.assert_allclose(binaural_responses(room, source, hrtf), expected, atol=2e-6)


def test_late_images_have_the_level_they_would_have_one_by_one():
    hrtf, source = load_hrtf(sample_rate=FS), np.array([5.0, 6.0, 2.0])
    expected, _ = by_the_definition(HALL, source, hrtf)
    early, _ = by_the_definition(Room(HALL.size_m, HALL.listener_m, HALL.absorption, EARLY_ORDER), source, hrtf)
    h = binaural_responses(HALL, source, hrtf)
    assert h.shape == expected.shape
    late, late_0 = h.copy(), expected.copy()
    late[:, : early.shape[1]] -= early
    late_0[:, : early.shape[1]] -= early
    frequency = np.fft.rfftfreq(8192, 1 / FS)
    for low, high in ((100, 500), (500, 1000), (1000, 2000), (2000, 4000), (4000, 7000)):
        band = (frequency >= low) & (frequency < high)
        power, power_0 = ((np.abs(np.fft.rfft(r, 8192))[:, band] ** 2).sum(axis=1) for r in (late, late_0))
        np.testing.assert_allclose(10 * np.log10(power / power_0), 0, atol=1.5)
        if high <= 1000:
            error = (np.abs(np.fft.rfft(late - late_0, 8192))[:, band] ** 2).sum()
            assert 10 * np.log10(error / power_0.sum()) < -15


def test_a_head_that_turns_left_hears_what_a_source_moved_right_would_sound_like():
    cube = Room((6.0, 6.0, 3.0), (3.0, 3.0, 1.5), 0.3, 6)  # looks the same from every wall
    position = np.array([[0.4, 2.0, 0.3]])
    turned = impulse_responses(cube, position, "binaural", head_yaw_deg=90)
    moved = impulse_responses(cube, position @ np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]), "binaural")
    np.testing.assert_allclose(turned, moved, atol=1e-4 * np.abs(moved).max())
    in_the_open = impulse_responses(OPEN, 2 * unit_vectors([0.0]), "binaural", head_yaw_deg=60)[0]
    itd, ild = itd_ild(in_the_open)
    assert itd < -300e-6
    assert ild < -3, "the right ear is nearer to what is in front of a head turned left"
    with pytest.raises(ValueError, match="head_yaw_deg=10"):
        impulse_responses(OPEN, position, "5.1", head_yaw_deg=10)
    for yaw in (np.nan, np.inf):
        with pytest.raises(ValueError, match="finite angles"):
            impulse_responses(OPEN, position, "binaural", head_yaw_deg=yaw)


def test_another_sample_rate_is_refused():
    with pytest.raises(ValueError, match="48000 Hz"):
        impulse_responses(OPEN, np.array([[0, 2.0, 0]]), "binaural", hrtf=load_hrtf(sample_rate=48000))


def test_another_head_is_heard_through():
    kemar = load_hrtf(sample_rate=FS)
    louder = HRTF(kemar.directions, 3 * kemar.responses, FS)
    own, other = (impulse_responses(HALL, [1, 2, 0.5], "binaural", hrtf=head) for head in (None, louder))
    np.testing.assert_allclose(other, 3 * own, rtol=1e-3, atol=1e-5)


def test_places_may_be_lists():
    kemar = load_hrtf(sample_rate=FS)
    np.testing.assert_array_equal(
        binaural_responses(HALL, [5, 6, 2], kemar), binaural_responses(HALL, np.array([5.0, 6.0, 2.0]), kemar)
    )


def test_what_is_straight_ahead_arrives_as_much_later_as_is_said():
    h = impulse_responses(OPEN, [0, 3.43, 0], "binaural", sample_rate=48000)[0]
    head = load_hrtf(sample_rate=48000)
    onset = arrival_times(h, 48000).mean() / 48000
    assert onset - 0.010 == pytest.approx(arrival_times(head.at([0, 1, 0])[0], 48000).mean() / 48000, abs=2e-5)


def test_ambisonics_and_ears_agree_on_time_and_level():
    """W of the late field and the ears' mean power follow each other: nothing is lost between the two halves."""
    hrtf, source = load_hrtf(sample_rate=FS), np.array([5.0, 6.0, 2.0])
    h = binaural_responses(HALL, source, hrtf)
    W = shoebox_rir(HALL.size_m, [source], [HALL.listener_m], absorption=0.3, max_order=6, ambisonic_order=0)[0, 0, 0]
    bulk = int(arrival_times(hrtf.responses, FS).mean())
    for start in range(0, len(W) - 400, 400):
        ears, omni = (h[:, start + bulk : start + bulk + 400] ** 2).sum() / 2, (W[start : start + 400] ** 2).sum()
        if omni > 1e-4:
            assert abs(10 * np.log10(ears / omni)) < 5
