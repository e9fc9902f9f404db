"""Formulas of room acoustics and of the air."""

import numpy as np
import pyroomacoustics
import pytest
from scipy.signal import butter, sosfilt

from see2sound_nb.measure.reverberation import measured_rt60_s
from see2sound_nb.room.acoustics import (
    SPEED_OF_SOUND_M_S,
    absorption_for_rt60,
    air_absorption_db_m,
    eyring_rt60_s,
    sabine_rt60_s,
)
from see2sound_nb.room.ism import shoebox_rir

FS = 16000
C = SPEED_OF_SOUND_M_S


def test_rt60_forward_and_inverse():
    size = (6.1, 5.3, 5.7)
    for formula, forward in (("eyring", eyring_rt60_s), ("sabine", sabine_rt60_s)):
        alpha = absorption_for_rt60(size, 0.6, formula=formula)
        assert float(forward(size, alpha)) == pytest.approx(0.6)
    assert float(sabine_rt60_s(size, 0.2)) == pytest.approx(pyroomacoustics.rt60_sabine(
        2 * (6.1 * 5.3 + 6.1 * 5.7 + 5.3 * 5.7), 6.1 * 5.3 * 5.7, 0.2, 0, C), rel=1e-9)  # fmt: skip
    assert float(eyring_rt60_s(size, [0, 0, 0, 0, 1, 1])) < float(eyring_rt60_s(size, 0.1))
    place = (size, [[2, 2, 2]], [[4, 3, 3]])
    by_time, by_alpha = (
        shoebox_rir(*place, max_order=5, **walls)
        for walls in ({"rt60_s": 0.6}, {"absorption": absorption_for_rt60(size, 0.6)})
    )
    np.testing.assert_array_equal(by_time, by_alpha)
    assert shoebox_rir(*place, rt60_s=0.25).shape[-1] == pytest.approx(0.25 * FS, abs=100)


def test_air_absorbs_as_iso_9613_says():
    """The tables of ISO 9613-1 (50 %) and ISO 9613-2 (70 %) at 20 degrees, in dB/km."""
    for humidity, table in (
        (50, {125: 0.445, 1000: 4.66, 4000: 29.7, 8000: 105.0}),
        (70, {125: 0.3, 1000: 5.0, 4000: 22.9, 8000: 76.6}),
    ):
        for frequency, db_km in table.items():
            ours = 1000 * float(air_absorption_db_m(frequency, humidity_percent=humidity))
            assert ours == pytest.approx(db_km, rel=0.02, abs=0.05)


def test_octave_bands_add_up_to_the_response_and_each_hears_its_own_walls():
    place = ([6, 5, 4], [[2, 2, 2]], [[4, 3, 2.5]])
    plain = shoebox_rir(*place, absorption=0.3, max_order=8)
    bands = shoebox_rir(*place, absorption=np.full((6, 6), 0.3), max_order=8)
    np.testing.assert_allclose(bands, plain, atol=2e-6 * np.abs(plain).max())
    alpha = np.array([0.05, 0.05, 0.05, 0.7, 0.7, 0.7])
    mixed = shoebox_rir(*place, absorption=np.repeat(alpha[:, None], 6, axis=1), max_order=30)[0, 0]
    low, high = (shoebox_rir(*place, absorption=a, max_order=30)[0, 0] for a in (0.05, 0.7))
    frequency = np.fft.rfftfreq(len(mixed), 1 / FS)
    for band, expected in (((100, 450), low), ((1200, 7000), high)):
        inside = (frequency > band[0]) & (frequency < band[1])
        power = [np.sum(np.abs(np.fft.rfft(h)[inside]) ** 2) for h in (mixed, expected)]
        assert 10 * np.log10(power[0] / power[1]) == pytest.approx(0, abs=0.2)


def test_air_changes_with_pressure_as_iso_9613_says():
    """Relaxation frequencies grow with pressure and loss by the square of frequency shrinks (ISO 9613-1, section 6)."""
    thin, thick = (float(air_absorption_db_m(50_000.0, temperature_c=-10.0, pressure_kpa=p)) for p in (50.0, 101.325))
    assert thin > thick  # far above both relaxations the classical part, inverse to pressure, leads
    with pytest.raises(ValueError, match="pressure_kpa"):
        air_absorption_db_m(1000.0, pressure_kpa=0.0)


@pytest.mark.parametrize("size", [(5.0, 6.0, 3.0), (4.0, 4.0, 4.0), (10.0, 3.0, 2.5)])
def test_the_formula_for_image_sources_gives_what_is_measured_of_them(size):
    """Above 100 Hz, where images do not add up in phase."""
    rt60_s = 0.4
    above = butter(4, 100, "high", fs=16000, output="sos")
    measured = {}
    for formula in ("images", "eyring"):
        times = []
        for source, receiver in (((0.3, 0.4, 0.6), (0.7, 0.6, 0.4)), ((0.25, 0.7, 0.35), (0.6, 0.3, 0.55))):
            places = [np.array(place) * size for place in (source, receiver)]
            h = shoebox_rir(size, *(p[None] for p in places), rt60_s=rt60_s, rt60_formula=formula, max_time_s=0.6)
            times.append(measured_rt60_s(sosfilt(above, h[0, 0].astype(float)), 16000))
        measured[formula] = np.mean(times)
    assert measured["images"] == pytest.approx(rt60_s, rel=0.06)
    assert measured["eyring"] > 1.03 * measured["images"], "a perfect box is no diffuse field"


def test_absorption_by_image_sources_follows_the_time_and_unknown_formulas_are_named():
    sizes = (5.0, 6.0, 3.0)
    long, short = (absorption_for_rt60(sizes, t, formula="images") for t in (0.8, 0.4))
    assert np.log1p(-short) == pytest.approx(2 * np.log1p(-long)), "T20 is proportional to 1 / -ln(1 - absorption)"
    larger = absorption_for_rt60([2 * side for side in sizes], 0.8, formula="images")
    assert np.log1p(-larger) == pytest.approx(np.log1p(-short)), "and to the room's size"
    with pytest.raises(ValueError, match="eyring, sabine or images"):
        absorption_for_rt60(sizes, 0.8, formula="measured")
