"""Spatial truth: measured on rendered channels, it must agree with where the sources were put."""

import json

import numpy as np
import pytest

import see2sound_nb as s2s
from see2sound_nb.measure.spatial_truth import METHODS, measured, truth_of_room, truth_of_signal, truth_of_sources
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.layouts import LAYOUTS

FS = 16000


def truths(azimuths_deg, *, distance_m=2.0, **options):
    positions = distance_m * unit_vectors(np.array(azimuths_deg, dtype=float), 0.0)
    room = s2s.room_around(positions, **options)
    W = s2s.impulse_responses(room, positions, "foa")[:, 0]
    ears = s2s.impulse_responses(room, positions, "binaural")
    return truth_of_sources(room, positions, W, ears, FS), truth_of_room(W, ears, FS)


def test_left_is_left_in_every_measure_and_a_mirrored_source_the_opposite():
    (left, right), _ = truths([40, -40])
    assert 0.2 < left["itd_ms"] < 0.5 and left["ild_db"] > 3 and left["ild_below_1500_hz_db"] > 1
    assert left["direction_foa_deg"][0] == pytest.approx(40, abs=0.1)
    assert left["direction_5_1_deg"] == pytest.approx(40, abs=0.1)
    assert left["direction_foa_error_deg"] <= 0.1 and left["direction_5_1_error_deg"] <= 10
    for name in ("itd_ms", "ild_db", "direction_5_1_deg"):
        assert right[name] == pytest.approx(-left[name], abs=0.15)


def test_the_room_does_not_turn_the_direct_sound_but_fills_the_rest():
    (dry,), _ = truths([30], absorption=0.9)
    (wet,), room = truths([30], absorption=0.2)
    for name in ("itd_ms", "ild_db", "direction_foa_deg", "direction_5_1_deg"):
        assert wet[name] == dry[name]
    assert wet["drr_db"] < dry["drr_db"] - 6 and wet["c50_db"] < dry["c50_db"]
    assert wet["iacc_early"] < dry["iacc_early"], "reflections from the sides widen a source"
    assert room["drr_db"] == pytest.approx(wet["drr_db"]), "of a single source, all sources together are that one"


def test_what_cannot_be_measured_is_none_and_says_why():
    (source,), room = truths([0], max_order=0)
    assert source["drr_db"] is None and "infinite" in source["drr_db_why"]
    assert source["t20_s"] is None and room["c50_db"] is None
    numbers = {}
    measured(numbers, "level", 1, lambda: float("inf"))
    assert numbers["level"] is None and "finite" in numbers["level_why"]
    json.dumps([source, room, numbers], allow_nan=False)


def test_each_method_is_named():
    (source,), _ = truths([10])
    assert {name for name in METHODS if name not in ("loudness_lufs", "true_peak_dbtp")} <= set(source)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_rendering_by_itself(layout):
    position = np.array([[-1.2, 1.5, 0.0]])
    h = s2s.impulse_responses(s2s.room_around(position, absorption=0.9), position, layout)
    audio = 0.1 * np.random.default_rng(0).normal(size=(1, FS))
    phi = s2s.render_channels(audio, h)
    own = json.loads(json.dumps(truth_of_signal(phi, FS, layout), allow_nan=False))
    assert set(own["channels_db"]) == set(LAYOUTS[layout]) and own["clipped_share"] == 0
    assert -40 < own["loudness_lufs"] < -10 and own["true_peak_dbtp"] > own["loudness_lufs"]
    if layout in ("binaural", "stereo"):
        assert own["ild_db"] > 1
    elif layout == "mono":
        assert "direction_deg" not in own and "ild_db" not in own
    else:
        assert own["direction_deg"][0] == pytest.approx(38.7, abs=5)
    if layout == "binaural":
        assert own["itd_ms"] > 0.2 and own["iacc"] > 0.3


def test_silence_and_single_samples():
    own = json.loads(json.dumps(truth_of_signal(np.zeros((6, FS)), FS, "5.1"), allow_nan=False))
    assert own["silent_channels"] == list(LAYOUTS["5.1"])
    assert own["loudness_lufs"] is None and own["true_peak_dbtp"] is None and own["direction_deg"] is None
    own = truth_of_signal(np.ones((2, 1)), FS, "binaural")
    assert own["loudness_lufs"] is None and "0.4 s" in own["loudness_lufs_why"]
    with pytest.raises(ValueError, match="unknown"):
        truth_of_signal(np.ones((2, 1)), FS, "quadraphonic")
