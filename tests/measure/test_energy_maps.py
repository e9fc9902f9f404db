"""Energy maps: where they peak, how two compare, and what ViSAGe's released evaluation makes of the same sound."""

import numpy as np
import pytest

from see2sound_nb.measure.direction import angle_between_deg
from see2sound_nb.measure.energy_maps import _visage_grid, energy_map, map_auc, map_correlation
from see2sound_nb.places.frames import directions, even_directions, unit_vectors
from see2sound_nb.room.spherical_harmonics import encode


def wave(azimuth, elevation=0.0):
    """A plane wave of noise in FOA."""
    return encode(unit_vectors(azimuth, elevation)[None], 1).T * np.random.default_rng(0).normal(size=200)


@pytest.mark.parametrize("place", [(0.0, 0.0), (40.0, 60.0), (-130.0, -30.0)])
def test_a_map_peaks_where_the_sound_comes_from(place):
    loud = energy_map(wave(*place))
    azimuth, elevation, _ = directions(even_directions(len(loud))[loud.argmax()])
    assert angle_between_deg((float(azimuth), float(elevation)), place) < 2, "directions are 2 degrees apart"


def test_a_map_is_the_cardioid_of_its_wave():
    foa = wave(0.0)
    expected = np.sqrt(np.mean(foa[0] ** 2)) * (1 + even_directions(10000)[:, 1])
    np.testing.assert_allclose(energy_map(foa), expected, atol=1e-9)


def test_maps_see_little():
    truth = energy_map(wave(0.0))
    for beside, correlation in ((10, np.cos(np.radians(10))), (30, np.cos(np.radians(30))), (90, 0)):
        # The map of a wave is 1 + cos(angle), and such maps correlate as the cosine of the angle between them.
        assert map_correlation(energy_map(wave(beside)), truth) == pytest.approx(correlation, abs=1e-3)
    assert map_auc(truth, truth) == 1
    assert map_auc(energy_map(wave(90.0)), truth) == pytest.approx(0.5, abs=0.01)
    assert map_auc(energy_map(wave(180.0)), truth) == pytest.approx(0.0, abs=1e-3)


def test_auc_against_a_count_of_pairs():
    rng = np.random.default_rng(1)
    a, truth = rng.integers(0, 5, size=60).astype(float), rng.normal(size=60)
    loudest = truth > truth.max() - truth.std()
    pairs = [(x > y) + 0.5 * (x == y) for x in a[loudest] for y in a[~loudest]]
    assert map_auc(a, truth) == pytest.approx(np.mean(pairs))


def test_always_ahead_is_hard_to_beat():
    rng = np.random.default_rng(0)
    ahead = energy_map(wave(0.0))
    truths = [energy_map(wave(rng.uniform(-45, 45), rng.uniform(-10, 10))) for _ in range(40)]
    assert np.mean([map_correlation(ahead, truth) for truth in truths]) > 0.85


def test_as_visage_the_harmonics_are_wrong_and_the_grid_its_own():
    """The numbers are those of the released code, run on the same plane waves."""
    azimuth, elevation = _visage_grid()
    assert azimuth.shape == (90, 180) and elevation.min() == -90 and elevation.max() == 88
    assert len(energy_map(wave(0.0), as_visage=True)) == 10312
    for true_deg, seen_deg in ((30, 22), (45, 36), (60, 50), (80, 76)):
        rows = energy_map(wave(0.0, true_deg), as_visage=True)
        sizes = np.round(180 * np.sin(np.pi * (np.arange(90) + 0.5) / 90)).astype(int)
        row = np.searchsorted(np.cumsum(sizes), rows.argmax(), side="right")
        assert elevation[row, 0] == pytest.approx(seen_deg, abs=2)
    truth, beside = (energy_map(wave(place), as_visage=True) for place in (0.0, 10.0))
    assert map_correlation(beside, truth) == pytest.approx(0.982, abs=5e-4)
    assert map_auc(beside, truth, as_visage=True) == pytest.approx(0.992, abs=5e-4)
    assert map_auc(truth, truth, as_visage=True) == pytest.approx(0.9997, abs=1e-4), "its AUC never reaches 1"


@pytest.mark.parametrize(
    ("a", "b", "match"),
    [
        (np.ones(9), np.arange(9.0), "same in all directions"),
        (np.arange(9.0), np.arange(8.0), "one kind"),
        (np.full(9, np.nan), np.arange(9.0), "NaN"),
    ],
)
def test_maps_that_cannot_be_compared(a, b, match):
    with pytest.raises(ValueError, match=match):
        map_correlation(a, b)


def test_a_truth_without_a_loudest_and_silence():
    with pytest.raises(ValueError, match="loudest"):
        map_auc(np.arange(9.0), np.ones(9))
    assert not energy_map(np.zeros((4, 10))).any()
    with pytest.raises(ValueError, match="FOA"):
        energy_map(np.zeros((9, 10)))
